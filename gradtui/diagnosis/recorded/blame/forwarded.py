"""Methods that only call another one of their object, as `__radd__` calls `__add__`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.units import Unit


def forwarded(s: Statement) -> Iterator[Candidate]:
    """Yield a call of the method whose name is in that of the one that only calls another."""
    for name in _meant(s.unit, s.node):
        called = _called(s.node)
        if called is not None:
            text = f"{s.text(called.value)}.{name}"
            told, edit = f"{s.text(called)} must be {text}", s.replaced(called, text)
            yield Candidate((edit,), "wrong-variable", told, 0, text, called, named=True)


def forwards_elsewhere(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a method calls another one than its name tells."""
    return any(True for _ in _meant(unit, node))


def _meant(unit: Unit, node: ast.stmt) -> Iterator[str]:
    """Yield the methods beside a method whose names are in its own, if it calls another one."""
    called, own = _called(node), unit.node
    if called is None or unit.owner is None or not isinstance(own, Function):
        return
    if not (isinstance(called.value, ast.Name) and called.value.id == unit.given):
        return
    name = own.name.strip("_")
    if called.attr.strip("_") not in name:
        for one in unit.owner.body:
            core = one.name.strip("_") if isinstance(one, Function) else ""
            if isinstance(one, Function) and core and core in name and one is not own:
                yield one.name


def _called(node: ast.stmt) -> ast.Attribute | None:
    """Return the method that a statement returns the result of, with names as they are."""
    match node:
        case ast.Return(ast.Call(ast.Attribute() as called, args, [])):
            return called if all(isinstance(one, ast.Name) for one in args) else None
        case _:
            return None
