"""Missing lines that another function has beside a line like one of this one's.

A backward pass repeats the recurrences of the forward pass, which has the lines that it lost.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.branches import inserted
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.units import Function

_FILES = 32
"""Most files of which the lines are kept."""


def twins(s: Statement) -> Iterator[Candidate]:
    """Yield lines that another function has beside a statement like this one, and this has not."""
    own = {ast.unparse(one) for one in s.unit.nodes if isinstance(one, ast.stmt)}
    inside, head = set(s.unit.nodes), _head(s.node)
    for before, line, after in _storing(s.unit.tree):
        text = ast.unparse(line)
        beside = [_head(one) if one is not None else None for one in (before, after)]
        if line in inside or text in own or head not in beside or not _is_known(s, line):
            continue
        edit = inserted(s, s.node, s.spelled(text), behind=beside[0] == head)
        told = f"{text} is missing, which line {line.lineno} does beside the same"
        yield Candidate((edit,), "missing-path", told, 0, text, s.node, named=True)


@lru_cache(_FILES)
def _storing(tree: ast.Module) -> Sequence[tuple[ast.stmt | None, ast.stmt, ast.stmt | None]]:
    """Return the lines of a file's functions that store something, with those beside each."""
    found = list[tuple[ast.stmt | None, ast.stmt, ast.stmt | None]]()
    functions = (one for one in ast.walk(tree) if isinstance(one, Function))
    for node in (one for function in functions for one in ast.walk(function)):
        for block in (getattr(node, name, None) for name in ("body", "orelse")):
            lines = block if isinstance(block, list) else []
            for before, line, after in zip([None, *lines], lines, [*lines[1:], None], strict=False):
                if isinstance(line, ast.Assign | ast.AugAssign):
                    found.append((before, line, after))
    return found


def _head(node: ast.stmt) -> str:
    """Return the text of a statement, without those inside it."""
    return ast.unparse(node).split("\n")[0]


def _is_known(s: Statement, node: ast.AST) -> bool:
    """Return whether all names of code mean something at a statement."""
    return all(
        one.id in s.scope or one.id in s.locals or one.id in s.unit.globals
        for one in ast.walk(node) if isinstance(one, ast.Name)
    )  # fmt: skip
