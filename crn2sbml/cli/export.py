"""`crn2sbml export`: write a model in another format or shape."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crn2sbml.cli.console import say
from crn2sbml.cli.inputs import load_document, parse_counts


class Format(StrEnum):
    """Formats that can be written."""

    SBML = "sbml"
    ANTIMONY = "antimony"


class ShapeName(StrEnum):
    """Shapes of an SBML file."""

    ELEMENTARY = "elementary"
    LUMPED = "lumped"


class ReadingName(StrEnum):
    """Readings of a pair of equal reactants."""

    DETERMINISTIC = "deterministic"
    STOCHASTIC = "stochastic"


def export(
    model: Annotated[Path, typer.Argument(help="SBML, Antimony or weights file, or a model's folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write; .ant means Antimony.")],
    format: Annotated[Format | None, typer.Option(help="Format, if the file name does not tell.")] = None,  # noqa: A002
    shape: Annotated[ShapeName | None, typer.Option(help="Elementary or lumped reactions; else as read.")] = None,
    reading: Annotated[ReadingName | None, typer.Option(help="k x^2 or k x (x - 1) for equal reactants.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Initial count, NAME=COUNT; may be repeated.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a model as SBML or Antimony.

    Example: crn2sbml export models/digits --shape elementary --out digits.xml
    """
    from crn2sbml.disk import check_output, write_file
    from crn2sbml.formats.antimony_write import write_antimony
    from crn2sbml.formats.sbml_write import write_sbml

    check_output(out, force)
    document = load_document(model)
    network = document.network.with_counts(parse_counts(set_ or [], document.network))
    document = replace(
        document,
        network=network,
        shape=shape.value if shape else document.shape,
        reading=reading.value if reading and network.has_repeated_reactants else document.reading,
    )
    antimony = format is Format.ANTIMONY or (format is None and out.suffix in (".ant", ".antimony"))
    write_file(out, write_antimony(document) if antimony else write_sbml(document), force)
    say(f"{out}: {len(network.species)} species, {len(network.reactions)} elementary reactions")
