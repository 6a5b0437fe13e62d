"""The constants of an SBML model worked out: sizes, parameters, stoichiometries and initial amounts.

Initial assignments, and assignment rules whose value never changes, are evaluated in the order in which they need one
another. Any level and version of SBML.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import libsbml

from crn2sbml.errors import FormatError, UnsupportedError
from crn2sbml.formats.laws import Expander, Names, names_in

Functions = Mapping[str, tuple[tuple[str, ...], Any]]


@dataclass(frozen=True)
class Values:
    """Values at the start, by id; amounts of species in the model's unit of substance.

    `stoichiometries` also holds the `item_numbers`, which our writer gives a name that carries their unit. `fixed`
    holds the species that a rule sets to a constant. `folded` holds the species that rules and initial assignments
    name: what these give holds for the initial amounts in the file only. A value that the file does not give is NaN.
    """

    parameters: dict[str, float]
    sizes: dict[str, float]
    stoichiometries: dict[str, float]
    species_size: dict[str, float]
    amounts: dict[str, float]
    fixed: frozenset[str]
    folded: frozenset[str]
    item_numbers: frozenset[str]

    def names(self) -> Names:
        """What the names in kinetic laws mean."""
        return Names(self.parameters, {**self.sizes, **self.stoichiometries}, self.species_size)


@dataclass(frozen=True)
class _Definition:
    tree: Any
    where: str
    rule: bool


def read_values(model: Any, functions: Functions) -> Values:
    """Every constant of a libSBML model.

    Raises: FormatError: ids that are missing, unknown or used twice; values that need one another in a circle;
        UnsupportedError: a rule that is no constant, a concentration in a compartment without size.
    """
    return _Reader(model, functions).read()


def read_functions(model: Any) -> dict[str, tuple[tuple[str, ...], Any]]:
    """Arguments and body of each function definition; one without a body is left out."""
    found = {}
    for definition in each(model.getListOfFunctionDefinitions()):
        arguments = tuple(definition.getArgument(i).getName() for i in range(definition.getNumArguments()))
        if definition.getBody() is not None:
            found[definition.getId()] = arguments, definition.getBody()
    return found


def is_literal(parameter: Any) -> bool:
    """Whether a parameter is the number of items in k x (x - 1), as our writer names it."""
    name, value = parameter.getId(), parameter.getValue()
    return bool(parameter.getUnits() == "substance" and name.rstrip("_") == f"items_{value:g}")


def given_value(parameter: Any) -> float:
    """The value of a parameter, global or local; libSBML fills a gap with 0 in Levels 1 and 2."""
    return float(parameter.getValue()) if parameter.isSetValue() else math.nan


def each(listed: Any) -> Iterable[Any]:
    """The elements of one of libSBML's lists."""
    return (listed.get(i) for i in range(listed.size()))


