"""Steady states that are known, and networks that have none."""

import numpy as np
import pytest

from crn2sbml.errors import SteadyStateError
from crn2sbml.lna.settle import settle, settling_time
from tests.lna.test_stationary import brusselator, network


@pytest.mark.parametrize(("rate", "seconds"), [(5.0, 10.0), (0.2, 100.0), (1e-3, 1e5)])
def test_settling_time_grows_with_the_slowest_rate(rate: float, seconds: float) -> None:
    """From nothing to a mean of 100: 1e-5 sd (1e-4 items) are left after 14 relaxation times."""
    net = network("A", {"b": 100 * rate, "g": rate}, make=("", "A", "b"), fade=("A", "", "g"))
    assert settling_time(net) == seconds


def test_settling_time_of_what_never_settles() -> None:
    assert settling_time(network("A", {"k": 1.0}, grow=("A", "AA", "k")).with_counts({"A": 1})) == 10
    assert settling_time(network("A", {"b": 1.0}, make=("", "A", "b"))) == 10


def test_the_state_and_its_noise() -> None:
    found = settle(network("A", {"b": 30.0, "g": 0.5}, make=("", "A", "b"), fade=("A", "", "g")))
    np.testing.assert_allclose(found.counts, [60], rtol=1e-6)
    np.testing.assert_allclose(found.noise.covariance, [[60]], rtol=1e-6)


def test_a_brusselator_that_settles() -> None:
    np.testing.assert_allclose(settle(brusselator(1.5)).counts, [100, 150], rtol=1e-6)


def test_a_brusselator_that_oscillates() -> None:
    """Just above the threshold the period is 2 pi / sqrt(a) = 6.28 s of the linearised equations."""
    with pytest.raises(SteadyStateError, match=r"'[XY]' oscillates between .* items, about every 6\.\d s"):
        settle(brusselator(2.2))


def test_swings_that_die_out_slowly_are_waited_for() -> None:
    """A Brusselator just below its threshold: its swings decay at (2 - 1.996) / 2 = 0.002 per second."""
    np.testing.assert_allclose(settle(brusselator(1.996)).counts, [100, 199.6], rtol=1e-5)


def test_growth() -> None:
    with pytest.raises(SteadyStateError, match=r"no steady state: .*does a count grow without bound"):
        settle(network("A", {"k": 2.0}, grow=("A", "AA", "k")).with_counts({"A": 1}))


def test_what_is_still_moving_is_named() -> None:
    with pytest.raises(SteadyStateError, match=r"not steady: \|dx/dt\| of 'A' is 1\.00e\+00"):
        settle(network("A", {"b": 1.0}, make=("", "A", "b")))
