"""What every engine owes: the same numbers, inputs that are forgotten after each run, refusals in one line."""

import contextlib
import hashlib
import math

import numpy as np
import pytest

from crn2sbml.core.network import Network
from crn2sbml.engines.engine import Simulation
from crn2sbml.engines.registry import engine_names, get_engine
from crn2sbml.errors import CrnError, EngineError, FormatError, SteadyStateError
from crn2sbml.verify.agreement import covariance_difference
from tests.circuits.test_classifier import signed_weights, tiny
from tests.engines.models import dimers, driven, explosion, sbml_of
from tests.lna.test_stationary import cascade, network, nonlinear

engines = pytest.mark.parametrize("engine", engine_names())


def loaded(engine: str, net: Network, reading: str = "deterministic") -> Simulation:
    return get_engine(engine).load(sbml_of(net, reading))  # type: ignore[arg-type]


def tiny_network() -> Network:
    classifier = tiny(omega=50)
    return classifier.network(signed_weights(classifier, 3), np.random.default_rng(8).random((4, 4)))


@engines
@pytest.mark.parametrize("start", [0, 40])
def test_ode_against_the_exponential(engine: str, start: int) -> None:
    times = [0.0, 0.5, 2.0, 20.0]
    result = loaded(engine, driven(start)).ode(times, {"X": 5})
    fall = np.exp(-np.array(times) / 2)
    # The solvers' local tolerance is 1e-10; 1e-7 leaves room for what adds up on the way.
    np.testing.assert_allclose(result.sel(species="A").values[0], 20 * (1 - fall) + start * fall, rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(result.sel(species="X").values[0], 5)
    np.testing.assert_array_equal(result.time, times)


@engines
def test_ode_from_a_later_time_on(engine: str) -> None:
    result = loaded(engine, driven()).ode([1.0, 3.0], {})
    np.testing.assert_allclose(result.sel(species="A").values[0], 12 * (1 - np.exp([-0.5, -1.5])), rtol=1e-7)


@engines
def test_pairs_are_lost_at_twice_k_x_squared(engine: str) -> None:
    state = loaded(engine, dimers()).steady_state({}, 60.0)
    # 40 = 0.5 x + 2 * 0.02 x^2; the steady state is reached to 1e-7 of the turnover.
    assert state.values.item() == pytest.approx((-0.5 + math.sqrt(0.25 + 4 * 0.04 * 40)) / 0.08, rel=1e-7)


@engines
def test_inputs_do_not_leak_into_the_next_run(engine: str) -> None:
    simulation, fresh = loaded(engine, driven()), loaded(engine, driven())
    times = [0.0, 1.0, 4.0]
    expected, expected_lna = fresh.ode(times, {}), loaded(engine, driven()).lna({}, 80.0)
    for inputs in ({"X": 50, "A": 1000}, {"A": 7}, {}):
        simulation.ode(times, inputs)
        simulation.steady_state(inputs, 80.0)
        simulation.lna(inputs, 80.0)
        # Two loads of one model may differ in their last digits in COPASI; a leak would be of the order of 1.
        np.testing.assert_allclose(simulation.ode(times, {}).values, expected.values, rtol=1e-9)
    np.testing.assert_allclose(simulation.lna({}, 80.0)["covariance"], expected_lna["covariance"], rtol=1e-9)


@engines
def test_two_models_do_not_mix(engine: str) -> None:
    first, second = loaded(engine, driven()), loaded(engine, driven(100).with_counts({"X": 0}))
    a, b = (float(s.ode([0.0, 2.0], {}).sel(species="A")[0, -1]) for s in (first, second))
    again = float(first.lna({}, 80.0)["mean"].item())
    assert (a, b, again) == pytest.approx((12 * (1 - math.exp(-1)), 100 * math.exp(-1), 12), rel=1e-7)


@pytest.mark.parametrize("net", [driven(), cascade(), nonlinear(), dimers(), tiny_network()], ids=lambda net: net.id)
def test_engines_agree(net: Network) -> None:
    ours, theirs = (loaded(engine, net) for engine in ("roadrunner", "copasi"))
    times = [0.0, 0.3, 1.0, 5.0, 60.0]
    # 1e-6 is the project's tolerance between ODE solvers; counts near 0 are held to 1e-8 items.
    np.testing.assert_allclose(theirs.ode(times, {}).values, ours.ode(times, {}).values, rtol=1e-6, atol=1e-8)
    a, b = ours.lna({}, 60.0), theirs.lna({}, 60.0)
    assert a.species.values.tolist() == b.species.values.tolist() == list(net.floating)
    np.testing.assert_allclose(b["mean"], a["mean"], rtol=1e-6, atol=1e-8)
    assert covariance_difference(b["covariance"], a["covariance"]) < 1e-5
    assert float(np.diag(a["covariance"]).min()) > 0.01  # there is noise to agree on


@engines
def test_lna_follows_the_inputs(engine: str) -> None:
    result = loaded(engine, driven()).lna({"X": 200}, 80.0)
    # Affine with Poisson law: mean = variance = 4 X. The steady state is known to 1e-7.
    assert result["mean"].item() == pytest.approx(800, rel=1e-6)
    assert result["covariance"].item() == pytest.approx(800, rel=1e-6)


@engines
@pytest.mark.parametrize("method", ["ode", "steady_state", "lna"])
def test_results_say_where_they_come_from(engine: str, method: str) -> None:
    text = sbml_of(driven())
    simulation = get_engine(engine).load(text)
    result = simulation.ode([0, 1], {}) if method == "ode" else getattr(simulation, method)({}, 80.0)
    assert result.attrs["engine"] == engine
    assert result.attrs["version"].split(".")[0].isdigit()
    wanted = {"roadrunner": "cvode", "copasi": "lsoda"}[engine] if method != "lna" else "lna"
    assert result.attrs["method"].startswith(wanted)
    assert result.attrs["model_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    units = {"count": "item", "mean": "item", "covariance": "item^2"}
    for name, array in result.items() if method == "lna" else [("count", result)]:
        assert array.attrs["units"] == units[name]
    if method != "lna":
        assert (result.dims, result.time.attrs["units"]) == (("replicate", "time", "species"), "second")


@engines
@pytest.mark.parametrize("method", ["ode", "steady_state", "lna"])
@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"XX": 1.0}, ["no species 'XX'", "did you mean 'X'"]),
        ({"X": 1.0, "A": -1.0}, ["'A'", "-1"]),
        ({"X": math.nan}, ["'X'", "nan"]),
        ({"A": math.inf}, ["'A'", "inf"]),
    ],
)
def test_counts_that_are_refused(engine: str, method: str, inputs: dict[str, float], words: list[str]) -> None:
    simulation = loaded(engine, driven())
    with pytest.raises(CrnError) as refusal:
        simulation.ode([0, 1], inputs) if method == "ode" else getattr(simulation, method)(inputs, 80.0)
    for word in words:
        assert word in str(refusal.value)
    assert simulation.ode([0, 1], {}).sel(species="X").values.tolist() == [[3, 3]]  # nothing of it stays


