"""Kinetic laws in MathML (libSBML's syntax trees) expanded into polynomials."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import libsbml

from crn2sbml.errors import UnsupportedError
from crn2sbml.formats.polynomial import Term, add, evaluate_parameters, multiply, scale

_LARGEST_POWER = 12
_CONSTANTS = {
    libsbml.AST_CONSTANT_E: math.e,
    libsbml.AST_CONSTANT_PI: math.pi,
    libsbml.AST_NAME_AVOGADRO: 6.02214179e23,  # the value that the SBML specification fixes
}
_FUNCTIONS: dict[int, Callable[..., float]] = {
    libsbml.AST_FUNCTION_EXP: math.exp,
    libsbml.AST_FUNCTION_LN: math.log,
    libsbml.AST_FUNCTION_ABS: abs,
    libsbml.AST_FUNCTION_FLOOR: math.floor,
    libsbml.AST_FUNCTION_CEILING: math.ceil,
}


@dataclass(frozen=True)
class Names:
    """What the names in a law mean: values of constants, sizes of compartments, and for each species the size that
    turns its amount into what its name means (1 where it has only substance units).
    """

    parameters: Mapping[str, float]
    compartments: Mapping[str, float]
    species_size: Mapping[str, float]


def expand_law(tree: Any, names: Names, where: str) -> list[Term]:
    """The polynomial of one law.

    Args: tree: a libSBML ASTNode with function definitions already expanded; where: begins every error.
    Raises: UnsupportedError: the law is no polynomial in the species; says which part.
    """
    return _Expander(names, where).expand(tree)


@dataclass(frozen=True)
class _Expander:
    names: Names
    where: str

    def expand(self, node: Any) -> list[Term]:
        kind = node.getType()
        if node.isNumber():
            return _number(float(node.getValue()))
        if kind == libsbml.AST_NAME:
            return self._name(node.getName())
        if kind in _CONSTANTS:
            return _number(_CONSTANTS[kind])
        children = [self.expand(node.getChild(i)) for i in range(node.getNumChildren())]
        if kind == libsbml.AST_PLUS:
            return add(*children)
        if kind == libsbml.AST_MINUS:
            first, *others = children
            return add(first, *(scale(other, -1) for other in others)) if others else scale(first, -1)
        if kind == libsbml.AST_TIMES:
            product = _number(1.0)
            for child in children:
                product = multiply(product, child)
            return product
        if kind == libsbml.AST_DIVIDE:
            return multiply(children[0], self._power(children[1], -1, node))
        if kind in (libsbml.AST_POWER, libsbml.AST_FUNCTION_POWER):
            return self._power(children[0], self._constant(children[1], node), node)
        if kind == libsbml.AST_FUNCTION_ROOT:
            degree = self._constant(children[0], node) if len(children) == 2 else 2.0
            return self._power(children[-1], 1 / degree, node)
        if kind in _FUNCTIONS:
            try:
                return _number(float(_FUNCTIONS[kind](*(self._constant(child, node) for child in children))))
            except (ValueError, OverflowError):
                raise self._refuse(node, "has no finite value") from None
        raise self._refuse(node, "is not part of a mass-action law")

    def _name(self, name: str) -> list[Term]:
        if name in self.names.species_size:
            return [Term(1.0 / self.names.species_size[name], (), ((name, 1),))]
        if name in self.names.parameters:
            return [Term(1.0, ((name, 1),))]
        if name in self.names.compartments:
            return _number(self.names.compartments[name])
        raise UnsupportedError(f"{self.where}: {name!r} in its law is neither species, parameter nor compartment")

    def _power(self, base: list[Term], exponent: float, node: Any) -> list[Term]:
        whole = float(exponent).is_integer()
        if whole and 0 <= exponent <= _LARGEST_POWER:
            product = _number(1.0)
            for _ in range(int(exponent)):
                product = multiply(product, base)
            return product
        if whole and len(base) == 1 and not base[0].species and base[0].number:
            (term,) = base
            inverted = tuple((name, power * int(exponent)) for name, power in term.parameters)
            return [Term(term.number ** int(exponent), inverted)]
        try:
            value = self._constant(base, node) ** exponent
        except (ZeroDivisionError, OverflowError):
            raise self._refuse(node, "has no finite value") from None
        if isinstance(value, complex):
            raise self._refuse(node, "has no real value")
        return _number(value)

    def _constant(self, terms: list[Term], node: Any) -> float:
        if any(term.species for term in terms):
            raise self._refuse(node, "depends on a species in a way no mass-action law does")
        return sum(evaluate_parameters(term, self.names.parameters) for term in terms)

    def _refuse(self, node: Any, why: str) -> UnsupportedError:
        text = libsbml.formulaToL3String(node) or "?"
        return UnsupportedError(f"{self.where}: {text[:120]!r} {why}")


def _number(value: float) -> list[Term]:
    return [Term(value)]
