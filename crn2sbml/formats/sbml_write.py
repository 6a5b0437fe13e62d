"""SBML from a document, through libSBML: Level 3 Version 2, or another level made from it.

The same document gives the same bytes.

Counts are items: the model's substance unit is a `unitDefinition` with id `substance` that holds one `item`, and all
reactions are irreversible, which makes COPASI read the model as a stochastic one (SBMLImporter::isStochasticModel).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import libsbml

from crn2sbml.core.lump import lump
from crn2sbml.core.network import Network, Parameter, Reaction, Terms
from crn2sbml.errors import FormatError, did_you_mean
from crn2sbml.formats import math_trees
from crn2sbml.formats.annotation import annotate_model, place_annotation
from crn2sbml.formats.document import Document, may_be_local
from crn2sbml.formats.feeding import write_feeding
from crn2sbml.formats.layout_write import draw
from crn2sbml.formats.libsbml_checks import made, ok
from crn2sbml.formats.sbml_levels import LEVELS, to_level

_SBO_COMPARTMENT, _SBO_SPECIES, _SBO_REACTION = 290, 285, 176
_SBO_REACTANT, _SBO_PRODUCT, _SBO_CATALYST, _SBO_RATE_LAW, _SBO_MASS_ACTION = 10, 11, 13, 1, 12
_SBO_FRAMEWORK = {"continuous": 293, "discrete": 295}
_SBO_CONSTANT = {"continuous": {0: 48, 1: 35, 2: 36, 3: 37}, "discrete": {0: 65, 1: 66, 2: 67, 3: 68}}
_SBO_LAW = {
    "continuous": {(): 47, (1,): 49, (1, 1): 54, (2,): 52},
    "discrete": {(): 140, (1,): 141, (1, 1): 143, (2,): 142},
}


def write_sbml(document: Document, level: str = "L3V2", picture: bool = True) -> str:
    """The document as SBML text.

    Args: level: one of `LEVELS`; picture: whether a Level 3 file gets a layout (`formats.layout_write`).
    Raises: FormatError: libSBML refuses something (its own reason is given).
    """
    if level not in LEVELS:
        raise FormatError(did_you_mean(level, LEVELS, "SBML level"))
    if document.shape == "lumped":
        document = _without_idle_reactions(document)
    net, discrete = document.network, document.reading == "stochastic"
    framework = "discrete" if discrete else "continuous"
    sbml = libsbml.SBMLDocument(3, 2)
    model = made(sbml.createModel(), "model")
    ok(model.setId(net.id), f"model id {net.id!r}")
    ok(model.setSBOTerm(_SBO_FRAMEWORK[framework]), "modelling framework")
    annotate_model(model, document.metadata)
    _write_units(model, sorted(set(net.orders.values())))
    compartment = made(model.createCompartment(), "compartment")
    ok(compartment.setId(compartment_id(net)), "compartment id")
    ok(compartment.setConstant(True), "compartment constant")
    ok(compartment.setSize(1), "compartment size")
    ok(compartment.setSpatialDimensions(3), "compartment dimensions")
    ok(compartment.setUnits("litre"), "compartment units")
    ok(compartment.setSBOTerm(_SBO_COMPARTMENT), "compartment SBO")
    _write_species(model, document)
    local = document.local & may_be_local(net)
    for parameter in net.parameters:
        if parameter.id not in local:
            element = made(model.createParameter(), parameter.id)
            ok(element.setConstant(True), parameter.id)
            _describe(element, parameter, net.orders.get(parameter.id), framework)
    items = _write_item_numbers(model, document) if discrete else {}
    writer = _ReactionWriter(model, framework, items, {p.id: p for p in net.parameters if p.id in local})
    if document.shape == "elementary":
        for reaction in net.reactions:
            writer.elementary(reaction)
    else:
        for channel in lump(net):
            writer.lumped(channel.id, channel.net_change, channel.reactions)
    if document.feeding is not None:
        write_feeding(model, document.feeding, lambda name: free_id(name, net))
    if level != "L3V2":
        to_level(sbml, level, document.metadata)
    if picture and LEVELS[level][0] == 3:
        places = {species.id: species.place for species in net.species if species.place is not None}
        draw(sbml, places, frozenset(net.clamped))
    return str(libsbml.writeSBMLToString(sbml))


def _describe(element: Any, parameter: Parameter, order: int | None, framework: str) -> None:
    """Id, value, units and meaning of a parameter, global or local."""
    ok(element.setId(parameter.id), f"parameter {parameter.id!r}")
    ok(element.setValue(parameter.value), f"value of {parameter.id!r}")
    ok(element.setUnits("dimensionless" if order is None else _unit_id(order)), f"units of {parameter.id!r}")
    if order in _SBO_CONSTANT[framework]:
        ok(element.setSBOTerm(_SBO_CONSTANT[framework][order]), f"SBO of {parameter.id!r}")


def _without_idle_reactions(document: Document) -> Document:
    """Lumping drops reactions that change nothing; what is written must not depend on them."""
    net, clamped = document.network, set(document.network.clamped)
    changing = tuple(r for r in net.reactions if any(name not in clamped for name, _ in r.net_change))
    net = replace(net, reactions=changing)
    return replace(document, network=net, reading=document.reading if net.has_repeated_reactants else "any")


def compartment_id(net: Network) -> str:
    """The compartment's id, `cell` if it is free."""
    return free_id("cell", net)


