"""How far a linear noise approximation can be trusted: the next order, the fewest molecules, the margin."""

from dataclasses import dataclass

import numpy as np

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.lna.correction import mean_correction
from crn2sbml.lna.stationary import Stationary

LARGEST_SHIFT = 0.1
"""Shift of a mean by the next order, in standard deviations, from which mean and variance are doubtful.

At a rectifier's threshold (a = 3, k = 100, g = 1, ten items per unit) the variance is 6 % off where the shift is 0.01,
28 % where it is 0.11, and by a factor of three or four where it is 0.2 to 0.6 (against the master equation).
"""
_NO_NOISE = 1e-6
"""Standard deviation, items, below which a species is taken for absent."""


@dataclass(frozen=True)
class Validity:
    """`shift` of each floating species' mean by the next order of the expansion, in its standard deviations.

    `smallest` is the species with the least mean among those that have noise, with that mean (items); `slowest`
    (1/s, below 0) is the eigenvalue that goes to 0 where the state loses its stability.
    """

    species: tuple[str, ...]
    shift: Array
    smallest: tuple[str, float]
    slowest: float

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Species whose mean the next order shifts by more than `LARGEST_SHIFT`, worst first."""
        order = np.argsort(-np.abs(self.shift), kind="stable")
        return tuple(self.species[i] for i in order if not abs(self.shift[i]) <= LARGEST_SHIFT)

    def summary(self) -> str:
        """One line for people."""
        name, count = self.smallest
        rest = f"smallest mean {count:.2g} items ({name}), slowest relaxation {-1 / self.slowest:.3g} s"
        if not self.doubtful:
            return f"the next order moves no mean by more than {LARGEST_SHIFT:g} sd; {rest}"
        worst = self.doubtful[0]
        shift = self.shift[self.species.index(worst)]
        return (
            f"doubtful for {len(self.doubtful)} of {len(self.species)} species: the next order moves the mean of "
            f"{worst} by {shift:+.2g} sd; {rest}"
        )


def validity(matrices: Matrices, counts: Array, noise: Stationary) -> Validity:
    """Args: counts: the steady state that `noise` belongs to, items, all species."""
    sd = np.sqrt(np.diag(noise.covariance).clip(min=0))
    noisy = sd > _NO_NOISE
    shift = np.divide(mean_correction(matrices, counts, noise), sd, out=np.zeros_like(sd), where=noisy)
    least = int(np.argmin(np.where(noisy, noise.mean, np.inf)))
    return Validity(
        noise.species,
        shift,
        (noise.species[least], float(noise.mean[least])),
        noise.slowest,
    )
