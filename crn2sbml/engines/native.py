"""The package's own exact sampler, compiled, for networks of any size: an event touches a few groups of reactions,
however many there are, and costs about half more in a network of 93,000 reactions than in one of 3,000.

Reactions of the same reactants are one group, and groups are drawn by rejection: the law of the process is that of
Gillespie's direct method.
Source: Gillespie 1976, doi:10.1016/0021-9991(76)90041-3; Thanh, Priami, Zunino 2014, doi:10.1063/1.4896985 (bounds on
propensities, and rejection).
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.engines import native_kernel
from crn2sbml.engines.engine import Limit, Simulation
from crn2sbml.engines.loaded import Counts
from crn2sbml.errors import EngineError


class NativeEngine:
    """Runs the file's reactions with numba; compiled at the first run, in a few seconds, and kept."""

    name = "native"
    feeds = False
    version = version("crn2sbml")
    methods: Mapping[str, tuple[str, ...]] = MappingProxyType({"ssa": ("rejection",)})
    limits: tuple[Limit, ...] = ()

    def load(self, sbml: str) -> "NativeSimulation":
        """See `Engine.load`."""
        return NativeSimulation(self, sbml)


class NativeSimulation(Simulation):
    """A model as flat arrays."""

    def __init__(self, engine: NativeEngine, sbml: str) -> None:
        super().__init__(engine, sbml)
        self._groups = _groups(self.matrices)

    def _sample(self, times: list[float], counts: Counts, seeds: list[int], algorithm: str) -> Array:
        return self._runs(times, counts, seeds, range(len(counts)))

    def _observe(self, seconds: tuple[float, float], counts: Counts, seeds: list[int], rows: Sequence[int]) -> Array:
        """Nothing but what is asked for is kept; averages are integrals over all events."""
        settle, average = seconds
        times = [settle, settle + average] if average else [settle]
        return self._runs(times, counts, seeds, rows, averaged=average > 0)[:, -1]

    def _runs(
        self, times: list[float], counts: Counts, seeds: list[int], rows: Sequence[int], averaged: bool = False
    ) -> Array:
        """Replicates side by side, as many at a time as there are cores: (replicate, time, rows)."""
        start, at, watched = np.array(list(counts.values())), np.array(times), np.array(rows, dtype=np.int32)
        runs = np.empty((len(seeds), len(times), len(watched)))

        def run(out: Array, seed: int) -> bool:
            rng = np.random.default_rng(seed)
            return bool(native_kernel.sample(self._groups, start, at, watched, averaged, rng, out))

        with ThreadPoolExecutor(min(len(seeds), os.cpu_count() or 1)) as threads:
            if not all(threads.map(run, runs, seeds)):
                raise EngineError("native: a propensity is no number any more; the counts grow without bound")
        return runs


def _groups(matrices: Matrices) -> native_kernel.Groups:
    species = len(matrices.species)
    reactants, group = np.unique(matrices.reactants, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    start = np.searchsorted(group.ravel()[order], np.arange(len(reactants) + 1))
    constants = matrices.constants[order]
    share, alias = native_kernel.aliases(start, constants)
    changes = sparse.csr_array(matrices.stoichiometry.T)[order]
    readers, slots = np.nonzero(reactants < species)
    reading = sparse.csr_array(
        (np.ones(len(readers)), (reactants[readers, slots], readers)), shape=(species, len(reactants))
    )
    return native_kernel.Groups(
        np.add.reduceat(constants, start[:-1]),
        _indices(reactants),
        matrices.repeats[order][start[:-1]],
        _indices(start),
        share,
        alias,
        _indices(changes.indptr),
        _indices(changes.indices),
        changes.data.astype(float),
        _indices(reading.indptr),
        _indices(reading.indices),
    )


def _indices(array: NDArray[Any]) -> NDArray[np.uint32]:
    return array.astype(np.uint32)
