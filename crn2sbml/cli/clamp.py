"""The options that say what the clamped inputs hold: a picture, an image of a data set, a row of a table, counts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from numpy.typing import NDArray

from crn2sbml.cli.inputs import check_counts, parse_counts, text_beside
from crn2sbml.core.network import Network
from crn2sbml.disk import read_bytes, read_text
from crn2sbml.errors import CrnError, FormatError, did_you_mean
from crn2sbml.formats.usage import Usage

if TYPE_CHECKING:
    from crn2sbml.formats.sedml_write import Example

ImageOption = Annotated[Path | None, typer.Option("--image", help="Picture to clamp in (PNG, JPEG, ...).")]
InvertOption = Annotated[
    bool | None, typer.Option("--invert/--no-invert", help="Whether ink is dark; told from the border if not said.")
]
IndexOption = Annotated[int | None, typer.Option("--index", help="Image of the data set's test part to clamp in.")]
DataOption = Annotated[str, typer.Option("--data", help="Data set of --index.")]
RowOption = Annotated[str | None, typer.Option("--row", help="Row of inputs.csv (or of --inputs) to clamp in.")]
InputsOption = Annotated[Path | None, typer.Option("--inputs", help="Table of inputs, if not inputs.csv.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Initial count, NAME=COUNT; may be repeated.")]


def clamped_counts(
    network: Network,
    usage: Usage | None,
    model: Path,
    image: Path | None = None,
    invert: bool | None = None,
    index: int | None = None,
    data: str = "digits",
    row: str | None = None,
    inputs: Path | None = None,
    settings: Sequence[str] = (),
) -> dict[str, float]:
    """Counts that the options ask for; `settings` (NAME=COUNT) come last and win. Raises CrnError."""
    given = {"--image": image, "--index": index, "--row or --inputs": row if row is not None else inputs}
    used = [option for option, value in given.items() if value is not None]
    if len(used) > 1:
        raise CrnError(f"{', '.join(used)}: each fills the inputs; use one of them")
    if invert is not None and image is None:
        raise CrnError(f"--{'' if invert else 'no-'}invert says how to read a picture; give one with --image")
    counts: dict[str, float] = {}
    if row is not None or inputs is not None:
        counts = _counts_of_row(network, model, row, inputs)
    elif image is not None or index is not None:
        if usage is None:
            raise CrnError(f"{model}: no io.json beside it says which species are its inputs; use --row or --set")
        if image is not None:
            values = _values_of_picture(network, usage, image, invert)
        else:
            values = _values_of_index(usage, index, data)
        counts = check_counts(usage.input_counts(values), network, f"io.json of {model}")
    return counts | parse_counts(settings, network)


def examples_beside(model: Path) -> "tuple[Example, ...]":
    """The rows of inputs.csv beside a model or in its archive; none if there is no such table."""
    text = text_beside(model, "inputs.csv")
    return _rows(text, f"{model}: inputs.csv") if text is not None else ()


def _rows(text: str, where: str) -> "tuple[Example, ...]":
    from crn2sbml.formats.inputs_csv import read_inputs_csv

    try:
        return read_inputs_csv(text)
    except FormatError as error:
        raise FormatError(f"{where}: {str(error).removeprefix('inputs.csv: ')}") from None


def _counts_of_row(network: Network, model: Path, row: str | None, inputs: Path | None) -> dict[str, float]:
    """The named row; the first one if a table is given without a row."""
    table = str(inputs) if inputs else f"inputs.csv of {model}"
    examples = {e.name: e for e in (_rows(read_text(inputs), table) if inputs else examples_beside(model))}
    if not examples:
        raise CrnError(f"{table}: there are no rows")
    name = next(iter(examples)) if row is None else row
    if name not in examples:
        raise CrnError(f"{table}: {did_you_mean(name, examples, 'row')}")
    return check_counts(examples[name].inputs, network, f"{table}: row {name!r}")


def _values_of_picture(network: Network, usage: Usage, image: Path, invert: bool | None) -> NDArray[Any]:
    from crn2sbml.formats.image_read import input_grid, read_image

    grid = input_grid(network, usage.inputs)
    return read_image(bytes(read_bytes(image)), str(image), grid, invert) * usage.input_max


def _values_of_index(usage: Usage, index: int | None, data: str) -> NDArray[Any]:
    from crn2sbml.training.data import load_data_set

    data_set = load_data_set(data)
    test = data_set.test
    if index is None or not 0 <= index < len(test):
        raise CrnError(f"--index {index}: the test part of {data!r} has images 0 to {len(test) - 1}")
    values: NDArray[Any] = test.images[index]
    if values.size != len(usage.inputs):
        raise CrnError(f"--data {data!r}: its images have {values.size} pixels, the model {len(usage.inputs)} inputs")
    same_scale = data_set.input_max == usage.input_max
    return values if same_scale else values / data_set.input_max * usage.input_max
