"""`crn2sbml train`: train a model and write its folder."""

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crn2sbml.cli.console import bar, busy, print_json, progress, say
from crn2sbml.errors import CrnError

if TYPE_CHECKING:
    from crn2sbml.circuits.classifier import Classifier
    from crn2sbml.circuits.weights_file import Trained
    from crn2sbml.training.data import DataSet
    from crn2sbml.training.loop import Options
    from crn2sbml.training.losses import Calibration

_WRITING = "files, and what the archive's runs give"


class Noise(StrEnum):
    """What training takes into account."""

    NONE = "none"
    LNA = "lna"


def train(
    model: Annotated[
        str, typer.Argument(help="What to train: a model of the package, or a TOML file that describes one.")
    ] = "digits",
    out: Annotated[Path | None, typer.Option(help="Folder to write; else named like the model.")] = None,
    omega: Annotated[float | None, typer.Option(help="Items per unit of activity (system size).")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training part, before those under noise.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step size that Adam starts with.")] = None,
    noise: Annotated[
        Noise | None, typer.Option(help="none: on means alone; lna: then calibrated for noise; else as the model says.")
    ] = None,
    average: Annotated[float | None, typer.Option(help="lna: seconds that a decision is averaged over.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of initial weights and batches.")] = None,
    twin: Annotated[
        bool, typer.Option("--twin", help="Train a neural network of the same layers too, and record how it does.")
    ] = False,
    checkpoint: Annotated[Path | None, typer.Option(help="Keep the state here and go on from it.")] = None,
    creator: Annotated[str, typer.Option(help="Who the files say has made the model, and when; else nobody.")] = "",
    licence: Annotated[str, typer.Option(help="SPDX identifier of the model's licence, for instance CC-BY-4.0.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace files of an older folder.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the training record as JSON.")] = False,
) -> None:
    """Train a model and write its folder.

    The folder holds weights, SBML, Antimony, a COMBINE archive, io.json, examples of inputs and a card.

    With --noise lna, the network is then trained on so that noisy read-outs at --omega items per unit decide right,
    from a snapshot or from averages over --average seconds.

    Example: crn2sbml train digits --omega 20 --average 5 --noise lna --out my-digits
    """
    if _is_generator(model):
        for option, value in (("--omega", omega), ("--learning-rate", learning_rate), ("--noise", noise),
                              ("--average", average), ("--twin", twin or None)):  # fmt: skip
            if value is not None:
                raise CrnError(f"{option}: is for classifiers; {model} makes pictures")
        train_pictures(model, out, epochs, seed, checkpoint, (creator, licence), force, json)
        return
    from crn2sbml.disk import check_output, write_folder
    from crn2sbml.report.model_folder import model_document, model_examples, model_files
    from crn2sbml.training.losses import Calibration
    from crn2sbml.training.recipes import get_recipe

    recipe = get_recipe(model, omega)
    out = out or Path(recipe.classifier.name)
    check_output(out, force)
    calibration = recipe.calibration
    if noise is not None:
        calibration = (calibration or Calibration()) if noise is Noise.LNA else None
    if average is not None:
        if calibration is None:
            raise CrnError("--average belongs to training under noise; add --noise lna")
        calibration = replace(calibration, average=average)
    options = recipe.options.replaced(epochs=epochs, learning_rate=learning_rate, seed=seed)
    data = recipe.data()
    trained = train_with_progress(recipe.classifier, data, options, checkpoint, calibration)
    if twin:
        # On means alone: a neural network has no noise.
        beside = train_with_progress(recipe.classifier.neural_twin, data, options)
        trained = replace(trained, record={**trained.record, "twin": beside.record["accuracy"]})
    test = data.test
    example = (test.images[0], int(test.labels[0]))
    document = model_document(trained, example, creator, _now(creator), licence)
    with busy(_WRITING):
        files = model_files(trained, document, model_examples(trained, test))
    write_folder(out, files, force)
    accuracy = trained.record["accuracy"]
    if json:
        print_json({"folder": str(out), **trained.record})
    else:
        say(f"{out}: accuracy " + _percentages(accuracy))
        if twin:
            say(f"{out}: accuracy of the neural twin " + _percentages(trained.record["twin"]))
        if calibration:
            say(f"{out}: right decisions under noise (LNA) " + _percentages(trained.record["accuracy_under_noise"]))


def train_pictures(
    model: str,
    out: Path | None,
    epochs: int | None,
    seed: int | None,
    checkpoint: Path | None,
    names: tuple[str, str],
    force: bool,
    json: bool,
) -> None:
    """Train a generator and write its folder; `names`: whom and which licence the files name."""
    from crn2sbml.disk import check_output, write_folder
    from crn2sbml.report.generator_folder import generator_document, generator_files
    from crn2sbml.training.generator_loop import train_generator
    from crn2sbml.training.generator_recipes import get_generator_recipe
    from crn2sbml.training.judge import get_critics

    recipe = get_generator_recipe(model)
    out = out or Path(recipe.generator.name)
    check_output(out, force)
    changes = {name: value for name, value in (("epochs", epochs), ("seed", seed)) if value is not None}
    options, data = replace(recipe.options, **changes), recipe.data()
    with progress() as bars:
        critics = get_critics(data, options.critics, bar(bars, "critics", options.critics))
        task = bars.add_task(f"training {recipe.generator.name}", total=None)
        trained = train_generator(
            recipe.generator,
            data,
            critics,
            options,
            lambda seen: bars.update(task, completed=seen.epoch, total=seen.epochs),
            checkpoint,
        )
    creator, licence = names
    document = generator_document(trained, 0, creator, _now(creator), licence)
    with busy(_WRITING):
        files = generator_files(trained, document)
    write_folder(out, files, force)
    if json:
        print_json({"folder": str(out), **trained.record})
    else:
        say(f"{out}: written; crn2sbml generate {out} makes pictures")


def _is_generator(model: str) -> bool:
    """By its name, or what the TOML file says."""
    from crn2sbml.training.generator_recipes import describes_generator

    return describes_generator(model)


def _now(creator: str) -> str:
    """When, if somebody is named."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if creator else ""


def _percentages(accuracy: dict[str, float]) -> str:
    return ", ".join(f"{part} {value:.2%}" for part, value in accuracy.items())


def train_with_progress(
    classifier: "Classifier",
    data: "DataSet",
    options: "Options",
    checkpoint: Path | None = None,
    calibration: "Calibration | None" = None,
) -> "Trained":
    """Train with a progress bar."""
    from crn2sbml.training.loop import train_classifier

    with progress() as bars:
        epochs = options.epochs + (calibration.epochs if calibration else 0)
        task = bars.add_task(f"training {classifier.name}", total=epochs)
        return train_classifier(
            classifier,
            data,
            options,
            report=lambda seen: bars.update(task, completed=seen.epoch),
            checkpoint=checkpoint,
            calibration=calibration,
        )
