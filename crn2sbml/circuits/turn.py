"""One turn of a clock, integrated: how long it takes, and how long each form of what it passes on is there."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.network import Network
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.clock import Clock

RISEN = 0.1
"""Activity of the first phase at which an example is fed."""
_TURNS, _TOLERANCE, _AT_ONCE = 6, 1e-10, 0.1
"""Turns until the cycle repeats itself to some parts in a million; seconds that a start takes, at rate 1."""


@dataclass(frozen=True)
class Turn:
    """`period` (s) between two examples, and for each phase the `exposure` (s): the time integral of one unit that is
    there from that phase to the next, when another form takes over.
    """

    period: float
    exposure: tuple[float, ...]


def turn_of(clock: Clock, gate: float) -> Turn:
    """The turn that a clock settles in.

    Args: gate: at which forms become the next, 1/s per unit of activity.
    Raises: ShapeError: it does not come back to the first phase.
    """
    part = clock.part(1.0)
    matrices = Matrices.of(Network("clock", part.species, part.parameters, part.reactions))
    size = clock.phases

    def slope(_: float, state: Array) -> Array:
        levels, forms = state[:size], state[size : 2 * size + 1]
        moved = gate * levels * forms[:-1]
        return np.concatenate([
            matrices.derivative(levels), -np.append(moved, 0.0) + np.append(0.0, moved), forms[1:],
        ])  # fmt: skip

    def rises(time: float, state: Array) -> float:
        # A turn begins at the threshold: it is over at the next rise.
        return 1.0 if time < _AT_ONCE / clock.rate else float(state[0] - RISEN)

    rises.terminal, rises.direction = True, 1.0  # type: ignore[attr-defined]
    levels, period, exposure = np.array([s.initial for s in part.species]), 0.0, np.empty(0)
    longest = 10 * size * np.log(1 / clock.influx) / clock.rate
    for _ in range(_TURNS):
        start = np.concatenate([levels, [1.0], np.zeros(2 * size)])
        run = solve_ivp(slope, (0, longest), start, "LSODA", rtol=_TOLERANCE, atol=_TOLERANCE**2, events=rises)
        if not run.t_events[0].size:
            raise ShapeError(f"clock: no turn within {longest:.3g} s; change its influx")
        period, end = float(run.t_events[0][0]), run.y_events[0][0]
        levels, exposure = end[:size], end[2 * size + 1 :]
    return Turn(period, tuple(exposure.tolist()))
