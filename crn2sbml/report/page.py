"""The demo's HTML page: one file, pictures inside, nothing loaded from elsewhere."""

import base64
import io
from importlib.resources import files
from typing import Any

import jinja2
import numpy as np
from matplotlib.figure import Figure

from crn2sbml.core.network import Network
from crn2sbml.report.figures import layer_image, plot_image, plot_layer, plot_readouts, plot_trace
from crn2sbml.verify.round_trip import RoundTrip


def demo_page(network: Network, result: RoundTrip, images: np.ndarray[Any, Any], facts: dict[str, str]) -> str:
    """HTML text: the agreements, a table, and for each example the digit, the layers' counts and the read-outs.

    Args: images: (examples, rows, columns); facts: lines of the summary, label to text.
    """
    examples = []
    for number in range(result.examples):
        row = result.table.isel(example=number)
        examples.append(
            {
                "label": int(row.label),
                "winner": int(np.argmax(row["ssa_mean"].values)),
                "samples": int(row.samples),
                "spacing": float(row.spacing),
                "picture": _example_figure(network, result, images[number], number),
            }
        )
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        files("crn2sbml.report").joinpath("page.html").read_text(encoding="utf-8")
    )
    return template.render(
        name=network.id,
        facts=facts,
        agreements=result.agreements,
        holds=result.holds,
        rows=_rows(result),
        examples=examples,
        trace=_trace_figure(result),
        trace_label=int(result.table.label[0]),
    )


def _rows(result: RoundTrip) -> list[dict[str, Any]]:
    """The winning read-out of each example."""
    rows = []
    for number in range(result.examples):
        example = result.table.isel(example=number)
        winner = int(np.argmax(example["ode"].values))
        best = example.isel(output=winner)
        rows.append(
            {"label": int(example.label), "answer": winner, "samples": int(example.samples)}
            | {str(name): float(best[name]) for name in best.data_vars}
        )
    return rows


def _example_figure(network: Network, result: RoundTrip, image: Any, number: int) -> str:
    state = result.runs[number]["state"]
    layers = sorted({s.place.layer for s in network.species if s.place and s.place.layer})
    kinds = {s.place.layer: s.place.kind for s in network.species if s.place}
    pictures = [layer_image(network, state, layer) for layer in layers]
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    parts: Any = figure.subfigures(1, 3, width_ratios=[1.3, 2.4, 3])
    left, middle, right = parts
    plot_image(left.subplots(), image, f"input: {int(result.table.label[number])}")
    heights = [max(1.5, len(picture)) for picture in pictures]
    axes = np.atleast_1d(middle.subplots(len(layers), 1, height_ratios=heights))
    for ax, layer, picture in zip(axes, layers, pictures, strict=True):
        plot_layer(ax, picture, f"layer {layer}: {kinds[layer]}")
    ax = plot_readouts(right.subplots(), result.table.isel(example=number))
    if number == 0:
        ax.legend(fontsize=7, frameon=False)
    return _png(figure)


def _trace_figure(result: RoundTrip) -> str:
    run = result.runs[0]
    figure = Figure(figsize=(11, 3), layout="constrained")
    plot_trace(figure.subplots(), run, str(run.output.values[int(np.argmax(run["lna_mean"].values))]))
    return _png(figure)


def _png(figure: Figure) -> str:
    packed = io.BytesIO()
    figure.savefig(packed, format="png", dpi=110)
    return base64.b64encode(packed.getvalue()).decode()
