"""What every simulation knows of its model, and which inputs, readings and counts it refuses."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.results import Provenance
from crn2sbml.errors import CrnError, EngineError, did_you_mean
from crn2sbml.formats.document import Document, Reading
from crn2sbml.formats.sbml_read import read_sbml

Counts: TypeAlias = Mapping[str, float]
"""Species ids with counts in items."""

TOLERANCE = 1e-10
"""Relative tolerance that every engine asks its ODE solver for."""


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

    @cached_property
    def _checksum(self) -> str:
        return hashlib.sha256(self.sbml.encode()).hexdigest()

    def provenance(self, engine: str, version: str, method: str, **more: str | int | float) -> Provenance:
        """Attributes that every result carries."""
        return {"engine": engine, "version": version, "method": method, "model_sha256": self._checksum, **more}

    def deterministic_start(self, inputs: Counts) -> dict[str, float]:
        """All counts an ODE starts from, in the order of the file; raises CrnError for a wrong reading or count."""
        self.check_reading("the ODE", "deterministic")
        return self.check_counts({**self.initial, **inputs}, whole=False)

    def stochastic_start(self, inputs: Counts, start: Counts | None, seed: int, replicates: int) -> dict[str, float]:
        """As `deterministic_start`, in whole items; raises CrnError for whatever SSA cannot do."""
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
        return {name: float(count) for name, count in counts.items()}
