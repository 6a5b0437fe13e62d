"""The rule in arithmetic: against pencil and paper, and against the circuit in a simulator."""

from typing import Any

import numpy as np
import pytest

from crn2sbml.circuits.assembly import Paces
from crn2sbml.circuits.learner import Learner, Weights
from crn2sbml.circuits.learning_rule import LearningRule, rule_of
from crn2sbml.circuits.turn import turn_of
from crn2sbml.errors import ShapeError
from tests.circuits.test_learner import run


@pytest.mark.parametrize("feedback", ["exact", "first-order", "none"])
def test_one_example_by_pencil_and_paper(feedback: Any) -> None:
    rule = LearningRule(feedback, step=0.1, made=1.0, rectified=0.5, step_hidden=0.2)
    weights = Weights(np.array([[3.0, 4.0, 5.0]]), np.array([[1.0, 2.0, 3.0], [1.0, -2.0, 0.0]]))
    after, errors = rule.learn(weights, np.array([[2.0, 1.5]]), np.array([[10.0]]))
    # Sums 8 and -1, features 4 and 0, output 17, error 7.
    np.testing.assert_allclose(errors, [[7.0]])
    np.testing.assert_allclose(after.readout, [[3 - 2.8, 4.0, 5 - 0.7]])
    on, off = {"exact": (1, 0), "first-order": (1, 1), "none": (0, 0)}[feedback]
    step = 0.2 * 7 * np.outer([3.0 * on, 4.0 * off], [2.0, 1.5, 1.0])
    assert after.hidden is not None
    np.testing.assert_allclose(after.hidden, weights.hidden - step)
    np.testing.assert_allclose(rule.outputs(weights, np.array([[2.0, 1.5]])), [[17.0]])


def test_gradient_descent_has_one_step_and_whole_features() -> None:
    rule = LearningRule("first-order", 0.1, 1.0, 0.5, 0.2).gradient_descent()
    assert (rule.feedback, rule.step, rule.step_hidden, rule.rectified) == ("exact", 0.1, 0.1, 1.0)


@pytest.mark.parametrize("signed", [False, True])
def test_a_linear_circuit_follows_its_rule(signed: bool) -> None:
    """Each of twenty steps, to a hundredth of one: what is left is that weights move while they are read."""
    learner = Learner("l", 2, 2, signed=signed, paces=Paces(learn=1e-3))
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-2 * signed, 2, (20, 2)), rng.normal(size=(20, 2))
    rule, turn = rule_of(learner), turn_of(learner.clock)
    counts = run(learner, learner.initial_weights(0), x, y, turn.starts(np.arange(1, 21)).tolist())
    weights = learner.initial_weights(0)
    for number, found in enumerate(counts):
        weights, _ = rule.learn(weights, x[number : number + 1], y[number : number + 1])
        assert np.abs(learner.weights_in(found).readout - weights.readout).max() < 0.01 * rule.step


def test_a_circuit_with_rectifiers_is_near_its_rule() -> None:
    """Whose corners are sharp, while the circuit's are not: to a fifth of how far weights move."""
    learner = Learner("h", 2, hidden=4)
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-2, 2, (25, 2)), rng.normal(size=(25, 1))
    first = learner.initial_weights(3)
    (found,) = run(learner, first, x, y, [float(turn_of(learner.clock).starts(25))])
    chemistry = learner.weights_in(found)
    ruled, _ = rule_of(learner).learn(first, x, y)
    for one, other, start in zip(chemistry, ruled, first, strict=True):
        assert one is not None
        assert other is not None
        moved = np.linalg.norm(other - start)
        assert np.linalg.norm(one - other) < 0.2 * moved


def test_errors_can_be_read_while_weights_learn_from_them() -> None:
    learner = Learner("l", 2)
    rule, turn = rule_of(learner), turn_of(learner.clock)
    weights, x, y = Weights(np.array([[1.0, -2.0, 0.5]])), np.array([[1.5, 0.5]]), np.array([[3.0]])
    (found,) = run(learner, weights, x, y, [float(turn.first) + learner.read_at(turn)])
    on, off = (found[name] for name in learner.error_ids)
    assert (on - off) / learner.omega / rule.made == pytest.approx(1.0 - 3.0, rel=1e-3)


def test_steps_that_overshoot_are_refused() -> None:
    rule = LearningRule("exact", step=0.1, made=1.0)
    with pytest.raises(ShapeError, match=r"example 2: a turn of the clock takes off 1.7 times its error"):
        rule.check(Weights(np.zeros((1, 2))), np.array([[1.0], [4.0]]))
    rule.check(Weights(np.zeros((1, 2))), np.array([[1.0], [3.0]]))
