"""Noise of a few read-outs, such as species or their differences, without the n x n covariance.

A read-out c . x has the power spectrum lambda^H D lambda with (-i w - J^T) lambda = c, one sparse solve a frequency;
its variance is the integral of that over w / 2 pi (`lna.quadrature`). As a sum over reactions, v |change . lambda|^2,
the integrand tells which of them make the noise. Where sums of counts are conserved, J is singular, but no frequency
is 0 and no reaction moves along the conserved direction, so that nothing more needs to be done.
Source: van Kampen, Stochastic Processes in Physics and Chemistry, ch. IX and X; for averages and correlations Al-Mohy,
Higham 2011, doi:10.1137/100788860 (the action of the matrix exponential).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import SuperLU, expm_multiply, splu

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.steady import check_steady
from crn2sbml.errors import ShapeError, SteadyStateError
from crn2sbml.lna.block_triangular import BlockTriangular
from crn2sbml.lna.quadrature import frequencies
from crn2sbml.lna.stability import check_determined, slowest_and_fastest

_FIRST, _MOST = 9, 6561
"""Frequencies of the quadrature at first, and at most; each time three times as many."""
_NO_NOISE = 1e-9
"""Items below which a standard deviation is taken for 0: a read-out may be a sum that is conserved."""
_MOST_STEPS = 1e6
"""Fastest rate times seconds up to which a matrix exponential is applied; the work is proportional to that."""


@dataclass(frozen=True)
class ReadoutNoise:
    """Covariance of read-outs (items^2), `error` of it relative to the variances, and each reaction's part.

    `with_species` is the covariance of each floating species with each read-out, (floating, read-outs). `by_reaction`
    has shape (reactions, read-outs): what each adds to the variance of each; its sums are the variances. So many
    `frequencies` were needed.
    """

    covariance: Array
    error: float
    with_species: Array
    by_reaction: Array
    frequencies: int


@dataclass(frozen=True)
class Adjoint:
    """The linear noise approximation at a steady state, ready to be asked for read-outs: `counts` of all species.

    Read-outs are given by `weights`, (floating species, read-outs): how much of each species a read-out holds.
    Raises: SteadyStateError: not steady, not stable, or undetermined; from every method ShapeError: other shapes.
    """

    matrices: Matrices
    counts: Array

    def __post_init__(self) -> None:
        check_steady(self.matrices, self.counts, "LNA")
        if not len(self.matrices.floating):
            raise SteadyStateError("LNA: the network has no floating species")
        check_determined(self._blocks, self.matrices)

    def noise(self, weights: Array, tolerance: float = 1e-8) -> ReadoutNoise:
        """Stationary noise of read-outs.

        Args: tolerance: of the covariance, relative to the variances.
        Raises: SteadyStateError: no convergence (rates too many orders of magnitude apart, or oscillations that hardly
            decay).
        """
        self._check(weights)
        total, with_species = np.zeros((weights.shape[1],) * 2), np.zeros(weights.shape)
        by_reaction = np.zeros((len(self._rates), weights.shape[1]))
        slowest, fastest = slowest_and_fastest(self._blocks)
        count, places, before = _FIRST, (np.arange(_FIRST) + 0.5) / _FIRST, np.full(total.shape, np.nan)
        while True:
            for frequency, measure in zip(*frequencies(slowest, fastest, places), strict=True):
                solver = self._solver(frequency)
                influence = self._changes @ self._solved(solver, weights)
                flow = influence * (self._rates * measure)[:, None]
                total += (influence.conj().T @ flow).real
                by_reaction += (influence.conj() * flow).real
                with_species += self._felt(solver, flow)
            covariance = total / count
            sd = np.sqrt(np.diag(covariance).clip(min=(_NO_NOISE * np.abs(weights).max(initial=1e-300)) ** 2))
            error = float(np.max(np.abs(covariance - before) / np.outer(sd, sd), initial=0.0))
            if error <= tolerance:
                return ReadoutNoise(covariance, error, with_species / count, by_reaction / count, count)
            if count >= _MOST:
                raise SteadyStateError(f"LNA: noise of read-outs: {error:.1e} off after {count} frequencies")
            before, count = covariance, 3 * count
            # The middles of three parts of each interval; the one in the middle is known.
            places = (np.arange(count) + 0.5).reshape(-1, 3)[:, [0, 2]].ravel() / count

    def frequencies(self, points: int = 120) -> Array:
        """Frequencies (rad/s) that show all of a spectrum, evenly spaced by their logarithm."""
        slowest, fastest = slowest_and_fastest(self._blocks)
        return np.geomspace(slowest / 10, fastest * 10, points)

    def spectrum(self, frequency: float, weights: Array) -> Array:
        """Power spectra and cross spectra (real parts) at a frequency (rad/s), items^2 s: (read-outs, read-outs)."""
        influence = self.influence(frequency, weights)
        return np.asarray((influence.conj().T @ (influence * self._rates[:, None])).real)

    def influence(self, frequency: float, weights: Array) -> NDArray[np.complex128]:
        """What a pulse of each reaction does to each read-out, at a frequency in rad/s: (reactions, read-outs), s."""
        self._check(weights)
        slowest, _ = slowest_and_fastest(self._blocks)
        return np.asarray(self._changes @ self._solved(self._solver(max(frequency, 1e-6 * slowest)), weights))

    def autocovariance(self, times: Sequence[float] | Array, weights: Array) -> Array:
        """<dy(t + s) dy(t)^T> of the read-outs y for each time s: (time, read-outs, read-outs), items^2."""
        shifted, found, before = self.noise(weights, tolerance=1e-10).with_species, [], 0.0
        for time in times:
            if not time >= before:
                raise ShapeError(f"autocovariance: times must increase from 0 on; got {time} after {before}")
            shifted, before = self._propagated(self._jacobian, shifted, time - before), time
            found.append(weights.T @ shifted)
        return np.array(found)

    def averaged_covariance(self, seconds: float, weights: Array) -> Array:
        """Covariance of the read-outs' averages over so many seconds, items^2: (read-outs, read-outs).

        (A + A^T) / T^2, where A is the double integral of the autocovariance over 0 < s < t < T.
        """
        start, size = self.noise(weights, tolerance=1e-10).with_species, len(self.matrices.floating)
        twice = np.empty_like(start)
        for i, column in enumerate(start.T):
            # With two more unknowns, the exponential of one matrix is the double integral.
            border = sparse.csr_array(([1.0], ([0], [1])), shape=(2, 2))
            feed = sparse.csr_array((column, (np.arange(size), np.zeros(size, dtype=int))), shape=(size, 2))
            bordered = sparse.csr_array(sparse.block_array([[self._jacobian, feed], [None, border]]))
            twice[:, i] = self._propagated(bordered, np.eye(size + 2)[:, -1:], seconds)[:size, 0]
        one_way = weights.T @ twice
        return np.asarray((one_way + one_way.T) / seconds**2)

    def _propagated(self, matrix: sparse.csr_array, columns: Array, seconds: float) -> Array:
        _, fastest = slowest_and_fastest(self._blocks)
        if fastest * seconds > _MOST_STEPS:
            raise SteadyStateError(
                f"LNA: {seconds:g} s are {fastest * seconds:.1g} times the fastest relaxation, at most {_MOST_STEPS:g}"
            )
        return np.asarray(expm_multiply(matrix * seconds, columns)) if seconds else columns

    def _check(self, weights: Array) -> None:
        if weights.ndim != 2 or weights.shape[0] != len(self.matrices.floating):
            raise ShapeError(f"read-outs: weights have shape {weights.shape}, not ({len(self.matrices.floating)}, any)")

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

    def _solver(self, frequency: float) -> SuperLU:
        shift = -1j * frequency * sparse.eye_array(len(self._order))
        return splu(sparse.csc_array(shift - self._transposed), permc_spec="NATURAL", diag_pivot_thresh=0.0)

    def _solved(self, solver: SuperLU, weights: Array) -> NDArray[np.complex128]:
        """lambda, (floating, read-outs)."""
        found = np.empty(weights.shape, dtype=complex)
        found[self._order] = solver.solve(weights[self._order].astype(complex))
        return found

    def _felt(self, solver: SuperLU, flow: NDArray[np.complex128]) -> Array:
        """What flows of the reactions do to all floating species: Re (i w - J)^-1 S flow."""
        pushed, found = self._changes.T @ flow, np.empty((len(self._order), flow.shape[1]))
        found[self._order] = solver.solve(pushed[self._order], "H").real
        return found
