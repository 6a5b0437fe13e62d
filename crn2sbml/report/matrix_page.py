"""The matrix of simulators for people: a text table, an HTML page, and plain data for programs."""

import io
from collections import Counter
from importlib.resources import files
from textwrap import fill
from typing import Any

import jinja2
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crn2sbml.verify.agreement import Agreement
from crn2sbml.verify.matrix import Cell, Matrix
from crn2sbml.verify.outcomes import METHODS

_WIDTH = 120
"""Columns of the table."""
_LONGEST = 44
"""Characters of a version, a name or a message in the table; whole messages stand below it."""


def words(matrix: Matrix) -> str:
    """The outcome in one sentence."""
    if matrix.holds:
        return "No simulator disagrees."
    broken = dict.fromkeys(cell.engine for cell in matrix.cells if cell.verdict in ("disagrees", "failed"))
    if broken or matrix.between:
        return "The simulators do NOT all agree" + (f": see {', '.join(map(_short, broken))}." if broken else ".")
    return "NOTHING could be compared."


def matrix_table(matrix: Matrix) -> str:
    """Simulators down; version, method, verdict, difference over tolerance and wall time across, in 120 columns.

    One row for each way of running; below it, what simulators said, what was compared between them, and the notes.
    """
    table = Table(title=f"{matrix.model} in every simulator", title_justify="left", box=None, header_style="bold")
    for heading, most in (("simulator", 20), ("version", 12), ("method", 6), ("algorithm", 13), ("verdict", 9)):
        table.add_column(heading, no_wrap=True, max_width=most, overflow="ellipsis")
    table.add_column("difference / tolerance", no_wrap=True, max_width=_LONGEST, overflow="ellipsis")
    table.add_column("seconds", justify="right", no_wrap=True)
    said: dict[tuple[str, str, str], list[str]] = {}
    for cell in matrix.cells:
        row = (
            _short(cell.engine),
            cell.version.partition(" ")[0],
            cell.method.upper(),
            cell.algorithm,
            cell.verdict,
            _compared(cell),
        )
        table.add_row(*map(Text, row), f"{cell.seconds:.2f}" if cell.seconds else "")
        if cell.message:
            way = " ".join(part for part in (cell.method.upper(), cell.algorithm) if part)
            said.setdefault((cell.engine, cell.verdict, cell.message), []).append(way)
    text = io.StringIO()
    Console(file=text, width=_WIDTH, color_system=None).print(table)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    sayings = [
        f"{_short(engine)} {', '.join(ways)} {verdict}: {message.removeprefix(f'{engine}: ')}".replace("  ", " ")
        for (engine, verdict, message), ways in said.items()
    ]
    more = [*sayings, *(str(a) for a in matrix.between), *(f"{name}: {note}" for name, note in matrix.notes.items())]
    return "\n".join([*lines, "", *(fill(line, _WIDTH, subsequent_indent="  ") for line in more)])


def matrix_data(matrix: Matrix) -> dict[str, Any]:
    """The matrix as JSON takes it."""
    return {
        "model": matrix.model,
        "holds": matrix.holds,
        "words": words(matrix),
        "cells": [
            {
                "simulator": cell.engine,
                "version": cell.version,
                "method": cell.method,
                "algorithm": cell.algorithm,
                "verdict": cell.verdict,
                "message": cell.message,
                "seconds": cell.seconds,
                "agreements": [_plain(agreement) for agreement in cell.agreements],
            }
            for cell in matrix.cells
        ],
        "between": [_plain(agreement) for agreement in matrix.between],
        "notes": dict(matrix.notes),
    }


def matrix_page(matrix: Matrix) -> str:
    """HTML text of one self-contained page."""
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        files("crn2sbml.report").joinpath("matrix_page.html").read_text(encoding="utf-8")
    )
    names = list(dict.fromkeys(cell.engine for cell in matrix.cells))
    methods = [method for method in METHODS if any(cell.method == method for cell in matrix.cells)]
    rows = []
    for name in names:
        cells = [cell for cell in matrix.cells if cell.engine == name]
        rows.append(
            {
                "name": name,
                "version": next((cell.version for cell in cells if cell.version), ""),
                "whole": [cell for cell in cells if not cell.method],
                "by_method": [[cell for cell in cells if cell.method == method] for method in methods],
            }
        )
    counts = Counter(cell.verdict for cell in matrix.cells)
    return template.render(matrix=matrix, words=words(matrix), rows=rows, methods=methods, counts=counts.most_common())


def _short(engine: str) -> str:
    return engine.rpartition(":")[2]


def _compared(cell: Cell) -> str:
    return ", ".join(f"{a.difference:.2g} / {a.tolerance:.2g}" for a in cell.agreements)


def _plain(agreement: Agreement) -> dict[str, Any]:
    return {
        "name": agreement.name,
        "difference": agreement.difference,
        "tolerance": agreement.tolerance,
        "meaning": agreement.meaning,
        "holds": agreement.holds,
    }
