"""SBML reactions to mass-action reactions: each term of a law becomes one reaction of the same net change."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from crn2sbml.core.network import Parameter, Reaction, Terms
from crn2sbml.errors import FormatError, UnsupportedError
from crn2sbml.formats.document import Reading, Shape
from crn2sbml.formats.laws import Names, expand_law
from crn2sbml.formats.polynomial import Term, add, evaluate_parameters, in_falling_factorials

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

    `taken` holds every id of the file and grows by the ids that are made here.
    """

    names: Names
    clamped: frozenset[str]
    taken: set[str]
    _reactions: list[Reaction] = field(default_factory=list)
    _orders: dict[str, int] = field(default_factory=dict)
    _derived: dict[object, Parameter] = field(default_factory=dict)
    _readings: dict[Reading, str] = field(default_factory=dict)
    _lumped: bool = False

    def add(self, element: Any) -> None:
        """Read one SBML reaction; raises FormatError or UnsupportedError, naming it."""
        name, where = element.getId(), f"reaction {element.getId()!r}"
        if element.isSetFast() and element.getFast():
            raise UnsupportedError(f"{where} is marked fast")
        law = element.getKineticLaw()
        if law is None or law.getMath() is None:
            raise UnsupportedError(f"{where} has no kinetic law")
        reactants = self._references(element.getListOfReactants(), where)
        products = self._references(element.getListOfProducts(), where)
        polynomial = expand_law(law.getMath(), self.names, where)
        steps, reading = self._mass_action(polynomial, reactants, products, where)
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
        used = [Parameter(name, value) for name, value in self.names.parameters.items() if self._kept(name, value)]
        reading: Reading = next(iter(self._readings), "any")
        shape: Shape = "lumped" if self._lumped else "elementary"
        return Parsed(tuple(self._reactions), (*used, *self._derived.values()), shape, reading)

    def _kept(self, name: str, value: float) -> bool:
        return name in self._orders or (math.isfinite(value) and value >= 0)

    def _references(self, elements: Any, where: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for i in range(elements.size()):
            reference = elements.get(i)
            species, count = reference.getSpecies(), reference.getStoichiometry()
            if species not in self.names.species_size:
                raise FormatError(f"{where}: no species {species!r}")
            if not (count > 0 and float(count).is_integer()):
                raise UnsupportedError(f"{where}: the stoichiometry of {species!r} is {count}, not a positive integer")
            counts[species] = counts.get(species, 0) + int(count)
        return counts

    def _mass_action(
        self, polynomial: list[Term], reactants: dict[str, int], products: dict[str, int], where: str
    ) -> tuple[list[_Step], Reading]:
        """The elementary steps of a law, in the reading (powers or falling factorials) that needs fewer of them.

        Raises UnsupportedError: neither reading makes every term a step.
        """
        # With like terms summed, a coefficient such as k1 - k2 is one constant; the names in it are then lost.
        for terms in (polynomial, self._evaluated(polynomial)):
            powers = self._steps(terms, reactants, products)
            if all(count == 1 for term in terms for _, count in term.species):
                if powers is not None:
                    return powers, "any"
                continue
            falling = self._steps(in_falling_factorials(terms), reactants, products)
            if falling is not None and (powers is None or len(falling) < len(powers)):
                return falling, "stochastic"
            if powers is not None:
                return powers, "deterministic"
        raise UnsupportedError(
            f"{where}: its law is not mass action: each term must be a constant >= 0 times the species consumed "
            f"(reactants: {' + '.join(f'{n} {s}' for s, n in reactants.items()) or 'none'})"
        )

    def _evaluated(self, polynomial: list[Term]) -> list[Term]:
        values = self.names.parameters
        return add(Term(evaluate_parameters(term, values), (), term.species) for term in polynomial)

    def _steps(self, terms: list[Term], reactants: dict[str, int], products: dict[str, int]) -> list[_Step] | None:
        steps = [self._step(term, reactants, products) for term in terms]
        return None if None in steps else [step for step in steps if step is not None]

    def _step(self, term: Term, reactants: dict[str, int], products: dict[str, int]) -> _Step | None:
        """One term as an elementary step, run backwards where its coefficient is negative; None if it is none."""
        if evaluate_parameters(term, self.names.parameters) < 0:
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
        value = evaluate_parameters(term, self.names.parameters)
        if not math.isfinite(value):
            raise FormatError(f"reaction {reaction!r}: its rate constant is {value}")
        if term.number == 1 and len(term.parameters) == 1 and term.parameters[0][1] == 1:
            name = term.parameters[0][0]
            if self._orders.setdefault(name, order) == order:
                return name
        key = (term.number, frozenset(term.parameters), order)
        if key not in self._derived:
            name = free_name(f"k_{reaction}", self.taken)
            self.taken.add(name)
            self._derived[key] = Parameter(name, value)
        return self._derived[key].id


def free_name(name: str, taken: Collection[str]) -> str:
    """`name`, or `name_2`, `name_3`, ... if it is taken."""
    base, number = name, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name
