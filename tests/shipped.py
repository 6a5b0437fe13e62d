"""The models that the package ships, and what their tests read from them; each is read once."""

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from crn2sbml.circuits.weights_file import Trained, unpack_weights
from crn2sbml.formats.document import Document, Shape
from crn2sbml.formats.sbml_read import read_sbml_file
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.usage import Usage, read_io_json
from crn2sbml.training.data import Part
from crn2sbml.training.recipes import get_recipe
from tests.conftest import NO_DATA

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "models").glob("*/model.xml*"))
NONE = pytest.param(None, id="none", marks=pytest.mark.skip(reason="models/ holds no such model"))
QUICK = "digits"
"""The model that everything is tried on; the others take minutes in most simulators."""


def _models(folders: Iterable[Path], slow: bool = False) -> pytest.MarkDecorator:
    marks = {f: [pytest.mark.slow] if slow and f.name != QUICK else [] for f in folders}
    return pytest.mark.parametrize("folder", [pytest.param(f, id=f.name, marks=m) for f, m in marks.items()] or [NONE])


_LARGE = [folder for folder in FOLDERS if (folder / "model.xml.gz").exists()]
every_model = _models(FOLDERS)
every_model_s_files = _models(FOLDERS, slow=True)
every_small_model = _models([folder for folder in FOLDERS if folder not in _LARGE], slow=True)
"""Those that all simulators take."""
every_large_model = _models(_LARGE, slow=True)
IMAGES = 3


@lru_cache
def trained_in(folder: Path) -> Trained:
    return unpack_weights((folder / "weights.npz").read_bytes(), str(folder))


@lru_cache
def document_in(folder: Path) -> Document:
    return read_sbml_file(next(folder.glob("model.xml*")))


@lru_cache
def text_of(folder: Path, shape: Shape) -> str:
    return write_sbml(replace(document_in(folder), shape=shape))


def usage_in(folder: Path) -> Usage:
    return read_io_json((folder / "io.json").read_text())


def held_out(folder: Path) -> Part:
    if folder.name != QUICK and "CRN2SBML_DATA" not in os.environ:
        pytest.skip(NO_DATA)
    return get_recipe(trained_in(folder).classifier.name).data().test
