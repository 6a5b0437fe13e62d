from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.results import moments
from crn2sbml.errors import EngineError
from crn2sbml.lna.stationary import stationary
from crn2sbml.verify.judge import (
    ExactMoments,
    Sampler,
    compare_all,
    compare_lna,
    compare_ode,
    compare_with_exact,
    compare_with_others,
    exact_moments,
    spread_of_counts,
)
from tests.engines.models import dimers, driven
from tests.lna.test_stationary import network

COUNTS = arrays(float, (3, 4), elements=st.just(0.0) | st.floats(1e-9, 1e6))


@given(COUNTS)
def test_equal_counts_do_not_spread(counts: np.ndarray) -> None:
    assert spread_of_counts([counts, counts, counts]) == 0


@given(COUNTS, COUNTS, st.permutations([0, 1, 2]))
def test_the_order_of_results_does_not_matter(one: np.ndarray, two: np.ndarray, order: list[int]) -> None:
    three = [one, two, (one + two) / 2]
    assert spread_of_counts(three) == spread_of_counts([three[i] for i in order])
    # The third lies between the others.
    assert spread_of_counts(three) == spread_of_counts([one, two])
    assert spread_of_counts([one, two]) <= 1


@given(st.floats(1, 1e9), st.floats(1e-9, 0.5))
def test_a_relative_difference(count: float, part: float) -> None:
    one, two = np.array([[count, 0.0]]), np.array([[count * (1 - part), 0.0]])
    assert spread_of_counts([one, two]) == pytest.approx(part, rel=1e-6)


@given(COUNTS, COUNTS, st.floats(1e-9, 1))
def test_below_one_item_all_is_in_proportion(one: np.ndarray, two: np.ndarray, factor: float) -> None:
    one, two = one / 1e6, two / 1e6
    small = spread_of_counts([one * factor, two * factor])
    assert small == pytest.approx(spread_of_counts([one, two]), rel=1e-6, abs=1e-12)


def test_small_counts_are_compared_absolutely() -> None:
    """A count that should have died out, in a model of 10 items: solvers resolve 1e-10 items, not 1e-6 of 1e-9."""
    assert spread_of_counts([np.array([[10.0, 1e-9]]), np.array([[10.0, 3e-9]])]) < 1e-6
    assert spread_of_counts([np.array([[10.0, 1.0]]), np.array([[10.0, 1.00001]])]) > 5e-6
    assert spread_of_counts([np.array([[1e6, 0.0]]), np.array([[1e6, 1e-3]])]) == pytest.approx(0.1)


def test_a_reservoir_hides_nothing() -> None:
    """Clamped at 1e13 items it does not count; moving, it costs a few of its own roundings."""
    clamped = [np.array([[1e13, 0.0], [1e13, count]]) for count in (10.0, 5.0)]
    assert spread_of_counts(clamped) == 0.5
    moving = [np.array([[1e13, 0.0], [1e13 - 1e6, count]]) for count in (1e6, 0.9e6)]
    assert spread_of_counts(moving) == pytest.approx(0.1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_does_not_agree(bad: float) -> None:
    (agreement,) = compare_ode(np.array([[1.0, bad]]), np.array([[1.0, 2.0]]))
    assert not agreement.holds


def test_results_without_species_are_equal() -> None:
    assert spread_of_counts([np.zeros((3, 0)), np.zeros((3, 0))]) == 0
    assert spread_of_counts([np.zeros((3, 2)), np.zeros((3, 2))]) == 0


@pytest.mark.parametrize(
    ("mean", "sd", "holds"), [(1, 1, (True, True)), (1 + 1e-4, 1, (False, True)), (1, 1 + 1e-4, (True, False))]
)
def test_mean_and_covariance_of_an_lna(mean: float, sd: float, holds: tuple[bool, bool]) -> None:
    net = driven()
    noise = stationary(Matrices.of(net), np.array([3.0, 12.0]))
    result = moments(noise.mean * mean, noise.covariance * sd**2, noise.species, {})
    assert tuple(a.holds for a in compare_lna(result, noise)) == holds


def test_an_lna_may_list_its_species_in_any_order() -> None:
    net = network("AB", {"b": 20.0, "g": 1.0}, make=("", "A", "b"), go=("A", "B", "g"), end=("B", "", "g"))
    noise = stationary(Matrices.of(net), np.array([20.0, 20.0]))
    result = moments(noise.mean, noise.covariance, noise.species, {}).isel(species=[1, 0])
    assert all(a.difference == 0 for a in compare_lna(result, noise))


POISSON = ExactMoments(np.array([20.0]), np.sqrt([20.0]), np.sqrt([1 + 1 / 40]))


def poisson(mean: float, runs: int = 1000, seed: int = 1, species: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, (runs, species)).astype(float)


def test_scores_of_poisson_counts_are_standard_normal() -> None:
    """3,000 right samplers of 100 runs: means and variances within chance (standard error of the sd 0.013)."""
    many = ExactMoments(np.full(3000, 20.0), np.full(3000, 20**0.5), np.full(3000, (1 + 1 / 40) ** 0.5))
    samples = poisson(20, 100, species=3000)
    z = np.sqrt(100) * (samples.mean(axis=0) - 20) / 20**0.5
    mean, variance = compare_with_exact(samples, many)
    assert mean.difference == pytest.approx(np.abs(z).max())
    assert mean.holds
    assert variance.holds
    assert "of 3000 means in 100 runs" in mean.meaning
    one_by_one = [
        compare_with_exact(samples[:, [i]], ExactMoments(many.mean[:1], many.sd[:1], many.spread_of_y[:1]))[1]
        for i in range(400)
    ]
    assert np.sqrt(np.mean([a.difference**2 for a in one_by_one])) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("samples", "holds"),
    [
        (poisson(20), (True, True)),
        (poisson(21), (False, True)),  # z = 7
        (20 + 1.3 * (poisson(20) - 20), (True, False)),  # 69 % more variance: 15 sd
        (np.full((1000, 1), 20.0), (True, False)),
        (np.full((1000, 1), np.nan), (False, False)),
    ],
    ids=["right", "mean", "variance", "stuck", "nan"],
)
def test_poisson_counts_against_their_exact_law(samples: np.ndarray, holds: tuple[bool, bool]) -> None:
    assert tuple(a.holds for a in compare_with_exact(samples, POISSON)) == holds


