import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("amici", reason="the simulator AMICI is not installed")

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines import amici as engine_module
from crn2sbml.engines.amici import AmiciEngine, AmiciSimulation
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.errors import CrnError, EngineError, SteadyStateError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from tests.circuits.test_classifier import signed_weights, tiny
from tests.engines.models import dimers, explosion, sbml_of
from tests.lna.test_stationary import network

DIGITS = Path(__file__).parents[2] / "models" / "digits" / "model.xml"


def small() -> Network:
    """A clamped x makes A (2/s), A decays (0.5/s), pairs of p are lost (k p^2). x and p are AMICI's own names."""
    return Network(
        "small",
        (Species("x", 3, clamped=True), Species("A", 0), Species("p", 30)),
        (Parameter("w", 2.0), Parameter("g", 0.5), Parameter("k", 0.02)),
        (
            Reaction("make", (("x", 1),), (("x", 1), ("A", 1)), "w"),
            Reaction("fade", (("A", 1),), (), "g"),
            Reaction("pair", (("p", 2),), (), "k"),
        ),
    )


@pytest.fixture(scope="module")
def simulation() -> AmiciSimulation:
    """The one model that is compiled here: it takes about ten seconds."""
    return AmiciEngine().load(sbml_of(small()))


def test_ode_against_closed_forms(simulation: AmiciSimulation) -> None:
    times = np.array([0.0, 0.5, 2.0, 20.0])
    result = simulation.ode(times, {"x": 5, "A": 40}).values[0]
    fall = np.exp(-times / 2)
    expected = np.stack([np.full(4, 5.0), 20 * (1 - fall) + 40 * fall, 30 / (1 + 1.2 * times)], axis=1)
    # The local tolerance is 1e-10; 1e-7 leaves room for what adds up on the way.
    np.testing.assert_allclose(result, expected, rtol=1e-7)


def test_ode_from_a_later_time_on(simulation: AmiciSimulation) -> None:
    result = simulation.ode([1.0, 3.0], {})
    np.testing.assert_allclose(result.sel(species="A").values[0], 12 * (1 - np.exp([-0.5, -1.5])), rtol=1e-7)


def test_it_agrees_with_libroadrunner(simulation: AmiciSimulation) -> None:
    ours = RoadRunnerEngine().load(sbml_of(small()))
    for inputs in ({}, {"x": 77.0, "p": 1000.0}, {}):
        expected, found = (each.ode([0.0, 0.3, 5.0, 60.0], inputs) for each in (ours, simulation))
        assert found.species.values.tolist() == expected.species.values.tolist()
        # 1e-6 is the project's tolerance between ODE solvers; here libRoadRunner is the one that uses two thirds of it.
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_inputs_set_by_name_equal_a_fresh_load(simulation: AmiciSimulation) -> None:
    expected = simulation.ode([0, 1, 2], {"x": 8})
    simulation.ode([0, 3], {"x": 90, "A": 5})
    # Loading the text again starts from AMICI's own new instance, without compiling.
    fresh = AmiciEngine().load(sbml_of(small()))
    np.testing.assert_array_equal(fresh.ode([0, 1, 2], {"x": 8}), expected)
    np.testing.assert_array_equal(simulation.ode([0, 1, 2], {"x": 8}), expected)
    assert simulation.ode([0, 1], {}).values[0, 0].tolist() == [3, 0, 30]


