"""`crn2sbml verify`: one model in every simulator, side by side."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from crn2sbml.cli.console import print_json, progress, say
from crn2sbml.cli.inputs import (
    check_settable,
    load_document,
    load_usage,
    parse_counts,
    say_units,
    seconds_to_run,
)
from crn2sbml.cli.simulate import Method


def verify(
    model: Annotated[Path, typer.Argument(help="SBML, Antimony, OMEX or weights file, or a model's folder.")],
    engine: Annotated[list[str] | None, typer.Option(help="Simulator; may be repeated. All, if none is named.")] = None,
    method: Annotated[list[Method] | None, typer.Option(help="ode, lna or ssa; may be repeated. Else all.")] = None,
    t_end: Annotated[float | None, typer.Option(help="Seconds of the ODE; as io.json says, else until steady.")] = None,
    runs: Annotated[int, typer.Option(help="Stochastic runs in each simulator.")] = 1000,
    events: Annotated[
        float, typer.Option(help="Reaction events of all runs together, about; sets their length.")
    ] = 2e5,
    seed: Annotated[int, typer.Option(help="Seed of the stochastic runs.")] = 1,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Initial count, NAME=COUNT; may be repeated.")] = None,
    patience: Annotated[float, typer.Option(help="Seconds after which a simulator begins no new runs.")] = 60.0,
    time_limit: Annotated[float, typer.Option(help="Seconds for one step, then a simulator is given up.")] = 600.0,
    jobs: Annotated[int, typer.Option(help="Simulators at a time; 0 means one a core.")] = 0,
    html: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing page.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Run a model in every simulator and hold the answers side by side.

    Each simulator runs in a process of its own; one that crashes or hangs is named, and the others go on. Leaves with
    status 1 if one disagrees, crashes or hangs, or if nothing could be compared; what a simulator refuses or lacks is
    listed and does not count. A simulator of your own goes by where its engine is: package.module:Engine.

    Example: crn2sbml verify models/digits --html digits.html
    """
    from dataclasses import replace

    from crn2sbml.disk import check_output, write_file
    from crn2sbml.engines.registry import check_installed, engine_names
    from crn2sbml.lna.settle import settling_time
    from crn2sbml.report.matrix_page import matrix_data, matrix_page, matrix_table, words
    from crn2sbml.verify.matrix import Conditions, simulator_matrix
    from crn2sbml.verify.outcomes import METHODS

    if html is not None:
        check_output(html, force)
    document, usage = load_document(model), load_usage(model)
    say_units(document, model)
    counts = parse_counts(set_ or [], document.network)
    check_settable(counts, document, model)
    document = replace(document, network=document.network.with_counts(counts))
    conditions = Conditions(
        seconds_to_run(t_end, usage, lambda: settling_time(document.network)),
        runs=runs,
        events=events,
        seed=seed,
        time_limit=time_limit,
        patience=patience,
        methods=[m.value for m in method] if method else METHODS,
        jobs=jobs or os.cpu_count() or 1,
    )
    for name in engine or []:
        check_installed(name)  # asked for by name: unknown or absent is an error, not a row
    names = list(dict.fromkeys(engine or engine_names()))
    with progress() as bars:
        task = bars.add_task("simulators", total=len(names))
        outputs = usage.outputs if usage else ()
        matrix = simulator_matrix(document, names, conditions, outputs, lambda _: bars.advance(task))
    if json:
        print_json(matrix_data(matrix))
    else:
        print(matrix_table(matrix))
        print(words(matrix))
    if html is not None:
        write_file(html, matrix_page(matrix), force)
        say(f"Page: {html}")
    if not matrix.holds:
        sys.exit(1)
