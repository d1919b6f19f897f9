"""What the calls of one function hand to it: an edit may make one of them unlike all others."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise

from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.expressions import is_leaf, name_of
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_FILES, _LINES = 32, 4096
"""Most files and lines of which is known what functions are given."""


def hands_unlike(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether a call hands something else to a function of the file than all others do.

    Such as `slope(a)` for `slope(z[-1])` beside `slope(z[t])`: other lines are likelier wrong.
    """
    given = _given(unit.tree)
    for before, after in _changed(unit, own, edits) if given else ():
        calls = given.get(name_of(before.func), {})
        others = [one for at, one in calls.items() if at != before.lineno]
        rows = zip(before.args, after.args, *(one.args for one in others), strict=False)
        for was, now, *beside in rows:
            if {_root(was)} == {*map(_root, beside)} and _root(was) != _root(now):
                return True
    return False


def _changed(
    unit: Unit, own: ast.stmt, edits: Sequence[Edit]
) -> Sequence[tuple[ast.Call, ast.Call]]:
    """Return the calls of a statement with what an edit makes of them, if it keeps all."""
    with suppress(SyntaxError):
        before, after = _calls_of(own), _calls_in(unit.text_after(own, edits))
        if [name_of(one.func) for one in before] == [name_of(one.func) for one in after]:
            return [*zip(before, after, strict=True)]
    return []


@lru_cache(_LINES)
def _calls_in(text: str) -> Sequence[ast.Call]:
    return _calls_of(ast.parse(text))


@lru_cache(_LINES)
def _calls_of(node: ast.AST) -> Sequence[ast.Call]:
    return [one for one in walked(node) if isinstance(one, ast.Call)]


def crossed(tree: ast.Module, call: ast.Call) -> Sequence[tuple[ast.expr, ast.expr]]:
    """Return the neighbouring arguments of a call that have the names of each other's parameters.

    Such as `update(momentum, rate)` for `def update(self, rate, momentum)`; or of their ends, as
    `dh` of a parameter `next_dh`.
    """
    own = [name_of(one) for one in call.args]
    return [
        (call.args[at], call.args[at + 1])
        for names in _parameters(tree).get(name_of(call.func), ())
        for at, (one, two) in enumerate(pairwise(names[: len(own)]))
        if _ends_in(one, own[at + 1]) and _ends_in(two, own[at])
        and not (_ends_in(one, own[at]) or _ends_in(two, own[at + 1]))
    ]  # fmt: skip


def _ends_in(parameter: str, name: str) -> bool:
    """Return whether a parameter has a name, perhaps behind another word."""
    return parameter == name or (bool(name) and parameter.endswith(f"_{name}"))


def scaled_beside(tree: ast.Module, call: ast.Call) -> Sequence[tuple[ast.expr, str]]:
    """Return the bare arguments of a call that all others divide or multiply by one name, with it.

    Such as `add(dU, rows)` beside `add(dV / n, rows)` and `add(dW / n, more)`.
    """
    calls = _given(tree).get(name_of(call.func), {})
    others = [one for at, one in calls.items() if at != call.lineno]
    found = list[tuple[ast.expr, str]]()
    for own, *beside in zip(call.args, *(one.args for one in others), strict=False):
        scales = {_scale(one) for one in beside}
        if len(beside) > 1 and is_leaf(own) and len(scales) == 1 and "" not in scales:
            found.append((own, f"{ast.unparse(own)} {scales.pop()}"))
    return found


def _scale(node: ast.expr) -> str:
    """Return what an argument is divided or multiplied by, with the sign; empty if by nothing."""
    match node:
        case ast.BinOp(_, ast.Div() | ast.Mult() as op, ast.Name() | ast.Attribute() as right):
            return f"{'/' if isinstance(op, ast.Div) else '*'} {ast.unparse(right)}"
        case _:
            return ""


def uncrosses(unit: Unit, own: ast.stmt, edits: Sequence[Edit]) -> bool:
    """Return whether an edit hands arguments to the parameters of their names, as all must be."""
    changed = _changed(unit, own, edits) if len(edits) > 1 else []
    return any(crossed(unit.tree, one) and not crossed(unit.tree, two) for one, two in changed)


@lru_cache(_FILES)
def _parameters(tree: ast.Module) -> Mapping[str, Sequence[Sequence[str]]]:
    """Return the names of the parameters of each function of a file, without a method's object."""
    methods = {id(one) for kind in nodes_of(tree) if isinstance(kind, ast.ClassDef)
               for one in kind.body}  # fmt: skip
    found = defaultdict[str, list[Sequence[str]]](list)
    for one in nodes_of(tree):
        if isinstance(one, ast.FunctionDef):
            bound = id(one) in methods and not one.decorator_list
            found[one.name].append([given.arg for given in one.args.args[bound:]])
    return found


@lru_cache(_FILES)
def _given(tree: ast.Module) -> Mapping[str, Mapping[int, ast.Call]]:
    """Return the calls of the functions that a file defines and calls on several lines."""
    defined = {one.name for one in nodes_of(tree) if isinstance(one, Function)}
    found = defaultdict[str, dict[int, ast.Call]](dict)
    for one in nodes_of(tree):
        if isinstance(one, ast.Call) and (name := name_of(one.func)) in defined:
            found[name][one.lineno] = one
    return {name: calls for name, calls in found.items() if len(calls) > 1}


@lru_cache(_LINES)
def _root(node: ast.expr) -> str:
    """Return a name, or that of which an entry is taken; another expression as it is written."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return ast.unparse(node)
