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


GENERATOR = """
name = "tiny-pictures"
data = "digits"
[generator]
latents = 2
[kinetics]
omega = 20
[[layers]]
kind = "dense"
units = 6
[[layers]]
kind = "switch"
rows = 8
columns = 8
[training]
epochs = 1
steps = 2
pictures = 50
critics = 1
"""


def test_a_generator_is_trained_and_makes_pictures(
    run: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache")
    Path("mine.toml").write_text(GENERATOR)
    refused = run("train", "mine.toml", "--noise", "lna")
    assert refused.status == 2
    assert "--noise: is for classifiers; mine.toml makes pictures" in refused.err
    assert run("train", "mine.toml").status == 0
    assert sorted(path.name for path in Path("tiny-pictures").iterdir())[:3] == ["SHA256SUMS", "card.md", "inputs.csv"]
    done = run("generate", "tiny-pictures", "--class", 3, "--count", 2, "--settle", 1, "--plot", "a.png", "--jobs", 1)
    assert done.status == 0
    assert Path("a.png").exists()
