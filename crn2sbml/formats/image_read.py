"""A picture file as the inputs of a model: grey, scaled to the model's grid, bright where there is ink."""

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from crn2sbml.core.matrices import Array
from crn2sbml.core.network import Network
from crn2sbml.errors import FormatError

LARGEST_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP")
_DAMAGED = (OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError, OverflowError, ArithmeticError)
"""What Pillow raises for files that are damaged or made up."""
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def read_image(data: bytes, where: str, grid: tuple[int, int], invert: bool | None = None) -> Array:
    """Grey values from 0 (background) to 1 (ink), shape `grid` (rows, columns), means over pixels.

    All of the picture is used: one that has not the proportions of the grid is squeezed. Of several pictures in a file
    the first counts, turned as its EXIF says. Transparent parts are background.

    Args: invert: whether ink is dark; if None, it is where the outer eighth of the picture is brighter than all of it.
    Raises: FormatError: no picture, damaged, too large, or (if `invert` is None) of one shade all over.
    """
    picture = _open(data, where)
    # Transparent parts show the paper: white under dark ink. On white, white ink on nothing would be lost.
    papers = {None: ("white", "black"), True: ("white",), False: ("black",)}[invert]
    for paper in papers:
        grey = _grey(picture, paper, where)
        darkest, brightest = grey.getextrema()
        if darkest < brightest:
            break
    else:
        if invert is None:
            raise FormatError(
                f"{where}: nothing is drawn in the picture, it has one shade; say --invert or --no-invert"
            )
    if invert is None:
        invert = _has_bright_border(np.asarray(grey))
    rows, columns = grid
    scaled: Array = np.asarray(grey.resize((columns, rows), Image.Resampling.BOX), dtype=float) / 255
    return 1 - scaled if invert else scaled


def input_grid(network: Network, inputs: Sequence[str]) -> tuple[int, int]:
    """Rows and columns of the inputs, from the places that the file gives them.

    Raises: FormatError: they do not stand in one grid, row by row.
    """
    places = [network.species[network.species_index[name]].place for name in inputs if name in network.species_index]
    cells = [(p.row, p.column) for p in places if p and p.row is not None and p.column is not None]
    rows, columns = (1 + max((cell[axis] for cell in cells), default=-1) for axis in (0, 1))
    # Sizes first: a file may claim any row and column, and a list of all cells would be as long as they say.
    whole = 0 < rows * columns == len(cells) == len(inputs)
    if not whole or cells != [(row, column) for row in range(rows) for column in range(columns)]:
        raise FormatError(f"network {network.id!r}: its inputs are no grid of pixels that a picture could fill")
    return rows, columns


def _has_bright_border(grey: Any) -> bool:
    """Each side counts the same, however long it is, and is wide enough that a thin frame around a picture is none."""
    height, width = (max(1, size // 8) for size in grey.shape)
    sides = (grey[:height], grey[-height:], grey[:, :width], grey[:, -width:])
    return bool(np.mean([side.mean() for side in sides]) > grey.mean())


def _open(data: bytes, where: str) -> Any:
    """The picture, decoded and turned upright."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
            if picture.width * picture.height <= LARGEST_PIXELS:
                return ImageOps.exif_transpose(picture)
            size = f"{picture.width} x {picture.height} pixels"
    except UnidentifiedImageError:
        raise FormatError(f"{where}: not a picture ({', '.join(_FORMATS)}), or a damaged one") from None
    except _BOMBS as error:
        size = " ".join(str(error).split())
    except _DAMAGED as error:
        raise FormatError(f"{where}: the picture cannot be read: {' '.join(str(error).split())[:200]}") from None
    raise FormatError(f"{where}: {size}; at most {LARGEST_PIXELS:,} are taken")


def _grey(picture: Any, paper: str, where: str) -> Any:
    """The picture in 8-bit grey, on paper of that colour."""
    if picture.mode.startswith("I"):
        # Pillow's own conversion cuts 16 bits off at 255.
        deep = np.asarray(picture).astype(np.int64)
        if deep.min() < 0 or deep.max() > 0xFFFF:
            raise FormatError(f"{where}: more than 16 bits a pixel; save the picture with 8 or 16")
        return Image.fromarray(((deep + 128) // 257).astype(np.uint8))
    if picture.mode == "F":
        raise FormatError(f"{where}: pixels are numbers without a scale; save the picture with 8 or 16 bits a pixel")
    if picture.has_transparency_data:
        sheet = Image.new("RGBA", picture.size, paper)
        sheet.alpha_composite(picture.convert("RGBA"))
        picture = sheet
    return picture.convert("L")
