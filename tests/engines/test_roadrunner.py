import math
import mmap

import numpy as np
import pytest
import roadrunner
from scipy import stats

from crn2sbml.core.network import Network
from crn2sbml.engines.roadrunner import RoadRunnerEngine, RoadRunnerSimulation, mapped_bytes
from crn2sbml.errors import CrnError, EngineError
from tests.engines.models import dimers, driven, sbml_of
from tests.reference.master_equation import edge_mass, mean_and_covariance, stationary_law


def loaded(net: Network) -> RoadRunnerSimulation:
    return RoadRunnerEngine().load(sbml_of(net, "stochastic"))


def test_ssa_of_production_and_decay_is_poisson() -> None:
    """From 0 items the law at every time is Poisson with mean 4 X (1 - exp(-t/2)), exactly."""
    times, replicates = [0.0, 1.0, 5.0], 2000
    counts = loaded(driven()).ssa(times, {"X": 10}, seed=3, replicates=replicates).sel(species="A").values
    assert (counts[:, 0] == 0).all()
    for column, time in enumerate(times[1:], 1):
        mean = 40 * (1 - math.exp(-time / 2))
        sample = counts[:, column]
        assert abs(sample.mean() - mean) / math.sqrt(mean / replicates) < 4
        # The variance of (x - mean)^2 under Poisson is mean + 2 mean^2.
        assert abs(((sample - mean) ** 2).mean() - mean) / math.sqrt((mean + 2 * mean**2) / replicates) < 4


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
    simulation, times = loaded(driven()), np.linspace(0, 20, 41)
    first = simulation.ssa(times, {}, seed=11, replicates=3).values
    np.testing.assert_array_equal(simulation.ssa(times, {}, seed=11, replicates=3), first)
    np.testing.assert_array_equal(loaded(driven()).ssa(times, {}, seed=11, replicates=3), first)
    assert not np.array_equal(simulation.ssa(times, {}, seed=12, replicates=3), first)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert not np.array_equal(first[i], first[j])


@pytest.mark.parametrize("replicates", [1, 2, 7])
def test_a_replicate_depends_on_its_number_alone(replicates: int) -> None:
    simulation, times = loaded(driven()), [0.0, 1.0, 2.0, 3.0]
    many = simulation.ssa(times, {}, seed=2, replicates=9).values
    np.testing.assert_array_equal(simulation.ssa(times, {}, seed=2, replicates=replicates), many[:replicates])


def test_ssa_starts_anew_each_time() -> None:
    simulation, times = loaded(driven(4)), [0.0, 1.0, 2.0]
    expected = simulation.ssa(times, {}, seed=1).values
    moved = simulation.ssa(times, {"X": 90}, seed=1, start={"A": 500}).values
    assert moved[0, 0].tolist() == [90, 500]
    simulation.ode(times, {"X": 7})
    np.testing.assert_array_equal(simulation.ssa(times, {}, seed=1), expected)
    assert expected[0, 0].tolist() == [3, 4]
    assert simulation.ode(times, {}).values[0, 0].tolist() == [3, 4]


def test_counts_are_whole_and_change_by_whole_items() -> None:
    counts = loaded(dimers()).ssa(np.linspace(0, 10, 101), {}, seed=4).values
    np.testing.assert_array_equal(counts, np.rint(counts))
    assert counts.min() >= 0


def test_stochastic_results_carry_their_seed() -> None:
    result = loaded(driven()).ssa([0, 1], {}, seed=987, replicates=2)
    assert (result.attrs["seed"], result.attrs["method"], result.attrs["engine"]) == (987, "ssa", "roadrunner")
    assert result.attrs["version"] == roadrunner.__version__
    assert len(result.attrs["model_sha256"]) == 64
    assert (result.attrs["units"], result.replicate.values.tolist()) == ("item", [0, 1])


