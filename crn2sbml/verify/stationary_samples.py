"""Samples of the stationary law from one exact trajectory, far enough apart to count as independent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.engines.engine import Simulation
from crn2sbml.engines.loaded import Counts
from crn2sbml.lna.stationary import Stationary

CORRELATION = 0.1
"""Largest correlation (by the LNA) between neighbouring samples."""
FINER = 10
"""Recorded points from one sample to the next."""
_FEWEST, _MOST = 8, 400


@dataclass(frozen=True)
class Samples:
    """Counts of the outputs on a fine grid, `trace` (time, output); every `FINER`-th point after the first is a sample.

    `standard_error` (items) is that of the samples' mean of each output, by the larger of two spreads: the LNA's, with
    what correlation is left, and the samples' own.
    """

    times: Array
    trace: Array
    standard_error: Array


def sample_stationary(
    simulation: Simulation,
    inputs: Counts,
    noise: Stationary,
    outputs: Sequence[str],
    relative_error: float,
    seed: int,
) -> Samples:
    """One exact trajectory, from the rounded steady state, sampled until the largest output's mean is known well.

    The first sample is taken after one spacing, so that the trajectory has forgotten its start. The trajectory is run
    in stretches, each from the last state of the one before, which is exact since the process is Markov.
    Args: relative_error: of the largest output's mean, to be undercut.
    """
    rows = [noise.species.index(name) for name in outputs]
    mean, sd = noise.mean[rows], np.sqrt(np.diag(noise.covariance)[rows].clip(min=0))
    top = int(np.argmax(mean))
    spacing = noise.decorrelation_time(CORRELATION, (outputs[top],))
    correlations = noise.autocorrelations(spacing, 5, outputs)
    state = dict(zip(noise.species, np.rint(noise.mean).tolist(), strict=True))
    trace, wanted = np.rint(mean)[None], _FEWEST
    seeds = np.random.SeedSequence(seed)
    while True:
        have = (len(trace) - 1) // FINER
        times = spacing / FINER * np.arange(FINER * (wanted - have) + 1)
        stretch_seed = int(seeds.spawn(1)[0].generate_state(1)[0])
        run = simulation.ssa(times.tolist(), inputs, stretch_seed, start=state)
        trace = np.concatenate([trace, run.sel(species=list(outputs)).values[0, 1:]])
        state = dict(zip(noise.species, run.sel(species=list(noise.species)).values[0, -1].tolist(), strict=True))
        samples = trace[FINER::FINER]
        spread: Array = np.maximum(sd * np.sqrt(_inflation(correlations, wanted)), samples.std(axis=0, ddof=1))
        error: Array = spread / np.sqrt(wanted)
        excess = error[top] / (relative_error * mean[top]) if mean[top] > 0 else 0.0
        if excess < 1 or wanted >= _MOST:
            grid = np.arange(len(trace), dtype=float) * (spacing / FINER)
            return Samples(grid, trace, error)
        # At least one more; at most twice as many, since a spread seen in few samples is rough.
        wanted = min(_MOST, 2 * wanted, wanted + max(1, math.ceil(wanted * (excess**2 - 1))))


def _inflation(correlations: Array, count: int) -> Array:
    """Variance of the mean of `count` correlated samples over that of independent ones: 1 + 2 sum (1 - j/n) rho_j."""
    lags = np.arange(1, len(correlations) + 1)[:, None]
    return np.asarray(1 + 2 * np.sum(np.maximum(1 - lags / count, 0) * correlations, axis=0))
