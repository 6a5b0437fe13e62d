import os
import subprocess
import sys
from pathlib import Path

import pytest

from crn2sbml.engines.quiet import quiet_output, quiet_stdout

SAY = """
import ctypes, os, sys
from crn2sbml.engines.quiet import quiet_output, quiet_stdout

def say(word):
    print(word, end=" ")
    print(word, end=" ", file=sys.stderr)
    ctypes.CDLL(None).printf(b"c_%s ", word.encode())
    os.write(2, b"raw_" + word.encode() + b" ")

say("before")
with {block}():
    say("inside")
say("after")
"""


@pytest.mark.parametrize(("block", "errors"), [("quiet_stdout", 3), ("quiet_output", 2)])
def test_only_what_is_said_inside_is_dropped(block: str, errors: int) -> None:
    """Through a pipe, where Python and the C library hold text back until they end."""
    code = SAY.format(block=block)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=buffered)
    assert sorted(done.stdout.split()) == sorted(["before", "c_before", "after", "c_after"])
    said = ["before", "inside", "after"] if errors == 3 else ["before", "after"]
    assert sorted(done.stderr.split()) == sorted([*said, *(f"raw_{word}" for word in said)])


@pytest.mark.parametrize("block", [quiet_stdout, quiet_output])
def test_an_error_inside_comes_through_and_nothing_stays_open(block: type) -> None:
    before = {descriptor: os.fstat(descriptor) for descriptor in (1, 2)}
    opened = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), block():
            _ = 1 / 0
    assert {descriptor: os.fstat(descriptor) for descriptor in (1, 2)} == before
    assert len(list(Path("/proc/self/fd").iterdir())) == opened
