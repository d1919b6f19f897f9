"""What flows back through a bend itself, such as a ReLU, instead of being masked by its slope."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import name_of

_MOST = 6
"""Most arrays whose mask is tried."""
_SUM, _TIMES = 1, 2
"""How tightly a sum and a product bind."""
_BOUNDS = frozenset({"min", "max", "a_min", "a_max"})
_RELU = frozenset({"relu", "ReLU", "Relu"})

Bend = tuple[ast.expr, str | None, str | None]
"""What goes through a bend, and the bounds between which that is not changed."""


def rectified(s: Statement) -> Iterator[Candidate]:
    """Yield masks in the place of bends: of where another array is between their bounds."""
    for node in (one for one in s.nodes if isinstance(one, ast.Call)):
        bend = _bend(s, node)
        if bend is None:
            continue
        inner, low, high = bend
        shape, own = s.shape(inner) or s.shape(node) or s.shape_of_value(node), s.text(inner)
        alike = [(text, held.kind) for text, held in s.scope.items()
                 if shape and held.shape == shape and text != own]  # fmt: skip
        sides = [f"{{}} > {low}"] * (low is not None) + [f"{{}} < {high}"] * (high is not None)
        for side in sides if len(sides) == 1 else ():
            slope = f"({side.format(s.inside(inner, _SUM))})"
            told, edit = f"it must be its slope {slope}", s.replaced(node, slope)
            yield Candidate((edit,), "wrong-point", told, 1, slope, node)
        masks = [(text, [text]) for text, kind in alike if kind == "b"]
        masks += [
            (text, [one.format(text) for one in sides]) for text, kind in alike if kind == "f"
        ]
        for text, parts in masks[:_MOST]:
            mask = " & ".join(f"({one})" for one in parts) if len(parts) > 1 else parts[0]
            mask = mask if mask == text else f"({mask})"
            told = f"{own} is cut off by its own value: it must pass where {' and '.join(parts)}"
            edit = s.replaced(node, f"{s.inside(inner, _TIMES)} * {mask}", _TIMES)
            yield Candidate((edit,), "wrong-point", told, 1, mask, node)


def _bend(s: Statement, node: ast.Call) -> Bend | None:
    """Return what a call bends; None if it does something else."""
    name, args = name_of(node.func), [*node.args]
    if isinstance(node.func, ast.Attribute) and not s.is_module(node.func.value):
        args.insert(0, node.func.value)
    named = {one.arg: s.text(one.value) for one in node.keywords}
    if not args or not named.keys() <= _BOUNDS:
        return None
    if name in _RELU and len(args) == 1:
        return args[0], "0", None
    if name in ("maximum", "fmax", "minimum", "fmin") and len(args) == 2:
        return _of_two(s, args, least=name in ("maximum", "fmax"))
    if name in ("clip", "clamp", "clamp_min", "clamp_max") and len(args) <= 3:
        given = [*map(s.text, args[1:])]
        if name == "clamp_max":
            given.insert(0, "None")
        low: str | None
        high: str | None
        low, high = (*given, "None", "None")[:2]
        low = named.get("min", named.get("a_min", low))
        high = named.get("max", named.get("a_max", high))
        if (low, high) != ("None", "None"):
            low, high = (None if one == "None" else one for one in (low, high))
            return args[0], low, high
    return None


def _of_two(s: Statement, args: list[ast.expr], *, least: bool) -> Bend | None:
    """Return what a maximum, or a minimum, of an array and a number bends."""
    numbers = [one for one in args if s.shape(one) == () or isinstance(one, ast.Constant)]
    if len(numbers) != 1:
        return None
    inner, bound = args[1 - args.index(numbers[0])], s.text(numbers[0])
    return (inner, bound, None) if least else (inner, None, bound)
