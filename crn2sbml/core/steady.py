"""Whether a state is steady, judged by the network's own laws."""

import numpy as np

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.errors import SteadyStateError

TOLERANCE = 1e-7
"""Largest |dx/dt| of a species at a steady state, relative to its turnover (what makes it and what takes it)."""


def check_steady(matrices: Matrices, counts: Array, where: str, scale: float = 1.0) -> None:
    """Raises SteadyStateError, naming the species that moves most; a NaN fails.

    Args: counts: items, shape (species,); scale: items; a turnover below that a second counts as that.
    """
    absent = np.flatnonzero(~np.isfinite(counts))
    if len(absent):
        raise SteadyStateError(
            f"{where}: not steady: the count of {matrices.species[absent[0]]!r} is {counts[absent[0]]}"
        )
    speed = np.abs(matrices.derivative(counts))
    turnover = abs(matrices.stoichiometry) @ matrices.rates(counts)
    limit = TOLERANCE * np.maximum(turnover, scale)
    if not len(speed):
        return
    with np.errstate(invalid="ignore"):
        worst = int(np.argmax(np.nan_to_num(speed / limit, nan=np.inf)))
    if not speed[worst] <= limit[worst] < np.inf:
        raise SteadyStateError(
            f"{where}: not steady: |dx/dt| of {matrices.species[worst]!r} is {speed[worst]:.2e} items/s, "
            f"limit {limit[worst]:.1e}; raise --t-end"
        )
