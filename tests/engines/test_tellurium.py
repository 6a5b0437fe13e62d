import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

tellurium = pytest.importorskip("tellurium", reason="the simulator Tellurium is not installed")

from crn2sbml.core.network import Network, Parameter, Reaction, Species  # noqa: E402
from crn2sbml.engines.roadrunner import RoadRunnerEngine, RoadRunnerSimulation  # noqa: E402
from crn2sbml.engines.tellurium import TelluriumEngine  # noqa: E402
from crn2sbml.errors import CrnError, EngineError, SteadyStateError  # noqa: E402
from tests.circuits.test_classifier import signed_weights, tiny  # noqa: E402
from tests.engines.models import dimers, driven, explosion, sbml_of  # noqa: E402
from tests.reference.master_equation import edge_mass, mean_and_covariance, stationary_law  # noqa: E402


def loaded(net: Network) -> RoadRunnerSimulation:
    return TelluriumEngine().load(sbml_of(net, "stochastic"))


def rectifiers() -> Network:
    classifier = tiny(omega=50)
    return classifier.network(signed_weights(classifier, 3), np.random.default_rng(8).random((4, 4)))


def test_results_name_tellurium() -> None:
    simulation = loaded(driven())
    for result in (simulation.ode([0, 1], {}), simulation.lna({}, 80.0), simulation.ssa([0, 1], {}, seed=1)):
        assert (result.attrs["engine"], result.attrs["version"]) == ("tellurium", tellurium.getTelluriumVersion())
    with pytest.raises(SteadyStateError, match="tellurium at t = 5 s"):
        simulation.steady_state({}, 5.0)
    with pytest.raises(EngineError, match="tellurium: times"):
        simulation.ode([1.0], {})
    with pytest.raises(EngineError, match="tellurium: CVODE failed"):
        TelluriumEngine().load(sbml_of(explosion())).ode([0.0, 2.0], {})


def test_ode_against_the_exponential() -> None:
    times = [0.0, 0.5, 2.0, 20.0]
    result = loaded(driven(40)).ode(times, {"X": 5}).sel(species="A").values[0]
    fall = np.exp(-np.array(times) / 2)
    # The local tolerance is 1e-10; 1e-7 leaves room for what adds up on the way.
    np.testing.assert_allclose(result, 20 * (1 - fall) + 40 * fall, rtol=1e-7)


