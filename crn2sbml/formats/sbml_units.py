"""What a model counts and times in, in words, where that is not items and seconds."""

import math
from typing import Any

import libsbml

from crn2sbml.formats.sbml_values import each

_MOST_SHOWN = 3


def units_in_words(model: Any) -> str:
    """The units of amounts and of time that a libSBML model sets to something else: "0.001 mole and 60 second".

    Empty where amounts are items or plain numbers and times are seconds, and where the file does not say.
    """
    level_3 = model.getLevel() > 2
    of_model = (model.getSubstanceUnits(), model.getExtentUnits()) if level_3 else ("substance",)
    amounts = dict.fromkeys((*of_model, *(species.getSubstanceUnits() for species in each(model.getListOfSpecies()))))
    words = [word for unit in amounts if (word := _words(model, unit, ("item", "dimensionless")))][:_MOST_SHOWN]
    time = _words(model, model.getTimeUnits() if level_3 else "time", ("second",))
    words += ["dimensionless time"] if time == "dimensionless" else [time] if time else []
    return " and ".join(dict.fromkeys(words))


def _words(model: Any, unit: str, plain: tuple[str, ...]) -> str:
    """Factor and base units of a unit; nothing for one of the `plain` ones, or where the file leaves it to SBML."""
    definition = model.getUnitDefinition(unit)
    if definition is None:
        left_open = not unit or (model.getLevel() < 3 and unit in ("substance", "time"))
        return "" if left_open or unit in plain else unit[:40]
    factor, powers = 1.0, dict[str, float]()
    for part in each(definition.getListOfUnits()):
        kind, exponent = libsbml.UnitKind_toString(part.getKind()), float(part.getExponentAsDouble())
        try:
            factor *= math.pow(part.getMultiplier() * math.pow(10, part.getScale()), exponent)
        except (ValueError, OverflowError):
            factor = math.nan
        powers[kind] = powers.get(kind, 0.0) + exponent
    powers.pop("dimensionless", None)
    bases = " ".join(kind + (f"^{power:g}" if power != 1 else "") for kind, power in powers.items() if power)
    if abs(factor - 1) < 1e-9:
        return "" if (bases or "dimensionless") in plain else bases or "dimensionless"
    return f"{factor:g} {bases or 'dimensionless'}"
