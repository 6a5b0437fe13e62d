"""Units that a file gives, held against the factors that the SBML specification defines."""

import libsbml
import pytest

from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.formats.sbml_write import write_sbml
from tests.engines.models import driven, sbml_of
from tests.formats.sbml_text import Step, model, species


def unit(name: str, *parts: tuple[str, float, int, float]) -> str:
    """A unit definition of (kind, exponent, scale, multiplier)."""
    listed = "".join(
        f'<unit kind="{kind}" exponent="{exponent}" scale="{scale}" multiplier="{multiplier}"/>'
        for kind, exponent, scale, multiplier in parts
    )
    return f'<unitDefinition id="{name}"><listOfUnits>{listed}</listOfUnits></unitDefinition>'


UNITS = (
    unit("mmol", ("mole", 1, -3, 1))
    + unit("minute", ("second", 1, 0, 60))
    + unit("thousand", ("item", 1, 3, 1))
    + unit("one_by_one", ("item", 1, 3, 0.001))
    + unit("count", ("dimensionless", 1, 0, 1), ("item", 1, 0, 1))
    + unit("percent", ("dimensionless", 1, -2, 1))
    + unit("ratio", ("item", 1, 0, 1), ("item", -1, 0, 1))
    + unit("density", ("gram", 1, 0, 1), ("litre", -1, 0, 1))
    + unit("overflow", ("item", 9, 300, 1))
)


def given(attributes: str, flags: str = "") -> str:
    text = model(
        {"r": Step("A", "B", "k*A")}, species("A", flags=flags) + species("B"), model_id=f'id="m" {attributes}'
    )
    return text.replace(
        "<listOfCompartments>", f"<listOfUnitDefinitions>{UNITS}</listOfUnitDefinitions><listOfCompartments>"
    )


@pytest.mark.parametrize(
    ("attributes", "flags", "words"),
    [
        ("", "", ""),
        ('substanceUnits="item" timeUnits="second" extentUnits="item"', "", ""),
        ('substanceUnits="dimensionless"', 'substanceUnits="item"', ""),
        ('substanceUnits="one_by_one" extentUnits="ratio"', 'substanceUnits="count"', ""),
        ('substanceUnits="mole"', "", "mole"),
        ('substanceUnits="mmol" extentUnits="mmol" timeUnits="minute"', "", "0.001 mole and 60 second"),
        ('timeUnits="minute"', "", "60 second"),
        ('timeUnits="dimensionless"', "", "dimensionless time"),
        ('extentUnits="mole"', "", "mole"),
        ("", 'substanceUnits="thousand"', "1000 item"),
        ('substanceUnits="item"', 'substanceUnits="mmol"', "0.001 mole"),
        ('substanceUnits="percent"', "", "0.01 dimensionless"),
        ('substanceUnits="density"', "", "gram litre^-1"),
        ('substanceUnits="overflow"', "", "nan item^9"),
        ('substanceUnits="undefined"', "", "undefined"),
    ],
)
def test_level_3(attributes: str, flags: str, words: str) -> None:
    document = read_sbml(given(attributes, flags))
    assert document.units == words
    assert document.network == read_sbml(given("")).network, "numbers are kept as they stand"
    assert read_sbml(write_sbml(document)) == Document(document.network), "and are items and seconds from then on"


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize(
    ("definitions", "words"),
    [
        ("", ""),
        (unit("substance", ("item", 1, 0, 1)) + unit("time", ("second", 1, 0, 1)), ""),
        (unit("substance", ("mole", 1, 0, 1)), "mole"),
        (unit("substance", ("mole", 1, -6, 1)) + unit("time", ("second", 1, 3, 1)), "1e-06 mole and 1000 second"),
        (unit("time", ("second", 1, 0, 1)) + unit("volume", ("litre", 1, -3, 1)), ""),
    ],
)
def test_built_in_units_of_older_levels(level: int, definitions: str, words: str) -> None:
    """Left alone, they are SBML's default of mole, which nobody has chosen."""
    listed = f"<listOfUnitDefinitions>{definitions}</listOfUnitDefinitions>" if definitions else ""
    if level == 1:
        listed = listed.replace(" id=", " name=").replace(' multiplier="1"', "")
    size = "" if level == 1 else ' size="1"'
    name = "name" if level == 1 else "id"
    head = 'level1" level="1" version="2"' if level == 1 else 'level2/version4" level="2" version="4"'
    text = (
        f'<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/{head}><model {name}="m">{listed}'
        f'<listOfCompartments><compartment {name}="c"{size}/></listOfCompartments>'
        f'<listOfSpecies><species {name}="A" compartment="c" initialAmount="8"/></listOfSpecies></model></sbml>'
    )
    assert not libsbml.readSBMLFromString(text.replace('"?>', '" encoding="UTF-8"?>', 1)).getNumErrors()
    assert read_sbml(text).units == words


def test_what_our_writer_writes_is_in_items_and_seconds() -> None:
    assert read_sbml(sbml_of(driven())).units == ""
