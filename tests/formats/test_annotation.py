"""Metadata and places, held against what libSBML and a plain XML parser find in the text."""

import xml.etree.ElementTree as ET

import libsbml
import pytest

from crn2sbml.core.network import Network, Place, Species
from crn2sbml.formats.annotation import PLACE_NAMESPACE, place_annotation
from crn2sbml.formats.document import Document, Metadata
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from tests.engines.models import driven

DATE = "2024-05-06T07:08:09Z"


@pytest.mark.parametrize("kind", ['x"/><y xmlns="u:v" z="', "a & b", "<a>", "it's", "one \" and ' two", "ü"])
def test_a_place_is_one_element_whatever_its_words(kind: str) -> None:
    place = Place(1, kind, 2, 3, 4, "P")
    element = ET.fromstring(place_annotation(place))
    assert (element.tag, len(element)) == (f"{{{PLACE_NAMESPACE}}}place", 0)
    assert element.attrib == {"layer": "1", "kind": kind, "channel": "2", "row": "3", "column": "4", "rail": "P"}
    net = Network("m", (Species("A", 3, place=place),), (), ())
    back = read_sbml(write_sbml(Document(net), picture=False))
    assert back.network == net


@pytest.mark.parametrize("level", ["L3V2", "L3V1", "L2V5", "L2V4"])
def test_every_creator_is_kept(level: str) -> None:
    names = ("Ann One", "Bob van Two", "crn2sbml")
    metadata = Metadata(creators=names, created=DATE, modified="2025-01-01T00:00:00Z")
    assert metadata.creators == names
    text = write_sbml(Document(driven(), metadata), level)
    document = libsbml.readSBMLFromString(text)
    history = document.getModel().getModelHistory()
    assert history.getNumCreators() == 3
    assert "Two" in f"{history.getCreator(1).getName()} {history.getCreator(1).getFamilyName()}"
    assert read_sbml(text).metadata == metadata


def test_creators_of_another_hand() -> None:
    document = libsbml.readSBMLFromString(write_sbml(Document(driven())))
    model, history = document.getModel(), libsbml.ModelHistory()
    for given, family in (("Ann", "One"), ("Bob", "Two")):
        creator = libsbml.ModelCreator()
        creator.setGivenName(given)
        creator.setFamilyName(family)
        history.addCreator(creator)
    history.setCreatedDate(libsbml.Date(DATE))
    history.addModifiedDate(libsbml.Date(DATE))
    model.setMetaId("about")
    model.setModelHistory(history)
    back = read_sbml(libsbml.writeSBMLToString(document)).metadata
    assert back.creators == ("Ann One", "Bob Two")
    assert back.created == DATE
