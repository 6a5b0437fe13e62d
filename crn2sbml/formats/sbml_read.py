"""Any SBML of mass-action reactions back to a document; what cannot be expressed is named.

Amounts are kept as they stand; fixed compartment sizes and composite coefficients are folded into rate constants.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import libsbml

from crn2sbml.core.names import free_name
from crn2sbml.core.network import Network, Species
from crn2sbml.disk import read_text
from crn2sbml.errors import FormatError, NetworkError, UnsupportedError
from crn2sbml.formats.annotation import read_metadata, read_place
from crn2sbml.formats.document import Document
from crn2sbml.formats.feeding import take_feeding
from crn2sbml.formats.laws import Expander
from crn2sbml.formats.libsbml_checks import first_error
from crn2sbml.formats.libsbml_classes import restore_libsbml_classes
from crn2sbml.formats.mass_action import ReactionReader
from crn2sbml.formats.numeric_functions import CONSTANTS
from crn2sbml.formats.sbml_units import units_in_words
from crn2sbml.formats.sbml_values import (
    Values,
    constant_stoichiometry,
    each,
    given_value,
    read_functions,
    read_values,
)
from crn2sbml.formats.xml_guard import check_xml

_DECLARATION = re.compile(r"\ufeff?<\?xml[^>]*\?>")
_LOST = ("inf", "nan")
_UTF_8 = '<?xml version="1.0" encoding="UTF-8"?>'


def read_sbml_file(path: str | Path) -> Document:
    """The document in an SBML file (plain or gzip).

    Raises: FormatError: unreadable or no SBML; UnsupportedError: no mass-action network. Both begin with the path.
    """
    try:
        return read_sbml(read_text(path))
    except FormatError as error:
        if str(error).startswith(f"{path}:"):
            raise
        raise type(error)(f"{path}: {error}") from None


def read_sbml(text: str) -> Document:
    """The document in SBML text, any level and version that libSBML reads.

    Raises: FormatError: not SBML, broken or hostile; UnsupportedError: names what a mass-action network cannot hold.
    """
    sbml = _parse(text)
    model = sbml.getModel()
    _refuse_unsupported(model)
    feeding = take_feeding(model)
    taken = _ids(model)
    if sbml.getLevel() == 1:
        _name_ids(model, taken)
    functions = read_functions(model)
    values = read_values(model, functions)
    laws = [reaction.getKineticLaw() for reaction in each(model.getListOfReactions())]
    counts = Counter(p.getId() for law in laws if law is not None for p in each(law.getListOfParameters()))
    local = [_local_names(reaction, counts, values, taken) for reaction in each(model.getListOfReactions())]
    species = tuple(_species(element, values) for element in each(model.getListOfSpecies()))
    model_id = model.getId() or free_name("model", taken)
    expander = Expander(values.names(), functions)
    reader = ReactionReader(
        expander,
        lambda reference, where: constant_stoichiometry(reference, values, expander, where),
        frozenset(s.id for s in species if s.clamped),
        values.item_numbers,
        {model_id, *taken},
    )
    for element, names in zip(each(model.getListOfReactions()), local, strict=True):
        reader.add(element, names)
    parsed = reader.finish()
    try:
        network = Network(model_id, species, parsed.parameters, parsed.reactions)
    except NetworkError as error:
        raise FormatError(str(error)) from None
    metadata, units = read_metadata(model), units_in_words(model)
    own = frozenset(name for names in local for name in names.values()) & network.rate_constants.keys()
    return Document(network, metadata, parsed.shape, parsed.reading, units, values.folded, own, feeding)


def _parse(text: str) -> Any:
    try:
        check_xml(text)
    except FormatError as error:
        raise FormatError(f"not readable as SBML: {error}") from None
    restore_libsbml_classes()
    # The text is no bytes any more, whatever encoding its first line gives or, as XML allows, leaves out.
    sbml = libsbml.readSBMLFromString(_DECLARATION.sub(_UTF_8, text, count=1) if _DECLARATION.match(text) else text)
    wrong = first_error(sbml)
    if wrong is not None or sbml.getModel() is None:
        raise FormatError(f"not readable as SBML: {wrong[:300] if wrong else 'no model inside'}")
    for i in range(sbml.getNumPlugins() if sbml.getLevel() == 3 else 0):
        package = sbml.getPlugin(i).getPackageName()
        if package != "l3v2extendedmath" and sbml.getPackageRequired(package):
            raise UnsupportedError(f"needs the SBML package {package!r}; flatten or remove it first")
    return sbml


def _refuse_unsupported(model: Any) -> None:
    if model.getNumConstraints():
        raise UnsupportedError(f"constraint ({model.getNumConstraints()} in all) is not mass action")
    if model.isSetConversionFactor():
        raise UnsupportedError("the model has a conversion factor, which is not supported; fold it into the laws")


def _ids(model: Any) -> set[str]:
    """Every id that laws or the network could name; raises FormatError where two elements have the same."""
    found: set[str] = set()
    listed = (
        *(model.getListOfFunctionDefinitions(), model.getListOfCompartments(), model.getListOfSpecies()),
        *(model.getListOfParameters(), model.getListOfReactions()),
    )
    for element in (element for elements in listed for element in each(elements)):
        name, what = element.getId(), element.getElementName()
        if not name or name in found:
            raise FormatError(f"{what} {name!r}: the id is used twice" if name else f"a {what} has no id")
        found.add(name)
    return found


def _name_ids(model: Any, ids: set[str]) -> None:
    """Undo, in the formulas of Level 1, that libSBML takes ids such as `Pi` and `true` for constants; changes `model`.

    Raises: UnsupportedError: an id `inf` or `nan` that a formula may mean: there the name is lost.
    """
    lost = {name for name in ids if name.lower() in _LOST}
    for element in (*each(model.getListOfReactions()), *each(model.getListOfRules())):
        reaction = element.getElementName() == "reaction"
        law, where = (element.getKineticLaw(), f"reaction {element.getId()!r}") if reaction else (element, "rule")
        if law is None or law.getMath() is None:
            continue
        local = {parameter.getId() for parameter in each(law.getListOfParameters())} if reaction else set[str]()
        numbers = sorted(lost | {name for name in local if name.lower() in _LOST})
        todo = [law.getMath()]
        while todo:
            node = todo.pop()
            if node.getType() in CONSTANTS and ((name := node.getName()) in ids or name in local):
                node.setType(libsbml.AST_NAME)
                node.setName(name)
            if numbers and node.isNumber() and not math.isfinite(node.getValue()):
                raise UnsupportedError(f"{where}: libSBML reads {numbers[0]!r} in its formula as a number; rename it")
            todo += (node.getChild(i) for i in range(node.getNumChildren()))


def _local_names(reaction: Any, counts: Mapping[str, int], values: Values, taken: set[str]) -> dict[str, str]:
    """What the local parameters of a law are called in the network; adds them to both `values` and `taken`.

    Those whose name nothing else has, by the `counts` of local ones, keep it.
    """
    law = reaction.getKineticLaw()
    names: dict[str, str] = {}
    for parameter in () if law is None else each(law.getListOfParameters()):
        local = parameter.getId()
        if not local or local in names:
            raise FormatError(f"reaction {reaction.getId()!r}: its local parameter {local!r} has no id of its own")
        own = counts[local] == 1 and local not in taken
        names[local] = local if own else free_name(f"{reaction.getId()}_{local}", taken)
        taken.add(names[local])
        values.parameters[names[local]] = given_value(parameter)
    return names


def _species(species: Any, values: Values) -> Species:
    name = species.getId()
    if species.isSetConversionFactor():
        raise UnsupportedError(f"species {name!r}: conversion factors are not supported; fold them into the laws")
    initial = values.amounts[name]
    if not (math.isfinite(initial) and initial >= 0):
        raise UnsupportedError(f"species {name!r}: its initial amount is {initial}; it must be set, finite and >= 0")
    clamped = bool(species.getBoundaryCondition() or species.getConstant() or name in values.fixed)
    return Species(name, int(initial) if initial.is_integer() else initial, clamped, read_place(species))
