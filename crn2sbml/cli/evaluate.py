"""`crn2sbml evaluate`: what a model decides over a data set."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crn2sbml.cli.console import print_json, progress, say
from crn2sbml.cli.inputs import check_units, load_document, load_usage
from crn2sbml.cli.simulate import Method
from crn2sbml.errors import CrnError, did_you_mean

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from crn2sbml.formats.usage import Usage
    from crn2sbml.training.data import DataSet

_READINGS: dict[Method, Any] = {Method.ODE: "deterministic", Method.LNA: "deterministic", Method.SSA: "stochastic"}


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model's folder, or its file with io.json beside it.")],
    method: Annotated[
        Method, typer.Option(help="ode: steady state; lna: Gaussian read-outs; ssa: exact.")
    ] = Method.ODE,
    data: Annotated[str, typer.Option(help="Data set; else the one whose images have as many pixels.")] = "",
    count: Annotated[int | None, typer.Option(help="Images of the test part, from the first; else all.")] = None,
    omega: Annotated[
        list[float] | None, typer.Option(help="Items per unit of activity; may be repeated. Else the model's own.")
    ] = None,
    average: Annotated[
        list[float] | None, typer.Option(help="Seconds averaged over (0: a snapshot); may be repeated.")
    ] = None,
    replicates: Annotated[int, typer.Option(help="ssa: runs of each image.")] = 1,
    settle: Annotated[
        float | None,
        typer.Option(help="Seconds before a simulator's counts are read, or averaged; else 0.3 times io.json's."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first image; the others follow.")] = 1,
    engine: Annotated[str, typer.Option(help="ode, ssa: simulator; native: our own equations or sampler.")] = "native",
    rates_off: Annotated[float, typer.Option(help="Log-normal error of each rate constant; 0.1 for 10 %.")] = 0.0,
    decays_off: Annotated[float, typer.Option(help="The same, of the decays alone.")] = 0.0,
    input_noise: Annotated[
        float, typer.Option(help="Standard deviation of Gaussian noise on each pixel, 0 to 1.")
    ] = 0.0,
    jobs: Annotated[int, typer.Option(help="Processes; 0 means one a core.")] = 0,
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask scheduler to run on instead, tcp://host:port.")
    ] = "",
    keep: Annotated[Path | None, typer.Option(help="Folder to keep what is done in, and to go on from.")] = None,
    plot: Annotated[Path | None, typer.Option(help="PNG to write.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing picture.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON, with the confusion matrices.")] = False,
) -> None:
    """Count how often a model names the class of test images, with 95 % Wilson intervals.

    With several --omega or --average, for each of them: how accuracy grows with molecules and with patience.
    Interrupted with --keep, the same command goes on where it was.

    Example: crn2sbml evaluate models/digits --method ssa --omega 10 --omega 40 --count 100
    """
    from dataclasses import replace

    from crn2sbml.core.scaling import is_decay, perturbed, resized
    from crn2sbml.disk import check_output, write_file
    from crn2sbml.formats.document import with_reading
    from crn2sbml.formats.sbml_write import write_sbml
    from crn2sbml.report.evaluation import Row, evaluation_figure, evaluation_rows, evaluation_table
    from crn2sbml.verify.evaluation import Conditions, Evaluation, molecules
    from crn2sbml.verify.evaluation import evaluate as run

    if plot is not None:
        check_output(plot, force)
    for option, value in (("--rates-off", rates_off), ("--decays-off", decays_off), ("--input-noise", input_noise)):
        if not 0 <= value <= 10:
            raise CrnError(f"{option} {value}: must be 0 to 10")
    document, usage = load_document(model), load_usage(model)
    if usage is None:
        raise CrnError(f"{model}: no io.json beside it says which species are its inputs and outputs")
    check_units(document, model, f"--method {method.value}")
    for name in usage.outputs:
        if name not in document.network.floating:
            raise CrnError(f"io.json of {model}: {did_you_mean(name, document.network.floating, 'floating species')}")
    if scheduler and engine != "native":
        # Workers have several threads, which simulators do not bear.
        raise CrnError(f"--scheduler: runs engine 'native' only, not {engine!r}")
    for value in omega or []:
        if not 1 <= value < 1e9:
            raise CrnError(f"--omega {value}: must be 1 to 1e9 items per unit of activity")
    conditions = Conditions(method.value, 0.0, settle, replicates, seed, engine)
    planned = [replace(conditions, average=seconds) for seconds in average or [0.0]]
    network = perturbed(perturbed(document.network, rates_off, seed), decays_off, seed + 1, is_decay)
    images, labels = _examples(_data_set(data, usage), usage, count, input_noise, seed)
    rows: list[Row] = []
    with progress() as bars, _workers(scheduler, jobs) as processes:
        for size, chosen in product(omega or [usage.omega], planned):
            here, sized = replace(usage, omega=size), resized(network, size / usage.omega)
            sbml = write_sbml(with_reading(replace(document, network=sized), _READINGS[method]))
            task = bars.add_task(f"{method.value}, omega {size:g}", total=len(images))
            decided = run(sbml, here, images, chosen, processes, keep, partial(_told, bars, task))
            mean = molecules(sized, here, images[:20])
            rows.append(Row(method.value, size, chosen.average, *mean, Evaluation(decided, labels)))
    if plot is not None:
        write_file(plot, evaluation_figure(rows), force)
    if json:
        print_json({"model": str(model), "method": method.value, "engine": engine, "rows": evaluation_rows(rows)})
        return
    print(evaluation_table(rows))
    if plot is not None:
        say(f"Picture: {plot}")


def _told(bars: "Progress", task: "TaskID", done: int) -> None:
    bars.update(task, completed=done)


def _data_set(name: str, usage: "Usage") -> "DataSet":
    from crn2sbml.training.data import get_source, source_of_size

    if not usage.inputs:
        raise CrnError("evaluate: the model has no inputs to clamp, so that it is no classifier")
    return (get_source(name) if name else source_of_size(len(usage.inputs))).load()


def _examples(data: "DataSet", usage: "Usage", count: int | None, noise: float, seed: int) -> tuple[Any, Any]:
    """Test images, on the model's scale, and labels."""
    import numpy as np

    images, labels = data.test.images, data.test.labels
    if images[0].size != len(usage.inputs):
        raise CrnError(
            f"--data {data.name}: its images have {images[0].size} pixels, the model {len(usage.inputs)} inputs"
        )
    if labels.max() >= len(usage.outputs):
        raise CrnError(f"--data {data.name}: has {labels.max() + 1} classes, the model {len(usage.outputs)} outputs")
    if count is not None and not 1 <= count <= len(labels):
        raise CrnError(f"--count {count}: the test part of {data.name!r} has {len(labels)} images")
    images = images[:count] / data.input_max
    if noise:
        images = (images + np.random.default_rng(seed).normal(0, noise, images.shape)).clip(0, 1)
    return images * usage.input_max, labels[:count]


@contextmanager
def _workers(scheduler: str, jobs: int) -> Iterator[int]:
    """How many processes there are: of this machine, or of a Dask cluster for as long as this lasts."""
    if not scheduler:
        yield jobs if jobs > 0 else os.cpu_count() or 1
        return
    try:
        from distributed import Client
    except ImportError:
        raise CrnError(
            "--scheduler: Dask is not installed; it comes with the extra 'cluster' (see the README)"
        ) from None
    import joblib

    try:
        client: Any = Client(scheduler, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise CrnError(f"--scheduler {scheduler}: cannot be reached: {error}") from None
    with client, joblib.parallel_config(backend="dask"):
        yield max(1, sum(client.nthreads().values()))
