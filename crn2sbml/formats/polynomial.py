"""Rate laws as polynomials in species counts, whose coefficients keep the names of their parameters.

A term is a number times powers of parameters times powers of species. Everything a mass-action law can be written
with expands into a sum of such terms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Powers: TypeAlias = tuple[tuple[str, int], ...]
"""Names with their (non-zero) exponents, in the order in which the law names them."""


@dataclass(frozen=True, slots=True)
class Term:
    """`number * parameters * species`; exponents of species are positive."""

    number: float
    parameters: Powers = ()
    species: Powers = ()

    @property
    def key(self) -> tuple[frozenset[tuple[str, int]], frozenset[tuple[str, int]]]:
        """What must be equal for two terms to be added."""
        return frozenset(self.parameters), frozenset(self.species)


def add(*sums: Iterable[Term]) -> list[Term]:
    """The sum, like terms collected in order of first appearance; terms that cancel are dropped."""
    collected: dict[object, Term] = {}
    size: dict[object, float] = {}
    for term in (term for group in sums for term in group):
        old = collected.get(term.key)
        collected[term.key] = Term((old.number if old else 0.0) + term.number, *_rest(old or term))
        size[term.key] = size.get(term.key, 0.0) + abs(term.number)
    # What is left of a cancellation is rounding error; 1e-12 of what cancelled is far below any constant of a model.
    return [term for key, term in collected.items() if abs(term.number) > 1e-12 * size[key]]


def multiply(left: Iterable[Term], right: Iterable[Term]) -> list[Term]:
    """The expanded product."""
    right = list(right)
    return add(
        Term(
            a.number * b.number,
            merge_powers(a.parameters, b.parameters),
            merge_powers(a.species, b.species),
        )
        for a in left
        for b in right
    )


def scale(terms: Iterable[Term], factor: float) -> list[Term]:
    """Every term times a number."""
    return [Term(term.number * factor, *_rest(term)) for term in terms]


def merge_powers(*factors: Powers) -> Powers:
    """Exponents added name by name; zeros dropped, order of first appearance kept."""
    merged: dict[str, int] = {}
    for name, power in (pair for factor in factors for pair in factor):
        merged[name] = merged.get(name, 0) + power
    return tuple((name, power) for name, power in merged.items() if power)


def evaluate_parameters(term: Term, values: Mapping[str, float]) -> float:
    """The coefficient of a term: its number times its parameters' values."""
    value = term.number
    for name, power in term.parameters:
        value *= values[name] ** power
    return value


def in_falling_factorials(terms: Iterable[Term]) -> list[Term]:
    """The same polynomial in the basis x (x - 1) ... (x - p + 1): powers in the result mean falling factorials.

    In the order of the terms given. Laws for molecule counts are single terms in this basis, laws for concentrations
    in that of plain powers.
    """
    rest, found = add(terms), []
    position = {term.key: i for i, term in enumerate(rest)}
    while rest:
        lead = max(rest, key=lambda term: sum(power for _, power in term.species))
        found.append(lead)
        expanded = [Term(-lead.number, lead.parameters)]
        for name, power in lead.species:
            expanded = multiply(expanded, _falling(name, power))
        rest = [term for term in add(rest, expanded) if term.key != lead.key]
    return sorted(found, key=lambda term: position.get(term.key, len(position)))


def _falling(name: str, power: int) -> list[Term]:
    product = [Term(1.0)]
    for i in range(power):
        product = multiply(product, [Term(1.0, (), ((name, 1),)), Term(-float(i))])
    return product


def _rest(term: Term) -> tuple[Powers, Powers]:
    return term.parameters, term.species
