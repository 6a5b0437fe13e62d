"""The stationary law of a network, by solving its master equation on the states that it can reach."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.network import Network
from crn2sbml.core.truncation import Truncation
from crn2sbml.errors import EngineError

LARGEST = 200_000
"""States, at most: half a minute."""

_PRECISION, _MOST_STEPS = 1e-13, 2_000
"""Change of all probabilities in a step where iterations end."""


@dataclass(frozen=True)
class StationaryLaw:
    """`states` (state, species) with their `probabilities`; `edge` is the probability of those from which a reaction
    would have left the truncation: what is lost by it is of that order.
    """

    species: tuple[str, ...]
    states: NDArray[np.int64]
    probabilities: Array
    edge: float

    def marginal(self, names: Sequence[str]) -> list[tuple[tuple[int, ...], float]]:
        """The law of some species: counts with their probabilities, sorted."""
        columns = [self.species.index(name) for name in names]
        points, which = np.unique(self.states[:, columns], axis=0, return_inverse=True)
        p = np.bincount(which.ravel(), self.probabilities, len(points))
        return [(tuple(point), float(value)) for point, value in zip(points.tolist(), p, strict=True)]


def stationary_law(network: Network, truncation: Truncation | None = None) -> StationaryLaw:
    """The one law that stays as it is, over the states that are reached from the network's initial counts.

    Raises: EngineError: more states than `LARGEST`; more than one such law, because states never come back to others.
    """
    truncation = truncation or Truncation()
    if truncation.states > LARGEST:
        raise EngineError(_too_many(network, f"{truncation.states:,}"))
    matrices = Matrices.of(network)
    states, jumps, edge = _reached(matrices, network, truncation)
    parts, part = connected_components(jumps, connection="strong")
    leaving = sparse.coo_array(jumps)
    open_ = np.zeros(parts, bool)
    open_[part[leaving.row[part[leaving.row] != part[leaving.col]]]] = True
    if (closed := np.flatnonzero(~open_)).size != 1:
        raise EngineError(
            f"master equation of {network.id!r}: {closed.size} stationary laws; which one is reached is left to chance"
        )
    kept = np.flatnonzero(part == closed[0])
    group = np.isin(matrices.species, truncation.together)
    _, block = np.unique(states[kept][:, group], axis=0, return_inverse=True)
    law = _solved(jumps[kept][:, kept], block.ravel())
    return StationaryLaw(matrices.species, states[kept], law, float(law[edge[kept]].sum()))


def _solved(jumps: sparse.csr_array, block: NDArray[np.intp]) -> Array:
    """The stationary law of a chain whose rates from row to column are `jumps`; all its states reach each other.

    The balances of the states in one `block` are solved together, by factors, which would fill up over all states;
    what blocks pass to each other is iterated (block Jacobi). Half of the step is taken, since steps may alternate.
    Source: Stewart 1994, Introduction to the Numerical Solution of Markov Chains, ISBN 978-0-691-03699-1.
    """
    if block.max() == 0:
        return _null_vector(jumps)
    generator = sparse.coo_array(jumps.T - sparse.diags_array(jumps.sum(axis=1)))
    between = block[generator.row] != block[generator.col]
    within, passed = (
        sparse.csc_array((generator.data[part], (generator.row[part], generator.col[part])), shape=generator.shape)
        for part in (~between, between)
    )
    factors = splu(within, permc_spec="MMD_AT_PLUS_A")
    law = np.full(len(block), 1 / len(block))
    for _ in range(_MOST_STEPS):
        found = -factors.solve(passed @ law)
        found = (law + found / found.sum()) / 2
        change, law = np.abs(found - law).sum(), found
        if change < _PRECISION:
            return np.asarray(law)
    raise EngineError(f"master equation: {len(block):,} balances are not met after {_MOST_STEPS} steps; sample it")


def _null_vector(jumps: sparse.csr_array) -> Array:
    """The same, by factors alone."""
    leaving = jumps.sum(axis=1)
    generator = sparse.csc_array(jumps.T - sparse.diags_array(leaving))
    # The balance of one state follows from the others': its probability is set, and the others are in units of it.
    # It is one that is left slowly, so that these are no huge numbers.
    rest = np.arange(len(leaving)) != leaving.argmin()
    law = np.ones(len(leaving))
    if rest.any():
        there = generator[rest]
        law[rest] = splu(there[:, rest].tocsc()).solve(-there[:, ~rest].toarray().ravel())
    return np.asarray(law / law.sum())


def _reached(
    matrices: Matrices, network: Network, truncation: Truncation
) -> tuple[NDArray[np.int64], sparse.csr_array, NDArray[np.bool_]]:
    """States in the order in which they are found, rates from one to the other, and which are at the edge."""
    largest = np.array([truncation.caps.get(name, 2**31) for name in matrices.species])
    group = np.isin(matrices.species, truncation.together)
    changes = matrices.stoichiometry.T.toarray().astype(np.int64)
    first = np.array([[species.initial for species in network.species]]).astype(np.int64)
    number: dict[bytes, int] = {first[0].tobytes(): 0}
    found, rows, columns, rates, edge = [first], [], [], [], []
    frontier, base = first, 0
    while len(frontier):
        fresh = []
        at_edge = np.zeros(len(frontier), bool)
        for j, change in enumerate(changes):
            speed = _propensities(matrices, j, frontier)
            going = np.flatnonzero(speed > 0) if change.any() else np.empty(0, int)
            targets = frontier[going] + change
            inside = (targets <= largest).all(axis=1) & (targets[:, group].sum(axis=1) <= truncation.most)
            at_edge[going[~inside]] = True
            for i, target in zip(going[inside], targets[inside], strict=True):
                key = target.tobytes()
                if key not in number:
                    number[key] = len(number)
                    fresh.append(target)
                rows.append(base + i)
                columns.append(number[key])
                rates.append(speed[i])
        edge.append(at_edge)
        base += len(frontier)
        if len(number) > LARGEST:
            raise EngineError(_too_many(network, f"more than {LARGEST:,}"))
        frontier = np.array(fresh, dtype=np.int64).reshape(-1, first.shape[1])
        found.append(frontier)
    size = len(number)
    jumps = sparse.csr_array((rates, (rows, columns)), shape=(size, size))
    return np.concatenate(found), jumps, np.concatenate(edge)


def _too_many(network: Network, states: str) -> str:
    return f"master equation of {network.id!r}: {states} states; {LARGEST:,} are the most that are solved; sample it"


def _propensities(matrices: Matrices, j: int, states: NDArray[np.int64]) -> Array:
    """Of one reaction in many states."""
    padded = np.column_stack([states, np.ones(len(states))])
    molecules = padded[:, matrices.reactants[j]] - matrices.repeats[j]
    return np.asarray(matrices.constants[j] * molecules.clip(min=0).prod(axis=1))
