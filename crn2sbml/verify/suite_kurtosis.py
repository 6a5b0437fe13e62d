"""How far a sample variance strays by chance: the standard deviation of the suite's Y under the model's own law.

Y = sqrt(n/2) (S^2 / sigma^2 - 1) has the standard deviation sqrt((kurtosis - 1) / 2), which is 1 only for a Gaussian.
The suite's range (-5, 5) takes it for 1. Where most runs have died out it grows far beyond (to 7 where 100 lineages
with X -> 2 X at 1 and X -> 0 at 1.1 have run for 50 s), so that correct simulators fall outside. The kurtosis must not
come from the samples that are judged: those of a wrong simulator would widen their own range. Here it comes from the
model, exactly, for affine propensities; elsewhere the suite's own rule stands as it is.
"""

from collections.abc import Sequence
from math import factorial

import numpy as np
from scipy import sparse
from scipy.integrate import solve_ivp

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.errors import EngineError
from crn2sbml.lna.transient import LARGEST, is_affine

_ORDERS = 4


def cumulants(matrices: Matrices, start: Array, times: Array, species: str) -> Array:
    """The first four cumulants of one species' counts at `times`, from counts known at time 0: (time, 4).

    The law's cumulant generating function log E exp(s X(t)) is start . f(t) plus the integral of immigration over f,
    where f(0) is s in the row of the species and df/dt = sum over reactions of a (exp(change . f) - 1), with a the
    propensity per item of its reactant. All of it is carried as polynomials in s up to the fourth power.
    Source: branching processes with immigration, Athreya and Ney 1972, doi:10.1007/978-3-642-65371-1.

    Raises: EngineError: propensities that are not affine, too many species, or the solver gave up.
    """
    if not is_affine(matrices) or len(matrices.floating) > LARGEST:
        raise EngineError(f"cumulants: need affine propensities and at most {LARGEST} floating species")
    size, floating = len(matrices.species), matrices.floating
    empty = start.copy()
    empty[floating] = 0
    immigration = matrices.rates(empty)
    per_item = _per_item(matrices, empty, immigration)
    changes = matrices.stoichiometry.T

    def derivative(_: float, flat: Array) -> Array:
        grown = _exp_minus_one(changes @ flat[: size * _ORDERS].reshape(size, _ORDERS))
        return np.concatenate([(per_item @ grown).ravel(), immigration @ grown])

    first = np.zeros(size * _ORDERS + _ORDERS)
    first[matrices.species.index(species) * _ORDERS] = 1
    if times[-1] == 0:
        states = np.tile(first, (len(times), 1))
    else:
        run = solve_ivp(derivative, (0.0, times[-1]), first, method="LSODA", t_eval=times, rtol=1e-9, atol=1e-12)
        if not run.success or not np.isfinite(run.y).all():
            raise EngineError(f"cumulants: the solver stopped before t = {times[-1]:g} s: {run.message}")
        states = run.y.T
    powers = states[:, : size * _ORDERS].reshape(len(times), size, _ORDERS)
    series = np.einsum("j,tjm->tm", start, powers) + states[:, size * _ORDERS :]
    return np.asarray(series * [factorial(order) for order in range(1, _ORDERS + 1)])


def spread_of_y(matrices: Matrices, start: Array, times: Array, species: Sequence[str]) -> Array:
    """Standard deviation of Y, at least 1: (time, species). 1 where propensities are not affine, or nothing varies."""
    spread = np.ones((len(times), len(species)))
    if not is_affine(matrices) or len(matrices.floating) > LARGEST:
        return spread
    for column, name in enumerate(species):
        law = cumulants(matrices, start, times, name)
        noisy = law[:, 1] > 0
        excess = law[noisy, 3] / law[noisy, 1] ** 2
        spread[noisy, column] = np.sqrt(np.maximum((excess + 2) / 2, 1.0))
    return spread


def _per_item(matrices: Matrices, empty: Array, immigration: Array) -> sparse.csr_array:
    """Propensity per item of each floating species, 1/s: (species, reactions); each reaction stands in one row."""
    one_each = empty.copy()
    one_each[matrices.floating] = 1
    rates = matrices.rates(one_each) - immigration
    changing = np.isin(matrices.reactants, matrices.floating)
    reactions, slots = np.nonzero(changing)
    rows = matrices.reactants[reactions, slots]
    return sparse.csr_array((rates[reactions], (rows, reactions)), shape=(len(matrices.species), len(rates)))


def _exp_minus_one(u: Array) -> Array:
    """exp(p) - 1 of each polynomial p without constant term; coefficients of s to s^4, shape (reactions, 4)."""
    u1, u2, u3, u4 = u.T
    third = u3 + u1 * u2 + u1**3 / 6
    fourth = u4 + u1 * u3 + u2**2 / 2 + u1**2 * u2 / 2 + u1**4 / 24
    return np.stack([u1, u2 + u1**2 / 2, third, fourth], axis=1)
