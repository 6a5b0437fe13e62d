"""`crn2sbml generate`: pictures from a stationary network."""

import io
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crn2sbml.cli.console import bar, busy, print_json, progress, say
from crn2sbml.cli.inputs import check_units, load_document, load_usage
from crn2sbml.errors import CrnError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from crn2sbml.core.matrices import Array
    from crn2sbml.formats.usage import Usage

_MOST_COLUMNS, _FRAMES_A_MEMORY = 16, 10
"""Pictures side by side, at most; frames of an animation in the time in which the latents forget themselves."""


class Way(StrEnum):
    """How pictures are made."""

    SSA = "ssa"
    CLOSED_FORM = "closed-form"
    LNA = "lna"


def generate(
    model: Annotated[Path, typer.Argument(help="A generator's folder, or its file with io.json beside it.")],
    class_: Annotated[
        list[int] | None, typer.Option("--class", help="What to make; may be repeated. Else every class.")
    ] = None,
    count: Annotated[int, typer.Option(help="Pictures of each class.")] = 16,
    method: Annotated[
        Way, typer.Option(help="ssa: exact; closed-form: what that tends to; lna: Gaussian latents.")
    ] = Way.SSA,
    one_run: Annotated[
        bool, typer.Option("--one-run", help="ssa: from one long run of each class, not a run a picture.")
    ] = False,
    interval: Annotated[
        float | None, typer.Option(help="--one-run: seconds between pictures; else twice the latents' memory.")
    ] = None,
    settle: Annotated[float | None, typer.Option(help="ssa: seconds of each run; else 0.3 times io.json's.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first picture; the others follow.")] = 1,
    engine: Annotated[str, typer.Option(help="ssa: simulator.")] = "native",
    jobs: Annotated[int, typer.Option(help="Processes; 0 means one a core.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="PNG to write: all pictures on a sheet.")] = None,
    out: Annotated[Path | None, typer.Option(help="NPZ to write: pictures in items, labels, seeds, omega.")] = None,
    animate: Annotated[
        Path | None, typer.Option(help="GIF to write: one run of the first class, wandering through --count pictures.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None:
    """Make pictures: samples of a network's stationary law.

    Example: crn2sbml generate models/digits-generator --class 7 --count 64 --plot sevens.png
    """
    import numpy as np

    from crn2sbml.disk import check_output, write_file
    from crn2sbml.formats.document import with_reading
    from crn2sbml.formats.sbml_write import write_sbml
    from crn2sbml.report.pictures import animation, picture_shape, sheet
    from crn2sbml.verify.generation import check_class, correlation_time, trajectory

    for path in (plot, out, animate):
        if path is not None:
            check_output(path, force)
    for option, value in (("--settle", settle), ("--interval", interval)):
        if value is not None and not 0 < value < float("inf"):
            raise CrnError(f"{option} {value}: must be positive and finite")
    if count < 1 or seed < 0:
        raise CrnError(f"--count {count} --seed {seed}: needs a picture, and a seed of 0 or more")
    if (one_run or interval is not None) and method is not Way.SSA:
        raise CrnError(f"--one-run and --interval are for --method ssa, not {method.value}")
    document, usage = load_document(model), load_usage(model)
    if usage is None:
        raise CrnError(f"{model}: no io.json beside it says which species are its classes, latents and pixels")
    check_units(document, model, "generate")
    sbml = write_sbml(with_reading(document, "stochastic"), picture=False)
    classes = list(class_ or range(len(usage.inputs)))
    memory, shape = correlation_time(sbml, usage), picture_shape(document, usage.outputs)
    for label in classes:
        check_class(usage, label)
    if animate is not None:
        with busy("one run, ssa"):
            frames = trajectory(sbml, usage, classes[0], count, memory / _FRAMES_A_MEMORY, seed, engine)
        write_file(animate, animation(frames.reshape(-1, *shape) / usage.omega), force)
        say(f"Written: {animate}")
        if plot is None and out is None and not json:
            return
    labels = np.repeat(classes, count)
    if one_run:
        made = _from_runs(sbml, usage, classes, count, interval or 2 * memory, seed, engine)
        seeds = seed + np.arange(len(classes)).repeat(count)
    else:
        made = _one_by_one(sbml, usage, labels, seed, method, settle, engine, jobs)
        seeds = seed + np.arange(len(labels))
    made = made.reshape(-1, *shape)
    if out is not None:
        packed = io.BytesIO()
        np.savez_compressed(packed, pictures=made, labels=labels, seeds=seeds, omega=usage.omega)
        write_file(out, packed.getvalue(), force)
        say(f"Written: {out}")
    if plot is not None:
        write_file(plot, sheet(made / usage.omega, min(count, _MOST_COLUMNS)), force)
        say(f"Written: {plot}")
    if json:
        print_json(
            {
                "model": str(model),
                "method": method.value,
                "engine": engine if method is Way.SSA else None,
                "one_run": one_run,
                "classes": classes,
                "count": count,
                "seed": seed,
                "omega": usage.omega,
                "latents_memory_s": memory,
                "mean_items_on": [float(made[labels == label].mean()) for label in classes],
            }
        )
    elif plot is None and out is None:
        print(_as_text(made[0] / usage.omega))


def _from_runs(
    sbml: str, usage: "Usage", classes: Sequence[int], count: int, interval: float, seed: int, engine: str
) -> "Array":
    """So many pictures of each class, from one long run of each: (n, pixels)."""
    import numpy as np

    from crn2sbml.verify.generation import trajectory

    runs = []
    with progress() as bars:
        for number, label in enumerate(bars.track(classes, description="a run of each class, ssa")):
            runs.append(trajectory(sbml, usage, label, count, interval, seed + number, engine))
    return np.concatenate(runs)


def _one_by_one(
    sbml: str, usage: "Usage", labels: "NDArray[np.intp]", seed: int, method: Way, settle: float | None, engine: str,
    jobs: int,
) -> "Array":  # fmt: skip
    """A picture of each label, each from a run or draw of its own: (n, pixels)."""
    from crn2sbml.verify.generation import pictures

    with progress() as bars:
        told = bar(bars, f"pictures, {method.value}", len(labels))
        processes = jobs if jobs > 0 else os.cpu_count() or 1
        return pictures(sbml, usage, labels, seed, method.value, settle, engine, processes, told)


def _as_text(picture: "Array") -> str:
    """The first picture in characters, for those who asked for no file."""
    shades = " .:-=+*#%@"
    return "\n".join("".join(shades[min(int(10 * value), 9)] * 2 for value in row) for row in picture)
