"""Examples that are fed, in files: they come back as they were, and other events are refused."""

from dataclasses import replace

import libsbml
import pytest

from crn2sbml.core.feeding import Feeding
from crn2sbml.errors import FormatError, NetworkError, UnsupportedError
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.bngl_write import write_bngl
from crn2sbml.formats.document import Document
from crn2sbml.formats.libsbml_checks import complaints
from crn2sbml.formats.lna_write import write_lna
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from tests.engines.test_fed import FEEDING, NETWORK

ONE = Feeding("Clock", 0.125, ("Food",), ((1e-3,),))
DOCUMENT = Document(NETWORK, feeding=FEEDING)


@pytest.mark.parametrize("level", ["L3V2", "L3V1", "L2V5", "L2V4"])
@pytest.mark.parametrize("feeding", [FEEDING, ONE], ids=["three", "one"])
def test_sbml(feeding: Feeding, level: str) -> None:
    text = write_sbml(replace(DOCUMENT, feeding=feeding), level)
    back = read_sbml(text)
    assert (back.feeding, back.network) == (feeding, NETWORK)
    assert write_sbml(back, level) == text
    # Level 2 cannot say what unit a number has, and libSBML warns of that alone.
    assert all("Missing unit declarations" in said for said in complaints(text))
    assert level.startswith("L2") or not complaints(text)


def test_antimony() -> None:
    back = read_antimony(write_antimony(DOCUMENT))
    assert (back.feeding, back.network) == (FEEDING, NETWORK)


def test_names_that_are_taken() -> None:
    species = tuple(replace(s, id={"Clock": "feed", "Food": "next_example"}[s.id]) for s in NETWORK.species)
    reactions = (
        replace(NETWORK.reactions[0], outputs=(("feed", 1),)),
        replace(NETWORK.reactions[1], inputs=(("next_example", 1),)),
    )
    network = replace(NETWORK, species=species, reactions=reactions)
    document = Document(network, feeding=replace(FEEDING, clock="feed", species=("next_example", "feed")))
    assert read_sbml(write_sbml(document)) == document
    assert read_antimony(write_antimony(document)).feeding == document.feeding


def test_species_that_the_network_lacks() -> None:
    with pytest.raises(NetworkError, match="feeding: no species 'Clok'"):
        replace(DOCUMENT, feeding=replace(FEEDING, clock="Clok"))


def changed(change: str) -> str:
    """The file with an event of another kind."""
    sbml = libsbml.readSBMLFromString(write_sbml(DOCUMENT))
    model = sbml.getModel()
    event = model.getEvent(0)
    if change == "delay":
        event.createDelay().setMath(libsbml.parseL3Formula("2"))
    elif change == "priority":
        event.createPriority().setMath(libsbml.parseL3Formula("2"))
    elif change == "second":
        again = event.clone()
        again.setId("again")
        model.addEvent(again)
    elif change == "trigger":
        event.getTrigger().setMath(libsbml.parseL3Formula("Clock < feeding_threshold"))
    elif change == "at once":
        event.getTrigger().setInitialValue(False)
    elif change == "arithmetic":
        event.getEventAssignment(0).setMath(libsbml.parseL3Formula("Food + 1"))
    elif change == "part arithmetic":
        formula = "piecewise(50, next_example < 1, piecewise(2 * 40, next_example < 2, 20))"
        event.getEventAssignment(0).setMath(libsbml.parseL3Formula(formula))
    elif change == "order":
        formula = "piecewise(2, next_example < 1, piecewise(0, next_example < 2, 1))"
        event.getEventAssignment(2).setMath(libsbml.parseL3Formula(formula))
    elif change == "keys":
        formula = "piecewise(50, next_example < 1, piecewise(80, Food < 2, 20))"
        event.getEventAssignment(0).setMath(libsbml.parseL3Formula(formula))
    elif change == "bounds":
        formula = "piecewise(50, next_example < 2, piecewise(80, next_example < 2, 20))"
        event.getEventAssignment(0).setMath(libsbml.parseL3Formula(formula))
    elif change == "concentration":
        model.getCompartment(0).setSize(2.0)
        model.getSpecies("Food").setHasOnlySubstanceUnits(False)
    elif change == "compartment":
        event.getEventAssignment(0).setVariable("cell")
    elif change == "initial assignment":
        assignment = model.createInitialAssignment()
        assignment.setSymbol("feeding_threshold")
        assignment.setMath(libsbml.parseL3Formula("300"))
    elif change == "no assignments":
        while event.getNumEventAssignments():
            event.removeEventAssignment(0)
    return str(libsbml.writeSBMLToString(sbml))


@pytest.mark.parametrize(
    "change",
    [
        "delay",
        "priority",
        "second",
        "trigger",
        "at once",
        "arithmetic",
        "part arithmetic",
        "order",
        "keys",
        "bounds",
        "no assignments",
        "concentration",
        "compartment",
        "initial assignment",
    ],
)
def test_other_events_are_refused(change: str) -> None:
    with pytest.raises(UnsupportedError, match=r"event '\w+' \(\d in all\) is not mass action, nor does it feed"):
        read_sbml(changed(change))


def test_formats_without_events_say_so() -> None:
    with pytest.raises(FormatError, match="BNGL: network 'fed' is fed examples while it runs; BNGL cannot say so"):
        write_bngl(DOCUMENT, 10.0, ["Food"])
    with pytest.raises(FormatError, match="the LNA: network 'fed' is fed examples"):
        write_lna(DOCUMENT)
