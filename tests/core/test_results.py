import numpy as np
import pytest

from crn2sbml.core.results import moments, trajectories
from crn2sbml.errors import EngineError

FROM = {"engine": "abacus", "version": "1.2", "method": "ssa", "seed": 5, "model_sha256": "ab" * 32}


def test_trajectories_are_labelled() -> None:
    values = np.arange(12.0).reshape(2, 3, 2)
    result = trajectories(values, [0, 0.5, 2], ("A", "B"), FROM)
    assert result.dims == ("replicate", "time", "species")
    assert float(result.sel(replicate=1, time=0.5, species="B")) == values[1, 1, 1]
    assert result.attrs == {"units": "item", **FROM}
    assert result.time.attrs == {"units": "second"}
    np.testing.assert_array_equal(result.values, values)


@pytest.mark.parametrize("shape", [(), (3,), (3, 2), (1, 2, 2), (1, 3, 1), (1, 3, 2, 1), (0, 3, 2), (1, 2, 3)], ids=str)
def test_another_shape_than_asked_for_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineError) as refusal:
        trajectories(np.zeros(shape), [0, 1, 2], ("A", "B"), FROM)
    assert "abacus" in str(refusal.value)
    assert str(shape) in str(refusal.value)


def test_a_model_without_species_is_named() -> None:
    with pytest.raises(EngineError, match="abacus: the model has no species"):
        trajectories(np.zeros((1, 2, 0)), [0, 1], (), FROM)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_counts_that_are_no_number_are_named(value: float) -> None:
    values = np.zeros((2, 3, 3))
    values[1, 2, 1] = value
    with pytest.raises(EngineError, match=r"abacus: the count of 'B' becomes -?(nan|inf) items"):
        trajectories(values, [0, 1, 2], ("A", "B", "C"), FROM)


def test_moments_are_labelled() -> None:
    result = moments([1, 2], [[3, 4], [5, 6]], ("A", "B"), FROM)
    assert float(result["mean"].sel(species="B")) == 2
    assert float(result["covariance"].sel(species="A", species_="B")) == 4
    assert (result["mean"].attrs["units"], result["covariance"].attrs["units"]) == ("item", "item^2")
    assert result.attrs == FROM
