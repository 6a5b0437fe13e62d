"""`crn2sbml export`: write a model in another format, level or shape."""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crn2sbml.cli.clamp import (
    DataOption,
    ImageOption,
    IndexOption,
    InputsOption,
    InvertOption,
    RowOption,
    SetOption,
    clamped_counts,
    examples_beside,
)
from crn2sbml.cli.console import say
from crn2sbml.cli.inputs import check_settable, check_units, load_document, load_usage, say_units, seconds_to_run
from crn2sbml.disk import check_output, write_file
from crn2sbml.errors import CrnError, OutputError


class Format(StrEnum):
    """Formats that can be written."""

    SBML = "sbml"
    ANTIMONY = "antimony"
    COPASI = "copasi"
    TELLURIUM = "tellurium"
    BNGL = "bngl"
    SEDML = "sedml"
    OMEX = "omex"


class Level(StrEnum):
    """Levels of SBML."""

    L3V2 = "L3V2"
    L3V1 = "L3V1"
    L2V5 = "L2V5"
    L2V4 = "L2V4"


class ShapeName(StrEnum):
    """Shapes of an SBML file."""

    ELEMENTARY = "elementary"
    LUMPED = "lumped"


class ReadingName(StrEnum):
    """Readings of a pair of equal reactants."""

    DETERMINISTIC = "deterministic"
    STOCHASTIC = "stochastic"


def export(
    model: Annotated[Path, typer.Argument(help="SBML, Antimony, OMEX or weights file, or a model's folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write; its suffix tells the format.")],
    to: Annotated[Format | None, typer.Option("--to", "--format", help="Format, if the suffix does not tell.")] = None,
    level: Annotated[Level, typer.Option(help="SBML level and version.")] = Level.L3V2,
    shape: Annotated[ShapeName | None, typer.Option(help="Elementary or lumped reactions; else as read.")] = None,
    reading: Annotated[ReadingName | None, typer.Option(help="k x^2 or k x (x - 1) for equal reactants.")] = None,
    picture: Annotated[bool, typer.Option(help="Draw the network into the SBML (layout and render).")] = True,
    lna: Annotated[bool, typer.Option("--lna", help="Write mean and covariance equations as an ODE model.")] = False,
    image: ImageOption = None,
    invert: InvertOption = None,
    index: IndexOption = None,
    data: DataOption = "digits",
    row: RowOption = None,
    inputs: InputsOption = None,
    set_: SetOption = None,
    t_end: Annotated[float | None, typer.Option(help="Seconds that tasks run; as io.json says, else 10.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the stochastic tasks.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Write a model as SBML, Antimony, SED-ML, OMEX, or ready for COPASI, Tellurium or BioNetGen.

    Where a reaction takes two of one species, the laws of the ODE and of the SSA differ; both are written then, the
    second file with its reading in its name.

    Example: crn2sbml export models/digits --image three.png --out three.cps
    """
    from crn2sbml.core.lump import lump
    from crn2sbml.report.exports import Export, default_usage, export_files, format_of

    _check_outputs([out], force)
    chosen = "lna" if lna else (to.value if to else format_of(out.name))
    if lna and (to or Format(format_of(out.name))) is not Format.SBML:
        raise CrnError(f"--lna writes SBML, not {to.value if to else format_of(out.name)}")
    if shape is ShapeName.LUMPED and chosen in ("antimony", "bngl"):
        raise CrnError(f"--shape lumped: {chosen} is written with elementary reactions only")
    document, usage = load_document(model), load_usage(model)
    end = seconds_to_run(t_end, usage)
    if lna:
        check_units(document, model, "--lna")
    say_units(document, model)
    counts = clamped_counts(document.network, usage, model, image, invert, index, data, row, inputs, set_ or ())
    check_settable(counts, document, model)
    network = document.network.with_counts(counts)
    document = replace(
        document,
        network=network,
        shape=shape.value if shape else document.shape,
        reading=reading.value if reading and network.has_repeated_reactants else document.reading,
    )
    usage = replace(usage or default_usage(document, end), t_end=end)
    examples = examples_beside(model) if chosen in ("omex", "sedml") else ()
    wanted = Export(
        document,
        out.name,
        usage,
        level=level.value,
        picture=picture,
        both_readings=reading is None,
        examples=examples,
        seed=seed,
    )
    files = export_files(wanted, chosen)
    contents = {out.with_name(name): content for name, content in files.items()}
    for path in list(contents)[1:]:
        if _holds(model, path):  # even with --force: nobody asked for that name
            raise OutputError(f"{path}: is the model itself, and {chosen} needs that name; choose another for --out")
    _check_outputs(contents, force)
    for path, content in contents.items():
        write_file(path, content, force)
    written = ", ".join(str(path) for path in contents)
    if chosen == "lna":
        say(f"{written}: means and covariances of {len(network.floating)} species; run it as an ODE")
        return
    shown = f"{len(lump(network))} lumped" if document.shape == "lumped" else f"{len(network.reactions)} elementary"
    say(f"{written}: {len(network.species)} species, {shown} reactions")


def _holds(model: Path, path: Path) -> bool:
    """Whether a model's file or folder was read from that path."""
    sources = (model, model / "model.xml", model / "model.xml.gz")
    return any(source.exists() and path.exists() and path.samefile(source) for source in sources)


def _check_outputs(paths: Iterable[Path], force: bool) -> None:
    """Raises OutputError, before anything is written, if one of the paths cannot be."""
    for path in paths:
        if check_output(path, force).is_dir():
            raise OutputError(f"{path}: is a folder, a file path is needed")
