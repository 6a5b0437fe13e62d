"""Models that can be trained: architecture, kinetics, data and how to train, from a TOML file each.

Those in the folder `specs` are known by name. A file holds `name`, `data`, the tables `kinetics`, `training` and
`calibration` (each optional), and one table `layers` for each layer, with its `kind` and sizes.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from crn2sbml.circuits.classifier import Classifier
from crn2sbml.circuits.layers import layer_from_data
from crn2sbml.circuits.tables import fill_in
from crn2sbml.disk import read_bytes
from crn2sbml.errors import CrnError, TrainingError, did_you_mean
from crn2sbml.motifs.motif import Kinetics, Motif
from crn2sbml.motifs.rectifier import ANNIHILATION, DECAY
from crn2sbml.training.data import DataSet, Source, get_source
from crn2sbml.training.loop import Options
from crn2sbml.training.losses import Calibration

_SPECS = resources.files("crn2sbml.training") / "specs"
_KNOWN = {"name", "data", "kinetics", "layers", "training", "calibration"}


@dataclass(frozen=True)
class Recipe:
    """A model that can be trained; with `calibration`, for noise as well."""

    classifier: Classifier
    source: Source
    options: Options
    calibration: Calibration | None = None

    def data(self) -> DataSet:
        """Its data set."""
        return self.source.load()


def recipe_names() -> list[str]:
    """Names of the recipes that the package brings, sorted."""
    return sorted(path.name.removesuffix(".toml") for path in _SPECS.iterdir() if path.name.endswith(".toml"))


def get_recipe(name: str, omega: float | None = None) -> Recipe:
    """The recipe of that name, or in the file of that path if it ends in `.toml`; `omega` replaces its system size.

    Raises: CrnError: an unknown name, an omega below 1, or a file that describes no such model.
    """
    if name.endswith(".toml"):
        recipe = read_recipe(bytes(read_bytes(Path(name))), name)
        if recipe.classifier.name in recipe_names():
            raise TrainingError(f"{name}: the name {recipe.classifier.name!r} is that of a model of the package")
    elif name in recipe_names():
        recipe = read_recipe((_SPECS / f"{name}.toml").read_bytes(), name)
    else:
        raise CrnError(did_you_mean(name, recipe_names(), "model") + "; or the path of a .toml file")
    return recipe if omega is None else replace(recipe, classifier=with_omega(recipe.classifier, omega))


def read_recipe(content: bytes, where: str) -> Recipe:
    """The recipe that a TOML file describes; `where` begins every error.

    Raises: TrainingError: no TOML, an unknown setting, layers that do not fit each other, the data or its classes.
    """
    try:
        return _recipe(tomllib.loads(content.decode()))
    except (CrnError, ValueError) as error:
        raise TrainingError(f"{where}: {error}") from None


def _recipe(spec: Mapping[str, Any]) -> Recipe:
    name, source, layers, kinetics = common_settings(spec, _KNOWN)
    training, calibration = (table_in(spec, key) for key in ("training", "calibration"))
    classifier = Classifier(name, source.shape, layers, kinetics, source.input_max)
    last, found = classifier.layers[-1], classifier.shapes[-1]
    if last.kind != "readout" or found != (source.classes, 1, 1):
        raise TrainingError(
            f"the last layer must be of kind 'readout' with {source.classes} units, one for each class of the data; "
            f"it is of kind {last.kind!r} with {found[0]}"
        )
    return Recipe(
        classifier,
        source,
        fill_in(Options, training or {}, "training"),
        None if calibration is None else fill_in(Calibration, calibration, "calibration"),
    )


def common_settings(spec: Mapping[str, Any], known: Collection[str]) -> tuple[str, Source, tuple[Motif, ...], Kinetics]:
    """Name, data, layers and kinetics in a file's tables, whatever they make; of settings, those `known` are taken.

    Raises: CrnError.
    """
    for key in spec:
        if key not in known:
            raise TrainingError(did_you_mean(key, known, "setting"))
    name, data, layers = spec.get("name"), spec.get("data"), spec.get("layers")
    if not isinstance(name, str) or not re.fullmatch("[A-Za-z][A-Za-z0-9_-]*", name):
        raise TrainingError(
            f"name is {name!r}; it must be a word of letters, digits, - and _ that begins with a letter"
        )
    if name in (DECAY, ANNIHILATION):
        raise TrainingError(f"name is {name!r}, as a rate constant of every model is called; choose another")
    if not isinstance(data, str):
        raise TrainingError(f"data is {data!r}; it must be the name of a data set")
    source = get_source(data)
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise TrainingError("needs one table [[layers]] for each layer")
    kinetics = fill_in(Kinetics, table_in(spec, "kinetics") or {}, "kinetics")
    _check_omega(kinetics.omega)
    return name, source, tuple(map(layer_from_data, layers)), kinetics


def table_in(spec: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    """The table of that name, if there is one; raises TrainingError if it is something else."""
    table = spec.get(key)
    if table is not None and not isinstance(table, dict):
        raise TrainingError(f"{key} is {table!r}; it must be a table [{key}]")
    return table


def with_omega(classifier: Classifier, omega: float) -> Classifier:
    """The same classifier at another system size; its weights stay valid. Raises CrnError: omega below 1."""
    _check_omega(omega)
    return replace(classifier, kinetics=replace(classifier.kinetics, omega=float(omega)))


def _check_omega(omega: float) -> None:
    if not 1 <= omega < 1e9:
        raise CrnError(f"omega is {omega}; it must be 1 to 1e9 items per unit of activity")
