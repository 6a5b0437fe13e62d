"""The SBML Test Suite's rules: how far a result lies from the correct one, and how many points fall outside.

Source: the suite's cases/semantic/README.md; Evans, Gillespie, Wilkinson 2008, doi:10.1093/bioinformatics/btm566.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crn2sbml.core.matrices import Array
from crn2sbml.verify.suite_files import Settings, Table

MEANS_OUTSIDE, SDS_OUTSIDE = 3, 6
"""Points that may fall outside over the whole suite, by its user guide ("two or three", "five or six")."""
LNA_TOLERANCE = 1e-6
"""Relative; the files print six digits or more, and half a unit of their last digit is added."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The point that lies furthest from the correct value, measured in what is allowed there (`limit`)."""

    variable: str
    time: float
    value: float
    correct: float
    limit: float

    @property
    def ratio(self) -> float:
        """How many times the limit it is off; above 1 fails. Infinite where only one of the two is a number."""
        value, correct = self.value, self.correct
        return float(_ratios(np.array([value]), np.array([correct]), np.array([self.limit]))[0])

    def __str__(self) -> str:
        off = abs(self.value - self.correct)
        return (
            f"{self.variable} at t = {self.time:g} is {self.value:.9g}, correct is {self.correct:.9g}: "
            f"off by {off:.2g}, {self.ratio:.2g} times what is allowed"
        )


@dataclass(frozen=True, slots=True)
class Outside:
    """Points scored, and how many fall outside: means by Z; standard deviations by Y as the suite has it
    (`plain_sds`) and by Y over its exact spread (`sds`; the same where the spread is not known).
    """

    points: int = 0
    means: int = 0
    sds: int = 0
    plain_sds: int = 0

    def __add__(self, other: "Outside") -> "Outside":
        return Outside(
            self.points + other.points,
            self.means + other.means,
            self.sds + other.sds,
            self.plain_sds + other.plain_sds,
        )

    @property
    def holds(self) -> bool:
        """Whether no more points fall outside than may over the whole suite."""
        return self.means <= MEANS_OUTSIDE and self.sds <= SDS_OUTSIDE

    def __str__(self) -> str:
        plain = "" if self.plain_sds == self.sds else f" ({self.plain_sds} as if the law were Gaussian)"
        return f"{self.means} means and {self.sds} sds{plain} of {self.points} points outside"


def worst_point(values: Mapping[str, Array], correct: Table, limits: Mapping[str, Array]) -> Worst | None:
    """The worst point of all variables, each (time,); None if there is none to compare."""
    found = []
    for name, column in values.items():
        right, limit = correct.columns[name], limits[name]
        at = int(np.argmax(_ratios(column, right, limit)))
        found.append(Worst(name, float(correct.times[at]), float(column[at]), float(right[at]), float(limit[at])))
    return max(found, key=lambda worst: worst.ratio, default=None)


def suite_limits(correct: Table, settings: Settings) -> dict[str, Array]:
    """Absolute + relative |correct|, for each column."""
    return {name: settings.absolute + settings.relative * np.abs(c) for name, c in correct.columns.items()}


def printed_limits(correct: Table) -> dict[str, Array]:
    """`LNA_TOLERANCE` |correct| and half a unit of the last digit that the column prints."""
    return {name: correct.precision[name] + LNA_TOLERANCE * np.abs(c) for name, c in correct.columns.items()}


@dataclass(frozen=True)
class Marks:
    """Which points fall outside, one after the other over all variables; see `Outside`."""

    means: NDArray[np.bool_]
    sds: NDArray[np.bool_]
    plain_sds: NDArray[np.bool_]

    def __and__(self, other: "Marks") -> "Marks":
        """The points outside in both of two samples."""
        return Marks(self.means & other.means, self.sds & other.sds, self.plain_sds & other.plain_sds)

    @property
    def count(self) -> Outside:
        """How many they are."""
        return Outside(len(self.means), int(self.means.sum()), int(self.sds.sum()), int(self.plain_sds.sum()))


def outside(
    samples: Mapping[str, Array], mean: Table, sd: Table, spreads: Mapping[str, Array], settings: Settings
) -> tuple[Marks, Worst | None]:
    """Scores samples, each (run, time), where the standard deviation is not 0; elsewhere all must equal the mean.

    Z = sqrt(n) (mean - mu) / sigma and Y = sqrt(n/2) (S^2 / sigma^2 - 1), S^2 about the known mean; `spreads` holds
    the standard deviation of Y, each (time,).

    Returns: the points outside, and the first sample that differs where nothing may vary, or None.
    """
    marks: list[tuple[NDArray[np.bool_], ...]] = [(np.zeros(0, dtype=bool),) * 3]
    unequal = []
    for name, counts in samples.items():
        known, sigma = mean.columns[name], sd.columns[name]
        noisy = sigma > 0
        for at in np.flatnonzero(~noisy):
            odd = counts[:, at][np.abs(counts[:, at] - known[at]) > mean.precision[name]]
            if len(odd):
                unequal.append(Worst(name, float(mean.times[at]), float(odd[0]), float(known[at]), 0.0))
        y = y_scores(counts[:, noisy], known[noisy], sigma[noisy])
        z = z_means(counts[:, noisy], known[noisy], sigma[noisy])
        corrected = y / spreads[name][noisy]
        marks.append(
            (_beyond(z, settings.mean_range), _beyond(corrected, settings.sd_range), _beyond(y, settings.sd_range))
        )
    means, sds, plain = (np.concatenate(parts) for parts in zip(*marks, strict=True))
    return Marks(means, sds, plain), unequal[0] if unequal else None


def z_means(samples: Array, mean: Array, sd: Array) -> Array:
    """The suite's Z of samples (run, time), shape (time,)."""
    return np.asarray(np.sqrt(len(samples)) * (samples.mean(axis=0) - mean) / sd)


def y_scores(samples: Array, mean: Array, sd: Array) -> Array:
    """The suite's Y of samples (run, time), shape (time,)."""
    return np.asarray(np.sqrt(len(samples) / 2) * (((samples - mean) ** 2).mean(axis=0) / sd**2 - 1))


def _beyond(scores: Array, limits: tuple[float, float]) -> NDArray[np.bool_]:
    # A NaN is outside.
    return ~((scores > limits[0]) & (scores < limits[1]))


def _ratios(value: Array, correct: Array, limit: Array) -> Array:
    """|value - correct| / limit; 0 where both are the same, NaN and infinities included, else infinite for those."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(value - correct) / limit
    same = (value == correct) | (np.isnan(value) & np.isnan(correct))
    return np.where(same, 0.0, np.where(np.isnan(ratio) | ~np.isfinite(correct), np.inf, ratio))
