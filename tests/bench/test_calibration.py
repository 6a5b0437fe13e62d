"""Does training under noise pay? Networks trained on means alone and calibrated under the LNA, judged by exact SSA.

Run it with `pytest -m slow tests/bench/test_calibration.py -n 0`; about twenty minutes on two cores. It writes the
figure that the README shows. Nothing here was used to choose anything: penalties and epochs were chosen on the
validation part, and the test part is looked at once.
"""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from matplotlib.figure import Figure

from crn2sbml.circuits.weights_file import Trained
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml
from crn2sbml.report.figures import plot_calibration
from crn2sbml.report.model_folder import model_usage
from crn2sbml.training.loop import train_classifier
from crn2sbml.training.losses import Calibration
from crn2sbml.training.recipes import get_recipe
from crn2sbml.verify.decisions import stochastic_readouts

OMEGAS, AVERAGES, SEEDS, REPLICATES = (5.0, 10.0, 20.0, 40.0), (0.0, 5.0), (0, 1, 2), 1
FIGURE = Path(__file__).parents[2] / "docs" / "calibration.png"


@dataclass(frozen=True)
class Judged:
    """Per test image the part of SSA decisions that are right, and gross production (items/s) per image."""

    right: np.ndarray
    gross: float


def judged(trained: Trained, average: float) -> Judged:
    classifier, test = trained.classifier, get_recipe("digits").data().test
    sbml = write_sbml(Document(classifier.network(trained.weights), shape="lumped"), picture=False)
    readouts = stochastic_readouts(sbml, model_usage(trained), test.images, 1, average, REPLICATES)
    levels = classifier.levels(trained.weights, classifier.activities(test.images))
    gross = sum(float(np.mean(np.sum(level.gross, -1))) for level in levels if level.gross is not None)
    # A tie is no decision.
    top = np.sort(readouts, axis=-1)
    right = (readouts.argmax(-1) == test.labels[:, None]) & (top[..., -1] > top[..., -2])
    return Judged(right.mean(axis=1), gross * classifier.kinetics.omega)


def compared(omega: float, average: float, seed: int) -> tuple[Judged, Judged]:
    recipe = get_recipe("digits", omega)
    options = recipe.options.replaced(seed=seed)
    plain = train_classifier(recipe.classifier, recipe.data(), options)
    calibrated = train_classifier(recipe.classifier, recipe.data(), options, calibration=Calibration(average))
    return judged(plain, average), judged(calibrated, average)


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean over images, and the 95 % interval of that by the bootstrap over images."""
    drawn = np.random.default_rng(0).integers(0, len(values), (4000, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


@pytest.mark.slow
def test_calibrated_networks_decide_better(capsys: pytest.CaptureFixture[str]) -> None:
    cells = [(omega, average) for average in AVERAGES for omega in OMEGAS]
    jobs = [(*cell, seed) for cell in cells for seed in SEEDS]
    found = dict(
        zip(jobs, joblib.Parallel(os.cpu_count())(joblib.delayed(compared)(*job) for job in jobs), strict=True)
    )
    rows: list[dict[str, Any]] = []
    for omega, average in cells:
        # All networks judge the same images: their mean over seeds and replicates is one number an image.
        runs = [found[omega, average, seed] for seed in SEEDS]
        plain, calibrated = (np.mean([run[i].right for run in runs], axis=0) for i in (0, 1))
        gross = [float(np.mean([run[i].gross for run in runs])) for i in (0, 1)]
        rows.append(
            {
                "omega": omega,
                "average": average,
                "plain": interval(plain),
                "calibrated": interval(calibrated),
                "gain": interval(calibrated - plain),
                "gross": gross,
            }
        )
    figure = Figure((9, 3.6), layout="constrained")
    for axes, average in zip(figure.subplots(1, 2, sharey=True), AVERAGES, strict=True):
        plot_calibration(axes, [row for row in rows if row["average"] == average])
    FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(FIGURE, dpi=120)
    with capsys.disabled():
        print(
            f"\ndigits, 360 test images, {len(SEEDS)} trainings, {REPLICATES} SSA runs an image; "
            f"{asdict(Calibration())}"
        )
        print(" omega  average  trained on means        calibrated              gain (95 %)             gross, items/s")
        for row in rows:
            parts = [
                f"{m:7.2%} ({low:.2%} to {high:.2%})"
                for m, low, high in (row[k] for k in ("plain", "calibrated", "gain"))
            ]
            print(
                f" {row['omega']:5g}  {row['average']:5g} s  {'  '.join(parts)}  "
                f"{row['gross'][0]:.0f} -> {row['gross'][1]:.0f}"
            )
    for row in rows:
        if row["omega"] <= 10:
            assert row["gain"][1] > 0, row
