"""The models that the package ships, and what their tests read from them; each is read once."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from crn2sbml.circuits.weights_file import Trained, TrainedGenerator, unpack_generator, unpack_weights
from crn2sbml.core.matrices import Array
from crn2sbml.core.network import Network
from crn2sbml.core.scaling import resized
from crn2sbml.formats.document import Document, Shape
from crn2sbml.formats.sbml_read import read_sbml_file
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.formats.usage import Usage, read_io_json
from crn2sbml.training.data import Part
from crn2sbml.training.recipes import get_recipe
from tests.conftest import NO_DATA

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "models").glob("*/model.xml*"))
NONE = pytest.param(None, id="none", marks=pytest.mark.skip(reason="models/ holds no such model"))
QUICK = ("digits", "digits-generator")
"""Models that everything is tried on; the others take minutes in most simulators."""
CASES = 3


@dataclass(frozen=True)
class Case:
    """Counts to clamp (items), and what the closed form says of the outputs (items)."""

    inputs: dict[str, float]
    outputs: Array


@lru_cache
def usage_in(folder: Path) -> Usage:
    return read_io_json((folder / "io.json").read_text())


@lru_cache
def trained_in(folder: Path) -> Trained:
    return unpack_weights((folder / "weights.npz").read_bytes(), str(folder))


@lru_cache
def generator_in(folder: Path) -> TrainedGenerator:
    return unpack_generator((folder / "weights.npz").read_bytes(), str(folder))


@lru_cache
def document_in(folder: Path) -> Document:
    return read_sbml_file(next(folder.glob("model.xml*")))


@lru_cache
def text_of(folder: Path, shape: Shape) -> str:
    return write_sbml(replace(document_in(folder), shape=shape))


def at_omega(folder: Path, omega: float) -> tuple[str, Usage]:
    """The file for other counts, without its drawing, and how it is used."""
    document, usage = document_in(folder), usage_in(folder)
    network = resized(document.network, omega / usage.omega)
    return write_sbml(replace(document, network=network), picture=False), replace(usage, omega=omega)


def makes_pictures(folder: Path) -> bool:
    return bool(usage_in(folder).latents)


@lru_cache
def network_in(folder: Path) -> Network:
    """What the weights make."""
    if makes_pictures(folder):
        return generator_in(folder).generator.network(generator_in(folder).weights)
    return trained_in(folder).classifier.network(trained_in(folder).weights)


def held_out(folder: Path) -> Part:
    if folder.name not in QUICK and "CRN2SBML_DATA" not in os.environ:
        pytest.skip(NO_DATA)
    return get_recipe(trained_in(folder).classifier.name).data().test


@lru_cache
def cases_in(folder: Path) -> list[Case]:
    """Images to classify, or classes to make pictures of with the latents at their means."""
    usage = usage_in(folder)
    if makes_pictures(folder):
        trained = generator_in(folder)
        examples = np.eye(len(usage.inputs))[:CASES]
        means = np.full((CASES, len(usage.latents)), trained.generator.mean)
        outputs = usage.omega * trained.generator.levels(trained.weights, means, examples)[-1].outputs
    else:
        examples = held_out(folder).images[:CASES]
        outputs = trained_in(folder).classifier.readouts(trained_in(folder).weights, examples)
    return [Case(usage.input_counts(data), made.ravel()) for data, made in zip(examples, outputs, strict=True)]


def _models(folders: Iterable[Path], slow: bool = False) -> pytest.MarkDecorator:
    marks = {f: [pytest.mark.slow] if slow and f.name not in QUICK else [] for f in folders}
    return pytest.mark.parametrize("folder", [pytest.param(f, id=f.name, marks=m) for f, m in marks.items()] or [NONE])


_LARGE = [folder for folder in FOLDERS if (folder / "model.xml.gz").exists()]
every_model = _models(FOLDERS)
every_model_s_files = _models(FOLDERS, slow=True)
every_small_model = _models([folder for folder in FOLDERS if folder not in _LARGE], slow=True)
"""Those that all simulators take."""
every_large_model = _models(_LARGE, slow=True)
every_classifier = _models(folder for folder in FOLDERS if not makes_pictures(folder))
every_small_classifier = _models([f for f in FOLDERS if f not in _LARGE and not makes_pictures(f)], slow=True)
every_generator = _models(folder for folder in FOLDERS if makes_pictures(folder))
