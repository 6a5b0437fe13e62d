"""What a learner does with its examples, in arithmetic: the same rule, with the steps that its clock and paces make."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crn2sbml.circuits.learner import Feedback, Learner, Weights
from crn2sbml.circuits.turn import turn_of
from crn2sbml.core.matrices import Array
from crn2sbml.errors import ShapeError


@dataclass(frozen=True)
class LearningRule:
    """One step down the half squared error's gradient after each example.

    step, step_hidden: what an error of 1 takes off a weight for a feature of 1, and off a hidden one for an input of 1,
    through a weight of 1; made: activity of the species of an error of 1 when it is read; rectified: what a sum of 1 is
    as a feature.
    """

    feedback: Feedback
    step: float
    made: float
    rectified: float = 1.0
    step_hidden: float = 0.0

    def outputs(self, weights: Weights, inputs: Array) -> Array:
        """(examples, outputs) of inputs (examples, inputs)."""
        return self._features(weights, _with_one(inputs))[0] @ weights.readout.T

    def learn(self, weights: Weights, inputs: Array, targets: Array) -> tuple[Weights, Array]:
        """The weights after these examples, one after the other; and the error of each as it came (n, outputs)."""
        errors = np.empty_like(targets)
        readout, hidden = weights.readout.copy(), None if weights.hidden is None else weights.hidden.copy()
        for number, (x, target) in enumerate(zip(_with_one(inputs), targets, strict=True)):
            features, on = self._features(Weights(readout, hidden), x[None])
            error = errors[number] = readout @ features[0] - target
            if hidden is not None and self.feedback != "none":
                back = error @ readout[:, :-1] * (on[0] if self.feedback == "exact" else 1.0)
                hidden -= self.step_hidden * np.outer(back, x)
            readout -= self.step * np.outer(error, features[0])
        return Weights(readout, hidden), errors

    def check(self, weights: Weights, inputs: Array) -> None:
        """Raises ShapeError for steps with which one turn takes off more than the error that it learns from."""
        features, _ = self._features(weights, _with_one(inputs))
        taken = self.step * (features**2).sum(axis=1)
        worst = int(taken.argmax())
        if taken[worst] > 1:
            raise ShapeError(
                f"example {worst + 1}: a turn of the clock takes off {taken[worst]:.3g} times its error, and must not "
                "take off more than all of it; lower the pace of learning, or the inputs"
            )

    def gradient_descent(self) -> "LearningRule":
        """Ordinary stochastic gradient descent: one step size for all weights, and nothing left out."""
        return replace(self, feedback="exact", rectified=1.0, step_hidden=self.step)

    def _features(self, weights: Weights, inputs: Array) -> tuple[Array, NDArray[np.bool_]]:
        """What the read-out reads, and which rectifiers are on."""
        if weights.hidden is None:
            return inputs, np.empty(0, bool)
        sums = inputs @ weights.hidden.T
        return _with_one(self.rectified * sums.clip(min=0)), sums > 0


def rule_of(learner: Learner) -> LearningRule:
    """The rule that a learner follows, as far as weights hardly change in a turn and rectifiers have sharp corners.

    Raises: ShapeError: its clock does not turn.
    """
    paces, first = learner.paces, learner.read_in
    back = 0.0 if learner.feedback == "none" else paces.back

    def slope(on: Array, state: Array) -> Array:
        """Of one unit of everything: a constant's forms, the error they make, and the steps it makes of weights; an
        input's forms, a sum's and what goes back to hidden weights. The last two only add up what was there.
        """
        one, read, learn, error, _, x, x_sum, x_learn, u, h_read, h_learn, d, g, _, _, _ = state
        clear, reads, learns = paces.clear * on[-1], paces.gate * on[first], paces.gate * on[first + 1]
        forward = [-reads * one, reads * one - learns * read, learns * read - clear * learn]
        errors = [paces.error * read - clear * error, paces.learn * error * learn]
        if not learner.hidden:
            return np.array([*forward, *errors, *np.zeros(11)])
        passed = paces.mask * h_learn * d
        return np.array([
            *forward, *errors,
            -paces.gate * on[0] * x, paces.gate * (on[0] * x - on[1] * x_sum),
            paces.gate * on[1] * x_sum - clear * x_learn,
            paces.hidden * x_sum - (reads + paces.clear * on[2]) * u, reads * u - learns * h_read,
            learns * h_read - clear * h_learn,
            back * error - passed - clear * d, passed - clear * g, paces.learn_hidden * g * x_learn,
            h_read, read,
        ])  # fmt: skip

    start = np.zeros(16)
    start[[0, 5]] = 1.0
    turn = turn_of(learner.clock)
    made, end = float(turn.follow(slope, start, learner.read_at(turn))[3]), turn.follow(slope, start)
    if not learner.hidden:
        return LearningRule(learner.feedback, float(end[4]), made)
    return LearningRule(learner.feedback, float(end[4]), made, float(end[14] / end[15]), float(end[13]))


def _with_one(values: Array) -> Array:
    """A constant as the last column."""
    return np.concatenate([values, np.ones((len(values), 1))], axis=1)
