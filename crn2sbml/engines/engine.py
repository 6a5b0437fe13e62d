"""What an engine is: it loads SBML once, then answers for any clamped inputs, set by name."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, Protocol, TypeAlias

import xarray as xr

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.results import Provenance
from crn2sbml.errors import CrnError, EngineError, did_you_mean
from crn2sbml.formats.document import Document, Reading
from crn2sbml.formats.sbml_read import read_sbml

Counts: TypeAlias = Mapping[str, float]
"""Species ids with counts in items."""

TOLERANCE = 1e-10
"""Relative tolerance that every engine asks its ODE solver for; `Loaded.absolute_tolerance` goes with it."""


class Simulation(Protocol):
    """A loaded model. Every call starts from the file's initial counts, changed as `inputs` (and `start`) say."""

    def ode(self, times: Sequence[float], inputs: Counts) -> xr.DataArray:
        """Deterministic counts at `times` (seconds, increasing from 0): (1 replicate, time, species)."""

    def steady_state(self, inputs: Counts, t_end: float) -> xr.DataArray:
        """Deterministic counts after `t_end` seconds, checked to be steady: (1 replicate, 1 time, species)."""


class NoiseSimulation(Simulation, Protocol):
    """A loaded model that also has the linear noise approximation."""

    def lna(self, inputs: Counts, t_end: float) -> xr.Dataset:
        """Stationary mean and covariance of the floating species."""


class StochasticSimulation(Simulation, Protocol):
    """A loaded model that also samples the exact process."""

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
    def methods(self) -> Mapping[str, tuple[str, ...]]:
        """Its algorithms for each of "ode", "lna", "ssa" that it has; the first is its default."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Sizes it cannot take, with the reason."""

    def load(self, sbml: str) -> Simulation:
        """Load SBML text; raises EngineError with the simulator's own words."""


@dataclass(frozen=True)
class Loaded:
    """What every simulation knows of its model: the text, the document read back from it, and its arrays."""

    sbml: str
    document: Document = field(init=False)
    matrices: Matrices = field(init=False)

    def __post_init__(self) -> None:
        document = read_sbml(self.sbml)
        object.__setattr__(self, "document", document)
        object.__setattr__(self, "matrices", Matrices.of(document.network))

    @property
    def species(self) -> tuple[str, ...]:
        """All species ids, in the order of the file."""
        return self.matrices.species

    @property
    def initial(self) -> dict[str, float]:
        """The file's initial counts, items."""
        return {species.id: species.initial for species in self.document.network.species}

    @property
    def absolute_tolerance(self) -> float:
        """`TOLERANCE` in items, less where the largest initial count is below 1 (a file that counts in moles)."""
        largest = max(self.initial.values(), default=0.0)
        return TOLERANCE * min(1.0, largest or 1.0)

    def provenance(self, engine: str, version: str, method: str, **more: str | int | float) -> Provenance:
        """Attributes that every result carries."""
        checksum = hashlib.sha256(self.sbml.encode()).hexdigest()
        return {"engine": engine, "version": version, "method": method, "model_sha256": checksum, **more}

    def deterministic_start(self, inputs: Counts) -> dict[str, float]:
        """Counts of all species that an ODE starts from; raises CrnError for a wrong reading or count."""
        self.check_reading("the ODE", "deterministic")
        return {**self.initial, **self.check_counts(inputs, whole=False)}

    def stochastic_start(self, inputs: Counts, start: Counts | None, seed: int, replicates: int) -> dict[str, float]:
        """Whole counts of all species that SSA starts from; raises CrnError for whatever SSA cannot do."""
        self.check_reading("SSA", "stochastic")
        if seed < 0 or replicates < 1:
            raise EngineError(f"SSA: seed {seed} and {replicates} replicates; needs a seed >= 0 and a replicate")
        return self.check_counts({**self.initial, **inputs, **(start or {})}, whole=True)

    def check_reading(self, method: str, needed: Reading) -> None:
        """Raises EngineError if the file's laws of equal reactants are not those that the method needs."""
        reading = self.document.reading
        if reading not in ("any", needed):
            raise EngineError(
                f"model {self.document.network.id!r} is in the {reading} reading of equal reactants; {method} needs "
                f"the {needed} one: export it with --reading {needed}"
            )

    def check_counts(self, counts: Counts, whole: bool) -> dict[str, float]:
        """Raises CrnError: an unknown species, or a count that is negative, not finite or (if `whole`) not whole."""
        network = self.document.network
        for name, count in counts.items():
            if name not in network.species_index:
                raise CrnError(did_you_mean(name, network.species_index, "species"))
            if not 0 <= count < float("inf"):
                raise CrnError(f"species {name!r}: {count} is no count; it must be finite and >= 0 items")
            if whole and count != int(count):
                raise CrnError(f"species {name!r}: {count} is not a whole number of items, which SSA needs")
        return dict(counts)


def check_algorithm(engine: Engine, method: str, algorithm: str) -> str:
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
