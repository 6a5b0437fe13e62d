"""The linear noise approximation for people: a table, and a picture of what fluctuates together, how fast, and why."""

import io
from collections.abc import Sequence
from typing import TypeAlias

import xarray as xr
from matplotlib.figure import Figure

from crn2sbml.report.figures import plot_correlation, plot_parts, plot_spectrum, plot_trajectories

Rows: TypeAlias = list[list[float | int | str]]
"""Rows of a table."""

_COLUMNS = {"mean": "mean", "sd": "sd", "fano_factor": "fano_factor", "shift": "next_order_shift_sd"}


def noise_rows(noise: xr.Dataset) -> tuple[list[str], Rows]:
    """Column names and a row for each output of `analyse_noise`."""
    columns = {name: column for name, column in _COLUMNS.items() if name in noise}
    if "sd_of_average" in noise:
        columns["sd_of_average"] = f"sd_over_{noise['sd_of_average'].attrs['seconds']:g}_s"
    rows: Rows = [
        [str(name), *(float(noise[column].values[i]) for column in columns)]
        for i, name in enumerate(noise.output.values)
    ]
    return ["species", *columns.values()], rows


def noise_figure(noise: xr.Dataset) -> bytes:
    """PNG: correlations as a heat map, power spectra, and the parts of the layers (or of the largest reactions)."""
    figure = Figure((15, 4.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    plot_correlation(left, noise)
    plot_spectrum(middle, noise)
    plot_parts(right, noise)
    return _png(figure)


def trajectories_figure(result: xr.DataArray, shown: Sequence[str]) -> bytes:
    """PNG: counts over time."""
    figure = Figure((7, 4), layout="constrained")
    plot_trajectories(figure.subplots(), result, shown)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110, bbox_inches="tight")
    return picture.getvalue()
