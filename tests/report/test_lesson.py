"""Lessons in simulators: small ones, against arithmetic and each other."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from crn2sbml.circuits.assembly import Paces
from crn2sbml.formats.antimony_read import read_antimony
from crn2sbml.formats.examples_csv import read_examples_csv
from crn2sbml.formats.sbml_read import read_sbml
from crn2sbml.report.learning import grid_of, lesson_picture, volumes_picture
from crn2sbml.report.lesson import CHEMISTRY, DESCENT, RULE, Lesson, answers, lesson_document, stochastic_score, teach
from crn2sbml.report.lesson_folder import lesson_files
from crn2sbml.training.tasks import Examples, Task, get_task


def short(name: str, count: int = 30, epochs: int = 2) -> Task:
    task = get_task(name, 3)
    train, validation, test = (Examples(*(p[:n] for p in part)) for part, n in (
        (task.train, count), (task.validation, 8), (task.test, 6)))  # fmt: skip
    return replace(task, train=train, validation=validation, test=test, epochs=epochs)


def faster(task: Task) -> Task:
    return replace(task, learner=replace(task.learner, paces=Paces(learn=8e-3)))


@pytest.fixture(scope="module")
def linear() -> Lesson:
    return teach(faster(short("linear")), 1)


def test_chemistry_learns_what_its_rule_does(linear: Lesson) -> None:
    chemistry, rule = linear.ways[CHEMISTRY], linear.ways[RULE]
    np.testing.assert_allclose(chemistry.weights.readout, rule.weights.readout, atol=2e-3)
    np.testing.assert_allclose(chemistry.errors, rule.errors, atol=0.02)
    assert linear.losses(CHEMISTRY)[1] < 0.2 * linear.losses(CHEMISTRY)[0]
    np.testing.assert_allclose(linear.losses(CHEMISTRY), linear.losses(RULE), rtol=0.02)
    assert linear.ways[DESCENT].errors.shape == (60, 1)
    assert linear.trace.shape == (60, 3)
    np.testing.assert_allclose(linear.trace[-1], chemistry.weights.readout[0], atol=0.05)


def test_answers_are_the_circuit_s_own(linear: Lesson) -> None:
    """To inputs that it has not seen: what its weights make of them."""
    known = np.c_[linear.task.test.inputs, np.ones(6)] @ linear.ways[CHEMISTRY].weights.readout.T
    np.testing.assert_allclose(linear.ways[CHEMISTRY].test, known, atol=2e-3)
    assert linear.score(CHEMISTRY, "test") == pytest.approx(
        np.mean((known - linear.task.test.targets) ** 2) / 2, rel=0.02
    )


@pytest.mark.simulators("copasi")
def test_copasi_learns_the_same_weights(linear: Lesson) -> None:
    found = teach(linear.task, 1, "copasi")
    assert found.simulator.startswith("copasi")
    np.testing.assert_allclose(found.ways[CHEMISTRY].weights.readout, linear.ways[CHEMISTRY].weights.readout, atol=1e-6)


def test_rectifiers_learn_and_answer() -> None:
    task = short("rings", 12, 1)
    lesson = teach(task, 1)
    weights = lesson.ways[CHEMISTRY].weights
    assert weights.hidden is not None
    assert np.abs(weights.hidden - task.learner.initial_weights(1).hidden).max() > 1e-3
    # The rule's corners are sharp, the circuit's are not.
    ruled = lesson.rule.outputs(weights, task.test.inputs)
    assert np.corrcoef(lesson.ways[CHEMISTRY].test[:, 0], ruled[:, 0])[0, 1] > 0.98
    assert 0 <= lesson.score(CHEMISTRY, "validation") <= 1
    again = answers(task.learner, lesson.rule, weights, task.test.inputs)
    np.testing.assert_allclose(again, lesson.ways[CHEMISTRY].test, atol=1e-4)


def test_many_molecules_learn_as_concentrations_do(linear: Lesson) -> None:
    """With 300 items per unit, about as well; and with one, hardly anything."""
    many, few = (
        stochastic_score(replace(linear.task, learner=replace(linear.task.learner, omega=omega)), 1)
        for omega in (300, 1)
    )
    before = np.mean(linear.task.validation.targets**2) / 2
    assert many < 0.3 * before
    assert few > 2 * many


def test_the_folder_s_files_hold_the_same_circuit(linear: Lesson) -> None:
    files = lesson_files(linear, b"picture")
    document = lesson_document(linear.task, linear.task.learner.initial_weights(1))
    for text, read in ((files["model.xml"], read_sbml), (files["model.ant"], read_antimony)):
        assert isinstance(text, str)
        found = read(text)
        assert len(found.network.reactions) == len(document.network.reactions)
        assert found.feeding is not None
        assert document.feeding is not None
        np.testing.assert_allclose(found.feeding.examples, document.feeding.examples, rtol=1e-12)
    x, y = read_examples_csv(str(files["examples.csv"]), "examples.csv")
    np.testing.assert_array_equal(x, linear.task.train.inputs)
    np.testing.assert_array_equal(y, linear.task.train.targets)
    curve = [line.split(",") for line in str(files["curve.csv"]).splitlines()]
    assert curve[0] == ["epoch", CHEMISTRY, RULE, DESCENT]
    assert float(curve[2][1]) == linear.losses(CHEMISTRY)[1]
    packed = files["model.omex"]
    assert isinstance(packed, bytes)
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert {"model.xml", "simulation.sedml", "examples.csv", "curve.csv", "expected.csv"} <= set(archive.namelist())
    header, row = archive.read("expected.csv").decode().splitlines()
    expected = dict(zip(header.split(",")[3:], map(float, row.split(",")[3:]), strict=True))
    readout = linear.task.learner.weights_in(expected).readout
    np.testing.assert_allclose(readout, linear.ways[CHEMISTRY].weights.readout, atol=1e-6)


def test_pictures_are_made(linear: Lesson) -> None:
    grid = grid_of(linear)
    assert grid is not None
    assert lesson_picture(linear, grid, grid[:, :1]).startswith(b"\x89PNG")
    assert lesson_picture(linear).startswith(b"\x89PNG")
    rows = [{"omega": 10.0, "scores": [0.3, 0.5]}, {"omega": 100.0, "scores": [0.1, 0.2]}]
    assert volumes_picture(linear.task, rows, 0.05).startswith(b"\x89PNG")
    assert grid_of(replace(linear, task=get_task("iris", 1))) is None
