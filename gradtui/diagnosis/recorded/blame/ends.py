"""The lines at which the function gives each returned gradient its last value."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Unit, Unreadable
from gradtui.recording.functions import function_of


def last_stored(called: Callable[..., Any], at: int, *, absent: bool = False) -> Place | None:
    """Return the line that stores the gradient returned at a place, or else the line that returns
    it.

    For an `absent` one it is the condition on which it is stored.  None if the function returns
    fewer.
    """
    unit = unit_of(called)
    own = None if unit is None else _returned(unit, at)
    if unit is None or own is None:
        return None
    stores = [
        one for one in unit.nodes
        if isinstance(own, ast.Name) and isinstance(one, ast.Name) and one.id == own.id
        and isinstance(one.ctx, ast.Store)
    ]  # fmt: skip
    last = max(stores, key=lambda one: one.lineno, default=None)
    told: ast.expr = own if last is None else last
    tests = [
        node.test for node in unit.of(ast.If)
        if any(one is last for part in node.body
                                            for one in walked(part))
    ]  # fmt: skip
    if absent and tests:
        told = tests[-1]
    return unit.place(unit.start(told), unit.end(told))


def handed_out(called: Callable[..., Any], name: str) -> Place | None:
    """Return where the function returns a gradient beside the loss by its name; None if unknown."""
    unit = unit_of(called)
    own = None if unit is None else _returned(unit, 1)
    if unit is None or not isinstance(own, ast.Dict):
        return None
    found = dict(zip(map(_named, own.keys), own.values, strict=True)).get(name)
    return None if found is None else unit.place(unit.start(found), unit.end(found))


def returned(called: Callable[..., Any], count: int) -> Place | None:
    """Return where a function returns so many values; None if that is unknown."""
    unit = unit_of(called)
    ends = [] if unit is None else unit.of(ast.Return)
    told = [one for one in ends if len(values_of(one)) == count] or ends
    if unit is None or len(told) != 1:
        return None
    return unit.place(unit.start(told[0]), unit.end(told[0]))


def _named(key: ast.expr | None) -> object:
    return key.value if isinstance(key, ast.Constant) else None


def unit_of(called: Callable[..., Any]) -> Unit | None:
    """Return the text of a function of the user's; None if it cannot be read."""
    function = function_of(called)
    try:
        return Unit(function.__code__, [function]) if inspect.isfunction(function) else None
    except (Unreadable, SyntaxError):
        return None


def _returned(unit: Unit, at: int) -> ast.expr | None:
    """Return the expression that a function returns at a place, if it does so in one line."""
    ends = unit.of(ast.Return)
    if len(ends) != 1:
        return None
    found = values_of(ends[0])
    return found[at] if at < len(found) else None


def values_of(end: ast.Return) -> Sequence[ast.expr]:
    """Return the expressions that a statement returns, by their places."""
    value = end.value
    return value.elts if isinstance(value, ast.Tuple) else [value] if value is not None else []
