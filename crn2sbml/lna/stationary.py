"""Stationary covariance and autocorrelation of counts under the linear noise approximation (LNA).

With J the Jacobian and D = S diag(v) S^T at a stable steady state, J C + C J^T + D = 0; all in items, so that C is the
covariance of counts. Where sums of counts are conserved, this holds for independent species and gives all others.
Exact where every propensity is affine in the counts.
Source: van Kampen, Stochastic Processes in Physics and Chemistry, ch. X; Elf, Ehrenberg 2003, doi:10.1101/gr.1196503.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy import linalg, sparse

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.steady import check_steady
from crn2sbml.errors import SteadyStateError
from crn2sbml.lna.block_triangular import BlockTriangular
from crn2sbml.lna.moieties import Moieties, find_moieties
from crn2sbml.lna.stability import check_stable, is_singular

LARGEST = 8_000
"""Floating species beyond which the covariance matrix itself takes over a gigabyte."""
_FAR, _FAR_ITEMS = 1e-5, 1e-6
"""Distance from the steady state that is taken for none: in standard deviations, and in items."""


@dataclass(frozen=True)
class Stationary:
    """Stationary Gaussian of the floating species: `mean` (items), `covariance` (items^2), `jacobian` (1/s, sparse).

    `moieties` tells independent species where sums of counts are conserved; `blocks` is the Jacobian of these, or of
    all.
    """

    species: tuple[str, ...]
    mean: Array
    covariance: Array
    jacobian: sparse.csr_array
    blocks: BlockTriangular
    moieties: Moieties | None

    @property
    def slowest(self) -> float:
        """Largest real part of an eigenvalue, 1/s, below 0."""
        return float(self.blocks.eigenvalues.real.max())

    def response(self, drift: Array) -> Array:
        """Shift of the mean (items) that a constant additional drift (items/s) makes: the solution of J x + drift = 0.

        A drift that would change a conserved sum has no answer; its part in dependent species is not looked at.
        """
        if self.moieties is None:
            return self.blocks.solve(-drift[:, None])[:, 0]
        return np.asarray(self.moieties.link @ self.blocks.solve(-drift[self.moieties.independent, None])[:, 0])

    def autocorrelations(self, step: float, count: int, species: Sequence[str]) -> Array:
        """Correlation of each named species with itself `step`, 2 `step`, ... seconds later: (count, species).

        0 for a species without noise. One matrix exponential, then a product a step.
        """
        return np.array(list(islice(self._autocorrelations(step, species), count)))

    def decorrelation_time(self, below: float, species: Sequence[str]) -> float:
        """Seconds after which the named species correlate with themselves by less than `below`.

        In steps of an eighth of the slowest relaxation time. Raises: SteadyStateError: not within 10,000 steps.
        """
        step = -1 / self.slowest / 8
        for number, correlations in enumerate(islice(self._autocorrelations(step, species), 10_000), 1):
            if np.all(np.abs(correlations) < below):
                return float(step * number)
        raise SteadyStateError(f"correlations stay above {below} for more than {step * 10_000:.3g} s")

    def _autocorrelations(self, step: float, species: Sequence[str]) -> Iterator[Array]:
        rows = [self.species.index(name) for name in species]
        variance, propagator = np.diag(self.covariance)[rows], linalg.expm(self.jacobian.toarray() * step)
        shifted = self.covariance[:, rows]
        while True:
            shifted = propagator @ shifted
            own = shifted[rows, range(len(rows))]
            yield np.divide(own, variance, out=np.zeros_like(variance), where=variance > 0)


def stationary(matrices: Matrices, counts: Array) -> Stationary:
    """The stationary LNA at a steady state that a simulator found.

    Args: counts: items, shape (species,), all species.
    Raises: SteadyStateError: not steady, unstable, undetermined though no sum is conserved, or too large.
    """
    check_steady(matrices, counts, "LNA")
    floating, names = matrices.floating, matrices.floating_species
    if not len(floating):
        raise SteadyStateError("LNA: the network has no floating species")
    if len(floating) > LARGEST:
        raise SteadyStateError(f"LNA: {len(floating)} floating species; their covariance is made for {LARGEST} at most")
    jacobian = sparse.csr_array(matrices.jacobian(counts)[floating][:, floating])
    noise = sparse.csr_array(matrices.diffusion(counts)[floating][:, floating])
    blocks, moieties = BlockTriangular.of(jacobian), None
    if is_singular(blocks):
        moieties = find_moieties(matrices.stoichiometry[floating])
    if moieties is not None and not len(moieties.independent):
        raise SteadyStateError("LNA: no reaction changes a count, so that there is no noise")
    if moieties is None or not moieties.count:
        moieties = None
        check_stable(blocks, names)
        covariance = blocks.lyapunov(noise)
    else:
        rows, link = moieties.independent, moieties.link
        blocks = BlockTriangular.of(sparse.csr_array(jacobian[rows] @ link))
        check_stable(blocks, tuple(names[row] for row in rows))
        covariance = link @ blocks.lyapunov(noise[rows][:, rows]) @ link.T
    found = Stationary(names, counts[floating], covariance, jacobian, blocks, moieties)
    _check_near(found, matrices.derivative(counts)[floating])
    return found


def _check_near(found: Stationary, drift: Array) -> None:
    """A slow network may look steady to its rates and yet be far, in standard deviations, from where it will be."""
    away = np.abs(found.response(drift))
    sd = np.sqrt(np.diag(found.covariance).clip(min=0))
    worst = int(np.argmax(away - _FAR * sd))
    if not away[worst] <= _FAR * sd[worst] + _FAR_ITEMS:
        raise SteadyStateError(
            f"LNA: not steady: {found.species[worst]!r} is {away[worst]:.2g} items from its steady state, "
            f"{away[worst] / max(sd[worst], 1e-300):.2g} of its standard deviation; raise --t-end"
        )