def test_counts_that_cannot_vary_must_be_equal() -> None:
    law = ExactMoments(np.array([20.0, 7.0, 0.0]), np.array([20**0.5, 0.0, 1e-9]), np.ones(3))
    samples = np.hstack([poisson(20), np.full((1000, 1), 7.0), np.zeros((1000, 1))])
    assert [a.holds for a in compare_with_exact(samples, law)] == [True, True, True]
    samples[500, 2] = 1
    assert [a.holds for a in compare_with_exact(samples, law)] == [True, True, False]


def test_rare_events_prove_nothing() -> None:
    """Ten events to be expected in all runs together: no Gaussian yet, whatever comes."""
    law = ExactMoments(np.array([0.01]), np.array([0.1]), np.sqrt([1 + 100 / 2]))
    assert compare_with_exact(np.zeros((1000, 1)), law) == []
    assert compare_with_others(np.zeros((1000, 1)), np.zeros((500, 1))) == []


def test_exact_moments_of_a_driven_species() -> None:
    law = exact_moments(Matrices.of(driven()), np.array([3.0, 12.0]), 4.0, ["A"])
    assert law is not None
    # Twelve leave, each with 1 - exp(-2); a Poisson number arrives.
    stay = np.exp(-2)
    assert law.mean[0] == pytest.approx(12)
    assert law.sd[0] ** 2 == pytest.approx(12 * stay * (1 - stay) + 12 * (1 - stay), rel=1e-6)


def test_no_exact_moments_where_two_molecules_meet_or_the_solver_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert exact_moments(Matrices.of(dimers()), np.array([20.0]), 1.0, ["A"]) is None

    def fail(*anything: object) -> None:
        raise EngineError("too steep")

    monkeypatch.setattr("crn2sbml.verify.judge.transient", fail)
    assert exact_moments(Matrices.of(driven()), np.array([3.0, 12.0]), 4.0, ["A"]) is None


def judged(*laws: np.ndarray, exact: list[bool] | None = None, codes: str = "abcdefgh") -> list[Any]:
    trusted = exact or [True] * len(laws)
    found = compare_all([Sampler(law, code, one) for law, code, one in zip(laws, codes, trusted, strict=False)])
    return [None if not agreements else all(a.holds for a in agreements) for agreements in found]


def test_among_several_the_wrong_one_is_named() -> None:
    """Mean 2 too high: pooled with the right ones it would fault them, too."""
    right = [poisson(20, seed=seed) for seed in range(4)]
    assert judged(*right) == [True] * 4
    assert judged(*right, poisson(22, seed=9)) == [True, True, True, True, False]
    assert judged(right[0], 20 + 1.4 * (right[1] - 20), right[2], right[3], poisson(30)) == [
        True,
        False,
        True,
        True,
        False,
    ]
    assert judged(right[0], poisson(22, seed=9)) == [False, False]
    assert judged(right[0]) == [None]
    assert judged() == []


