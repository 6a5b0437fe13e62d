"""A picture file as the inputs of a model: grey, scaled to the model's grid, bright where there is ink."""

import io
import warnings
from collections.abc import Sequence

import numpy as np
from PIL import Image, UnidentifiedImageError

from crn2sbml.core.matrices import Array
from crn2sbml.core.network import Network
from crn2sbml.errors import FormatError

LARGEST_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")


def read_image(data: bytes, where: str, grid: tuple[int, int], invert: bool | None = None) -> Array:
    """Grey values from 0 (background) to 1 (ink), shape `grid` (rows, columns).

    Args: invert: whether ink is dark; if None, it is where the picture's border is brighter than its mean.
    Raises: FormatError: no picture, damaged, or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
            if picture.width * picture.height > LARGEST_PIXELS:
                raise FormatError(
                    f"{where}: {picture.width} x {picture.height} pixels; at most {LARGEST_PIXELS} in all"
                )
            # Transparent parts are paper: white.
            paper = Image.new("RGBA", picture.size, "white")
            paper.alpha_composite(picture.convert("RGBA"))
    except UnidentifiedImageError:
        raise FormatError(f"{where}: not a picture ({', '.join(_FORMATS)})") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FormatError(f"{where}: the picture cannot be read: {error}") from None
    full = np.asarray(paper.convert("L"), dtype=float) / 255
    rows, columns = grid
    scaled = np.asarray(paper.convert("L").resize((columns, rows), Image.Resampling.BOX), dtype=float) / 255
    if invert is None:
        border = np.concatenate([full[0], full[-1], full[:, 0], full[:, -1]])
        invert = bool(border.mean() > full.mean())
    return 1 - scaled if invert else scaled


def input_grid(network: Network, inputs: Sequence[str]) -> tuple[int, int]:
    """Rows and columns of the inputs, from the places that the file gives them.

    Raises: FormatError: they do not stand in one grid, row by row.
    """
    places = [network.species[network.species_index[name]].place for name in inputs if name in network.species_index]
    cells = [(place.row, place.column) for place in places if place and place.row is not None]
    rows = 1 + max((int(row) for row, _ in cells if row is not None), default=-1)
    columns = 1 + max((int(column) for _, column in cells if column is not None), default=-1)
    if len(cells) != len(inputs) or cells != [(row, column) for row in range(rows) for column in range(columns)]:
        raise FormatError(f"network {network.id!r}: its inputs are no grid of pixels that a picture could fill")
    return rows, columns
