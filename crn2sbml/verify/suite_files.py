"""Files of a case of the SBML Test Suite: its settings and its tables of correct values.

Source: the suite's own descriptions of its files, cases/semantic/README.md and cases/stochastic/README.md.
"""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.disk import read_text
from crn2sbml.errors import FormatError
from crn2sbml.verify.suite_case import Case, moment_files

RELATIVE, ABSOLUTE = 1e-4, 1e-7
"""Tolerances of a case that names none: the relative one the suite's authors agreed on, and their usual absolute one
at amounts of 1e-4."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What NNNNN-settings.txt says; a blank or missing line is None, or the default."""

    start: float | None
    duration: float | None
    steps: float | None
    variables: tuple[str, ...]
    amount: tuple[str, ...]
    concentration: tuple[str, ...]
    absolute: float
    relative: float
    mean_range: tuple[float, float]
    sd_range: tuple[float, float]


@dataclass(frozen=True)
class Table:
    """A CSV file's `times` (s) and `columns` (time,); `precision`: half a unit of each column's last printed digit."""

    times: Array
    columns: dict[str, Array]
    precision: dict[str, float]


def read_settings(case: Case) -> Settings:
    """Raises: FormatError: missing, not text, or a number that is none."""
    path = _one(case, "settings.txt")
    lines = (line.partition(":") for line in read_text(path).splitlines())
    found = {name.strip().lower(): value.strip() for name, _, value in lines}

    def number(name: str) -> float | None:
        text = found.get(name, "")
        try:
            value = float(text) if text else None
        except ValueError:
            value = math.nan
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise FormatError(f"{path}: setting {name!r} is {text!r}; it must be a number >= 0")
        return value

    def names(name: str) -> tuple[str, ...]:
        return tuple(filter(None, (part.strip() for part in found.get(name, "").split(","))))

    def bounds(name: str, usual: float) -> tuple[float, float]:
        text = found.get(name.lower(), "")
        parts = text.strip("()[] ").split(",")
        try:
            low, high = (float(part) for part in parts) if text else (-usual, usual)
        except ValueError:
            raise FormatError(f"{path}: setting {name!r} is {text!r}; it must be two numbers, (-3, 3)") from None
        return low, high

    absolute, relative = number("absolute"), number("relative")
    return Settings(
        start=number("start"),
        duration=number("duration"),
        steps=number("steps"),
        variables=names("variables"),
        amount=names("amount"),
        concentration=names("concentration"),
        absolute=ABSOLUTE if absolute is None else absolute,
        relative=RELATIVE if relative is None else relative,
        mean_range=bounds("meanRange", 3),
        sd_range=bounds("sdRange", 5),
    )


def correct_values(case: Case, settings: Settings) -> Table:
    """Correct values of the variables over time; all columns if the settings name no variables.

    Raises: FormatError: a broken table, a variable without a column, or times other than the settings say.
    """
    return _read_table(_one(case, "results.csv"), settings)


def correct_moments(case: Case, settings: Settings) -> tuple[Table, Table]:
    """Correct means and standard deviations, from *-mean.csv and *-sd.csv, else from the results' own columns.

    Raises: FormatError: see `correct_values`; or the two tables differ in times or columns.
    """
    files = moment_files(case.folder)
    if files:
        mean, sd = (_read_table(path, settings) for path in files)
    else:
        whole = _read_table(_one(case, "results.csv"), settings, ("-mean", "-sd"))
        mean, sd = _part(whole, "-mean"), _part(whole, "-sd")
    if mean.columns.keys() != sd.columns.keys() or not np.array_equal(mean.times, sd.times):
        raise FormatError(f"{case.folder}: the tables of means and of standard deviations differ in times or columns")
    return mean, sd


def _one(case: Case, what: str) -> Path:
    path = case.folder / f"{case.name}-{what}"
    if not path.exists():
        raise FormatError(f"{path}: no such file")
    return path


def _part(table: Table, ending: str) -> Table:
    names = {name: name.removesuffix(ending) for name in table.columns if name.endswith(ending)}
    return Table(
        table.times,
        {short: table.columns[name] for name, short in names.items()},
        {short: table.precision[name] for name, short in names.items()},
    )


def _read_table(path: Path, settings: Settings, endings: tuple[str, ...] = ("",)) -> Table:
    """The wanted columns of a CSV file; a table without a header has its columns in the order of the settings."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(read_text(path).splitlines())]
    rows = [row for row in rows if any(row)]
    wanted = [name + ending for ending in endings for name in settings.variables]
    header = rows.pop(0) if _number(rows[0][0]) is None else ["time", *wanted]
    if header[0].lower() != "time":
        raise FormatError(f"{path}: the first column is {header[0]!r}, it must be the time")
    for name in wanted:
        if name not in header:
            raise FormatError(f"{path}: no column {name!r}; columns: {', '.join(header)}")
    values = np.empty((len(rows), len(header)))
    for number, row in enumerate(rows):
        numbers = [_number(cell) for cell in row]
        if len(row) != len(header) or None in numbers:
            raise FormatError(f"{path}: row {number + 1} of the table does not hold {len(header)} numbers: {row}")
        values[number] = numbers
    _check_times(path, values[:, 0], settings)
    columns = {name: values[:, i] for i, name in enumerate(header) if i and (name in wanted or not wanted)}
    precision = {name: _half_digit(row[header.index(name)] for row in rows) for name in columns}
    return Table(values[:, 0], columns, precision)


def _check_times(path: Path, times: Array, settings: Settings) -> None:
    if not len(times) or not (times[0] >= 0 and (np.diff(times) > 0).all() and times[-1] < np.inf):
        raise FormatError(f"{path}: its times must be one or more, from 0 on, increasing; got {times.tolist()[:5]}")
    if settings.steps is not None and len(times) != settings.steps + 1:
        raise FormatError(f"{path}: {len(times)} rows, but the settings say {settings.steps:g} steps")
    start, duration = settings.start or 0.0, settings.duration
    if duration is not None:
        for what, time, said in (("first", times[0], start), ("last", times[-1], start + duration)):
            if abs(time - said) > 1e-3 * max(duration, said):
                raise FormatError(f"{path}: the {what} time is {time:g}, but the settings say {said:g}")


def _number(text: str) -> float | None:
    """A number as the suite writes it: also NaN, INF, -INF, Infinity in any case."""
    try:
        return float(text)
    except ValueError:
        return None


def _half_digit(cells: Iterable[str]) -> float:
    """Half a unit of the last digit of the most precisely printed cell (zeros at the end may have been cut)."""
    places = []
    for cell in cells:
        try:
            exponent = Decimal(cell).as_tuple().exponent
        except InvalidOperation:
            continue
        if isinstance(exponent, int):
            places.append(exponent)
    return 0.5 * 10.0 ** min(places, default=0)
