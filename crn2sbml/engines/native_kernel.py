"""The compiled loop of `engines.native`."""

from typing import Any

import numba
import numpy as np

from crn2sbml.core.matrices import Array

_ANEW = 100_000
"""Events after which the sums of propensities are computed anew, before rounding errors add up."""


@numba.njit(cache=True)
def _propensity(j: int, constants: Array, reactants: Any, repeats: Array, counts: Array) -> float:
    """`counts` holds one number more than there are species, 1, for molecules that are none."""
    value = constants[j]
    for slot in range(reactants.shape[1]):
        value *= max(counts[reactants[j, slot]] - repeats[j, slot], 0.0)
    return float(value)


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


@numba.njit(cache=True, nogil=True)
def sample(
    constants: Array,
    reactants: Any,
    repeats: Array,
    change_start: Any,
    changed: Any,
    changes: Array,
    reader_start: Any,
    readers: Any,
    start: Array,
    times: Array,
    watched: Any,
    averaged: bool,
    rng: Any,
    out: Array,
) -> bool:
    """One trajectory of the `watched` species into `out` (time, watched): counts at `times` or, if `averaged`, the mean
    count since the time before (from the first time on); false if a propensity overflows.

    Reaction j changes the species changed[change_start[j]:change_start[j + 1]], and those which read species s are
    readers[reader_start[s]:reader_start[s + 1]].
    """
    species, reactions = len(start), len(constants)
    counts = np.ones(species + 1)
    counts[:species] = start
    width = int(np.sqrt(reactions)) + 1
    values, groups = np.empty(reactions), np.zeros(reactions // width + 1)
    # Integrals of counts up to the time since which they have not changed; `column` tells who is watched.
    integrals, since = np.zeros(len(watched)), np.zeros(len(watched))
    column = np.full(species, -1)
    column[watched] = np.arange(len(watched))
    time, at, events, total = 0.0, 0, 0, 0.0
    while True:
        if events % _ANEW == 0:
            groups[:] = 0.0
            for j in range(reactions):
                values[j] = _propensity(j, constants, reactants, repeats, counts)
                groups[j // width] += values[j]
            total = groups.sum()
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
        j, _ = _chosen(values, group * width, min((group + 1) * width, reactions), rest)
        events += 1
        if j < 0:
            # All that was left of this group is rounding.
            events = 0
            continue
        for c in range(change_start[j], change_start[j + 1]):
            s = changed[c]
            w = column[s]
            if w >= 0 and averaged:
                integrals[w] += counts[s] * (time - since[w])
                since[w] = time
            counts[s] += changes[c]
        for c in range(change_start[j], change_start[j + 1]):
            for r in range(reader_start[changed[c]], reader_start[changed[c] + 1]):
                reader = readers[r]
                value = _propensity(reader, constants, reactants, repeats, counts)
                groups[reader // width] += value - values[reader]
                total += value - values[reader]
                values[reader] = value
