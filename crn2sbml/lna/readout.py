"""Noise of a few read-outs, such as species or their differences, without the n x n covariance.

A read-out c . x has the power spectrum lambda^H D lambda with (-i w - J^T) lambda = c, one sparse solve a frequency;
its variance is the integral of that over w / 2 pi. As a sum over reactions, v |change . lambda|^2, the integrand tells
which of them make the noise. With w = s tan(theta) it is smooth and periodic in theta, so that the trapezoidal
rule converges exponentially.
Source: van Kampen, Stochastic Processes in Physics and Chemistry, ch. IX and X; Trefethen, Weideman 2014,
doi:10.1137/130932132 (the trapezoidal rule).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.steady import check_steady
from crn2sbml.errors import ShapeError, SteadyStateError
from crn2sbml.lna.block_triangular import BlockTriangular
from crn2sbml.lna.stability import check_stable, is_singular

_FIRST, _MOST = 8, 4096
"""Intervals of the quadrature at first, and at most."""


@dataclass(frozen=True)
class ReadoutNoise:
    """Covariance of read-outs (items^2), `error` of it relative to the variances, and each reaction's part.

    `by_reaction` has shape (reactions, read-outs): what each adds to the variance of each; its sums are the variances.
    `intervals` of the quadrature were needed.
    """

    covariance: Array
    error: float
    by_reaction: Array
    intervals: int


@dataclass(frozen=True)
class Adjoint:
    """The linear noise approximation at a steady state, ready to be asked for read-outs: `counts` of all species.

    Raises: SteadyStateError: not steady, not stable, or a sum of counts is conserved.
    """

    matrices: Matrices
    counts: Array

    def __post_init__(self) -> None:
        check_steady(self.matrices, self.counts, "LNA")
        if not len(self.matrices.floating):
            raise SteadyStateError("LNA: the network has no floating species")
        if is_singular(self._blocks):
            raise SteadyStateError("LNA of read-outs: a sum of counts is conserved; ask for the whole covariance")
        check_stable(self._blocks, self.matrices.floating_species)

    def noise(self, weights: Array, tolerance: float = 1e-8) -> ReadoutNoise:
        """Stationary noise of read-outs.

        Args: weights: (floating species, read-outs), how much of each species a read-out holds; tolerance: of the
            covariance, relative to the variances.
        Raises: ShapeError: other shapes; SteadyStateError: no convergence (a state that is not stable, or rates many
            orders of magnitude apart).
        """
        if weights.shape[:1] != self.matrices.floating.shape or weights.ndim != 2:
            raise ShapeError(f"read-outs: weights have shape {weights.shape}, not ({len(self.matrices.floating)}, any)")
        slow, fast = self.influence(0.0, weights), self._changes @ weights
        pace = _pace(self._power(slow), self._power(fast))
        total, parts = self._power(slow, pace) / 2, self._by_reaction(slow, pace) / 2
        total, parts = total + self._power(fast, 1 / pace) / 2, parts + self._by_reaction(fast, 1 / pace) / 2
        intervals, error = _FIRST, np.inf
        angles = np.pi / 2 * np.arange(1, intervals) / intervals
        before = np.full_like(total, np.nan)
        while True:
            for angle in angles:
                found, measure = self.influence(pace * np.tan(angle), weights), pace / np.cos(angle) ** 2
                total, parts = total + self._power(found, measure), parts + self._by_reaction(found, measure)
            covariance = total / (2 * intervals)
            sd = np.sqrt(np.diag(covariance).clip(min=1e-300))
            error = float(np.max(np.abs(covariance - before) / np.outer(sd, sd), initial=0.0))
            if error <= tolerance:
                return ReadoutNoise(covariance, error, parts / (2 * intervals), intervals)
            if intervals >= _MOST:
                raise SteadyStateError(f"LNA: noise of read-outs: {error:.1e} off after {intervals} frequencies")
            before, intervals = covariance, 2 * intervals
            angles = np.pi / 2 * np.arange(1, intervals, 2) / intervals

    def spectrum(self, frequency: float, weights: Array) -> Array:
        """Power spectra and cross spectra (real parts) at a frequency (rad/s), items^2 s: (read-outs, read-outs)."""
        return self._power(self.influence(frequency, weights))

    @cached_property
    def _rates(self) -> Array:
        return self.matrices.rates(self.counts)

    @cached_property
    def _blocks(self) -> BlockTriangular:
        return BlockTriangular.of(self._jacobian)

    @property
    def _order(self) -> NDArray[np.intp]:
        """Upstream last: the transposed Jacobian is then nearly triangular, and factors fill in nowhere else."""
        return self._blocks.order[::-1]

    @cached_property
    def _jacobian(self) -> sparse.csr_array:
        floating = self.matrices.floating
        return sparse.csr_array(self.matrices.jacobian(self.counts)[floating][:, floating])

    @cached_property
    def _transposed(self) -> sparse.csc_array:
        return sparse.csc_array(self._jacobian[self._order][:, self._order].T)

    @cached_property
    def _changes(self) -> sparse.csr_array:
        """Reactions x floating species."""
        return sparse.csr_array(self.matrices.stoichiometry[self.matrices.floating].T)

    def influence(self, frequency: float, weights: Array) -> NDArray[np.complex128]:
        """What a pulse of each reaction does to each read-out, by frequency (rad/s): (reactions, read-outs), seconds.

        Args: weights: (floating species, read-outs).
        """
        shift = -1j * frequency * sparse.eye_array(len(self._order))
        solver = splu(sparse.csc_array(shift - self._transposed), permc_spec="NATURAL", diag_pivot_thresh=0.0)
        found = np.empty(weights.shape, dtype=complex)
        found[self._order] = solver.solve(weights[self._order].astype(complex))
        return np.asarray(self._changes @ found)

    def _power(self, influence: NDArray[Any], measure: float = 1.0) -> Array:
        return np.asarray((influence.conj().T @ (influence * (measure * self._rates)[:, None])).real)

    def _by_reaction(self, influence: NDArray[Any], measure: float) -> Array:
        return np.asarray(np.abs(influence) ** 2 * (measure * self._rates)[:, None])


def _pace(slow: Array, fast: Array) -> float:
    """The rate (1/s) of a single exponential decay with the same spectrum at both ends, over all read-outs."""
    ends = np.array([np.diag(slow), np.diag(fast)])
    ends = ends[:, (ends > 0).all(axis=0)]
    return float(np.exp(np.log(ends[1] / ends[0]).mean() / 2)) if ends.size else 1.0
