"""Examples to learn from as a table: columns `x1`, `x2`, ... and `y1`, `y2`, ..., one row each, in activities."""

import csv
import io
import math
from itertools import zip_longest

import numpy as np

from crn2sbml.core.matrices import Array
from crn2sbml.errors import FormatError


def write_examples_csv(inputs: Array, targets: Array) -> str:
    """The table of inputs (n, inputs) and targets (n, outputs)."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([f"{kind}{i + 1}" for kind, part in (("x", inputs), ("y", targets)) for i in range(part.shape[1])])
    writer.writerows([repr(value) for value in row] for row in np.concatenate([inputs, targets], axis=1).tolist())
    return table.getvalue()


def read_examples_csv(text: str, where: str) -> tuple[Array, Array]:
    """Inputs (n, inputs) and targets (n, outputs) of such a table; empty lines and a byte order mark are passed over.

    Raises: FormatError: names the line and column of what is missing, not expected or no finite number.
    """
    rows = []
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise FormatError(f"{where}: line {reader.line_num}: {error}") from None
    header = rows[0][1] if rows else []
    inputs = sum(name.startswith("x") for name in header)
    wanted = [f"x{i + 1}" for i in range(inputs)] + [f"y{i + 1}" for i in range(len(header) - inputs)]
    for found, expected in zip_longest(header, wanted):
        if found != expected:
            raise FormatError(
                f"{where}: column {str(found)[:80]!r} is where {expected!r} must be; needs x1, ..., y1, ..."
            )
    if not 0 < inputs < len(header) or len(rows) == 1:
        sizes = f"{inputs} inputs, {len(header) - inputs} targets, {max(len(rows) - 1, 0)} examples"
        raise FormatError(f"{where}: {sizes}; needs one of each")
    values = np.array([_numbers(cells, header, f"{where}: line {line}") for line, cells in rows[1:]])
    return values[:, :inputs], values[:, inputs:]


def _numbers(cells: list[str], header: list[str], where: str) -> list[float]:
    if len(cells) != len(header):
        raise FormatError(f"{where} has {len(cells)} cells, the first line {len(header)}")
    return [_number(cell, f"{where}, {name}") for cell, name in zip(cells, header, strict=True)]


def _number(cell: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"{where}: {cell[:80]!r} is no finite number")
    return value
