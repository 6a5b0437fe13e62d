"""How each method's result is judged: the comparisons of one simulator with the reference, or with all others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.errors import EngineError
from crn2sbml.lna.stationary import Stationary
from crn2sbml.lna.transient import LARGEST, is_affine, transient
from crn2sbml.verify.agreement import VARIANCE_FLOOR, Agreement, covariance_difference
from crn2sbml.verify.samples import FEWEST_EVENTS, beyond, consensus, moved, z_of_means, z_of_variances
from crn2sbml.verify.suite_kurtosis import spread_of_y

ODE_TOLERANCE, LNA_TOLERANCE = 1e-6, 1e-5
Z_LIMIT, VARIANCE_LIMIT = 4.0, 5.0
"""Largest |z| of a mean and of a variance. Of equal laws, one mean in ten thousand or so lies beyond."""
FLOOR, FLOOR_ITEMS = 1e-9, 1e-2
"""Counts below this part of the largest count that moves, or below so many items, are compared absolutely.

Engines resolve 1e-10 items, and errors add up over the steps: 1e-6 of 0.01 items leaves them a factor of 100. Beside a
count of 1e12, 1e-6 of 1e3 items are a few roundings of the large one.
"""
FEWEST_RUNS = 50
"""Stochastic runs below which samplers are not judged: scores are bounded by what few runs there are."""
_FORGIVEN = {False: (0.0, 0.0), True: (0.1, 0.2)}
"""By whether an algorithm is approximate: a bias of the mean in standard deviations, and a part of the variance."""
_NEVER = 1e-6
"""Variance times runs (items^2) below which not one event is to be expected in all runs: counts must be equal."""


def compare_ode(values: Array, expected: Array) -> list[Agreement]:
    """Trajectories over (time, species), items, of species that may move: the largest difference, relative to each
    count.
    """
    return [Agreement("ODE", spread_of_counts([values, expected]), ODE_TOLERANCE, "largest relative difference")]


def spread_of_counts(trajectories: Sequence[Array]) -> float:
    """Largest difference between any two of several results (time, species), relative to the largest count there.

    NaN if any is. See `FLOOR` for small counts. In a model of less than one item everything is smaller in proportion.
    """
    stacked = np.stack(trajectories)
    moving = stacked[..., np.ptp(stacked, axis=(0, 1)) > 0] if stacked.size else stacked
    with np.errstate(invalid="ignore"):
        top, top_moving = (float(np.abs(counts).max(initial=0.0)) for counts in (stacked, moving))
        floor = max(FLOOR * top_moving, FLOOR_ITEMS * min(1.0, top), 1e-300)
        scale = np.maximum(np.abs(stacked).max(axis=0), floor)
        return float(np.max(np.ptp(stacked, axis=0) / scale, initial=0.0))


def compare_lna(result: xr.Dataset, noise: Stationary) -> list[Agreement]:
    """A simulator's mean and covariance of all floating species with the algebraic ones."""
    names = list(noise.species)
    covariance = result["covariance"].sel(species=names, species_=names)
    sd = np.sqrt(np.diag(noise.covariance) + VARIANCE_FLOOR)
    mean = float(np.max(np.abs(result["mean"].sel(species=names).values - noise.mean) / sd, initial=0.0))
    difference = covariance_difference(covariance, noise.covariance)
    return [
        Agreement("LNA mean", mean, LNA_TOLERANCE, "largest difference of a mean in units of the sd"),
        Agreement("LNA", difference, LNA_TOLERANCE, "largest covariance difference in units of the sds"),
    ]


@dataclass(frozen=True)
class Sampler:
    """Samples (replicate, species) of an algorithm, the program whose code it is, and whether it claims to be exact."""

    samples: Array
    code: str
    exact: bool = True


@dataclass(frozen=True)
class ExactMoments:
    """Mean, standard deviation (items) and the spread of a sample variance's score, each over species."""

    mean: Array
    sd: Array
    spread_of_y: Array


