"""What simulators are compared with: the network's own equations, integrated by SciPy."""

from collections.abc import Sequence

import numpy as np
from scipy.integrate import solve_ivp

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.results import LARGEST_COUNT
from crn2sbml.errors import EngineError

_RELATIVE, _ABSOLUTE = 1e-11, 1e-12
"""Tolerances; the absolute one in parts of the largest count, if that is below one item."""
_STUCK_AFTER, _STUCK_WITHIN = 3_000, 1e-12
"""Evaluations without progress, and what counts as none relative to the end: the solver itself would never give up."""
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
    floating, counts, reached, calls = matrices.floating, start.copy(), 0.0, 0

    def derivative(time: float, state: Array) -> Array:
        nonlocal reached, calls
        if time > reached + _STUCK_WITHIN * times[-1]:
            reached, calls = time, 0
        calls += 1
        if calls > _STUCK_AFTER or not (np.abs(state) < LARGEST_COUNT).all():
            raise EngineError(f"reference ODE: no way on from t = {time:.6g} s; does a count grow without bound?")
        counts[floating] = state
        return matrices.derivative(counts)[floating]

    def jacobian(_: float, state: Array) -> Array:
        counts[floating] = state
        return np.asarray(matrices.jacobian(counts)[floating][:, floating].toarray())

    with np.errstate(over="ignore", invalid="ignore"):
        run = solve_ivp(
            derivative,
            (0.0, times[-1]),
            start[floating],
            method="LSODA",
            t_eval=times,
            jac=jacobian,
            rtol=_RELATIVE,
            atol=_ABSOLUTE * scale,
        )
    if not run.success or not np.isfinite(run.y).all():
        raise EngineError(f"reference ODE: LSODA stopped before t = {times[-1]:g} s: {run.message}")
    return np.asarray(run.y.T)
