"""Examples that somebody adds to a running network: all that happens to it beside its reactions."""

import math
from dataclasses import dataclass, replace

from crn2sbml.core.network import Network
from crn2sbml.errors import NetworkError, did_you_mean


@dataclass(frozen=True, slots=True)
class Feeding:
    """Whenever the count of `clock` rises through `threshold` (items), the next example is fed.

    Each of `examples` holds the counts (items) that `species` are then set to, whatever was left of them; after the
    last example comes the first again. At the start of a run, nothing is fed.

    Raises: NetworkError: no examples, counts that are negative, not finite or of another number than the species.
    """

    clock: str
    threshold: float
    species: tuple[str, ...]
    examples: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if not self.species or not self.examples:
            raise NetworkError(f"feeding: {len(self.examples)} examples of {len(self.species)} species; needs both")
        if len(set(self.species)) < len(self.species):
            raise NetworkError(f"feeding: a species is fed twice among {', '.join(self.species)}")
        if not 0 < self.threshold < math.inf:
            raise NetworkError(f"feeding: the threshold is {self.threshold}; it must be positive and finite")
        for number, example in enumerate(self.examples, 1):
            if len(example) != len(self.species):
                raise NetworkError(
                    f"feeding: example {number} has {len(example)} counts for {len(self.species)} species"
                )
            for name, count in zip(self.species, example, strict=True):
                if not 0 <= count < math.inf:
                    raise NetworkError(
                        f"feeding: example {number} has {count} of {name!r}; it must be finite and 0 or more items"
                    )

    def in_whole_items(self) -> "Feeding":
        """The same with counts rounded, as stochastic runs need them."""
        return replace(self, examples=tuple(tuple(map(float, map(round, example))) for example in self.examples))

    def check(self, network: Network) -> None:
        """Raises NetworkError for species that the network lacks or holds clamped."""
        for name in (self.clock, *self.species):
            if name not in network.species_index:
                raise NetworkError(f"feeding: {did_you_mean(name, network.species_index, 'species')}")
            if name in network.clamped:
                raise NetworkError(f"feeding: species {name!r} is clamped; it stays as it is set")