def free_id(name: str, net: Network) -> str:
    """The name, or that with as many underscores as it takes to be no other id of the network."""
    taken = {net.id, *net.species_index, *net.rate_constants, *(reaction.id for reaction in net.reactions)}
    while name in taken:
        name += "_"
    return name


def _write_item_numbers(model: Any, document: Document) -> dict[int, str]:
    """The numbers of items in k x (x - 1), k x (x - 1) (x - 2), ... as constant parameters: their ids by number.

    A number with a unit of its own would do in Level 3, but many importers (Antimony, GillesPy2, PySCeS, ...) trip over
    it, and a number without one is a warning.
    """
    most = max(count for reaction in document.network.reactions for _, count in reaction.inputs)
    names = {number: free_id(f"items_{number}", document.network) for number in range(1, most)}
    for number, name in names.items():
        element = made(model.createParameter(), name)
        ok(element.setId(name), name)
        ok(element.setValue(number), name)
        ok(element.setConstant(True), name)
        ok(element.setUnits("substance"), name)
    return names


def _unit_id(order: int) -> str:
    return {0: "item_per_second", 1: "per_second"}.get(order, f"per_item{order - 1 if order > 2 else ''}_per_second")


def _write_units(model: Any, orders: Iterable[int]) -> None:
    item = libsbml.UNIT_KIND_ITEM
    definitions = {"substance": [(item, 1)], "area": [(libsbml.UNIT_KIND_METRE, 2)]} | {
        _unit_id(order): [(item, 1 - order)] * (order != 1) + [(libsbml.UNIT_KIND_SECOND, -1)] for order in orders
    }
    for name, units in definitions.items():
        definition = made(model.createUnitDefinition(), name)
        ok(definition.setId(name), f"unit {name!r}")
        for kind, exponent in units:
            unit = made(definition.createUnit(), name)
            ok(unit.setKind(kind), name)
            ok(unit.setExponent(exponent), name)
            ok(unit.setScale(0), name)
            ok(unit.setMultiplier(1), name)
    ok(model.setSubstanceUnits("substance"), "substance units")
    ok(model.setExtentUnits("substance"), "extent units")
    ok(model.setTimeUnits("second"), "time units")
    ok(model.setVolumeUnits("litre"), "volume units")
    # Nothing here has a length or an area; COPASI warns where they are left out.
    ok(model.setLengthUnits("metre"), "length units")
    ok(model.setAreaUnits("area"), "area units")


