"""Stationary covariance and autocorrelation of counts under the linear noise approximation (LNA).

With J the Jacobian and D = S diag(v) S^T at a stable steady state, J C + C J^T + D = 0; all in items, so that C is the
covariance of counts. Exact where every propensity is affine in the counts.
Source: van Kampen, Stochastic Processes in Physics and Chemistry, ch. X; Elf, Ehrenberg 2003, doi:10.1101/gr.1196503.
"""

from dataclasses import dataclass

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

    def autocorrelation(self, lag: float) -> Array:
        """Correlation of each species with itself `lag` seconds later, shape (species,); 0 where it has no noise."""
        variance = np.diag(self.covariance)
        shifted = np.einsum("ij,ji->i", linalg.expm(self.jacobian * lag), self.covariance)
        return np.asarray(np.divide(shifted, variance, out=np.zeros_like(variance), where=variance > 0))

    def decorrelation_time(self, below: float, species: tuple[str, ...]) -> float:
        """Seconds after which the named species correlate with themselves by less than `below`, to about 5 %.

        Raises: SteadyStateError: not within 10,000 relaxation times of the slowest mode.
        """
        rows = [self.species.index(name) for name in species]
        slowest = -1 / np.linalg.eigvals(self.jacobian).real.max()
        lag = slowest / 4
        while lag < 1e4 * slowest:
            if np.all(np.abs(self.autocorrelation(lag)[rows]) < below):
                return float(lag)
            lag *= 1.1
        raise SteadyStateError(f"correlations stay above {below} for more than {lag:.3g} s")


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
    names = tuple(matrices.species[i] for i in floating)
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
