"""What circuits learn by themselves: examples by seed, and the learner that takes them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from crn2sbml.circuits.learner import Learner
from crn2sbml.core.matrices import Array
from crn2sbml.errors import CrnError, did_you_mean

NOISE = 0.4
"""Standard deviation of the noise on the targets of the linear task."""
_WIDTH, _TRAIN, _MORE, _UNSEEN = 2.0, 200, 400, 500
"""Inputs of functions lie within -2..2; examples to learn from, more of them, and in each of the other parts."""
_IRIS_TRAIN, _IRIS_VALIDATION = 90, 30


class Examples(NamedTuple):
    """Inputs (examples, inputs) and targets (examples, outputs): of classes, 1 for the right one and -1 for others."""

    inputs: Array
    targets: Array


@dataclass(frozen=True)
class Task:
    """A learner and its examples in three parts; `train` is what it is fed, in turn, for `epochs`."""

    learner: Learner
    train: Examples
    validation: Examples
    test: Examples
    classifies: bool
    epochs: int = 10

    @property
    def name(self) -> str:
        """Of the task, which its circuit is named after."""
        return self.learner.name

    def score(self, outputs: Array, targets: Array) -> float:
        """Of functions half the mean over examples of the squared error; of classes the part that is named right, by
        the largest output or the sign of the only one.
        """
        if not self.classifies:
            return float(np.mean(np.sum((outputs - targets) ** 2, axis=1)) / 2)
        if targets.shape[1] == 1:
            return float(np.mean((outputs > 0) == (targets > 0)))
        return float(np.mean(outputs.argmax(axis=1) == targets.argmax(axis=1)))


def task_names() -> list[str]:
    """Names of the tasks that the package brings."""
    return list(_TASKS)


def get_task(name: str, seed: int) -> Task:
    """The task of that name, its examples drawn by `seed`; raises CrnError for an unknown name."""
    if name not in _TASKS:
        raise CrnError(did_you_mean(name, _TASKS, "task"))
    return _TASKS[name](name, np.random.default_rng(seed))


def task_of(name: str, examples: Examples) -> Task:
    """The learner of a task of that name with somebody's own examples, of which a fifth is kept for each other part.

    Raises: CrnError: an unknown name or fewer than five examples.
    """
    own, count = get_task(name, 0), len(examples.inputs)
    if (fifth := count // 5) < 1:
        raise CrnError(f"task {name!r}: {count} examples; needs five or more, of which a fifth is for each other part")
    parts = (slice(2 * fifth, count), slice(0, fifth), slice(fifth, 2 * fifth))
    train, validation, test = (Examples(examples.inputs[part], examples.targets[part]) for part in parts)
    learner = replace(own.learner, inputs=examples.inputs.shape[1], outputs=examples.targets.shape[1])
    return replace(own, learner=learner, train=train, validation=validation, test=test)


def _linear(name: str, rng: np.random.Generator) -> Task:
    """The function x1 + 2 x2 + 1, and noise."""

    def draw(count: int) -> Examples:
        x = rng.uniform(-_WIDTH, _WIDTH, (count, 2))
        return Examples(x, (x @ [1.0, 2.0] + 1 + rng.normal(0, NOISE, count))[:, None])

    return Task(Learner(name, 2), draw(_TRAIN), draw(_UNSEEN), draw(_UNSEEN), classifies=False, epochs=5)


def _function(of: Callable[[Array, Array], Array]) -> Callable[[str, np.random.Generator], Task]:
    """A function of two inputs, without noise."""

    def make(name: str, rng: np.random.Generator) -> Task:
        def draw(count: int) -> Examples:
            x = rng.uniform(-_WIDTH, _WIDTH, (count, 2))
            return Examples(x, of(x[:, 0], x[:, 1])[:, None])

        return Task(Learner(name, 2, hidden=12), draw(_TRAIN), draw(_UNSEEN), draw(_UNSEEN), classifies=False)

    return make


def _rings(name: str, rng: np.random.Generator) -> Task:
    """A disc's middle, radius 0.3 to 0.8, within a ring of radius 1.1 to 1.5; every point moved by 0.05."""

    def draw(count: int) -> Examples:
        outer, angle = rng.integers(0, 2, count), rng.uniform(0, 2 * np.pi, count)
        radius = np.where(outer, rng.uniform(1.1, 1.5, count), rng.uniform(0.3, 0.8, count))
        x = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]) + rng.normal(0, 0.05, (count, 2))
        return Examples(x, np.where(outer, 1.0, -1.0)[:, None])

    return Task(Learner(name, 2, hidden=12), draw(_TRAIN), draw(_UNSEEN), draw(_UNSEEN), classifies=True)


def _xor(name: str, rng: np.random.Generator) -> Task:
    """Whether two inputs differ in sign, anywhere in the square, with no gap between the classes."""

    def draw(count: int) -> Examples:
        x = rng.uniform(-_WIDTH, _WIDTH, (count, 2))
        return Examples(x, np.where(x[:, :1] * x[:, 1:] < 0, 1.0, -1.0))

    return Task(Learner(name, 2, hidden=12), draw(_MORE), draw(_UNSEEN), draw(_UNSEEN), classifies=True)


def _iris(name: str, rng: np.random.Generator) -> Task:
    """Three species of iris by four lengths, in standard deviations of what is learnt from, which the seed draws.

    Source: Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x, as scikit-learn brings it.
    """
    from sklearn.datasets import load_iris

    raw = load_iris()
    order = rng.permutation(len(raw.target))
    x, wanted = raw.data[order], np.where(np.eye(3, dtype=bool)[raw.target[order]], 1.0, -1.0)
    seen, known = x[:_IRIS_TRAIN], _IRIS_TRAIN + _IRIS_VALIDATION
    x = (x - seen.mean(axis=0)) / seen.std(axis=0)
    parts = (slice(0, _IRIS_TRAIN), slice(_IRIS_TRAIN, known), slice(known, None))
    learner = Learner(name, 4, 3, hidden=6)
    train, validation, test = (Examples(x[part], wanted[part]) for part in parts)
    return Task(learner, train, validation, test, classifies=True)


_TASKS: dict[str, Callable[[str, np.random.Generator], Task]] = {
    "linear": _linear,
    "nonlinear": _function(lambda one, two: one * two + two**2),
    "sine": _function(lambda one, two: np.sin(one) + two**2),
    "rings": _rings,
    "xor": _xor,
    "iris": _iris,
}
