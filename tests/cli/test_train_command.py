"""`crn2sbml train`, interrupted without warning."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crn2sbml.circuits.weights_file import unpack_weights
from tests.cli.program import Program

SPEC = """
name = "tiny"
data = "digits"

[[layers]]
kind = "pool"
size = 2
stride = 2

[[layers]]
kind = "readout"
units = 10

[training]
epochs = 200
"""


def test_killed_half_way_it_goes_on_to_the_same_weights(
    run: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.toml").write_text(SPEC)
    command = ["train", "tiny.toml", "--checkpoint", "state", "--out", "resumed"]
    process = subprocess.Popen(
        [sys.executable, "-m", "crn2sbml", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 120
    while not Path("state").exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    said = process.communicate()[1]
    assert process.returncode == -signal.SIGKILL, said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state", "tiny.toml"]  # no part of a folder
    assert run(*command).status == 0
    assert run("train", "tiny.toml", "--out", "whole").status == 0
    resumed, whole = (unpack_weights(Path(name, "weights.npz").read_bytes(), name) for name in ("resumed", "whole"))
    assert resumed.record == whole.record
    assert Path("resumed/model.xml").read_bytes() == Path("whole/model.xml").read_bytes()
