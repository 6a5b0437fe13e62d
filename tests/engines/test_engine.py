"""What every engine owes: the same numbers, and inputs that are forgotten after each run."""

import hashlib
import math
from typing import Any

import numpy as np
import pytest

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import SteadyStateError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.verify.agreement import covariance_difference
from tests.engines.contract import call, calls, engines, fresh, loaded, methods_of
from tests.engines.fakes import Good, Simulated
from tests.engines.models import dimers, driven, moles, sbml_of, tiny_network
from tests.lna.test_stationary import cascade, network, nonlinear

several = pytest.mark.parametrize(
    "net", [driven(), cascade(), nonlinear(), dimers()], ids=["driven", "pool", "nonlinear", "dimers"]
)


def other_than(engine: str) -> str:
    return "copasi" if engine == "roadrunner" else "roadrunner"


def exponential(start: float, times: list[float], driver: float) -> np.ndarray:
    fall = np.exp(-np.array(times) / 2)
    return np.asarray(4 * driver * (1 - fall) + start * fall)


@engines()
def test_ode_against_the_exponential(engine: str) -> None:
    times = [0.0, 0.5, 2.0, 20.0]
    for start in (0, 40):
        result = loaded(engine, driven()).ode(times, {"X": 5, "A": start})
        # The solvers' local tolerance is 1e-10; 1e-7 leaves room for what adds up on the way.
        np.testing.assert_allclose(
            result.sel(species="A").values[0], exponential(start, times, 5), rtol=1e-7, atol=1e-9
        )
        np.testing.assert_array_equal(result.sel(species="X").values[0], 5)
        np.testing.assert_array_equal(result.time, times)


@engines(other_model=True)
def test_ode_from_the_counts_in_the_file(engine: str) -> None:
    times = [0.0, 0.5, 2.0, 20.0]
    result = loaded(engine, driven(40).with_counts({"X": 5})).ode(times, {})
    np.testing.assert_allclose(result.sel(species="A").values[0], exponential(40, times, 5), rtol=1e-7, atol=1e-9)


@engines()
def test_ode_from_a_later_time_on(engine: str) -> None:
    result = loaded(engine, driven()).ode([1.0, 3.0], {})
    np.testing.assert_allclose(result.sel(species="A").values[0], exponential(0, [1.0, 3.0], 3), rtol=1e-7)


def test_the_absolute_tolerance_follows_small_counts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    integrate = Simulated._integrate

    def noted(self: Simulated, times: list[float], counts: Any, absolute: float) -> Any:
        asked.append(absolute)
        return integrate(self, times, counts, absolute)

    monkeypatch.setattr(Simulated, "_integrate", noted)
    small = {"A": 1e-7}
    for net, inputs in ((driven(1e6), {}), (driven(), {}), (moles(), {}), (moles(), {"A": 5}), (moles(), small)):
        Good().load(sbml_of(net)).ode([0.0, 1.0], inputs)
    assert asked == pytest.approx([1e-10, 1e-10, 1e-15, 1e-10, 1e-17])
    asked.clear()
    # Nothing to go by at first: all is 0, and stays so or comes to 4e-5 (1 - exp(-1/2)).
    Good().load(sbml_of(moles())).ode([0.0, 1.0], {"A": 0})
    Good().load(sbml_of(driven())).ode([0.0, 1.0], {"X": 1e-5})
    assert asked == pytest.approx([1e-10, 1e-10, -4e-15 * math.expm1(-0.5)], rel=1e-3)


