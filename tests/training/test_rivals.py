from dataclasses import replace

import numpy as np

from crn2sbml.training.data import DataSet, Part, load_digits
from crn2sbml.training.rivals import gaussian_pictures, neural_pictures
from tests.training.test_generator_loop import GENERATOR, OPTIONS


def test_gaussians_have_the_moments_of_their_class() -> None:
    """Of images that are Gaussian themselves, far from the ends at which pictures are cut off."""
    rng = np.random.default_rng(1)
    mixed = 0.05 * rng.normal(size=(6, 6)) / 6**0.5
    images = (0.4 + 0.2 * (np.arange(500)[:, None] % 2) + rng.normal(size=(500, 6)) @ mixed).reshape(500, 2, 3)
    part = Part(images, np.arange(500) % 2, np.arange(500))
    drawn = gaussian_pictures(DataSet("two", part, part, part, 1.0), np.repeat([0, 1], 20_000), 2)
    for label in (0, 1):
        known, made = images[label::2].reshape(-1, 6), drawn[label * 20_000 :][:20_000].reshape(-1, 6)
        sd = known.std(axis=0)
        assert np.abs((made.mean(axis=0) - known.mean(axis=0)) / sd).max() < 4 / 20_000**0.5
        difference = (np.cov(made.T) - np.cov(known.T)) / np.outer(sd, sd)
        assert np.abs(difference).max() < 4 * (2 / 20_000) ** 0.5
    digits = gaussian_pictures(load_digits(), np.arange(10), 1)
    assert (digits.min(), digits.max()) == (0, 1)


def test_neural_pictures_come_from_the_same_training() -> None:
    options = replace(OPTIONS, epochs=2)
    labels = np.arange(20) % 10
    made = neural_pictures(GENERATOR, load_digits(), labels, options)
    assert made.shape == (20, 8, 8)
    assert 0 < made.min() < made.max() < 1
    np.testing.assert_array_equal(made, neural_pictures(GENERATOR, load_digits(), labels, options))
