import math

import numpy as np
import pytest

from crn2sbml.verify.agreement import (
    VARIANCE_FLOOR,
    Agreement,
    covariance_difference,
    relative_difference,
    z_scores,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("difference", "holds"), [(0.0, True), (1e-6, True), (1.1e-6, False), (NAN, False), (math.inf, False)]
)
def test_an_agreement_holds_up_to_its_tolerance(difference: float, holds: bool) -> None:
    agreement = Agreement("ODE and closed form", difference, 1e-6, "largest relative difference")
    assert agreement.holds is holds
    verdict = "agree" if holds else "DISAGREE"
    assert str(agreement).startswith(f"ODE and closed form: {verdict} (largest relative difference {difference:.2g}")


@pytest.mark.parametrize(
    ("value", "reference", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.01, 2.0], [1.0, 2.0], 0.01),
        ([1.0, 1.0], [1.0, 2.0], 0.5),
        ([-1.0], [1.0], 2.0),
        ([-1.1], [-1.0], 0.1),
        ([0.0], [0.0], 0.0),
        ([1e-300], [0.0], math.inf),
        ([0.0], [5.0], 1.0),
        ([], [], 0.0),
    ],
)
def test_relative_difference(value: list[float], reference: list[float], expected: float) -> None:
    assert relative_difference(value, reference) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("value", "reference"), [([NAN, 1], [1, 1]), ([1, 1], [1, NAN]), ([NAN], [NAN])])
def test_a_nan_is_no_agreement(value: list[float], reference: list[float]) -> None:
    assert not Agreement("a", relative_difference(value, reference), 1e9, "").holds
    square = np.diag(value), np.diag(reference)
    assert not Agreement("a", covariance_difference(*square), 1e9, "").holds


def test_relative_difference_keeps_quiet() -> None:
    with np.errstate(all="raise"):
        assert relative_difference([0.0, 1.0], [0.0, 0.0]) == math.inf


def test_covariances_are_scaled_by_both_standard_deviations() -> None:
    reference = np.array([[4.0, 1.0], [1.0, 100.0]])
    for i, j, scale in ((0, 0, 4), (0, 1, 20), (1, 1, 100)):
        value = reference.copy()
        value[i, j] += 0.5
        # The floor of 1e-3 adds at most 1.3e-4 to a scale of 4.
        assert covariance_difference(value, reference) == pytest.approx(0.5 / scale, rel=5e-4)
    assert covariance_difference(reference, reference) == 0


def test_a_species_without_noise_is_scaled_by_the_floor() -> None:
    assert covariance_difference([[1e-5]], [[0.0]]) == pytest.approx(1e-5 / VARIANCE_FLOOR)
    assert covariance_difference(np.zeros((0, 0)), np.zeros((0, 0))) == 0


def test_z_scores() -> None:
    scores = z_scores([12.0, 8.0, 5.0, 5.0, 6.0], [10.0, 10.0, 5.0, 5.0, 5.0], [1.0, 4.0, 1.0, 0.0, 0.0])
    assert scores.tolist() == [2.0, -0.5, 0.0, 0.0, math.inf]
    assert np.isnan(z_scores([NAN], [1.0], [1.0])).all()
