from collections.abc import Callable

import numpy as np
import pytest

from crn2sbml.verify.samples import FEWEST_EVENTS, consensus, moved, z_of_means, z_of_variances

Law = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
SPECIES = 3000
LAWS: dict[str, Law] = {
    "Poisson, few events": lambda g, shape: g.poisson(0.3, shape),
    "Poisson, many": lambda g, shape: g.poisson(20, shape),
    "binomial": lambda g, shape: g.binomial(7, 0.3, shape),
    "geometric": lambda g, shape: g.geometric(0.05, shape),
    "bursts of five": lambda g, shape: 5 * g.poisson(0.4, shape),
    "negative binomial, Fano factor 11": lambda g, shape: g.negative_binomial(0.5, 1 / 11, shape),
}


def draws(law: Law, runs: int, others: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return law(generator, (runs, SPECIES)).astype(float), law(generator, (others, SPECIES)).astype(float)


@pytest.mark.parametrize("others", [500, 2000])
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_scores_of_equal_laws_are_standard_normal(law: Law, others: int) -> None:
    """Of 3,000 species: the mean score strays by 0.018, its sd by 0.013; 8 lie beyond 3 by chance (sd 2.8).

    A fourth moment that comes from 1,000 skewed samples is itself noisy, so the variance's score may stray by 5 %, and
    twice as often beyond 3; none may lie beyond the limit of 5.
    """
    samples, more = draws(law, 500, others)
    assert moved(samples, more).mean() > 0.8
    for score, loose in ((z_of_means(samples, more), 1.0), (z_of_variances(samples, more), 2.0)):
        assert abs(score.mean()) < 0.08
        assert score.std() == pytest.approx(1, abs=0.05 * loose)
        assert np.sum(np.abs(score) > 3) < 8 * loose + 4 * 2.8
        assert np.abs(score).max() < 5.5


def test_species_that_hardly_moved_are_not_judged() -> None:
    """Below 25 events in the smaller sample; scores of those above keep their tails, one against seven pooled."""
    generator, runs, species = np.random.default_rng(3), 100, 4000
    pool = generator.poisson(FEWEST_EVENTS / runs, (8 * runs, species)).astype(float)
    samples, others = pool[:runs], pool[runs:]
    judged = moved(samples, others)
    assert 0.3 < judged.mean() < 0.8  # half of the species have more events than expected
    assert not moved(np.zeros((1000, 1)), np.zeros((7000, 1))).any()
    z = z_of_means(samples[:, judged], others[:, judged])
    assert np.sum(np.abs(z) > 3) < 2 * 0.0027 * judged.sum() + 4 * 2.0
    assert np.abs(z).max() < 5


def test_few_events_in_a_large_pool_are_not_judged() -> None:
    """Three events in a sample, twenty-five in all: one sampler in three thousand would lie beyond 4, not in 16,000."""
    generator = np.random.default_rng(4)
    pool = generator.poisson(FEWEST_EVENTS / 8 / 100, (8 * 100, 20_000)).astype(float)
    samples, others = pool[:100], pool[100:]
    assert not moved(samples, others).any()
    assert np.mean(z_of_means(samples, others) > 4) > 5 * 3.2e-5


@pytest.mark.parametrize(("mean", "shift"), [(400, 0.05), (100, 0.05), (25, 0.05)])
def test_a_mean_off_by_five_per_cent_is_found_as_often_as_theory_says(mean: float, shift: float) -> None:
    """Poisson counts in 1,000 runs against 1,000 others: z = shift sqrt(mean) / sqrt(2 / 1000), e.g. 22, 11, 5.6."""
    generator, size = np.random.default_rng(5), (1000, 800)
    z = z_of_means(generator.poisson(mean * (1 + shift), size), generator.poisson(mean, size))
    expected = shift * np.sqrt(mean) / np.sqrt(2e-3 * (1 + shift / 2))
    # The standard error of 800 scores is 0.035; the pooled variance holds the shift itself, too.
    assert z.mean() == pytest.approx(expected / np.sqrt(1 + shift**2 * mean / 4), abs=0.15)
    power = np.mean(z > 5)
    assert power > 0.99 if expected > 8 else 0.6 < power < 0.8  # the chance that a normal score exceeds 5 - 5.6


@pytest.mark.parametrize("law", ["Poisson, many", "negative binomial, Fano factor 11"])
def test_a_variance_off_by_forty_per_cent_is_found(law: str) -> None:
    samples, others = draws(LAWS[law], 1000, 1000)
    samples, others = samples[:, :400], others[:, :400]
    wider = samples.mean(axis=0) + (samples - samples.mean(axis=0)) * np.sqrt(1.4)
    right, wrong = z_of_variances(samples, others), z_of_variances(wider, others)
    kurtosis = {"Poisson, many": 3.05, "negative binomial, Fano factor 11": 15.2}[law]
    assert wrong.mean() - right.mean() == pytest.approx(0.4 / 1.2 / np.sqrt((kurtosis - 1) * 2e-3), rel=0.2)
    assert np.abs(z_of_means(wider, others)).max() < 5


def test_samplers_that_never_stray_are_equal_or_not() -> None:
    ten, twelve = np.full((50, 1), 10.0), np.full((50, 1), 12.0)
    assert z_of_means(ten, ten) == z_of_variances(ten, ten) == 0
    assert abs(z_of_means(ten, twelve)[0]) > 9  # 100 runs, 2 sd apart
    coin = np.array([[0.0], [1.0]] * 500)  # every distance from the mean is the same: no fourth moment is left
    assert z_of_variances(coin, coin) == 0
    assert z_of_variances(coin, np.full((1000, 1), 0.5)) > 9


def test_a_nan_is_no_agreement() -> None:
    good, bad = np.arange(20.0)[:, None], np.arange(20.0)[:, None]
    bad[3] = np.nan
    assert np.isnan(z_of_means(good, bad)).all()
    assert np.isnan(z_of_variances(good, bad)).all()


def score(samples: np.ndarray, others: np.ndarray) -> float:
    return float(np.abs(z_of_means(samples, others)).max() / 5)


def test_consensus_leaves_out_the_wrong_ones_only() -> None:
    generator = np.random.default_rng(7)
    means = [100, 100, 130, 100, 104, 100]
    samplers = [generator.poisson(mean, (1000, 1)).astype(float) for mean in means]
    assert consensus(samplers, "abcdef", score) == ["a", "b", "d", "f"]
    assert consensus(samplers, "abcaec", score) == ["a", "b"], "a code is left out as a whole"
    assert consensus(samplers[:2], "ab", score) == ["a", "b"]
    assert consensus([samplers[0], samplers[2]], "ab", score) == ["a", "b"], "of two nobody can say which is wrong"
    assert consensus(samplers[:1], "a", score) == ["a"]
    assert consensus([], "", score) == []
