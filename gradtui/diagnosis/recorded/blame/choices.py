"""Choices by a flag that a function is given and never reads: one of two cases is forgotten."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.names import difference

_MOST = 6
"""Most values that one may stand for in the other case."""


def choices(s: Statement) -> Iterator[Candidate]:
    """Yield a value of a statement in one case of a flag, and one named like it in the other."""
    given = [one.arg for one in s.unit.of(ast.arg)]
    held = ((name, s.scope.get(name)) for name in s.idle if name in given)
    flags = [name for name, one in held if one is not None and (one.kind, one.shape) == ("b", ())]
    for flag in flags:
        for node in s.nodes:
            if isinstance(node, ast.expr) and _is_value(s, node):
                yield from _by(s, flag, node)


def _is_value(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression is a name, an attribute or an entry with floats."""
    held = s.held(node) if is_leaf(node) else None
    stored = isinstance(getattr(node, "ctx", None), ast.Store)
    return held is not None and held.kind == "f" and not stored and node not in s.indexing


def _by(s: Statement, flag: str, node: ast.expr) -> Iterator[Candidate]:
    own, held = ast.unparse(node), s.held(node)
    others = [
        text for text, one in s.scope.items()
        if text != own and held is not None and (one.kind, one.shape) == (held.kind, held.shape)
        and (flag in text or "" in difference(own, text))
    ]  # fmt: skip
    others.sort(key=lambda text: flag not in text)
    for other in others[:_MOST]:
        told = f"{own} is right in one case of {flag} alone"
        for yes, no in ((other, own), (own, other)):
            text = s.spelled(f"{yes} if {flag} else {no}")
            edit = s.replaced(node, text, 0)
            named = flag in yes and flag not in no
            cost = 0 if named else 1 + int(yes == own)
            yield Candidate((edit,), "wrong-variable", told, cost, None, node, named=named)
