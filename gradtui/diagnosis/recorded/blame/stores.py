"""Edits of how a statement stores: adding to the old value, replacing it, once or repeatedly."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.expressions import (
    OPERATORS,
    indices_of,
    is_leaf,
    name_of,
    summands,
)
from gradtui.diagnosis.recorded.blame.forms import loops_around
from gradtui.diagnosis.recorded.blame.owned import is_own
from gradtui.diagnosis.recorded.blame.trees import block_of, target_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit

_SPLITTING = frozenset({
    "chunk", "unbind", "unstack", "split", "array_split", "tensor_split", "hsplit", "vsplit",
    "dsplit", "split_with_sizes",
})  # fmt: skip
_NUMBERED = re.compile(r"(.*?)(\d{1,9})")
_FILES = 8
"""Most files of which is known which names stand side by side."""
_ARRAYS = 4
"""Most other arrays of which parts may have to be set."""
_ROWS = 6
"""Most indices of a single row that are tried."""
_REPEATED: dict[type[ast.operator], str] = {ast.Add: "add", ast.Sub: "subtract"}
"""Functions that take each of repeated indices into account."""


def of_target(s: Statement) -> Iterator[Candidate]:
    """Yield other ways to store: adding to the old value, or replacing it."""
    node = s.node
    if isinstance(node, ast.AugAssign):
        yield from _at(s, node)
        yield from _in_row(s, node)
        yield from _to_others(s, node)
        yield from _of_operator(s, node)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        yield from _at(s, node)
        target = node.targets[0]
        if isinstance(target, ast.Tuple | ast.List):
            for one, two in () if s.restores else pairwise(target.elts):
                told = f"{s.text(one)} and {s.text(two)} are swapped"
                known = _stand_otherwise(s, s.text(one), s.text(two))
                # A glance tells nothing of parts, which nothing is calculated with there.
                cost = 0 if known or _splits(node.value) else 2
                yield Candidate(
                    swapped(s, one, two), "wrong-variable", told, cost, None, node, named=known
                )
            return
        yield from _into(s, node, target)
        yield from _onto(s, node, target)
        yield from _marked(s, node, target)
        yield from _masked(s, node, target)
    cleared = isinstance(node, ast.Assign) and _clears(node)
    if cleared or isinstance(node, ast.AugAssign | ast.Expr):
        edit = Edit(s.unit.start(node), s.unit.end(node), "pass")
        told = "this line does not belong here"
        cost = 1 if cleared else 0 if _steps(s) else 3
        if doubled := is_doubled(s):
            told, cost = f"{told}: the one before it is the same", 0
        yield Candidate((edit,), "double-counted-path", told, cost, None, node, named=doubled)


def _marked(s: Statement, node: ast.Assign, target: ast.expr) -> Iterator[Candidate]:
    """Yield a 1 for what stands in elements of an array of floats, if that only counts or picks."""
    held = s.held(node.value) if is_leaf(node.value) else None
    into = s.held(target.value) if isinstance(target, ast.Subscript) else None
    if held is not None and held.kind == "i" and into is not None and into.kind == "f":
        told, edit = f"{s.text(node.value)} must be 1", s.replaced(node.value, "1")
        yield Candidate((edit,), "wrong-variable", told, 0, "1", node.value)


def _masked(s: Statement, node: ast.Assign, target: ast.expr) -> Iterator[Candidate]:
    """Yield a 0 for a number that is stored where a mask tells."""
    held = s.held(node.value) if is_leaf(node.value) else None
    mask = s.held(target.slice) if isinstance(target, ast.Subscript) else None
    if held is not None and held.shape == () and mask is not None and mask.kind == "b":
        told, edit = f"{s.text(node.value)} must be 0", s.replaced(node.value, "0")
        yield Candidate((edit,), "wrong-variable", told, 0, "0", node.value)


def _splits(value: ast.expr) -> bool:
    """Return whether a call takes an array apart."""
    return isinstance(value, ast.Call) and name_of(value.func) in _SPLITTING


def _stand_otherwise(s: Statement, one: str, two: str) -> bool:
    """Return whether two names stand the other way round elsewhere, or by their numbers."""
    beside = _neighbours(s.unit.tree)
    own, other = beside[one, two] - 1, beside[two, one]
    first, last = (_NUMBERED.fullmatch(name) for name in (one, two))
    numbered = first is not None and last is not None and first[1] == last[1]
    falling = numbered and first is not None and last is not None and int(first[2]) > int(last[2])
    return other > own or (falling and not own)


@lru_cache(_FILES)
def _neighbours(tree: ast.Module) -> Counter[tuple[str, str]]:
    """Return how often a file has one name right before another in a row of names."""
    rows = [one.elts for one in walked(tree) if isinstance(one, ast.Tuple | ast.List)]
    rows += [one.args for one in walked(tree) if isinstance(one, ast.Call)]
    named = [[one.id if isinstance(one, ast.Name) else "" for one in row] for row in rows]
    return Counter(pair for row in named for pair in pairwise(row) if all(pair))


def _of_operator(s: Statement, node: ast.AugAssign) -> Iterator[Candidate]:
    """Yield other operators that store, `=` among them."""
    start = s.unit.end(node.target)
    token = OPERATORS.get(type(node.op), "?") + "="
    at = start + s.unit.source[start:].index(token.encode())
    rules = {"=": "accumulated", "+=": "sign", "-=": "sign"}
    for other in ("=", "+=", "-=", "*=", "/="):
        if other != token:
            edit, told = Edit(at, at + len(token), other), f"{token} must be {other}"
            rule, cost = rules.get(other, "extra-factor"), int(other == "=")
            yield Candidate((edit,), rule, told, cost, None, node)


def _onto(s: Statement, node: ast.Assign, target: ast.expr) -> Iterator[Candidate]:
    """Yield the value joined to what the target held before."""
    start = s.unit.end(target)
    at = start + s.unit.source[start:].index(b"=")
    far = 0 if isinstance(target, ast.Subscript) else 1
    given = isinstance(target, ast.Name) and not is_own(s, target.id, before=True)
    held = ast.unparse(target) in map(ast.unparse, summands(node.value))
    for other in ("+=", "-=") if not _clears(node) and not held else ():
        told, edit = "it must be added to what came before", Edit(at, at + 1, other)
        if given:
            added = f"{s.text(target)} {other[0]} {s.inside(node.value, 2)}"
            edit = s.replaced(node.value, added, 1)
        yield Candidate((edit,), "missing-path", told, far, None, node)
    for other in ("*=", "/="):
        told, edit = f"= must be {other}", Edit(at, at + 1, other)
        yield Candidate((edit,), "missing-factor", told, 1 + 2 * far, None, node)


def is_doubled(s: Statement) -> bool:
    """Return whether a line adds to a value just what the line before it adds."""
    block = block_of(s.unit.node, s.node) if isinstance(s.node, ast.AugAssign) else [s.node]
    at = block.index(s.node)
    return at > 0 and ast.dump(block[at - 1]) == ast.dump(s.node)


def _clears(node: ast.Assign) -> bool:
    """Return whether a part of an array is set to 0: to add that does nothing."""
    value = node.value
    zero = isinstance(value, ast.Constant) and type(value.value) in (int, float) and not value.value
    return zero and isinstance(node.targets[0], ast.Subscript)


def _steps(s: Statement) -> bool:
    """Return whether something is added to an argument, whose value others read on.

    No glance at what is stored tells that the line is too much.
    """
    node, code = s.node, s.unit.code
    if not isinstance(node, ast.AugAssign) or not isinstance(node.op, ast.Add | ast.Sub):
        return False
    return ast.unparse(node.target) in code.co_varnames[: code.co_argcount]


def _into(s: Statement, node: ast.Assign, target: ast.expr) -> Iterator[Candidate]:
    """Yield the same parts of another array that are set to a number, or that become others.

    It is likely if nothing reads the array afterwards that they are set in.
    """
    if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
        return
    own, held = target.value, s.held(target.value)
    named = [one for one in s.unit.of(ast.Name) if one.id == own.id]
    vain = all(one.lineno <= node.lineno for one in named)
    number, index = isinstance(node.value, ast.Constant), s.text(target).removeprefix(own.id)
    if held is None or not (number or vain):
        return
    alike = [text for text, one in s.scope.items()
             if (one.kind, one.shape) == (held.kind, held.shape) and text in s.recent]  # fmt: skip
    for text in sorted(alike, key=lambda text: -s.recent[text])[:_ARRAYS]:
        if text != own.id and (number or f"{text}{index}" in s.text(node.value)):
            told = f"{own.id} must be {text}"
            edit = s.replaced(own, text)
            yield Candidate((edit,), "wrong-variable", told, 0 if vain else 1, text, own)


def _at(s: Statement, node: ast.AugAssign | ast.Assign) -> Iterator[Candidate]:
    """Yield the sum that adds for each repeated index; `x[index] +=` adds once."""
    target = target_of(node)
    name = _REPEATED.get(type(node.op)) if isinstance(node, ast.AugAssign) else "add"
    if not s.numpy or not isinstance(target, ast.Subscript) or name is None:
        return
    parts = indices_of(target)
    if all(_is_number(s, part) for part in parts):
        return  # one element cannot be repeated
    for text in _adding(s, target.value, [_index(s, one) for one in parts], node.value, name):
        edit = Edit(s.unit.start(node), s.unit.end(node), text)
        told = "rows that occur several times are added only once"
        yield Candidate((edit,), "missing-path", told, 1, None, node)


def _to_others(s: Statement, node: ast.AugAssign) -> Iterator[Candidate]:
    """Yield the values that are read later, for one that changes here and that nothing reads."""
    own, names = ast.unparse(node.target), s.unit.of(ast.Name)
    later = {one.id for one in names if isinstance(one.ctx, ast.Load) and one.lineno > node.lineno}
    if not isinstance(node.target, ast.Name) or own in later or loops_around(s):
        return
    others = sorted(later & s.recent.keys(), key=lambda text: -s.recent[text])
    for text in others[:_ARRAYS]:
        told = f"{own}, which nothing reads after this, must be {text}"
        edit = s.replaced(node.target, text)
        yield Candidate((edit,), "wrong-variable", told, 0, text, node.target)


def _in_row(s: Statement, node: ast.AugAssign) -> Iterator[Candidate]:
    """Yield the sum into a single row of an array, of which all get the same."""
    shape, own = s.shape(node.target), s.shape(node.value)
    if is_leaf(node.target) and shape and own == shape[1:]:
        for index in [one for one, parts in s.indices.items() if len(parts) == 1][:_ROWS]:
            text, held = f"{s.text(node.target)}[{index}]", s.scope.get(index)
            if held is not None and (held.kind, held.shape) == ("i", ()):
                told, edit = f"{s.text(node.target)} must be {text}", s.replaced(node.target, text)
                yield Candidate((edit,), "wrong-variable", told, 1, text, node.target)


def _adding(
    s: Statement, target: ast.expr, indices: Sequence[str], added: ast.expr, name: str
) -> Iterator[str]:
    """Yield the calls that add a value at some indices, each as often as it occurs."""
    array, value, index = s.text(target), s.text(added), ", ".join(indices)
    if s.dialect.module.__name__ != "torch":
        index = f"({index})" if len(indices) > 1 else index
        yield f"{s.numpy}{name}.at({array}, {index}, {value})"
        return
    if len(indices) == 1:
        scaled = ", alpha=-1" if name == "subtract" else ""
        yield f"{array}.index_add_(0, {index}, {value}{scaled})"
    value = f"-({value})" if name == "subtract" else value
    yield f"{array}.index_put_(({index},), {value}, accumulate=True)"


def _index(s: Statement, part: ast.expr) -> str:
    """Return an index as an argument is written."""
    if not isinstance(part, ast.Slice):
        return s.text(part)
    ends = [part.upper] if part.lower is part.step is None else [part.lower, part.upper, part.step]
    return f"slice({', '.join(s.text(one) if one else 'None' for one in ends)})"


def _is_number(s: Statement, index: ast.expr) -> bool:
    """Return whether an index is a single whole number."""
    names = [one for one in walked(index) if isinstance(one, ast.Name)]
    return not isinstance(index, ast.Slice | ast.List | ast.Tuple) and all(
        (held := s.held(one)) is not None and not held.shape and held.kind == "i" for one in names
    )
