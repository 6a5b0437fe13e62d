"""Data sets with their fixed splits; the test part is for one final report, never for a choice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crn2sbml.errors import CrnError, did_you_mean

SPLIT_SEED = 0


@dataclass(frozen=True)
class Part:
    """Images (n, rows, columns), their labels (n,), and their positions in the whole data set (n,)."""

    images: NDArray[np.float64]
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
    from sklearn.model_selection import train_test_split

    raw = bundled()

    def part(indices: NDArray[np.intp]) -> Part:
        return Part(raw.images[indices], raw.target[indices], indices)

    def split(indices: NDArray[np.intp], size: float) -> list[NDArray[np.intp]]:
        labels = raw.target[indices]
        parts: list[NDArray[np.intp]] = train_test_split(
            indices, test_size=size, stratify=labels, random_state=SPLIT_SEED
        )
        return parts

    rest, test = split(np.arange(len(raw.target)), 0.2)
    train, validation = split(rest, 0.1)
    return DataSet("digits", part(train), part(validation), part(test), 16.0)


_DATA_SETS = {"digits": load_digits}


def load_data_set(name: str) -> DataSet:
    """The data set of that name; raises CrnError for an unknown one."""
    if name not in _DATA_SETS:
        raise CrnError(did_you_mean(name, _DATA_SETS, "data set"))
    return _DATA_SETS[name]()
