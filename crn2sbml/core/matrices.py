"""A network as arrays: sparse stoichiometry, rates, propensities and the analytic Jacobian, all vectorised."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from crn2sbml.core.network import Network
from crn2sbml.errors import ShapeError

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Matrices:
    """The arrays of one network over all its species and reactions, in its order.

    `reactants` has one column a molecule that takes part (shape reactions x largest order), padded with the index of
    a species after the last whose count is always 1; `repeats` counts the same species to the left of each entry.
    `stoichiometry` (species x reactions) has empty rows for clamped species: nothing changes them.
    """

    species: tuple[str, ...]
    floating: NDArray[np.intp]
    constants: Array
    reactants: NDArray[np.intp]
    repeats: Array
    stoichiometry: sparse.csr_array

    @classmethod
    def of(cls, net: Network) -> "Matrices":
        """Build the arrays once; linear in the number of reactions."""
        index, width = net.species_index, max((r.order for r in net.reactions), default=0)
        reactants = np.full((len(net.reactions), width), len(index), dtype=np.intp)
        repeats = np.zeros(reactants.shape)
        rows, columns, entries = [], [], []
        for j, reaction in enumerate(net.reactions):
            slot = 0
            for name, count in reaction.inputs:
                for repeat in range(count):
                    reactants[j, slot], repeats[j, slot] = index[name], repeat
                    slot += 1
            for name, change in reaction.net_change:
                if not net.species[index[name]].clamped:
                    rows.append(index[name])
                    columns.append(j)
                    entries.append(float(change))
        shape = (len(index), len(net.reactions))
        return cls(
            species=tuple(index),
            floating=np.flatnonzero([not s.clamped for s in net.species]),
            constants=np.array([net.rate_constants[r.rate] for r in net.reactions], dtype=float),
            reactants=reactants,
            repeats=repeats,
            stoichiometry=sparse.csr_array((entries, (rows, columns)), shape=shape),
        )

    @property
    def floating_species(self) -> tuple[str, ...]:
        """Ids of the species that reactions change."""
        return tuple(self.species[i] for i in self.floating)

    def rates(self, counts: ArrayLike) -> Array:
        """Deterministic mass-action rates, events per second; 2A -> B gives k x^2.

        Args: counts: items, shape (species,). Returns: shape (reactions,). Raises: ShapeError.
        """
        return np.asarray(self.constants * self._molecules(counts).prod(axis=1))

    def propensities(self, counts: ArrayLike) -> Array:
        """Stochastic propensities, events per second; 2A -> B gives k x (x - 1).

        Args: counts: items, shape (species,). Returns: shape (reactions,). Raises: ShapeError.
        Source: Gillespie 1976, doi:10.1016/0021-9991(76)90041-3 (the factor 1/2 for pairs is left to the constant).
        """
        return np.asarray(self.constants * (self._molecules(counts) - self.repeats).clip(min=0).prod(axis=1))

    def derivative(self, counts: ArrayLike) -> Array:
        """dx/dt of the deterministic reading, items per second, shape (species,); 0 for clamped species."""
        return np.asarray(self.stoichiometry @ self.rates(counts))

    def jacobian(self, counts: ArrayLike) -> sparse.csr_array:
        """Analytic Jacobian of `derivative`, 1/s, sparse, shape (species, species)."""
        molecules = self._molecules(counts)
        slots = range(self.reactants.shape[1])
        by_slot = [self.constants * np.delete(molecules, slot, axis=1).prod(axis=1) for slot in slots]
        reactions, n = len(self.constants), len(self.species)
        columns = self.reactants.T.ravel()
        real = columns < n
        rows = np.tile(np.arange(reactions), len(by_slot))[real]
        entries = np.concatenate([*by_slot, np.empty(0)])[real]
        by_species = sparse.csr_array((entries, (rows, columns[real])), shape=(reactions, n))
        return sparse.csr_array(self.stoichiometry @ by_species)

    def diffusion(self, counts: ArrayLike) -> sparse.csr_array:
        """Noise intensity S diag(v) S^T of the linear noise approximation, items^2 per second, sparse."""
        weighted = self.stoichiometry.multiply(self.rates(counts)[None, :])
        return sparse.csr_array(weighted @ self.stoichiometry.T)

    def _molecules(self, counts: ArrayLike) -> Array:
        x = np.asarray(counts, dtype=float)
        if x.shape != (len(self.species),):
            raise ShapeError(f"counts have shape {x.shape}; the network has {len(self.species)} species")
        return np.append(x, 1.0)[self.reactants]
