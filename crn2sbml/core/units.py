"""Units: counts are items, times are seconds; a rate constant's unit follows from its reactions' order."""

ITEM, SECOND = "item", "second"


def rate_constant_unit(order: int) -> str:
    """Unit of a rate constant in words: item^(1 - order) per second."""
    return {0: "item/second", 1: "1/second"}.get(
        order, f"1/(item^{order - 1} second)" if order > 2 else "1/(item second)"
    )


def scaled(constant: float, order: int, omega: float) -> float:
    """A constant given for activities (items / omega), for counts in items: constant * omega^(1 - order).

    Args: omega: system size, items that make one unit of activity.
    """
    return constant * omega ** (1 - order)
