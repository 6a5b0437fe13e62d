"""Deterministic steady states of a cascade for many inputs at once, component by component, without integrating.

What a component feels lies upstream and is known when its turn comes, so that Newton's method is needed only inside it,
for all examples and all components of one kind together. A rectifier has one steady state; other networks may have none
or several, and what is found is checked to be one, not to be the one that a simulation would reach.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.errors import SteadyStateError
from crn2sbml.lna.structure import Indices, component_groups

_STEPS, _CONVERGED, _NOTHING, _RESIDUAL, _LEAST, _SINGULAR = 200, 1e-13, 1e-25, 1e-9, 0.1, 1e15
"""Newton steps; relative change of a step that ends them, and items that are none; what may be left of rates that
should cancel; the part of a count that a step leaves at least; condition of a Jacobian that is taken for singular.
"""


@dataclass(frozen=True)
class _Group:
    """Components of one size: their species (components, size); the reactions that make them from upstream, those that
    take part in themselves, and where each derivative of the latter belongs in the Jacobian's blocks; `conserved` says
    of which components the items only change places, so that their sum stays as it is.
    """

    species: Indices
    upstream: Indices
    within: Indices
    blocks: sparse.csr_array
    conserved: NDArray[np.bool_]


def steady_states(matrices: Matrices, counts: Array) -> Array:
    """Steady counts of all species, (examples, species), items.

    Args: counts: (examples, species), of which those matter that no reaction changes, and the sums of those that only
        turn into each other.
    Raises: SteadyStateError: none is found.
    """
    values = np.ones((len(counts), len(matrices.species) + 1))
    values[:, :-1] = counts
    changes = sparse.csr_array(abs(matrices.stoichiometry))
    moving = np.flatnonzero(np.diff(changes.indptr))
    reactions, order = matrices.reactants.shape
    reads = sparse.csr_array(
        (np.ones(reactions * order), (np.repeat(np.arange(reactions), order), matrices.reactants.ravel())),
        shape=(reactions, len(matrices.species) + 1),
    )
    # Who feels whom, whatever the counts: in the Jacobian itself, what is felt may cancel.
    for members in component_groups(sparse.csr_array(changes[moving] @ reads[:, moving])):
        _solve(matrices, _group(matrices, moving[members]), values)
    return values[:, :-1]


def _group(matrices: Matrices, species: Indices) -> _Group:
    count, size = species.shape
    component = np.full(len(matrices.species) + 1, -1)
    place = np.zeros(len(matrices.species) + 1, dtype=np.intp)
    component[species], place[species] = np.arange(count)[:, None], np.arange(size)
    changed = matrices.stoichiometry[species.ravel()].tocoo()
    reactions = np.unique(changed.coords[1])
    inside = (component[matrices.reactants[reactions]] >= 0).any(axis=1)
    within = reactions[inside]
    number = np.full(len(matrices.constants), -1)
    number[within] = np.arange(len(within))
    rows, columns, entries, order = [], [], [], matrices.reactants.shape[1]
    for row, reaction, change in zip(*changed.coords, changed.data, strict=True):
        if number[reaction] < 0:
            continue
        for slot, reactant in enumerate(matrices.reactants[reaction]):
            if component[reactant] == row // size:
                rows.append(number[reaction] * order + slot)
                columns.append(row * size + place[reactant])
                entries.append(change)
    blocks = sparse.csr_array((entries, (rows, columns)), shape=(len(within) * order, count * size * size))
    sums = sparse.csr_array((np.ones(count * size), (np.arange(count).repeat(size), np.arange(count * size))))
    conserved = np.asarray(abs(sums @ matrices.stoichiometry[species.ravel()]).sum(axis=1)).ravel() == 0
    return _Group(species, reactions[~inside], within, blocks, conserved)


def _solve(matrices: Matrices, group: _Group, values: Array) -> None:
    """Fills in the group's species."""
    count, size = group.species.shape
    flat = group.species.ravel()
    made, own = (matrices.stoichiometry[flat][:, chosen] for chosen in (group.upstream, group.within))
    supply = (made @ _rates(matrices, group.upstream, values).T).T
    constants, reactants = matrices.constants[group.within], matrices.reactants[group.within]
    state = np.full((len(values), len(flat)), 1 + np.abs(supply).max(initial=0.0))
    kept = np.flatnonzero(group.conserved)
    total = values[:, group.species[kept]].sum(axis=2)
    state.reshape(-1, count, size)[:, kept] = total[..., None] / size
    for _ in range(_STEPS):
        values[:, flat] = state
        molecules = values[:, reactants]
        slopes = np.empty_like(molecules)
        for slot in range(reactants.shape[1]):
            slopes[:, :, slot] = constants * np.delete(molecules, slot, axis=2).prod(axis=2)
        drift = (supply + (own @ (constants * molecules.prod(axis=2)).T).T).reshape(-1, count, size)
        jacobian = (group.blocks.T @ slopes.reshape(len(values), -1).T).T.reshape(-1, count, size, size)
        # Where the sum is conserved, the last equation follows from the others; the sum stands in its place.
        jacobian[:, kept, -1] = 1.0
        drift[:, kept, -1] = state.reshape(-1, count, size)[:, kept].sum(axis=2) - total
        try:
            step = np.linalg.solve(jacobian, drift[..., None]).reshape(state.shape)
        except np.linalg.LinAlgError:
            jacobian = np.zeros_like(jacobian)
            break
        # Nothing falls below a tenth of itself at once: a step over 0 could end at a root that is no count.
        before, state = state, np.maximum(state - step, _LEAST * state)
        if (np.abs(state - before) <= _CONVERGED * state + _NOTHING).all():
            break
    values[:, flat] = state
    rates = _rates(matrices, group.within, values)
    left = np.abs(supply + (own @ rates.T).T)
    moved = np.abs(supply) + (abs(own) @ np.abs(rates).T).T
    # Where the Jacobian is singular, other states are steady too.
    determined = np.linalg.cond(jacobian) < _SINGULAR
    bad = ~((left <= _RESIDUAL * (1 + moved)) & np.repeat(determined, size, axis=1))
    if bad.any():
        example, which = np.argwhere(bad)[0]
        why = f"at {state[example, which]:.3g} items it moves by {left[example, which]:.1e} items/s"
        if not determined[example, which // size]:
            why = "the equations leave it undetermined"
        raise SteadyStateError(
            f"steady states: none found for {matrices.species[flat[which]]!r} (example {example}: {why}); "
            "integrate it in a simulator"
        )


def _rates(matrices: Matrices, reactions: NDArray[np.intp], values: Array) -> Array:
    return np.asarray(matrices.constants[reactions] * values[:, matrices.reactants[reactions]].prod(axis=2))
