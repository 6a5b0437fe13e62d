"""Plots: each takes Axes and returns Axes; none shows or saves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from crn2sbml.core.matrices import Array
from crn2sbml.core.network import Network

_MOST_NAMED, _MOST_LINES = 40, 10
"""Outputs that are named on an axis, and lines that are told apart by colour."""
LNA_COLOUR, SSA_COLOUR, ODE_COLOUR = "#2b6cb0", "#dd6b20", "#1a202c"


def plot_image(ax: Any, image: ArrayLike, title: str = "") -> Any:
    """A grey-level image, dark where values are large."""
    ax.imshow(np.asarray(image), cmap="Greys", interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def layer_image(network: Network, state: xr.DataArray, layer: int) -> Array:
    """Counts of a layer's positive rails (or plain species) as one picture: channels side by side, NaN between them.

    Args: state: counts over species. Layers without a grid become one row.
    """
    chosen = [s.place for s in network.species if s.place and s.place.layer == layer and s.place.rail != "M"]
    channels = 1 + max(p.channel for p in chosen)
    if chosen[0].row is None:
        return np.asarray(state.sel(species=[p.id for p in chosen]).values[None, :])
    rows, columns = (1 + max(getattr(p, side) for p in chosen) for side in ("row", "column"))
    picture = np.full((rows, channels * (columns + 1) - 1), np.nan)
    for place in chosen:
        picture[place.row, place.channel * (columns + 1) + (place.column or 0)] = state.sel(species=place.id)
    return picture


def plot_layer(ax: Any, counts: Array, title: str) -> Any:
    """Counts of one layer, with the largest count in the title."""
    ax.imshow(counts, cmap="viridis", interpolation="nearest", vmin=0)
    ax.set_title(f"{title}, up to {np.nanmax(counts):.0f} items", fontsize=8)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_visible(False)
    return ax


def plot_readouts(ax: Any, row: xr.Dataset) -> Any:
    """Read-out counts of one example by class: closed form, LNA mean and sd, SSA mean and sd."""
    classes = np.arange(row.sizes["output"])
    ax.bar(classes, row["closed_form"], width=0.8, color="#e2e8f0", label="closed form")
    ax.plot(classes, row["ode"], "_", color=ODE_COLOUR, markersize=16, label="ODE (libRoadRunner)")
    style = {"fmt": "o", "markersize": 3, "capsize": 2, "linewidth": 1}
    ax.errorbar(classes - 0.16, row["lna_mean"], row["lna_sd"], color=LNA_COLOUR, label="LNA mean ± sd", **style)
    ax.errorbar(classes + 0.16, row["ssa_mean"], row["ssa_sd"], color=SSA_COLOUR, label="SSA mean ± sd", **style)
    ax.set_xticks(classes)
    ax.set_xlabel("read-out (class)")
    ax.set_ylabel("items")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_trace(ax: Any, run: xr.Dataset, output: str, others: int = 2) -> Any:
    """SSA counts of the winning and the next read-outs over their LNA bands (mean ± 2 sd)."""
    order = np.argsort(-run["lna_mean"].values)[: others + 1]
    colours = [SSA_COLOUR, "#4a5568", "#a0aec0"]
    for position, colour in zip(order, colours, strict=False):
        one = run.isel(output=position)
        mean, sd = float(one["lna_mean"]), float(one["lna_sd"])
        name = str(one.output.values)
        ax.axhspan(mean - 2 * sd, mean + 2 * sd, color=LNA_COLOUR if name == output else "#cbd5e0", alpha=0.18)
        ax.axhline(mean, color=LNA_COLOUR if name == output else "#718096", linewidth=0.8, linestyle="--")
        ax.step(one.time, one["trace"], color=colour, linewidth=0.9, where="post", label=name)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("items")
    ax.set_ylim(bottom=0)
    ax.legend(fontsize=8, frameon=False, ncols=others + 1, loc="upper center", bbox_to_anchor=(0.5, 1.12))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_calibration(ax: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Accuracy by exact SSA against omega, trained on means and calibrated: mean, low and high end of the interval."""
    omegas = np.array([row["omega"] for row in rows])
    for name, label, colour, shift in (
        ("plain", "trained on means", "#718096", 0.97),
        ("calibrated", "calibrated under the LNA", LNA_COLOUR, 1.03),
    ):
        mean, low, high = 100 * np.array([row[name] for row in rows]).T
        style = {"fmt": "o-", "capsize": 3, "linewidth": 1.2, "markersize": 4}
        ax.errorbar(omegas * shift, mean, (mean - low, high - mean), color=colour, label=label, **style)
    ax.set_xscale("log")
    ax.set_xticks(omegas, [f"{omega:g}" for omega in omegas], minor=False)
    ax.set_xticks([], minor=True)
    ax.set_xlabel("omega, items per unit of activity")
    ax.set_ylabel("right decisions by exact SSA, %")
    average = rows[0]["average"]
    ax.set_title(f"average over {average:g} s" if average else "one snapshot", fontsize=9)
    ax.legend(fontsize=8, frameon=False, loc="lower right")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_correlation(ax: Any, noise: xr.Dataset) -> Any:
    """Heat map of the outputs' covariance in units of their standard deviations, from `analyse_noise`."""
    sd = noise["sd"].values
    scale = np.where(sd > 0, sd, np.inf)
    image = ax.imshow(noise["covariance"].values / np.outer(scale, scale), cmap="RdBu_r", vmin=-1, vmax=1)
    ax.figure.colorbar(image, ax=ax, label="correlation", shrink=0.85)
    names = [str(name) for name in noise.output.values]
    if len(names) <= _MOST_NAMED:
        ax.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        ax.set_yticks(range(len(names)), names, fontsize=7)
    ax.set_title(f"covariance; sd {sd.min():.3g} to {sd.max():.3g} items", fontsize=9)
    return ax


