"""Formulas as libSBML's syntax trees, built node by node: a text formula would read species called `time` or `pi` as
something else.
"""

from collections.abc import Sequence
from typing import Any

import libsbml

from crn2sbml.formats.libsbml_checks import ok


def name(id_: str) -> Any:
    """A reference to what has that id."""
    node = libsbml.ASTNode(libsbml.AST_NAME)
    ok(node.setName(id_), id_)
    return node


def power(id_: str, exponent: int) -> Any:
    """The id itself, or it to a whole power."""
    if exponent == 1:
        return name(id_)
    whole = libsbml.ASTNode(libsbml.AST_INTEGER)
    ok(whole.setValue(exponent), str(exponent))
    return _node(libsbml.AST_FUNCTION_POWER, [name(id_), whole])


def product(factors: Sequence[Any]) -> Any:
    """One factor or more."""
    return factors[0] if len(factors) == 1 else _node(libsbml.AST_TIMES, factors)


def total(terms: Sequence[Any]) -> Any:
    """One term or more."""
    return terms[0] if len(terms) == 1 else _node(libsbml.AST_PLUS, terms)


def difference(minuend: Any, subtrahend: Any) -> Any:
    """The one less the other."""
    return _node(libsbml.AST_MINUS, [minuend, subtrahend])


def number(value: float, units: str) -> Any:
    """A number with a unit, which Level 3 writes beside it."""
    node = libsbml.ASTNode(libsbml.AST_REAL)
    ok(node.setValue(float(value)), str(value))
    ok(node.setUnits(units), units)
    return node


def either(below: Any, key: str, bound: int, above_: Any) -> Any:
    """One formula where `key` is less than a whole number, else the other."""
    test = _node(libsbml.AST_RELATIONAL_LT, [name(key), number(bound, "dimensionless")])
    return _node(libsbml.AST_FUNCTION_PIECEWISE, [below, test, above_])


def above(id_: str, threshold: str) -> Any:
    """Whether the one is greater than the other."""
    return _node(libsbml.AST_RELATIONAL_GT, [name(id_), name(threshold)])


def negative(term: Any) -> Any:
    """The term with its sign turned."""
    return _node(libsbml.AST_MINUS, [term])


def _node(kind: int, children: Sequence[Any]) -> Any:
    node = libsbml.ASTNode(kind)
    for child in children:
        ok(node.addChild(child), "formula")
    return node
