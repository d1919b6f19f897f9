"""Lines that do with a value that nothing reads what a line does with one like it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import islice

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit

_MOST = 40
"""Most lines tried behind one."""


def likewise(s: Statement) -> Iterator[Candidate]:
    """Yield a line like one that changes something in place, with another value.

    Nothing reads that one.  What it is added at, or multiplied by, may be another one, too.
    """
    node = s.node
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if not (called or isinstance(node, ast.AugAssign)) or not s.margin.isspace():
        return
    for idle in s.idle:
        for text in islice(dict.fromkeys(_lines(s, idle)), _MOST):
            end, told = s.unit.end(node), f"{text} is missing: nothing uses {idle}"
            edit = Edit(end, end, f"\n{s.margin}{text}")
            yield Candidate((edit,), "missing-path", told, 0, text, node)


def _lines(s: Statement, idle: str) -> Iterator[str]:
    """Yield the statement with an idle name for one like it, and with another part changed."""
    held = s.scope.get(idle)
    read = [one for one in s.nodes if isinstance(one, ast.expr) and _is_read(one)]
    for node in read if held is not None and held.kind == "f" and held.shape else ():
        if held is not None and s.shape(node) == held.shape and is_leaf(node):
            yield _with(s, {node: idle})
            for other in read:
                within = other in walked(node) or node in walked(other)
                for text in () if within else _others(s, other):
                    yield _with(s, {node: idle, other: text})


def _is_read(node: ast.expr) -> bool:
    plain = isinstance(node, ast.Name | ast.Subscript)
    return plain and isinstance(getattr(node, "ctx", None), ast.Load)


def _others(s: Statement, node: ast.expr) -> Iterator[str]:
    """Yield what is like a part of a statement: another entry, or a name of the same kind."""
    if isinstance(node, ast.Subscript):
        yield from (
            s.text(one) for one in s.unit.nodes
            if isinstance(one, ast.Subscript) and s.text(one.value) == s.text(node.value)
            and s.text(one) != s.text(node)
        )  # fmt: skip
        return
    own = s.held(node)
    for text, held in s.scope.items():
        alike = own is not None and (held.kind, held.shape) == (own.kind, own.shape)
        if alike and held.shape and text in s.recent and text != s.text(node):
            yield text


def _with(s: Statement, changes: Mapping[ast.expr, str]) -> str:
    """Return the text of a statement with some of its parts replaced."""
    start, made = s.unit.start(s.node), s.text(s.node).encode()
    for node in sorted(changes, key=s.unit.start, reverse=True):
        first, last = s.unit.start(node) - start, s.unit.end(node) - start
        made = made[:first] + changes[node].encode() + made[last:]
    return made.decode()
