import math
import random
from pathlib import Path

import libsbml
import numpy as np
import pytest

pytest.importorskip("gillespy2", reason="GillesPy2 is not installed")

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.disk import read_text
from crn2sbml.engines.c_integers import rates_in_c
from crn2sbml.engines.engine import check_algorithm
from crn2sbml.engines.gillespy2 import GillesPy2Engine, GillesPy2Simulation, can_compile, even_grid
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.errors import CrnError, EngineError, SteadyStateError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from tests.engines.models import dimers, driven, explosion, sbml_of
from tests.engines.test_engine import tiny_network
from tests.lna.test_stationary import cascade, network, nonlinear
from tests.reference.master_equation import edge_mass, mean_and_covariance, stationary_law

needs_compiler = pytest.mark.skipif(not can_compile(), reason="g++ or SCons is not installed")


@pytest.fixture(scope="module")
def sampled() -> GillesPy2Simulation:
    """The driven network, so that it is compiled once only."""
    return loaded(driven())


def loaded(net: Network) -> GillesPy2Simulation:
    return GillesPy2Engine().load(sbml_of(net))


def pairs_law(law: str) -> str:
    """The dimers' file in the stochastic reading, with this text as the law of the pair reaction."""
    document = libsbml.readSBMLFromString(sbml_of(dimers(), "stochastic"))
    math_of_law = libsbml.parseL3Formula(law)
    assert math_of_law is not None
    document.getModel().getReaction("pair").getKineticLaw().setMath(math_of_law)
    return str(libsbml.writeSBMLToString(document))


@pytest.mark.parametrize("start", [0, 40])
def test_ode_against_the_exponential(start: int) -> None:
    times = [0.0, 0.5, 2.0, 20.0]
    result = loaded(driven(start)).ode(times, {"X": 5})
    fall = np.exp(-np.array(times) / 2)
    # The solver's local tolerance is 1e-10; 1e-7 leaves room for what adds up on the way.
    np.testing.assert_allclose(result.sel(species="A").values[0], 20 * (1 - fall) + start * fall, rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(result.sel(species="X").values[0], 5)


def test_ode_from_a_later_time_on() -> None:
    result = loaded(driven()).ode([1.0, 3.0], {})
    np.testing.assert_allclose(result.sel(species="A").values[0], 12 * (1 - np.exp([-0.5, -1.5])), rtol=1e-7)


def test_pairs_are_lost_at_twice_k_x_squared() -> None:
    state = loaded(dimers()).steady_state({}, 60.0)
    # 40 = 0.5 x + 2 * 0.02 x^2; the steady state is reached to 1e-7 of the turnover.
    assert state.values.item() == pytest.approx((-0.5 + math.sqrt(0.25 + 4 * 0.04 * 40)) / 0.08, rel=1e-7)


@pytest.mark.parametrize("net", [cascade(), nonlinear(), dimers(), tiny_network()], ids=lambda net: net.id)
def test_it_agrees_with_roadrunner(net: Network) -> None:
    times = [0.0, 0.3, 1.0, 5.0, 60.0]
    ours = RoadRunnerEngine().load(sbml_of(net)).ode(times, {})
    np.testing.assert_allclose(loaded(net).ode(times, {}).values, ours.values, rtol=1e-6, atol=1e-8)


@pytest.mark.slow
def test_the_digits_classifier_reaches_roadrunner_s_steady_state() -> None:
    text = read_text(Path("models/digits/model.xml"))
    roadrunner = RoadRunnerEngine().load(text)
    inputs = dict.fromkeys(read_sbml(text).network.clamped, 40.0)
    expected = roadrunner.steady_state(inputs, 60.0)
    found = GillesPy2Engine().load(text).steady_state(inputs, 60.0)
    # 5e-11 was measured; both solvers are held to 1e-10 a step.
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-8, atol=1e-8)


