"""Putting circuits together that a clock drives: values with two rails, forms that follow each other, named paces."""

from dataclasses import dataclass

from crn2sbml.core.matrices import Array
from crn2sbml.core.network import Network, Parameter, Reaction, Species, Terms
from crn2sbml.core.units import scaled
from crn2sbml.motifs.clock import Clock

RAILS = {"p": 1, "m": -1}
"""The two species of a value by their last letter, and the sign that they count with."""
OTHER = {"p": "m", "m": "p"}
_PACE, _CLOCKED = "pace_", ("gate", "clear")
"""What the names of rate constants begin with; paces of reactions in which a species of the clock takes part."""


@dataclass(frozen=True, slots=True)
class Paces:
    """Rate constants in activities: 1/s and 1/s per unit of activity.

    gate: a form becomes the next; clear: what is done with is removed; annihilation: of the two rails of a value;
    hidden, error: what weights make of what they read, and targets; back: feedback through the read-out's weights;
    mask: its passage through rectifiers; learn, learn_hidden: of weights, which set the size of the steps; release: of
    what changes weights, 1/s.
    """

    gate: float = 3.0
    clear: float = 3.0
    annihilation: float = 20.0
    hidden: float = 0.1
    error: float = 0.1
    back: float = 0.1
    mask: float = 5.0
    learn: float = 2e-3
    learn_hidden: float = 4e-3
    release: float = 3.0

    @property
    def target(self) -> float:
        """What a target makes in its phase is what a weight of 1 makes of it."""
        return self.error


class Assembly:
    """Species (activities to begin with) and reactions, as they are added; the rate of each is a pace by its name.

    An activity of 1 is `omega` items, of the clock `clock_omega`.
    """

    def __init__(self, clock: Clock, paces: Paces, omega: float, clock_omega: float) -> None:
        self._clock, self._paces, self._omega = clock.part(clock_omega), paces, omega
        self._clocked = dict.fromkeys(_CLOCKED, clock_omega)
        self._phases = self._clock.outputs
        self._species: dict[str, float] = {}
        self._reactions: list[Reaction] = []

    def network(self, name: str) -> Network:
        """Everything, with the clock."""
        orders = {reaction.rate.removeprefix(_PACE): reaction.order for reaction in self._reactions}
        parameters = tuple(
            Parameter(_PACE + rate, scaled(getattr(self._paces, rate), order, self._clocked.get(rate, self._omega)))
            for rate, order in orders.items()
        )
        species = tuple(Species(id_, float(self._omega * level)) for id_, level in self._species.items())
        return Network(
            name.replace("-", "_"),
            (*self._clock.species, *species),
            (*self._clock.parameters, *parameters),
            (*self._clock.reactions, *self._reactions),
        )

    def weight(self, kind: str, row: int, column: int, values: Array) -> dict[str, str]:
        """The species of a weight by rail, which annihilate; the constant, 0, has the last column of the values."""
        rails = {rail: weight_id(kind, row, column, rail) for rail in RAILS}
        if rails["p"] not in self._species:
            for rail, sign in RAILS.items():
                self._species[rails[rail]] = max(sign * float(values[row - 1, column - 1]), 0.0)
            self.cancel(*rails.values())
        return rails

    def becomes(self, form: str, phase: int, following: str) -> None:
        """A form turns into the next while its phase is on."""
        on = (self._phases[phase], 1)
        self.react(f"{form}_becomes_{following}", ((form, 1), on), ((following, 1), on), "gate")

    def clear(self, form: str, phase: int = -1) -> None:
        """What is done with goes, in the last phase if not in another."""
        on = (self._phases[phase], 1)
        self.react(f"{form}_is_cleared", ((form, 1), on), (on,), "clear")

    def cancel(self, positive: str, negative: str) -> None:
        """The rails of one value annihilate."""
        self.react(f"{positive}_cancels_{negative}", ((positive, 1), (negative, 1)), (), "annihilation")

    def makes(self, catalysts: tuple[str, ...], target: str, pace: str) -> None:
        """One species or two, which stay, make another."""
        stay = tuple((name, 1) for name in catalysts)
        self.react(f"{'_and_'.join(catalysts)}_make_{target}", stay, (*stay, (target, 1)), pace)

    def changes(self, source: str, target: str, pace: str) -> None:
        """One species turns into another, at any time."""
        self.react(f"{source}_changes_{target}", ((source, 1),), ((target, 1),), pace)

    def react(self, name: str, inputs: Terms, outputs: Terms, pace: str) -> None:
        """Add a reaction, and what it names that is not yet there."""
        for species, _ in (*inputs, *outputs):
            if species not in self._phases:
                self._species.setdefault(species, 0.0)
        self._reactions.append(Reaction(name, inputs, outputs, f"{_PACE}{pace}"))


def weight_id(kind: str, row: int, column: int, rail: str) -> str:
    """The species of one rail of a weight."""
    return f"{kind}{row}_{column}_{rail}"


def product_rail(one: str, other: str) -> str:
    """The rail of a product of two values on these rails."""
    return "p" if one == other else "m"
