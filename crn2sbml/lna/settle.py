"""The steady state that a network goes to from its initial counts, and how long that takes; or why there is none."""

from dataclasses import dataclass

import numpy as np

from crn2sbml.core.deterministic import LARGEST, integrate
from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.network import Network
from crn2sbml.errors import EngineError, SteadyStateError
from crn2sbml.lna.stationary import Stationary, stationary

_HORIZONS = (10.0, 100.0, 1e3, 1e4, 1e5)
_POINTS = 400
"""Points of the last half of a horizon at which a species that does not come to rest is looked at."""
_TURNS, _UNDAMPED = 6, 0.95
"""Turns, and the swing of the last quarter relative to that of the one before, from which a species oscillates.

What loses height slowly would pass at one horizon, but not at the next, which is ten times as long.
"""


@dataclass(frozen=True)
class Settled:
    """Counts (items, all species) at the steady state, the seconds that were enough to reach it, and its noise."""

    counts: Array
    seconds: float
    noise: Stationary


def settle(network: Network) -> Settled:
    """Where the network goes from its initial counts, to 1e-5 standard deviations, within 10, 100, ... 1e5 seconds.

    Raises: SteadyStateError: it oscillates, grows, is unstable or undetermined, or is not steady even then;
        EngineError: more than 4,000 floating species.
    """
    matrices = Matrices.of(network)
    start = np.array([species.initial for species in network.species], dtype=float)
    if len(matrices.floating) > LARGEST:
        raise EngineError(
            f"steady state of {len(matrices.floating)} floating species: looked for among {LARGEST} at most; say how "
            "long to run (--t-end), and a simulator will find it"
        )
    refusal: SteadyStateError | None = None
    swings = 0
    for seconds in _HORIZONS:
        times = np.concatenate([[0.0], np.linspace(seconds / 2, seconds, _POINTS)])
        try:
            values = integrate(matrices, start, times.tolist())
        except EngineError as error:
            raise SteadyStateError(f"no steady state: {error}") from None
        try:
            return Settled(values[-1], seconds, stationary(matrices, values[-1]))
        except SteadyStateError as error:
            refusal = error
        said = _swings(matrices, values[1:], seconds / 2)
        swings = swings + 1 if said else 0
        if swings > 1:
            raise SteadyStateError(said)
    assert refusal is not None  # noqa: S101 - there is at least one horizon
    raise refusal


def settling_time(network: Network) -> float:
    """Seconds, 10 or ten, a hundred, ... times as many, after which a network is steady; 10 if it never is."""
    try:
        return settle(network).seconds
    except EngineError:
        return _HORIZONS[0]


def _swings(matrices: Matrices, values: Array, seconds: float) -> str:
    """Says so where the species that moves most goes up and down without losing height."""
    swings = np.ptp(values, axis=0) / np.maximum(values.max(axis=0), 1e-300)
    worst = int(np.argmax(swings))
    course = values[:, worst]
    before, after = np.ptp(course[: _POINTS // 2]), np.ptp(course[_POINTS // 2 :])
    turns = int(np.sum(np.diff(np.sign(np.diff(course))) != 0))
    if turns < _TURNS or swings[worst] < 1e-3 or not after > _UNDAMPED * before:
        return ""
    return (
        f"no steady state: {matrices.species[worst]!r} oscillates between {course.min():.3g} and {course.max():.3g} "
        f"items, about every {2 * seconds / turns:.2g} s"
    )
