"""Antimony text to a document, through libAntimony's own translation to SBML."""

import re

from crn2sbml.errors import FormatError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_read import read_sbml


def read_antimony(text: str) -> Document:
    """The document in Antimony text; raises FormatError with Antimony's own words, or as `read_sbml`."""
    return read_sbml(antimony_to_sbml(text))


def antimony_to_sbml(text: str) -> str:
    """LibAntimony's SBML for the last model in the text; raises FormatError with its own words."""
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise FormatError(f"Antimony: {' '.join(antimony.getLastError().split())[:300]}")
    name = str(antimony.getMainModuleName())
    sbml = str(antimony.getSBMLString(name))
    empty = name == "__main" and not any(line.strip(" \t\0") for line in _uncommented(text))
    antimony.clearPreviousLoads()
    if not sbml or empty:
        raise FormatError("Antimony: the text holds no model")
    return sbml


def _uncommented(text: str) -> list[str]:
    without_blocks = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return [re.split(r"//|#", line)[0] for line in without_blocks.splitlines()]
