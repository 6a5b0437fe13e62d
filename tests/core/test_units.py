import pytest

from crn2sbml.core.units import rate_constant_unit, scaled


def dimension(unit: str) -> dict[str, int]:
    """Exponents of item and second in a unit such as 1/(item^2 second)."""
    top, _, bottom = unit.partition("/")
    exponents = {"item": 0, "second": 0}
    for part, sign in ((top, 1), (bottom.strip("()"), -1)):
        for factor in part.split():
            name, _, power = factor.partition("^")
            if name != "1":
                exponents[name] += sign * int(power or 1)
    return exponents


@pytest.mark.parametrize("order", range(5))
def test_a_rate_is_items_per_second(order: int) -> None:
    unit = dimension(rate_constant_unit(order))
    assert unit["second"] == -1
    assert unit["item"] + order == 1


def test_units_in_words() -> None:
    words = ["item/second", "1/second", "1/(item second)", "1/(item^2 second)"]
    assert [rate_constant_unit(order) for order in range(4)] == words


@pytest.mark.parametrize("order", range(4))
@pytest.mark.parametrize("omega", [1.0, 80.0, 1e6])
def test_counts_move_omega_times_as_fast_as_activities(order: int, omega: float) -> None:
    constant, activity = 0.7, 1.3
    speed = scaled(constant, order, omega) * (activity * omega) ** order
    assert speed == pytest.approx(omega * constant * activity**order, rel=1e-12)
