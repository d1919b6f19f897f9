"""Missing lines that another function has beside a line like one of this one's.

A backward pass repeats the recurrences of the forward pass, or computes anew what that has
computed: it has the lines that were lost.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.branches import inserted
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.names import own_names, renamed
from gradtui.diagnosis.recorded.blame.repeats import are_alike
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.uses import uses_of

_FILES = 32
"""Most files, and functions, of which the lines are kept."""
KEPT_BY = re.compile(r"\b(?:ctx|self)\.(?=\w)")
"""The usual names of what keeps values for a function."""


class _Beside(Struct, frozen=True):
    """A line that another stands beside."""

    line: ast.stmt
    text: str
    behind: bool


def twins(s: Statement) -> Iterator[Candidate]:
    """Yield lines that another function has beside a statement like this one, and this has not."""
    own = _texts(s.unit.node)
    for one in _beside(s.unit.tree).get(_head(s.node), ()):
        text = _in_own_names(s, one)
        if text is None or text in own or _is_like_another(s, one.line) or _overwrites(s, one):
            continue
        edit = inserted(s, s.node, s.spelled(text), behind=one.behind)
        told = f"{text} is missing, which line {one.line.lineno} does beside the same"
        yield Candidate((edit,), "missing-path", told, 0, text, s.node, named=True)


def is_cut_off(s: Statement) -> bool:
    """Return whether nothing reads what a statement stores, as the line that it lacks would."""
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    read, _ = uses_of(s.unit.node)
    return isinstance(target, ast.Name) and target.id not in read and any(twins(s))


@lru_cache(_FILES)
def _texts(function: ast.AST) -> frozenset[str]:
    """Return the statements of a function, as texts."""
    return frozenset(ast.unparse(one) for one in walked(function) if isinstance(one, ast.stmt))


@lru_cache(_FILES)
def _beside(tree: ast.Module) -> Mapping[str, Sequence[_Beside]]:
    """Return the lines that store something in a file's functions, by the text of those beside."""
    found = defaultdict[str, list[_Beside]](list)
    functions = (one for one in nodes_of(tree) if isinstance(one, Function))
    for node in (one for function in functions for one in walked(function)):
        for block in (getattr(node, name, None) for name in ("body", "orelse")):
            for one, two in pairwise(block if isinstance(block, list) else ()):
                if _stores(two):
                    found[_head(one)].append(_Beside(two, ast.unparse(two), True))
                if _stores(one):
                    found[_head(two)].append(_Beside(one, ast.unparse(one), False))
    return found


def _is_like_another(s: Statement, line: ast.stmt) -> bool:
    """Return whether the function has such a line, which may be wrong itself.

    Of lines that store in the same part of an array, the one would undo the other; and of those
    that give the same names to what they unpack.
    """
    target = line.targets[0] if isinstance(line, ast.Assign) else None
    names = _unpacked_to(target)
    if names and any(_unpacked_to(one.targets[0]) == names for one in s.unit.of(ast.Assign)):
        return True
    partial = isinstance(target, ast.Subscript)
    return any(
        partial or are_alike(one, line) for one in s.unit.of(ast.Assign)
        if target is not None and ast.dump(one.targets[0]) == ast.dump(target)
    )  # fmt: skip


def _overwrites(s: Statement, other: _Beside) -> bool:
    """Return whether a line would only store over a value that nothing has read before it."""
    match other.line:
        case ast.Assign([ast.Name(name)], value) if name in s.recent:
            pass
        case _:
            return False
    if name in names_in(value):
        return False
    first, last = s.recent[name] + 1, s.node.lineno - (not other.behind)
    reading = (one for one in s.unit.of(ast.Name) if one.id == name)
    return not any(first <= one.lineno <= last and isinstance(one.ctx, ast.Load) for one in reading)


def _unpacked_to(target: ast.expr | None) -> frozenset[str]:
    """Return what the parts of a tuple are stored under."""
    parts = target.elts if isinstance(target, ast.Tuple) else ()
    return frozenset(ast.unparse(one) for one in parts)


def _stores(node: ast.stmt) -> bool:
    """Return whether a statement stores something, or is a call that may."""
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return called or isinstance(node, ast.Assign | ast.AugAssign)


def _head(node: ast.stmt) -> str:
    """Return the text of a statement, without those inside it, nor what its values are kept by."""
    return KEPT_BY.sub("", ast.unparse(node).split("\n")[0])


def _in_own_names(s: Statement, other: _Beside) -> str | None:
    """Return a line in the names that its values have beside a statement; None if one has none.

    What one function has in a name of its own, another may have kept by its context.
    """
    stored = {one.id for one in s.nodes if isinstance(one, ast.Name)} if other.behind else set()
    names = names_in(other.line) - stored
    kept = own_names(s, names)
    return None if kept is None else renamed(other.text, kept)
