"""Edits that put in the sign of a value: the slope where the code takes its magnitude, `abs(x)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.names import own_names, renamed
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked

_ABSOLUTE = frozenset({"abs", "absolute", "fabs"})
_FILES, _MOST = 64, 4
"""Most files whose magnitudes are kept, and most of one that are tried."""


def bends(s: Statement) -> Iterator[Candidate]:
    """Yield signs for values, and times the numbers that are stored or chosen."""
    if not s.numpy:
        return
    for own in _here(s):
        for node in s.nodes:
            if not isinstance(node, ast.expr) or node in s.indexing or _is_signed(s, node):
                continue
            inner = f"{own}[{s.text(index)}]" if (index := _masked(s)) is not None else own
            text = f"{s.numpy}sign({inner})"
            if s.text(node) in (own, inner) and isinstance(getattr(node, "ctx", None), ast.Load):
                told = f"{s.text(node)} must be {text}"
                yield Candidate((s.replaced(node, text),), "wrong-variable", told, 1, text, node)
            elif _is_number(s, node) and (node in s.values or _is_chosen(s, node)):
                number = s.inside(node, 2)
                edit = s.replaced(node, text if number == "1" else f"{number} * {text}", 2)
                told = f"the factor {text} is missing"
                yield Candidate((edit,), "missing-factor", told, 1, text, node)


def _here(s: Statement) -> Iterator[str]:
    """Yield the values of which the file takes the magnitude, as the function names them."""
    for text, names in _magnitudes(s.unit.tree)[:_MOST]:
        own = own_names(s, names)
        if own is not None:
            yield s.spelled(renamed(text, own))


@lru_cache(_FILES)
def _magnitudes(tree: ast.Module) -> Sequence[tuple[str, Sequence[str]]]:
    """Return the values of which a file takes the magnitude, with their names."""
    found = dict[str, Sequence[str]]()
    for node in nodes_of(tree):
        match node:
            case ast.Call(func=ast.Name(name) | ast.Attribute(attr=name), args=[inner]):
                pass
            case ast.Call(func=ast.Attribute(attr=name, value=inner), args=[]):
                pass
            case _:
                continue
        if name in _ABSOLUTE:
            named = [one.id for one in walked(inner) if isinstance(one, ast.Name)]
            found.setdefault(ast.unparse(inner), named)
    return [*found.items()]


def _masked(s: Statement) -> ast.expr | None:
    """Return the mask of the elements that a statement stores in; None without one."""
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    index = target.slice if isinstance(target, ast.Subscript) else None
    held = None if index is None else s.held(index)
    return index if isinstance(index, ast.Compare) or (held and held.kind == "b") else None


def _is_signed(s: Statement, node: ast.expr) -> bool:
    """Return whether a value is inside a magnitude or a sign, or is compared."""
    above = s.parents.get(node)
    named = ast.unparse(above.func) if isinstance(above, ast.Call) else ""
    return isinstance(above, ast.Compare) or named.endswith(("abs", "absolute", "sign"))


def _is_number(s: Statement, node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    held = s.held(node)
    return held is not None and held.kind in "fi" and not held.shape


def _is_chosen(s: Statement, node: ast.expr) -> bool:
    above = s.parents.get(node)
    if isinstance(above, ast.Call):
        return ast.unparse(above.func).endswith("where") and node in above.args[1:]
    return isinstance(above, ast.IfExp) and node is not above.test
