"""Generators that can be trained: architecture, kinetics, data and how to train, from a TOML file each.

As `training.recipes`, with a table `generator` (its `latents`, their `mean` and `turnover`); the package's own are in
the folder `specs/generators`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from crn2sbml.circuits.generator import Generator
from crn2sbml.circuits.tables import fill_in
from crn2sbml.disk import read_bytes
from crn2sbml.errors import CrnError, TrainingError, did_you_mean
from crn2sbml.training.data import DataSet, Source
from crn2sbml.training.generator_loop import GeneratorOptions
from crn2sbml.training.recipes import common_settings, table_in

_SPECS = resources.files("crn2sbml.training") / "specs" / "generators"
_KNOWN = {"name", "data", "generator", "kinetics", "layers", "training"}


@dataclass(frozen=True, slots=True)
class _Latents:
    latents: int
    mean: float = 10.0
    turnover: float = 0.01


@dataclass(frozen=True)
class GeneratorRecipe:
    """A generator that can be trained."""

    generator: Generator
    source: Source
    options: GeneratorOptions

    def data(self) -> DataSet:
        """Its data set."""
        return self.source.load()


def generator_names() -> list[str]:
    """Names of the generators that the package brings, sorted."""
    return sorted(path.name.removesuffix(".toml") for path in _SPECS.iterdir())


def describes_generator(name: str) -> bool:
    """Whether a name, or the TOML file of that path, stands for a generator; what cannot be read stands for none."""
    if not name.endswith(".toml"):
        return name in generator_names()
    try:
        return "generator" in tomllib.loads(bytes(read_bytes(Path(name))).decode())
    except (CrnError, ValueError):
        return False


def get_generator_recipe(name: str) -> GeneratorRecipe:
    """The recipe of that name, or in the file of that path if it ends in `.toml`.

    Raises: CrnError: an unknown name, or a file that describes no generator.
    """
    if name.endswith(".toml"):
        return read_generator_recipe(bytes(read_bytes(Path(name))), name)
    if name not in generator_names():
        raise CrnError(did_you_mean(name, generator_names(), "generator") + "; or the path of a .toml file")
    return read_generator_recipe((_SPECS / f"{name}.toml").read_bytes(), name)


def read_generator_recipe(content: bytes, where: str) -> GeneratorRecipe:
    """The recipe that a TOML file describes; `where` begins every error. Raises: TrainingError."""
    try:
        return _recipe(tomllib.loads(content.decode()))
    except (CrnError, ValueError) as error:
        raise TrainingError(f"{where}: {error}") from None


def _recipe(spec: Mapping[str, Any]) -> GeneratorRecipe:
    name, source, layers, kinetics = common_settings(spec, _KNOWN)
    latents = fill_in(_Latents, table_in(spec, "generator") or {}, "generator")
    options = fill_in(GeneratorOptions, table_in(spec, "training") or {}, "training")
    generator = Generator(name, latents.latents, source.classes, layers, kinetics, latents.mean, latents.turnover)
    if generator.cascade.shapes[-1] != source.shape:
        raise TrainingError(f"makes pictures of {generator.cascade.shapes[-1][1:]}; the data has {source.shape[1:]}")
    if kinetics.omega != round(kinetics.omega):
        raise TrainingError(f"omega is {kinetics.omega}; a pixel needs a whole number of items")
    return GeneratorRecipe(generator, source, options)
