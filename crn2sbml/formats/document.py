"""What a model file holds: a network, how its laws are to be read, and what is said about it."""

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from crn2sbml.core.network import Network
from crn2sbml.errors import FormatError

Reading: TypeAlias = Literal["any", "deterministic", "stochastic"]
"""How a pair of equal reactants counts: k x^2, k x (x - 1), or no reaction has one and both agree."""

Shape: TypeAlias = Literal["elementary", "lumped"]
"""One SBML reaction for each elementary reaction, or one for each net change with the sum of their laws."""


SPDX = "https://identifiers.org/spdx:"
"""What the URI of a licence starts with; its SPDX identifier follows."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a model file says about itself. Dates are ISO 8601 with a time zone; terms are (qualifier, URI) pairs.

    A qualifier is written as in RDF: `bqbiol:isDescribedBy`, `bqmodel:isDerivedFrom`.
    """

    title: str = ""
    notes: tuple[str, ...] = ()
    creator: str = ""
    created: str = ""
    modified: str = ""
    terms: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if bool(self.creator) != bool(self.created):
            raise FormatError(f"metadata: creator {self.creator!r} and created {self.created!r} go together")

    @property
    def licence(self) -> str:
        """URI of the licence: the term (`bqbiol:hasProperty`, an SPDX licence), or nothing."""
        found = (uri for name, uri in self.terms if name == "bqbiol:hasProperty" and uri.startswith(SPDX))
        return next(found, "")


@dataclass(frozen=True)
class Document:
    """A network as a file presents it; writing the document that was read gives the same bytes."""

    network: Network
    metadata: Metadata = field(default_factory=Metadata)
    shape: Shape = "elementary"
    reading: Reading = "any"

    def __post_init__(self) -> None:
        pairs = self.network.has_repeated_reactants
        if pairs == (self.reading == "any"):
            says = "needs the reading 'deterministic' or 'stochastic'" if pairs else "reads the same either way: 'any'"
            raise FormatError(f"network {self.network.id!r} {says}, not {self.reading!r}")


def with_reading(document: Document, reading: Reading) -> Document:
    """The same document in that reading of equal reactants; unchanged where it has none and all readings agree."""
    return replace(document, reading=reading) if document.network.has_repeated_reactants else document


def other_reading(document: Document) -> Document | None:
    """The document in the reading that it is not in; None where all readings agree."""
    others: dict[Reading, Reading] = {"deterministic": "stochastic", "stochastic": "deterministic"}
    return replace(document, reading=others[document.reading]) if document.reading in others else None
