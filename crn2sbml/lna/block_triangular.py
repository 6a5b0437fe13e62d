"""A sparse matrix in block-triangular order: its eigenvalues, and the Lyapunov equation block by block.

Dense work is done only inside a strongly connected component, so that a cascade of thousands of species costs little
more than the n x n result itself.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from crn2sbml.core.matrices import Array
from crn2sbml.lna.schur_blocks import Numbers, SchurBlocks, sylvester
from crn2sbml.lna.structure import Indices, component_groups

_DENSE_FROM = 0.05
"""Part of a block's entries that are not 0 from which a dense product is faster."""

Block: TypeAlias = NDArray[np.float64] | sparse.csr_array


@dataclass(frozen=True)
class _Group:
    """Rows `start` to `end` of the ordered matrix: blocks on the diagonal, and what they feel.

    `upstream` are the columns before `start` that are not empty, `coupling` the entries there.
    """

    start: int
    end: int
    blocks: SchurBlocks
    upstream: Indices
    coupling: Block

    @property
    def span(self) -> slice:
        """Its rows."""
        return slice(self.start, self.end)


@dataclass(frozen=True)
class BlockTriangular:
    """A square matrix whose row `order[i]` comes i-th, in groups (see `component_groups`)."""

    order: Indices
    groups: tuple[_Group, ...]

    @classmethod
    def of(cls, matrix: sparse.csr_array) -> "BlockTriangular":
        """Find the order, and the Schur form of each component."""
        members = component_groups(matrix)
        order = np.concatenate([np.zeros(0, dtype=np.intp), *(group.ravel() for group in members)])
        ordered, groups, start = matrix[order][:, order].tocsr(), [], 0
        for count, size in (group.shape for group in members):
            rows = ordered[start : start + count * size]
            blocks = SchurBlocks.of(_on_the_diagonal(rows[:, start : start + count * size], count, size))
            groups.append(_Group(start, start + count * size, blocks, *_coupling(rows[:, :start])))
            start += count * size
        return cls(order, tuple(groups))

    @property
    def eigenvalues(self) -> Numbers:
        """All of them; those of a component stand where its rows do in `order`."""
        return np.concatenate([np.zeros(0), *(group.blocks.eigenvalues.ravel() for group in self.groups)])

    def row_of(self, which: int) -> int:
        """The row, in its component, that takes most part in the eigenvalue of that number."""
        group = next(group for group in self.groups if which < group.end)
        block = group.blocks.block((which - group.start) // group.blocks.size)
        values, vectors = np.linalg.eig(block)
        part = np.abs(vectors[:, np.argmin(np.abs(values - self.eigenvalues[which]))])
        return int(self.order[which - (which - group.start) % group.blocks.size + int(np.argmax(part))])

    def solve(self, sides: Array) -> Array:
        """X of A X = R for R of shape (rows, any)."""
        found = np.empty(sides.shape)
        for group in self.groups:
            felt = sides[self.order[group.span]] - group.coupling @ found[group.upstream]
            found[group.span] = group.blocks.solve(felt)
        back = np.empty_like(found)
        back[self.order] = found
        return back

    def lyapunov(self, noise: sparse.csr_array) -> Array:
        """C of A C + C A^T + D = 0 for the symmetric `noise` D; A's eigenvalues must have negative real parts.

        Row after row of blocks: what a block feels of those before it is known when its turn comes.
        """
        size = len(self.order)
        ordered, result = noise[self.order][:, self.order].tocsr(), np.zeros((size, size))
        for number, group in enumerate(self.groups):
            felt = -ordered[group.span, : group.end].toarray()
            felt[:, : group.start] -= group.coupling @ result[group.upstream, : group.start]
            rows = result[group.span]
            for other in self.groups[: number + 1]:
                sides = felt[:, other.span]
                if other is group:
                    sides = sides - group.coupling @ rows[:, group.upstream].T
                sides = sides - (other.coupling @ rows[:, other.upstream].T).T
                rows[:, other.span] = sylvester(group.blocks, other.blocks, sides)
            own = rows[:, group.span]
            rows[:, group.span] = (own + own.T) / 2
            result[: group.start, group.span] = rows[:, : group.start].T
        back = np.empty_like(result)
        back[np.ix_(self.order, self.order)] = result
        return back


def _on_the_diagonal(square: sparse.csr_array, count: int, size: int) -> Array:
    """(count, size, size): all that is not 0 in a square of blocks that do not feel each other."""
    entries, blocks = square.tocoo(), np.zeros((count, size, size))
    rows, columns = entries.coords
    blocks[rows // size, rows % size, columns % size] = entries.data
    return blocks


def _coupling(rows: sparse.csr_array) -> tuple[Indices, Block]:
    upstream = np.unique(rows.indices).astype(np.intp)
    chosen = rows[:, upstream]
    return upstream, chosen.toarray() if chosen.nnz > _DENSE_FROM * np.prod(chosen.shape) else chosen
