"""`crn2sbml train`: train a model and write its folder."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crn2sbml.cli.console import print_json, progress, say
from crn2sbml.errors import CrnError

if TYPE_CHECKING:
    from crn2sbml.circuits.weights_file import Trained
    from crn2sbml.training.loop import Options
    from crn2sbml.training.losses import Calibration
    from crn2sbml.training.recipes import Recipe


class Noise(StrEnum):
    """What training takes into account."""

    NONE = "none"
    LNA = "lna"


def train(
    model: Annotated[str, typer.Argument(help="What to train, for instance digits.")] = "digits",
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("digits"),
    omega: Annotated[float | None, typer.Option(help="Items per unit of activity (system size).")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training part; 100 more with --noise lna.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step size that Adam starts with.")] = None,
    noise: Annotated[Noise, typer.Option(help="none: on means alone; lna: then calibrated for noise.")] = Noise.NONE,
    average: Annotated[float | None, typer.Option(help="lna: seconds that a decision is averaged over.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of initial weights and batches.")] = None,
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
    from crn2sbml.disk import check_output, write_folder
    from crn2sbml.report.model_folder import model_document, model_examples, model_files
    from crn2sbml.training.losses import Calibration
    from crn2sbml.training.recipes import get_recipe

    check_output(out, force)
    if average is not None and noise is Noise.NONE:
        raise CrnError("--average belongs to training under noise; add --noise lna")
    calibration = Calibration(average or 0.0) if noise is Noise.LNA else None
    recipe = get_recipe(model, omega)
    options = recipe.options.replaced(epochs=epochs, learning_rate=learning_rate, seed=seed)
    trained = train_with_progress(recipe, options, checkpoint, calibration)
    test = recipe.data().test
    example = (test.images[0], int(test.labels[0]))
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if creator else ""
    document = model_document(trained, example, creator, now, licence)
    write_folder(out, model_files(trained, document, model_examples(trained, test)), force)
    accuracy = trained.record["accuracy"]
    if json:
        print_json({"folder": str(out), **trained.record})
    else:
        say(f"{out}: accuracy " + _percentages(accuracy))
        if calibration:
            say(f"{out}: right decisions under noise (LNA) " + _percentages(trained.record["accuracy_under_noise"]))


def _percentages(accuracy: dict[str, float]) -> str:
    return ", ".join(f"{part} {value:.2%}" for part, value in accuracy.items())


def train_with_progress(
    recipe: "Recipe", options: "Options", checkpoint: Path | None = None, calibration: "Calibration | None" = None
) -> "Trained":
    """Train with a progress bar."""
    from crn2sbml.training.loop import train_classifier

    data = recipe.data()
    with progress() as bars:
        task = bars.add_task(
            f"training {recipe.classifier.name}", total=options.epochs + (calibration.epochs if calibration else 0)
        )
        return train_classifier(
            recipe.classifier,
            data,
            options,
            report=lambda seen: bars.update(task, completed=seen.epoch),
            checkpoint=checkpoint,
            calibration=calibration,
        )
