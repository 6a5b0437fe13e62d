"""The deterministic steady state of a network, found by SciPy from a right-hand side written here in plain Python.

Only the network's frozen data are read; none of the package's arithmetic is used.
"""

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import root

from crn2sbml.core.network import Network


def mass_action_speed(net: Network, counts: dict[str, float]) -> dict[str, float]:
    """dx/dt of every species by the law of mass action, reaction by reaction; 0 for clamped species."""
    constants = {p.id: p.value for p in net.parameters}
    speed = dict.fromkeys(counts, 0.0)
    for reaction in net.reactions:
        rate = constants[reaction.rate]
        for name, count in reaction.inputs:
            rate *= counts[name] ** count
        for name, count in reaction.inputs:
            speed[name] -= count * rate
        for name, count in reaction.outputs:
            speed[name] += count * rate
    return {s.id: 0.0 if s.clamped else speed[s.id] for s in net.species}


def steady_counts(net: Network, horizon: float = 60.0) -> dict[str, float]:
    """Counts at the steady state reached from the initial counts: a stiff solver first, then a root search."""
    fixed = {s.id: float(s.initial) for s in net.species if s.clamped}
    names = [s.id for s in net.species if not s.clamped]

    def speed(x: np.ndarray) -> np.ndarray:
        moved = mass_action_speed(net, fixed | dict(zip(names, x, strict=True)))
        return np.array([moved[name] for name in names])

    start = np.array([float(s.initial) for s in net.species if not s.clamped])
    run = solve_ivp(lambda _, x: speed(x), (0, horizon), start, method="LSODA", rtol=1e-9, atol=1e-10)
    assert run.success, run.message
    found = root(speed, run.y[:, -1], method="hybr", options={"xtol": 1e-13})
    assert np.abs(found.fun).max() < 1e-9 * max(1.0, np.abs(found.x).max()), found.message
    assert np.allclose(found.x, run.y[:, -1], rtol=1e-4, atol=1e-4), "the root search left the attractor"
    return fixed | dict(zip(names, found.x.tolist(), strict=True))
