"""Mean and covariance of counts over time under the linear noise approximation (LNA), from given counts at time 0.

dm/dt = S v(m), dC/dt = J C + C J^T + S diag(v) S^T with C(0) = 0; all in items. Exact where every propensity is affine
in the counts. Source: van Kampen, Stochastic Processes in Physics and Chemistry, ch. X; Elf, Ehrenberg 2003,
doi:10.1101/gr.1196503.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from crn2sbml.core import ode
from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.results import LARGEST_COUNT
from crn2sbml.errors import EngineError, ShapeError

LARGEST = 200
"""Floating species beyond which the dense equation for the covariance costs too much."""
_IMPLICIT_UP_TO = 600
"""Unknowns up to which an implicit solver's own dense Jacobian is affordable; beyond, the solver is explicit."""
_RELATIVE = 1e-10


@dataclass(frozen=True)
class Transient:
    """The LNA of the floating species at `times` (s): `mean` (time, species) in items, `covariance` (time, species,
    species) in items^2.
    """

    species: tuple[str, ...]
    times: Array
    mean: Array
    covariance: Array

    @property
    def sd(self) -> Array:
        """Standard deviations, items, (time, species)."""
        return np.asarray(np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2).clip(min=0)))


def is_affine(matrices: Matrices) -> bool:
    """Whether every propensity is affine in the counts that can change, so that the LNA is exact."""
    changing = np.isin(matrices.reactants, matrices.floating)
    return bool((changing.sum(axis=1) <= 1).all() and not matrices.repeats.any())


def transient(matrices: Matrices, start: ArrayLike, times: Sequence[float] | Array) -> Transient:
    """The LNA at `times`, from counts known exactly at time 0.

    Args: start: items, shape (species,), all species; times: seconds, one or more, from 0 on, increasing.
    Raises: ShapeError: another shape, or times that do not increase from 0 on; EngineError: too many species, or the
        solver gave up (a count that grows without bound).
    """
    counts, at = np.asarray(start, dtype=float), np.asarray(times, dtype=float)
    if counts.shape != (len(matrices.species),):
        raise ShapeError(f"LNA: start has shape {counts.shape}; the network has {len(matrices.species)} species")
    if at.ndim != 1 or not len(at) or not (at[0] >= 0 and (np.diff(at) > 0).all() and at[-1] < np.inf):
        raise ShapeError(f"LNA: times must be one or more, from 0 on, finite, increasing; got {at.tolist()[:5]}")
    floating, size = matrices.floating, len(matrices.floating)
    if size > LARGEST:
        raise EngineError(f"LNA over time: {size} floating species, the dense solver takes at most {LARGEST}")
    upper = np.triu_indices(size)
    first = np.concatenate([counts[floating], np.zeros(len(upper[0]))])
    values = _integrate(matrices, counts, first, at)
    covariance = np.zeros((len(at), size, size))
    covariance[:, upper[0], upper[1]] = values[:, size:]
    covariance[:, upper[1], upper[0]] = values[:, size:]
    return Transient(matrices.floating_species, at, values[:, :size], covariance)


def _equations(matrices: Matrices, counts: Array) -> Callable[[Array], Array]:
    """d/dt of the mean and the upper triangle of the covariance; `counts` gives the clamped species."""
    floating, size = matrices.floating, len(matrices.floating)
    upper, changes = np.triu_indices(size), matrices.stoichiometry[floating]
    changes_back = changes.T

    def derivative(state: Array) -> Array:
        now, covariance = counts.copy(), np.zeros((size, size))
        now[floating] = state[:size]
        covariance[upper] = state[size:]
        covariance = covariance + np.triu(covariance, 1).T
        rates = matrices.rates(now)
        drift = matrices.jacobian(now)[floating][:, floating] @ covariance
        noise = (changes.multiply(rates[None, :]) @ changes_back).toarray()
        return np.concatenate([changes @ rates, (drift + drift.T + noise)[upper]])

    return derivative


def _integrate(matrices: Matrices, counts: Array, first: Array, times: Array) -> Array:
    """States at `times`, shape (time, unknowns)."""
    size = len(matrices.floating)
    # Each unknown has digits of its own to keep: beside a count of 1e14, others may be few.
    scale = np.maximum(first[:size], 1.0)
    sizes = np.concatenate([scale, np.sqrt(np.outer(scale, scale))[np.triu_indices(size)]])
    method = "LSODA" if len(first) <= _IMPLICIT_UP_TO else "DOP853"
    equations = _equations(matrices, counts)
    absolute, largest = _RELATIVE * 1e-2 * sizes, LARGEST_COUNT**2
    return ode.integrate(equations, first, times, _RELATIVE, absolute, "LNA over time", method, largest=largest)
