import numpy as np
import pytest

from crn2sbml.circuits.turn import turn_of
from crn2sbml.motifs.clock import Clock
from tests.motifs.test_clock import first_on, rises, run


@pytest.mark.parametrize("clock", [Clock(3), Clock(4, rate=2.0)], ids=repr)
def test_a_turn_takes_as_long_as_the_clock_s_period(clock: Clock) -> None:
    times, levels = run(clock, first_on(clock))
    period = np.diff(rises(times, levels[0]))[-5:].mean()
    assert turn_of(clock).period == pytest.approx(period, rel=2e-3)


def test_exposures_fill_the_turn() -> None:
    """One unit is always in one form: with that before the first phase, exposures sum up to the period."""
    turn = turn_of(Clock(4))
    before = turn.period - sum(turn.exposure(3.0))
    assert 0 < before < 0.1 * turn.period


def test_of_fast_gates_exposures_are_phases() -> None:
    turn = turn_of(Clock(4, influx=1e-7))
    np.testing.assert_allclose(turn.exposure(30.0)[1:-1], turn.period / 4, rtol=1e-2)
