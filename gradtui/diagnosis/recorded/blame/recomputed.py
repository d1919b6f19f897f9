"""What a line stores, as another function stores it under that name: a value computed anew."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.likeness import narrowed
from gradtui.diagnosis.recorded.blame.trees import block_of, target_of, walked

_COST = 1
_SHARED = 4
"""Characters with which the names of two halves begin, as those of `norm` and `norm_back`."""
_MOST = 2
"""Most such lines of other functions that are tried."""
_FILES = 32
"""Most files of which is known what their functions store."""
_Storing = ast.Assign | ast.AugAssign


def recomputed(s: Statement) -> Iterator[Candidate]:
    """Yield the values that other halves of its function store under the same name."""
    node = s.node
    if not isinstance(node, _Storing):
        return
    known = {*s.scope, *s.unit.globals, *vars(builtins)}
    for other in _beside(s, node)[:_MOST]:
        names = {one.id for one in walked(other.value) if isinstance(one, ast.Name)}
        if names <= known:
            own, made = narrowed(node.value, other.value)
            text = s.spelled(ast.unparse(made))
            told = f"{s.text(own)} must be {text}, as in line {other.lineno}"
            edit = s.replaced(own, text, s.binding(made))
            yield Candidate((edit,), _rule(own, made), told, _COST, text, own)


def _rule(own: ast.expr, made: ast.expr) -> str:
    """Return what is wrong with an expression if it must be another."""
    if isinstance(made, ast.BinOp) and ast.dump(made.left) == ast.dump(own):
        return "missing-factor" if isinstance(made.op, ast.Mult | ast.Div) else "missing-term"
    return "wrong-variable"


def _beside(s: Statement, node: _Storing) -> Sequence[_Storing]:
    """Return the statements of the functions beside that store something else there."""
    stored = _stored(s.unit.tree).get(s.unit.node.lineno, ())
    key = type(node), ast.dump(target_of(node))
    found = [one for one in stored if (type(one), ast.dump(target_of(one))) == key]
    return [one for one in found if ast.dump(one.value) != ast.dump(node.value)]


@lru_cache(_FILES)
def _stored(tree: ast.Module) -> dict[int, Sequence[_Storing]]:
    """Return what the other halves of a function store, by its first line, the nearest first.

    Those are methods beside it, and functions with names that begin alike.
    """
    functions = [one for one in walked(tree) if isinstance(one, Function)]
    found = dict[int, Sequence[_Storing]]()
    for own in functions:
        block = block_of(tree, own)
        methods = block is not tree.body
        beside = [
            one for one in block if isinstance(one, Function) and one is not own
            and (methods or one.name[:_SHARED] == own.name[:_SHARED])
        ]  # fmt: skip
        beside.sort(key=lambda one: abs(one.lineno - own.lineno))
        found[own.lineno] = [
            node for one in beside for node in walked(one) if isinstance(node, _Storing)
        ]
    return found