def test_the_environment_and_the_logger_are_as_before(
    simulation: AmiciSimulation, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, level = dict(os.environ), logging.getLogger("amici.sim.sundials").level
    # A text that is not cached, and which AMICI refuses before it would compile.
    with pytest.raises(EngineError):
        AmiciEngine().load(sbml_of(network("A", {"k": 1.0}, true=("A", "", "k"))))
    monkeypatch.setattr(engine_module, "_MOST_STEPS", 3)
    hurried = AmiciEngine().load(sbml_of(small()))
    with pytest.raises(EngineError, match="amici: CVODES failed: ") as refusal:
        hurried.ode([0, 20], {})
    assert "\n" not in str(refusal.value)
    assert (dict(os.environ), logging.getLogger("amici.sim.sundials").level) == (before, level)
    assert capfd.readouterr() == ("", "")


def test_refusals(simulation: AmiciSimulation) -> None:
    for call, kind, words in (
        (lambda: simulation.ode([0, 1], {"XX": 1}), CrnError, "no species 'XX'"),
        (lambda: simulation.ode([0, 1], {"A": -1}), CrnError, "'A': -1"),
        (lambda: simulation.ode([1.0], {}), EngineError, "amici: times"),
        (lambda: simulation.steady_state({}, 5.0), SteadyStateError, "amici at t = 5 s"),
        (lambda: AmiciEngine().load(sbml_of(dimers(), "stochastic")), EngineError, "--reading deterministic"),
        (lambda: AmiciEngine().load(sbml_of(network("A", {"k": 1.0}, pi=("A", "", "k")))), EngineError, "SId pi"),
    ):
        with pytest.raises(kind, match=words) as refusal:
            call()
        assert "\n" not in str(refusal.value)


def test_results_say_where_they_come_from(simulation: AmiciSimulation) -> None:
    result = simulation.ode([0, 1], {})
    assert (result.attrs["engine"], result.attrs["method"]) == ("amici", "cvodes-bdf")
    assert result.attrs["version"].split(".")[0].isdigit()
    assert len(result.attrs["model_sha256"]) == 64
    assert set(AmiciEngine().methods) == {"ode"}


def test_a_module_that_says_something_else(simulation: AmiciSimulation, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = engine_module._compiled(sbml_of(small()))
    monkeypatch.setattr(engine_module, "_compiled", lambda sbml: compiled)
    with pytest.raises(EngineError, match=r"amici misreads the model: .*'A'.*; 1 species differ"):
        AmiciEngine().load(sbml_of(small()).replace('value="0.5"', 'value="0.7"'))
    with pytest.raises(EngineError, match="its states are"):
        AmiciEngine().load(sbml_of(explosion()))


@pytest.mark.slow
def test_c_that_does_not_compile() -> None:
    with pytest.raises(EngineError, match=r"amici: its C\+\+ does not build: error: expected ") as refusal:
        AmiciEngine().load(sbml_of(network("A", {"return": 1.0}, fade=("A", "", "return"))))
    assert "\n" not in str(refusal.value)


@pytest.mark.slow
def test_a_constant_that_c_knows_otherwise() -> None:
    """AMICI writes ids into C++ as they are, where M_PI is 3.14...: it compiles, and would run wrong."""
    with pytest.raises(EngineError, match="amici misreads the model"):
        AmiciEngine().load(sbml_of(network("A", {"M_PI": 1.0}, fade=("A", "", "M_PI"))))


@pytest.mark.slow
def test_growth_without_bound_is_refused() -> None:
    grown = AmiciEngine().load(sbml_of(explosion()))
    with pytest.raises(EngineError, match="amici: CVODES failed: "):
        grown.ode([0.0, 2.0], {})
    # 1 / (1 - t) half way to the pole, on the same loaded model.
    assert grown.ode([0.0, 0.5], {}).values[0, -1, 0] == pytest.approx(2, rel=1e-6)


def rectifiers() -> str:
    classifier = tiny(omega=50)
    net = classifier.network(signed_weights(classifier, 3), np.random.default_rng(8).random((4, 4)))
    return write_sbml(Document(net, shape="lumped"))


@pytest.mark.slow
@pytest.mark.parametrize(("text", "t_end"), [(rectifiers, 60.0), (DIGITS.read_text, 40.0)], ids=["tiny", "digits"])
def test_cascades_of_rectifiers_agree_with_libroadrunner(text: Any, t_end: float) -> None:
    sbml = text()
    ours, theirs = RoadRunnerEngine().load(sbml), AmiciEngine().load(sbml)
    name = next(iter(theirs._loaded.document.network.clamped))
    for inputs in ({}, {name: 7.0}, {}):
        expected, found = ours.steady_state(inputs, t_end), theirs.steady_state(inputs, t_end)
        # Both solvers hold 1e-10 a step; counts near 0 are held to 1e-8 items.
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)
