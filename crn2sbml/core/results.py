"""Labelled results: arrays that name their species, times and units, and say where they come from."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from crn2sbml.core.units import ITEM, SECOND
from crn2sbml.errors import EngineError

Provenance: TypeAlias = Mapping[str, str | int | float]
"""Engine, version, method, seed and model checksum of a result."""

LARGEST_COUNT = 1e18
"""Items beyond which a count is the trace of a solver gone astray (a solution that blows up), not a result."""


def trajectories(values: ArrayLike, times: ArrayLike, species: Sequence[str], provenance: Provenance) -> xr.DataArray:
    """Counts in items over (replicate, time, species).

    Raises: EngineError: a value is no number or too large for a count, or the shape is not what was asked for.
    """
    if not species:
        raise EngineError(f"{provenance.get('engine')}: the model has no species, so that there is nothing to follow")
    array = np.asarray(values, dtype=float)
    expected = (array.shape[0] if array.ndim else 0, np.size(times), len(species))
    if array.shape != expected or not array.size:
        raise EngineError(f"{provenance.get('engine')}: got an array of shape {array.shape}, expected {expected}")
    bad = ~(np.abs(array) < LARGEST_COUNT)
    if bad.any():
        replicate, time, which = np.argwhere(bad)[0]
        value = array[replicate, time, which]
        raise EngineError(f"{provenance.get('engine')}: the count of {species[which]!r} becomes {value:.3g} items")
    coords = {
        "replicate": np.arange(len(array)),
        "time": ("time", np.asarray(times, dtype=float), {"units": SECOND}),
        "species": list(species),
    }
    return xr.DataArray(array, coords, ("replicate", "time", "species"), "count", {"units": ITEM, **provenance})


def moments(mean: ArrayLike, covariance: ArrayLike, species: Sequence[str], provenance: Provenance) -> xr.Dataset:
    """Stationary mean (items) and covariance (items^2) over species."""
    names = list(species)
    return xr.Dataset(
        {
            "mean": ("species", np.asarray(mean, dtype=float), {"units": ITEM}),
            "covariance": (("species", "species_"), np.asarray(covariance, dtype=float), {"units": f"{ITEM}^2"}),
        },
        {"species": names, "species_": names},
        dict(provenance),
    )
