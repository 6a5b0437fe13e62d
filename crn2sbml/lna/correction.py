"""How far the LNA's means are off: the next term of the system-size expansion.

The LNA's mean solves the deterministic equations; fluctuations of molecules that react with each other shift it by a
term of relative order 1/omega. That term tells beforehand where the LNA and the exact process part.
Source: Grima 2010, doi:10.1063/1.3454685 (effective mesoscopic rate equations).
"""

from itertools import combinations

import numpy as np

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.lna.stationary import Stationary


def mean_correction(matrices: Matrices, counts: Array, noise: Stationary) -> Array:
    """Shift of each floating species' stationary mean (items) to first order beyond the LNA: shape (floating,).

    Solves J shift + S r = 0, where r is what the covariance adds to each reaction's mean rate: k cov(A, B) for
    A + B, k (var(A) - mean(A)) for 2A, which fires at k x (x - 1). Zero where every propensity is affine.
    Args: counts: the steady state that `noise` belongs to, items, all species.
    """
    full = np.zeros((len(matrices.species) + 1,) * 2)
    full[np.ix_(matrices.floating, matrices.floating)] = noise.covariance
    molecules, reactants = np.append(counts, 1.0)[matrices.reactants], matrices.reactants
    extra = np.zeros(len(matrices.constants))
    for i, j in combinations(range(reactants.shape[1]), 2):
        others = np.delete(molecules, (i, j), axis=1).prod(axis=1)
        left, right = reactants[:, i], reactants[:, j]
        same = (left == right) & (left < len(matrices.species))
        extra += others * (full[left, right] - np.where(same, molecules[:, i], 0.0))
    drift = (matrices.stoichiometry @ (matrices.constants * extra))[matrices.floating]
    return noise.response(drift)
