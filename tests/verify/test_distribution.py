import numpy as np
import pytest

from crn2sbml.circuits.distribution import detailed_balanced, robust
from crn2sbml.core.pmf import parse_pmf
from crn2sbml.errors import ShapeError
from crn2sbml.verify.distribution import goodness_of_fit, sample_law, solve_for_error

PMF = parse_pmf("0:.2,2:.5,5:.3")
PLANE = parse_pmf("0 1:.2,3 0:.5,2 2:.3")


def test_p_values_of_the_right_law_are_even() -> None:
    drawn = np.random.default_rng(1).choice(PMF.points, size=(1000, 300), p=PMF.weights)
    values = np.array([goodness_of_fit(samples, PMF).p_value for samples in drawn])
    for level in (0.05, 0.5):
        assert abs((values < level).mean() - level) < 4 * np.sqrt(level * (1 - level) / 1000)


def test_another_law_does_not_fit() -> None:
    drawn = np.random.default_rng(1).choice(PMF.points, size=1000, p=[0.3, 0.5, 0.2])
    assert goodness_of_fit(drawn, PMF).p_value < 1e-6


def test_what_lies_outside_of_the_support_is_counted() -> None:
    fit = goodness_of_fit([[0], [1], [2], [2], [6]], PMF)
    assert (fit.samples, fit.outside) == (5, 2)
    assert fit.outside_interval[0] < 0.4 < fit.outside_interval[1]
    assert goodness_of_fit([[3]], PMF).p_value == 1


def test_rare_points_are_taken_together() -> None:
    many = parse_pmf(",".join(["0:.99", *(f"{n}:.001" for n in range(1, 11))]))
    drawn = np.random.default_rng(1).choice(many.points, size=600, p=many.weights)
    assert 0.001 < goodness_of_fit(drawn, many).p_value <= 1


def test_samples_of_another_dimension_are_refused() -> None:
    with pytest.raises(ShapeError, match="2 dimensions"):
        goodness_of_fit([[1], [2]], PLANE)


STARTS = [{}, {"Z_1": 3, "Z_2": 3, "Z_3": 3, "X_1": 9, "X_2": 9}, {"Z_3": 1, "X_1": 0, "X_2": 5}]


@pytest.mark.parametrize("start", STARTS, ids=["empty", "crowded", "wrong"])
@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.simulators(name)) for name in ("native", "roadrunner", "copasi")]
)
def test_exported_robust_networks_forget_their_start(engine: str, start: dict[str, float]) -> None:
    made = robust(PLANE, 0.02)
    drawn = sample_law(made.network, made.counts, start, 10 * made.relaxation, 200, seed=3, engine=engine)
    fit = goodness_of_fit(drawn, PLANE)
    assert fit.p_value > 0.001
    assert fit.outside_interval[0] < 0.02


@pytest.mark.parametrize("engine", ["native", "roadrunner"])
def test_exported_walks_have_their_law(engine: str) -> None:
    made = detailed_balanced(PMF)
    fit = goodness_of_fit(sample_law(made.network, made.counts, {}, 10 * made.relaxation, 1000, 5, engine), PMF)
    assert fit.outside == 0
    assert fit.p_value > 0.001


def test_the_solved_error() -> None:
    made = robust(PLANE, 0.02)
    solved = solve_for_error(made.network, made.counts, PLANE, made.truncation)
    assert 0.001 < solved.total_variation < 0.02
    assert solved.lost < 1e-4
    assert solved.states == 9 * 7 * 6  # selectors: 3 alone, 6 pairs; up to three more than 3 and 2
    exact = detailed_balanced(PMF)
    assert solve_for_error(exact.network, exact.counts, PMF).total_variation < 1e-15
