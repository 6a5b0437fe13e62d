"""Small networks as SBML text, for every engine."""

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.formats.document import Document, Reading
from crn2sbml.formats.sbml_write import write_sbml
from tests.lna.test_stationary import network


def sbml_of(net: Network, reading: Reading = "deterministic") -> str:
    """The network's file; the reading counts only where there are equal reactants."""
    return write_sbml(Document(net, reading=reading if net.has_repeated_reactants else "any"))


def driven(start: float = 0) -> Network:
    """A clamped X makes A (at 2/s for each X), A decays (at 0.5/s): A(t) = 4 X (1 - exp(-t/2)) + A(0) exp(-t/2)."""
    return Network(
        "driven",
        (Species("X", 3, clamped=True), Species("A", start)),
        (Parameter("w", 2.0), Parameter("g", 0.5)),
        (Reaction("make", (("X", 1),), (("X", 1), ("A", 1)), "w"), Reaction("fade", (("A", 1),), (), "g")),
    )


def dimers() -> Network:
    """Made in ones, lost in pairs (dx/dt = b - 2 k x^2) and alone."""
    return network(
        "A", {"b": 40.0, "k": 0.02, "g": 0.5}, make=("", "A", "b"), pair=("AA", "", "k"), fade=("A", "", "g")
    )


def explosion() -> Network:
    """dx/dt = x^2 from 1 item: infinite after one second."""
    return network("A", {"k": 1.0}, grow=("AA", "AAA", "k")).with_counts({"A": 1})
