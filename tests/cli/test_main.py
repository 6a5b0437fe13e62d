"""The program when somebody ends it from outside."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engines.fakes import WHERE

ROOT = Path(__file__).parents[2]
PROGRAM = "from crn2sbml.cli.main import main; main()"


def started(tmp_path: Path, *arguments: str, ignored: bool = False) -> subprocess.Popen[bytes]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    # The tests themselves may run where hang-ups are ignored, which programs inherit.
    handling = signal.SIG_IGN if ignored else signal.SIG_DFL
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(temporary)},
        preexec_fn=lambda: signal.signal(signal.SIGHUP, handling),
    )


def wait_for_child(tmp_path: Path) -> int:
    """The process of the simulator, once its folder for temporary files is there."""
    end = time.monotonic() + 30
    while not list((tmp_path / "temporary").glob("crn2sbml_*")):
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(1)
    mark = f"TMPDIR={next((tmp_path / 'temporary').glob('crn2sbml_*'))}\0".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                return int(folder.name)
        except OSError:
            continue
    raise AssertionError("no child")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_neither_processes_nor_files(tmp_path: Path, folder: Path, number: signal.Signals) -> None:
    program = started(tmp_path, "verify", str(folder.parent / "driven.xml"), "--engine", WHERE + "HangingLoad")
    child = wait_for_child(tmp_path)
    program.send_signal(number)
    assert program.wait(20) == 128 + number
    assert not Path(f"/proc/{child}").exists()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path, folder: Path) -> None:
    """As under `nohup`."""
    arguments = ("verify", str(folder.parent / "driven.xml"), "--engine", WHERE + "HangingLoad", "--time-limit", "3")
    program = started(tmp_path, *arguments, ignored=True)
    wait_for_child(tmp_path)
    program.send_signal(signal.SIGHUP)
    assert program.wait(20) == 1
