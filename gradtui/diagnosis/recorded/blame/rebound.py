"""Lines that give the name of a view to another value, in place of writing into what it views."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.begun import unfilled
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import OPERATORS
from gradtui.diagnosis.recorded.blame.names import is_of_gradient
from gradtui.diagnosis.recorded.blame.owned import is_own
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.watch import VIEWS

_FUNCTIONS = 64
"""Most functions of which it is kept where they give names."""


def is_rebound(s: Statement) -> bool:
    """Return whether a line takes the name of a view for a value that is lost, or leaves zeros.

    The array is the function's own or named as a gradient, so that it may be written into.
    """
    name, own = named_by(s), s.node.lineno
    made = [one for one in making(s.unit).get(name, ()) if one.lineno < own]
    view = max(made, key=lambda one: one.lineno, default=None)
    whole = None if view is None else _viewed(view.value)
    if view is None or whole is None:
        return False
    text, last = ast.unparse(whole), s.node.end_lineno or own
    read = any(
        one.id == name and one.lineno > last and isinstance(one.ctx, ast.Load)
        for one in s.unit.of(ast.Name)
    )  # fmt: skip
    writable = is_own(s, text) or is_of_gradient(text.rpartition(".")[2])
    return writable and (not read or text in unfilled(s.unit, view))


@lru_cache(_FUNCTIONS)
def making(unit: Unit) -> Mapping[str, Sequence[ast.Assign]]:
    """Return the names of a function, each with the lines that give it to a value."""
    found = defaultdict[str, list[ast.Assign]](list)
    for node in unit.of(ast.Assign):
        for name in {to.id for to in node.targets if isinstance(to, ast.Name)}:
            found[name].append(node)
    return found


def rebound(s: Statement) -> Iterator[Candidate]:
    """Yield the lines that write into what a name views, instead of giving it another value."""
    if not is_rebound(s) or not isinstance(s.node, ast.Assign):
        return
    name, value = named_by(s), s.node.value
    texts = [f"{name} += {s.text(value)}", f"{name}[:] = {s.text(value)}"]
    if isinstance(value, ast.BinOp) and ast.unparse(value.left) == name:
        texts = [f"{name} {OPERATORS[type(value.op)]}= {s.right(value)}", texts[1]]
    for text in texts:
        edit = Edit(s.unit.start(s.node), s.unit.end(s.node), text)
        told = f"{name} must be written into: it is a view, which another value takes the place of"
        yield Candidate((edit,), "missing-path", told, 0, None, s.node)


def named_by(s: Statement) -> str:
    """Return the only name that a statement gives to a value; empty if there is none."""
    targets = s.node.targets if isinstance(s.node, ast.Assign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def _viewed(value: ast.expr) -> ast.expr | None:
    """Return the array that an expression only views; None for other expressions."""
    match value:
        case ast.Subscript(value=array):
            pass
        case ast.Call(func=ast.Attribute(array, name)) if name in VIEWS:
            pass
        case _:
            return None
    return array if isinstance(array, ast.Name | ast.Attribute) else _viewed(array)
