"""What a case's model says of its variables: which are species, of which compartment's size, and which are constants.

Read from the case's own file, not from the network made of it: amounts that come back from an engine are judged in the
units of the original.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import libsbml
import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.errors import FormatError, UnsupportedError
from crn2sbml.formats.sbml_values import read_functions, read_values
from crn2sbml.verify.suite_files import Settings


@dataclass(frozen=True)
class Quantities:
    """`sizes`: of each species' compartment (NaN if not set, 1 without dimensions). `amounts`: species that formulas
    read as amounts. `constants`: value of each compartment, parameter and stoichiometric coefficient with an id.
    """

    sizes: Mapping[str, float]
    amounts: frozenset[str]
    constants: Mapping[str, float]
    reactions: frozenset[str]

    def divisor(self, name: str, settings: Settings) -> float:
        """What an amount of the species is divided by, to be what the settings ask for.

        A species in neither list is what its id means in the model's formulas. Raises: FormatError: in both lists.
        """
        amount, concentration = name in settings.amount, name in settings.concentration
        if amount and concentration:
            raise FormatError(f"settings: {name!r} is listed both as amount and as concentration")
        return 1.0 if amount or (name in self.amounts and not concentration) else self.sizes[name]

    def constant(self, name: str) -> float:
        """Raises: UnsupportedError: a reaction, whose rate is meant; FormatError: nothing of the model."""
        if name in self.reactions:
            raise UnsupportedError(f"variable {name!r} is the rate of a reaction, which engines do not report")
        if name not in self.constants:
            raise FormatError(f"variable {name!r} is no species, compartment, parameter or stoichiometry of the model")
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
    """The quantities of a model that the package's reader accepts, in any level."""
    model = libsbml.readSBMLFromString(text).getModel()
    values = read_values(model, read_functions(model))
    species = [model.getSpecies(i) for i in range(model.getNumSpecies())]
    return Quantities(
        sizes={one.getId(): values.sizes[one.getCompartment()] for one in species},
        amounts=frozenset(one.getId() for one in species if one.getHasOnlySubstanceUnits()),
        constants={**values.parameters, **values.sizes, **values.stoichiometries},
        reactions=frozenset(model.getReaction(i).getId() for i in range(model.getNumReactions())),
    )
