"""`crn2sbml suite`: the SBML Test Suite on the package's own reader and engines."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from crn2sbml.cli.console import print_json, progress, say
from crn2sbml.errors import CrnError, EngineError

DEFAULT_ENGINES = ("roadrunner", "copasi")


def suite(
    path: Annotated[Path, typer.Argument(help="Folder of semantic/ and stochastic/, of cases, or one case.")],
    engine: Annotated[
        list[str] | None, typer.Option(help="Simulator; may be repeated. Default: roadrunner and copasi.")
    ] = None,
    cases: Annotated[str | None, typer.Option(help="Only these numbers, for instance 00001-00050,00186.")] = None,
    runs: Annotated[int, typer.Option(help="Stochastic runs of each stochastic case.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed; each case gets its own from it.")] = 0,
    time_limit: Annotated[float, typer.Option(help="Seconds for one step, then a simulator is given up.")] = 600.0,
    jobs: Annotated[int, typer.Option(help="Cases at a time; 0 means one a core.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Run the SBML Test Suite.

    Semantic cases are judged by each simulator's ODE, stochastic ones by its exact samples and by the linear noise
    approximation over time. What a mass-action network cannot hold is "not supported", with the reason. Each simulator
    runs in a process of its own; a case in which it crashes or hangs has failed. The status is 0 if nothing failed,
    else 1.

    Example: crn2sbml suite sbml-test-suite --cases 00001-00050 --jobs 0
    """
    from crn2sbml.verify.suite import find_cases, run_suite, select_cases, suite_holds
    from crn2sbml.verify.suite_report import suite_facts, suite_text

    if runs < 2 or seed < 0:
        raise CrnError(f"--runs {runs} --seed {seed}: needs 2 runs at least, and a seed of 0 or more")
    if not 0 < time_limit < float("inf"):
        raise CrnError(f"--time-limit {time_limit:g}: must be positive and finite")
    chosen = find_cases(path)
    if cases is not None:
        chosen = select_cases(chosen, cases)
    engines = list(dict.fromkeys(engine)) if engine else _defaults()
    results = []
    with progress() as bars:
        task = bars.add_task(f"{len(chosen)} cases", total=None)
        for result in run_suite(
            chosen,
            engines,
            runs,
            seed,
            jobs if jobs > 0 else os.cpu_count() or 1,
            time_limit,
            report=lambda done, of: bars.update(task, completed=done, total=of),
        ):
            results.append(result)
    holds = suite_holds(results)
    if json:
        print_json({"holds": holds, "runs": runs, "seed": seed, **suite_facts(results)})
    else:
        print(suite_text(results))
        print("Nothing failed." if holds else "NOT all passed.")
    if not holds:
        sys.exit(1)


def _defaults() -> list[str]:
    """The default engines that are there; raises EngineError if none is."""
    from crn2sbml.engines.registry import check_installed

    there, absent = [], ""
    for name in DEFAULT_ENGINES:
        try:
            check_installed(name)
        except EngineError as error:
            absent = str(error)
            say(absent)
        else:
            there.append(name)
    if not there:
        raise EngineError(absent)
    return there
