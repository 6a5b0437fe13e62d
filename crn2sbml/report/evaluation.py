"""Evaluations for people and programs: a table, rows, and a picture."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from crn2sbml.report.figures import plot_accuracy, plot_confusion
from crn2sbml.verify.evaluation import Evaluation

_AXES = {
    "omega": "omega, items per unit of activity",
    "molecules": "molecules in the steady state",
    "average": "averaging time, s",
}


@dataclass(frozen=True)
class Row:
    """One evaluation: method, items per unit of activity, seconds averaged over, mean items in the steady state (inputs
    apart) and reaction events per second (NaN if unknown), and what was decided.
    """

    method: str
    omega: float
    average: float
    molecules: float
    events: float
    evaluation: Evaluation

    @property
    def decided_from(self) -> str:
        """In words."""
        return f"{self.average:g} s" if self.average else ("steady state" if self.method == "ode" else "snapshot")


def evaluation_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "omega": row.omega,
            "average": row.average,
            "molecules": row.molecules,
            "events_per_second": row.events,
            "images": len(row.evaluation.labels),
            "accuracy": row.evaluation.accuracy,
            "interval": list(row.evaluation.interval),
            "confusion": row.evaluation.confusion.tolist(),
        }
        for row in rows
    ]


def evaluation_table(rows: Sequence[Row]) -> str:
    """For people."""
    images = len(rows[0].evaluation.labels)
    table = Table(title=f"Right decisions by {rows[0].method}, {images} test images", box=None, header_style="bold")
    for heading in ("omega", "decided from", "items", "events / s", "right", "95 % interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        low, high = row.evaluation.interval
        table.add_row(
            f"{row.omega:g}",
            row.decided_from,
            *("-" if math.isnan(value) else f"{value:.0f}" for value in (row.molecules, row.events)),
            f"{row.evaluation.accuracy:.2%}",
            f"{low:.2%} to {high:.2%}",
        )
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(table)
    return console.export_text(styles=False).rstrip()


def evaluation_figure(rows: Sequence[Row]) -> bytes:
    """PNG: accuracy against omega, molecules and averaging time where they vary, and the last confusion matrix."""
    varied = [name for name in _AXES if len({getattr(row, name) for row in rows}) > 1]
    figure = Figure(figsize=(4.6 * (len(varied) + 1), 4), layout="constrained")
    axes = figure.subplots(1, len(varied) + 1, squeeze=False)[0]
    for ax, name in zip(axes, varied, strict=False):
        plot_accuracy(ax, rows, name, _AXES[name])
    plot_confusion(axes[-1], rows[-1].evaluation.confusion, f"{rows[-1].method}, omega = {rows[-1].omega:g}")
    packed = io.BytesIO()
    figure.savefig(packed, format="png", dpi=120)
    return packed.getvalue()
