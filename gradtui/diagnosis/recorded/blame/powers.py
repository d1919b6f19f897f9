"""The rule of powers, which slopes follow: the coefficient is the exponent plus one."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import summands
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit

_POWER = b"**"
_SQUARES = ("2", "_2", "sq", "_sq", "_squared")
"""What the name of a square has behind that of its root."""
_FILES = 32
"""Most files of which it is known what they take the roots of."""


def ruled(s: Statement, edits: Sequence[Edit]) -> int:
    """Return how many slopes of powers, such as `-0.5 * x**(-3 / 2)`, edits make; below 0: break.

    A square has none whose exponent is written.
    """
    before = s.text(s.node)
    if _POWER not in s.unit.source or "**" not in before:
        return 0
    return slopes(s.unit.text_after(s.node, edits)) - slopes(before)


def is_rooted(s: Statement, candidate: Candidate) -> bool:
    """Return whether it takes the root of a sum whose first term has one elsewhere in the file.

    Or of a value that is named as the square of what is stored, such as `norm = sqrt(norm2)`.
    """
    (edit, *more), node = candidate.edits, candidate.node
    text = edit.text.decode()
    if more or not (text.endswith("**0.5") or "sqrt(" in text):
        return False
    match s.node, node:
        case ast.Assign([ast.Name(root)], value), ast.Name(square) if value is node:
            return square.removeprefix(root) in _SQUARES
        case _, ast.BinOp(op=ast.Add()):
            return _leading(node) in _rooted(s.unit.tree)
        case _:
            return False


@lru_cache(_FILES)
def _rooted(tree: ast.Module) -> frozenset[str]:
    """Return the first terms of the sums that a file takes the roots of."""
    calls = (one for one in walked(tree) if isinstance(one, ast.Call) and len(one.args) == 1)
    roots = (one.args[0] for one in calls if getattr(one.func, "attr", "") == "sqrt")
    return frozenset(_leading(one) for one in roots if isinstance(one, ast.BinOp))


def _leading(node: ast.expr) -> str:
    """Return the first term of a sum, without indices."""
    first = next(summands(node))
    return ast.unparse(first.value if isinstance(first, ast.Subscript) else first)


def slopes(text: str) -> int:
    """Return how many products of a statement have one power, and the coefficient of its slope."""
    with suppress(SyntaxError):
        return _slopes_in(ast.parse(text.strip()))
    return 0


def _slopes_in(node: ast.AST) -> int:
    factors = [*_factors(node, times=True)] if isinstance(node, ast.BinOp | ast.UnaryOp) else []
    inner = [one for factor, _ in factors for one in ast.iter_child_nodes(factor)]
    below = inner if factors else ast.iter_child_nodes(node)
    return _is_slope(factors) + sum(map(_slopes_in, below))


def _is_slope(factors: Sequence[tuple[ast.expr, bool]]) -> bool:
    numbers = [(_number(one), times) for one, times in factors]
    constants = [one if times else 1 / one for one, times in numbers if one]
    told = any(abs(one) != 1 for one in constants)  # a mere sign is there for other reasons, too
    exponents = [
        exponent if times else -exponent for one, times in factors
        if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Pow)
        and (exponent := _number(one.right)) is not None
    ]  # fmt: skip
    return len(exponents) == 1 and told and math.isclose(
        math.prod(constants), exponents[0] + 1
    )  # fmt: skip


def _factors(node: ast.expr, *, times: bool) -> Iterator[tuple[ast.expr, bool]]:
    """Yield the factors of a product, and whether it multiplies by them."""
    match node:
        case ast.BinOp(left, ast.Mult(), right) if _number(node) is None:
            yield from _factors(left, times=times)
            yield from _factors(right, times=times)
        case ast.BinOp(left, ast.Div(), right) if _number(node) is None:
            yield from _factors(left, times=times)
            yield from _factors(right, times=not times)
        case ast.UnaryOp(ast.USub(), operand) if _number(node) is None:
            yield ast.Constant(-1), True
            yield from _factors(operand, times=times)
        case _:
            yield node, times


def _number(node: ast.expr) -> float | None:
    """Return the value of a written number, a quotient of two included."""
    match node:
        case ast.Constant(int() | float() as value):
            return float(value)
        case ast.UnaryOp(ast.USub(), operand):
            inner = _number(operand)
            return None if inner is None else -inner
        case ast.BinOp(left, ast.Div(), right):
            above, below = _number(left), _number(right)
            return above / below if above is not None and below else None
        case _:
            return None
