import pytest
from scipy.stats import binomtest

from crn2sbml.verify.intervals import wilson_interval


@pytest.mark.parametrize("trials", [1, 2, 10, 360, 10_000])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.986, 1.0])
def test_against_scipy(trials: int, share: float) -> None:
    successes = round(share * trials)
    expected = binomtest(successes, trials).proportion_ci(method="wilson")
    # The z of 95 % is 1.959964; 1.96 moves the ends by less than 2e-5.
    assert wilson_interval(successes, trials) == pytest.approx((expected.low, expected.high), abs=2e-5)


def test_against_the_literature() -> None:
    """Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I, method 3."""
    for successes, trials, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize("z", [1.0, 2.576])
def test_the_ends_are_z_standard_errors_away(z: float) -> None:
    """The interval's definition: |p - end| = z sqrt(end (1 - end) / n)."""
    for end in wilson_interval(37, 50, z):
        assert abs(0.74 - end) == pytest.approx(z * (end * (1 - end) / 50) ** 0.5, rel=1e-12)


def test_the_ends_stay_within_0_and_1() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    for trials in range(1, 60):
        low, high = wilson_interval(0, trials)
        assert 0.0 <= low < high < 1.0
        low, high = wilson_interval(trials, trials)
        assert 0.0 < low < high <= 1.0
