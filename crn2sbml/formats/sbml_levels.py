"""Other levels of SBML, made from a finished Level 3 Version 2 document through libSBML's converter.

What the converter gets wrong is put right here: the units of literal numbers and the model's history in Level 2.
"""

from typing import Any

import libsbml

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
    if number == 2:
        _name_literals(model)
        _clear_history(model)
    if not sbml.setLevelAndVersion(number, version, False):
        raise FormatError(f"libSBML cannot bring model {model.getId()!r} to {level}")
    if number == 2:
        annotate_model(model, metadata)
    if level == "L2V5":
        # There a model's SBO term is about what it represents, no longer about its framework.
        ok(model.unsetSBOTerm(), "SBO term of the model")


def _clear_history(model: Any) -> None:
    """The converter mixes the elements of both levels; the history is written anew after it."""
    if model.isSetModelHistory():
        ok(model.unsetModelHistory(), "model history")
    if model.getNumCVTerms():
        ok(model.unsetCVTerms(), "model terms")
    if model.isSetAnnotation():
        ok(model.unsetAnnotation(), "model annotation")


def _name_literals(model: Any) -> None:
    """A number cannot have a unit in Level 2: the items in k x (x - 1 item) become constant parameters."""
    names: dict[int, str] = {}
    for i in range(model.getNumReactions()):
        _name_items(model, model.getReaction(i).getKineticLaw().getMath(), names)


def _name_items(model: Any, node: Any, names: dict[int, str]) -> None:
    for i in range(node.getNumChildren()):
        _name_items(model, node.getChild(i), names)
    if not node.isSetUnits():
        return
    count = int(node.getValue())
    if count not in names:
        names[count] = f"items_{count}"
        while model.getElementBySId(names[count]) is not None:
            names[count] += "_"
        parameter = made(model.createParameter(), names[count])
        ok(parameter.setId(names[count]), names[count])
        ok(parameter.setValue(count), names[count])
        ok(parameter.setConstant(True), names[count])
        ok(parameter.setUnits("substance"), names[count])
    ok(node.unsetUnits(), "units of a number")
    ok(node.setType(libsbml.AST_NAME), "number to name")
    ok(node.setName(names[count]), names[count])
