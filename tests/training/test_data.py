import hashlib

import numpy as np
from sklearn.datasets import load_digits as bundled

from crn2sbml.training.data import load_digits

CHECKSUM = "56a03f0ffb219ed1a3981ed806a80bd34b7b840a337ae17a97ed7f2cc0728d81"
"""SHA-256 of the positions of all images, part by part; if it changes, models were tested on what they learned from."""


def test_sizes() -> None:
    data = load_digits()
    assert (len(data.train), len(data.validation), len(data.test)) == (1293, 144, 360)
    assert (data.name, data.input_max) == ("digits", 16.0)


def test_every_image_is_in_one_part() -> None:
    data, raw = load_digits(), bundled()
    positions = np.concatenate([part.indices for part in (data.train, data.validation, data.test)])
    np.testing.assert_array_equal(np.sort(positions), np.arange(1797))
    for part in (data.train, data.validation, data.test):
        np.testing.assert_array_equal(part.images, raw.images[part.indices])
        np.testing.assert_array_equal(part.labels, raw.target[part.indices])
        assert part.images.min() == 0
        assert part.images.max() == data.input_max


def test_every_digit_has_its_share_in_every_part() -> None:
    data, raw = load_digits(), bundled()
    whole = np.bincount(raw.target)
    for part in (data.train, data.validation, data.test):
        # Stratified: each digit's share is met to the next whole image, twice rounded.
        assert np.abs(np.bincount(part.labels) - whole * len(part) / 1797).max() < 2


def test_the_split_never_changes() -> None:
    data = load_digits()
    digest = hashlib.sha256()
    for part in (data.train, data.validation, data.test):
        digest.update(part.indices.astype("<i8").tobytes())
    assert digest.hexdigest() == CHECKSUM
