"""SciPy's ODE solvers with an end: they give up where they cannot go on, and say what for."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.integrate import solve_ivp

from crn2sbml.core.matrices import Array
from crn2sbml.core.results import LARGEST_COUNT
from crn2sbml.errors import EngineError

DENSE_UP_TO = 1500
"""Unknowns up to which the dense linear algebra of a stiff solver is cheaper than the short steps of Adams' method, on
cascades; seen in libRoadRunner.
"""
_STUCK_AFTER, _STUCK_WITHIN = 3_000, 1e-12
"""Evaluations without progress, and what counts as none relative to the end: the solvers themselves never give up."""


def integrate(
    derivative: Callable[[Array], Array],
    first: Array,
    times: Sequence[float] | Array,
    relative: float,
    absolute: float | Array,
    what: str,
    method: str = "LSODA",
    jacobian: Callable[[Array], Array] | None = None,
    largest: float = LARGEST_COUNT,
) -> Array:
    """Solution of dx/dt = f(x) from `first` at time 0, at `times` (s, increasing): (time, unknowns).

    Args: absolute: tolerance, for each unknown or for all; what: begins the error's line; largest: what no unknown may
        reach.
    Raises: EngineError: no way on, or the solver's own words.
    """
    end, reached, calls = float(times[-1]), 0.0, 0
    if not len(first) or end == 0:
        return np.tile(first, (len(times), 1))

    def guarded(time: float, state: Array) -> Array:
        nonlocal reached, calls
        if time > reached + _STUCK_WITHIN * end:
            reached, calls = time, 0
        calls += 1
        if calls > _STUCK_AFTER or not (np.abs(state) < largest).all():
            raise EngineError(f"{what}: no way on from t = {time:.6g} s; does a count grow without bound?")
        return derivative(state)

    options = {} if jacobian is None else {"jac": lambda _, state: jacobian(state)}
    with np.errstate(over="ignore", invalid="ignore"):
        run = solve_ivp(
            guarded, (0.0, end), first, method=method, t_eval=times, rtol=relative, atol=absolute, **options
        )
    if not run.success or not np.isfinite(run.y).all():
        raise EngineError(f"{what}: the solver stopped before t = {end:g} s: {run.message}")
    return np.asarray(run.y.T)
