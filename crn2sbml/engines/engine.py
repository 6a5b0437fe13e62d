"""What an engine is: it loads SBML once, then answers for any clamped inputs, set by name."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol, final

import numpy as np
import xarray as xr

from crn2sbml.core.matrices import Array, Matrices
from crn2sbml.core.results import Provenance, moments, trajectories
from crn2sbml.core.steady import check_steady
from crn2sbml.engines.loaded import TOLERANCE, Counts, Loaded
from crn2sbml.errors import EngineError, did_you_mean
from crn2sbml.lna.stationary import stationary

_MUCH_SMALLER = 0.1
"""Part of the items that an absolute tolerance was made for, below which it is made anew."""
_SNAPSHOTS = 100
"""Snapshots that an average over time is taken from."""
_NOTHING = 1e-290
"""Items of which a tolerance would be no number any more."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a simulator cannot take: more than `largest` of `what`; `says` is its own message, or what happens."""

    what: Literal["species", "reactions", "order", "items"]
    largest: float
    says: str


class Engine(Protocol):
    """A simulator: what it is called, what it can do, what it cannot take, and how it loads a model."""

    @property
    def name(self) -> str:
        """The word that users type."""

    @property
    def version(self) -> str:
        """Version of the simulator."""

    @property
    def methods(self) -> Mapping[str, tuple[str, ...]]:
        """Its algorithms for each of "ode", "lna", "ssa" that it has; the first is its default."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Sizes it cannot take, with the reason."""

    @property
    def feeds(self) -> bool:
        """Whether it runs models whose examples are added while they run (SBML events)."""

    def load(self, sbml: str) -> "Simulation":
        """Load SBML text; raises FormatError if our reader cannot take it, EngineError with the simulator's words."""


