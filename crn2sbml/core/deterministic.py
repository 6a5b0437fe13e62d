"""The deterministic equations of a network, integrated by SciPy: what simulators are compared with."""

from collections.abc import Sequence

import numpy as np

from crn2sbml.core import ode
from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.errors import EngineError

_RELATIVE, _ABSOLUTE = 1e-11, 1e-12
"""Tolerances; the absolute one in parts of the largest count, if that is below one item."""
LARGEST = 4000
"""Floating species beyond which LSODA's dense Jacobian would need too much memory."""


def integrate(matrices: Matrices, start: Array, times: Sequence[float]) -> Array:
    """Deterministic counts (items) of all species at `times` (s, from 0, increasing): shape (time, species).

    Raises: EngineError: too large, or the solver gave up (a count that grows without bound).
    """
    floating = matrices.floating
    if len(floating) > LARGEST:
        raise EngineError(f"reference ODE: {len(floating)} floating species; LSODA takes at most {LARGEST}")
    values: Array = np.tile(np.asarray(start, dtype=float), (len(times), 1))
    if not len(floating):
        return values
    first = float(values[0, floating].max())
    values[:, floating] = _solve(matrices, values[0], times, min(1.0, first or 1.0))
    largest = float(np.abs(values[:, floating]).max())
    if 0 < largest < 1 and not first:
        # Only now is it known how small all counts are.
        values[:, floating] = _solve(matrices, values[0], times, largest)
    return values


def _solve(matrices: Matrices, start: Array, times: Sequence[float], scale: float) -> Array:
    """Counts of floating species: (time, floating)."""
    floating, counts = matrices.floating, start.copy()

    def derivative(state: Array) -> Array:
        counts[floating] = state
        return matrices.derivative(counts)[floating]

    def jacobian(state: Array) -> Array:
        counts[floating] = state
        return np.asarray(matrices.jacobian(counts)[floating][:, floating].toarray())

    return ode.integrate(
        derivative, start[floating], times, _RELATIVE, _ABSOLUTE * scale, "reference ODE", jacobian=jacobian
    )
