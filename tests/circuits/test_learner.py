"""Circuits that learn, in libRoadRunner: what one example does to them, against the gradient; and many examples."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crn2sbml.circuits.assembly import Paces
from crn2sbml.circuits.learner import Learner, Weights
from crn2sbml.core.matrices import Array
from crn2sbml.engines.registry import get_engine
from crn2sbml.errors import ShapeError
from crn2sbml.formats.document import Document
from crn2sbml.formats.sbml_write import write_sbml

LINEAR = Learner("linear", 2, signed=False, paces=Paces(error=1.0, learn=2e-3))
TURN = {3: 26.85, 4: 35.8}
"""Seconds of a turn by phases, found by SciPy (`tests/motifs/test_clock.py`)."""


def run(
    learner: Learner, weights: Weights, inputs: Array, targets: Array, times: list[float]
) -> list[dict[str, float]]:
    """Counts at some times."""
    document = Document(learner.network(weights), reading="deterministic", feeding=learner.feeding(inputs, targets))
    found = get_engine("roadrunner").load(write_sbml(replace(document, shape="lumped"))).ode([0.0, *times], {})
    return [dict(zip(found.species.values.tolist(), row.tolist(), strict=True)) for row in found.values[0, 1:]]


def drawn(learner: Learner, seed: int) -> tuple[Weights, Array, Array]:
    """Weights, one example's inputs and targets."""
    rng = np.random.default_rng(seed)
    readout = rng.normal(size=(learner.outputs, (learner.hidden or learner.inputs) + 1))
    hidden = rng.normal(size=(learner.hidden, learner.inputs + 1)) if learner.hidden else None
    inputs = rng.normal(size=(1, learner.inputs))
    targets = rng.normal(size=(1, learner.outputs))
    return Weights(readout, hidden), inputs if learner.signed else np.abs(inputs), targets


def gradient(learner: Learner, weights: Weights, x: Array, y: Array) -> tuple[Array, Array | None]:
    """Of half the squared error, by pencil and paper."""
    x = np.append(x, 1.0)
    if weights.hidden is None:
        return np.outer(weights.readout @ x - y, x), None
    sums = weights.hidden @ x
    h = np.append(sums.clip(min=0), 1.0)
    error = weights.readout @ h - y
    slope = sums > 0 if learner.feedback == "exact" else 1.0
    return np.outer(error, h), np.outer(weights.readout[:, :-1].T @ error * slope, x)


def far_from_corners(weights: Weights, x: Array) -> bool:
    assert weights.hidden is not None
    return bool(np.abs(weights.hidden @ np.append(x, 1.0)).min() > 0.3)


def cosine(one: Array, other: Array) -> float:
    return float(np.sum(one * other) / np.linalg.norm(one) / np.linalg.norm(other))


def hidden_learner(feedback: Any, outputs: int = 1) -> Learner:
    """Steps so small that weights hardly move within one; what is summed is not lessened on its way."""
    return Learner(
        "hidden", 3, outputs, hidden=6, feedback=feedback, paces=Paces(learn=1e-6, learn_hidden=1e-6, hidden=0.11)
    )


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("outputs", [1, 2])
def test_one_example_moves_a_linear_learner_down_the_gradient(signed: bool, outputs: int) -> None:
    learner = Learner("linear", 3, outputs, signed=signed, paces=Paces(learn=1e-6))
    steps = []
    for seed in (1, 2, 3):
        weights, x, y = drawn(learner, seed)
        (found,) = run(learner, weights, x, y, [0.99 * TURN[3] + 8])
        step = learner.weights_in(found).readout - weights.readout
        expected, _ = gradient(learner, weights, x[0], y[0])
        assert cosine(step, -expected) > 0.9999
        steps.append(np.linalg.norm(step) / np.linalg.norm(expected))
    # One and the same step size, whatever the example.
    assert np.ptp(steps) < 1e-3 * np.mean(steps)