@needs_compiler
def test_sampling_before_a_count_can_wrap_around(sampled: GillesPy2Simulation) -> None:
    """2^32 items would be 0 items in its C++ solver, and one item less than 0 would be 2^32 - 1."""
    assert sampled.ssa([0, 1e-12], {"X": 0}, 1, start={"A": 2**31 - 1}).values[0, 0, 1] == 2**31 - 1
    with pytest.raises(EngineError, match=r"2147483647.*32-bit"):
        sampled.ssa([0, 1], {}, 1, start={"A": 2**31})
    with pytest.raises(EngineError, match="32-bit"):
        sampled.ssa([0, 1e-6], {"X": 2**31 - 1}, 1, start={"A": 2**31 - 1000})
    assert {limit.what: limit.largest for limit in GillesPy2Engine().limits}["items"] == 2**31 - 1


@needs_compiler
def test_laws_that_its_integers_would_spoil_are_refused() -> None:
    """In C++, A * (A - 1) wraps around at 2^32 before the constant makes it a double; 1 / 2 is 0."""
    for law in ("A * (A - 1) * k", "A * (A - 1) / 2 * k"):
        with pytest.raises(EngineError, match="C\\+\\+ solver misreads the model"):
            GillesPy2Engine().load(pairs_law(law)).ssa([0, 1], {}, 1)


def test_rates_as_c_computes_them() -> None:
    laws = ["k*A*(A-1)", "A*(A-1)*k", "A/2*k", "k*A/2", "k*pow(A,2)"]
    assert rates_in_c(laws, {"k": 1.0}, {"A": 99_999}) == [
        99_999 * 99_998,
        99_999 * 99_998 % 2**32,
        49_999,
        49_999.5,
        99_999**2,
    ]
    assert rates_in_c(laws[:1], {"k": 1.0}, {"A": 0}) == [0]


@needs_compiler
@pytest.mark.parametrize("algorithm", ["direct", "direct-python"])
def test_ssa_of_production_and_decay_is_poisson(sampled: GillesPy2Simulation, algorithm: str) -> None:
    """From 0 items the law at every time is Poisson with mean 4 X (1 - exp(-t/2)), exactly."""
    times, replicates = [0.0, 1.0, 5.0], 1000
    counts = sampled.ssa(times, {"X": 10}, seed=3, replicates=replicates, algorithm=algorithm).sel(species="A").values
    assert (counts[:, 0] == 0).all()
    np.testing.assert_array_equal(counts, np.rint(counts))
    for column, time in enumerate(times[1:], 1):
        mean = 40 * (1 - math.exp(-time / 2))
        sample = counts[:, column]
        assert abs(sample.mean() - mean) / math.sqrt(mean / replicates) < 4
        # The variance of (x - mean)^2 under Poisson is mean + 2 mean^2.
        assert abs(((sample - mean) ** 2).mean() - mean) / math.sqrt((mean + 2 * mean**2) / replicates) < 4


@needs_compiler
def test_ssa_of_pairs_follows_the_master_equation() -> None:
    """k x (x - 1) against a law solved exactly; with k x^2 the mean would be 0.35 items lower."""
    law = stationary_law([((0,), (1,), 40.0), ((2,), (0,), 0.02), ((1,), (0,), 0.5)], (90,))
    assert edge_mass(law) < 1e-12
    mean, covariance = mean_and_covariance(law)
    replicates, simulation = 4000, GillesPy2Engine().load(pairs_law("k * A * (A - 1)"))
    sample = simulation.ssa([0.0, 12.0], {}, seed=5, replicates=replicates, start={"A": round(mean[0])}).values[:, -1]
    assert abs(sample.mean() - mean[0]) / math.sqrt(covariance[0, 0] / replicates) < 4
    # The standard error of the variance of a law close to a Gaussian.
    assert abs(sample.var() / covariance[0, 0] - 1) / math.sqrt(2 / replicates) < 4


