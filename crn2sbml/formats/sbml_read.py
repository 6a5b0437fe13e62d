"""Any SBML of mass-action reactions back to a document; what cannot be expressed is named.

Amounts are kept as they stand; fixed compartment sizes and composite coefficients are folded into rate constants.
"""

import math
from pathlib import Path
from typing import Any

import libsbml

from crn2sbml.core.network import Network, Species
from crn2sbml.disk import read_text
from crn2sbml.errors import FormatError, UnsupportedError
from crn2sbml.formats.annotation import read_metadata, read_place
from crn2sbml.formats.document import Document
from crn2sbml.formats.laws import Names
from crn2sbml.formats.libsbml_checks import first_error
from crn2sbml.formats.mass_action import ReactionReader, free_name


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

    Raises: FormatError: not SBML, or broken; UnsupportedError: names what a mass-action network cannot hold.
    """
    sbml = _parse(text)
    model = sbml.getModel()
    _refuse_unsupported(model)
    if model.getNumFunctionDefinitions():
        sbml.expandFunctionDefinitions()
    if model.getNumInitialAssignments():
        sbml.expandInitialAssignments()
        if model.getNumInitialAssignments():
            target = model.getInitialAssignment(0).getSymbol()
            raise UnsupportedError(f"initialAssignment of {target!r}: its value could not be worked out")
    if any(_local_parameters(model.getReaction(i)) for i in range(model.getNumReactions())):
        properties = libsbml.ConversionProperties()
        properties.addOption("promoteLocalParameters", True)
        sbml.convert(properties)
    names = _names(model)
    species = tuple(_species(model.getSpecies(i), names) for i in range(model.getNumSpecies()))
    model_id = model.getId() or free_name("model", {*names.species_size, *names.parameters, *_reaction_ids(model)})
    taken = {model_id, *names.species_size, *names.parameters, *_reaction_ids(model)}
    reader = ReactionReader(names, frozenset(s.id for s in species if s.clamped), taken)
    for i in range(model.getNumReactions()):
        reader.add(model.getReaction(i))
    parsed = reader.finish()
    network = Network(model_id, species, parsed.parameters, parsed.reactions)
    return Document(network, read_metadata(model), parsed.shape, parsed.reading)


def _parse(text: str) -> Any:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise FormatError("holds a document type declaration, which SBML never does; refused")
    sbml = libsbml.readSBMLFromString(text)
    error = first_error(sbml)
    if error is not None or sbml.getModel() is None:
        raise FormatError(f"not readable as SBML: {error or 'no model inside'}")
    if sbml.getLevel() == 3:
        _refuse_packages(sbml)
    # Not strict: what an older level leaves implicit (default units, sizes) becomes explicit, laws stay.
    if sbml.getLevel() < 3 and not sbml.setLevelAndVersion(3, 2, False):
        raise FormatError(f"cannot be brought from Level {sbml.getLevel()} to Level 3: {first_error(sbml)}")
    return sbml


def _refuse_packages(sbml: Any) -> None:
    for i in range(sbml.getNumPlugins()):
        package = sbml.getPlugin(i).getPackageName()
        if package != "l3v2extendedmath" and sbml.getPackageRequired(package):
            raise UnsupportedError(f"needs the SBML package {package!r}; flatten or remove it first")


def _refuse_unsupported(model: Any) -> None:
    for i in range(model.getNumRules()):
        rule = model.getRule(i)
        raise UnsupportedError(
            f"{rule.getElementName()} for {rule.getVariable() or 'an equation'!r} is not mass action"
        )
    for what, count, first in (
        ("event", model.getNumEvents(), lambda: model.getEvent(0).getId()),
        ("constraint", model.getNumConstraints(), lambda: ""),
    ):
        if count:
            raise UnsupportedError(f"{what} {first() or 'without id'!r} ({count} in all) is not mass action")


def _local_parameters(reaction: Any) -> int:
    law = reaction.getKineticLaw()
    return int(law.getNumLocalParameters()) if law is not None else 0


def _reaction_ids(model: Any) -> list[str]:
    return [model.getReaction(i).getId() for i in range(model.getNumReactions())]


def _names(model: Any) -> Names:
    sizes = {}
    for i in range(model.getNumCompartments()):
        compartment = model.getCompartment(i)
        flat = compartment.isSetSpatialDimensions() and compartment.getSpatialDimensions() == 0
        sizes[compartment.getId()] = 1.0 if flat else float(compartment.getSize())
    species_size = {}
    for i in range(model.getNumSpecies()):
        species = model.getSpecies(i)
        if species.getCompartment() not in sizes:
            raise FormatError(f"species {species.getId()!r}: no compartment {species.getCompartment()!r}")
        size = 1.0 if species.getHasOnlySubstanceUnits() else sizes[species.getCompartment()]
        if not size > 0:
            raise UnsupportedError(
                f"species {species.getId()!r} is a concentration in {species.getCompartment()!r}, whose size is {size}"
            )
        species_size[species.getId()] = size
    parameters = {}
    for i in range(model.getNumParameters()):
        parameter = model.getParameter(i)
        parameters[parameter.getId()] = float(parameter.getValue())
    return Names(parameters, sizes, species_size)


def _species(species: Any, names: Names) -> Species:
    name = species.getId()
    if species.isSetConversionFactor() or species.getModel().isSetConversionFactor():
        raise UnsupportedError(f"species {name!r}: conversion factors are not supported; fold them into the laws")
    if species.isSetInitialAmount():
        initial = float(species.getInitialAmount())
    elif species.isSetInitialConcentration():
        initial = float(species.getInitialConcentration()) * names.compartments[species.getCompartment()]
    else:
        initial = math.nan
    if not (math.isfinite(initial) and initial >= 0):
        raise FormatError(f"species {name!r}: its initial amount is {initial}; it must be set, finite and >= 0")
    clamped = bool(species.getBoundaryCondition() or species.getConstant())
    return Species(name, int(initial) if initial.is_integer() else initial, clamped, read_place(species))
