"""Data sets with their fixed splits; the test part is for one final report, never for a choice."""

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
    train, validation = _split(raw.target, rest, 0.1)
    parts = (Part(raw.images[indices], raw.target[indices], indices) for indices in (train, validation, test))
    return DataSet("digits", *parts, input_max=16.0)


def load_mnist(block: int = 1) -> DataSet:
    """The MNIST digits, 28 x 28, values 0..255; with `block` 2 as means of 2 x 2 pixels, 14 x 14.

    The known test part of 10,000 is the test part (positions from 60,000 on); 5,000 of the others, stratified with a
    fixed seed, are for validation.
    Raises: DataError. Source: LeCun, Bottou, Bengio, Haffner 1998, doi:10.1109/5.726791.
    """
    from crn2sbml.training.mnist import read_mnist

    images, labels = (np.concatenate(both) for both in zip(read_mnist("train"), read_mnist("t10k"), strict=True))
    if block > 1:
        size = images.shape[1] // block
        images = images.reshape(-1, size, block, size, block).mean(axis=(2, 4), dtype=np.float32)
    train, validation = _split(labels, np.arange(60_000), 5_000)
    parts = (Part(images[i], labels[i], i) for i in (train, validation, np.arange(60_000, 70_000)))
    return DataSet("mnist" if block == 1 else f"mnist-{size}", *parts, input_max=255.0)


def _split(labels: NDArray[np.intp], indices: NDArray[np.intp], size: float) -> list[NDArray[np.intp]]:
    from sklearn.model_selection import train_test_split

    parts: list[NDArray[np.intp]] = train_test_split(
        indices, test_size=size, stratify=labels[indices], random_state=SPLIT_SEED
    )
    return parts


_DATA_SETS = {"digits": load_digits, "mnist": load_mnist, "mnist-14": partial(load_mnist, 2)}


def load_data_set(name: str) -> DataSet:
    """The data set of that name; raises CrnError for an unknown one."""
    if name not in _DATA_SETS:
        raise CrnError(did_you_mean(name, _DATA_SETS, "data set"))
    return _DATA_SETS[name]()
