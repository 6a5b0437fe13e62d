"""Production and decay, whose stationary law is Poisson and whose autocorrelation is exponential."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from crn2sbml.core.network import Network
from crn2sbml.core.results import trajectories
from crn2sbml.engines.roadrunner import RoadRunnerEngine
from crn2sbml.lna.stationary import Stationary
from crn2sbml.verify.stationary_samples import CORRELATION, FINER, Samples, sample_stationary
from tests.engines.models import sbml_of
from tests.lna.test_stationary import birth_death, network, solved

MEAN, DECAY = 50.0, 1.0


class Recorder:
    """Stands in for a simulator: stays where it is, or steps up by `drift` in every stretch; notes what it is asked."""

    def __init__(self, species: Sequence[str] = ("A",), drift: float = 0.0) -> None:
        self.species, self.drift = list(species), drift
        self.starts: list[dict[str, float]] = []
        self.seeds: list[int] = []
        self.times: list[np.ndarray] = []

    def ssa(
        self, times: list[float], inputs: dict[str, float], seed: int, replicates: int = 1, start: dict | None = None
    ) -> xr.DataArray:
        assert start is not None
        self.starts.append(start)
        self.seeds.append(seed)
        self.times.append(np.array(times))
        ramp = np.linspace(0, self.drift, len(times))[:, None] + [start[name] for name in self.species]
        return trajectories(ramp[None], times, self.species, {"engine": "recorder"})


def sampled(simulation: object, relative_error: float, seed: int = 1, noise: Stationary | None = None) -> Samples:
    noise = noise or solved(birth_death(MEAN * DECAY, DECAY))
    return sample_stationary(simulation, {}, noise, noise.species[:1], relative_error, seed)  # type: ignore[arg-type]


def roadrunner(net: Network) -> object:
    return RoadRunnerEngine().load(sbml_of(net, "stochastic"))


@pytest.fixture(scope="module")
def many() -> list[Samples]:
    simulation = roadrunner(birth_death(MEAN * DECAY, DECAY))
    return [sampled(simulation, 0.03, seed) for seed in range(120)]


def test_samples_follow_poisson(many: list[Samples]) -> None:
    counts = np.concatenate([samples.trace[FINER::FINER, 0] for samples in many])
    # Neighbours correlate by 0.1 at most, which makes the mean's variance 1.1 / 0.9 times larger at most.
    assert abs(counts.mean() - MEAN) / math.sqrt(MEAN / len(counts) * 1.1 / 0.9) < 4
    squares = (counts - MEAN) ** 2
    assert abs(squares.mean() - MEAN) / math.sqrt((MEAN + 2 * MEAN**2) / len(counts) * 1.1 / 0.9) < 4


def test_standard_errors_are_calibrated(many: list[Samples]) -> None:
    """z-scores against the exact mean: their squares add up to chi-square with one degree of freedom each."""
    z = np.array([(s.trace[FINER::FINER, 0].mean() - MEAN) / s.standard_error[0] for s in many])
    low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], len(z)) / len(z)
    assert low < np.mean(z**2) < high
    assert abs(z.mean()) * math.sqrt(len(z)) < 4
    assert np.abs(z).max() < 4.5  # two-sided chance 8e-4 in 120 of them


def test_the_error_undercuts_what_was_asked(many: list[Samples]) -> None:
    for samples in many:
        assert samples.standard_error[0] < 0.03 * MEAN
        n = (len(samples.trace) - 1) // FINER
        # Poisson counts: sd / mean = 0.14, so about 22 samples, of spreads that scatter by a fifth.
        assert 8 <= n < 80


@pytest.mark.parametrize("seed", [0, 5])
def test_the_seed_makes_the_samples(seed: int) -> None:
    simulation = roadrunner(birth_death(MEAN, 1.0))
    first = sampled(simulation, 0.05, seed)
    np.testing.assert_array_equal(sampled(simulation, 0.05, seed).trace, first.trace)
    assert not np.array_equal(sampled(simulation, 0.05, seed + 1).trace[: len(first.trace)], first.trace)


def test_the_standard_error_knows_the_correlation_that_is_left() -> None:
    """Where the samples show no spread, the LNA's must be used: Var = s^2/n^2 sum over i, j of r^|i - j|, exactly."""
    samples = sampled(Recorder(), relative_error=0.02)
    n = (len(samples.trace) - 1) // FINER
    r = math.exp(-DECAY * samples.times[FINER])
    index = np.arange(n)
    exact = MEAN * np.sum(r ** np.abs(index[:, None] - index)) / n**2
    assert r <= CORRELATION
    # Five neighbours on each side are counted: r^6 = 1e-6 is left out.
    assert samples.standard_error[0] == pytest.approx(math.sqrt(exact), rel=1e-5)
    assert math.sqrt(MEAN * 1.1 / n) / MEAN < samples.standard_error[0] / MEAN < 0.02


def test_a_larger_spread_of_the_samples_counts() -> None:
    samples = sampled(Recorder(drift=100.0), relative_error=0.5)
    spread = samples.trace[FINER::FINER, 0].std(ddof=1)
    assert spread > math.sqrt(MEAN) * 2
    assert samples.standard_error[0] == pytest.approx(spread / math.sqrt((len(samples.trace) - 1) // FINER))


def test_stretches_join_into_one_trajectory() -> None:
    recorder = Recorder(drift=3.0)
    samples = sampled(recorder, relative_error=0.015)
    assert len(recorder.starts) > 1
    assert [start["A"] for start in recorder.starts] == [MEAN + 3 * i for i in range(len(recorder.starts))]
    assert len(set(recorder.seeds)) == len(recorder.seeds)
    assert samples.trace[0, 0] == MEAN
    assert (np.diff(samples.trace[:, 0]) > 0).all()  # no point twice, none left out
    step = samples.times[1]
    np.testing.assert_allclose(samples.times, step * np.arange(len(samples.trace)), rtol=1e-12)
    for times in recorder.times:
        np.testing.assert_allclose(np.diff(times), step, rtol=1e-9)
    assert sum(len(times) - 1 for times in recorder.times) == len(samples.trace) - 1


def test_an_error_out_of_reach_ends_at_400_samples() -> None:
    samples = sampled(Recorder(), relative_error=1e-9)
    assert (len(samples.trace) - 1) // FINER == 400
    assert samples.standard_error[0] > 1e-9 * MEAN


def test_it_starts_at_whole_items() -> None:
    recorder = Recorder()
    sampled(recorder, 0.5, noise=solved(birth_death(7.4, 1.0)))
    assert recorder.starts[0] == {"A": 7}


def test_an_output_that_is_empty_needs_no_samples() -> None:
    """A is made by nothing: its mean is 0 and so is its spread, and no relative error can be asked for."""
    net = network("A", {"g": 1.0}, fade=("A", "", "g"))
    samples = sampled(Recorder(), 0.01, noise=solved(net))
    assert samples.standard_error.tolist() == [0]
    assert (samples.trace == 0).all()
