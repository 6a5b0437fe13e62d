"""Results as text tables."""

import io

import numpy as np
from rich.console import Console
from rich.table import Table

from crn2sbml.verify.round_trip import RoundTrip


def winners_table(result: RoundTrip) -> str:
    """The winning read-out of each example by every method, in items."""
    table = Table(title="Winning read-out of each held-out image, in items", box=None, header_style="bold")
    for heading in ("digit", "answer", "closed form", "ODE", "LNA", "next order", "SSA", "samples", "SSA - LNA", "z"):
        table.add_column(heading, justify="right", no_wrap=True)
    for number in range(result.examples):
        row = result.table.isel(example=number)
        winner = int(np.argmax(row["ode"].values))
        best = row.isel(output=winner)
        table.add_row(
            str(int(row["label"])),
            str(winner),
            f"{float(best['closed_form']):.4f}",
            f"{float(best['ode']):.4f}",
            f"{float(best['lna_mean']):.0f} ± {float(best['lna_sd']):.0f}",
            f"{float(best['lna_correction']):+.1f}",
            f"{float(best['ssa_mean']):.0f} ± {float(best['ssa_sd']):.0f}",
            f"{int(row['samples'])} x {float(row['spacing']):.1f} s",
            f"{float(best['ssa_mean'] / best['lna_mean'] - 1):+.1%}",
            f"{float(best['z']):+.1f}",
        )
    text = io.StringIO()
    Console(file=text, width=100, color_system=None).print(table)
    return text.getvalue().rstrip()


def csv_table(result: RoundTrip) -> str:
    """Every read-out of every example by every method, one row each."""
    return str(result.table.to_dataframe().reset_index().to_csv(index=False, float_format="%.10g"))