@pytest.mark.parametrize("feedback", ["exact", "first-order", "none"])
def test_one_example_moves_hidden_weights_down_the_gradient(feedback: str) -> None:
    """Of examples that put no rectifier near its corner, which is soft: what its rails make before they annihilate."""
    learner = hidden_learner(feedback, 2)
    clear = [d for d in (drawn(learner, seed) for seed in range(30)) if far_from_corners(d[0], d[1][0])]
    for weights, x, y in clear[:3]:
        (found,) = run(learner, weights, x, y, [TURN[4]])
        after = learner.weights_in(found)
        of_readout, of_hidden = gradient(learner, weights, x[0], y[0])
        assert cosine(after.readout - weights.readout, -of_readout) > 0.99
        assert after.hidden is not None
        assert weights.hidden is not None
        assert of_hidden is not None
        step = after.hidden - weights.hidden
        if feedback == "none":
            assert np.abs(step).max() < 1e-9
        else:
            assert cosine(step, -of_hidden) > 0.99


def test_it_learns_a_linear_function_in_one_pass() -> None:
    """To what least squares finds."""
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 2, (40, 2))
    y = (x @ [1.0, 2.0] + 1 + rng.normal(0, 0.4, 40))[:, None]
    found = run(LINEAR, LINEAR.initial_weights(0), x, y, [40 * TURN[3], 80 * TURN[3]])
    known = np.c_[x, np.ones(40)]
    best = np.linalg.lstsq(known, y, rcond=None)[0]
    floor = np.mean((known @ best - y) ** 2) / 2
    losses = [np.mean((known @ LINEAR.weights_in(counts).readout.T - y) ** 2) / 2 for counts in found]
    assert max(losses) < 1.6 * floor < 0.01 * np.mean(y**2) / 2


@pytest.mark.parametrize(
    "learner",
    [LINEAR, Learner("l", 4), hidden_learner("exact", 3), hidden_learner("first-order"), hidden_learner("none")],
)
def test_never_more_than_two_molecules_meet(learner: Learner) -> None:
    weights, _, _ = drawn(learner, 1)
    assert {reaction.order for reaction in learner.network(weights).reactions} == {0, 1, 2}


def test_size_grows_linearly_with_the_inputs() -> None:
    for learner in (LINEAR, Learner("l", 2), Learner("h", 2, hidden=5)):
        sizes = []
        for inputs in (2, 4, 8, 16):
            larger = replace(learner, inputs=inputs)
            network = larger.network(drawn(larger, 1)[0])
            sizes.append((len(network.species), len(network.reactions)))
        slopes = np.diff(sizes, axis=0) / np.diff([2, 4, 8, 16])[:, None]
        assert (slopes == slopes[0]).all()


@pytest.mark.parametrize(
    ("learner", "inputs", "targets", "words"),
    [
        (LINEAR, [[1.0, -0.5]], [[1.0]], "an input of example 1 is negative"),
        (LINEAR, [[1.0, 0.5], [1.0, np.nan]], [[1.0], [1.0]], "inputs of example 2 are not finite"),
        (LINEAR, [[1.0, 0.5]], [[np.inf]], "targets of example 1 are not finite"),
        (LINEAR, [[1.0, 0.5, 2.0]], [[1.0]], r"inputs of shape \(1, 3\); needs \(examples, 2\)"),
        (LINEAR, [[1.0, 0.5]], [[1.0], [2.0]], r"targets of shape \(2, 1\)"),
        (LINEAR, np.empty((0, 2)), np.empty((0, 1)), r"inputs of shape \(0, 2\)"),
    ],
)
def test_examples_that_cannot_be_fed(learner: Learner, inputs: Any, targets: Any, words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        learner.feeding(np.array(inputs), np.array(targets))


def test_learners_that_cannot_be() -> None:
    with pytest.raises(ShapeError, match="0 inputs"):
        Learner("l", 0)
    with pytest.raises(ShapeError, match="omega is nan"):
        Learner("l", 1, omega=float("nan"))
    with pytest.raises(ShapeError, match=r"another shape than \(1, 3\)"):
        LINEAR.network(Weights(np.zeros((1, 2))))
