import numpy as np
import pytest
from scipy.linalg import sqrtm

from crn2sbml.errors import CrnError
from crn2sbml.verify.likeness import frechet_distance, nearest_distances


def test_gaussians_of_one_dimension() -> None:
    """(difference of means)^2 + (difference of standard deviations)^2."""
    one, other = np.array([[0.0], [2.0]]), np.array([[4.0], [10.0]])
    assert frechet_distance(one, other) == pytest.approx(6**2 + (2**0.5 - 18**0.5) ** 2)


def test_against_scipys_root() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(50, 6)) @ rng.normal(size=(6, 6)), rng.normal(1, 2, (40, 6))
    first, second = np.cov(one.T), np.cov(other.T)
    apart = one.mean(axis=0) - other.mean(axis=0)
    expected = apart @ apart + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9)


def test_features_that_do_not_vary() -> None:
    one = np.hstack([np.random.default_rng(2).normal(size=(20, 2)), np.zeros((20, 3))])
    assert frechet_distance(one, one + 1) == pytest.approx(5)


@pytest.mark.parametrize("features", [np.zeros((1, 3)), np.full((4, 3), np.nan)])
def test_what_has_no_covariance_is_refused(features: np.ndarray) -> None:
    with pytest.raises(CrnError, match="needs two or more, with finite features"):
        frechet_distance(np.ones((5, 3)), features)


def test_nearest() -> None:
    rng = np.random.default_rng(3)
    pictures, known = rng.random((1200, 5)), rng.random((300, 5))
    expected = np.linalg.norm(pictures[:, None] - known, axis=2).min(axis=1)
    np.testing.assert_allclose(nearest_distances(pictures, known), expected, rtol=1e-9)
    np.testing.assert_allclose(nearest_distances(known[:7], known), 0, atol=1e-7)
