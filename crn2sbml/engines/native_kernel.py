"""The compiled loop of `engines.native`.

Reactions with the same net change are one channel, whose propensity is their sum. Where it has many reactions of one
reactant, as the production of a species that reads a whole layer has, a changed count adds its difference times a
constant; all other propensities are computed anew from the counts. A channel is found in a tree: its leaves are the
channels, each node above holds the sum of `BRANCHES` nodes below, and the root holds the sum of all.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.matrices import Array

_BITS = 4
BRANCHES = 1 << _BITS
_ANEW, _MUCH_LESS = 100_000, 1e-6
"""Events after which all sums are computed anew, before rounding errors add up, and the part of what they were: below
it, errors that were small beside them no longer are.
"""


class Channels(NamedTuple):
    """Channels as flat arrays. Row i of a compressed list `x` with `x_start` is x[x_start[i]:x_start[i + 1]].

    `levels`: where each level of the tree begins, channels first, root last. `constant`: the part of each node (1/s)
    that follows from no count; `alone`: whether a channel is one term. `changed`, `changes`: the species that a channel
    changes, and by how much. `linear`, `slopes`: the nodes that a species adds to, and how much a molecule of it adds.
    A term is a reaction that is not among these: its channel, its constant and its reactants (an index after the last
    species is a molecule that is none; `repeats` counts the same species to the left). `reading`: the terms that read a
    species.
    """

    levels: NDArray[np.int32]
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
def _anew(c: Any, counts: Array, nodes: Array, terms: Array) -> None:
    """All propensities, of terms and of the nodes of the tree, from the counts."""
    nodes[:] = c.constant
    for s in range(len(counts) - 1):
        for i in range(c.linear_start[s], c.linear_start[s + 1]):
            nodes[c.linear[i]] += c.slopes[i] * counts[s]
    for t in range(len(terms)):
        terms[t] = _propensity(t, c, counts)
        _add(c, nodes, c.term_channel[t], terms[t])


@numba.njit(cache=True)
def _add(c: Any, nodes: Array, channel: int, more: float) -> None:
    """To a channel and all nodes above."""
    for level in range(len(c.levels)):
        nodes[c.levels[level] + (channel >> (_BITS * level))] += more


@numba.njit(cache=True)
def _chosen(c: Any, nodes: Array, threshold: float) -> int:
    """The channel at which the running sum passes the threshold, or -1.

    Rounding may leave the threshold above the sum of a node's branches: then the last branch that is not 0 is taken.
    """
    at = 0
    for level in range(len(c.levels) - 2, -1, -1):
        begin = c.levels[level]
        chosen = -1
        for i in range(at << _BITS, min((at + 1) << _BITS, c.levels[level + 1] - begin)):
            value = nodes[begin + i]
            if value > 0.0:
                chosen = i
                if threshold < value:
                    break
                threshold -= value
        if chosen < 0:
            return -1
        at = chosen
    return at


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
    species = len(start)
    counts = np.ones(species + 1)
    counts[:species] = start
    nodes, terms = np.empty(len(c.constant)), np.empty(len(c.term_constant))
    root = len(nodes) - 1
    # Integrals of counts up to the time since which they have not changed; `column` tells who is watched.
    integrals, since = np.zeros(len(watched)), np.zeros(len(watched))
    column = np.full(species, -1)
    column[watched] = np.arange(len(watched))
    time, at, events, made = 0.0, 0, 0, 0.0
    while True:
        if events % _ANEW == 0 or nodes[root] < _MUCH_LESS * made:
            _anew(c, counts, nodes, terms)
            made = nodes[root]
        total = nodes[root]
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
        j = _chosen(c, nodes, rng.random() * total)
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
                nodes[c.linear[n]] += c.slopes[n] * change
        for i in range(c.change_start[j], c.change_start[j + 1]):
            s = c.changed[i]
            for n in range(c.reading_start[s], c.reading_start[s + 1]):
                t = c.reading[n]
                channel, value = c.term_channel[t], _propensity(t, c, counts)
                _add(c, nodes, channel, value - terms[t])
                terms[t] = value
                if c.alone[channel]:
                    nodes[channel] = value  # without rounding: 0 if it is 0