def test_a_number_with_a_unit_is_refused_in_its_own_words() -> None:
    """Its importer reads laws as text, where libSBML writes the unit after the number."""
    with pytest.raises(EngineError, match=r"gillespy2 refused the model: invalid syntax.*A - 1 substance") as refusal:
        GillesPy2Engine().load(pairs_law("k * A * (A - 1 substance)"))
    assert "\n" not in str(refusal.value)


def test_the_laws_of_a_lumped_file() -> None:
    """A makes B as a catalyst that the lumped shape names as a modifier only."""
    chain = network("AB", {"b": 20.0, "k": 1.0, "g": 0.5}, r=("", "A", "b"), s=("A", "AB", "k"), u=("B", "", "g"))
    simulation = GillesPy2Engine().load(write_sbml(Document(chain, shape="lumped")))
    # A = 20 t and dB/dt = A - B/2: B = 40 t - 80 (1 - exp(-t/2)).
    expected = 40 * 3 - 80 * (1 - math.exp(-1.5))
    assert simulation.ode([0.0, 3.0], {}).values[0, -1] == pytest.approx([60, expected], rel=1e-7)


@needs_compiler
def test_clamped_inputs_by_name_equal_a_fresh_load(sampled: GillesPy2Simulation) -> None:
    times = [0.0, 1.0, 4.0]
    for inputs in ({"X": 50, "A": 1000}, {"A": 7}, {}):
        fresh = loaded(driven().with_counts(inputs))
        np.testing.assert_array_equal(sampled.ode(times, inputs), fresh.ode(times, {}))
        by_name = sampled.ssa(times, inputs, 4, 2, algorithm="direct-python")
        np.testing.assert_array_equal(by_name, fresh.ssa(times, {}, 4, 2, algorithm="direct-python"))
    # Compiled once more, to see that the initial counts in the file do not matter to the compiled program.
    fresh = loaded(driven().with_counts({"X": 50, "A": 1000}))
    np.testing.assert_array_equal(sampled.ssa(times, {"X": 50, "A": 1000}, 4, 2), fresh.ssa(times, {}, 4, 2))


def test_a_clamped_species_that_a_reaction_takes_is_refused() -> None:
    """Its importer does not know boundary conditions; X would be used up without a word."""
    net = Network(
        "fed",
        (Species("X", 3, clamped=True), Species("A")),
        (Parameter("w", 2.0),),
        (Reaction("turn", (("X", 1),), (("A", 1),), "w"),),
    )
    with pytest.raises(EngineError, match=r"gillespy2 misreads the model.*mean change of 'X'"):
        loaded(net)


def named(name: str) -> Network:
    """The driven network without decay, its input called `name`: A(t) = 6 t."""
    return Network(
        "named",
        (Species(name, 3, clamped=True), Species("A")),
        (Parameter("w", 2.0),),
        (Reaction("make", ((name, 1),), ((name, 1), ("A", 1)), "w"),),
    )


@pytest.mark.parametrize("name", ["t", "volume", "time", "pi", "exp", "gamma", "cell"])
def test_names_that_could_mean_something_else_to_it(name: str) -> None:
    assert loaded(named(name)).ode([0.0, 2.0], {}).values[0, -1] == pytest.approx([3, 12], rel=1e-9)


@pytest.mark.parametrize("name", ["e", "lambda", "if"])
def test_names_that_mean_something_else_to_it_are_refused(name: str) -> None:
    with pytest.raises(EngineError, match="gillespy2") as refusal:
        loaded(named(name))
    assert "\n" not in str(refusal.value)


