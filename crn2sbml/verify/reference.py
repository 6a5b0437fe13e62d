"""What simulators are compared with: the network's own equations, integrated by SciPy."""

from collections.abc import Sequence

import numpy as np
from scipy.integrate import solve_ivp

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.results import LARGEST_COUNT
from crn2sbml.errors import EngineError

_RELATIVE, _ABSOLUTE = 1e-11, 1e-12
LARGEST = 4000
"""Floating species beyond which LSODA's dense Jacobian would need too much memory."""


def integrate(matrices: Matrices, start: Array, times: Sequence[float]) -> Array:
    """Deterministic counts (items) of all species at `times` (s, from 0, increasing): shape (time, species).

    Raises: EngineError: too large, or the solver gave up.
    """
    floating = matrices.floating
    if len(floating) > LARGEST:
        raise EngineError(f"reference ODE: {len(floating)} floating species; LSODA takes at most {LARGEST}")
    scale = float(start.max(initial=0.0)) or 1.0
    counts = start.copy()

    def derivative(_: float, state: Array) -> Array:
        counts[floating] = state
        return matrices.derivative(counts)[floating]

    def jacobian(_: float, state: Array) -> Array:
        counts[floating] = state
        return np.asarray(matrices.jacobian(counts)[floating][:, floating].toarray())

    run = solve_ivp(
        derivative,
        (0.0, times[-1]),
        start[floating],
        method="LSODA",
        t_eval=times,
        jac=jacobian,
        rtol=_RELATIVE,
        atol=_ABSOLUTE * min(1.0, scale),
    )
    if not run.success or not (np.abs(run.y) < LARGEST_COUNT).all():
        raise EngineError(f"reference ODE: LSODA stopped before t = {times[-1]:g} s: {run.message}")
    values: Array = np.tile(start, (len(times), 1))
    values[:, floating] = run.y.T
    return values
