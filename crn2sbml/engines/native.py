"""The package's own exact sampler: Gillespie's direct method, compiled, for networks of any size.

After an event only the propensities that it changes are computed anew, and the next reaction is looked for in two
levels, first among groups of about sqrt(reactions), then within one.
Source: Gillespie 1976, doi:10.1016/0021-9991(76)90041-3; Gibson, Bruck 2000, doi:10.1021/jp993732q (what depends on
what); Mauch, Stalzer 2011, doi:10.1109/TCBB.2009.47 (two levels).
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from types import MappingProxyType

import numpy as np
from scipy import sparse

from crn2sbml.core.matrices import Array
from crn2sbml.engines import native_kernel
from crn2sbml.engines.engine import Limit, Simulation
from crn2sbml.engines.loaded import Counts
from crn2sbml.errors import EngineError


class NativeEngine:
    """Runs the file's reactions with numba; compiled at the first run, in a few seconds, and kept."""

    name = "native"
    version = version("crn2sbml")
    methods: Mapping[str, tuple[str, ...]] = MappingProxyType({"ssa": ("direct",)})
    limits: tuple[Limit, ...] = ()

    def load(self, sbml: str) -> "NativeSimulation":
        """See `Engine.load`."""
        return NativeSimulation(self, sbml)


class NativeSimulation(Simulation):
    """A model as flat arrays."""

    def __init__(self, engine: NativeEngine, sbml: str) -> None:
        super().__init__(engine, sbml)
        matrices = self.matrices
        reactions, width = matrices.reactants.shape
        changes = sparse.csr_array(matrices.stoichiometry.T)
        real = matrices.reactants < len(matrices.species)
        rows = np.repeat(np.arange(reactions), width).reshape(reactions, width)[real]
        reads = sparse.coo_array(
            (np.ones(len(rows)), (matrices.reactants[real], rows)), shape=(len(matrices.species), reactions)
        ).tocsr()
        reads.sum_duplicates()
        self._arrays = (
            matrices.constants,
            matrices.reactants.astype(np.int32),
            matrices.repeats,
            *(array.astype(np.int32) for array in (changes.indptr, changes.indices)),
            changes.data,
            *(array.astype(np.int32) for array in (reads.indptr, reads.indices)),
        )

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
            return bool(native_kernel.sample(*self._arrays, start, at, watched, averaged, rng, out))  # type: ignore[call-arg]

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            if not all(threads.map(run, runs, seeds)):
                raise EngineError("native: a propensity is no number any more; the counts grow without bound")
        return runs