@needs_compiler
@pytest.mark.parametrize("algorithm", ["direct", "direct-python"])
def test_the_seed_makes_the_trajectory(sampled: GillesPy2Simulation, algorithm: str) -> None:
    def run(seed: int, replicates: int) -> np.ndarray:
        return sampled.ssa(np.linspace(0, 20, 41), {}, seed, replicates, algorithm=algorithm).values

    random.seed(5)
    before, first = random.getstate(), run(11, 3)
    assert random.getstate() == before  # its Python solver uses the generator that all of Python shares
    np.testing.assert_array_equal(run(11, 3), first)
    np.testing.assert_array_equal(run(11, 2), first[:2])
    assert not np.array_equal(run(12, 3), first)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert not np.array_equal(first[i], first[j])


@needs_compiler
def test_results_say_where_they_come_from(sampled: GillesPy2Simulation) -> None:
    simulation = sampled
    result = simulation.ssa([0, 1], {}, seed=0, replicates=2)
    assert (result.attrs["engine"], result.attrs["method"], result.attrs["seed"]) == ("gillespy2", "ssa-direct", 0)
    assert result.attrs["version"].split(".")[0].isdigit()
    assert len(result.attrs["model_sha256"]) == 64
    assert simulation.ode([0, 1], {}).attrs["method"] == "lsoda"


def test_without_a_compiler_python_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda command: None)
    assert GillesPy2Engine().methods["ssa"] == ("direct-python",)
    simulation = loaded(driven())
    assert simulation.ssa([0, 1], {}, 1).attrs["method"] == "ssa-direct-python"
    with pytest.raises(EngineError, match="no algorithm 'direct'"):
        simulation.ssa([0, 1], {}, 1, algorithm="direct")


def test_times_on_an_even_grid() -> None:
    for times in ([0, 0.3, 1, 5, 60], np.linspace(0, 1, 8), [1, 3], [0, 1e-9], np.linspace(0, 20, 2001)):
        step, multiples = even_grid(times)
        np.testing.assert_allclose(np.array(multiples) * step, times, rtol=1e-9)
    with pytest.raises(EngineError, match="even steps only"):
        even_grid(np.geomspace(0.1, 3, 5))


@needs_compiler
def test_it_names_what_it_has() -> None:
    simulation = loaded(driven())
    assert set(GillesPy2Engine().methods) == {m for m in ("ode", "lna", "ssa") if hasattr(simulation, m)}
    assert check_algorithm(GillesPy2Engine(), "ssa", "") == "direct"
    with pytest.raises(EngineError, match="no algorithm 'tau-leap'"):
        simulation.ssa([0, 1], {}, 1, algorithm="tau-leap")


def test_what_cannot_be_run_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SteadyStateError, match=r"gillespy2 at t = 5 s.*'A'"):
        loaded(driven()).steady_state({}, 5.0)
    with pytest.raises(EngineError, match="deterministic reading"):
        loaded(dimers()).ssa([0, 1], {}, 1)
    with pytest.raises(EngineError, match="stochastic reading"):
        GillesPy2Engine().load(pairs_law("k * A * (A - 1)")).ode([0, 1], {})
    with pytest.raises(CrnError, match="not a whole number"):
        loaded(driven()).ssa([0, 1], {"A": 2.5}, 1)
    simulation = loaded(explosion())
    with pytest.raises(EngineError, match="gillespy2: the count of 'A' becomes nan"):
        simulation.ode([0.0, 2.0], {})
    # 1 / (1 - t) half way to the pole, on the same loaded model; the pole makes errors grow fourfold.
    assert simulation.ode([0.0, 0.5], {}).values[0, -1, 0] == pytest.approx(2, rel=1e-6)
    assert capfd.readouterr() == ("", "")


def test_a_network_without_reactions_stays_as_it_is() -> None:
    simulation = loaded(network("AB", {}).with_counts({"A": 3, "B": 4}))
    assert simulation.ode([0.0, 1.0], {"B": 5}).values.tolist() == [[[3, 5], [3, 5]]]
    for algorithm in GillesPy2Engine().methods["ssa"]:
        assert simulation.ssa([0.0, 1.0], {"B": 5}, 1, algorithm=algorithm).values.tolist() == [[[3, 5], [3, 5]]]
