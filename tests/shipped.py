"""The models that the package ships, and what their tests read from them; each is read once."""

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

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "models").glob("*/model.xml*"))
NONE = pytest.param(None, id="none", marks=pytest.mark.skip(reason="models/ holds no model"))
every_model = pytest.mark.parametrize("folder", [pytest.param(f, id=f.name) for f in FOLDERS] or [NONE])
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
    return get_recipe(trained_in(folder).classifier.name).data().test
