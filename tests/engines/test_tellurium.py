import subprocess
import sys

import numpy as np
import pytest

tellurium = pytest.importorskip("tellurium", reason="the simulator Tellurium is not installed")

from crn2sbml.core.network import Network, Parameter, Reaction, Species  # noqa: E402
from crn2sbml.engines.roadrunner import RoadRunnerEngine, RoadRunnerSimulation  # noqa: E402
from crn2sbml.engines.tellurium import TelluriumEngine  # noqa: E402
from crn2sbml.errors import EngineError  # noqa: E402
from tests.engines.models import driven, sbml_of, tiny_network  # noqa: E402


def loaded(net: Network) -> RoadRunnerSimulation:
    return TelluriumEngine().load(sbml_of(net, "stochastic"))


def test_its_loader_gives_the_numbers_of_libroadrunner() -> None:
    text = sbml_of(tiny_network())
    ours, theirs = (engine.load(text) for engine in (RoadRunnerEngine(), TelluriumEngine()))
    name = tiny_network().clamped[0]
    for inputs in ({}, {name: 77}, {}):
        # One library underneath, loaded in two ways: all but the last digits agree.
        np.testing.assert_allclose(theirs.ode([0, 1, 60], inputs), ours.ode([0, 1, 60], inputs), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(theirs.lna({}, 60)["covariance"], ours.lna({}, 60)["covariance"], rtol=1e-7, atol=1e-9)


def test_the_seed_makes_the_trajectory_on_any_grid() -> None:
    """Another last time makes the grid uneven, so that `gillespie` is called piece by piece."""
    simulation, even = loaded(driven()), np.linspace(0, 20, 41)
    first = simulation.ssa(even, {}, seed=11, replicates=3).values
    uneven = np.append(even[:40], 30.0)
    np.testing.assert_array_equal(simulation.ssa(uneven, {}, seed=11, replicates=3).values[:, :40], first[:, :40])


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
