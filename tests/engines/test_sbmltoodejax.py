from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("sbmltoodejax", reason="the simulator SBMLtoODEjax is not installed")

import jax

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines import sbmltoodejax as engine_module
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.engines.sbmltoodejax import SbmlToOdeJaxEngine, SbmlToOdeJaxSimulation
from crn2sbml.errors import EngineError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from tests.engines.models import driven, sbml_of, tiny_network
from tests.lna.test_stationary import network


def loaded(net: Network) -> SbmlToOdeJaxSimulation:
    return SbmlToOdeJaxEngine().load(sbml_of(net))


@pytest.mark.slow
def test_a_cascade_of_rectifiers_agrees_with_libroadrunner() -> None:
    """Lumped, the clamped species are only modifiers, and lie in another vector of the generated module."""
    net = tiny_network()
    text = write_sbml(Document(net, shape="lumped"))
    ours, theirs = RoadRunnerEngine().load(text), SbmlToOdeJaxEngine().load(text)
    for inputs in ({}, {net.clamped[0]: 77.0}, {}):
        expected, found = ours.steady_state(inputs, 60.0), theirs.steady_state(inputs, 60.0)
        assert found.species.values.tolist() == expected.species.values.tolist()
        # Both solvers hold 1e-10 a step; counts near 0 are held to 1e-8 items.
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def test_double_precision_stays_inside() -> None:
    before, options = jax.config.jax_enable_x64, np.get_printoptions()
    loaded(driven()).ode([0, 1], {})
    assert jax.config.jax_enable_x64 == before
    assert np.get_printoptions() == options


def test_ids_that_mean_something_elsewhere() -> None:
    """Species, constants and reactions named as functions, constants and arguments of the generated code."""
    names = ["sin", "pow", "exp", "ln", "e", "t", "y", "w", "c", "self", "jnp"]
    net = Network(
        "net",
        tuple(Species(name, i + 1) for i, name in enumerate(names)),
        (Parameter("tcl", 2.0), Parameter("log", 3.0)),
        (
            *(Reaction(f"r{i}", ((a, 1), (b, 2)), ((b, 1),), "tcl") for i, (a, b) in enumerate(pairwise(names))),
            Reaction("sqrt", (("sin", 1),), (), "log"),
        ),
    )
    text = sbml_of(net)
    expected = RoadRunnerEngine().load(text).ode([0.0, 0.1], {})
    np.testing.assert_allclose(SbmlToOdeJaxEngine().load(text).ode([0.0, 0.1], {}), expected, rtol=1e-6, atol=1e-8)


def test_a_species_called_time_is_not_the_time() -> None:
    net = Network("net", (Species("time", 3),), (Parameter("g", 0.5),), (Reaction("fade", (("time", 1),), (), "g"),))
    result = loaded(net).ode([0.0, 1.0, 4.0], {})
    np.testing.assert_allclose(result.values[0, :, 0], 3 * np.exp([0, -0.5, -2]), rtol=1e-8)


@pytest.mark.parametrize("name", ["lambda", "stoichiometricMatrix", "calc_reaction_velocities"])
def test_reaction_ids_that_break_the_generated_module(name: str) -> None:
    with pytest.raises(EngineError, match="sbmltoodejax refused the model: ") as refusal:
        loaded(network("A", {"k": 1.0}, **{name: ("A", "", "k")}))
    assert "\n" not in str(refusal.value)


def test_a_module_that_says_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    right = engine_module._generated
    monkeypatch.setattr(engine_module, "_generated", lambda sbml: right(sbml.replace('value="0.5"', 'value="0.7"')))
    with pytest.raises(EngineError, match=r"sbmltoodejax misreads the model: .*'A'"):
        loaded(driven())


def test_the_end_of_its_steps_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """`odeint` extrapolates silently; 20 steps are enough for a short time and not for a long one."""
    monkeypatch.setattr(engine_module, "_MOST_STEPS", 20)
    simulation = loaded(driven(40))
    assert simulation.ode([0, 0.01], {}).values[0, -1, 1] == pytest.approx(12 + 28 * np.exp(-0.005), rel=1e-8)
    with pytest.raises(EngineError, match="sbmltoodejax: odeint did not reach t = 30 s"):
        simulation.ode([0, 30.0], {})
