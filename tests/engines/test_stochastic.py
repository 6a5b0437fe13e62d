"""What every engine that samples owes: the exact law, from the file that the package writes, and seeds that hold."""

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from crn2sbml.errors import CrnError, EngineError
from tests.engines.contract import algorithms, engines, fresh, loaded, methods_of
from tests.engines.models import NEEDS_REACTIONS_TO_SAMPLE, dimers, driven, triples
from tests.lna.test_stationary import network
from tests.reference.master_equation import Step, edge_mass, mean_and_covariance, stationary_law

LARGEST_Z, LARGEST_Y = 4.0, 5.0
"""Of a mean, in standard errors, and of a variance by the rule of the SBML Test Suite."""

RUNS = 2000

Steps = tuple[Step, ...]
EXACT: Steps = (((0,), (1,), 10.0), ((1,), (0,), 0.5), ((2,), (0,), 0.2), ((3,), (0,), 0.05))
"""The steps of `triples`, with the laws k x (x - 1) and h x (x - 1) (x - 2)."""


@cache
def moments_of(steps: Steps) -> tuple[float, float]:
    """Stationary mean and variance."""
    law = stationary_law(list(steps), (40,))
    assert edge_mass(law) < 1e-12
    mean, covariance = mean_and_covariance(law)
    return float(mean[0]), float(covariance[0, 0])


def z_and_y(sample: np.ndarray, mean: float, variance: float) -> tuple[float, float]:
    """As the SBML Test Suite scores: of the mean, and of the variance about the known mean."""
    n = len(sample)
    z = math.sqrt(n) * (sample.mean() - mean) / math.sqrt(variance)
    return z, math.sqrt(n / 2) * (((sample - mean) ** 2).mean() / variance - 1)


@algorithms()
def test_production_and_decay_is_poisson(engine: str, algorithm: str) -> None:
    """From 0 items the law at every time is Poisson with mean 4 X (1 - exp(-t/2)), exactly; the times are not even."""
    times = [0.0, 1.0, 5.0]
    result = loaded(engine, driven()).ssa(times, {"X": 10}, seed=3, replicates=RUNS, algorithm=algorithm)
    counts = result.sel(species="A").values
    assert (counts[:, 0] == 0).all()
    np.testing.assert_array_equal(counts, np.rint(counts))
    means = [40 * (1 - math.exp(-time / 2)) for time in times]
    for column in (1, 2):
        z, y = z_and_y(counts[:, column], means[column], means[column])
        assert abs(z) < LARGEST_Z
        assert abs(y) < LARGEST_Y
    # Molecules of the first time that survive: were random numbers repeated from time to time, it would be more.
    kept = means[1] * math.exp(-2)
    products = (counts[:, 1] - means[1]) * (counts[:, 2] - means[2])
    assert abs(products.mean() - kept) / math.sqrt((means[1] * means[2] + 2 * kept**2) / len(counts)) < LARGEST_Z


@algorithms(exact=True)
def test_pairs_and_triples_follow_the_master_equation(engine: str, algorithm: str) -> None:
    """The package's own text in the stochastic reading, against a law solved exactly."""
    mean, variance = moments_of(EXACT)
    simulation = loaded(engine, triples(), "stochastic")
    # The slowest decay is at 3.7/s, so that the start has been forgotten to e^-11 by then.
    result = simulation.ssa([0.0, 3.0], {}, seed=5, replicates=RUNS, start={"A": 4}, algorithm=algorithm)
    sample = result.values[:, -1, 0]
    z, y = z_and_y(sample, mean, variance)
    assert abs(z) < LARGEST_Z
    assert abs(y) < LARGEST_Y


@pytest.mark.parametrize(
    "wrong",
    [
        (*EXACT[:2], ((2,), (0,), 0.1), EXACT[3]),
        (*EXACT[:3], ((3,), (0,), 0.025)),
        (*EXACT, ((1,), (-1,), 0.2)),
    ],
    ids=["half of the pairs", "half of the triples", "k x^2 = k x (x - 1) + k x"],
)
def test_the_master_equation_tells_laws_apart(wrong: Steps) -> None:
    """A wrong law is off by half as much again as the test above lets pass."""
    (mean, variance), (other, _) = moments_of(EXACT), moments_of(wrong)
    assert abs(other - mean) / math.sqrt(variance / RUNS) > 1.5 * LARGEST_Z


@algorithms()
def test_the_seed_makes_the_trajectory(engine: str, algorithm: str) -> None:
    def run(simulation: Any, seed: int, replicates: int) -> np.ndarray:
        return np.asarray(simulation.ssa(np.linspace(0, 20, 41), {}, seed, replicates, algorithm=algorithm))

    simulation = loaded(engine, driven())
    first = run(simulation, 11, 3)
    np.testing.assert_array_equal(run(fresh(engine, driven()), 11, 3), first)
    assert not np.array_equal(run(simulation, 12, 3), first)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert not np.array_equal(first[i], first[j])
    for replicates in (1, 2, 7):  # a replicate depends on its number alone
        kept = min(replicates, 3)
        np.testing.assert_array_equal(run(simulation, 11, replicates)[:kept], first[:kept])


