"""Kinetic laws in MathML (libSBML's syntax trees) expanded into polynomials, within bounds of time and memory."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import libsbml

from crn2sbml.errors import UnsupportedError
from crn2sbml.formats.numeric_functions import CONSTANTS, FUNCTIONS
from crn2sbml.formats.polynomial import Term, add, evaluate_parameters, multiply, scale

Polynomial: TypeAlias = list[Term]

LARGEST_POWER = 12
"""Equal molecules in one reaction; beyond two no chemistry is elementary, so this is generous."""
LARGEST_PRODUCT = 500_000
"""Names in the terms of one product multiplied out; a sum of 1,000 terms times a constant has 3,000."""
LAW_STEPS = 500_000
"""Nodes visited and names multiplied out in one law: doubling function definitions stop here."""
MOST_STEPS = 5_000_000
"""Nodes visited and names multiplied out in one document; 150,000 reactions take 1.6 million."""
DEEPEST_CALL = 50
"""Function definitions that call one another."""
_SUMS = (libsbml.AST_PLUS, libsbml.AST_MINUS)
_ARITY = {libsbml.AST_DIVIDE: (2,), libsbml.AST_POWER: (2,), libsbml.AST_FUNCTION_POWER: (2,)}
_ARITY |= {libsbml.AST_MINUS: (1, 2), libsbml.AST_FUNCTION_ROOT: (1, 2)}


@dataclass(frozen=True)
class Names:
    """What the names in a law mean.

    Values of parameters, which keep their names in the polynomial; values of all other constants (compartment sizes,
    stoichiometries); for each species the size that turns its amount into what its name means (1 where it has only
    substance units).
    """

    parameters: Mapping[str, float]
    constants: Mapping[str, float]
    species_size: Mapping[str, float]


@dataclass
class Expander:
    """Expands the laws of one document; what it costs is counted over all of them.

    `functions` holds the arguments and the body of each function definition.
    """

    names: Names
    functions: Mapping[str, tuple[tuple[str, ...], Any]] = field(default_factory=dict)
    steps: int = 0
    _limit: int = 0

    def expand(self, tree: Any, where: str, local: Mapping[str, str] | None = None) -> Polynomial:
        """The polynomial of one law.

        Args: tree: a libSBML ASTNode; where: begins every error; local: other names of parameters in this law.
        Raises: UnsupportedError: the law is no polynomial in the species, or too large a one; says which part.
        """
        bound = {name: [Term(1.0, ((meant, 1),))] for name, meant in (local or {}).items()}
        self._limit = min(self.steps + LAW_STEPS, MOST_STEPS)
        return _Law(self, where).expand(tree, bound, ())

    def spend(self, steps: int) -> bool:
        """Count the cost; False where it exceeds what one law or all of them may take."""
        self.steps += steps
        return self.steps <= self._limit

    def value(self, tree: Any, where: str) -> float:
        """The number that an expression of constants is, which may be NaN; raises as `expand`."""
        return _Law(self, where).constant(self.expand(tree, where), tree)


@dataclass(frozen=True)
class _Law:
    all: Expander
    where: str

    def expand(self, root: Any, bound: Mapping[str, Polynomial], calls: tuple[str, ...]) -> Polynomial:
        """Without recursion over the tree, which may be as deep as the XML guard lets through."""
        done: list[Polynomial] = []
        todo: list[tuple[Any, Sequence[int] | int | None]] = [(root, None)]
        while todo:
            node, ready = todo.pop()
            kind = node.getType()
            if ready is None:
                self._spend(1, node)
                leaf = self._leaf(node, kind, bound, calls)
                if leaf is not None:
                    done.append(leaf)
                    continue
                operands: list[Any]
                if kind in _SUMS:
                    operands, ready = self._summands(node)
                else:
                    operands = [node.getChild(i) for i in range(node.getNumChildren())]
                    ready = len(operands)
                    if ready not in _ARITY.get(kind, (ready,)):
                        raise self._refuse(node, f"has {ready} operands")
                todo.append((node, ready))
                todo += [(operand, None) for operand in reversed(operands)]
            elif isinstance(ready, int):
                first = len(done) - ready
                done[first:] = [self._combine(node, kind, done[first:], calls)]
            else:
                first = len(done) - len(ready)
                self._spend(sum(map(_size, done[first:])), node)
                signed = (t if sign > 0 else scale(t, -1) for t, sign in zip(done[first:], ready, strict=True))
                done[first:] = [add(*signed)]
        (result,) = done
        return result

    def _summands(self, node: Any) -> tuple[list[Any], list[int]]:
        """What a sum of sums adds up, with signs: nested binary sums cost no more than a flat one."""
        operands, signs, todo = [], [], [(node, 1)]
        while todo:
            part, sign = todo.pop()
            kind, count = part.getType(), part.getNumChildren()
            if kind not in _SUMS:
                operands.append(part)
                signs.append(sign)
                continue
            self._spend(1, node)
            if count not in _ARITY.get(kind, (count,)):
                raise self._refuse(part, f"has {count} operands")
            last = -sign if kind == libsbml.AST_MINUS else sign
            todo += [(part.getChild(i), last if i or count == 1 else sign) for i in reversed(range(count))]
        return operands, signs

    def _leaf(self, node: Any, kind: int, bound: Mapping[str, Polynomial], calls: tuple[str, ...]) -> Polynomial | None:
        if node.isNumber():
            return _number(float(node.getValue()))
        if kind == libsbml.AST_NAME:
            name = node.getName()
            if name in bound:
                return bound[name]
            if calls:
                raise UnsupportedError(f"{self.where}: {name!r} in function {calls[-1]!r} is none of its arguments")
            return self._name(name)
        return _number(CONSTANTS[kind]) if kind in CONSTANTS else None

    def _combine(self, node: Any, kind: int, operands: list[Polynomial], calls: tuple[str, ...]) -> Polynomial:
        if kind == libsbml.AST_TIMES:
            return self._product(operands, node)
        if kind == libsbml.AST_DIVIDE:
            return self._product([operands[0], self._power(operands[1], -1, node)], node)
        if kind in (libsbml.AST_POWER, libsbml.AST_FUNCTION_POWER):
            return self._power(operands[0], self.constant(operands[1], node), node)
        if kind == libsbml.AST_FUNCTION_ROOT:
            degree = self.constant(operands[0], node) if len(operands) == 2 else 2.0
            return self._power(operands[-1], 1 / degree if degree else math.nan, node)
        if kind == libsbml.AST_FUNCTION:
            return self._call(node, operands, calls)
        if kind in FUNCTIONS:
            numbers = [self.constant(operand, node) for operand in operands]
            try:
                return _number(float(FUNCTIONS[kind](*numbers)))
            except (ValueError, OverflowError, ZeroDivisionError):
                raise self._refuse(node, "has no finite value") from None
            except TypeError:
                raise self._refuse(node, f"has {len(numbers)} operands") from None
        raise self._refuse(node, "is not part of a mass-action law")

    def _call(self, node: Any, operands: list[Polynomial], calls: tuple[str, ...]) -> Polynomial:
        name = node.getName()
        if name not in self.all.functions:
            raise self._refuse(node, f"calls {name!r}, which is not defined")
        arguments, body = self.all.functions[name]
        if len(arguments) != len(operands):
            raise self._refuse(node, f"gives {name!r} {len(operands)} arguments, not {len(arguments)}")
        if name in calls:
            raise self._refuse(node, f"calls itself through {' -> '.join((*calls, name))[:120]}")
        if len(calls) >= DEEPEST_CALL:
            raise self._refuse(node, f"is nested more than {DEEPEST_CALL} functions deep")
        return self.expand(body, dict(zip(arguments, operands, strict=True)), (*calls, name))

    def _name(self, name: str) -> Polynomial:
        names = self.all.names
        if name in names.species_size:
            return [Term(1.0 / names.species_size[name], (), ((name, 1),))]
        if name in names.parameters:
            return [Term(1.0, ((name, 1),))]
        if name in names.constants:
            return _number(names.constants[name])
        raise UnsupportedError(f"{self.where}: its formula names {name!r}, no species, parameter or compartment")

    def _product(self, factors: Sequence[Polynomial], node: Any) -> Polynomial:
        if not factors:
            return _number(1.0)
        product = factors[0]
        for factor in factors[1:]:
            cost = len(product) * _size(factor) + len(factor) * _size(product)
            if cost > LARGEST_PRODUCT:
                raise self._refuse(node, f"expands into as many as {len(product) * len(factor):,} terms; too many")
            self._spend(cost, node)
            product = multiply(product, factor)
            for name, power in (pair for term in product for pair in term.species):
                if power > LARGEST_POWER:
                    raise self._refuse(node, f"has the power {power} of {name!r}; at most {LARGEST_POWER} is read")
        return product

    def _power(self, base: Polynomial, exponent: float, node: Any) -> Polynomial:
        whole = float(exponent).is_integer()
        if whole and 0 <= exponent <= LARGEST_POWER:
            return self._product([base] * int(exponent), node)
        try:
            if whole and len(base) == 1 and not base[0].species and base[0].number:
                (term,) = base
                inverted = tuple((name, power * int(exponent)) for name, power in term.parameters)
                return [Term(term.number ** int(exponent), inverted)]
            value = self.constant(base, node) ** exponent
        except (ZeroDivisionError, OverflowError):
            raise self._refuse(node, "has no finite value") from None
        if isinstance(value, complex):
            raise self._refuse(node, "has no real value")
        return _number(value)

    def constant(self, terms: Polynomial, node: Any) -> float:
        if any(term.species for term in terms):
            raise self._refuse(node, "depends on a species in a way no mass-action law does")
        return sum((evaluate_parameters(term, self.all.names.parameters) for term in terms), 0.0)

    def _spend(self, steps: int, node: Any) -> None:
        if not self.all.spend(steps):
            raise self._refuse(node, f"takes too long to multiply out ({self.all.steps:,} steps for all laws so far)")

    def _refuse(self, node: Any, why: str) -> UnsupportedError:
        text = libsbml.formulaToL3String(node) or "?"
        return UnsupportedError(f"{self.where}: {text[:120]!r} {why}")


def names_in(tree: Any) -> set[str]:
    """Every name in a libSBML ASTNode, without those of functions."""
    names, todo = set(), [tree]
    while todo:
        node = todo.pop()
        if node.getType() == libsbml.AST_NAME:
            names.add(node.getName())
        todo += (node.getChild(i) for i in range(node.getNumChildren()))
    return names


def _size(terms: Polynomial) -> int:
    return sum(1 + len(term.parameters) + len(term.species) for term in terms)


def _number(value: float) -> Polynomial:
    return [Term(value)]
