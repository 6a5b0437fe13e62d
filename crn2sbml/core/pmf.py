"""Probabilities of counts: what the stationary law of a network is wanted to be."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.matrices import Array
from crn2sbml.errors import PmfError

_SLACK = 1e-9
"""By how much probabilities may miss one; then they are divided by their sum."""


@dataclass(frozen=True)
class Pmf:
    """A probability mass function on finitely many points of Z^d: `support` (points, d), `probabilities` (points,).

    Points of no probability are left out, and the others sorted.
    Raises: PmfError: no point; a point that is named twice, or has negative or broken counts, or another number of
        them; probabilities that are negative or do not sum to one.
    """

    support: tuple[tuple[int, ...], ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.support or len(self.support) != len(self.probabilities):
            raise PmfError(
                f"pmf: {len(self.support)} points with {len(self.probabilities)} probabilities; give one each, and one "
                "point at least"
            )
        _check_points(self.support)
        for point, p in zip(self.support, self.probabilities, strict=True):
            if not 0 <= p <= 1:
                raise PmfError(f"pmf: the probability of {_named(point)} is {p:g}; it must be 0 to 1")
        total = math.fsum(self.probabilities)
        if abs(total - 1) > _SLACK:
            raise PmfError(f"pmf: the probabilities sum to {total:.10g}, not to 1")
        kept = sorted(
            (tuple(map(int, x)), p / total) for x, p in zip(self.support, self.probabilities, strict=True) if p
        )
        object.__setattr__(self, "support", tuple(x for x, _ in kept))
        object.__setattr__(self, "probabilities", tuple(p for _, p in kept))

    @property
    def points(self) -> NDArray[np.intp]:
        """The support as an array, (points, d)."""
        return np.array(self.support)

    @property
    def weights(self) -> Array:
        """The probabilities as an array, (points,)."""
        return np.array(self.probabilities)


def parse_pmf(text: str) -> Pmf:
    """A pmf as people write it: `0:.2,2:.5,5:.3`; in two dimensions `0 1:.5,3 0:.5`.

    Line ends part points as commas do, and lines that start with # say nothing. Raises: PmfError.
    """
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    entries = [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]
    pairs = [_pair(entry) for entry in entries]
    return Pmf(tuple(point for point, _ in pairs), tuple(p for _, p in pairs))


def total_variation(one: Iterable[tuple[Sequence[int], float]], other: Pmf) -> float:
    """Half the sum of absolute differences of probabilities, over all points that either names."""
    difference = dict(zip(other.support, other.probabilities, strict=True))
    for point, p in one:
        key = tuple(map(int, point))
        difference[key] = difference.get(key, 0.0) - p
    return math.fsum(map(abs, difference.values())) / 2


def _pair(entry: str) -> tuple[tuple[int, ...], float]:
    point, colon, p = entry.partition(":")
    try:
        counts, probability = [float(count) for count in point.split()], float(p)
    except ValueError:
        counts = []
    if not colon or not counts:
        raise PmfError(f"pmf: {entry[:40]!r} is no point with its probability, as 2:.5, or 0 3:.5 in two dimensions")
    _check_point(counts)
    return tuple(map(int, counts)), probability


def _check_points(support: Iterable[Sequence[float]]) -> None:
    seen: set[tuple[float, ...]] = set()
    first = len(next(iter(support)))
    for point in support:
        if len(point) != first or not first:
            raise PmfError(
                f"pmf: {_named(point)} has {len(point)} counts, the first point {first}; 1 or more, all alike"
            )
        _check_point(point)
        if tuple(point) in seen:
            raise PmfError(f"pmf: {_named(point)} is named twice")
        seen.add(tuple(point))


def _check_point(point: Sequence[float]) -> None:
    for count in point:
        if not (0 <= count < 1e9 and float(count).is_integer()):
            raise PmfError(f"pmf: a count of {_named(point)} is {count:g}; it must be a whole number, 0 to 1e9")


def _named(point: Sequence[float]) -> str:
    return f"({', '.join(f'{count:g}' for count in point)})"
