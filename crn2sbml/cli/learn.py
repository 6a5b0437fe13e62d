"""`crn2sbml learn`: circuits that learn by themselves, run where they are exported to."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crn2sbml.cli.console import busy, print_json, progress, say
from crn2sbml.errors import CrnError

if TYPE_CHECKING:
    from crn2sbml.report.lesson import Lesson
    from crn2sbml.training.tasks import Task


class Way(StrEnum):
    """How hidden weights learn."""

    EXACT = "exact"
    FIRST_ORDER = "first-order"
    NONE = "none"


def learn(
    task: Annotated[str, typer.Argument(help="linear, nonlinear, sine, rings, xor or iris.")] = "rings",
    epochs: Annotated[int | None, typer.Option(help="Times that all examples are fed; else as the task says.")] = None,
    hidden: Annotated[int | None, typer.Option(help="Rectifiers; 0: a linear circuit.")] = None,
    feedback: Annotated[
        Way, typer.Option(help="To hidden weights: exact; first-order: without slopes; none: they stay as drawn.")
    ] = Way.EXACT,
    pace: Annotated[float | None, typer.Option(help="Rate constant of learning, 1/s per unit of activity.")] = None,
    influx: Annotated[float | None, typer.Option(help="Of the clock: the more, the more its phases overlap.")] = None,
    examples: Annotated[Path | None, typer.Option(help="CSV of your own: columns x1, x2, ..., y1, y2, ...")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first run's examples and weights; the others follow.")] = 1,
    runs: Annotated[int, typer.Option(help="Independent runs, of which medians are shown.")] = 1,
    volume: Annotated[
        list[float] | None, typer.Option(help="Also learn by exact SSA at so many items per unit; may be repeated.")
    ] = None,
    engine: Annotated[str, typer.Option(help="Simulator: roadrunner, copasi or tellurium.")] = "roadrunner",
    jobs: Annotated[int, typer.Option(help="Processes; 0 means one a core.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="PNG to write: loss, weights, surface, clock of one run; volumes beside it.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write: models, archive, examples.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was learnt as JSON.")] = False,
) -> None:
    """Let a circuit learn from examples that it is fed, in a simulator; beside its rule in arithmetic.

    The exported circuit trains by itself: a chemical clock drives its phases, and all that is done to it is that the
    next example is added in each turn. Errors are its own, and so are its answers to examples that it has not seen.

    linear: x1 + 2 x2 + 1, with noise of 0.4, of which half the mean square is 0.08; nonlinear: x1 x2 + x2^2; sine:
    sin x1 + x2^2; rings: a disc's middle from a ring around it; xor: whether two inputs differ in sign; iris: three
    species of iris by four lengths.

    Example: crn2sbml learn linear --plot linear.png
    """
    import joblib

    from crn2sbml.disk import check_output, write_file, write_folder
    from crn2sbml.engines.engine import check_algorithm
    from crn2sbml.engines.registry import get_engine
    from crn2sbml.report.learning import grid_of, lesson_picture, volumes_picture
    from crn2sbml.report.lesson import CHEMISTRY, answers, teach

    beside = plot.with_name(f"{plot.stem}-volumes{plot.suffix}") if plot is not None and volume else None
    for path in (plot, beside, out):
        if path is not None:
            check_output(path, force)
    if runs < 1 or seed < 0:
        raise CrnError(f"--runs {runs} --seed {seed}: needs a run, and a seed of 0 or more")
    for omega in volume or ():
        if not 0 < omega < float("inf"):
            raise CrnError(f"--volume {omega}: must be positive and finite")
    check_algorithm(get_engine(engine), "ode")
    changes = {"hidden": hidden, "feedback": feedback.value, "influx": influx}
    tasks = {seed + i: _changed(task, seed + i, examples, epochs, pace, changes) for i in range(runs)}
    work = [joblib.delayed(teach)(one, number, engine) for number, one in tasks.items()]
    with progress() as bars:
        done = joblib.Parallel(n_jobs=min(jobs or joblib.cpu_count(), runs), return_as="generator")(work)
        lessons = list(bars.track(done, total=runs, description=f"learning by chemistry, {engine}"))
    first = lessons[0]
    facts = _facts(lessons)
    if volume:
        facts["volumes"] = _volumes(tasks, sorted(volume), engine, jobs)
    if plot is not None or out is not None:
        learnt, grid = first.ways[CHEMISTRY].weights, grid_of(first)
        with busy("answers all over the square"):
            asked = None if grid is None else answers(first.task.learner, first.rule, learnt, grid, engine)
        picture = lesson_picture(first, grid, asked)
        if plot is not None:
            write_file(plot, picture, force)
            say(f"Written: {plot}")
            if beside is not None:
                without_noise = first.score(CHEMISTRY, "validation")
                write_file(beside, volumes_picture(first.task, facts["volumes"], without_noise), force)
                say(f"Written: {beside}")
        if out is not None:
            from crn2sbml.report.lesson_folder import lesson_files

            with busy("files, and what the archive's run gives"):
                files = lesson_files(first, picture)
            say(f"Written: {write_folder(out, files, force)}")
    if json:
        print_json(facts)
    else:
        print("\n".join(_lines(facts)))


def _changed(
    name: str, seed: int, examples: Path | None, epochs: int | None, pace: float | None, changes: dict[str, Any]
) -> "Task":
    """The task with what the options say."""
    from crn2sbml.disk import read_text
    from crn2sbml.formats.examples_csv import read_examples_csv
    from crn2sbml.training.tasks import Examples, get_task, task_of

    task = get_task(name, seed)
    if examples is not None:
        task = task_of(name, Examples(*read_examples_csv(read_text(examples), str(examples))))
    if epochs is not None:
        if epochs < 1:
            raise CrnError(f"--epochs {epochs}: must be 1 or more")
        task = replace(task, epochs=epochs)
    paces = task.learner.paces
    if pace is not None:
        if not 0 < pace < float("inf"):
            raise CrnError(f"--pace {pace}: must be positive and finite")
        paces = replace(paces, learn=pace, learn_hidden=paces.learn_hidden * pace / paces.learn)
    given = {key: value for key, value in changes.items() if value is not None}
    return replace(task, learner=replace(task.learner, paces=paces, **given))


def _facts(lessons: "list[Lesson]") -> dict[str, Any]:
    from crn2sbml.report.lesson import lesson_document

    first = lessons[0]
    task, learner = first.task, first.task.learner
    network = lesson_document(task, learner.initial_weights(first.seed)).network
    return {
        "task": task.name,
        "simulator": first.simulator,
        "seeds": [lesson.seed for lesson in lessons],
        "species": len(network.species),
        "reactions": len(network.reactions),
        "most_reactants": max(reaction.order for reaction in network.reactions),
        "rectifiers": learner.hidden,
        "feedback": learner.feedback if learner.hidden else None,
        "examples": len(task.train.inputs),
        "epochs": task.epochs,
        "measure": "accuracy" if task.classifies else "half_mse",
        "ways": {
            way: {
                "loss": [lesson.losses(way).tolist() for lesson in lessons],
                "validation": [lesson.score(way, "validation") for lesson in lessons],
                "test": [lesson.score(way, "test") for lesson in lessons],
            }
            for way in first.ways
        },
    }


def _volumes(tasks: "dict[int, Task]", omegas: list[float], engine: str, jobs: int) -> list[dict[str, Any]]:
    """Scores of the weights after learning by exact SSA, at each omega, for each seed."""
    import joblib

    from crn2sbml.report.lesson import stochastic_score

    work = [
        joblib.delayed(stochastic_score)(replace(task, learner=replace(task.learner, omega=omega)), seed, engine)
        for omega in omegas
        for seed, task in tasks.items()
    ]
    with progress() as bars:
        done = joblib.Parallel(n_jobs=jobs or joblib.cpu_count(), return_as="generator")(work)
        scores = list(bars.track(done, total=len(work), description="learning by exact SSA"))
    size = len(tasks)
    return [{"omega": omega, "scores": scores[i * size : (i + 1) * size]} for i, omega in enumerate(omegas)]


def _lines(facts: dict[str, Any]) -> list[str]:
    import numpy as np

    ways, seeds = facts["ways"], facts["seeds"]
    lines = [
        f"{facts['task']}: {facts['species']} species, {facts['reactions']} reactions of at most "
        f"{facts['most_reactants']} molecules, {facts['rectifiers']} rectifiers; {facts['simulator']}",
        f"{facts['examples']} examples in each epoch; seeds {', '.join(map(str, seeds))}"
        + ("; medians, and least to most" if len(seeds) > 1 else ""),
        "",
        f"{'half MSE as learnt':22}" + "".join(f"{way:>27}" for way in ways),
    ]
    for epoch in range(facts["epochs"]):
        losses = (np.median([run[epoch] for run in ways[way]["loss"]]) for way in ways)
        lines.append(f"{f'epoch {epoch + 1}':22}" + "".join(f"{loss:27.4f}" for loss in losses))
    accuracy = facts["measure"] == "accuracy"
    for part in ("validation", "test"):
        cells = (f"{_spread(ways[way][part], accuracy):>27}" for way in ways)
        lines.append(f"{f'{part}, ' + ('right' if accuracy else 'half MSE'):22}" + "".join(cells))
    for row in facts.get("volumes", []):
        lines.append(f"exact SSA, omega {row['omega']:g}: validation {_spread(row['scores'], accuracy)}")
    return lines


def _spread(scores: list[float], accuracy: bool) -> str:
    import numpy as np

    three = float(np.median(scores)), min(scores), max(scores)
    shown = [f"{100 * score:.1f}%" if accuracy else f"{score:.4f}" for score in three]
    return shown[0] if len(scores) == 1 else f"{shown[0]} ({shown[1]} to {shown[2]})"
