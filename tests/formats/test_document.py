import xml.etree.ElementTree as ET

import pytest

from crn2sbml.errors import FormatError
from crn2sbml.formats.document import Document, Metadata, Reading, other_reading, with_reading
from tests.engines.models import dimers, driven

ABOUT = Metadata(title="A title", notes=("One.", "Two."))


@pytest.mark.parametrize(("reading", "other"), [("deterministic", "stochastic"), ("stochastic", "deterministic")])
def test_the_other_reading(reading: Reading, other: Reading) -> None:
    document = Document(dimers(), ABOUT, "lumped", reading)
    turned = other_reading(document)
    assert turned == Document(dimers(), ABOUT, "lumped", other)
    assert turned is not None
    assert other_reading(turned) == document
    assert with_reading(document, other) == turned
    assert with_reading(document, reading) == document


@pytest.mark.parametrize("reading", ["any", "deterministic", "stochastic"])
def test_where_all_readings_agree_there_is_nothing_to_choose(reading: Reading) -> None:
    document = Document(driven(), ABOUT)
    assert other_reading(document) is None
    assert with_reading(document, reading) is document


def test_equal_reactants_need_a_reading() -> None:
    with pytest.raises(FormatError, match="needs the reading 'deterministic' or 'stochastic', not 'any'"):
        Document(dimers())
    with pytest.raises(FormatError, match="not 'any'"):
        with_reading(Document(dimers(), reading="stochastic"), "any")
    with pytest.raises(FormatError, match="reads the same either way"):
        Document(driven(), reading="stochastic")


@pytest.mark.parametrize("given", [{"creators": ("Ann", "Bob")}, {"created": "2025-01-01T00:00:00Z"}])
def test_creator_and_date_go_together(given: dict[str, str]) -> None:
    with pytest.raises(FormatError, match="go together"):
        Metadata(**given)  # type: ignore[arg-type]


def test_changes_need_a_creator() -> None:
    with pytest.raises(FormatError, match="needs a creator"):
        Metadata(modified="2025-01-01T00:00:00Z")


@pytest.mark.parametrize("character", ["\x0b", "\x00", "\x1f", "\ud800", "\ufffe", "\uffff"])
@pytest.mark.parametrize("field", ["title", "notes", "creators", "terms"])
def test_text_that_xml_cannot_hold(character: str, field: str) -> None:
    """XML 1.0, section 2.2: what its parsers refuse even as a character reference."""
    text = f"two words{character}"
    given: dict[str, object] = {
        "title": {"title": text},
        "notes": {"notes": ("fine", text)},
        "creators": {"creators": ("fine", text), "created": "2025-01-01T00:00:00Z"},
        "terms": {"terms": (("bqbiol:is", text),)},
    }[field]
    with pytest.raises(FormatError, match=rf"character 10 of .*U\+{ord(character):04X}") as refusal:
        Metadata(**given)  # type: ignore[arg-type]
    assert "\n" not in str(refusal.value)
    str(refusal.value).encode()


@pytest.mark.parametrize("text", ["tab\tand\nline", "\x7f\x85\xa0", "\ud7ff\ue000\ufffd", "\U0001f600\U0010ffff"])
def test_text_that_xml_can_hold(text: str) -> None:
    ET.fromstring(f"<a>{text}</a>")
    assert Metadata(title=text).title == text