def plot_spectrum(ax: Any, noise: xr.Dataset) -> Any:
    """Power spectra of the outputs, from `analyse_noise`; those with most noise are named."""
    order = np.argsort(-noise["sd"].values, kind="stable")
    for rank, which in enumerate(order):
        label = str(noise.output.values[which]) if rank < _MOST_LINES else None
        power = noise["spectrum"].values[:, which]
        ax.plot(
            noise.frequency, power, color=f"C{rank}" if label else "#cbd5e0", linewidth=1, label=label, zorder=-rank
        )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("frequency, rad/s")
    ax.set_ylabel("power, items² s")
    ax.set_title("power spectrum", fontsize=9)
    ax.legend(fontsize=7, frameon=False, loc="upper right")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_parts(ax: Any, noise: xr.Dataset) -> Any:
    """What each layer, or where there are none each of the noisiest reactions, adds to the outputs' variances."""
    parts, kind = (noise["by_layer"], "layer") if "by_layer" in noise else (noise["by_reaction"], "reaction")
    largest = np.argsort(-parts.values.sum(axis=1), kind="stable")[:_MOST_LINES]
    chosen = np.sort(largest)
    total = np.where(noise["sd"].values > 0, noise["sd"].values ** 2, np.inf)
    names, bottom = [str(name) for name in noise.output.values], np.zeros(noise.sizes["output"])
    for which in chosen:
        share = 100 * parts.values[which] / total
        ax.bar(range(len(names)), share, bottom=bottom, label=str(parts[kind].values[which]), width=0.85)
        bottom = bottom + share
    if len(names) <= _MOST_NAMED:
        ax.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    ax.set_ylabel("part of the variance, %")
    ax.set_ylim(0, 100)
    ax.set_title(f"noise by {kind} of origin", fontsize=9)
    ax.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_trajectories(ax: Any, result: xr.DataArray, shown: Sequence[str]) -> Any:
    """Counts of the species over time: all replicates thin, their mean thick."""
    for number, name in enumerate(shown[:_MOST_LINES]):
        runs = result.sel(species=name).values
        if len(runs) > 1:
            ax.plot(result.time, runs.T, color=f"C{number}", linewidth=0.4, alpha=0.4)
        ax.plot(result.time, runs.mean(axis=0), color=f"C{number}", linewidth=1.4, label=name)
    ax.set_xlabel("time, s")
    ax.set_ylabel("items")
    ax.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_accuracy(ax: Any, rows: Sequence[Any], name: str, axis: str) -> Any:
    """Accuracy with its interval against an attribute of the rows (see `report.evaluation.Row`); a line for each value
    of what else varies.
    """
    other = "average" if name != "average" else "omega"
    for number, value in enumerate(sorted({getattr(row, other) for row in rows})):
        line = sorted((row for row in rows if getattr(row, other) == value), key=lambda row: getattr(row, name))
        accuracy = np.array([row.evaluation.accuracy for row in line])
        ends = np.array([row.evaluation.interval for row in line]).T
        label = line[0].decided_from if other == "average" else f"omega {value:g}"
        at = [getattr(row, name) for row in line]
        error = 100 * np.abs(ends - accuracy)
        ax.errorbar(at, 100 * accuracy, error, fmt="o-", markersize=3, capsize=2, color=f"C{number}", label=label)
    values = sorted({getattr(row, name) for row in rows})
    if name != "average":
        ax.set_xscale("log")
    ax.set_xticks(values, [f"{value:,.3g}" if value < 1000 else f"{value:,.0f}" for value in values])
    ax.minorticks_off()
    ax.set_xlabel(axis)
    ax.set_ylabel("right decisions, %")
    ax.legend(fontsize=7, frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_confusion(ax: Any, confusion: Array, title: str = "") -> Any:
    """Decisions (columns) for the images of each class (rows), in parts of the row; numbers where few classes."""
    part = confusion / confusion.sum(axis=1, keepdims=True).clip(min=1e-300)
    ax.imshow(part**0.5, cmap="Blues", vmin=0, vmax=1)
    if len(part) <= _MOST_LINES:
        for (row, column), value in np.ndenumerate(confusion):
            if value:
                colour = "white" if part[row, column] > 0.4 else "#1a202c"
                ax.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=6, color=colour)
    ax.set_xlabel("decided")
    ax.set_ylabel("class")
    ax.set_xticks(range(len(part)))
    ax.set_yticks(range(len(part)))
    ax.set_title(title, fontsize=9)
    return ax
