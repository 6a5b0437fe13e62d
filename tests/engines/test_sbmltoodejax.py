from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sbmltoodejax", reason="the simulator SBMLtoODEjax is not installed")

import jax

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines import sbmltoodejax as engine_module
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.engines.sbmltoodejax import SbmlToOdeJaxEngine, SbmlToOdeJaxSimulation
from crn2sbml.errors import CrnError, EngineError, SteadyStateError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from tests.circuits.test_classifier import signed_weights, tiny
from tests.engines.models import dimers, driven, explosion, sbml_of
from tests.lna.test_stationary import network

DIGITS = Path(__file__).parents[2] / "models" / "digits" / "model.xml"


def loaded(net: Network) -> SbmlToOdeJaxSimulation:
    return SbmlToOdeJaxEngine().load(sbml_of(net))


def rectifiers() -> Network:
    classifier = tiny(omega=50)
    return classifier.network(signed_weights(classifier, 3), np.random.default_rng(8).random((4, 4)))


@pytest.mark.parametrize("start", [0, 40])
def test_ode_against_the_exponential(start: int) -> None:
    times = [0.0, 0.5, 2.0, 20.0]
    result = loaded(driven(start)).ode(times, {"X": 5})
    fall = np.exp(-np.array(times) / 2)
    # The local tolerance is 1e-10; single precision, the generator's own, would be off by 1e-7 at best.
    np.testing.assert_allclose(result.sel(species="A").values[0], 20 * (1 - fall) + start * fall, rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(result.sel(species="X").values[0], 5)


def test_ode_from_a_later_time_on() -> None:
    result = loaded(driven()).ode([1.0, 3.0], {})
    np.testing.assert_allclose(result.sel(species="A").values[0], 12 * (1 - np.exp([-0.5, -1.5])), rtol=1e-8)


def test_pairs_are_lost_at_twice_k_x_squared() -> None:
    """dx/dt = -2 k x^2 from x: x / (1 + 2 k x t)."""
    net = network("A", {"k": 0.02}, pair=("AA", "", "k")).with_counts({"A": 30})
    result = loaded(net).ode([0.0, 1.0, 10.0], {}).values[0, :, 0]
    np.testing.assert_allclose(result, 30 / (1 + 1.2 * np.array([0.0, 1.0, 10.0])), rtol=1e-8)


def test_a_cascade_of_rectifiers_agrees_with_libroadrunner() -> None:
    """Lumped, the clamped species are only modifiers, and lie in another vector of the generated module."""
    net = rectifiers()
    text = write_sbml(Document(net, shape="lumped"))
    ours, theirs = RoadRunnerEngine().load(text), SbmlToOdeJaxEngine().load(text)
    for inputs in ({}, {net.clamped[0]: 77.0}, {}):
        expected, found = ours.steady_state(inputs, 60.0), theirs.steady_state(inputs, 60.0)
        assert found.species.values.tolist() == expected.species.values.tolist()
        # Both solvers hold 1e-10 a step; counts near 0 are held to 1e-8 items.
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def test_inputs_set_by_name_equal_a_fresh_load() -> None:
    simulation = loaded(driven())
    simulation.ode([0, 3], {"X": 90, "A": 5})
    changed = simulation.ode([0, 1, 2], {"X": 8})
    np.testing.assert_array_equal(changed, loaded(driven().with_counts({"X": 8})).ode([0, 1, 2], {}))
    assert simulation.ode([0, 1], {}).values[0, 0].tolist() == [3, 0]


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


def test_growth_without_bound_is_refused() -> None:
    simulation = loaded(explosion())
    with pytest.raises(EngineError, match="sbmltoodejax"):
        simulation.ode([0.0, 2.0], {})
    # 1 / (1 - t) half way to the pole, on the same loaded model.
    assert simulation.ode([0.0, 0.5], {}).values[0, -1, 0] == pytest.approx(2, rel=1e-6)


def test_refusals() -> None:
    simulation = loaded(driven())
    for call, kind, words in (
        (lambda: simulation.ode([0, 1], {"XX": 1}), CrnError, "no species 'XX'; did you mean 'X'"),
        (lambda: simulation.ode([1.0], {}), EngineError, "sbmltoodejax: times"),
        (lambda: simulation.steady_state({}, 5.0), SteadyStateError, "sbmltoodejax at t = 5 s"),
        (lambda: SbmlToOdeJaxEngine().load(sbml_of(dimers(), "stochastic")), EngineError, "--reading deterministic"),
    ):
        with pytest.raises(kind, match=words):
            call()


def test_results_say_where_they_come_from() -> None:
    attributes = loaded(driven()).steady_state({}, 80.0).attrs
    assert (attributes["engine"], attributes["method"], attributes["version"][:2]) == ("sbmltoodejax", "dopri5", "0.")
    assert len(attributes["model_sha256"]) == 64
    assert set(SbmlToOdeJaxEngine().methods) == {"ode"}


@pytest.mark.slow
def test_the_digits_agree_with_libroadrunner() -> None:
    text = DIGITS.read_text(encoding="utf-8")
    expected = RoadRunnerEngine().load(text).steady_state({}, 40.0)
    found = SbmlToOdeJaxEngine().load(text).steady_state({}, 40.0)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)