def _write_species(model: Any, document: Document) -> None:
    cell = compartment_id(document.network)
    for species in document.network.species:
        element = made(model.createSpecies(), species.id)
        ok(element.setId(species.id), f"species {species.id!r}")
        ok(element.setCompartment(cell), species.id)
        ok(element.setInitialAmount(species.initial), f"initial count of {species.id!r}")
        ok(element.setSubstanceUnits("substance"), species.id)
        ok(element.setHasOnlySubstanceUnits(True), species.id)
        ok(element.setBoundaryCondition(species.clamped), species.id)
        # Not constant even where clamped: a simulator may then set an input by name between runs.
        ok(element.setConstant(False), species.id)
        ok(element.setSBOTerm(_SBO_SPECIES), species.id)
        if species.place is not None:
            ok(element.setAnnotation(place_annotation(species.place)), f"place of {species.id!r}")


class _ReactionWriter:
    """Writes reactions into one model, in one framework.

    `items` names the numbers of items by number, `local` holds the constants that belong to a law.
    """

    def __init__(self, model: Any, framework: str, items: Mapping[int, str], local: Mapping[str, Parameter]) -> None:
        self._model, self._framework, self._items, self._local = model, framework, items, local

    def elementary(self, reaction: Reaction) -> None:
        element = self._reaction(reaction.id)
        for name, count in reaction.inputs:
            self._reference(element.createReactant(), name, count, _SBO_REACTANT)
        for name, count in reaction.outputs:
            self._reference(element.createProduct(), name, count, _SBO_PRODUCT)
        self._law(element, [reaction])

    def lumped(self, name: str, net_change: Terms, reactions: tuple[Reaction, ...]) -> None:
        element = self._reaction(name)
        for species, count in net_change:
            if count < 0:
                self._reference(element.createReactant(), species, -count, _SBO_REACTANT)
            else:
                self._reference(element.createProduct(), species, count, _SBO_PRODUCT)
        readers = dict.fromkeys(species for reaction in reactions for species, _ in reaction.inputs)
        # A species that the law reads must be listed: as a reactant if consumed, else as a modifier.
        consumed = {species for species, count in net_change if count < 0}
        for species in readers:
            if species not in consumed:
                modifier = made(element.createModifier(), species)
                ok(modifier.setSpecies(species), f"modifier {species!r} of {name!r}")
                ok(modifier.setSBOTerm(_SBO_CATALYST), species)
        self._law(element, reactions)

    def _reaction(self, name: str) -> Any:
        element = made(self._model.createReaction(), name)
        ok(element.setId(name), f"reaction {name!r}")
        ok(element.setReversible(False), name)
        ok(element.setSBOTerm(_SBO_REACTION), name)
        return element

    def _reference(self, reference: Any, name: str, count: int, sbo: int) -> None:
        ok(made(reference, name).setSpecies(name), f"species {name!r}")
        ok(reference.setStoichiometry(count), name)
        ok(reference.setConstant(True), name)
        ok(reference.setSBOTerm(sbo), name)

    def _law(self, element: Any, reactions: Iterable[Reaction]) -> None:
        terms = list(reactions)
        law = made(element.createKineticLaw(), element.getId())
        math = math_trees.total([self._product(reaction) for reaction in terms])
        ok(law.setMath(math), f"law of {element.getId()!r}")
        for reaction in terms:
            if (constant := self._local.get(reaction.rate)) is not None:
                order = sum(count for _, count in reaction.inputs)
                _describe(made(law.createLocalParameter(), constant.id), constant, order, self._framework)
        pattern = tuple(count for _, count in terms[0].inputs)
        mass_action = _SBO_LAW[self._framework].get(pattern, _SBO_MASS_ACTION)
        ok(law.setSBOTerm(mass_action if len(terms) == 1 else _SBO_RATE_LAW), element.getId())

    def _product(self, reaction: Reaction) -> Any:
        """K * A * B, k * A^2, or k * A * (A - 1) in the discrete reading."""
        factors = [math_trees.name(reaction.rate)]
        for name, count in reaction.inputs:
            if self._framework == "discrete":
                items = (math_trees.name(self._items[i]) for i in range(1, count))
                factors += [math_trees.name(name), *(math_trees.difference(math_trees.name(name), i) for i in items)]
            else:
                factors.append(math_trees.power(name, count))
        return math_trees.product(factors)
