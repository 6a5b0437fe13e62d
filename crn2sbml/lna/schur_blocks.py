"""Small square blocks of one size, each in Schur form, and the Sylvester equation between two sets of them.

Source: Bartels, Stewart 1972, doi:10.1145/361573.361582.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from crn2sbml.core.matrices import Array

Numbers: TypeAlias = NDArray[np.inexact[Any]]
"""Real or complex, in double precision."""

_FEW = 16
"""Products of two sizes up to which the substitution takes all pairs of blocks at once, however few they are."""


@dataclass(frozen=True)
class SchurBlocks:
    """T = U^H A U of each block A: `form` T, upper triangular, and `vectors` U, (blocks, size, size); None for size 1.

    Real where all eigenvalues of all blocks are.
    """

    form: Numbers
    vectors: Numbers | None

    @classmethod
    def of(cls, blocks: Array) -> "SchurBlocks":
        """Args: blocks: (blocks, size, size)."""
        if blocks.shape[1] == 1:
            return cls(blocks, None)
        if blocks.shape[1] == 2:
            return cls(*_schur_of_pairs(blocks))
        pairs = [linalg.schur(block, output="real") for block in blocks]
        if any(np.diagonal(form, -1).any() for form, _ in pairs):
            pairs = [linalg.rsf2csf(*pair) for pair in pairs]
        return cls(np.array([form for form, _ in pairs]), np.array([vectors for _, vectors in pairs]))

    @property
    def size(self) -> int:
        """Rows of each block."""
        return int(self.form.shape[1])

    def block(self, number: int) -> Numbers:
        """A of that number."""
        if self.vectors is None:
            return np.asarray(self.form[number])
        vectors = self.vectors[number]
        return np.asarray(vectors @ self.form[number] @ vectors.conj().T)

    @property
    def eigenvalues(self) -> Numbers:
        """(blocks, size)."""
        return np.diagonal(self.form, axis1=1, axis2=2)

    def solve(self, rows: Array) -> Array:
        """X of A X = R for R of shape (blocks * size, any), A with the blocks on its diagonal."""
        sides = self.turned(rows).reshape(*self.form.shape[:2], -1)
        found = np.empty(sides.shape, dtype=np.result_type(sides, self.form))
        for p in reversed(range(self.size)):
            rest = sides[:, p] - np.einsum("mk,mkn->mn", self.form[:, p, p + 1 :], found[:, p + 1 :])
            found[:, p] = rest / self.form[:, p, p, None]
        return np.asarray(self.turned_back(found.reshape(rows.shape)).real)

    def turned(self, rows: Numbers) -> Numbers:
        """U^H R for R of shape (blocks * size, any)."""
        return rows if self.vectors is None else self._times(self.vectors.conj().transpose(0, 2, 1), rows)

    def turned_back(self, rows: Numbers) -> Numbers:
        """U R for R of shape (blocks * size, any)."""
        return rows if self.vectors is None else self._times(self.vectors, rows)

    @staticmethod
    def _times(blocks: Numbers, rows: Numbers) -> Numbers:
        return np.asarray(blocks @ rows.reshape(*blocks.shape[:2], -1)).reshape(rows.shape)


def _schur_of_pairs(blocks: Array) -> tuple[Numbers, Numbers]:
    """Schur forms and vectors of 2 x 2 blocks, all at once: the first vector belongs to the larger eigenvalue."""
    (a, b), (c, d) = np.moveaxis(blocks, 0, -1)
    middle, half = (a + d) / 2, (a - d) / 2
    root = np.sqrt(half**2 + b * c + (0j if np.any(half**2 + b * c < 0) else 0))
    value = middle + np.where(middle < 0, -root, root)
    # Two ways to write the same eigenvector; the longer one has lost no digits.
    ways = np.array([[b, value - a], [value - d, c]])
    longer = np.linalg.norm(ways[1], axis=0) > np.linalg.norm(ways[0], axis=0)
    first = np.where(longer, ways[1], ways[0])
    length = np.linalg.norm(first, axis=0)
    first = np.where(length > 0, first / np.where(length > 0, length, 1.0), np.array([[1.0], [0.0]]))
    vectors = np.array([[first[0], -first[1].conj()], [first[1], first[0].conj()]]).transpose(2, 0, 1)
    form = vectors.conj().transpose(0, 2, 1) @ blocks @ vectors
    form[:, 1, 0] = 0.0
    return form, vectors


def sylvester(left: SchurBlocks, right: SchurBlocks, sides: Array) -> Array:
    """X of A X + X B^T = R, where A and B have the left and right blocks on their diagonals.

    Args: sides: R, (left blocks * size, right blocks * size).
    """
    (m, s), (n, t) = left.form.shape[:2], right.form.shape[:2]
    turned = _mirrored(right.turned(_mirrored(left.turned(sides)))).reshape(m, s, n, t)
    if s * t > _FEW and m * n < s * t:
        found = _pair_by_pair(left.form, right.form, turned)
    else:
        found = _entry_by_entry(left.form, right.form, turned)
    back = _mirrored(right.turned_back(_mirrored(left.turned_back(found.reshape(m * s, n * t)))))
    return np.asarray(back.real)


def _mirrored(matrix: Numbers) -> Numbers:
    return matrix.conj().T


def _entry_by_entry(left: Numbers, right: Numbers, sides: Numbers) -> Numbers:
    """Back-substitution in T X + X W^H = R, all pairs of blocks at once: (left blocks, size, right blocks, size)."""
    found = np.empty(sides.shape, dtype=np.result_type(sides, left, right))
    for p in reversed(range(left.shape[1])):
        for q in reversed(range(right.shape[1])):
            rest = sides[:, p, :, q]
            rest = rest - np.einsum("mk,mkn->mn", left[:, p, p + 1 :], found[:, p + 1 :, :, q])
            rest = rest - np.einsum("mnk,nk->mn", found[:, p, :, q + 1 :], right[:, q, q + 1 :].conj())
            found[:, p, :, q] = rest / (left[:, p, p, None] + right[:, q, q].conj())
    return found


def _pair_by_pair(left: Numbers, right: Numbers, sides: Numbers) -> Numbers:
    """The same by LAPACK, for few and large blocks."""
    found = np.empty(sides.shape, dtype=np.result_type(sides, left, right))
    (solve,) = linalg.get_lapack_funcs(("trsyl",), (found,))
    for i, j in np.ndindex(len(left), len(right)):
        forms = (form.astype(found.dtype) for form in (left[i], right[j]))
        solution, scale, _ = solve(*forms, sides[i, :, j].astype(found.dtype), tranb="C")
        found[i, :, j] = solution / scale
    return found
