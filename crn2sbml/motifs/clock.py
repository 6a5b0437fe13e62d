"""A chemical clock: species that are present one after the other, in a ring.

Each grows by itself and is held at a copy number by meeting its like; each destroys every other one but the next, which
is what lets that one grow until it takes over. A little of each is made all the time: so no species is ever lost, the
time between two phases is finite, and the cycle is a stable limit cycle, reached from almost any start. At most two
molecules meet.
Source: May, Leonard 1975, doi:10.1137/0129022 (competition without a winner, whose cycle the influx makes periodic).
"""

from dataclasses import dataclass

from crn2sbml.core.network import Parameter, Reaction, Species
from crn2sbml.core.units import scaled
from crn2sbml.errors import ShapeError
from crn2sbml.motifs.motif import Part, places

_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Clock:
    """`phases` species, each present for about `log((suppression - 1) / influx) / rate` seconds.

    rate: of growth, 1/s; suppression: of another species, in units of `rate` at full activity, above 1; influx: of each
    species, in units of `rate`: the smaller, the longer the phases and the less of a species out of its own.
    """

    phases: int
    rate: float = 1.0
    suppression: float = 3.0
    influx: float = 1e-4

    def __post_init__(self) -> None:
        if self.phases < _FEWEST:
            raise ShapeError(f"clock: {self.phases} phases; a ring needs {_FEWEST}")
        for name in ("rate", "suppression", "influx"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ShapeError(f"clock: {name} is {getattr(self, name)}; it must be positive and finite")
        if not self.influx < 1 < self.suppression:
            raise ShapeError(
                f"clock: suppression {self.suppression}, influx {self.influx}; one must be above 1, the other below"
            )

    def part(self, omega: float) -> Part:
        """Species and reactions; the last phase is on at first, at `omega` items, so that the first one comes next."""
        names = [place.id for place in places("clock", 0, (self.phases, 1, 1))]
        parameters = (
            Parameter("clock_growth", self.rate),
            Parameter("clock_crowding", scaled(self.rate, 2, omega)),
            Parameter("clock_suppression", scaled(self.rate * self.suppression, 2, omega)),
            Parameter("clock_influx", scaled(self.rate * self.influx, 0, omega)),
        )
        reactions: list[Reaction] = []
        for number, name in enumerate(names):
            following = names[(number + 1) % self.phases]
            reactions += [
                Reaction(f"{name}_grows", ((name, 1),), ((name, 2),), "clock_growth"),
                Reaction(f"{name}_crowds", ((name, 2),), ((name, 1),), "clock_crowding"),
                Reaction(f"make_{name}", (), ((name, 1),), "clock_influx"),
            ]
            reactions += [
                Reaction(f"{name}_destroys_{other}", ((name, 1), (other, 1)), ((name, 1),), "clock_suppression")
                for other in names
                if other not in (name, following)
            ]
        species = tuple(
            Species(place.id, omega if number == self.phases - 1 else 0.0, place=place)
            for number, place in enumerate(places("clock", 0, (self.phases, 1, 1)))
        )
        return Part(species, parameters, tuple(reactions), tuple(names))
