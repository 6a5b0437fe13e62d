"""SBML reactions to mass-action reactions: each term of a law becomes one reaction of the same net change."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from crn2sbml.core.names import free_name
from crn2sbml.core.network import Parameter, Reaction, Terms
from crn2sbml.errors import FormatError, UnsupportedError
from crn2sbml.formats.document import Reading, Shape
from crn2sbml.formats.laws import Expander, names_in
from crn2sbml.formats.polynomial import Term, add, evaluate_parameters, falling_size, in_falling_factorials

LARGEST_STOICHIOMETRY = 1_000_000
"""Molecules of one species that one reaction may make or take."""
MOST_ENTRIES = 5_000_000
"""Species listed in all reactions together, each as often as terms of a law make it a reaction of its own."""
_MOST_FALLING = 10_000
_Step: TypeAlias = tuple[Term, Terms, Terms]


@dataclass(frozen=True)
class Parsed:
    """What the reactions of a file amount to."""

    reactions: tuple[Reaction, ...]
    parameters: tuple[Parameter, ...]
    shape: Shape
    reading: Reading


@dataclass
class ReactionReader:
    """Collects reactions and the rate constants they need; derived constants are made once and shared.

    `stoichiometry` gives the number of a species reference of a reaction (`where` in errors), of any level;
    `item_numbers` holds the ids of numbers of items, which only laws of counts name; `taken` holds every id of the file
    and grows by the ids that are made here.
    """

    expander: Expander
    stoichiometry: Callable[[Any, str], float]
    clamped: frozenset[str]
    item_numbers: frozenset[str]
    taken: set[str]
    _reactions: list[Reaction] = field(default_factory=list)
    _orders: dict[str, int] = field(default_factory=dict)
    _derived: dict[object, Parameter] = field(default_factory=dict)
    _readings: dict[Reading, str] = field(default_factory=dict)
    _lumped: bool = False
    _entries: int = 0

    def add(self, element: Any, local: Mapping[str, str]) -> None:
        """Read one SBML reaction; raises FormatError or UnsupportedError, naming it.

        `local` gives the parameters of the network that the law's local ones became.
        """
        name, where = element.getId(), f"reaction {element.getId()!r}"
        if element.isSetFast() and element.getFast():
            raise UnsupportedError(f"{where} is marked fast")
        law = element.getKineticLaw()
        if law is None or law.getMath() is None:
            raise UnsupportedError(f"{where} has no kinetic law")
        reactants = self._references(element.getListOfReactants(), where)
        products = self._references(element.getListOfProducts(), where)
        polynomial = self.expander.expand(law.getMath(), where, local)
        self._entries += (1 + len(polynomial)) * (1 + len(reactants) + len(products))
        if self._entries > MOST_ENTRIES:
            raise UnsupportedError(
                f"{where}: its law has {len(polynomial):,} terms; the file comes to too many reactions"
            )
        steps, reading = self._mass_action(law.getMath(), polynomial, reactants, products, where)
        listed = [(tuple(reactants.items()), tuple(products.items()))]
        if [(inputs, outputs) for _, inputs, outputs in steps] != listed:
            self._lumped = True
        for number, (term, inputs, outputs) in enumerate(steps, 1):
            own = name
            if len(steps) > 1:
                own = free_name(f"{name}_{number}", self.taken)
                self.taken.add(own)
            self._reactions.append(Reaction(own, inputs, outputs, self._rate(term, own, inputs)))
        if reading != "any":
            self._readings.setdefault(reading, name)

    def finish(self) -> Parsed:
        """Everything read; raises UnsupportedError if the file mixes k x^2 and k x (x - 1)."""
        if len(self._readings) > 1:
            (one, first), (other, second) = self._readings.items()
            raise UnsupportedError(
                f"reaction {first!r} has the {one} law of equal reactants and {second!r} the {other} one; use one"
            )
        used = [
            Parameter(name, value) for name, value in self.expander.names.parameters.items() if self._kept(name, value)
        ]
        reading: Reading = next(iter(self._readings), "any")
        shape: Shape = "lumped" if self._lumped else "elementary"
        return Parsed(tuple(self._reactions), (*used, *self._derived.values()), shape, reading)

    def _kept(self, name: str, value: float) -> bool:
        return name in self._orders or (math.isfinite(value) and value >= 0)

    def _references(self, elements: Any, where: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for i in range(elements.size()):
            reference = elements.get(i)
            species = reference.getSpecies()
            if species not in self.expander.names.species_size:
                raise FormatError(f"{where}: no species {species!r}")
            count = self.stoichiometry(reference, where)
            if not (0 < count <= LARGEST_STOICHIOMETRY and float(count).is_integer()):
                raise UnsupportedError(
                    f"{where}: the stoichiometry of {species!r} is {count}, not a positive integer"
                    + (f" up to {LARGEST_STOICHIOMETRY:,}" if count > LARGEST_STOICHIOMETRY else "")
                )
            counts[species] = counts.get(species, 0) + int(count)
        return counts

    def _mass_action(
        self, tree: Any, polynomial: list[Term], reactants: dict[str, int], products: dict[str, int], where: str
    ) -> tuple[list[_Step], Reading]:
        """The elementary steps of a law, and the reading (powers or falling factorials) that they are in.

        Powers say what the law says of any number. Falling factorials are for laws of counts: where powers are no
        steps, where the law names a number of items, or where they make fewer terms and what meets is what the
        reaction lists. A -> 2A at r A (1 - A) is growth with a limit, and no pair of A that meets at r A (A - 1).

        Raises UnsupportedError: neither reading makes every term a step.
        """
        # With like terms summed, a coefficient such as k1 - k2 is one constant; the names in it are then lost.
        for terms in (polynomial, self._evaluated(polynomial)):
            powers = self._steps(terms, reactants, products)
            if all(count == 1 for term in terms for _, count in term.species):
                if powers is not None:
                    return powers, "any"
                continue
            falling = None
            if falling_size(terms) <= _MOST_FALLING:
                falling = self._steps(in_falling_factorials(terms), reactants, products)
            if falling is not None and (
                powers is None
                or not self.item_numbers.isdisjoint(names_in(tree))
                or (len(falling) < len(powers) and self._as_listed(terms, reactants))
            ):
                return falling, "stochastic"
            if powers is not None:
                return powers, "deterministic"
        raise UnsupportedError(
            f"{where}: its law is not mass action: each term must be a constant >= 0 times the species consumed "
            f"(reactants: {' + '.join(f'{n} {s}' for s, n in reactants.items()) or 'none'})"
        )

    def _as_listed(self, terms: list[Term], reactants: dict[str, int]) -> bool:
        """Whether every falling factorial of a law runs forwards and takes exactly the reactants of the reaction."""
        values = self.expander.names.parameters
        return all(
            dict(term.species) == reactants and evaluate_parameters(term, values) >= 0
            for term in in_falling_factorials(terms)
            if any(count > 1 for _, count in term.species)
        )

    def _evaluated(self, polynomial: list[Term]) -> list[Term]:
        values = self.expander.names.parameters
        return add(Term(evaluate_parameters(term, values), (), term.species) for term in polynomial)

    def _steps(self, terms: list[Term], reactants: dict[str, int], products: dict[str, int]) -> list[_Step] | None:
        steps = [self._step(term, reactants, products) for term in terms]
        return None if None in steps else [step for step in steps if step is not None]

    def _step(self, term: Term, reactants: dict[str, int], products: dict[str, int]) -> _Step | None:
        """One term as an elementary step, run backwards where its coefficient is negative; None if it is none."""
        if evaluate_parameters(term, self.expander.names.parameters) < 0:
            term = Term(-term.number, term.parameters, term.species)
            reactants, products = products, reactants
        inputs = dict(term.species)
        outputs = {name: count for name, count in inputs.items() if name not in products}
        outputs |= dict.fromkeys(products, 0)
        for name in outputs:
            outputs[name] = inputs.get(name, 0) + products.get(name, 0) - reactants.get(name, 0)
        for name, count in reactants.items():
            outputs.setdefault(name, -count)
        for name, count in outputs.items():
            if count < 0 and name not in self.clamped:
                return None
        return term, tuple(inputs.items()), tuple((name, count) for name, count in outputs.items() if count > 0)

    def _rate(self, term: Term, reaction: str, inputs: Terms) -> str:
        """The parameter that is this coefficient: its own where the law names just one, else a derived one."""
        order = sum(count for _, count in inputs)
        value = evaluate_parameters(term, self.expander.names.parameters)
        if not math.isfinite(value):
            raise FormatError(f"reaction {reaction!r}: its rate constant is {value}")
        if term.number == 1 and len(term.parameters) == 1 and term.parameters[0][1] == 1:
            name = term.parameters[0][0]
            if self._orders.setdefault(name, order) == order:
                return name
        # A number that a law just writes down is that reaction's own; the same product of parameters is shared.
        key = (term.number, frozenset(term.parameters), order, "" if term.parameters else reaction)
        if key not in self._derived:
            name = free_name(f"k_{reaction}", self.taken)
            self.taken.add(name)
            self._derived[key] = Parameter(name, value)
        return self._derived[key].id
