"""Fixtures of the command line's tests."""

from pathlib import Path

import pytest

from crn2sbml.disk import write_folder
from crn2sbml.report.model_folder import model_document, model_files
from tests.cli.program import Done, Program, run_program
from tests.engines.models import dimers, driven, sbml_of
from tests.verify.tiny_trip import IMAGES, trained_tiny


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    def program(*arguments: object) -> Done:
        return run_program(monkeypatch, capsys, *arguments)

    return program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder: tiny/; beside it driven.xml (X makes A, A decays) and dimers.xml (equal reactants)."""
    trained = trained_tiny()
    document = model_document(trained, (IMAGES[0], 2), "tiny makers", "2025-03-04T05:06:07Z", "MIT")
    (tmp_path / "driven.xml").write_text(sbml_of(driven()))
    (tmp_path / "dimers.xml").write_text(sbml_of(dimers()))
    return write_folder(tmp_path / "tiny", model_files(trained, document))
