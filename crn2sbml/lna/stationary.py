"""Stationary covariance and autocorrelation of counts under the linear noise approximation (LNA).

With J the Jacobian and D = S diag(v) S^T at a stable steady state, J C + C J^T + D = 0; all in items, so that C is the
covariance of counts. Exact where every propensity is affine in the counts.
Source: van Kampen, Stochastic Processes in Physics and Chemistry, ch. X; Elf, Ehrenberg 2003, doi:10.1101/gr.1196503.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy import linalg

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.steady import check_steady
from crn2sbml.errors import SteadyStateError

LARGEST = 4000
"""Species beyond which the dense solver would need too much memory and hours."""


@dataclass(frozen=True)
class Stationary:
    """Stationary Gaussian of the floating species: `mean` (items), `covariance` (items^2), `jacobian` (1/s)."""

    species: tuple[str, ...]
    mean: Array
    covariance: Array
    jacobian: Array

    def autocorrelations(self, step: float, count: int, species: Sequence[str]) -> Array:
        """Correlation of each named species with itself `step`, 2 `step`, ... seconds later: (count, species).

        0 for a species without noise. One matrix exponential, then a product a step.
        """
        return np.array(list(islice(self._autocorrelations(step, species), count)))

    def decorrelation_time(self, below: float, species: Sequence[str]) -> float:
        """Seconds after which the named species correlate with themselves by less than `below`.

        In steps of an eighth of the slowest relaxation time. Raises: SteadyStateError: not within 10,000 steps.
        """
        step = -1 / np.linalg.eigvals(self.jacobian).real.max() / 8
        for number, correlations in enumerate(islice(self._autocorrelations(step, species), 10_000), 1):
            if np.all(np.abs(correlations) < below):
                return float(step * number)
        raise SteadyStateError(f"correlations stay above {below} for more than {step * 10_000:.3g} s")

    def _autocorrelations(self, step: float, species: Sequence[str]) -> Iterator[Array]:
        rows = [self.species.index(name) for name in species]
        variance, propagator = np.diag(self.covariance)[rows], linalg.expm(self.jacobian * step)
        shifted = self.covariance[:, rows]
        while True:
            shifted = propagator @ shifted
            own = shifted[rows, range(len(rows))]
            yield np.divide(own, variance, out=np.zeros_like(variance), where=variance > 0)


def stationary(matrices: Matrices, counts: Array) -> Stationary:
    """The stationary LNA at a steady state that a simulator found.

    Args: counts: items, shape (species,), all species.
    Raises: SteadyStateError: not steady, unstable, undetermined by a conservation law, or too large.
    """
    check_steady(matrices, counts, "LNA")
    floating = matrices.floating
    if len(floating) > LARGEST:
        raise SteadyStateError(f"LNA: {len(floating)} floating species, the dense solver takes at most {LARGEST}")
    jacobian = matrices.jacobian(counts)[floating][:, floating].toarray()
    diffusion = matrices.diffusion(counts)[floating][:, floating].toarray()
    names = matrices.floating_species
    _check_stable(jacobian, names)
    covariance = linalg.solve_continuous_lyapunov(jacobian, -diffusion)
    return Stationary(names, counts[floating], (covariance + covariance.T) / 2, jacobian)


def _check_stable(jacobian: Array, names: tuple[str, ...]) -> None:
    if not len(names):
        raise SteadyStateError("LNA: the network has no floating species")
    values, vectors = np.linalg.eig(jacobian)
    slowest = int(np.argmax(values.real))
    scale = max(float(np.abs(values).max()), 1e-300)
    if values[slowest].real > -1e-12 * scale:
        culprit = names[int(np.argmax(np.abs(vectors[:, slowest])))]
        kind = "unstable" if values[slowest].real > 1e-9 * scale else "undetermined (a conservation law?)"
        raise SteadyStateError(
            f"LNA: the steady state is {kind}: eigenvalue {values[slowest].real:.3g} 1/s, mostly in {culprit!r}"
        )
