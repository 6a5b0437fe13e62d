"""Names that are made, so that they are nobody else's."""

from collections.abc import Collection


def free_name(name: str, taken: Collection[str]) -> str:
    """`name`, or `name_2`, `name_3`, ... if it is taken."""
    base, number = name, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name
