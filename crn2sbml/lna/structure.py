"""The block-triangular order of a Jacobian: its strongly connected components, level by level.

In a cascade, nothing upstream feels what lies downstream, so that equations can be solved layer after layer. The order
is found from the matrix itself. Components of one level do not feel each other either; all of one size form a group,
which array operations take at once.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

Indices: TypeAlias = NDArray[np.intp]


def component_groups(jacobian: sparse.csr_array) -> tuple[Indices, ...]:
    """Groups of components, upstream first: each holds rows of the Jacobian, shape (components, size).

    An entry (i, j) that is not 0 means that i feels j. What a component feels, but for itself, lies in earlier groups.
    """
    count, label = connected_components(jacobian, directed=True, connection="strong")
    level, size = _levels(jacobian, count, label), np.bincount(label, minlength=count)
    if not count:
        return ()
    members = np.argsort(label, kind="stable")
    first = np.concatenate([[0], np.cumsum(size)[:-1]])
    components = np.lexsort((size, level))
    ends = np.flatnonzero(np.diff(level[components]) | np.diff(size[components])) + 1
    return tuple(members[first[alike][:, None] + np.arange(size[alike[0]])] for alike in np.split(components, ends))


def _levels(jacobian: sparse.csr_array, count: int, label: Indices) -> Indices:
    """For each component the length of the longest way to it from one that feels no other."""
    entries = jacobian.tocoo()
    felt, feels = label[entries.coords[1]], label[entries.coords[0]]
    apart = felt != feels
    readers = sparse.csr_array((np.ones(apart.sum()), (felt[apart], feels[apart])), shape=(count, count))
    waiting = np.bincount(readers.indices, minlength=count)
    level, number, ready = np.zeros(count, dtype=np.intp), 0, np.flatnonzero(waiting == 0)
    while len(ready):
        level[ready] = number
        told = readers[ready].indices
        np.subtract.at(waiting, told, 1)
        number, ready = number + 1, np.unique(told[waiting[told] == 0])
    return level
