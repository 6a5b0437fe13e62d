"""Whether two samplers draw from the same law, judged by means and variances in units of their own spread."""

import numpy as np

from crn2sbml.core.matrices import Array

FEWEST_EVENTS = 25.0
"""Variance times runs (items^2) below which a species has hardly moved: its statistics are no Gaussians yet."""


def moved(samples: Array) -> Array:
    """Which species have moved enough to be judged. Args: samples: (replicate, species). Returns: (species,)."""
    return np.asarray(samples.var(axis=0) * len(samples) >= FEWEST_EVENTS)


def z_of_means(samples: Array, others: Array) -> Array:
    """Difference of the means over its standard error under one common law, shape (species,).

    Args: samples, others: (replicate, species).
    """
    variance = np.concatenate([samples, others]).var(axis=0)
    return np.asarray((samples.mean(axis=0) - others.mean(axis=0)) / np.sqrt(variance * _per_run(samples, others)))


def z_of_variances(samples: Array, others: Array) -> Array:
    """Difference of the variances over its standard error under one common law, shape (species,).

    The standard error of a variance is sqrt((m4 - variance^2) / n), with m4 the fourth central moment.
    """
    away = np.concatenate([samples - samples.mean(axis=0), others - others.mean(axis=0)])
    spread = (away**4).mean(axis=0) - (away**2).mean(axis=0) ** 2
    return np.asarray((samples.var(axis=0) - others.var(axis=0)) / np.sqrt(spread * _per_run(samples, others)))


def _per_run(samples: Array, others: Array) -> float:
    return 1 / len(samples) + 1 / len(others)