@engines
@pytest.mark.parametrize("times", [[], [1.0], [0.0, 0.0], [2.0, 1.0], [-1.0, 1.0], [0.0, math.nan], [0.0, math.inf]])
def test_times_that_are_refused(engine: str, times: list[float]) -> None:
    with pytest.raises(EngineError, match=engine) as refusal:
        loaded(engine, driven()).ode(times, {})
    assert "\n" not in str(refusal.value)


@engines
@pytest.mark.parametrize("t_end", [-1.0, math.nan, math.inf])
def test_end_times_that_are_refused(engine: str, t_end: float) -> None:
    with pytest.raises(EngineError, match=engine) as refusal:
        loaded(engine, driven()).steady_state({}, t_end)
    assert "\n" not in str(refusal.value)


@engines
def test_a_state_that_still_moves_is_named(engine: str) -> None:
    with pytest.raises(SteadyStateError) as refusal:
        loaded(engine, driven()).steady_state({}, 5.0)
    # dA/dt = 6 exp(-t/2) at t = 5.
    for word in (engine, "t = 5 s", "'A'", f"{6 * math.exp(-2.5):.2e} items/s", "--t-end"):
        assert word in str(refusal.value)


@engines
def test_growth_without_end_has_no_lna(engine: str) -> None:
    with pytest.raises(EngineError) as refusal:
        loaded(engine, network("A", {"b": 1.0}, make=("", "A", "b"))).lna({}, 10.0)
    assert "\n" not in str(refusal.value)


@engines
@pytest.mark.parametrize("method", ["ode", "steady_state", "lna"])
def test_the_stochastic_reading_has_no_deterministic_answer(engine: str, method: str) -> None:
    """Its laws are k x (x - 1): their ODE is neither the network's ODE nor its mean."""
    simulation = loaded(engine, dimers(), "stochastic")
    with pytest.raises(EngineError, match="stochastic reading") as refusal:
        simulation.ode([0, 1], {}) if method == "ode" else getattr(simulation, method)({}, 60.0)
    assert "--reading deterministic" in str(refusal.value)


@engines
def test_a_solver_that_cannot_go_on_says_so(engine: str, capfd: pytest.CaptureFixture[str]) -> None:
    simulation = loaded(engine, explosion())
    with pytest.raises(EngineError) as refusal:
        simulation.ode([0.0, 2.0], {})
    assert engine in str(refusal.value)
    assert "\n" not in str(refusal.value)
    # 1 / (1 - t) half way to the pole, on the same loaded model; the pole makes errors grow fourfold.
    assert simulation.ode([0.0, 0.5], {}).values[0, -1, 0] == pytest.approx(2, rel=1e-6)


@engines
def test_solvers_leave_standard_output_alone(engine: str, capfd: pytest.CaptureFixture[str]) -> None:
    """CVODE's and LSODA's own warnings must not get between a command's JSON."""
    simulation = loaded(engine, explosion())
    for times in ([0.0, 2.0], [0.0, 0.5]):
        with contextlib.suppress(EngineError):
            simulation.ode(times, {})
    assert capfd.readouterr().out == ""


@engines
@pytest.mark.parametrize("text", ["", "hello", "<sbml/>", "<html></html>"])
def test_text_that_is_no_model(engine: str, text: str) -> None:
    with pytest.raises(FormatError) as refusal:
        get_engine(engine).load(text)
    assert "\n" not in str(refusal.value)


@engines
def test_a_network_without_reactions_stays_as_it_is(engine: str) -> None:
    simulation = loaded(engine, network("AB", {}).with_counts({"A": 3, "B": 4}))
    assert simulation.ode([0.0, 1.0], {"B": 5}).values.tolist() == [[[3, 5], [3, 5]]]