def test_an_approximate_sampler_is_judged_but_does_not_judge() -> None:
    right, wrong = [poisson(20, seed=seed) for seed in range(2)], poisson(23, seed=9)
    assert judged(*right, wrong, wrong + 0, exact=[True, True, False, False]) == [True, True, False, False]
    assert judged(right[0], right[1], exact=[True, False]) == [None, True]


def test_simulators_of_one_code_have_one_vote() -> None:
    """Two at mean 23 share their code: they cannot outvote the only other one, and no third says who is wrong."""
    right, wrong = [poisson(20, seed=seed) for seed in range(2)], [poisson(23, seed=seed) for seed in (8, 9)]
    assert judged(right[0], *wrong, codes="abb") == [False, False, False]
    assert judged(*right, *wrong, codes="abcc") == [True, True, False, False]
    assert judged(right[0], wrong[0], codes="aa") == [False, False], "alone, they are held against each other"


@pytest.mark.parametrize("count", [1, 5])
def test_garbage_in_few_runs_is_found_and_hides_nothing(count: int) -> None:
    """A counter that wraps around once in a while, beside one with a wrong constant."""
    right, garbage, wrong = [poisson(20, seed=seed) for seed in range(3)], poisson(20, seed=7), poisson(22, seed=9)
    garbage[:count] = 2.0**32 - 1
    assert judged(*right, garbage, wrong) == [True, True, True, False, False]
    assert judged(right[0], garbage)[1] is False


def test_few_runs_prove_nothing() -> None:
    """Of eight runs against eight, no score can exceed the limit: they are not judged at all."""
    assert judged(poisson(5, 8), poisson(1000, 8, seed=2)) == [None, None]
    assert judged(poisson(5, 50), poisson(10, 50, seed=2)) == [False, False]


def bursts(per_run: float, sets: int, runs: int = 1000, size: int = 50) -> np.ndarray:
    return size * np.random.default_rng(5).poisson(per_run, (runs, sets)).astype(float)


@pytest.mark.parametrize("per_run", [0.005, 0.02, 0.03, 0.1, 1.0])
def test_rare_bursts_fail_no_right_sampler(per_run: float) -> None:
    """0 -> 50 A: the variance is 2,500 a burst and does not tell how many there were. 3,000 right samplers."""
    sets = 3000
    kurtosis = 1 / per_run
    law = ExactMoments(
        np.full(sets, 50 * per_run), np.full(sets, 50 * per_run**0.5), np.full(sets, (1 + kurtosis / 2) ** 0.5)
    )
    samples = bursts(per_run, sets)
    found = [
        compare_with_exact(samples[:, [i]], ExactMoments(law.mean[:1], law.sd[:1], law.spread_of_y[:1]))
        for i in range(sets)
    ]
    assert all(bool(agreements) == (1000 * per_run >= 25) for agreements in found)
    failed = sum(not all(a.holds for a in agreements) for agreements in found)
    assert failed <= 3  # one in a thousand


def test_a_small_bias_is_forgiven_an_approximate_algorithm_only() -> None:
    """0.05 sd off in 20,000 runs are seven standard errors."""
    samples, law = poisson(20 + 0.05 * 20**0.5, 20_000), POISSON
    assert [a.holds for a in compare_with_exact(samples, law)] == [False, True]
    assert [a.holds for a in compare_with_exact(samples, law, approximate=True)] == [True, True]
    others = poisson(20, 60_000, seed=3)
    assert [a.holds for a in compare_with_others(samples, others)] == [False, True]
    assert [a.holds for a in compare_with_others(samples, others, approximate=True)] == [True, True]
    wider = 20 + 1.3 * (poisson(20, 20_000) - 20)
    assert [a.holds for a in compare_with_exact(wider, law, approximate=True)] == [True, False]
    assert [a.holds for a in compare_with_others(wider, others, approximate=True)] == [True, False]
    assert "beyond a bias of 0.1 sd" in compare_with_exact(wider, law, approximate=True)[0].meaning


def test_disagreement_is_measured_in_units_of_its_limit() -> None:
    mean, variance = compare_with_others(poisson(20), poisson(20, 5000, seed=2))
    assert SimpleNamespace(m=mean.tolerance, v=variance.tolerance) == SimpleNamespace(m=4.0, v=5.0)
    assert mean.name == "SSA mean and other simulators"
