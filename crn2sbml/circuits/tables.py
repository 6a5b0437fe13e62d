"""Tables of settings, as TOML and JSON hold them, turned into the dataclasses they describe."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from crn2sbml.errors import ShapeError, did_you_mean

Settings = TypeVar("Settings")
_LARGEST = 1e300
"""Beyond it, products of numbers would be none."""


def fill_in(settings: type[Settings], table: Mapping[str, Any], where: str, complete: bool = False) -> Settings:
    """An instance of a dataclass whose fields are whole numbers, numbers and words, no number below 0 or above 1e300.

    With `complete`, the table must hold every field, those with a default too.
    Raises: ShapeError, beginning with `where`: a name that is unknown or missing, or a value of another type.
    """
    known = {field.name: field for field in fields(settings)}  # type: ignore[arg-type]
    for name, value in table.items():
        if name not in known:
            raise ShapeError(f"{where}: {did_you_mean(name, known, 'setting')}")
        wanted = known[name].type
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LARGEST
        if not {int: isinstance(value, int) and number, float: number, str: isinstance(value, str)}[wanted]:  # type: ignore[index]
            described = {int: "a whole number of 0 or more", float: "a number of 0 or more", str: "a word"}[wanted]  # type: ignore[index]
            raise ShapeError(f"{where}: {name} is {value!r}; it must be {described}")
    missing = [name for name, field in known.items() if (complete or field.default is MISSING) and name not in table]
    if missing:
        raise ShapeError(f"{where}: {missing[0]} is missing")
    return settings(**{name: known[name].type(value) for name, value in table.items()})  # type: ignore[operator]
