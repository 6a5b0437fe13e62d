"""Generated pictures for people: a sheet of many, and an animation of one run."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from crn2sbml.core.matrices import Array
from crn2sbml.errors import CrnError
from crn2sbml.formats.document import Document

_SMALLEST, _FRAME = 56, 280
"""Pixels a side of a picture on a sheet, at least, and of a frame, about."""


def picture_shape(document: Document, pixels: Sequence[str]) -> tuple[int, int]:
    """Rows and columns of pixels: as the file places their species, else of a square.

    Raises: CrnError: they make no grid.
    """
    network = document.network
    places = [network.species[network.species_index[name]].place for name in pixels]
    rows = 1 + max((place.row or 0 for place in places if place), default=0)
    if rows == 1:
        rows = round(len(pixels) ** 0.5)
    if len(pixels) % rows:
        raise CrnError(f"{len(pixels)} pixels make no grid of {rows} rows")
    return rows, len(pixels) // rows


def sheet(pictures: Array, columns: int) -> bytes:
    """PNG of pictures (n, rows, columns), 0 to 1, dark on light, so many side by side."""
    count, height, width = pictures.shape
    lines = -(-count // columns)
    page = np.zeros((lines * columns, height + 2, width + 2))
    page[:count, 1:-1, 1:-1] = pictures
    page = page.reshape(lines, columns, height + 2, width + 2).swapaxes(1, 2).reshape(lines * (height + 2), -1)
    return _bytes([_image(page, -(-_SMALLEST // height))], "PNG")


def animation(frames: Array, seconds: float = 0.1) -> bytes:
    """GIF of frames (n, rows, columns), 0 to 1, that is shown for ever, a frame for so many seconds."""
    scale = max(1, round(_FRAME / max(frames.shape[1:])))
    return _bytes([_image(frame, scale) for frame in frames], "GIF", duration=round(1000 * seconds))


def _image(values: Array, scale: int) -> Image.Image:
    grey = np.rint(255 * (1 - values.clip(0, 1))).astype(np.uint8)
    return Image.fromarray(grey.repeat(scale, axis=0).repeat(scale, axis=1))


def _bytes(images: Sequence[Image.Image], kind: str, duration: int = 0) -> bytes:
    packed = io.BytesIO()
    if len(images) > 1:
        images[0].save(packed, kind, save_all=True, append_images=images[1:], duration=duration, loop=0)
    else:
        images[0].save(packed, kind)
    return packed.getvalue()
