"""Whether samplers draw from the same law, judged by means and variances in units of their own spread.

Spreads come from both samples together, which keeps scores of equal laws standard normal, but what lies far outside the
other's range does not count in them: a wrong sample must not widen its own limit.
"""

from collections.abc import Callable, Sequence

import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.verify.agreement import z_scores

FEWEST_EVENTS = 25.0
"""Runs over excess kurtosis below which a sample's statistics are no Gaussians yet.

For Poisson counts this is the number of events in all runs; for bursts, of bursts.
"""


def moved(samples: Array, others: Array) -> Array:
    """Which species have moved enough, in the smaller of two samples (replicate, species), to be judged: (species,).

    In a pool alone they may have: few events against many make a skewed score, whose tail passes any limit.
    """
    clipped, fewer = _clipped(samples, others), min(len(samples), len(others))
    # Twice as many where only this sample has moved: having many by chance is what makes it one to be judged.
    per_run = np.maximum(_events_per_run(np.concatenate([clipped, others])), _events_per_run(clipped) / 2)
    return np.asarray(fewer * per_run >= FEWEST_EVENTS)


def z_of_means(samples: Array, others: Array, forgiven: float = 0.0) -> Array:
    """Difference of the means over its standard error under one common law, shape (species,).

    Args: samples, others: (replicate, species), two replicates or more; forgiven: standard deviations of bias.
    """
    variance = np.concatenate([_clipped(samples, others), others]).var(axis=0)
    difference = beyond(samples.mean(axis=0) - others.mean(axis=0), forgiven * others.std(axis=0))
    return z_scores(difference, np.zeros_like(difference), np.sqrt(variance * _per_run(samples, others)))


def z_of_variances(samples: Array, others: Array, forgiven: float = 0.0) -> Array:
    """Difference of the variances over its standard error under one common law, shape (species,).

    The standard error of a variance is sqrt((m4 - variance^2) / n), with m4 the fourth central moment. `forgiven` is a
    part of the others' variance.
    """
    away = np.concatenate([_centred(_clipped(samples, others)), _centred(others)])
    spread = (away**4).mean(axis=0) - (away**2).mean(axis=0) ** 2
    error = np.sqrt(spread.clip(min=0) * _per_run(samples, others))
    variance = others.var(axis=0, ddof=1)
    difference = beyond(samples.var(axis=0, ddof=1) - variance, forgiven * variance)
    return z_scores(difference, np.zeros_like(difference), error)


def beyond(difference: Array, forgiven: Array | float) -> Array:
    """What a difference of either sign is larger than what is forgiven; else 0."""
    return np.asarray(np.sign(difference) * np.maximum(np.abs(difference) - forgiven, 0.0))


def consensus(samplers: Sequence[Array], codes: Sequence[str], score: Callable[[Array, Array], float]) -> list[str]:
    """Which codes agree: the one farthest from all others is left out, again and again, until the rest agree.

    Of two that do not agree nobody can say which is wrong; both are kept.

    Args: samplers: (replicate, species) each; codes: the program behind each, since simulators that share their code
        share its faults and have one vote; score: of one sampler against the others pooled, 1 being the limit.
    """
    kept = list(dict.fromkeys(codes))
    while len(kept) > 2:
        pooled = {
            code: np.concatenate([s for s, c in zip(samplers, codes, strict=True) if c in kept and c != code])
            for code in kept
        }
        scores = [
            max(score(s, pooled[code]) for s, c in zip(samplers, codes, strict=True) if c == code) for code in kept
        ]
        if max(scores) <= 1:
            break
        kept.pop(int(np.argmax(scores)))
    return kept


def _clipped(samples: Array, others: Array) -> Array:
    """The samples, none farther outside the others' range than that is wide (an item at least)."""
    low, high = others.min(axis=0), others.max(axis=0)
    width = np.maximum(high - low, 1.0)
    return np.asarray(np.clip(samples, low - width, high + width))


def _events_per_run(samples: Array) -> Array:
    """1 over the excess kurtosis: the mean of a Poisson law; infinite for tails no heavier than a Gaussian's."""
    away = _centred(samples)
    square, excess = (away**2).mean(axis=0) ** 2, (away**4).mean(axis=0) - 3 * (away**2).mean(axis=0) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(square == 0, 0.0, np.where(excess > 0, square / excess, np.inf)))


def _centred(samples: Array) -> Array:
    return np.asarray(samples - samples.mean(axis=0))


def _per_run(samples: Array, others: Array) -> float:
    return 1 / len(samples) + 1 / len(others)
