import jax
import numpy as np
import pytest
from scipy.ndimage import shift

from crn2sbml.training.augment import distorted, shifted_copies


def test_copies_are_moved_by_one_pixel() -> None:
    images = np.random.default_rng(0).random((3, 4, 5))
    copies = shifted_copies(images)
    assert copies.shape == (5, 3, 4, 5)
    for copy, move in zip(copies, [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)], strict=True):
        for moved, image in zip(copy, images, strict=True):
            np.testing.assert_array_equal(moved, shift(image, move, order=0, cval=0))


def test_the_images_themselves_stay() -> None:
    images = np.ones((2, 3, 3))
    copies = shifted_copies(images)
    copies[:] = 7
    assert (images == 1).all()


def blob(row: float, column: float) -> np.ndarray:
    """A spot of which linear interpolation keeps weight and centre."""
    y, x = np.mgrid[0:21, 0:21]
    return np.exp(-((y - row) ** 2 + (x - column) ** 2) / 6)


def centres(images: np.ndarray) -> np.ndarray:
    """(images, 2): where the weight of each is, from the middle."""
    y, x = np.mgrid[0:21, 0:21] - 10.0
    weight = images.sum(axis=(1, 2))
    return np.stack([(images * y).sum(axis=(1, 2)), (images * x).sum(axis=(1, 2))], axis=1) / weight[:, None]


def test_no_distortion() -> None:
    images = np.random.default_rng(0).random((3, 4, 6))
    np.testing.assert_allclose(distorted(images, jax.random.key(0), 0, 0, 0), images, atol=1e-6)


def test_a_turn_keeps_the_distance_and_no_more_than_its_angle() -> None:
    found = centres(np.asarray(distorted(np.stack([blob(10, 15)] * 300), jax.random.key(1), 20, 0, 0)))
    np.testing.assert_allclose(np.hypot(*found.T), 5, atol=0.05)
    angles = np.rad2deg(np.arctan2(found[:, 0], found[:, 1]))
    assert 19 < np.abs(angles).max() < 20.5
    assert abs(angles.mean()) < 4 * 20 / 3**0.5 / 300**0.5


def test_moves_are_even_up_to_the_largest() -> None:
    found = centres(np.asarray(distorted(np.stack([blob(10, 10)] * 300), jax.random.key(2), 0, 0, 2.0)))
    assert np.abs(found).max() == pytest.approx(2, abs=0.05)
    assert np.abs(found.mean(axis=0)).max() < 4 * 2 / 3**0.5 / 300**0.5


def test_stretching_moves_what_is_far_from_the_middle() -> None:
    found = centres(np.asarray(distorted(np.stack([blob(16, 10)] * 300), jax.random.key(3), 0, 0.1, 0)))
    along = found[:, 0]
    assert along.min() == pytest.approx(6 / 1.1, abs=0.15)
    assert along.max() == pytest.approx(6 / 0.9, abs=0.15)