@engines(other_model=True)
def test_amounts_far_below_one_item(engine: str) -> None:
    """An absolute tolerance of 1e-10 items would leave five digits of them."""
    times = np.array([0.0, 0.5, 1.0, 2.0, 5.0])
    result = loaded(engine, moles()).ode(times.tolist(), {}).values[0]
    expected = 1e-5 * np.stack([np.exp(-times), -np.expm1(-times)], axis=1)
    # 1e-6 is the project's tolerance between ODE solvers.
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@engines(other_model=True)
def test_amounts_far_below_one_item_in_a_model_that_starts_empty(engine: str) -> None:
    """A(t) = 1e-15 (1 - exp(-t)): to 1e-10 items, anything up to 1e-10 would do."""
    simulation = loaded(engine, network("A", {"b": 1e-15, "g": 1.0}, make=("", "A", "b"), fade=("A", "", "g")))
    times = np.array([0.0, 0.5, 1.0, 5.0, 40.0])
    np.testing.assert_allclose(simulation.ode(times.tolist(), {}).values[0, :, 0], -1e-15 * np.expm1(-times), rtol=1e-6)
    assert simulation.steady_state({}, 40.0).item() == pytest.approx(1e-15, rel=1e-7, abs=0)
    with pytest.raises(SteadyStateError, match="'A'"):
        simulation.steady_state({}, 5.0)  # 0.7 % to go


@engines(other_model=True)
def test_pairs_are_lost_at_twice_k_x_squared(engine: str) -> None:
    state = loaded(engine, dimers()).steady_state({}, 60.0)
    # 40 = 0.5 x + 2 * 0.02 x^2; the steady state is reached to 1e-7 of the turnover.
    assert state.values.item() == pytest.approx((-0.5 + math.sqrt(0.25 + 4 * 0.04 * 40)) / 0.08, rel=1e-7)


