"""One turn of a clock, integrated: how long it takes, when it begins, and what becomes of what follows its phases."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp
from scipy.optimize import OptimizeResult

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.network import Network
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.clock import Clock

RISEN = 0.1
"""Activity of the first phase at which a turn begins and an example is fed."""
_TURNS, _TOLERANCE, _AT_ONCE = 6, 1e-10, 0.1
"""Turns until the cycle repeats itself to some parts in a million; seconds that a start takes, at rate 1."""


@dataclass(frozen=True)
class Turn:
    """`period` (s) between two examples, the `first` of them (s) in a run, and the clock's `levels` as one is fed."""

    period: float
    first: float
    levels: Array
    _matrices: Matrices

    def starts(self, number: ArrayLike) -> Array:
        """When examples of these numbers, from 0, are fed (s)."""
        return np.asarray(self.first + self.period * np.asarray(number, float))

    def middle(self, phase: int) -> float:
        """Seconds from a turn's start to about the middle of a phase."""
        return self.period * (phase + 0.5) / len(self.levels)

    def follow(self, slope: Callable[[Array, Array], Array], start: Array, seconds: float | None = None) -> Array:
        """What a state is after so much of a turn (all if None) that it begins at `start`, where `slope` tells from
        the clock's levels (phases,) and the state how fast that changes, 1/s.
        """
        size = len(self.levels)

        def both(_: float, state: Array) -> Array:
            return np.concatenate([self._matrices.derivative(state[:size]), slope(state[:size], state[size:])])

        run = _solve(both, np.concatenate([self.levels, start]), self.period if seconds is None else seconds)
        return np.asarray(run.y[size:, -1])

    def exposure(self, gate: float) -> tuple[float, ...]:
        """For each phase the time integral (s) of one unit that is there from that phase to the next, when another form
        takes over at the pace `gate` (1/s per unit of activity).
        """
        size = len(self.levels)

        def slope(levels: Array, state: Array) -> Array:
            moved, forms = gate * levels * state[:size], state[1 : size + 1]
            return np.concatenate([-np.append(moved, 0.0) + np.append(0.0, moved), forms])

        return tuple(self.follow(slope, np.eye(1, 2 * size + 1)[0])[size + 1 :].tolist())


def turn_of(clock: Clock) -> Turn:
    """The turn that a clock settles in.

    Raises: ShapeError: it does not come back to the first phase.
    """
    part = clock.part(1.0)
    matrices = Matrices.of(Network("clock", part.species, part.parameters, part.reactions))

    def rises(time: float, levels: Array) -> float:
        # A turn begins at the threshold: it is over at the next rise.
        return 1.0 if time < _AT_ONCE / clock.rate else float(levels[0] - RISEN)

    rises.terminal, rises.direction = True, 1.0  # type: ignore[attr-defined]
    levels, lengths = np.array([s.initial for s in part.species]), []
    longest = 10 * clock.phases * np.log(1 / clock.influx) / clock.rate
    for _ in range(1 + _TURNS):
        run = _solve(lambda _, state: matrices.derivative(state), levels, longest, rises)
        if not run.t_events[0].size:
            raise ShapeError(f"clock: no turn within {longest:.3g} s; change its influx")
        lengths.append(float(run.t_events[0][0]))
        levels = run.y_events[0][0]
    return Turn(lengths[-1], lengths[0], levels, matrices)


def _solve(
    slope: Callable[[float, Array], Array], start: Array, end: float, event: Callable[..., float] | None = None
) -> OptimizeResult:
    return solve_ivp(slope, (0, end), start, "LSODA", rtol=_TOLERANCE, atol=_TOLERANCE**2, events=event)
