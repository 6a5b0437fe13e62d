"""How alike generated pictures are to real ones, for people and programs."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from crn2sbml.core.matrices import Array
from crn2sbml.verify.intervals import wilson_interval
from crn2sbml.verify.likeness import frechet_distance, nearest_distances

_LOOKED_UP = 1000
"""Pictures whose nearest training images are looked for."""


def likeness_rows(
    features: Callable[[Array], tuple[Array, NDArray[np.intp]]],
    made: Mapping[str, Array],
    labels: Mapping[str, NDArray[np.intp]],
    test: Array,
    known: Array,
) -> list[dict[str, Any]]:
    """For each set of pictures (n, rows, columns), 0 to 1: the Frechet distance to the `test` images, the part that is
    named as its `labels` say, and quantiles of the distances to the nearest of the images `known`.

    Args: features: what a judge sees in pictures, and what it calls them.
    """
    expected, _ = features(test)
    flat = known.reshape(len(known), -1)
    rows = []
    for name, pictures in made.items():
        seen, named = features(pictures)
        right = int(np.sum(named == labels[name]))
        nearest = nearest_distances(pictures[:_LOOKED_UP].reshape(-1, flat.shape[1]), flat)
        rows.append(
            {
                "pictures": name,
                "frechet": frechet_distance(seen, expected),
                "named": right / len(named),
                "interval": list(wilson_interval(right, len(named))),
                "nearest": np.quantile(nearest, [0.01, 0.5]).tolist(),
            }
        )
    nearest = nearest_distances(test[:_LOOKED_UP].reshape(-1, flat.shape[1]), flat)
    rows[0]["nearest"] = np.quantile(nearest, [0.01, 0.5]).tolist()  # those of the test images
    return rows


def likeness_table(rows: Sequence[Mapping[str, Any]], count: int) -> str:
    """For people."""
    table = Table(title=f"{count} pictures of each kind", box=None, header_style="bold")
    for heading in ("pictures", "Frechet distance", "named right", "95 % interval", "nearest, 1 %", "nearest, median"):
        table.add_column(heading, justify="left" if heading == "pictures" else "right", no_wrap=True)
    for row in rows:
        low, high = row["interval"]
        table.add_row(
            row["pictures"],
            f"{row['frechet']:.2f}",
            f"{row['named']:.2%}",
            f"{low:.2%} to {high:.2%}",
            *(f"{value:.2f}" for value in row["nearest"]),
        )
    console = Console(width=110, file=io.StringIO(), record=True)
    console.print(table)
    return console.export_text(styles=False).rstrip()
