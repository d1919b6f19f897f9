"""The ends of lists that values are taken from, which both halves of a recurrence do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_FIRST, _LAST = ("0",), ("", "-1")
"""What `pop` is given for the first value and for the last."""
_FILES = 32
"""Most files of which is known what they take."""


def popped(s: Statement) -> Iterator[Candidate]:
    """Yield a value that is taken from the other end of a list."""
    for node in s.nodes:
        given = _given(node)
        if given is None or not isinstance(node, ast.Call):
            continue
        others = _FIRST if given in _LAST else _LAST
        usual = [one for one in _every(s.unit.tree) if one in others]
        text = f"{s.text(node.func)}({(usual or others)[0]})"
        edit = Edit(s.unit.start(node), s.unit.end(node), text)
        told = f"{s.text(node)} must be {text}"
        yield Candidate((edit,), "wrong-variable", told, 0, text, node, named=bool(usual))


def pops_unlike(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a statement takes values from another end than all others of the file."""
    own = {given for one in walked(node) if (given := _given(one)) is not None}
    if not own:
        return False
    every = [*_every(unit.tree)]
    first = {one in _FIRST for one in own}
    rest = [one in _FIRST for one in every]
    return len(first) == 1 and rest.count(*first) == 1 < len(rest)


@lru_cache(_FILES)
def _every(tree: ast.Module) -> tuple[str, ...]:
    """Return what the calls of `pop` in a file are given."""
    return tuple(given for one in nodes_of(tree) if (given := _given(one)) is not None)


def _given(node: ast.AST) -> str | None:
    """Return the text of what a call of `pop` is given, if that tells an end; else None."""
    match node:
        case ast.Call(ast.Attribute(attr="pop"), [], []):
            return ""
        case ast.Call(ast.Attribute(attr="pop"), [at], []) if ast.unparse(at) in ("0", "-1"):
            return ast.unparse(at)
        case _:
            return None