class _Reader:
    def __init__(self, model: Any, functions: Functions) -> None:
        self.species = {s.getId(): s for s in each(model.getListOfSpecies())}
        parameters = [(p.getId(), given_value(p), is_literal(p)) for p in each(model.getListOfParameters())]
        self.item_numbers = frozenset(name for name, _, literal in parameters if literal)
        self.parameters = {name: value for name, value, literal in parameters if not literal}
        self.sizes = {c.getId(): _size(c) for c in each(model.getListOfCompartments())}
        self.stoichiometries = {
            reference.getId(): float(reference.getStoichiometry())
            for reaction in each(model.getListOfReactions())
            for listed in (reaction.getListOfReactants(), reaction.getListOfProducts())
            for reference in each(listed)
            if reference.isSetId() and model.getLevel() > 2
        } | {name: value for name, value, literal in parameters if literal}
        self.definitions = self._definitions(model)
        self.fixed = frozenset(s for s in self.species if s in self.definitions and self.definitions[s].rule)
        self.meant: dict[str, float] = {**self.stoichiometries}
        self.expander = Expander(Names({}, self.meant, {}), functions)

    def read(self) -> Values:
        amounts: dict[str, float] = {}
        species_size: dict[str, float] = {}
        for name in self._order():
            value = self._evaluate(name)
            if name in self.species:
                species_size[name] = self._size_of(self.species[name])
                start = self._amount(self.species[name]) if value is None else value * species_size[name]
                amounts[name], value = start, start / species_size[name]
            for group in (self.parameters, self.sizes, self.stoichiometries):
                if name in group:
                    value = group[name] if value is None else value
                    group[name] = value
            self.meant[name] = math.nan if value is None else value
        in_order = {name: species_size[name] for name in self.species}
        named = {name for definition in self.definitions.values() for name in names_in(definition.tree)}
        return Values(
            parameters=self.parameters,
            sizes=self.sizes,
            stoichiometries=self.stoichiometries,
            species_size=in_order,
            amounts=amounts,
            fixed=self.fixed,
            folded=frozenset(named & self.species.keys()),
            item_numbers=self.item_numbers,
        )

    def _definitions(self, model: Any) -> dict[str, _Definition]:
        found: dict[str, _Definition] = {}
        known = (self.species, self.parameters, self.sizes, self.stoichiometries)
        for element in (*each(model.getListOfInitialAssignments()), *each(model.getListOfRules())):
            rule = not isinstance(element, libsbml.InitialAssignment)
            name, kind = element.getVariable() if rule else element.getSymbol(), element.getElementName()
            where = f"{kind} for {name or 'an equation'!r}"
            if rule and not element.isAssignment():
                raise UnsupportedError(f"{where} is not mass action")
            if element.getMath() is None:
                raise UnsupportedError(f"{where}: its value could not be worked out, it has no formula")
            if not any(name in group for group in known):
                raise FormatError(f"{where}: there is no such species, parameter, compartment or species reference")
            if name in found:
                raise FormatError(f"{where}: something else sets it too")
            found[name] = _Definition(element.getMath(), where, rule)
        return found

    def _order(self) -> Iterable[str]:
        """Every id after what its value needs."""
        needs: dict[str, set[str]] = {name: set() for name in (*self.sizes, *self.parameters, *self.stoichiometries)}
        for name, species in self.species.items():
            needs[name] = {species.getCompartment()} & self.sizes.keys()
        for name, definition in self.definitions.items():
            needs[name] = needs[name] | {used for used in names_in(definition.tree) if used in needs}
        try:
            return tuple(TopologicalSorter(needs).static_order())
        except CycleError as error:
            circle = " -> ".join(error.args[1][:8])
            raise FormatError(f"initial values and rules need one another in a circle: {circle}") from None

    def _evaluate(self, name: str) -> float | None:
        """The value that a rule or assignment gives; for species, of what their name means."""
        definition = self.definitions.get(name)
        if definition is None:
            return None
        if definition.rule:
            for used in names_in(definition.tree):
                if used in self.species and not (self.species[used].getConstant() or used in self.fixed):
                    raise UnsupportedError(f"{definition.where} is not mass action: it follows the species {used!r}")
        value = self.expander.value(definition.tree, definition.where)
        if not math.isfinite(value):
            raise FormatError(f"{definition.where}: its value could not be worked out, it is {value}")
        return value

    def _size_of(self, species: Any) -> float:
        name, home = species.getId(), species.getCompartment()
        if home not in self.sizes:
            raise FormatError(f"species {name!r}: no compartment {home!r}")
        size = 1.0 if species.getHasOnlySubstanceUnits() else self.sizes[home]
        if not 0 < size < math.inf:
            raise UnsupportedError(f"species {name!r} is a concentration in {home!r}, whose size is {size}")
        return size

    def _amount(self, species: Any) -> float:
        if species.isSetInitialAmount():
            return float(species.getInitialAmount())
        if species.isSetInitialConcentration():
            return float(species.getInitialConcentration()) * self.sizes[species.getCompartment()]
        return math.nan


def constant_stoichiometry(reference: Any, values: Values, expander: Expander, where: str) -> float:
    """The stoichiometry of a species reference of any level; raises UnsupportedError where it is no constant."""
    where = f"{where}: the stoichiometry of {reference.getSpecies()!r}"
    if reference.isSetStoichiometryMath():
        tree = reference.getStoichiometryMath().getMath()
        return math.nan if tree is None else expander.value(tree, where)
    if reference.getId() in values.stoichiometries:
        return values.stoichiometries[reference.getId()]
    return float(reference.getStoichiometry()) / (reference.getDenominator() or math.nan)


def _size(compartment: Any) -> float:
    """The size, or 1 of what has no dimensions; 1 is the default of Level 1, the other levels have none."""
    flat = compartment.isSetSpatialDimensions() and compartment.getSpatialDimensions() == 0
    given = compartment.isSetSize() or compartment.getLevel() == 1
    return 1.0 if flat else float(compartment.getSize()) if given else math.nan
