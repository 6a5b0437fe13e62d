"""The matrix of simulators for people: a text table, an HTML page, and plain data for programs."""

import io
from importlib.resources import files
from typing import Any

import jinja2
from rich.console import Console
from rich.table import Table

from crn2sbml.verify.agreement import Agreement
from crn2sbml.verify.matrix import Cell, Matrix
from crn2sbml.verify.outcomes import METHODS

_LONGEST = 70
"""Characters of a simulator's message in the table; the rest is on the page and in the data."""


def matrix_table(matrix: Matrix) -> str:
    """Simulators down; method, difference over tolerance, verdict and wall time across; one row each way of running."""
    table = Table(title=f"{matrix.model} in every simulator", box=None, header_style="bold")
    for heading, justify in (
        ("simulator", "left"), ("version", "left"), ("method", "left"), ("algorithm", "left"), ("verdict", "left"),
        ("difference / tolerance, or why not", "left"), ("seconds", "right"),
    ):  # fmt: skip
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for cell in matrix.cells:
        seconds = f"{cell.seconds:.2f}" if cell.seconds else ""
        table.add_row(
            cell.engine, cell.version, cell.method.upper(), cell.algorithm, cell.verdict, _short(cell), seconds
        )
    text = io.StringIO()
    Console(file=text, width=200, color_system=None).print(table)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return "\n".join([*lines, *(str(a) for a in matrix.between), *(f"{k}: {v}" for k, v in matrix.notes.items())])


def matrix_data(matrix: Matrix) -> dict[str, Any]:
    """The matrix as JSON takes it."""
    return {
        "model": matrix.model,
        "holds": matrix.holds,
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
    engines = list(dict.fromkeys(cell.engine for cell in matrix.cells))
    rows = [(name, [cell for cell in matrix.cells if cell.engine == name]) for name in engines]
    return template.render(matrix=matrix, rows=rows, methods=METHODS)


def _short(cell: Cell) -> str:
    if cell.agreements:
        return ", ".join(f"{a.difference:.2g} / {a.tolerance:.2g}" for a in cell.agreements)
    return cell.message if len(cell.message) <= _LONGEST else cell.message[: _LONGEST - 3] + "..."


def _plain(agreement: Agreement) -> dict[str, Any]:
    return {
        "name": agreement.name,
        "difference": agreement.difference,
        "tolerance": agreement.tolerance,
        "meaning": agreement.meaning,
        "holds": agreement.holds,
    }