@pytest.mark.parametrize("where", ["inputs", "start"])
@pytest.mark.parametrize(
    ("name", "count", "words"),
    [
        ("B", 1, "no species 'B'"),
        ("A", -2, "'A': -2"),
        ("A", 2.5, "'A': 2.5 is not a whole number"),
        ("X", math.nan, "'X': nan"),
        ("X", math.inf, "'X': inf"),
    ],
)
def test_counts_that_the_ssa_refuses(where: str, name: str, count: float, words: str) -> None:
    given = {"inputs": {}, "start": {}} | {where: {name: count}}
    with pytest.raises(CrnError, match=words):
        loaded(driven()).ssa([0, 1], seed=1, **given)


def test_the_ssa_refuses_half_an_item_in_the_file() -> None:
    simulation = loaded(driven(1.5))
    with pytest.raises(CrnError, match=r"'A': 1\.5"):
        simulation.ssa([0, 1], {}, seed=1)
    assert simulation.ssa([0, 1], {"A": 2}, seed=1).values[0, 0].tolist() == [3, 2]  # set anew, it may run


@pytest.mark.parametrize(("seed", "replicates"), [(-1, 1), (1, 0), (1, -3)])
def test_seeds_and_replicates_that_are_refused(seed: int, replicates: int) -> None:
    with pytest.raises(CrnError) as refusal:
        loaded(driven()).ssa([0, 1], {}, seed, replicates)
    assert "\n" not in str(refusal.value)


def test_the_ssa_needs_the_stochastic_reading() -> None:
    simulation = RoadRunnerEngine().load(sbml_of(dimers()))
    with pytest.raises(EngineError, match="deterministic reading") as refusal:
        simulation.ssa([0, 1], {}, seed=1)
    assert "--reading stochastic" in str(refusal.value)


def test_a_conservation_law_has_no_stationary_covariance() -> None:
    from tests.lna.test_stationary import network

    net = network("AB", {"k": 1.0, "h": 2.0}, go=("A", "B", "k"), back=("B", "A", "h")).with_counts({"A": 10})
    with pytest.raises(EngineError, match="conservation law"):
        loaded(net).lna({}, 40.0)


def test_a_model_that_the_engine_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(sbml: str) -> None:
        raise RuntimeError("cannot make this:\n  line 1\n  line 2")

    monkeypatch.setattr(roadrunner, "RoadRunner", refuse)
    with pytest.raises(EngineError, match="refused the model: cannot make this: line 1 line 2") as refusal:
        loaded(driven())
    assert "\n" not in str(refusal.value)


def test_the_other_solver_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """BDF is refused one internal step more than none; the answer must then come from Adams, and say so."""
    simulation, times = loaded(driven()), [0.0, 1.0]
    expected, simulate = simulation.ode(times, {}), RoadRunnerSimulation._simulate

    def fail_when_stiff(self: RoadRunnerSimulation, times: list[float]) -> np.ndarray:
        if self._runner.integrator.stiff:
            raise RuntimeError("CV_TOO_MUCH_WORK")
        return simulate(self, times)

    monkeypatch.setattr(RoadRunnerSimulation, "_simulate", fail_when_stiff)
    result = simulation.ode(times, {})
    assert (expected.attrs["method"], result.attrs["method"]) == ("cvode-bdf", "cvode-adams")
    np.testing.assert_allclose(result.values, expected.values, rtol=1e-7)


def test_both_back_ends_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process that maps much memory LLJIT's code is not safe, so the slower MCJIT takes over."""
    config, results = roadrunner.Config, {}
    for mapped, backend in ((0, config.LLJIT), (1 << 40, config.MCJIT)):
        monkeypatch.setattr("crn2sbml.engines.roadrunner.mapped_bytes", lambda mapped=mapped: mapped)
        results[backend] = loaded(driven()).ode([0, 1, 5], {"X": 8}).values
        assert config.getValue(config.LLVM_BACKEND) == backend
    np.testing.assert_allclose(results[config.LLJIT], results[config.MCJIT], rtol=1e-12)


def test_mapped_memory_is_seen() -> None:
    before = mapped_bytes()
    with mmap.mmap(-1, 1 << 28):
        assert mapped_bytes() - before >= 1 << 28