def test_its_loader_gives_the_numbers_of_libroadrunner() -> None:
    text = sbml_of(rectifiers())
    ours, theirs = (engine.load(text) for engine in (RoadRunnerEngine(), TelluriumEngine()))
    name = rectifiers().clamped[0]
    for inputs in ({}, {name: 77}, {}):
        # One library underneath, loaded in two ways: all but the last digits agree.
        np.testing.assert_allclose(theirs.ode([0, 1, 60], inputs), ours.ode([0, 1, 60], inputs), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(theirs.lna({}, 60)["covariance"], ours.lna({}, 60)["covariance"], rtol=1e-7, atol=1e-9)


def test_inputs_set_by_name_equal_a_fresh_load() -> None:
    simulation = loaded(driven())
    simulation.ode([0, 3], {"X": 90, "A": 5})
    changed = simulation.ode([0, 1, 2], {"X": 8})
    fresh = loaded(driven().with_counts({"X": 8})).ode([0, 1, 2], {})
    np.testing.assert_allclose(changed, fresh, rtol=1e-12)


def test_ssa_of_production_and_decay_is_poisson() -> None:
    """From 0 items the law at every time is Poisson with mean 4 X (1 - exp(-t/2)); the times are not even."""
    times, replicates = [0.0, 1.0, 5.0], 2000
    counts = loaded(driven()).ssa(times, {"X": 10}, seed=3, replicates=replicates).sel(species="A").values
    assert (counts[:, 0] == 0).all()
    means = [40 * (1 - math.exp(-time / 2)) for time in times]
    for column in (1, 2):
        mean, sample = means[column], counts[:, column]
        assert abs(sample.mean() - mean) / math.sqrt(mean / replicates) < 4
        # The variance of (x - mean)^2 under Poisson is mean + 2 mean^2.
        assert abs(((sample - mean) ** 2).mean() - mean) / math.sqrt((mean + 2 * mean**2) / replicates) < 4
    # Molecules of the first time that survive: were random numbers repeated from piece to piece, it would be more.
    expected = means[1] * math.exp(-2)
    products = (counts[:, 1] - means[1]) * (counts[:, 2] - means[2])
    assert abs(products.mean() - expected) / math.sqrt((means[1] * means[2] + 2 * expected**2) / replicates) < 4


def test_ssa_of_pairs_follows_the_master_equation() -> None:
    """k x (x - 1) against a law solved exactly; with k x^2 the mean would be 0.35 items lower."""
    law = stationary_law([((0,), (1,), 40.0), ((2,), (0,), 0.02), ((1,), (0,), 0.5)], (90,))
    assert edge_mass(law) < 1e-12
    mean, covariance = mean_and_covariance(law)
    replicates = 4000
    result = loaded(dimers()).ssa([0.0, 12.0], {}, seed=5, replicates=replicates, start={"A": round(mean[0])})
    sample = result.values[:, -1, 0]
    assert abs(sample.mean() - mean[0]) / math.sqrt(covariance[0, 0] / replicates) < 4
    # (n - 1) s^2 / sigma^2 is nearly chi-square: the law is close to a Gaussian.
    low, high = stats.chi2.ppf([3e-5, 1 - 3e-5], replicates - 1) / (replicates - 1)
    assert low < sample.var(ddof=1) / covariance[0, 0] < high


def test_the_seed_makes_the_trajectory() -> None:
    simulation, even = loaded(driven()), np.linspace(0, 20, 41)
    first = simulation.ssa(even, {}, seed=11, replicates=3).values
    np.testing.assert_array_equal(loaded(driven()).ssa(even, {}, seed=11, replicates=3), first)
    assert not np.array_equal(simulation.ssa(even, {}, seed=12, replicates=3), first)
    assert not np.array_equal(first[0], first[1])
    # Another last time makes the grid uneven, so that `gillespie` is called piece by piece.
    uneven = np.append(even[:40], 30.0)
    np.testing.assert_array_equal(simulation.ssa(uneven, {}, seed=11, replicates=3).values[:, :40], first[:, :40])


def test_what_the_ssa_refuses() -> None:
    simulation = loaded(driven())
    for call, words in (
        (lambda: simulation.ssa([0, 1], {}, seed=1, algorithm="leap"), "engine 'tellurium': no algorithm 'leap'"),
        (lambda: simulation.ssa([0, 1], {"X": 1.5}, seed=1), "'X': 1.5 is not a whole number"),
        (lambda: simulation.ssa([0, 1], {}, seed=-1), "seed -1"),
        (lambda: TelluriumEngine().load(sbml_of(dimers())).ssa([0, 1], {}, seed=1), "--reading stochastic"),
    ):
        with pytest.raises(CrnError, match=words):
            call()


def test_importing_and_running_it_prints_nothing() -> None:
    code = (
        "from crn2sbml.engines.tellurium import TelluriumEngine as E; from tests.engines.models import *\n"
        "E().load(sbml_of(driven())).ssa([0, 1], {}, seed=1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("engine", [RoadRunnerEngine(), TelluriumEngine()], ids=lambda engine: engine.name)
def test_a_species_called_time_is_refused(engine: RoadRunnerEngine | TelluriumEngine) -> None:
    """Asked for `time`, libRoadRunner answers with the time: 1.0 after a second, where the count is 3 exp(-g)."""
    net = Network("net", (Species("time", 3),), (Parameter("g", 0.5),), (Reaction("fade", (("time", 1),), (), "g"),))
    with pytest.raises(EngineError, match=f"{engine.name} gives the time itself for the species 'time': rename it"):
        engine.load(sbml_of(net))
