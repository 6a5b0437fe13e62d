"""The compiled loop of `engines.native`.

Reactions of the same reactants are one group: they share its propensity as their constants do, whatever the counts are.
So an event touches the few groups that its species are reactants of, however many reactions these are.

A group is drawn by rejection. Each has a bound on its propensity, which holds while no count passes its ceiling, and as
many slots in a table as its bound asks for. A slot is drawn, after a time that all slots make, and its group fires with
the probability propensity / bound. Bounds are made anew once that many draws were in vain as making them anew costs.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.matrices import Array

_SLOTS = 8
"""In the table for a group of average bound: the more, the fewer draws are in vain because slots are whole."""
_ROOM = 4
"""Slots in the table for a group of average bound, that are free for bounds that rise."""
_MARGIN = 0.5
"""Square roots of a count that its ceiling is above it, if fewer draws are in vain than not: else none."""
_IN_VAIN = 4
"""Draws in vain, a group, that are worth making the bounds anew."""
_BATCH = 1024
"""Random numbers made at a time: in a loop of their own they cost less."""


class Groups(NamedTuple):
    """Reactions by their reactants, as flat arrays. Row i of a list `x` with `x_start` is x[x_start[i]:x_start[i + 1]].

    `rates`: the sum of the constants of each group; `reactants`: its reactants (an index after the last species is a
    molecule that is none; `repeats` counts the same species to the left). `member_start`: where its reactions begin.
    `share`, `alias`: a reaction that is drawn evenly among its group's is kept with probability `share`, else `alias`
    fires. `changed`, `changes`: the species that a reaction changes, and by how much. `reading`: the groups that a
    species is a reactant of.
    """

    rates: Array
    reactants: NDArray[np.uint32]
    repeats: Array
    member_start: NDArray[np.uint32]
    share: Array
    alias: NDArray[np.uint32]
    change_start: NDArray[np.uint32]
    changed: NDArray[np.uint32]
    changes: Array
    reading_start: NDArray[np.uint32]
    reading: NDArray[np.uint32]


@numba.njit(cache=True)
def aliases(start: NDArray[np.int64], constants: Array) -> tuple[Array, NDArray[np.uint32]]:
    """`share` and `alias` of `Groups`, in time linear in the reactions; group i is start[i]:start[i + 1].

    Source: Walker 1977, doi:10.1145/355744.355749.
    """
    share, alias = np.ones(len(constants)), np.arange(len(constants)).astype(np.uint32)
    waiting = np.empty(len(constants), np.int64)
    for g in range(len(start) - 1):
        first, end = start[g], start[g + 1]
        mean = constants[first:end].mean()
        if not mean > 0.0:
            continue
        # From the left, those below the mean; from the right, those above, who fill up the others.
        below, above = first, end
        for j in range(first, end):
            share[j] = constants[j] / mean
            if share[j] < 1.0:
                waiting[below] = j
                below += 1
            else:
                above -= 1
                waiting[above] = j
        while below > first and above < end:
            below -= 1
            j, giver = waiting[below], waiting[above]
            alias[j] = giver
            share[giver] -= 1.0 - share[j]
            if share[giver] < 1.0:
                waiting[below] = giver
                below += 1
                above += 1
        # What is left is 1 but for rounding.
        share[waiting[first:below]] = 1.0
    return share, alias


@numba.njit(cache=True)
def _propensity(g: int, c: Any, counts: Array) -> float:
    """Of a group; `counts` holds one number more than there are species, 1, for molecules that are none."""
    value = c.rates[g]
    for slot in range(c.reactants.shape[1]):
        value *= max(counts[c.reactants[g, slot]] - c.repeats[g, slot], 0.0)
    return float(value)


@numba.njit(cache=True)
def _ceiling(count: float, margin: float) -> float:
    return float(count + np.floor(margin * np.sqrt(count)))


@numba.njit(cache=True)
def _anew(
    c: Any, counts: Array, margin: float, moves: Any, ceilings: Array, bounds: Array, table: Any
) -> tuple[float, int]:
    """All bounds from the counts: how much of a bound (1/s) a slot stands for (infinite if a bound is), filled slots.

    `moves`: whether a reaction changes the species.
    """
    for s in range(len(moves)):
        ceilings[s] = _ceiling(counts[s], margin) if moves[s] else counts[s]
    total = 0.0
    for g in range(len(bounds)):
        bounds[g] = _propensity(g, c, ceilings)
        total += bounds[g]
    if not total < np.inf:
        return np.inf, 0
    unit, filled = total / (_SLOTS * max(len(bounds), 1)), 0
    for g in range(len(bounds)):
        slots = int(np.ceil(bounds[g] / unit)) if unit > 0.0 else 0
        bounds[g] = slots * unit
        table[filled : filled + slots] = g
        filled += slots
    return unit, filled


@numba.njit(cache=True)
def _raise(c: Any, s: int, ceiling: float, ceilings: Array, bounds: Array, table: Any, unit: float, filled: int) -> int:
    """A higher ceiling for a species, and more slots for the groups that read it: how many are filled.

    More than the table has are a sign that it is full.
    """
    ceilings[s] = ceiling
    for n in range(c.reading_start[s], c.reading_start[s + 1]):
        g = c.reading[n]
        slots = int(min(np.ceil(max(_propensity(g, c, ceilings) - bounds[g], 0.0) / unit), len(table) + 1.0))
        bounds[g] += slots * unit
        table[filled : filled + slots] = g
        filled += slots
    return filled


@numba.njit(cache=True, nogil=True)
def sample(c: Any, start: Array, times: Array, watched: Any, averaged: bool, rng: Any, out: Array) -> bool:
    """One trajectory of the `watched` species into `out` (time, watched): counts at `times` or, if `averaged`, the mean
    count since the time before (from the first time on); false if a propensity overflows.

    Args: c: `Groups`; start: counts of all species; rng: a NumPy generator.
    """
    species, groups = len(start), len(c.rates)
    counts = np.ones(species + 1)
    counts[:species] = start
    moves = np.zeros(species, np.bool_)
    moves[c.changed] = True
    ceilings, bounds, table = np.ones(species + 1), np.empty(groups), np.empty((_SLOTS + 1 + _ROOM) * groups, np.uint32)
    # Integrals of counts up to the time since which they have not changed; `column` tells who is watched.
    integrals, since = np.zeros(len(watched)), np.zeros(len(watched))
    column = np.full(species, -1)
    column[watched] = np.arange(len(watched))
    # `patience`: draws in vain until the bounds are made anew; `fired`: those that were not, since they were.
    most = _IN_VAIN * groups + 1
    time, at, patience, fired, margin, pause, unit, filled = 0.0, 0, 0, most, _MARGIN, 0.0, 0.0, 0
    following, drawn = times[0], _BATCH - 1
    while True:
        if patience == 0 or filled > len(table):
            margin = _MARGIN if fired >= most - patience else 0.0
            unit, filled = _anew(c, counts, margin, moves, ceilings, bounds, table)
            if unit == np.inf:
                return False
            patience, fired = most, 0
            pause = 1.0 / (unit * filled) if filled > 0 else 0.0
        drawn += 1
        if drawn == _BATCH:
            waits, places, drawn = rng.standard_exponential(_BATCH), rng.random((_BATCH, 2)), 0
        time += waits[drawn] * pause if filled > 0 else np.inf
        while time >= following:
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
            following = times[at]
        place = places[drawn, 0] * filled
        slot = int(place)
        g = table[slot]
        if (place - slot) * bounds[g] >= _propensity(g, c, counts):
            patience -= 1
            continue
        fired += 1
        j = c.member_start[g]
        members = c.member_start[g + 1] - j
        if members > 1:
            place = places[drawn, 1] * members
            slot = int(place)
            j = np.uint32(j + slot)
            if place - slot >= c.share[j]:
                j = c.alias[j]
        for i in range(c.change_start[j], c.change_start[j + 1]):
            s, change = c.changed[i], c.changes[i]
            if averaged:
                w = column[s]
                if w >= 0:
                    integrals[w] += counts[s] * (time - since[w])
                    since[w] = time
            counts[s] += change
            if counts[s] > ceilings[s]:
                filled = _raise(c, s, _ceiling(counts[s], margin), ceilings, bounds, table, unit, filled)
                pause = 1.0 / (unit * filled)
