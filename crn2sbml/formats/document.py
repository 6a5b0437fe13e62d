"""What a model file holds: a network, how its laws are to be read, and what is said about it."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from crn2sbml.core.feeding import Feeding
from crn2sbml.core.network import Network
from crn2sbml.errors import FormatError

Reading: TypeAlias = Literal["any", "deterministic", "stochastic"]
"""How a pair of equal reactants counts: k x^2, k x (x - 1), or no reaction has one and both agree."""

Shape: TypeAlias = Literal["elementary", "lumped"]
"""One SBML reaction for each elementary reaction, or one for each net change with the sum of their laws."""


SPDX = "https://identifiers.org/spdx:"
"""What the URI of a licence starts with; its SPDX identifier follows."""

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters outside of XML 1.0, section 2.2."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a model file says about itself. Dates are ISO 8601 with a time zone; terms are (qualifier, URI) pairs.

    A qualifier is written as in RDF: `bqbiol:isDescribedBy`, `bqmodel:isDerivedFrom`. `creators` are names of persons
    or organisations; they need the date `created`, and any date needs them.
    """

    title: str = ""
    notes: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    created: str = ""
    modified: str = ""
    terms: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        texts = (self.title, *self.notes, *self.creators, self.created, self.modified)
        for text in (*texts, *(part for term in self.terms for part in term)):
            if (wrong := _NO_XML.search(text)) is not None:
                raise FormatError(
                    f"metadata: character {wrong.start() + 1} of {text[:40]!r} is U+{ord(wrong[0]):04X}, which XML "
                    "cannot hold; remove it"
                )
        if self.modified and not self.creators:
            raise FormatError(f"metadata: modified {self.modified!r} needs a creator")
        if bool(self.creators) != bool(self.created):
            names = ", ".join(map(repr, self.creators)) or "none"
            raise FormatError(f"metadata: creators ({names}) and created {self.created!r} go together")

    @property
    def licence(self) -> str:
        """URI of the licence: the term (`bqbiol:hasProperty`, an SPDX licence), or nothing."""
        found = (uri for name, uri in self.terms if name == "bqbiol:hasProperty" and uri.startswith(SPDX))
        return next(found, "")


@dataclass(frozen=True)
class Document:
    """A network as a file presents it.

    Writing a document that was read from what our writer wrote gives the same bytes. Files of other hands lose what the
    network does not need, such as compartments, names of species, and creators or dates of change without a date of
    creation.

    `units` says in words what such a file counts and times in, where that is not items and seconds; its numbers are
    kept as they stand. `folded` holds the species whose initial amounts went into other numbers when the file was read:
    these no longer hold if such a species starts with another count. `local` holds constants that SBML files give to
    their reaction alone, if they `may_be_local`: importers look up what is global by walking through all of it.
    `feeding` says which examples are added while the network runs.
    """

    network: Network
    metadata: Metadata = field(default_factory=Metadata)
    shape: Shape = "elementary"
    reading: Reading = "any"
    units: str = ""
    folded: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    feeding: Feeding | None = None

    def __post_init__(self) -> None:
        if self.feeding is not None:
            self.feeding.check(self.network)
        pairs = self.network.has_repeated_reactants
        if pairs == (self.reading == "any"):
            says = "needs the reading 'deterministic' or 'stochastic'" if pairs else "reads the same either way: 'any'"
            raise FormatError(f"network {self.network.id!r} {says}, not {self.reading!r}")


def check_not_fed(document: Document, what: str) -> None:
    """Raises FormatError for a document with examples that `what` cannot express."""
    if document.feeding is not None:
        raise FormatError(
            f"{what}: network {document.network.id!r} is fed examples while it runs; {what} cannot say so"
        )


def may_be_local(network: Network) -> frozenset[str]:
    """The rate constants that one reaction alone has, and that stand beside a species in its law.

    Where a law is nothing but a local constant, GillesPy2 (1.8.3) loses it.
    """
    counts = Counter(reaction.rate for reaction in network.reactions)
    return frozenset(reaction.rate for reaction in network.reactions if reaction.inputs and counts[reaction.rate] == 1)


def with_reading(document: Document, reading: Reading) -> Document:
    """The same document in that reading of equal reactants; unchanged where it has none and all readings agree."""
    return replace(document, reading=reading) if document.network.has_repeated_reactants else document


def other_reading(document: Document) -> Document | None:
    """The document in the reading that it is not in; None where all readings agree."""
    others: dict[Reading, Reading] = {"deterministic": "stochastic", "stochastic": "deterministic"}
    return replace(document, reading=others[document.reading]) if document.reading in others else None
