import numpy as np
import pytest

from crn2sbml.core.matrices import Array
from crn2sbml.errors import CrnError
from crn2sbml.training.tasks import NOISE, Examples, get_task, task_names, task_of


def parts(name: str, seed: int = 1) -> list[Examples]:
    task = get_task(name, seed)
    return [task.train, task.validation, task.test]


@pytest.mark.parametrize("name", task_names())
def test_parts_fit_the_learner_and_share_no_example(name: str) -> None:
    task = get_task(name, 1)
    inputs = np.concatenate([part.inputs for part in parts(name)])
    assert inputs.shape[1] == task.learner.inputs
    assert {part.targets.shape[1] for part in parts(name)} == {task.learner.outputs}
    # Of the irises two are the same, in all their lengths.
    assert len(np.unique(inputs, axis=0)) >= len(inputs) - (name == "iris")
    again, other = get_task(name, 1), get_task(name, 2)
    np.testing.assert_array_equal(again.train.inputs, task.train.inputs)
    assert (other.train.inputs != task.train.inputs).any()
    assert np.abs(inputs).max() < 4


def test_targets_are_what_the_tasks_are_called_after() -> None:
    for x, y in parts("linear"):
        assert np.std(y[:, 0] - (x @ [1, 2] + 1)) == pytest.approx(NOISE, rel=0.2)
    for x, y in parts("nonlinear"):
        np.testing.assert_allclose(y[:, 0], x[:, 0] * x[:, 1] + x[:, 1] ** 2)
    for x, y in parts("sine"):
        np.testing.assert_allclose(y[:, 0], np.sin(x[:, 0]) + x[:, 1] ** 2)
    for x, y in parts("rings"):
        np.testing.assert_array_equal(np.hypot(*x.T) > 0.95, y[:, 0] > 0)
    for x, y in parts("xor"):
        np.testing.assert_array_equal((x > 0).sum(axis=1) == 1, y[:, 0] == 1)
        assert 0.4 < np.mean(y > 0) < 0.6
    train, *_ = parts("iris")
    np.testing.assert_allclose(train.inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(train.inputs.std(axis=0), 1)
    for _, y in parts("iris"):
        np.testing.assert_array_equal(np.sort(y, axis=1), np.tile([-1, -1, 1], (len(y), 1)))


@pytest.mark.parametrize(
    ("name", "outputs", "targets", "score"),
    [
        ("linear", [[1.0], [4.0]], [[1.0], [2.0]], 1.0),
        ("rings", [[0.1], [-2.0], [3.0], [-1.0]], [[1.0], [1.0], [-1.0], [-1.0]], 0.5),
        ("iris", [[-5.0, -4.0, -6.0], [0.0, 0.1, 0.2]], [[-1.0, 1.0, -1.0], [1.0, -1.0, -1.0]], 0.5),
    ],
)
def test_scores(name: str, outputs: list[list[float]], targets: list[list[float]], score: float) -> None:
    assert get_task(name, 1).score(np.array(outputs), np.array(targets)) == score


def test_own_examples() -> None:
    x: Array = np.arange(33.0).reshape(11, 3)
    task = task_of("rings", Examples(x, x[:, :2]))
    assert (task.learner.inputs, task.learner.outputs, task.learner.hidden) == (3, 2, 12)
    assert [len(part.inputs) for part in (task.train, task.validation, task.test)] == [7, 2, 2]
    np.testing.assert_array_equal(task.train.inputs[0], x[4])
    with pytest.raises(CrnError, match="task 'rings': 4 examples; needs five or more"):
        task_of("rings", Examples(x[:4], x[:4]))


def test_unknown_tasks() -> None:
    with pytest.raises(CrnError, match=r"no task 'ring'.*rings"):
        get_task("ring", 1)
