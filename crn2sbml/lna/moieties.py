"""Conserved moieties: sums of counts that no reaction changes, and the network reduced to independent species.

With S the stoichiometry of the floating species, S = L S_r: the rows of independent species give all others, and what
moves is x = L x_r + constant. A covariance is C = L C_r L^T.
Source: Reder 1988, doi:10.1016/S0022-5193(88)80073-0 (the link matrix L).
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from crn2sbml.core.matrices import Array
from crn2sbml.errors import SteadyStateError
from crn2sbml.lna.structure import Indices

LARGEST = 4000
"""Floating species beyond which looking for moieties costs minutes."""
_RANK = 1e-9
"""Relative size of a pivot that counts as 0; stoichiometries are small whole numbers."""


@dataclass(frozen=True)
class Moieties:
    """`independent` rows of the floating species, and `link`, L, (floating, independent)."""

    independent: Indices
    link: Array

    @property
    def count(self) -> int:
        """Sums that are conserved."""
        return len(self.link) - len(self.independent)


def find_moieties(stoichiometry: sparse.csr_array) -> Moieties:
    """Args: stoichiometry: (floating, reactions). Raises: SteadyStateError: too many species to look for them."""
    species = stoichiometry.shape[0]
    if species > LARGEST:
        raise SteadyStateError(
            f"LNA: a conservation law among {species} floating species; they are looked for among {LARGEST} at most"
        )
    changes = np.unique(stoichiometry.T.toarray(), axis=0)
    upper, pivots = linalg.qr(changes, mode="r", pivoting=True, check_finite=False)
    size = np.abs(np.diagonal(upper))
    rank = int(np.sum(size > _RANK * size.max(initial=0.0)))
    chosen = np.argsort(pivots[:rank])
    link = np.zeros((species, rank))
    link[pivots[:rank], np.argsort(chosen)] = 1.0
    dependent = linalg.solve_triangular(upper[:rank, :rank], upper[:rank, rank:]).T
    link[pivots[rank:]] = np.where(np.abs(dependent) < _RANK, 0.0, dependent)[:, chosen]
    return Moieties(pivots[:rank][chosen].astype(np.intp), link)
