"""What a case's model says of its variables: which are species, of which compartment's size, and which are constants.

Read with libSBML from the case's own file, not from the network made of it: amounts that come back from an engine are
judged in the units of the original.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import libsbml
import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.errors import FormatError, UnsupportedError
from crn2sbml.verify.suite_files import Settings


@dataclass(frozen=True)
class Quantities:
    """`sizes`: of each species' compartment (NaN if not set). `amounts`: species that formulas read as amounts.
    `constants`: value of each compartment, parameter and stoichiometric coefficient with an id.
    """

    sizes: Mapping[str, float]
    amounts: frozenset[str]
    constants: Mapping[str, float]

    def divisor(self, name: str, settings: Settings) -> float:
        """What an amount of the species is divided by, to be what the settings ask for.

        A species in neither list is what its id means in the model's formulas. Raises: FormatError: in both lists.
        """
        amount, concentration = name in settings.amount, name in settings.concentration
        if amount and concentration:
            raise FormatError(f"settings: {name!r} is listed both as amount and as concentration")
        return 1.0 if amount or (name in self.amounts and not concentration) else self.sizes[name]

    def constant(self, name: str) -> float:
        """Raises: UnsupportedError: no species and no constant of the model."""
        if name not in self.constants:
            raise UnsupportedError(f"variable {name!r} is no species, compartment, parameter or stoichiometry here")
        return self.constants[name]

    def values(
        self, names: Iterable[str], settings: Settings, amounts: Mapping[str, Array], shape: tuple[int, ...]
    ) -> dict[str, Array]:
        """Each variable as the settings ask for it, an array of `shape`, from the species' amounts of that shape."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                name: amounts[name] / self.divisor(name, settings)
                if name in self.sizes
                else np.full(shape, self.constant(name))
                for name in names
            }


def read_quantities(text: str) -> Quantities:
    """The quantities of a model that the package's reader accepts (no rules, no events), in any level."""
    sbml = libsbml.readSBMLFromString(text)
    if sbml.getLevel() < 3:
        sbml.setLevelAndVersion(3, 2, False)
    sbml.expandFunctionDefinitions()
    sbml.expandInitialAssignments()
    model = sbml.getModel()
    compartments = {c.getId(): _size(c) for c in _all(model.getListOfCompartments())}
    constants = {p.getId(): float(p.getValue()) for p in _all(model.getListOfParameters())}
    for reaction in _all(model.getListOfReactions()):
        for references in (reaction.getListOfReactants(), reaction.getListOfProducts()):
            constants |= {r.getId(): float(r.getStoichiometry()) for r in _all(references) if r.getId()}
    # A compartment without dimensions has no size, and what is in it no concentration: its amount stands for it.
    sizes = {
        species.getId(): compartments[species.getCompartment()]
        if model.getCompartment(species.getCompartment()).getSpatialDimensions()
        else 1.0
        for species in _all(model.getListOfSpecies())
    }
    amounts = frozenset(s.getId() for s in _all(model.getListOfSpecies()) if s.getHasOnlySubstanceUnits())
    return Quantities(sizes, amounts, {**constants, **compartments})


def _all(listed: Any) -> list[Any]:
    return [listed.get(i) for i in range(listed.size())]


def _size(compartment: Any) -> float:
    return float(compartment.getSize()) if compartment.isSetSize() else float("nan")
