import logging
import os

import numpy as np
import pytest

pytest.importorskip("amici", reason="the simulator AMICI is not installed")

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines import amici as engine_module
from crn2sbml.engines.amici import AmiciEngine, AmiciSimulation
from crn2sbml.errors import EngineError
from tests.engines.models import driven, explosion, sbml_of
from tests.lna.test_stationary import network


@pytest.fixture(scope="module")
def simulation() -> AmiciSimulation:
    """The one model that is compiled in every run."""
    return AmiciEngine().load(sbml_of(driven()))


@pytest.mark.slow
def test_ids_that_amici_needs_for_itself() -> None:
    """x and p are its names for states and parameters. x makes A (2/s), A decays (0.5/s), pairs of p are lost."""
    net = Network(
        "small",
        (Species("x", 3, clamped=True), Species("A", 0), Species("p", 30)),
        (Parameter("w", 2.0), Parameter("g", 0.5), Parameter("k", 0.02)),
        (
            Reaction("make", (("x", 1),), (("x", 1), ("A", 1)), "w"),
            Reaction("fade", (("A", 1),), (), "g"),
            Reaction("pair", (("p", 2),), (), "k"),
        ),
    )
    times = np.array([0.0, 0.5, 2.0, 20.0])
    result = AmiciEngine().load(sbml_of(net)).ode(times, {"x": 5, "A": 40}).values[0]
    fall = np.exp(-times / 2)
    expected = np.stack([np.full(4, 5.0), 20 * (1 - fall) + 40 * fall, 30 / (1 + 1.2 * times)], axis=1)
    # The local tolerance is 1e-10; 1e-7 leaves room for what adds up on the way.
    np.testing.assert_allclose(result, expected, rtol=1e-7)


def test_the_environment_and_the_logger_are_as_before(
    simulation: AmiciSimulation, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, level = dict(os.environ), logging.getLogger("amici.sim.sundials").level
    # A text that is not cached, and which AMICI refuses before it would compile.
    with pytest.raises(EngineError):
        AmiciEngine().load(sbml_of(network("A", {"k": 1.0}, true=("A", "", "k"))))
    monkeypatch.setattr(engine_module, "_MOST_STEPS", 3)
    hurried = AmiciEngine().load(sbml_of(driven()))
    with pytest.raises(EngineError, match="amici: CVODES failed: ") as refusal:
        hurried.ode([0, 20], {})
    assert "\n" not in str(refusal.value)
    assert (dict(os.environ), logging.getLogger("amici.sim.sundials").level) == (before, level)
    assert capfd.readouterr() == ("", "")


def test_an_id_that_it_refuses() -> None:
    with pytest.raises(EngineError, match="SId pi") as refusal:
        AmiciEngine().load(sbml_of(network("A", {"k": 1.0}, pi=("A", "", "k"))))
    assert "\n" not in str(refusal.value)


def test_a_module_that_says_something_else(simulation: AmiciSimulation, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = engine_module._compiled(sbml_of(driven()))
    monkeypatch.setattr(engine_module, "_compiled", lambda sbml: compiled)
    with pytest.raises(EngineError, match=r"amici misreads the model: .*'A'.*; 1 species differ"):
        AmiciEngine().load(sbml_of(driven()).replace('value="0.5"', 'value="0.7"'))
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
