"""Other levels of SBML, made from a finished Level 3 Version 2 document through libSBML's converter.

What the converter gets wrong is put right here: reactions without any species, which no other level allows, and the
model's history in Level 2.
"""

from typing import Any

from crn2sbml.errors import FormatError
from crn2sbml.formats.annotation import annotate_model
from crn2sbml.formats.document import Metadata
from crn2sbml.formats.libsbml_checks import made, ok

LEVELS = {"L3V2": (3, 2), "L3V1": (3, 1), "L2V5": (2, 5), "L2V4": (2, 4)}
"""Names of the levels that can be written."""


def to_level(sbml: Any, level: str, metadata: Metadata) -> None:
    """Bring a libSBML document from Level 3 Version 2 to another of `LEVELS`, in place; raises FormatError."""
    number, version = LEVELS[level]
    model = sbml.getModel()
    _drop_empty_reactions(model)
    if number == 2:
        _clear_history(model)
    if not sbml.setLevelAndVersion(number, version, False):
        raise FormatError(f"libSBML cannot bring model {model.getId()!r} to {level}")
    if number == 2:
        annotate_model(model, metadata)
    if level == "L2V5":
        # There a model's SBO term is about what it represents, no longer about its framework.
        ok(model.unsetSBOTerm(), "SBO term of the model")


def _drop_empty_reactions(model: Any) -> None:
    """Nothing -> nothing changes nothing, at whatever rate."""
    for i in reversed(range(model.getNumReactions())):
        reaction = model.getReaction(i)
        if not (reaction.getNumReactants() or reaction.getNumProducts()):
            made(model.removeReaction(i), "reaction removed")


def _clear_history(model: Any) -> None:
    """The converter mixes the elements of both levels; the history is written anew after it."""
    if model.isSetModelHistory():
        ok(model.unsetModelHistory(), "model history")
    if model.getNumCVTerms():
        ok(model.unsetCVTerms(), "model terms")
    if model.isSetAnnotation():
        ok(model.unsetAnnotation(), "model annotation")
