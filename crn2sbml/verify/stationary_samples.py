"""Samples of the stationary law from one exact trajectory, far enough apart to count as independent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from crn2sbml.core.matrices import Array
from crn2sbml.engines.engine import Counts, StochasticSimulation
from crn2sbml.lna.stationary import Stationary

CORRELATION = 0.1
"""Largest correlation (by the LNA) between neighbouring samples."""
FINER = 10
"""Recorded points from one sample to the next."""
_FEWEST, _MOST = 6, 400


@dataclass(frozen=True)
class Sampling:
    """How to sample: `count` snapshots `spacing` seconds apart after a burn-in of one spacing.

    `standard_error` (items) is that of the mean of each output, by the LNA and with what correlation is left.
    """

    count: int
    spacing: float
    standard_error: Array

    @property
    def times(self) -> list[float]:
        """Recorded times (seconds after the rounded steady state): `FINER` for each spacing, for a smooth trace."""
        return [self.spacing * i / FINER for i in range(FINER * self.count + 1)]


def plan_sampling(noise: Stationary, outputs: Sequence[str], relative_error: float) -> Sampling:
    """As few samples as bring the standard error of the largest output's mean below `relative_error` of it."""
    rows = [noise.species.index(name) for name in outputs]
    mean, sd = noise.mean[rows], np.sqrt(np.diag(noise.covariance)[rows])
    top = int(np.argmax(mean))
    spacing = noise.decorrelation_time(CORRELATION, (outputs[top],))
    correlations = np.array([noise.autocorrelation(spacing * lag)[rows] for lag in range(1, 6)])
    wanted = (sd[top] / (relative_error * mean[top])) ** 2 if mean[top] > 0 else _FEWEST
    count = min(_MOST, max(_FEWEST, math.ceil(wanted * _inflation(correlations, _MOST)[top])))
    return Sampling(count, spacing, sd * np.sqrt(_inflation(correlations, count) / count))


def sample_stationary(
    simulation: StochasticSimulation, inputs: Counts, steady: Counts, sampling: Sampling, seed: int
) -> xr.DataArray:
    """One exact trajectory from the rounded steady state: (1 replicate, time, species).

    Its every `FINER`-th point after the first is a sample.
    """
    start = {name: float(round(count)) for name, count in steady.items()}
    return simulation.ssa(sampling.times, inputs, seed, start=start)


def _inflation(correlations: Array, count: int) -> Array:
    """Variance of the mean of `count` correlated samples over that of independent ones: 1 + 2 sum (1 - j/n) rho_j."""
    lags = np.arange(1, len(correlations) + 1)[:, None]
    return np.asarray(1 + 2 * np.sum(np.maximum(1 - lags / count, 0) * correlations, axis=0))
