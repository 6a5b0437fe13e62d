"""The one type that formats write, engines run and verify compares: a mass-action reaction network."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from crn2sbml.errors import NetworkError, did_you_mean

_SID = re.compile(r"[A-Za-z_]\w*", re.ASCII)

Terms: TypeAlias = tuple[tuple[str, int], ...]
"""Species with their stoichiometric coefficients, each species once."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a species stands in a layered network; ids, annotations, layout and plots follow from it.

    `layer` counts from the input layer, 0; `rail` is "P" or "M" of a dual-rail pair, with a number
    if a layer has several pairs in one place, else empty; `row` and `column` are None in layers without a grid.
    """

    layer: int
    kind: str
    channel: int = 0
    row: int | None = None
    column: int | None = None
    rail: str = ""

    @property
    def id(self) -> str:
        """The species id of this place, for instance `conv1_P_0_2_3` (channel, row, column)."""
        parts = (self.kind + str(self.layer), self.rail, self.channel, self.row, self.column)
        return "_".join(str(part) for part in parts if part not in ("", None))


@dataclass(frozen=True, slots=True)
class Species:
    """A species, its initial count in items, and whether it is clamped (an input that no reaction changes)."""

    id: str
    initial: float = 0
    clamped: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A rate constant, named once and shared by every reaction that uses it.

    Unit by the order n of those reactions: item^(1-n) / second.
    """

    id: str
    value: float


@dataclass(frozen=True, slots=True)
class Reaction:
    """An irreversible mass-action reaction; `rate` names a parameter of the network.

    A catalyst stands among both inputs and outputs.
    """

    id: str
    inputs: Terms
    outputs: Terms
    rate: str

    @property
    def order(self) -> int:
        """Molecularity: the number of molecules that must meet."""
        return sum(count for _, count in self.inputs)

    @property
    def net_change(self) -> Terms:
        """Outputs minus inputs, inputs first, without the species that stay as they are."""
        change = {name: -count for name, count in self.inputs}
        for name, count in self.outputs:
            change[name] = change.get(name, 0) + count
        return tuple((name, count) for name, count in change.items() if count)


@dataclass(frozen=True)
class Network:
    """Species, shared rate constants and mass-action reactions; refuses nonsense when it is made.

    Raises:
        NetworkError: a name that is no SBML identifier, is used twice or is unknown; a count or constant that is
            negative or not finite; a parameter shared by reactions of different order (its unit would differ).

    """

    id: str
    species: tuple[Species, ...]
    parameters: tuple[Parameter, ...]
    reactions: tuple[Reaction, ...]

    def __post_init__(self) -> None:
        _check_names(self.id, self.species, self.parameters, self.reactions)
        for what, name, value in [
            *(("initial count of species", s.id, s.initial) for s in self.species),
            *(("value of parameter", p.id, p.value) for p in self.parameters),
        ]:
            if not (math.isfinite(value) and value >= 0):
                raise NetworkError(f"network {self.id!r}: {what} {name!r} is {value}; it must be finite and >= 0")
        for name in set(self._duplicated_terms()):
            raise NetworkError(
                f"network {self.id!r}: reaction {name!r} lists a species twice or with a count < 1 or not whole"
            )
        _ = self.orders

    @cached_property
    def species_index(self) -> Mapping[str, int]:
        """Position of each species id."""
        return {s.id: i for i, s in enumerate(self.species)}

    @cached_property
    def rate_constants(self) -> Mapping[str, float]:
        """Value of each parameter id."""
        return {p.id: p.value for p in self.parameters}

    @cached_property
    def orders(self) -> Mapping[str, int]:
        """Order of the reactions that use each parameter; unused parameters are absent."""
        orders: dict[str, int] = {}
        known, constants = self.species_index, self.rate_constants
        for reaction in self.reactions:
            for name, _ in (*reaction.inputs, *reaction.outputs):
                if name not in known:
                    raise NetworkError(f"reaction {reaction.id!r}: {did_you_mean(name, known, 'species')}")
            if reaction.rate not in constants:
                raise NetworkError(f"reaction {reaction.id!r}: {did_you_mean(reaction.rate, constants, 'parameter')}")
            if orders.setdefault(reaction.rate, reaction.order) != reaction.order:
                raise NetworkError(
                    f"parameter {reaction.rate!r} serves reactions of order {orders[reaction.rate]} and "
                    f"{reaction.order} ({reaction.id!r}); give each order its own parameter"
                )
        return orders

    @property
    def floating(self) -> tuple[str, ...]:
        """Ids of the species that reactions change, in order."""
        return tuple(s.id for s in self.species if not s.clamped)

    @property
    def clamped(self) -> tuple[str, ...]:
        """Ids of the inputs that stay as they are set, in order."""
        return tuple(s.id for s in self.species if s.clamped)

    @property
    def has_repeated_reactants(self) -> bool:
        """Whether some reaction takes two of one species, so that k x^2 and k x (x - 1) differ."""
        return any(count > 1 for r in self.reactions for _, count in r.inputs)

    @property
    def has_whole_counts(self) -> bool:
        """Whether every initial count is a whole number of items, as an exact stochastic run needs."""
        return all(float(s.initial).is_integer() for s in self.species)

    def with_counts(self, counts: Mapping[str, float]) -> "Network":
        """The same network with other initial counts (items) for the named species.

        Raises: NetworkError: an unknown species, or a count that is negative or not finite.
        """
        for name in counts:
            if name not in self.species_index:
                raise NetworkError(did_you_mean(name, self.species_index, "species"))
        species = tuple(replace(s, initial=counts[s.id]) if s.id in counts else s for s in self.species)
        return replace(self, species=species)

    def _duplicated_terms(self) -> Iterable[str]:
        for reaction in self.reactions:
            for terms in (reaction.inputs, reaction.outputs):
                if len({name for name, _ in terms}) < len(terms) or not all(map(_is_count, terms)):
                    yield reaction.id


def _is_count(term: tuple[str, int]) -> bool:
    return hasattr(term[1], "__index__") and term[1] >= 1  # NumPy's integers too, but no float


def _check_names(net_id: str, *groups: tuple[Species, ...] | tuple[Parameter, ...] | tuple[Reaction, ...]) -> None:
    seen = {net_id}
    for name in [net_id, *(member.id for group in groups for member in group)]:
        if not _SID.fullmatch(name):
            raise NetworkError(f"network {net_id!r}: {name!r} is no SBML identifier (letters, digits, _)")
    for group in groups:
        for member in group:
            if member.id in seen:
                raise NetworkError(f"network {net_id!r}: the id {member.id!r} is used twice")
            seen.add(member.id)
