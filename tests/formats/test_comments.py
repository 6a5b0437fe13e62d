"""Comment lines, held against what Python and Antimony take for the end of one."""

import sys

import pytest

from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.antimony_write import write_antimony
from crn2sbml.formats.bngl_write import write_bngl
from crn2sbml.formats.comments import comment_lines
from crn2sbml.formats.document import Document, Metadata
from crn2sbml.formats.tellurium_write import write_tellurium
from tests.engines.models import driven

BREAKS = [c for c in map(chr, range(sys.maxunicode)) if len(f"a{c}b".splitlines()) > 1]
"""All that Python's `splitlines` knows; Antimony's comments end at the first two of them."""


def test_title_and_notes() -> None:
    metadata = Metadata(title="A  title", notes=("", "one\ttwo", "Größe 3 µm"))
    assert list(comment_lines(metadata, "//")) == ["// A title", "// one two", "// Größe 3 µm"]
    assert list(comment_lines(Metadata(), "#")) == []


def test_the_breaks_are_all_there() -> None:
    assert set("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029") == set(BREAKS)


@pytest.mark.parametrize("character", ["\n", "\r", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b"])
def test_no_character_ends_a_comment_or_turns_it_round(character: str) -> None:
    """Of those that XML, and so a document, can hold."""
    metadata = Metadata(title=f"a{character}end", notes=(f"b{character}{character}model x",))
    assert list(comment_lines(metadata, "#")) == ["# a end", "# b model x"]
    document = Document(driven(), metadata)
    for text in (
        write_tellurium(document, 1.0, ["A"], "m.xml"),
        write_bngl(document, 1.0, ["A"]),
        write_antimony(document),
    ):
        assert [line for line in text.splitlines() if "a end" in line or "model x" in line] == [
            f"{mark} {said}" for mark in (text.split("a end")[0].split()[-1],) for said in ("a end", "b model x")
        ]
    assert read_antimony(write_antimony(document)).network == driven()