class Simulation:
    """A loaded model. Every call starts from the file's initial counts, changed as `inputs` (and `start`) say.

    A simulator supplies `_integrate`, `_sample` or both, as its methods say: both get the counts of all species in the
    order of the file, and times that start at 0.
    Raises, from every method: CrnError: inputs or times that are refused; EngineError: the simulator's own words.
    """

    def __init__(self, engine: Engine, sbml: str) -> None:
        self._engine, self._loaded = engine, Loaded(sbml)
        if self._fed and not engine.feeds:
            raise EngineError(f"engine {engine.name!r} knows no events, and so cannot feed this model its examples")

    @property
    def matrices(self) -> Matrices:
        """Arrays of the network as read back from the file."""
        return self._loaded.matrices

    @property
    def _fed(self) -> bool:
        return self._loaded.document.feeding is not None

    @final
    def ode(self, times: Sequence[float], inputs: Counts) -> xr.DataArray:
        """Deterministic counts at `times` (seconds, increasing from 0): (1 replicate, time, species)."""
        check_algorithm(self._engine, "ode")
        listed = increasing(times, self._engine.name)
        result, _ = self._solve(_from_zero(listed), inputs)
        return result.isel(time=slice(-len(listed), None))

    @final
    def steady_state(self, inputs: Counts, t_end: float) -> xr.DataArray:
        """Deterministic counts after `t_end` seconds: (1 replicate, 1 time, species).

        Raises: SteadyStateError: naming the species that still moves.
        """
        check_algorithm(self._engine, "ode")
        self._check_left_alone()
        times = increasing([0.0, t_end], self._engine.name)
        result, scale = self._solve(times, inputs)
        check_steady(self.matrices, result.values[0, -1], f"{self._engine.name} at t = {t_end:g} s", scale)
        return result.isel(time=[-1])

    @final
    def ssa(
        self,
        times: Sequence[float],
        inputs: Counts,
        seed: int,
        replicates: int = 1,
        start: Counts | None = None,
        algorithm: str = "",
    ) -> xr.DataArray:
        """Stochastic counts at `times`: (replicate, time, species). `start` sets floating species, in whole items.

        The seed of replicate i follows from `seed` and i alone. `algorithm`: one the engine lists; else its first.
        """
        algorithm = check_algorithm(self._engine, "ssa", algorithm)
        listed = increasing(times, self._engine.name)
        counts = self._loaded.stochastic_start(inputs, start, seed, replicates)
        seeds = np.random.SeedSequence(seed).generate_state(replicates, np.uint32).tolist()
        runs = self._sample(_from_zero(listed), counts, seeds, algorithm)
        return self._trajectories(runs, listed, f"ssa-{algorithm}", seed=seed)

    @final
    def observe(
        self,
        species: Sequence[str],
        inputs: Counts,
        seed: int,
        settle: float,
        average: float = 0.0,
        replicates: int = 1,
    ) -> xr.DataArray:
        """Stochastic counts of some species after `settle` seconds: (replicate, species).

        With `average`, their means over the `average` seconds that follow. Seeds as for `ssa`.
        """
        algorithm = check_algorithm(self._engine, "ssa")
        increasing([0.0, settle, settle + average] if average else [0.0, settle], self._engine.name)
        names = self._loaded.species
        for name in species:
            if name not in names:
                raise EngineError(did_you_mean(name, names, "species"))
        if len(set(species)) < len(species):
            raise EngineError(f"{self._engine.name}: a species is to be observed twice among {', '.join(species)}")
        counts = self._loaded.stochastic_start(inputs, None, seed, replicates)
        seeds = np.random.SeedSequence(seed).generate_state(replicates, np.uint32).tolist()
        found = self._observe((settle, average), counts, seeds, [names.index(name) for name in species])
        whole = trajectories(found[:, None], [settle], species, self._provenance(f"ssa-{algorithm}", seed=seed))
        return whole.isel(time=0, drop=True)

    @final
    def lna(self, inputs: Counts, t_end: float) -> xr.Dataset:
        """Stationary mean and covariance of the floating species, as the simulator gives them.

        How far they can be trusted: `crn2sbml.lna.validity`, which `analyse_noise` puts beside them.
        Raises: SteadyStateError.
        """
        check_algorithm(self._engine, "lna")
        self._check_left_alone()
        mean, covariance = self._noise(inputs, t_end)
        return moments(mean, covariance, self.matrices.floating_species, self._provenance("lna"))

    @final
    def _check_left_alone(self) -> None:
        if self._fed:
            raise EngineError(f"{self._engine.name}: the model is fed while it runs, and so has no steady state")

    @final
    def _solve(self, times: list[float], inputs: Counts) -> tuple[xr.DataArray, float]:
        """Deterministic counts at times from 0 on, and the items that the solver's absolute tolerance is made for.

        These are one, less where all counts that can change are below that (a file that counts in moles). A model that
        starts empty shows only afterwards how small its counts are, and is then integrated again.
        """
        counts = self._loaded.deterministic_start(inputs)
        floating = self.matrices.floating
        scale = _scale(np.array(list(counts.values()))[floating])
        while True:
            values, solver = self._integrate(times, counts, TOLERANCE * scale)
            result = self._trajectories(values[None], times, solver)
            found = _scale(result.values[..., floating])
            if found >= _MUCH_SMALLER * scale:
                return result, scale
            scale = found

    def _integrate(self, times: list[float], counts: Counts, absolute: float) -> tuple[Array, str]:
        """Deterministic counts, (time, species), to an absolute tolerance in items, and the solver they come from."""
        raise NotImplementedError(f"{self._engine.name} lists 'ode' but has no solver")

    def _sample(self, times: list[float], counts: Counts, seeds: list[int], algorithm: str) -> Array:
        """One stochastic run a seed (below 2^32): (replicate, time, species)."""
        raise NotImplementedError(f"{self._engine.name} lists {algorithm!r} but has no sampler")

    def _observe(self, seconds: tuple[float, float], counts: Counts, seeds: list[int], rows: Sequence[int]) -> Array:
        """(replicate, rows): counts after the first of `seconds`, or their means over the second, from 100 snapshots.

        For a simulator that can do without the snapshots to replace.
        """
        settle, average = seconds
        times = settle + np.linspace(0.0, average, _SNAPSHOTS if average else 1)
        runs = self._sample(_from_zero(times.tolist()), counts, seeds, check_algorithm(self._engine, "ssa"))
        return np.asarray(runs[:, -len(times) :, rows].mean(axis=1))

    def _noise(self, inputs: Counts, t_end: float) -> tuple[Array, Array]:
        """Mean and covariance: steady state from the simulator, Jacobian from the file's laws, covariance from SciPy.

        For a simulator with an LNA of its own to replace.
        """
        result = stationary(self.matrices, self.steady_state(inputs, t_end).values[0, 0])
        return result.mean, result.covariance

    def _trajectories(self, values: Array, times: list[float], method: str, **more: int) -> xr.DataArray:
        return trajectories(values[:, -len(times) :], times, self._loaded.species, self._provenance(method, **more))

    def _provenance(self, method: str, **more: int) -> Provenance:
        return self._loaded.provenance(self._engine.name, self._engine.version, method, **more)


def check_algorithm(engine: Engine, method: str, algorithm: str = "") -> str:
    """The algorithm to use, the engine's first if none is named; raises EngineError for what it lacks."""
    if method not in engine.methods:
        has = ", ".join(sorted(engine.methods))
        raise EngineError(f"engine {engine.name!r} has no method {method!r}; it has {has}")
    known = engine.methods[method]
    if algorithm and algorithm not in known:
        raise EngineError(f"engine {engine.name!r}: {did_you_mean(algorithm, known, 'algorithm')}")
    return algorithm or known[0]


def increasing(times: Iterable[float], engine: str) -> list[float]:
    """Times as a list; raises EngineError unless they start at 0 or later, increase and are finite."""
    listed = [float(t) for t in times]
    if len(listed) < 2 or listed[0] < 0 or not all(a < b < math.inf for a, b in pairwise(listed)):
        raise EngineError(f"{engine}: times must be two or more, from 0 on, increasing, finite; got {listed[:5]}")
    return listed


def _scale(counts: Array) -> float:
    """The largest count, at most one item; one if there is none."""
    largest = float(np.abs(counts).max(initial=0.0))
    return min(largest, 1.0) if largest > _NOTHING else 1.0


def _from_zero(times: list[float]) -> list[float]:
    return times if times[0] == 0 else [0.0, *times]
