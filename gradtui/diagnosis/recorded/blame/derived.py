"""The derivative of an elementwise expression by one of its operands, as an expression again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import ModuleType

from gradtui.diagnosis.recorded.blame.trees import walked

_SIGMOID = ("sigmoid", "expit")
_SLOPES = {
    **dict.fromkeys(_SIGMOID, "{f} * (1 - {f})"),
    "tanh": "1 - {f}**2",
    "exp": "{f}",
    "log": "1 / {z}",
    "sqrt": "0.5 / {f}",
    "sin": "{n}cos({z})",
    "cos": "-{n}sin({z})",
    "abs": "{n}sign({z})",
    "square": "2 * {z}",
    "erf": "2 / {n}pi**0.5 * {n}exp(-{z}**2)",
    "relu": "({z} > 0)",
    "softplus": "{n}sigmoid({z})",
    "logsigmoid": "{n}sigmoid(-{z})",
    "elu": "{n}where({z} > 0, 1.0, {n}exp({z}))",
    **dict.fromkeys(("silu", "swish"), "{n}sigmoid({z}) * (1 + {z} * (1 - {n}sigmoid({z})))"),
    "gelu": "0.5 * (1 + {n}erf({z} / 2**0.5)) + {z} * {n}exp(-0.5 * {z}**2) / (2 * {n}pi)**0.5",
}
"""Name of a function -> its slope at z, where its value is f; `n` is the prefix of the module."""
_REST = {"silu": "1 + {z} * (1 - {n}sigmoid({z}))", "swish": "1 + {z} * (1 - {n}sigmoid({z}))"}
"""What the slope of a product with a function is, divided by that function."""


class Deriving:
    """Derivatives in the spelling of a module."""

    def __init__(self, module: ModuleType, prefix: str) -> None:
        """`prefix` is the module's name with a dot."""
        self._module, self._prefix = module, prefix

    def of(self, node: ast.expr, base: str) -> ast.expr | None:
        """Return the derivative by the operand that a dump tells; None if it is unknown."""
        if ast.dump(node) == base:
            return _parsed("1")
        if all(ast.dump(one) != base for one in walked(node)):
            return _parsed("0") if _is_number(node) else None
        if (found := applied(node)) is not None:
            return self._chained(node, *found, base)
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.of(operand, base)
                return None if inner is None else _made("-({})", inner)
            case ast.BinOp(left=left, op=op, right=right):
                one, two = self.of(left, base), self.of(right, base)
                if one is not None and two is not None:
                    return _combined(left, op, right, one, two)
        return None

    def _chained(self, node: ast.expr, name: str, operand: ast.expr, base: str) -> ast.expr | None:
        inner, outer = self.of(operand, base), self._filled(_SLOPES.get(name), node, operand)
        return None if inner is None or outer is None else _product(outer, inner)

    def rest(self, node: ast.expr, base: str) -> ast.expr | None:
        """Return the slope of `z * sigmoid(z)` without its first factor; None of other ones.

        Of the two terms of that slope the second is forgotten easily.
        """
        match node:
            case ast.BinOp(left=one, op=ast.Mult(), right=two):
                pairs = [(one, two), (two, one)]
            case _:
                found = applied(node)
                own = found is not None and ast.dump(found[1]) == base
                return self._filled(_REST.get(found[0]), node, found[1]) if found and own else None
        for factor, other in pairs:
            found = applied(other)
            if found and found[0] in _SIGMOID and ast.dump(factor) == ast.dump(found[1]) == base:
                return _made("1 + ({}) * (1 - ({}))", factor, other)
        return None

    def _filled(self, form: str | None, node: ast.expr, operand: ast.expr) -> ast.expr | None:
        if form is None:
            return None
        f, z = f"({ast.unparse(node)})", f"({ast.unparse(operand)})"
        made = _parsed(form.format(f=f, z=z, n=self._prefix))
        used = (one for one in walked(made) if isinstance(one, ast.Attribute)
                and ast.unparse(one).startswith(self._prefix))  # fmt: skip
        return made if all(hasattr(self._module, one.attr) for one in used) else None


def applied(node: ast.expr) -> tuple[str, ast.expr] | None:
    """Return the name of the function that a call applies, and to what; None if it is unknown."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[operand], keywords=[]):
            pass
        case ast.Call(func=ast.Attribute(attr=name), args=[operand], keywords=[]):
            pass
        case ast.Call(func=ast.Attribute(value=operand, attr=name), args=[], keywords=[]):
            pass
        case _:
            return None
    return (name, operand) if name in _SLOPES else None


def operands(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the operands of the functions with known slopes in an expression."""
    for one in walked(node):
        if isinstance(one, ast.expr) and (found := applied(one)) is not None:
            yield found[1]


def _combined(
    left: ast.expr, op: ast.operator, right: ast.expr, one: ast.expr, two: ast.expr
) -> ast.expr | None:
    match op:
        case ast.Add():
            return _sum(one, two)
        case ast.Sub():
            return one if _is(two, 0) else _made("({}) - ({})", one, two)
        case ast.Mult():
            return _sum(_product(one, right), _product(left, two))
        case ast.Div() if _is(two, 0):
            return _made("({}) / ({})", one, right)
        case ast.Div():
            return _made("(({}) * ({}) - ({}) * ({})) / ({})**2", one, right, left, two, right)
        case ast.Pow() if isinstance(right, ast.Constant) and right.value == 2:
            return _product(_made("2 * ({})", left), one)
        case ast.Pow() if _is(two, 0):
            return _product(_made("({}) * ({})**(({}) - 1)", right, left, right), one)
    return None


def _sum(one: ast.expr, two: ast.expr) -> ast.expr:
    return two if _is(one, 0) else one if _is(two, 0) else _made("({}) + ({})", one, two)


def _product(one: ast.expr, two: ast.expr) -> ast.expr:
    if _is(one, 0) or _is(two, 0):
        return _parsed("0")
    return two if _is(one, 1) else one if _is(two, 1) else _made("({}) * ({})", one, two)


def _is(node: ast.expr, value: int) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _is_number(node: ast.expr) -> bool:
    return all(
        isinstance(one, ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop)
        for one in walked(node)
    )


def _made(form: str, *parts: ast.expr) -> ast.expr:
    return _parsed(form.format(*map(ast.unparse, parts)))


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
