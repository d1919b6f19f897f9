"""Lines that make anew what another line of the function has, or make it otherwise than that."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.computing import own_methods
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked


def doubled(s: Statement) -> Iterator[Candidate]:
    """Yield calls of unused methods for one that another line makes under another name.

    Such as `b = self.backward(g, n)` for `b = self.forward(g, n)`, beside `a = self.forward(g, n)`.
    A method is given what its arguments are named after.
    """
    own = s.value()
    if not isinstance(own, ast.Call) or not _is_made_twice(s, own):
        return
    called = {ast.unparse(one.func) for one in nodes_of(s.unit.tree) if isinstance(one, ast.Call)}
    for text, method in own_methods(s):
        given = [*inspect.signature(method).parameters][1:]
        if given and text not in called and s.scope.keys() >= {*given}:
            made = f"{text}({', '.join(given)})"
            told, edit = f"{s.text(own)} must be {made}", s.replaced(own, made)
            yield Candidate((edit,), "wrong-variable", told, 0, made, own, named=True)


def _is_made_twice(s: Statement, call: ast.Call) -> bool:
    """Return whether another line of the function stores the value of the same call."""
    return any(
        one is not s.node and ast.dump(one.value) == ast.dump(call) for one in s.unit.of(ast.Assign)
    )


def redone(s: Statement) -> Iterator[Candidate]:
    """Yield what another line of the function stores under a name, with the indices of this one.

    Such as `c = self.states[0].output` for `c = self.cells[0]`, beside
    `c = self.states[t].output`.
    """
    match s.node:
        case ast.Assign([ast.Name(name)], own):
            pass
        case _:
            return
    index = _indices(own)
    if len(index) != 1:
        return
    for other in s.unit.of(ast.Assign):
        if other is s.node or ast.dump(other.targets[0]) != ast.dump(s.node.targets[0]):
            continue
        if len(_indices(other.value)) == 1 and name not in names_in(other.value):
            made = _picking(other.value, *index)
            if made != ast.unparse(own):
                told = f"{s.text(own)} must be {made}, as in line {other.lineno}"
                edit = s.replaced(own, made)
                yield Candidate((edit,), "wrong-variable", told, 0, made, own, named=True)


def _indices(node: ast.expr) -> set[str]:
    """Return the indices in an expression that pick one element each."""
    return {ast.unparse(one.slice) for one in _picks(node)}


def _picks(node: ast.expr) -> list[ast.Subscript]:
    """Return the parts of an expression that pick one element each."""
    return [
        one for one in walked(node) if isinstance(one, ast.Subscript)
        and not any(isinstance(part, ast.Slice) for part in walked(one.slice))
    ]  # fmt: skip


def _picking(node: ast.expr, index: str) -> str:
    """Return an expression with another index in the place of each that picks one element."""
    copied = ast.parse(ast.unparse(node), mode="eval").body
    for one in _picks(copied):
        one.slice = ast.parse(index, mode="eval").body
    return ast.unparse(copied)
