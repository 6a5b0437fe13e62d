"""Antimony text to a document, through libAntimony's own translation to SBML."""

from crn2sbml.errors import FormatError
from crn2sbml.formats.antimony_guard import check_antimony, code_of
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_read import read_sbml


def read_antimony(text: str) -> Document:
    """The document in Antimony text; raises FormatError with Antimony's own words, or as `read_sbml`."""
    return read_sbml(antimony_to_sbml(text))


def antimony_to_sbml(text: str) -> str:
    """LibAntimony's SBML for the last model in the text.

    Raises: FormatError: Antimony's own words, or what `check_antimony` refuses.
    """
    import antimony

    try:
        check_antimony(text)
    except FormatError as error:
        raise FormatError(f"Antimony: {error}") from None
    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise FormatError(f"Antimony: {' '.join(_last_error().split())[:300]}")
    name = str(antimony.getMainModuleName())
    sbml = str(antimony.getSBMLString(name))
    empty = name == "__main" and not code_of(text).strip(" \t\r\n\0")
    antimony.clearPreviousLoads()
    if not sbml or empty:
        raise FormatError("Antimony: the text holds no model")
    return sbml


def _last_error() -> str:
    import antimony

    try:
        return str(antimony.getLastError())
    except UnicodeDecodeError as error:
        # It names a character outside of ASCII by its first byte.
        return error.object.decode(errors="replace")
