"""`inputs.csv`: examples as a table, one row each: its name, then the count of every clamped input in items."""

import csv
import io
from collections.abc import Mapping, Sequence

from crn2sbml.errors import FormatError
from crn2sbml.formats.sedml_write import Example


def write_inputs_csv(examples: Sequence[Example], defaults: Mapping[str, float]) -> str:
    """The table; `defaults` gives the inputs, in order, with the counts (items) where an example names none.

    Raises: FormatError: an example names an input that is not among the defaults.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["name", *defaults])
    for example in examples:
        unknown = [name for name in example.inputs if name not in defaults]
        if unknown:
            raise FormatError(f"inputs.csv: example {example.name!r} names {unknown[0]!r}, which is no clamped input")
        writer.writerow([example.name, *(f"{count:.17g}" for count in {**defaults, **example.inputs}.values())])
    return table.getvalue()


def read_inputs_csv(text: str) -> tuple[Example, ...]:
    """The examples in a table of that form; empty lines and a byte order mark are passed over.

    Raises: FormatError: names the line and column of what is missing, twice there, or no count.
    """
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        rows.extend((reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row))
    except csv.Error as error:
        raise FormatError(f"inputs.csv: line {reader.line_num}: {error}") from None
    if not rows or rows[0][1][0] != "name":
        raise FormatError("inputs.csv: the first line must be 'name' and the ids of the clamped inputs")
    inputs = rows[0][1][1:]
    seen: set[str] = set()
    for name in inputs:
        if not name or name in seen:
            raise FormatError(f"inputs.csv: column {name[:80]!r} is {'there twice' if name else 'without a name'}")
        seen.add(name)
    examples: dict[str, Example] = {}
    for line, cells in rows[1:]:
        if len(cells) != len(inputs) + 1:
            raise FormatError(f"inputs.csv: line {line} has {len(cells)} cells, the first line {len(inputs) + 1}")
        if cells[0] in examples:
            raise FormatError(f"inputs.csv: line {line}: the name {cells[0]!r} is there twice")
        counts = {name: _count(cell, f"line {line}, {name}") for name, cell in zip(inputs, cells[1:], strict=True)}
        try:
            examples[cells[0]] = Example(cells[0], counts)
        except FormatError as error:
            raise FormatError(f"inputs.csv: line {line}: {error}") from None
    return tuple(examples.values())


def _count(cell: str, where: str) -> float:
    try:
        count = float(cell)
    except ValueError:
        count = -1.0
    if not 0 <= count < float("inf"):
        raise FormatError(f"inputs.csv: {where}: {cell[:80]!r} is no count; it must be a finite number >= 0")
    return count
