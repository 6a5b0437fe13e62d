"""`crn2sbml judge`: how good a generator's pictures are, beside real ones and what rivals make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crn2sbml.cli.console import bar, print_json, progress
from crn2sbml.cli.inputs import load_document, load_usage
from crn2sbml.errors import CrnError

if TYPE_CHECKING:
    from crn2sbml.core.matrices import Array

JUDGE_SEED = 1
"""Of the judge; those that training asks have others."""


def judge(
    model: Annotated[Path, typer.Argument(help="A generator's folder, with weights.npz, model.xml and io.json.")],
    count: Annotated[
        int | None, typer.Option(help="Pictures of each row, and test images; else as many as the test part has.")
    ] = None,
    ssa: Annotated[bool, typer.Option("--ssa/--no-ssa", help="Exact SSA, too; an hour or more for MNIST.")] = True,
    settle: Annotated[float | None, typer.Option(help="Seconds of each exact run; else 0.3 times io.json's.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first picture; the others follow.")] = 1,
    jobs: Annotated[int, typer.Option(help="Processes; 0 means one a core.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep exact runs in, and to go on from.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Hold a generator's pictures against real ones, Gaussians and neural networks of its size, in one run.

    A judge that no training has seen says how far what it sees in them is from what it sees in the test images (Frechet
    distance), and whether it names the class that was asked for. The nearest training image tells copies from pictures.

    Example: crn2sbml judge models/digits-generator --no-ssa
    """
    import os

    import numpy as np

    from crn2sbml.circuits.weights_file import unpack_generator
    from crn2sbml.disk import read_bytes
    from crn2sbml.formats.sbml_write import write_sbml
    from crn2sbml.report.likeness import likeness_rows, likeness_table
    from crn2sbml.training.data import get_source
    from crn2sbml.training.generator_loop import GeneratorOptions
    from crn2sbml.training.judge import get_critics, get_judge
    from crn2sbml.training.rivals import gaussian_pictures, neural_pictures
    from crn2sbml.verify.generation import pictures

    trained = unpack_generator(bytes(read_bytes(model / "weights.npz")), str(model / "weights.npz"))
    usage, generator = load_usage(model), trained.generator
    if usage is None:
        raise CrnError(f"{model}: no io.json says which species are its classes, latents and pixels")
    sbml = write_sbml(load_document(model), picture=False)
    data = get_source(str(trained.record["data"])).load()
    known, test = (part.images / data.input_max for part in (data.train, data.test))
    if count is not None and not 2 <= count <= len(test):
        raise CrnError(f"--count {count}: must be 2 to {len(test)}, as many as there are test images")
    test, classes = test[:count], data.test.labels[:count]
    options = GeneratorOptions(**trained.record["options"])
    processes = jobs if jobs > 0 else os.cpu_count() or 1
    with progress() as bars:
        told = bar(bars, "judge", 100)
        judge = get_judge(data, JUDGE_SEED, lambda part: told(round(100 * part)))
        told(100)
        critics = get_critics(data, options.critics, bar(bars, "critics", options.critics))
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(len(known))[: len(test)]
        made: dict[str, Array] = {"real (training images)": known[chosen]}
        made["Gaussian of each class"] = gaussian_pictures(data, classes, seed)
        told = bar(bars, "neural network", options.epochs)
        made["variational auto-encoder"] = neural_pictures(
            generator, data, classes, options, report=lambda seen: told(seen.epoch)
        )
        told = bar(bars, "neural network, matched", 100)
        made["the same, matched"] = neural_pictures(
            generator, data, classes, options, critics, lambda seen: told(100 * seen.epoch // seen.epochs)
        )
        for method in ("closed-form", "lna", *(["ssa"] if ssa else [])):
            told = bar(bars, f"network, {method}", len(classes))
            drawn = pictures(sbml, usage, classes, seed, method, settle, "native", processes, told, keep)  # type: ignore[arg-type]
            made[f"network, {method}"] = drawn.reshape(test.shape) / usage.omega
    labels = {name: data.train.labels[chosen] if name.startswith("real") else classes for name in made}
    rows = likeness_rows(judge.features, made, labels, test, known)
    if json:
        print_json({"model": str(model), "count": len(classes), "seed": seed, "rows": rows})
    else:
        print(likeness_table(rows, len(classes)))
