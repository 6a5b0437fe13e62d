"""How far two results lie apart, as one number with a tolerance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from crn2sbml.core.matrices import Array

VARIANCE_FLOOR = 1e-3
"""Items^2 added to each variance before covariances are scaled: below it a species has no noise to speak of."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One comparison: the measured `difference`, the `tolerance` it must not exceed, and what they mean."""

    name: str
    difference: float
    tolerance: float
    meaning: str

    @property
    def holds(self) -> bool:
        """Whether the difference is within tolerance; a NaN is not."""
        return bool(self.difference <= self.tolerance)

    def __str__(self) -> str:
        verdict = "agree" if self.holds else "DISAGREE"
        return f"{self.name}: {verdict} ({self.meaning} {self.difference:.2g}, tolerance {self.tolerance:.2g})"


def relative_difference(value: ArrayLike, reference: ArrayLike) -> float:
    """Largest |value - reference| / |reference|; 0 where both are 0, infinite where only the reference is."""
    a, b = np.asarray(value, dtype=float), np.asarray(reference, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(a == b, 0.0, np.abs(a - b) / np.abs(b))
    return float(np.max(ratio, initial=0.0))


def covariance_difference(value: ArrayLike, reference: ArrayLike) -> float:
    """Largest |difference| of two covariance matrices (items^2), each entry scaled by the two standard deviations.

    `VARIANCE_FLOOR` is added to each variance of the reference.
    """
    a, b = np.asarray(value, dtype=float), np.asarray(reference, dtype=float)
    sd = np.sqrt(np.diag(b) + VARIANCE_FLOOR)
    return float(np.max(np.abs(a - b) / np.outer(sd, sd), initial=0.0))


def z_scores(mean: ArrayLike, expected: ArrayLike, standard_error: ArrayLike) -> Array:
    """(mean - expected) / standard error; 0 where both are equal, infinite where only the error is 0."""
    a, b, se = (np.asarray(x, dtype=float) for x in (mean, expected, standard_error))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(a == b, 0.0, (a - b) / se))
