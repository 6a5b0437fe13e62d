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


@pytest.mark.parametrize("given", [{"creator": "crn2sbml developers"}, {"created": "2025-01-01T00:00:00Z"}])
def test_creator_and_date_go_together(given: dict[str, str]) -> None:
    with pytest.raises(FormatError, match="go together"):
        Metadata(**given)  # type: ignore[arg-type]