def exact_moments(matrices: Matrices, start: Array, seconds: float, species: Sequence[str]) -> ExactMoments | None:
    """The exact moments after `seconds` from known counts, where every propensity is affine; else None."""
    if not is_affine(matrices) or len(matrices.floating) > LARGEST:
        return None
    try:
        law = transient(matrices, start, [seconds])
        spread = spread_of_y(matrices, start, np.array([seconds]), species)[0]
    except EngineError:  # too steep for the solver: simulators are then held against each other
        return None
    rows = [law.species.index(name) for name in species]
    return ExactMoments(law.mean[0, rows], law.sd[0, rows], spread)


def compare_with_exact(samples: Array, exact: ExactMoments, approximate: bool = False) -> list[Agreement]:
    """Samples (replicate, species) by the SBML Test Suite's scores: Z of the mean, Y of the variance about it.

    Species that must not move at all are compared as they are; those that hardly move (see `FEWEST_EVENTS`, with the
    exact kurtosis) are left out. `approximate`: whether the algorithm is forgiven a small bias.
    """
    runs, (bias, excess) = len(samples), _FORGIVEN[approximate]
    still, kurtosis = runs * exact.sd**2 < _NEVER, 2 * (exact.spread_of_y**2 - 1)
    noisy = ~still & (runs >= FEWEST_EVENTS * kurtosis)
    away = (samples - exact.mean)[:, noisy] / exact.sd[noisy]
    z = np.sqrt(runs) * beyond(away.mean(axis=0), bias)
    y = np.sqrt(runs / 2) * beyond((away**2).mean(axis=0) - 1, excess) / exact.spread_of_y[noisy]
    agreements = _scores(z, y, runs, "exact moments", approximate)
    if still.any():
        meaning = f"largest difference of {int(still.sum())} counts that cannot vary, relative to the count or one item"
        away = np.abs(samples - exact.mean)[:, still] / np.maximum(exact.mean[still], 1.0)
        difference = float(away.max())
        agreements.append(Agreement("SSA without noise", difference, ODE_TOLERANCE, meaning))
    return agreements


def compare_with_others(samples: Array, others: Array, approximate: bool = False) -> list[Agreement]:
    """Samples (replicate, species) with those of all other exact simulators; species that hardly moved are left out."""
    if min(len(samples), len(others)) < FEWEST_RUNS:
        return []
    judged = moved(samples, others)
    samples, others = samples[:, judged], others[:, judged]
    bias, excess = _FORGIVEN[approximate]
    z, y = z_of_means(samples, others, bias), z_of_variances(samples, others, excess)
    return _scores(z, y, len(samples), "other simulators", approximate)


def compare_all(samplers: Sequence[Sampler]) -> list[list[Agreement]]:
    """Each sampler against the pool of the exact ones of other codes that agree with each other; none if it is alone.

    Where all share one code, they are compared with each other.
    """
    codes = [sampler.code for sampler in samplers]
    if len(set(codes)) == 1:
        codes = [str(number) for number in range(len(samplers))]
    trusted = [(s.samples, code) for s, code in zip(samplers, codes, strict=True) if s.exact]
    kept = consensus([samples for samples, _ in trusted], [code for _, code in trusted], _score)
    pools = ([samples for samples, of in trusted if of in kept and of != code] for code in codes)
    return [
        compare_with_others(sampler.samples, np.concatenate(pool), not sampler.exact) if pool else []
        for sampler, pool in zip(samplers, pools, strict=True)
    ]


def _score(samples: Array, others: Array) -> float:
    return max((a.difference / a.tolerance for a in compare_with_others(samples, others)), default=0.0)


def _scores(z: Array, y: Array, runs: int, against: str, approximate: bool) -> list[Agreement]:
    if not len(z):
        return []
    means, variances = f"largest |z| of {len(z)} means in {runs} runs", f"largest |z| of {len(y)} variances"
    if approximate:
        bias, excess = _FORGIVEN[True]
        means, variances = f"{means}, beyond a bias of {bias:g} sd", f"{variances}, beyond {excess:.0%} of them"
    return [
        Agreement(f"SSA mean and {against}", _largest(z), Z_LIMIT, means),
        Agreement(f"SSA variance and {against}", _largest(y), VARIANCE_LIMIT, variances),
    ]


def _largest(scores: Array) -> float:
    return float(np.max(np.abs(scores), initial=0.0))
