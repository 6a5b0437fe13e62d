"""libSBML answers with return codes and error logs; here they become exceptions."""

from typing import Any

import libsbml

from crn2sbml.errors import FormatError


def ok(code: int, doing: str) -> None:
    """Raises FormatError unless a libSBML call succeeded."""
    if code != libsbml.LIBSBML_OPERATION_SUCCESS:
        reason = libsbml.OperationReturnValue_toString(code) or f"code {code}"
        raise FormatError(f"libSBML refused: {doing}: {reason}")


def made(thing: Any, doing: str) -> Any:
    """The object that libSBML made; raises FormatError if it made none."""
    if thing is None:
        raise FormatError(f"libSBML refused: {doing}")
    return thing


def complaints(sbml: str) -> list[str]:
    """Every error and warning of libSBML with all its consistency checks on, units and modelling practice included."""
    document = libsbml.readSBMLFromString(sbml)
    for category in range(libsbml.LIBSBML_CAT_GENERAL_CONSISTENCY, libsbml.LIBSBML_CAT_MODELING_PRACTICE + 1):
        document.setConsistencyChecks(category, True)
    document.checkConsistency()
    errors = (document.getError(i) for i in range(document.getNumErrors()))
    return [f"line {e.getLine()}: {e.getSeverityAsString()}: {e.getShortMessage()}: {e.getMessage()}" for e in errors]


def first_error(document: Any) -> str | None:
    """The first error (no warning) in a document's log, in one line."""
    for i in range(document.getNumErrors()):
        error = document.getError(i)
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR:
            return f"line {error.getLine()}: {' '.join(error.getMessage().split())}"
    return None
