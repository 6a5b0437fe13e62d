"""`crn2sbml demo`: the main job from training to agreement."""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crn2sbml.cli.console import print_json, progress, say
from crn2sbml.cli.train import train_with_progress

if TYPE_CHECKING:
    from crn2sbml.verify.round_trip import RoundTrip


def demo(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("crn2sbml-demo"),
    seed: Annotated[int, typer.Option(help="Seed of training and of the stochastic runs.")] = 0,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training part.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes; 0 means one a core.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace files of an older folder.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Train, export, load back, run in every way, compare.

    A network that reads 8x8 digits is trained, written as SBML and Antimony, loaded from what was written, and run in
    libRoadRunner (deterministic, LNA, stochastic) and COPASI. It takes about two minutes on two cores, and leaves with
    status 0 only if all answers agree.

    Example: crn2sbml demo --out crn2sbml-demo
    """
    import numpy as np

    from crn2sbml.disk import check_output, write_folder
    from crn2sbml.report.model_folder import model_document, model_examples, model_files, model_usage
    from crn2sbml.report.page import demo_page
    from crn2sbml.report.tables import csv_table, winners_table
    from crn2sbml.training.recipes import get_recipe
    from crn2sbml.verify.agreement import Agreement, relative_difference
    from crn2sbml.verify.round_trip import LARGEST_RELATIVE, ODE_TOLERANCE, ode_readouts, round_trip

    check_output(out, force)
    start, jobs = time.monotonic(), jobs if jobs > 0 else os.cpu_count() or 1
    recipe = get_recipe("digits")
    data = recipe.data()
    trained = train_with_progress(recipe.classifier, data, recipe.options.replaced(seed=seed, epochs=epochs))
    test, classifier = data.test, trained.classifier
    chosen = [int(np.flatnonzero(test.labels == digit)[0]) for digit in range(10)]
    images, labels = test.images[chosen], list(range(10))
    document = model_document(trained, (images[3], 3))
    files = model_files(trained, document, model_examples(trained, test))
    usage = model_usage(trained)
    sbml = str(files["model.xml"])
    with progress() as bars:
        task = bars.add_task("ODE of the whole test part", total=len(test))
        blocks = []
        for block in ode_readouts(sbml, usage, test.images, jobs):
            blocks.append(block)
            bars.advance(task, len(block))
        task = bars.add_task("ODE, LNA, SSA, COPASI of ten images", total=len(images) + 1)
        closed_form = classifier.readouts(trained.weights, test.images)
        result = round_trip(
            sbml,
            usage,
            images,
            closed_form[chosen],
            labels,
            seed,
            jobs=jobs,
            report=lambda done: bars.update(task, completed=done),
        )
    ode = np.concatenate(blocks)
    everywhere = Agreement(
        "closed form and ODE, whole test part", relative_difference(ode, closed_form), ODE_TOLERANCE, LARGEST_RELATIVE
    )
    result = replace(result, agreements=(everywhere, *result.agreements))
    decisions = ode.argmax(1)
    same = int(np.sum(decisions == closed_form.argmax(1)))
    right, snapshots = int(np.sum(decisions == test.labels)), result.table["snapshots_right"] * result.table["samples"]
    facts = _facts(result, right, same, len(test), float(snapshots.sum()), usage.omega)
    files |= {"index.html": demo_page(document.network, result, images, facts), "results.csv": csv_table(result)}
    write_folder(out, files, force)
    holds = result.holds and same == len(test)
    verdict = f"All answers agree ({time.monotonic() - start:.0f} s)." if holds else "The answers do NOT all agree."
    if json:
        comparisons = [
            {"name": a.name, "difference": a.difference, "tolerance": a.tolerance, "holds": a.holds}
            for a in result.agreements
        ]
        rows = result.table.to_dataframe().reset_index().to_dict(orient="records")
        print_json({"holds": holds, "facts": facts, "agreements": comparisons, "table": rows, "folder": str(out)})
    else:
        print(winners_table(result))
        for label, text in facts.items():
            print(f"{label}: {text}")
        for agreement in result.agreements:
            print(agreement)
        print(verdict)
        say(f"Pictures: {out / 'index.html'}")
    if not holds:
        sys.exit(1)


def _facts(result: "RoundTrip", right: int, same: int, tested: int, snapshots: float, omega: float) -> dict[str, str]:
    from crn2sbml.verify.intervals import wilson_interval

    low, high = wilson_interval(right, tested)
    samples = int(result.table["samples"].sum())
    return {
        "Test accuracy by ODE": f"{right / tested:.2%} of {tested} images (95 % interval {low:.1%} to {high:.1%})",
        "Same decision as the closed form": f"{same} of {tested} images",
        "Single snapshots of the SSA": f"{snapshots:.0f} of {samples} name the digit, ten images, omega = {omega:g}",
    }
