"""Examples that are fed while a model runs: a clock that rises evenly and is set back, food that decays in between."""

import numpy as np
import pytest

from crn2sbml.core.feeding import Feeding
from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines.registry import engine_names, get_engine
from crn2sbml.errors import EngineError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml

NETWORK = Network(
    "fed",
    (Species("Clock", 0), Species("Food", 7)),
    (Parameter("rise", 100.0), Parameter("decay", 0.5)),
    (Reaction("tick", (), (("Clock", 1),), "rise"), Reaction("eat", (("Food", 1),), (), "decay")),
)
FEEDING = Feeding("Clock", 200.0, ("Food", "Clock"), ((50.0, 0.0), (80.0, 0.0), (20.0, 0.0)))
SBML = write_sbml(Document(NETWORK, feeding=FEEDING))
FEEDERS = ("roadrunner", "tellurium", "copasi")
TIMES = [0.0, *np.arange(0.5, 10, 1.0).tolist()]
"""Seconds; it is fed every two."""


def food(time: float) -> float:
    """Closed form."""
    fed, since = divmod(time, 2.0)
    start = FEEDING.examples[(int(fed) - 1) % 3][0] if fed else 7.0
    return float(start * np.exp(-0.5 * since))


@pytest.mark.parametrize("engine", [pytest.param(n, marks=pytest.mark.simulators(n)) for n in FEEDERS])
def test_food_follows_its_closed_form(engine: str) -> None:
    simulation = get_engine(engine).load(SBML)
    for inputs in ({}, {}, {"Food": 9.0}):  # a run begins with the first example, whatever ran before
        found = simulation.ode(TIMES, inputs).sel(species="Food").values[0]
        expected = [food(time) if time >= 2 else inputs.get("Food", 7.0) * np.exp(-0.5 * time) for time in TIMES]
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("engine", [pytest.param(n, marks=pytest.mark.simulators(n)) for n in FEEDERS])
@pytest.mark.parametrize("count", [1, 2, 45])
def test_tables_of_any_length(engine: str, count: int) -> None:
    feeding = Feeding("Clock", 200.0, ("Food", "Clock"), tuple((100.0 + number, 0.0) for number in range(count)))
    simulation = get_engine(engine).load(write_sbml(Document(NETWORK, feeding=feeding)))
    times = [0.0, *np.arange(2.0 + 1e-9, 2 * 50, 2.0).tolist()]
    found = simulation.ode(times, {}).sel(species="Food").values[0, 1:]
    np.testing.assert_allclose(found, [100 + number % count for number in range(len(found))], rtol=1e-6)


@pytest.mark.parametrize("engine", [pytest.param(n, marks=pytest.mark.simulators(n)) for n in FEEDERS])
def test_exact_runs_are_fed_too(engine: str) -> None:
    """Means of a pure death process that begins anew when a Poisson clock has counted to 201."""
    simulation, runs = get_engine(engine).load(SBML), 400
    times = [0.0, 1.0, 2.5, 4.5, 6.5]
    found = simulation.ssa(times, {}, 3, runs).sel(species="Food").values
    rng = np.random.default_rng(1)
    fed = rng.gamma(201, 0.01, (100_000, 4)).cumsum(axis=1)  # seconds at which it is fed
    for column, time in enumerate(times[1:], 1):
        count = (fed < time).sum(axis=1)
        start = np.array([7.0, *[e[0] for e in FEEDING.examples], FEEDING.examples[0][0]])[count]
        since = time - np.where(count > 0, np.take_along_axis(fed, np.maximum(count - 1, 0)[:, None], 1)[:, 0], 0.0)
        left = rng.binomial(start.astype(int), np.exp(-0.5 * since))
        z = (found[:, column].mean() - left.mean()) / (left.std() / runs**0.5)
        assert abs(z) < 4


def test_what_is_fed_has_no_steady_state() -> None:
    simulation = get_engine("roadrunner").load(SBML)
    with pytest.raises(EngineError, match="is fed while it runs, and so has no steady state"):
        simulation.steady_state({}, 10.0)
    with pytest.raises(EngineError, match="has no steady state"):
        simulation.lna({}, 10.0)


@pytest.mark.parametrize(
    "engine", [pytest.param(n, marks=pytest.mark.simulators(n)) for n in engine_names() if n not in FEEDERS]
)
def test_engines_without_events_say_so(engine: str) -> None:
    with pytest.raises(EngineError, match=f"{engine!r} knows no events"):
        get_engine(engine).load(SBML)
