"""The stationary law of a reaction network by brute force: the master equation on a box of states, solved exactly.

Independent of the package: reactions are plain tuples and nothing of crn2sbml is imported.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

Step = tuple[tuple[int, ...], tuple[int, ...], float]
"""Molecules of each species taken, molecules of each species made, and the constant k of k x (x - 1) ..."""


def stationary_law(steps: list[Step], sizes: tuple[int, ...]) -> np.ndarray:
    """Probability of each state with 0 .. sizes[i] - 1 molecules of species i, as an array of shape `sizes`.

    Steps that would leave the box do not fire; `edge_mass` says how much that matters.
    """
    states = np.indices(sizes).reshape(len(sizes), -1)
    number = states.shape[1]
    generator = sparse.csr_matrix((number, number))
    for taken, made, constant in steps:
        speed = np.full(number, float(constant))
        for counts, molecules in zip(states, taken, strict=True):
            for used in range(molecules):
                speed *= np.maximum(counts - used, 0)
        target = states + (np.array(made) - np.array(taken))[:, None]
        inside = ((target >= 0) & (target < np.array(sizes)[:, None])).all(axis=0) & (speed > 0)
        source = np.flatnonzero(inside)
        goal = np.ravel_multi_index(tuple(target[:, inside]), sizes)
        jumps = sparse.coo_matrix((speed[inside], (goal, source)), shape=(number, number))
        leaving = sparse.coo_matrix((speed[inside], (source, source)), shape=(number, number))
        generator = generator + jumps - leaving
    # The balance equations are dependent: one of them gives way to "probabilities add up to one".
    system = sparse.vstack([np.ones((1, number)), generator.tocsr()[1:]]).tocsc()
    law = spsolve(system, np.eye(1, number)[0])
    return np.asarray(law).reshape(sizes)


def mean_and_covariance(law: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean counts and their covariance under a law on a box."""
    states = np.indices(law.shape).reshape(law.ndim, -1)
    weights = law.ravel()
    mean = states @ weights
    away = states - mean[:, None]
    return mean, (away * weights) @ away.T


def edge_mass(law: np.ndarray) -> float:
    """Probability of the states on the far faces of the box; the truncation error is of this order."""
    inner = law[tuple(slice(0, size - 1) for size in law.shape)]
    return float(abs(law.sum() - inner.sum()))
