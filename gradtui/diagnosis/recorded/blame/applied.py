"""Edits that apply to an array what belongs to it: a function of the user's own, or symmetry.

Or an order, in which the function picks the elements of another array.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from types import FunctionType

from gradtui.diagnosis.recorded.blame.branches import inserted
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.computing import own_functions, own_methods
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.roles import skips, uncalled
from gradtui.diagnosis.recorded.blame.scope import Shape

_PLACES, _FUNCTIONS = 8, 4
"""Most arrays that something is applied to, and most functions."""
_GATHERING = ("gather", "take_along_axis", "take_along_dim")
"""Functions that pick elements along an axis by an array of indices."""


def applied(s: Statement) -> Iterator[Candidate]:
    """Yield calls of the user's own functions of one array, and matrices made symmetric."""
    own, forgotten = [name for name, count in own_functions(s) if count == 1], uncalled(s.unit.tree)
    own = sorted(own, key=lambda name: name not in forgotten)[:_FUNCTIONS]
    methods = [name for name, one in own_methods(s) if one.__code__.co_argcount == 2]
    own += methods[:_FUNCTIONS]
    local = _local(s)
    for node in _arrays(s):
        text, call = s.text(node), s.parents.get(node)
        for name in own:
            if _is_called(call, name):
                continue
            made = f"{name}({text})"
            if skips(s.unit.tree, made):
                continue
            told = f"{text} must be {made}" if name in methods else f"{name} of {text} is needed"
            cost = 1 if name in forgotten or made.encode() in s.unit.source else 2
            yield Candidate((s.replaced(node, made),), "missing-factor", told, cost, name, node)
        shape = s.shape(node) or ()
        for name, texts in local.items():
            if not _is_called(call, name):
                made, told = f"{name}({text})", f"{name} of {text} is needed"
                edit, cost = s.replaced(node, made), 0 if text in texts else 1
                yield Candidate((edit,), "missing-factor", told, cost, name, node)
        yield from _gathered(s, node, shape)
        if len(shape) > 1 and shape[-1] == shape[-2] > 1:
            turned = s.transpose if len(shape) == 2 else s.dialect.swapped
            inner = s.inside(node, 9)
            made, told = f"({text} + {inner}{turned}) / 2", f"{text} must be made symmetric"
            yield Candidate((s.replaced(node, made, 2),), "missing-term", told, 2, made, node)


def _local(s: Statement) -> dict[str, set[str]]:
    """Return the functions that the function makes and calls, with what it gives each of them.

    Each is given one value.  What the code calls itself does no harm where it is called once more.
    """
    found = defaultdict[str, set[str]](set)
    for one in s.unit.of(ast.Call):
        if isinstance(one.func, ast.Name) and len(one.args) == 1 and not one.keywords:
            made = s.locals.get(one.func.id)
            if isinstance(made, FunctionType) and one.func.id in s.recent:
                found[one.func.id].add(s.text(one.args[0]))
    return dict(islice(found.items(), _FUNCTIONS))


def _is_called(call: ast.AST | None, name: str) -> bool:
    return isinstance(call, ast.Call) and ast.unparse(call.func) == name


def mirrored(s: Statement) -> Iterator[Candidate]:
    """Yield the line that stores an entry of a symmetric matrix in its other half, too."""
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    index = target.slice if isinstance(target, ast.Subscript) else None
    if not isinstance(target, ast.Subscript) or not isinstance(index, ast.Tuple):
        return
    shape, name = s.shape(target.value) or (), s.text(target.value)
    places = [", ".join(map(s.text, parts)) for parts in (index.elts, index.elts[::-1])]
    if len(shape) == len(index.elts) == 2 and shape[0] == shape[1] and places[0] != places[1]:
        line = f"{name}[{places[1]}] = {name}[{places[0]}]"
        told = f"{line} is missing: the matrix is symmetric"
        edit = inserted(s, s.node, line, behind=True)
        yield Candidate((edit,), "missing-path", told, 1, line, s.node, named=True)


def _gathered(s: Statement, node: ast.expr, shape: Shape) -> Iterator[Candidate]:
    """Yield an array's elements, picked as the function picks those of another one."""
    orders = [text for text, held in s.scope.items() if (held.shape, held.kind) == (shape, "i")]
    calls = [
        one for one in s.unit.of(ast.Call)
        if getattr(one.func, "attr", "") in _GATHERING
        and len(one.args) == 3 and s.text(one.args[0]) != s.text(node)
    ]  # fmt: skip
    for call in calls if shape else ():
        indices = [one for one in call.args if (held := s.held(one)) and held.kind == "i"
                   and held.shape]  # fmt: skip
        for order in orders[:_FUNCTIONS] if len(indices) == 1 else ():
            given = [order if one is indices[0] else s.text(one) for one in call.args[1:]]
            made = f"{s.text(call.func)}({', '.join([s.text(node), *given])})"
            told = f"its elements must be picked by {order}"
            yield Candidate((s.replaced(node, made),), "missing-factor", told, 2, made, node)


def _arrays(s: Statement) -> list[ast.expr]:
    """Return the named arrays that a statement computes from, and what it makes of them.

    Then come the single numbers.
    """
    found = [one for one in s.nodes if isinstance(one, ast.expr) and is_leaf(one)]
    named = [
        one for one in found
        if not isinstance(getattr(one, "ctx", None), ast.Store) and one not in s.indexing
        and (held := s.held(one)) is not None and held.kind == "f"
    ]  # fmt: skip
    named.sort(key=lambda one: not s.shape(one))
    made = [one for one in s.values if isinstance(one, ast.BinOp) and s.shape(one)]
    return [*made, *named][:_PLACES]
