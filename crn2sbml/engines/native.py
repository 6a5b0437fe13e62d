"""The package's own exact sampler: Gillespie's direct method, compiled, for networks of any size.

Reactions with the same net change are one channel: the law of the process is the same. After an event only the
propensities that it changes are brought up to date, and the next channel is looked for in a tree of sums.
Source: Gillespie 1976, doi:10.1016/0021-9991(76)90041-3; Gibson, Bruck 2000, doi:10.1021/jp993732q (what depends on
what); Mauch, Stalzer 2011, doi:10.1109/TCBB.2009.47 (searches compared).
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from itertools import pairwise
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
        self._channels = _channels(self.matrices)

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
            return bool(native_kernel.sample(self._channels, start, at, watched, averaged, rng, out))

        with ThreadPoolExecutor(min(len(seeds), os.cpu_count() or 1)) as threads:
            if not all(threads.map(run, runs, seeds)):
                raise EngineError("native: a propensity is no number any more; the counts grow without bound")
        return runs


def _channels(matrices: Matrices) -> native_kernel.Channels:
    species = len(matrices.species)
    changes = sparse.csr_array(matrices.stoichiometry.T)
    changes.sort_indices()
    spans = [slice(*span) for span in pairwise(changes.indptr)]
    numbers: dict[bytes, int] = {}
    channel = np.array(
        [numbers.setdefault(changes.indices[s].tobytes() + changes.data[s].tobytes(), len(numbers)) for s in spans],
        dtype=np.int32,
    )
    first = np.unique(channel, return_index=True)[1]
    per_channel = changes[first]
    count = max(len(first), 1)  # a network of no reaction has a channel that never fires
    order, alone = (matrices.reactants < species).sum(axis=1), np.bincount(channel, minlength=count) == 1
    linear, of_terms = (order == 1) & ~alone[channel], (order > 0) & ((order > 1) | alone[channel])
    supply = np.bincount(channel, np.where(order == 0, matrices.constants, 0.0), minlength=count)
    # The one reactant stands in the first column.
    slopes = sparse.csr_array(
        (matrices.constants[linear], (matrices.reactants[linear, :1].ravel(), channel[linear])), shape=(species, count)
    )
    levels, sums = _tree(count)
    terms = np.flatnonzero(of_terms)
    reactants = matrices.reactants[terms]
    real = reactants < species
    reading = sparse.csr_array(
        (np.ones(real.sum()), (reactants[real], np.nonzero(real)[0])), shape=(species, len(terms))
    )
    slopes = sparse.csr_array(slopes @ sums.T)
    return native_kernel.Channels(
        levels,
        sums @ supply.astype(float),
        alone,
        _integers(per_channel.indptr),
        _integers(per_channel.indices),
        per_channel.data.astype(float),
        _integers(slopes.indptr),
        _integers(slopes.indices),
        slopes.data.astype(float),
        channel[terms],
        matrices.constants[terms],
        _integers(reactants),
        matrices.repeats[terms],
        _integers(reading.indptr),
        _integers(reading.indices),
    )


def _tree(channels: int) -> tuple[NDArray[np.int32], sparse.csr_array]:
    """Where each level of nodes begins, and which channels each node sums: (nodes, channels)."""
    parts, nodes = [sparse.eye_array(channels, format="csr")], np.arange(channels)
    while parts[-1].shape[0] > 1:
        nodes = nodes // native_kernel.BRANCHES
        parts.append(sparse.csr_array((np.ones(channels), (nodes, np.arange(channels)))))
    return _integers(np.cumsum([0] + [part.shape[0] for part in parts[:-1]])), sparse.vstack(parts, format="csr")


def _integers(array: NDArray[Any]) -> NDArray[np.int32]:
    return array.astype(np.int32)
