"""Rate laws as C++ evaluates them on unsigned 32-bit counts: what wraps around and what loses its fraction shows."""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def rates_in_c(laws: Sequence[str], constants: Mapping[str, float], counts: Mapping[str, float]) -> list[float]:
    """Value of each law (an expression of Python) with counts as `unsigned int` and constants as `double`.

    `A * (A - 1) * k` of 100,000 items wraps around, `k * A * (A - 1)` does not; `1 / 2 * k` is 0.
    """
    names: dict[str, Any] = {name: np.uint32(count) for name, count in counts.items()}
    functions = {**constants, "_divide": _divide, "pow": lambda base, exponent: float(base) ** float(exponent)}
    with np.errstate(over="ignore"):
        return [float(eval(compile(_as_in_c(law), "law", "eval"), dict(functions), names)) for law in laws]  # noqa: S307


class _Division(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        return ast.Call(func=ast.Name(id="_divide", ctx=ast.Load()), args=[node.left, node.right], keywords=[])


def _as_in_c(law: str) -> ast.Expression:
    tree: ast.Expression = ast.fix_missing_locations(_Division().visit(ast.parse(law, mode="eval")))
    return tree


def _divide(a: Any, b: Any) -> Any:
    whole = isinstance(a, int | np.unsignedinteger) and isinstance(b, int | np.unsignedinteger)
    return a // b if whole else a / b
