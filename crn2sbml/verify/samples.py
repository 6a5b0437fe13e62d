"""Whether samplers draw from the same law, judged by means and variances in units of their own spread."""

from collections.abc import Callable, Sequence

import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.verify.agreement import z_scores

FEWEST_EVENTS = 25.0
"""Variance times runs (items^2) below which a species has hardly moved: its statistics are no Gaussians yet."""


def moved(samples: Array, others: Array) -> Array:
    """Which species have moved enough, in the smaller of two samples (replicate, species), to be judged: (species,).

    In a pool alone they may have: few events against many make a skewed score, whose tail passes any limit.
    """
    fewer = min(len(samples), len(others))
    return np.asarray(np.concatenate([samples, others]).var(axis=0) * fewer >= FEWEST_EVENTS)


def z_of_means(samples: Array, others: Array) -> Array:
    """Difference of the means over its standard error under one common law, shape (species,).

    Args: samples, others: (replicate, species), two replicates or more.
    """
    variance = np.concatenate([samples, others]).var(axis=0)
    difference = samples.mean(axis=0) - others.mean(axis=0)
    return z_scores(difference, np.zeros_like(difference), np.sqrt(variance * _per_run(samples, others)))


def z_of_variances(samples: Array, others: Array) -> Array:
    """Difference of the variances over its standard error under one common law, shape (species,).

    The standard error of a variance is sqrt((m4 - variance^2) / n), with m4 the fourth central moment.
    """
    away = np.concatenate([samples - samples.mean(axis=0), others - others.mean(axis=0)])
    spread = (away**4).mean(axis=0) - (away**2).mean(axis=0) ** 2
    error = np.sqrt(spread.clip(min=0) * _per_run(samples, others))
    return z_scores(samples.var(axis=0, ddof=1), others.var(axis=0, ddof=1), error)


def consensus(samplers: Sequence[Array], score: Callable[[Array, Array], float]) -> list[int]:
    """Which samplers agree: the one farthest from all others is left out, again and again, until the rest agree.

    Of two that do not agree nobody can say which is wrong; both are kept.

    Args: samplers: (replicate, species) each; score: of one against the others pooled, 1 being the limit.
    """
    kept = list(range(len(samplers)))
    while len(kept) > 2:
        scores = [
            score(samplers[one], np.concatenate([samplers[other] for other in kept if other != one])) for one in kept
        ]
        if max(scores) <= 1:
            break
        kept.pop(int(np.argmax(scores)))
    return kept


def _per_run(samples: Array, others: Array) -> float:
    return 1 / len(samples) + 1 / len(others)
