"""Layers as data: which kinds there are, and how they are read; `dataclasses.asdict` writes them."""

from collections.abc import Mapping
from typing import Any

from crn2sbml.circuits.tables import fill_in
from crn2sbml.errors import ShapeError, did_you_mean
from crn2sbml.motifs.average_pool import AveragePool
from crn2sbml.motifs.convolution import Convolution
from crn2sbml.motifs.dense import Dense
from crn2sbml.motifs.max_pool import MaxPool
from crn2sbml.motifs.motif import Motif
from crn2sbml.motifs.switch import Switch

_LAYERS: dict[str, type[Any]] = {
    "conv": Convolution,
    "pool": AveragePool,
    "maxpool": MaxPool,
    "dense": Dense,
    "readout": Dense,
    "switch": Switch,
}


def layer_from_data(data: Mapping[str, Any]) -> Motif:
    """The layer that a table names by its `kind` and sizes. Raises ShapeError: unknown, missing or no number."""
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in _LAYERS:
        raise ShapeError(did_you_mean(str(kind), _LAYERS, "kind of layer"))
    where = f"layer of kind {kind!r}"
    motif: Motif = fill_in(_LAYERS[kind], data, where)
    for name, value in data.items():
        if not value:
            raise ShapeError(f"{where}: {name} is {value!r}; it must be above 0")
    return motif
