"""How each method's result is judged: the comparisons of one simulator with the reference, or with all others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.lna.stationary import Stationary
from crn2sbml.lna.transient import LARGEST, is_affine, transient
from crn2sbml.verify.agreement import Agreement, covariance_difference
from crn2sbml.verify.samples import moved, z_of_means, z_of_variances
from crn2sbml.verify.suite_kurtosis import spread_of_y

ODE_TOLERANCE, LNA_TOLERANCE, Z_LIMIT, VARIANCE_LIMIT = 1e-6, 1e-5, 4.0, 5.0
FLOOR = 1e-6
"""Part of the model's largest count below which counts are compared absolutely: solvers do not resolve them."""


def compare_ode(values: Array, expected: Array) -> list[Agreement]:
    """Trajectories over (time, species), items: the largest difference, relative to each count."""
    return [Agreement("ODE", spread_of_counts([values, expected]), ODE_TOLERANCE, "largest relative difference")]


def spread_of_counts(trajectories: Sequence[Array]) -> float:
    """Largest difference between any two of several results, relative to the count at that time, with `FLOOR`."""
    stacked = np.stack(trajectories)
    scale = np.maximum(np.abs(stacked).max(axis=0), FLOOR * np.abs(stacked).max(initial=1e-300))
    return float(np.max(np.ptp(stacked, axis=0) / scale, initial=0.0))


def compare_lna(result: xr.Dataset, noise: Stationary) -> list[Agreement]:
    """A simulator's covariance of all floating species with the algebraic one."""
    names = list(noise.species)
    covariance = result["covariance"].sel(species=names, species_=names)
    difference = covariance_difference(covariance, noise.covariance)
    return [Agreement("LNA", difference, LNA_TOLERANCE, "largest covariance difference in units of the sds")]


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
    law = transient(matrices, start, [seconds])
    rows = [law.species.index(name) for name in species]
    spread = spread_of_y(matrices, start, np.array([seconds]), species)[0]
    return ExactMoments(law.mean[0, rows], law.sd[0, rows], spread)


def compare_with_exact(samples: Array, exact: ExactMoments) -> list[Agreement]:
    """Samples (replicate, species) by the SBML Test Suite's scores: Z of the mean, Y of the variance about it."""
    runs, noisy = len(samples), exact.sd > 1e-9
    away = (samples - exact.mean)[:, noisy] / exact.sd[noisy]
    z = np.sqrt(runs) * away.mean(axis=0)
    y = np.sqrt(runs / 2) * ((away**2).mean(axis=0) - 1) / exact.spread_of_y[noisy]
    return _scores(z, y, runs, "exact moments")


def compare_with_others(samples: Array, others: Array) -> list[Agreement]:
    """Samples (replicate, species) with those of all other exact simulators; species that hardly moved are left out."""
    judged = moved(np.concatenate([samples, others]))
    samples, others = samples[:, judged], others[:, judged]
    return _scores(z_of_means(samples, others), z_of_variances(samples, others), len(samples), "all other simulators")


def _scores(z: Array, y: Array, runs: int, against: str) -> list[Agreement]:
    of = f"in {runs} runs"
    return [
        Agreement(f"SSA mean and {against}", _largest(z), Z_LIMIT, f"largest |z| of {len(z)} means {of}"),
        Agreement(
            f"SSA variance and {against}", _largest(y), VARIANCE_LIMIT, f"largest |z| of {len(y)} variances {of}"
        ),
    ]


def _largest(scores: Array) -> float:
    return float(np.max(np.abs(scores), initial=0.0))
