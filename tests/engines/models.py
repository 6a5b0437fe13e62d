"""Small networks as SBML text, for every engine, and what some engines cannot take or are slow at."""

import libsbml
import numpy as np

from crn2sbml.core.network import Network, Parameter, Reaction, Species
from crn2sbml.formats.document import Document, Reading
from crn2sbml.formats.sbml_write import write_sbml
from tests.circuits.test_classifier import signed_weights, tiny
from tests.lna.test_stationary import network

COMPILES = {"amici": "generates and compiles C++ for each model, which takes about ten seconds"}
"""Engines whose tests are slow, but for those of one model (`driven`)."""

COMPILES_SLOWLY = {"sbmltoodejax": "compiles unrolled laws: seconds for 200 reactions"}
"""Engines whose tests of larger networks are slow."""

DETERMINISTIC_ONLY = {
    "amici": "has no stochastic method; would compile for nothing",
    "sbmltoodejax": "has no stochastic method; would compile for nothing",
}
"""Engines that refuse the stochastic reading when they load it."""

NEEDS_REACTIONS = {
    "pysces": "its parser takes a file without reactions for a broken one",
    "sbmltoodejax": "the module that it writes multiplies an empty matrix by a number",
}
"""Engines that refuse a network without reactions."""

NEEDS_REACTIONS_TO_SAMPLE = {
    "next-reaction": "COPASI's divides zero by zero, and notices",
    "tau-leap": "COPASI's asks for one",
}
"""Algorithms that refuse a network without reactions."""

NO_BOUNDARY_CONDITIONS = {
    "bioscrape": "its importer lets reactions change clamped species",
    "gillespy2": "its importer lets reactions change clamped species",
}
"""Engines that refuse a clamped species whose count some reaction would change."""

APPROXIMATE = {
    "tau-leap": "its shortest leap changes a count by about an item: at 3 items COPASI's mean is 0.07 sd too high",
}
"""Algorithms that do not sample the exact law."""


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


def named(name: str) -> Network:
    """The driven network without decay, its input called `name`: A(t) = 6 t."""
    return Network(
        "named",
        (Species(name, 3, clamped=True), Species("A")),
        (Parameter("w", 2.0),),
        (Reaction("make", ((name, 1),), ((name, 1), ("A", 1)), "w"),),
    )


def fed() -> Network:
    """A clamped X turns into A and stays as it is, since it is clamped: A(t) = 6 t."""
    return Network(
        "fed",
        (Species("X", 3, clamped=True), Species("A")),
        (Parameter("w", 2.0),),
        (Reaction("turn", (("X", 1),), (("A", 1),), "w"),),
    )


def dimers() -> Network:
    """Made in ones, lost in pairs (dx/dt = b - 2 k x^2) and alone."""
    return network(
        "A", {"b": 40.0, "k": 0.02, "g": 0.5}, make=("", "A", "b"), pair=("AA", "", "k"), fade=("A", "", "g")
    )


def pair_law(law: str) -> str:
    """The dimers' file in the stochastic reading, with this text (a formula of SBML) as the law of the pairs."""
    document = libsbml.readSBMLFromString(sbml_of(dimers(), "stochastic"))
    math_of_law = libsbml.parseL3Formula(law)
    assert math_of_law is not None
    document.getModel().getReaction("pair").getKineticLaw().setMath(math_of_law)
    return str(libsbml.writeSBMLToString(document))


def triples() -> Network:
    """A few items, made in ones, lost alone, in pairs and in threes."""
    return network(
        "A",
        {"b": 10.0, "g": 0.5, "k": 0.2, "h": 0.05},
        make=("", "A", "b"),
        fade=("A", "", "g"),
        pair=("AA", "", "k"),
        triple=("AAA", "", "h"),
    )


def tiny_network() -> Network:
    """A 4 x 4 classifier: a cascade of rectifiers, 182 species."""
    classifier = tiny(omega=50)
    return classifier.network(signed_weights(classifier, 3), np.random.default_rng(8).random((4, 4)))


def explosion() -> Network:
    """dx/dt = x^2 from 1 item: infinite after one second."""
    return network("A", {"k": 1.0}, grow=("AA", "AAA", "k")).with_counts({"A": 1})


def moles() -> Network:
    """A turns into B at 1/s, from 1e-5: a file whose counts are amounts of substance."""
    return network("AB", {"k": 1.0}, go=("A", "B", "k")).with_counts({"A": 1e-5})
