"""How alike two sets of pictures are, by what somebody else sees in them."""

import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.errors import CrnError

_BLOCK = 500


def frechet_distance(one: Array, other: Array) -> float:
    """Between the Gaussians with the means and covariances of two sets of features, (n, features) each.

    Source: Dowson, Landau 1982, doi:10.1016/0047-259X(82)90077-X. Of few pictures it is too large, by a part that
    falls as 1/n: compare sets of one size.
    Raises: CrnError: fewer than two pictures, or a feature that is no number.
    """
    for features in (one, other):
        if len(features) < 2 or not np.isfinite(features).all():
            raise CrnError(f"Frechet distance: {len(features)} pictures; needs two or more, with finite features")
    apart = one.mean(axis=0) - other.mean(axis=0)
    first, second = (np.cov(features, rowvar=False).reshape(len(apart), -1) for features in (one, other))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    # The trace of the root of first @ second is that of a symmetric matrix with the same eigenvalues.
    shared = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(min=0)).sum()
    return float(apart @ apart + np.trace(first) + np.trace(second) - 2 * shared)


def nearest_distances(pictures: Array, known: Array) -> Array:
    """Euclidean distance of each picture to the nearest of those `known`: (n,). Args: (n, pixels), (m, pixels)."""
    lengths = (known**2).sum(axis=1)
    squares = [
        (part**2).sum(axis=1) + (lengths - 2 * (part @ known.T)).min(axis=1)
        for part in np.array_split(pictures, max(1, len(pictures) // _BLOCK))
    ]
    return np.asarray(np.sqrt(np.concatenate(squares).clip(min=0)))