@algorithms()
def test_it_starts_anew_each_time(engine: str, algorithm: str) -> None:
    simulation, times = loaded(engine, driven()), [0.0, 1.0, 2.0]
    expected = simulation.ssa(times, {}, seed=1, algorithm=algorithm).values
    moved = simulation.ssa(times, {"X": 90}, seed=1, start={"A": 500}, algorithm=algorithm).values
    assert moved[0, 0].tolist() == [90, 500]
    has_ode = "ode" in methods_of(engine)
    if has_ode:
        simulation.ode(times, {"X": 7})
    np.testing.assert_array_equal(simulation.ssa(times, {}, seed=1, algorithm=algorithm), expected)
    assert expected[0, 0].tolist() == [3, 0]
    assert not has_ode or simulation.ode(times, {}).values[0, 0].tolist() == [3, 0]


@algorithms()
def test_inputs_by_name_equal_the_counts_in_a_file(engine: str, algorithm: str) -> None:
    times, counts = [0.0, 1.0, 4.0], {"X": 50, "A": 1000}
    in_the_file = loaded(engine, driven().with_counts(counts)).ssa(times, {}, 4, 2, algorithm=algorithm)
    by_name = loaded(engine, driven()).ssa(times, counts, 4, 2, algorithm=algorithm)
    np.testing.assert_array_equal(by_name, in_the_file)


@algorithms()
def test_counts_are_whole_and_not_negative(engine: str, algorithm: str) -> None:
    times = np.linspace(0, 10, 101)
    counts = loaded(engine, triples(), "stochastic").ssa(times, {}, seed=4, algorithm=algorithm).values
    np.testing.assert_array_equal(counts, np.rint(counts))
    assert counts.min() >= 0


@algorithms()
def test_results_carry_their_seed_and_algorithm(engine: str, algorithm: str) -> None:
    result = loaded(engine, driven()).ssa([0, 1], {}, seed=987, replicates=2, algorithm=algorithm)
    assert (result.attrs["seed"], result.attrs["method"]) == (987, f"ssa-{algorithm}")
    assert result.attrs["engine"] == engine
    assert result.attrs["version"].split(".")[0].isdigit()
    assert len(result.attrs["model_sha256"]) == 64
    assert (result.attrs["units"], result.replicate.values.tolist()) == ("item", [0, 1])


@engines("ssa")
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
def test_counts_that_are_refused(engine: str, where: str, name: str, count: float, words: str) -> None:
    given = {"inputs": {}, "start": {}} | {where: {name: count}}
    with pytest.raises(CrnError, match=words) as refusal:
        loaded(engine, driven()).ssa([0, 1], seed=1, **given)
    assert "\n" not in str(refusal.value)


@engines("ssa")
def test_half_an_item_in_the_file_is_refused(engine: str) -> None:
    simulation, algorithm = loaded(engine, driven(1.5)), methods_of(engine)["ssa"][-1]  # not one that compiles
    with pytest.raises(CrnError, match=r"'A': 1\.5"):
        simulation.ssa([0, 1], {}, seed=1)
    # Set anew, it may run.
    assert simulation.ssa([0, 1], {"A": 2}, seed=1, algorithm=algorithm).values[0, 0].tolist() == [3, 2]


@engines("ssa")
@pytest.mark.parametrize(("seed", "replicates"), [(-1, 1), (1, 0), (1, -3)])
def test_seeds_and_replicates_that_are_refused(engine: str, seed: int, replicates: int) -> None:
    with pytest.raises(EngineError, match=f"seed {seed} and {replicates} replicates") as refusal:
        loaded(engine, driven()).ssa([0, 1], {}, seed, replicates)
    assert "\n" not in str(refusal.value)


@engines("ssa")
def test_algorithms_and_times_that_are_refused(engine: str) -> None:
    simulation = loaded(engine, driven())
    with pytest.raises(EngineError, match=f"engine '{engine}': no algorithm 'leap'") as refusal:
        simulation.ssa([0, 1], {}, seed=1, algorithm="leap")
    assert "\n" not in str(refusal.value)
    for times in ([], [1.0], [0.0, 0.0], [2.0, 1.0], [-1.0, 1.0], [0.0, math.nan], [0.0, math.inf]):
        with pytest.raises(EngineError, match=f"{engine}: times"):
            simulation.ssa(times, {}, seed=1)


@engines("ssa")
def test_the_deterministic_reading_has_no_stochastic_answer(engine: str) -> None:
    simulation = loaded(engine, dimers())
    with pytest.raises(EngineError, match=r"deterministic reading.*--reading stochastic"):
        simulation.ssa([0, 1], {}, seed=1)


@algorithms()
def test_a_network_without_reactions_stays_as_it_is(engine: str, algorithm: str) -> None:
    still = network("AB", {}).with_counts({"A": 3, "B": 4})
    simulation, arguments = loaded(engine, still), ([0.0, 1.0], {"B": 5}, 1, 1, None, algorithm)
    if algorithm in NEEDS_REACTIONS_TO_SAMPLE:
        with pytest.raises(EngineError, match=engine) as refusal:
            simulation.ssa(*arguments)
        assert "\n" not in str(refusal.value)
    else:
        assert simulation.ssa(*arguments).values.tolist() == [[[3, 5], [3, 5]]]


@algorithms()
def test_sampling_prints_nothing(engine: str, algorithm: str, capfd: pytest.CaptureFixture[str]) -> None:
    loaded(engine, driven()).ssa([0, 1, 2.5], {}, 1, 3, algorithm=algorithm)
    assert capfd.readouterr() == ("", "")
