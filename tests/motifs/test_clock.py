"""The clock against its ODE, solved by SciPy, and against exact runs."""

import itertools
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.network import Network, Parameter
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.clock import Clock


def network(clock: Clock, omega: float) -> Network:
    part = clock.part(omega)
    return Network("clock", part.species, part.parameters, part.reactions)


@lru_cache
def run(clock: Clock, start: tuple[float, ...], seconds: float = 400.0) -> tuple[Array, Array]:
    """Times, and activities (phases, times), by SciPy from the textbook's form of the equations."""
    size = clock.phases
    effect = np.full((size, size), clock.suppression)
    for i in range(size):
        effect[i, i], effect[(i + 1) % size, i] = 1.0, 0.0

    def slope(_: float, levels: Array) -> Array:
        return np.asarray(clock.rate * (levels * (1 - effect @ levels) + clock.influx))

    found = solve_ivp(slope, (0, seconds), start, "LSODA", rtol=1e-8, atol=1e-12, max_step=0.05 / clock.rate)
    return found.t, found.y


def rises(times: Array, levels: Array) -> Array:
    """Seconds at which a level passes one half from below."""
    return np.asarray(times[1:][(levels[:-1] < 0.5) & (levels[1:] >= 0.5)])


def first_on(clock: Clock) -> tuple[float, ...]:
    return (*[0.0] * (clock.phases - 1), 1.0)


@pytest.mark.parametrize("clock", [Clock(3), Clock(4, rate=2.0), Clock(5, influx=1e-3, suppression=2.0)], ids=repr)
def test_reactions_are_the_equations(clock: Clock) -> None:
    matrices, levels = Matrices.of(network(clock, 50.0)), np.random.default_rng(1).random(clock.phases)
    _, path = run(clock, tuple(levels), 1e-3)
    slope = (path[:, 1] - path[:, 0]) / run(clock, tuple(levels), 1e-3)[0][1]
    np.testing.assert_allclose(matrices.derivative(50.0 * levels) / 50.0, slope, atol=1e-2)
    assert max(reaction.order for reaction in network(clock, 1.0).reactions) == 2


@pytest.mark.parametrize("clock", [Clock(3), Clock(4), Clock(6), Clock(4, rate=3.0)], ids=repr)
def test_phases_follow_each_other(clock: Clock) -> None:
    """In the order of the ring, evenly, each about as long as the docstring says."""
    times, levels = run(clock, first_on(clock), 400.0 / clock.rate)
    events = sorted((time, phase) for phase, level in enumerate(levels) for time in rises(times, level))
    later = [(time, phase) for time, phase in events if time > 100.0 / clock.rate]
    assert all((b - a) % clock.phases == 1 for (_, a), (_, b) in itertools.pairwise(later))
    lengths = np.diff([time for time, _ in later])
    assert np.ptp(lengths) < 0.01 * lengths.mean()
    expected = np.log((clock.suppression - 1) / clock.influx) / clock.rate
    assert lengths.mean() == pytest.approx(expected, rel=0.15)


def test_the_cycle_does_not_depend_on_the_start() -> None:
    rng, periods = np.random.default_rng(2), []
    for start in (first_on(Clock(3)), *map(tuple, rng.random((4, 3)))):
        times, levels = run(Clock(3), start)
        periods.append(np.diff(rises(times, levels[0]))[-1])
    assert np.ptp(periods) < 0.005 * np.mean(periods)


def test_phases_overlap_little() -> None:
    """Neighbours for a tenth of a phase, where one takes over from the other; phases further apart hardly at all."""
    times, levels = run(Clock(4), first_on(Clock(4)))
    late = times > 200
    weight = np.gradient(times[late])
    whole = (levels[0, late] * weight).sum()
    shared = [(np.minimum(levels[0, late], levels[i, late]) * weight).sum() / whole for i in (1, 2, 3)]
    assert shared[0] < 0.12
    assert shared[1] < 2e-3
    assert shared[2] < 0.12


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"phases": 2}, "2 phases; a ring needs 3"),
        ({"phases": 3, "rate": 0.0}, "rate is 0.0"),
        ({"phases": 3, "influx": float("nan")}, "influx is nan"),
        ({"phases": 3, "suppression": 0.9}, "suppression 0.9, influx 0.0001; one must be above 1"),
        ({"phases": 3, "influx": 1.5}, "influx 1.5"),
    ],
)
def test_clocks_that_would_stand_still(options: dict[str, float], words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        Clock(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(5))
def test_it_turns_whatever_its_constants_are_about(seed: int) -> None:
    """Each reaction with a constant of its own, off by 20 % (log-normal): evenly, at a period within 30 %."""
    clock, rng = Clock(3), np.random.default_rng(seed)
    part = clock.part(1.0)
    values = {parameter.id: parameter.value for parameter in part.parameters}
    rates = [Parameter(f"k_{r.id}", values[r.rate] * rng.lognormal(0, 0.2)) for r in part.reactions]
    reactions = tuple(replace(r, rate=k.id) for r, k in zip(part.reactions, rates, strict=True))
    matrices = Matrices.of(Network("clock", part.species, tuple(rates), reactions))
    found = solve_ivp(
        lambda _, levels: matrices.derivative(levels), (0, 600), first_on(clock), "LSODA", rtol=1e-9, atol=1e-12,
        max_step=0.5,
    )  # fmt: skip
    periods = np.diff(rises(found.t, found.y[0]))[2:]
    assert np.ptp(periods) < 0.05 * periods.mean()
    assert periods.mean() == pytest.approx(26.8, rel=0.3)
