import numpy as np
import pytest

from crn2sbml.verify.suite_files import Settings, Table
from crn2sbml.verify.suite_scores import Marks, Outside, Worst, outside, suite_limits, worst_point, y_scores, z_means

TIMES = np.array([0.0, 1.0, 2.0])
SETTINGS = Settings(0, 2, 2, ("X",), ("X",), (), 1e-3, 0.1, (-3, 3), (-5, 5))


def table(*values: float) -> Table:
    return Table(TIMES, {"X": np.array(values)}, {"X": 0.0})


def worst(values: list[float], *correct: float) -> Worst:
    right = table(*correct)
    found = worst_point({"X": np.array(values)}, right, suite_limits(right, SETTINGS))
    assert found is not None
    return found


def test_the_rule_of_semantic_cases() -> None:
    assert worst([1.0, 2.2, 3.0], 1, 2, 3) == Worst("X", 1.0, 2.2, 2.0, 0.201)
    assert worst([1.0, 2.2, 3.0], 1, 2, 3).ratio == pytest.approx(0.2 / 0.201)
    assert worst([0.002, 2, 3], 0, 2, 3).ratio == pytest.approx(2)


@pytest.mark.parametrize(
    ("value", "correct", "same"),
    [
        (np.nan, np.nan, True),
        (np.inf, np.inf, True),
        (-np.inf, np.inf, False),
        (np.nan, 1.0, False),
        (1.0, np.nan, False),
        (np.inf, 1.0, False),
        (1e300, np.inf, False),
    ],
)
def test_values_that_are_no_numbers(value: float, correct: float, same: bool) -> None:
    assert worst([1, value, 3], 1, correct, 3).ratio == (0 if same else np.inf)


def test_scores_of_gaussian_samples_are_standard() -> None:
    samples = np.random.default_rng(3).normal(50, 4, (500, 4000))
    z, y = z_means(samples, np.full(4000, 50), np.full(4000, 4)), y_scores(samples, np.full(4000, 50), np.full(4000, 4))
    for scores in (z, y):  # 4000 of them: the mean to 1/63, the standard deviation to 1/89
        assert abs(scores.mean()) < 4 / 63
        assert abs(scores.std() - 1) < 5 / 89


def test_points_outside_are_counted() -> None:
    samples = np.random.default_rng(5).normal([0, 7, 20], [0, 2, 1], (1000, 3))
    samples[:, 0] = 4
    mean, sd, spread = table(4, 7.5, 20), table(0, 2, 1.3), {"X": np.array([1, 1, 7.0])}
    found, unequal = outside({"X": samples}, mean, sd, spread, SETTINGS)
    # 0.5 off at t = 1: Z = -8, and S^2 about the wrong mean is larger by 1/16 of sigma^2: Y = 1.4. At t = 2 Y is -9.
    assert (found.count, unequal) == (Outside(points=2, means=1, sds=0, plain_sds=1), None)
    samples[9, 0] = 5
    _, unequal = outside({"X": samples}, mean, sd, spread, SETTINGS)
    assert unequal == Worst("X", 0.0, 5.0, 4.0, 0.0)


def test_points_outside_in_both_samples() -> None:
    here, there = (np.array([True, True, False]), np.array([False, True, True]))
    both = Marks(here, here, there) & Marks(there, here, here)
    assert both.count == Outside(3, 1, 2, 1)


def test_a_few_points_may_lie_outside() -> None:
    assert (Outside(99, 3, 6, 40)).holds
    assert not (Outside(99, 4, 0, 0)).holds
    assert not (Outside(99, 0, 7, 7)).holds
    assert not (Outside(99, 2, 3, 3) + Outside(99, 2, 3, 3)).holds
