import numpy as np
from scipy.ndimage import shift

from crn2sbml.training.augment import shifted_copies


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
