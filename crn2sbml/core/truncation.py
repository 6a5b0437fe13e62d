"""Finitely many states of a network that has infinitely many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import comb, prod


@dataclass(frozen=True)
class Truncation:
    """The states that are kept: those with at most `caps` of each species (no cap: any count), and at most `most` of
    the species `together` in all. Reactions that would leave these states do not happen.
    """

    caps: Mapping[str, int] = field(default_factory=dict)
    together: Sequence[str] = ()
    most: int = 0

    @property
    def states(self) -> int:
        """How many there are, of the species that are named."""
        return comb(len(self.together) + self.most, self.most) * prod(cap + 1 for cap in self.caps.values())
