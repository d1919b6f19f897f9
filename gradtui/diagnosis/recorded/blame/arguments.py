"""Edits of the numbers and the named arguments of calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from types import FunctionType

from gradtui.base.text import number
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf, name_of
from gradtui.diagnosis.recorded.blame.meaning import meant
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.recording.places import is_users_file

_NAMED = (("min", "max"), ("a_min", "a_max"), ("other", "input"))
"""Named arguments that may be confused."""
_FILES = 32
"""Most files of which is kept what is asked for every call."""
_COUNTS = 12
"""Most names of whole numbers that are tried for a written one."""
_LARGEST = 9
"""Largest whole number that may be off by one in an index."""


def arguments(s: Statement) -> Iterator[Candidate]:
    """Yield calls with other numbers, or with an argument of another name."""
    calls = [node for node in s.nodes if isinstance(node, ast.Call)]
    shifted = dict.fromkeys(
        one for call in calls for arg in call.args for one in walked(arg)
        if isinstance(one, ast.Constant) and isinstance(s.parents.get(one), ast.BinOp)
    )  # fmt: skip
    for one in shifted:
        yield from _off_by_one(s, one)
    for call in calls:
        yield from _renamed(s, call)
        yield from _named_alike(s, call)
        yield from _emptied(s, call)
        if _is_own(s, call):
            yield from _counted(s, call)
            yield from _summed(s, call)
    if s.loops:
        for node in s.nodes:
            if isinstance(node, ast.Constant) and type(node.value) is float:
                yield from _others(s, node)


def _off_by_one(s: Statement, node: ast.Constant) -> Iterator[Candidate]:
    """Yield a whole number that is added in an index, off by one."""
    parent, own = s.parents[node], node.value
    added = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
    if added and type(own) is int and 0 <= own <= _LARGEST:
        for value in (own - 1, own + 1):
            if value >= 0:
                told = f"{own} must be {value}"
                edit = s.replaced(node, str(value))
                yield Candidate((edit,), "wrong-variable", told, 1, str(value), node)


def _counted(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield calls with whole numbers in scope for a written one."""
    counts = [
        text for text, held in s.scope.items()
        if held.kind == "i" and text.isidentifier()
    ]  # fmt: skip
    for node in call.args:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            for text in counts[:_COUNTS]:
                told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
                yield Candidate((edit,), "wrong-variable", told, 1, text, node)


def _summed(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield calls with a sum or difference of the code beside for one of its terms.

    Such as what an output misses its target by, for the output.
    """
    sums = [one for one in s.unit.of(ast.BinOp) if isinstance(one.op, ast.Add | ast.Sub)]
    for node in filter(is_leaf, call.args):
        own, shape = ast.dump(node), s.shape(node)
        beside = (one for one in sums if own in (ast.dump(one.left), ast.dump(one.right))
                  and s.shape(one) == shape)  # fmt: skip
        for text in dict.fromkeys(map(s.text, beside)) if shape else ():
            told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
            yield Candidate((edit,), "wrong-variable", told, 0, text, node)


def hands_less(s: Statement) -> bool:
    """Return whether a call beside the loss is handed a term of a sum, where that stands beside."""
    calls = (node for node in s.nodes if isinstance(node, ast.Call) and _is_own(s, node))
    return s.spared is not None and any(True for call in calls for _ in _summed(s, call))


def _is_own(s: Statement, call: ast.Call) -> bool:
    """Return whether a call is one of the user's own function."""
    function = meant(s, call.func)
    return isinstance(function, FunctionType) and is_users_file(function.__code__.co_filename)


def _renamed(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield calls in which one named argument is another: a bound from above or from below."""
    given = {one.arg for one in call.keywords}
    for keyword in call.keywords:
        for pair in _NAMED:
            if keyword.arg not in pair or given.issuperset(pair):
                continue
            other = pair[1 - pair.index(keyword.arg)]
            value = s.text(keyword.value)
            start = s.unit.start(keyword.value) - len(keyword.arg) - 1
            edit = Edit(start, s.unit.end(keyword.value), f"{other}={value}")
            told = f"{keyword.arg} must be {other}"
            yield Candidate((edit,), "wrong-variable", told, 1, other, call)


def _named_alike(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield what a function is given under the name of an argument, in place of a constant."""
    given = {one.arg for one in s.unit.nodes if isinstance(one, ast.arg)}
    for keyword in call.keywords:
        name, value = keyword.arg or "", keyword.value
        if isinstance(value, ast.Constant) and name in given:
            told = f"{name} must be the {name} of the function, not {s.text(value)}"
            cost = int(name not in s.idle)
            yield Candidate((s.replaced(value, name),), "wrong-variable", told, cost, name, value)


def _emptied(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield zeros in the shape of an argument, where the file has them elsewhere."""
    for one in call.args if s.numpy and name_of(call.func) != "zeros_like" else ():
        text = s.text(one)
        if is_leaf(one) and text in _shaped(s.unit.tree):
            made = f"{s.numpy}zeros_like({text})"
            told = f"zeros in the shape of {text} are needed"
            yield Candidate((s.replaced(one, made),), "wrong-variable", told, 1, made, one)


@lru_cache(_FILES)
def _shaped(tree: ast.Module) -> frozenset[str]:
    """Return the names in whose shapes a file makes zeros."""
    calls = (one for one in nodes_of(tree) if isinstance(one, ast.Call) and len(one.args) == 1)
    return frozenset(ast.unparse(one.args[0]) for one in calls if name_of(one.func) == "zeros_like")


def _others(s: Statement, node: ast.Constant) -> Iterator[Candidate]:
    """Yield numbers near one of a loop, around which results are not linear in it."""
    own = float(node.value)  # type: ignore[arg-type]
    for value in dict.fromkeys((own + 1, own - 1, 2 * own, own / 2, own + 0.5, own - 0.5, 3 * own)):
        if value != own:
            text = number(value) if float(number(value)) == value else repr(value)
            text = text if "." in text else f"{text}.0"
            told = f"{s.text(node)} must be {text}"
            edit = s.replaced(node, text, 9 if text[0] != "-" else 3)
            yield Candidate((edit,), "constant-factor", told, 2, text, node)
