"""The compiled loop of `engines.native`.

Reactions with the same net change are one channel, whose propensity is their sum. Where it has many reactions of one
reactant, as the production of a species that reads a whole layer has, a changed count adds its difference times a
constant; all other propensities are computed anew from the counts.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.matrices import Array

_ANEW, _MUCH_LESS = 100_000, 1e-6
"""Events after which all sums are computed anew, before rounding errors add up, and the part of what they were: below
it, errors that were small beside them no longer are.
"""


class Channels(NamedTuple):
    """Channels as flat arrays. Row i of a compressed list `x` with `x_start` is x[x_start[i]:x_start[i + 1]].

    `constant`: propensity (1/s) of each channel that no count has a part in; `alone`: whether it is one term.
    `changed`, `changes`: the species that a channel changes, and by how much. `linear`, `slopes`: the channels that a
    species adds to, and how much a molecule of it adds. A term is a reaction that is not among these: its channel,
    its constant and its reactants (an index after the last species is a molecule that is none; `repeats` counts the
    same species to the left). `reading`: the terms that read a species.
    """

    constant: Array
    alone: NDArray[np.bool_]
    change_start: NDArray[np.int32]
    changed: NDArray[np.int32]
    changes: Array
    linear_start: NDArray[np.int32]
    linear: NDArray[np.int32]
    slopes: Array
    term_channel: NDArray[np.int32]
    term_constant: Array
    reactants: NDArray[np.int32]
    repeats: Array
    reading_start: NDArray[np.int32]
    reading: NDArray[np.int32]


@numba.njit(cache=True)
def _propensity(t: int, c: Any, counts: Array) -> float:
    """Of a term; `counts` holds one number more than there are species, 1, for molecules that are none."""
    value = c.term_constant[t]
    for slot in range(c.reactants.shape[1]):
        value *= max(counts[c.reactants[t, slot]] - c.repeats[t, slot], 0.0)
    return float(value)


@numba.njit(cache=True)
def _anew(c: Any, counts: Array, values: Array, terms: Array, groups: Array, width: int) -> float:
    """All propensities, of terms, channels and groups of channels, from the counts; returns their sum."""
    values[:] = c.constant
    for s in range(len(counts) - 1):
        for i in range(c.linear_start[s], c.linear_start[s + 1]):
            values[c.linear[i]] += c.slopes[i] * counts[s]
    for t in range(len(terms)):
        terms[t] = _propensity(t, c, counts)
        values[c.term_channel[t]] += terms[t]
    groups[:] = 0.0
    for j in range(len(values)):
        groups[j // width] += values[j]
    return float(groups.sum())


@numba.njit(cache=True)
def _chosen(values: Array, begin: int, end: int, threshold: float) -> tuple[int, float]:
    """Position from `begin` at which the running sum passes the threshold, and what is left of that.

    Rounding may leave the threshold above the whole sum: then the last value that is not 0.
    """
    last = -1
    for i in range(begin, end):
        if values[i] > 0.0:
            if threshold < values[i]:
                return i, threshold
            threshold -= values[i]
            last = i
    return last, 0.0


@numba.njit(cache=True)
def _possible(c: Any, j: int, counts: Array) -> bool:
    """Whether channel j leaves no count negative: what rounding left of a propensity that is 0 may have been chosen."""
    least = 0.0
    for i in range(c.change_start[j], c.change_start[j + 1]):
        least = min(least, counts[c.changed[i]] + c.changes[i])
    return least == 0.0


@numba.njit(cache=True, nogil=True)
def sample(c: Any, start: Array, times: Array, watched: Any, averaged: bool, rng: Any, out: Array) -> bool:
    """One trajectory of the `watched` species into `out` (time, watched): counts at `times` or, if `averaged`, the mean
    count since the time before (from the first time on); false if a propensity overflows.

    Args: c: `Channels`; start: counts of all species; rng: a NumPy generator.
    """
    species, channels = len(start), len(c.constant)
    counts = np.ones(species + 1)
    counts[:species] = start
    width = int(np.sqrt(channels)) + 1
    values, groups = np.empty(channels), np.zeros(channels // width + 1)
    terms = np.empty(len(c.term_constant))
    # Integrals of counts up to the time since which they have not changed; `column` tells who is watched.
    integrals, since = np.zeros(len(watched)), np.zeros(len(watched))
    column = np.full(species, -1)
    column[watched] = np.arange(len(watched))
    time, at, events, total, made = 0.0, 0, 0, 0.0, 0.0
    while True:
        if events % _ANEW == 0 or total < _MUCH_LESS * made:
            total = _anew(c, counts, values, terms, groups, width)
            made = total
        if not total < np.inf:
            return False
        time += rng.standard_exponential() / total if total > 0.0 else np.inf
        while at < len(times) and times[at] <= time:
            for w in range(len(watched)):
                value = counts[watched[w]]
                if averaged:
                    integrals[w] += value * (times[at] - since[w])
                    if at > 0:
                        value = integrals[w] / (times[at] - times[at - 1])
                    integrals[w], since[w] = 0.0, times[at]
                out[at, w] = value
            at += 1
        if at == len(times):
            return True
        group, rest = _chosen(groups, 0, len(groups), rng.random() * total)
        j, _ = _chosen(values, group * width, min((group + 1) * width, channels), rest)
        events += 1
        if j < 0 or not _possible(c, j, counts):
            # All that was left there is rounding.
            events = 0
            continue
        for i in range(c.change_start[j], c.change_start[j + 1]):
            s, change = c.changed[i], c.changes[i]
            w = column[s]
            if w >= 0 and averaged:
                integrals[w] += counts[s] * (time - since[w])
                since[w] = time
            counts[s] += change
            for n in range(c.linear_start[s], c.linear_start[s + 1]):
                channel, more = c.linear[n], c.slopes[n] * change
                values[channel] += more
                groups[channel // width] += more
                total += more
        for i in range(c.change_start[j], c.change_start[j + 1]):
            s = c.changed[i]
            for n in range(c.reading_start[s], c.reading_start[s + 1]):
                t = c.reading[n]
                channel, value = c.term_channel[t], _propensity(t, c, counts)
                more = value - terms[t]
                terms[t] = value
                values[channel] = value if c.alone[channel] else values[channel] + more
                groups[channel // width] += more
                total += more
