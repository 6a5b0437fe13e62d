"""Runs the program inside the test, as a shell would call it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from crn2sbml.cli.main import main


class Done(NamedTuple):
    status: int
    out: str
    err: str


Program = Callable[..., Done]


def run_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> Done:
    """Status, standard output and standard error; anything but SystemExit comes through."""
    monkeypatch.setattr(sys, "argv", ["crn2sbml", *map(str, arguments)])
    monkeypatch.setenv("COLUMNS", "200")
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        main()
    return Done(leaving.value.code or 0, *capsys.readouterr())  # type: ignore[arg-type]


def listing(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
