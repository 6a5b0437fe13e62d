import numpy as np
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.errors import EngineError
from crn2sbml.lna.transient import transient
from crn2sbml.verify.suite_kurtosis import cumulants, spread_of_y
from tests.lna.test_stationary import birth_death, cascade, network

TIMES = np.array([0.0, 0.5, 3.0, 20.0, 50.0])


def lineages() -> Network:
    return network("X", {"b": 1.0, "d": 1.1}, split=("X", "XX", "b"), die=("X", "", "d"))


def law_of_a_lineage(times: np.ndarray) -> np.ndarray:
    """Geometric with another weight at 0: Kendall 1948, doi:10.1214/aoms/1177730285; shape (time, count)."""
    growth = np.exp(-0.1 * times)[:, None]
    dead, more = (rate * (growth - 1) / (growth - 1.1) for rate in (1.1, 1.0))
    size = np.arange(4000)
    return np.where(size, (1 - dead) * (1 - more) * more ** np.maximum(size - 1.0, 0.0), dead)


def test_lineages_that_die_out() -> None:
    law, size = law_of_a_lineage(TIMES), np.arange(4000)
    mean = law @ size
    second, third, fourth = ((law * (size - mean[:, None]) ** power).sum(axis=1) for power in (2, 3, 4))
    expected = 100 * np.stack([mean, second, third, fourth - 3 * second**2], axis=1)
    found = cumulants(Matrices.of(lineages()), np.array([100.0]), TIMES, "X")
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)
    spread = spread_of_y(Matrices.of(lineages()), np.array([100.0]), TIMES, ["X"])[:, 0]
    assert spread[0] == 1
    assert spread[-1] == pytest.approx(7, abs=0.5)
    np.testing.assert_allclose(spread[1:], np.sqrt((fourth[1:] / second[1:] ** 2 - 3) / 200 + 1), rtol=1e-6)


def test_all_cumulants_of_poisson_are_its_mean() -> None:
    found = cumulants(Matrices.of(birth_death(12.0, 0.25)), np.zeros(1), TIMES, "A")
    poisson = 12 / 0.25 * (1 - np.exp(-0.25 * TIMES))
    assert found == pytest.approx(np.tile(poisson, (4, 1)).T, rel=1e-6, abs=1e-8)


def test_bernoulli_survivors_of_one_item() -> None:
    net = network("AB", {"g": 0.6}, turn=("A", "B", "g"))
    p = np.exp(-0.6 * TIMES)
    q = 1 - p
    expected = np.stack([p, p * q, p * q * (q - p), p * q * (1 - 6 * p * q)], axis=1)
    found = cumulants(Matrices.of(net), np.array([1.0, 0.0]), TIMES, "A")
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-8)
    # What turned is the rest: odd cumulants after the first change their sign.
    other = cumulants(Matrices.of(net), np.array([1.0, 0.0]), TIMES, "B")
    assert other[:, 1:] == pytest.approx(expected[:, 1:] * [1, -1, 1], rel=1e-6, abs=1e-8)
    # Less spread than a Gaussian never narrows the suite's range.
    assert (spread_of_y(Matrices.of(net), np.array([1.0, 0.0]), TIMES, ["A"]) >= 1).all()


def test_mean_and_variance_of_a_cascade() -> None:
    matrices = Matrices.of(cascade())
    start = np.array([3.0, 0.0, 7.0])
    known = transient(matrices, start, TIMES)
    for i, name in enumerate(matrices.species):
        found = cumulants(matrices, start, TIMES, name)
        assert found[:, 0] == pytest.approx(known.mean[:, i], rel=1e-6, abs=1e-8)
        assert found[:, 1] == pytest.approx(known.covariance[:, i, i], rel=1e-6, abs=1e-7)


def test_other_propensities_leave_the_rule_as_it_is() -> None:
    matrices = Matrices.of(network("A", {"k": 1.0}, pair=("AA", "", "k")))
    assert (spread_of_y(matrices, np.array([9.0]), TIMES, ["A"]) == 1).all()
    with pytest.raises(EngineError, match="affine"):
        cumulants(matrices, np.array([9.0]), TIMES, "A")