@calls()
def test_inputs_do_not_leak_into_the_next_run(engine: str, way: str) -> None:
    simulation, times = loaded(engine, driven()), [0.0, 1.0, 4.0]
    expected, expected_call = fresh(engine, driven()).ode(times, {}), call(fresh(engine, driven()), way, {})
    for inputs in ({"X": 50, "A": 1000}, {"A": 7}, {}):
        call(simulation, way, inputs)
        # Two loads of one model may differ in their last digits in COPASI; a leak would be of the order of 1.
        np.testing.assert_allclose(simulation.ode(times, {}).values, expected.values, rtol=1e-9)
    found = call(simulation, way, {})
    for ours, theirs in zip(*((r.values() if way == "lna" else [r]) for r in (found, expected_call)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@engines(other_model=True)
def test_two_models_do_not_mix(engine: str) -> None:
    first, second = fresh(engine, driven()), fresh(engine, driven(100).with_counts({"X": 0}))
    a, b = (float(s.ode([0.0, 2.0], {}).sel(species="A")[0, -1]) for s in (first, second))
    again = float(first.steady_state({}, 80.0).sel(species="A").item())
    assert (a, b, again) == pytest.approx((12 * (1 - math.exp(-1)), 100 * math.exp(-1), 12), rel=1e-7)


@engines("lna", other_model=True)
def test_the_noise_of_two_models_does_not_mix(engine: str) -> None:
    first, second = fresh(engine, driven()), fresh(engine, driven().with_counts({"X": 9}))
    found = [float(s.lna({}, 80.0)["covariance"].item()) for s in (first, second, first)]
    assert found == pytest.approx([12, 36, 12], rel=1e-6)


def assert_same_course(engine: str, net: Network) -> None:
    times = [0.0, 0.3, 1.0, 5.0, 60.0]
    ours, theirs = (loaded(name, net).ode(times, {}) for name in (other_than(engine), engine))
    assert theirs.species.values.tolist() == ours.species.values.tolist() == [s.id for s in net.species]
    # 1e-6 is the project's tolerance between ODE solvers; counts near 0 are held to 1e-8 items.
    np.testing.assert_allclose(theirs.values, ours.values, rtol=1e-6, atol=1e-8)


@several
@engines(other_model=True)
def test_engines_agree(engine: str, net: Network) -> None:
    assert_same_course(engine, net)


@engines(large=True)
def test_engines_agree_on_a_classifier(engine: str) -> None:
    assert_same_course(engine, tiny_network())


def assert_same_noise(engine: str, net: Network) -> None:
    a, b = (loaded(name, net).lna({}, 60.0) for name in (other_than(engine), engine))
    assert a.species.values.tolist() == b.species.values.tolist() == list(net.floating)
    np.testing.assert_allclose(b["mean"], a["mean"], rtol=1e-6, atol=1e-8)
    assert covariance_difference(b["covariance"], a["covariance"]) < 1e-5
    assert float(np.diag(a["covariance"]).min()) > 0.01  # there is noise to agree on


@several
@engines("lna", other_model=True)
def test_engines_agree_on_the_noise(engine: str, net: Network) -> None:
    assert_same_noise(engine, net)


@engines("lna", large=True)
def test_engines_agree_on_the_noise_of_a_classifier(engine: str) -> None:
    assert_same_noise(engine, tiny_network())


@engines("lna")
def test_lna_follows_the_inputs(engine: str) -> None:
    result = loaded(engine, driven()).lna({"X": 200}, 80.0)
    # Affine with Poisson law: mean = variance = 4 X. The steady state is known to 1e-7.
    assert result["mean"].item() == pytest.approx(800, rel=1e-6)
    assert result["covariance"].item() == pytest.approx(800, rel=1e-6)


@calls()
def test_results_say_where_they_come_from(engine: str, way: str) -> None:
    result = call(loaded(engine, driven()), way, {})
    assert result.attrs["engine"] == engine
    assert result.attrs["version"].split(".")[0].isdigit()
    assert result.attrs["method"].startswith("lna" if way == "lna" else methods_of(engine)["ode"][0])
    assert result.attrs["model_sha256"] == hashlib.sha256(sbml_of(driven()).encode()).hexdigest()
    units = {"count": "item", "mean": "item", "covariance": "item^2"}
    for name, array in result.items() if way == "lna" else [("count", result)]:
        assert array.attrs["units"] == units[name]
    if way != "lna":
        assert (result.dims, result.time.attrs["units"]) == (("replicate", "time", "species"), "second")


@engines(other_model=True)
def test_inputs_by_name_equal_the_counts_in_a_file(engine: str) -> None:
    times, counts = [0.0, 1.0, 4.0], {"X": 50, "A": 1000}
    in_the_file = loaded(engine, driven().with_counts(counts)).ode(times, {})
    np.testing.assert_allclose(loaded(engine, driven()).ode(times, counts), in_the_file, rtol=1e-9)


@engines(other_model=True)
def test_the_laws_of_a_lumped_file(engine: str) -> None:
    """Catalysts, which the lumped shape names as modifiers only: X, clamped, makes A; A makes B; B decays."""
    net = Network(
        "chain",
        (Species("X", 3, clamped=True), Species("A"), Species("B")),
        (Parameter("b", 4.0), Parameter("k", 1.0), Parameter("g", 0.5)),
        (
            Reaction("first", (("X", 1),), (("X", 1), ("A", 1)), "b"),
            Reaction("second", (("A", 1),), (("A", 1), ("B", 1)), "k"),
            Reaction("fade", (("B", 1),), (), "g"),
        ),
    )
    simulation = get_engine(engine).load(write_sbml(Document(net, shape="lumped")))
    for inputs, count in (({}, 3), ({"X": 5}, 5), ({}, 3)):
        # A = 4 X t and dB/dt = A - B/2: B = 8 X t - 16 X (1 - exp(-t/2)).
        expected = [count, 12 * count, count * (24 - 16 * (1 - math.exp(-1.5)))]
        assert simulation.ode([0.0, 3.0], inputs).values[0, -1] == pytest.approx(expected, rel=1e-7)


@engines(other_model=True)
def test_a_conserved_sum_follows_the_counts(engine: str) -> None:
    """Some integrate fewer species where a sum is conserved; the sum must be that of each run."""
    net = network("AB", {"k": 1.0, "h": 2.0}, go=("A", "B", "k"), back=("B", "A", "h")).with_counts({"A": 9})
    for extra in (0, 6):
        state = loaded(engine, net).steady_state({"B": extra}, 20.0).values[0, -1]
        assert state == pytest.approx([(9 + extra) * 2 / 3, (9 + extra) / 3], rel=1e-7)


@engines(other_model=True)
def test_a_species_in_no_reaction_stays_as_it_is(engine: str) -> None:
    net = network("ABC", {"k": 1.0}, go=("A", "B", "k")).with_counts({"A": 10, "C": 5})
    assert loaded(engine, net).ode([0.0, 1.0], {"C": 7}).sel(species="C").values.tolist() == [[7, 7]]
