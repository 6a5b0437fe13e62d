"""What MathML's functions, relations and constants mean for plain numbers; truth is 1 and 0."""

import math
from collections.abc import Callable, Mapping
from functools import reduce
from itertools import pairwise
from operator import eq, ge, gt, le, lt, ne

import libsbml

CONSTANTS: Mapping[int, float] = {
    libsbml.AST_CONSTANT_E: math.e,
    libsbml.AST_CONSTANT_PI: math.pi,
    libsbml.AST_CONSTANT_TRUE: 1.0,
    libsbml.AST_CONSTANT_FALSE: 0.0,
    libsbml.AST_NAME_AVOGADRO: 6.02214179e23,  # the value that the SBML specification fixes
}


def _chain(holds: Callable[[float, float], bool]) -> Callable[..., float]:
    return lambda first, *rest: float(all(holds(a, b) for a, b in pairwise((first, *rest))))


def _piecewise(*parts: float) -> float:
    for value, condition in zip(parts[::2], parts[1::2], strict=False):
        if condition:
            return value
    if len(parts) % 2 == 0:
        raise ValueError("no condition holds and there is no otherwise")
    return parts[-1]


def _factorial(value: float) -> float:
    if not (0 <= value <= 170 and float(value).is_integer()):
        raise ValueError("factorial")
    return float(math.factorial(int(value)))


FUNCTIONS: Mapping[int, Callable[..., float]] = {
    libsbml.AST_FUNCTION_EXP: math.exp,
    libsbml.AST_FUNCTION_LN: lambda value: math.log(value),
    libsbml.AST_FUNCTION_LOG: lambda base, value: math.log10(value) if base == 10 else math.log(value) / math.log(base),
    libsbml.AST_FUNCTION_ABS: abs,
    libsbml.AST_FUNCTION_FLOOR: math.floor,
    libsbml.AST_FUNCTION_CEILING: math.ceil,
    libsbml.AST_FUNCTION_FACTORIAL: _factorial,
    libsbml.AST_FUNCTION_SIN: math.sin,
    libsbml.AST_FUNCTION_COS: math.cos,
    libsbml.AST_FUNCTION_TAN: math.tan,
    libsbml.AST_FUNCTION_ARCSIN: math.asin,
    libsbml.AST_FUNCTION_ARCCOS: math.acos,
    libsbml.AST_FUNCTION_ARCTAN: math.atan,
    libsbml.AST_FUNCTION_SINH: math.sinh,
    libsbml.AST_FUNCTION_COSH: math.cosh,
    libsbml.AST_FUNCTION_TANH: math.tanh,
    libsbml.AST_FUNCTION_MAX: lambda first, *rest: max(first, *rest) if rest else first,
    libsbml.AST_FUNCTION_MIN: lambda first, *rest: min(first, *rest) if rest else first,
    libsbml.AST_FUNCTION_QUOTIENT: lambda a, b: float(math.trunc(a / b)),
    libsbml.AST_FUNCTION_REM: math.fmod,
    libsbml.AST_FUNCTION_PIECEWISE: _piecewise,
    libsbml.AST_RELATIONAL_EQ: _chain(eq),
    libsbml.AST_RELATIONAL_NEQ: lambda a, b: float(ne(a, b)),
    libsbml.AST_RELATIONAL_GT: _chain(gt),
    libsbml.AST_RELATIONAL_GEQ: _chain(ge),
    libsbml.AST_RELATIONAL_LT: _chain(lt),
    libsbml.AST_RELATIONAL_LEQ: _chain(le),
    libsbml.AST_LOGICAL_AND: lambda *values: float(all(values)),
    libsbml.AST_LOGICAL_OR: lambda *values: float(any(values)),
    libsbml.AST_LOGICAL_NOT: lambda value: float(not value),
    libsbml.AST_LOGICAL_XOR: lambda *values: float(reduce(ne, map(bool, values), False)),
}
"""By type of libSBML's nodes; each raises ValueError, OverflowError, ZeroDivisionError or TypeError (wrong count)."""
