"""Rate laws as polynomials in species counts, whose coefficients keep the names of their parameters.

A term is a number times powers of parameters times powers of species. Everything a mass-action law can be written
with expands into a sum of such terms.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
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
        key = term.key
        old = collected.get(key)
        collected[key] = Term((old.number if old else 0.0) + term.number, *_rest(old or term))
        size[key] = size.get(key, 0.0) + abs(term.number)
    # What is left of a cancellation is rounding error; 1e-12 of what cancelled is far below any constant of a model.
    # A term that is infinite or no number stays, for the reader to refuse.
    return [
        term
        for key, term in collected.items()
        if abs(term.number) > 1e-12 * size[key] or not math.isfinite(term.number)
    ]


def multiply(left: Iterable[Term], right: Iterable[Term]) -> list[Term]:
    """The expanded product."""
    right = list(right)
    products = [
        Term(a.number * b.number, merge_powers(a.parameters, b.parameters), merge_powers(a.species, b.species))
        for a in left
        for b in right
    ]
    # Nearly every product of a model is one of two factors; there is nothing to collect then.
    return products if len(products) == 1 and products[0].number else add(products)


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
    """The coefficient of a term: its number times its parameters' values; NaN where that divides by zero or overflows.

    Raises: KeyError: a parameter without an entry in `values`.
    """
    value = term.number
    for name, power in term.parameters:
        try:
            value *= values[name] ** power
        except (ZeroDivisionError, OverflowError):
            return math.nan
    return value


def in_falling_factorials(terms: Iterable[Term]) -> list[Term]:
    """The same polynomial in the basis x (x - 1) ... (x - p + 1): powers in the result mean falling factorials.

    In the order of the terms given. Laws for molecule counts are single terms in this basis, laws for concentrations
    in that of plain powers. x^p is the sum over j of S(p, j) times the falling factorial of j factors, with the
    Stirling numbers of the second kind S (NIST Digital Library of Mathematical Functions, 26.8.10).
    """
    return add(part for term in terms for part in _falling(term))


def falling_size(terms: Iterable[Term]) -> int:
    """How many terms `in_falling_factorials` has to collect."""
    return sum(math.prod(power for _, power in term.species) for term in terms)


def _falling(term: Term) -> Iterator[Term]:
    choices = [[(name, j, _stirling(power, j)) for j in range(power, 0, -1)] for name, power in term.species]
    for chosen in product(*choices):
        number = term.number * math.prod(weight for _, _, weight in chosen)
        yield Term(number, term.parameters, tuple((name, j) for name, j, _ in chosen))


@cache
def _stirling(n: int, k: int) -> int:
    if n == k:
        return 1
    return 0 if k < 1 or k > n else k * _stirling(n - 1, k) + _stirling(n - 1, k - 1)


def _rest(term: Term) -> tuple[Powers, Powers]:
    return term.parameters, term.species
