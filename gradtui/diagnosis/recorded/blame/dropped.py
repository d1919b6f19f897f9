"""Calls that only compute, whose results nothing keeps: `back(d, z)` for `d = back(d, z)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.computing import own_functions
from gradtui.diagnosis.recorded.blame.units import Edit

_ARGUMENTS = 3
"""Most arguments in whose place the result is stored."""


def is_dropped(s: Statement) -> bool:
    """Return whether a statement only computes something, which is lost."""
    call = _call(s.node)
    return call is not None and s.text(call.func) in {name for name, _ in own_functions(s)}


def dropped(s: Statement) -> Iterator[Candidate]:
    """Yield the lines that store what a call returns under the name of one of its arguments.

    Who forgets that once may forget it in each call of the function.
    """
    call = _call(s.node)
    if call is None or not is_dropped(s):
        return
    alike = [one for node in s.unit.of(ast.Expr) if (one := _call(node)) is not None
             and ast.dump(one.func) == ast.dump(call.func)]  # fmt: skip
    for at, name in enumerate(call.args[:_ARGUMENTS]):
        if not isinstance(name, ast.Name):
            continue
        told = f"nothing keeps what {s.text(call.func)} returns"
        edits = _stored(s, [call], at)
        yield Candidate(edits, "missing-path", told, min(1, at), name.id, s.node)
        edits = _stored(s, alike, at)
        if call is alike[0] and len(edits) > 1:
            told += f", here and in line {' and '.join(str(one.lineno) for one in alike[1:])}"
            yield Candidate(edits, "missing-path", told, min(1, at), name.id, s.node)


def _call(node: ast.stmt) -> ast.Call | None:
    """Return the call that is all of a statement; None if there is none."""
    value = node.value if isinstance(node, ast.Expr) else None
    return value if isinstance(value, ast.Call) else None


def _stored(s: Statement, calls: Sequence[ast.Call], at: int) -> tuple[Edit, ...]:
    """Return the edits that store what calls return under the names of their arguments."""
    named = [(s.unit.start(one), one.args[at]) for one in calls if at < len(one.args)]
    return tuple(
        Edit(start, start, f"{name.id} = ") for start, name in named if isinstance(name, ast.Name)
    )
