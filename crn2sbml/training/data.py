"""Data sets with their fixed splits; the test part is for one final report, never for a choice."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crn2sbml.errors import CrnError, did_you_mean

SPLIT_SEED = 0


@dataclass(frozen=True)
class Part:
    """Images (n, rows, columns) of any real type, their labels (n,), and their positions in the whole data set (n,)."""

    images: NDArray[Any]
    labels: NDArray[np.intp]
    indices: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class DataSet:
    """A data set split into training, validation and test part; values run from 0 to `input_max`."""

    name: str
    train: Part
    validation: Part
    test: Part
    input_max: float


def load_digits() -> DataSet:
    """The 1,797 handwritten 8x8 digits that scikit-learn bundles, values 0..16.

    Stratified split with a fixed seed: 20 % test, and 10 % of the rest for validation.
    Source: E. Alpaydin, C. Kaynak 1998, UCI Machine Learning Repository, doi:10.24432/C50P49.
    """
    from sklearn.datasets import load_digits as bundled

    raw = bundled()

    rest, test = _split(raw.target, np.arange(len(raw.target)), 0.2)
    return _in_parts("digits", raw.images, raw.target, (*_split(raw.target, rest, 0.1), test), 16.0)


def load_mnist(cut: int = 0, block: int = 1) -> DataSet:
    """The MNIST digits, 28 x 28, values 0..255: so many pixels `cut` off each edge, then means of `block` x `block`.

    The known test part of 10,000 is the test part (positions from 60,000 on); 5,000 of the others, stratified with a
    fixed seed, are for validation.
    Raises: DataError. Source: LeCun, Bottou, Bengio, Haffner 1998, doi:10.1109/5.726791.
    """
    from crn2sbml.training.mnist import read_mnist

    known, unseen = read_mnist("train"), read_mnist("t10k")
    images, labels = np.concatenate([known[0], unseen[0]]), np.concatenate([known[1], unseen[1]])
    name, size = "mnist", (28 - 2 * cut) // block
    if size < 28:
        kept = images[:, cut : 28 - cut, cut : 28 - cut]
        images = kept.reshape(-1, size, block, size, block).mean(axis=(2, 4), dtype=np.float32)
        name = f"mnist-{size}"
    train, validation = _split(labels, np.arange(len(known[1])), 5_000)
    return _in_parts(name, images, labels, (train, validation, np.arange(len(known[1]), len(labels))), 255.0)


def _in_parts(
    name: str, images: NDArray[Any], labels: NDArray[np.intp], parts: Sequence[NDArray[np.intp]], input_max: float
) -> DataSet:
    train, validation, test = (Part(images[chosen], labels[chosen], chosen) for chosen in parts)
    return DataSet(name, train, validation, test, input_max)


def _split(labels: NDArray[np.intp], indices: NDArray[np.intp], size: float) -> list[NDArray[np.intp]]:
    from sklearn.model_selection import train_test_split

    parts: list[NDArray[np.intp]] = train_test_split(
        indices, test_size=size, stratify=labels[indices], random_state=SPLIT_SEED
    )
    return parts


@dataclass(frozen=True)
class Source:
    """Where a data set comes from, and what is known before it is loaded: shape of an example, range, classes."""

    load: Callable[[], DataSet]
    shape: tuple[int, int, int]
    input_max: float
    classes: int = 10


_SOURCES = {
    "digits": Source(load_digits, (1, 8, 8), 16.0),
    "mnist": Source(load_mnist, (1, 28, 28), 255.0),
    # Digits lie in the middle 20 x 20 pixels, by their centre of mass, so that little is cut off.
    "mnist-12": Source(partial(load_mnist, 2, 2), (1, 12, 12), 255.0),
}


def get_source(name: str) -> Source:
    """The source of that name; raises CrnError for an unknown one."""
    if name not in _SOURCES:
        raise CrnError(did_you_mean(name, _SOURCES, "data set"))
    return _SOURCES[name]


def load_data_set(name: str) -> DataSet:
    """The data set of that name; raises CrnError for an unknown one, DataError for one that cannot be had."""
    return get_source(name).load()


def source_of_size(pixels: int) -> Source:
    """The source whose images have so many pixels; raises CrnError if there is none."""
    for source in _SOURCES.values():
        if math.prod(source.shape) == pixels:
            return source
    raise CrnError(f"no data set has images of {pixels} pixels; known: {', '.join(sorted(_SOURCES))}")
