import numpy as np
import pytest

from crn2sbml.core.matrices import Matrices
from crn2sbml.core.network import Network
from crn2sbml.core.steady import check_steady
from crn2sbml.errors import SteadyStateError
from tests.engines.models import driven
from tests.lna.test_stationary import birth_death, network


def check(net: Network, *counts: float, scale: float = 1.0) -> None:
    check_steady(Matrices.of(net), np.array(counts, dtype=float), "here", scale)


def test_the_limit_is_relative_to_the_turnover() -> None:
    """Birth at 100/s and death at 100/s: 200 events/s, so 1e-7 of them is 2e-5 items/s, at 0.25/s for each item."""
    net, exact = birth_death(100.0, 0.25), 400.0
    for off in (0.0, 0.99 * 2e-5 / 0.25, -0.99 * 2e-5 / 0.25):
        check(net, exact + off)
    for off in (1.01 * 2e-5 / 0.25, -1.01 * 2e-5 / 0.25):
        with pytest.raises(SteadyStateError, match="'A'"):
            check(net, exact + off)


def test_a_turnover_below_one_counts_as_one() -> None:
    net = birth_death(1e-3, 1.0)
    check(net, 1e-3 + 0.99e-7)
    with pytest.raises(SteadyStateError):
        check(net, 1e-3 + 1.01e-7)


def test_the_species_that_moves_most_is_named() -> None:
    """A moves faster, but B is further from balance for what goes through it."""
    net = network(
        "AB",
        {"a": 1e6, "b": 1.0, "g": 1.0},
        make_a=("", "A", "a"),
        make_b=("", "B", "b"),
        fade_a=("A", "", "g"),
        fade_b=("B", "", "g"),
    )
    with pytest.raises(SteadyStateError) as refusal:
        check(net, 1e6 + 1, 1.5)
    assert str(refusal.value).startswith("here: not steady: |dx/dt| of 'B' is 5.00e-01 items/s, limit 2.5e-07")
    assert "--t-end" in str(refusal.value)


def test_a_model_in_moles_has_a_smaller_floor() -> None:
    """At 1e-12 items, 1 item/s is infinitely fast: what moves by a tenth of itself a second is not steady."""
    net = birth_death(1e-12, 1.0)
    check(net, 1.1e-12)
    with pytest.raises(SteadyStateError, match="'A'"):
        check(net, 1.1e-12, scale=1e-12)
    check(net, 1e-12 * (1 + 1e-8), scale=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, 1])
def test_what_is_no_number_is_not_steady(value: float, position: int) -> None:
    counts = [3.0, 12.0]
    check(driven(), *counts)
    counts[position] = value
    with pytest.raises(SteadyStateError):
        check(driven(), *counts)


def test_nothing_is_steady() -> None:
    check(Network("empty", (), (), ()))
    check(network("AB", {}), 3, 4)
