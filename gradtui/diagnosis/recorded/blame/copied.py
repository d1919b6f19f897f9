"""Lines and entries that repeat others with a slip, as copied ones do."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.likeness import narrowed
from gradtui.diagnosis.recorded.blame.trees import block_of, nodes_of, walked

_Line = ast.Assign | ast.AugAssign | ast.Expr
_LINES = (ast.Assign, ast.AugAssign, ast.Expr)
_FUNCTIONS = 256
"""Most functions of which is known which lines others have."""


def copied(s: Statement) -> Iterator[Candidate]:
    """Yield a line with a number that its indices repeat, one more or less throughout.

    Such as `G[:, 2, 2]` for `G[:, 1, 1]`: it is likeliest where another line computes the same.
    """
    own = s.value() if isinstance(s.node, ast.Assign) else None
    found = defaultdict[int, list[ast.expr]](list)
    for node in walked(own) if own is not None else ():
        if isinstance(node, ast.Constant) and type(node.value) is int and node in s.indexing:
            found[node.value].append(node)
    cost = 0 if own is not None and _is_repeated(s, own) else 1
    for value, nodes in found.items():
        for other in (value + 1, value - 1) if len(nodes) > 1 else ():
            if other >= 0:
                edits = tuple([s.replaced(node, str(other)) for node in nodes])
                told = f"{value} must be {other} throughout the indices"
                yield Candidate(edits, "wrong-variable", told, cost, str(other), own)


def strangers(s: Statement) -> Iterator[Candidate]:
    """Yield an entry of the array that the others of a row are entries of, such as `d[1]`."""
    for row in s.nodes:
        entries = row.elts if isinstance(row, ast.Tuple | ast.List) else ()
        picked = [one for one in entries if isinstance(one, ast.Subscript)]
        counts = Counter(s.text(one.value) for one in picked)
        for one in picked if len(counts) == 2 < len(picked) else ():
            (usual, count), _ = counts.most_common()
            if count > 1 and s.text(one.value) != usual:
                told = f"{s.text(one.value)} must be {usual}, as in the entries beside"
                edit = s.replaced(one.value, usual)
                yield Candidate((edit,), "wrong-variable", told, 0, usual, one.value)


def elsewhere(s: Statement) -> Iterator[Candidate]:
    """Yield a line that other functions of the file repeat, for one that differs in a name."""
    told = defaultdict[tuple[ast.expr, str], list[str]](list)
    value = s.node.value if isinstance(s.node, _LINES) else None
    for one in _lines(s.unit.tree, s.unit.node) if value is not None else ():
        if value is None or type(one) is not type(s.node) or not _fit(s.node, one):
            continue
        own, other = narrowed(value, one.value)
        if own is not value and is_leaf(own) and is_leaf(other):
            told[own, ast.unparse(other)].append(ast.unparse(one))
    for (own, text), lines in told.items():
        if text in s.scope and len(lines) > 1:
            named = f"{s.text(own)} must be {text}, as in lines like this of other functions"
            yield Candidate((s.replaced(own, text),), "wrong-variable", named, 0, text, own)


def scaled(s: Statement) -> Iterator[Candidate]:
    """Yield the factor of what the file divides by the same elsewhere, as `d * (end - i) / n`."""
    for node in s.nodes:
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
            continue
        for factor in _factors_over(s.unit.tree, ast.unparse(node.right)):
            names = {one.id for one in walked(factor) if isinstance(one, ast.Name)}
            text = f"({ast.unparse(factor)})"
            if names <= s.scope.keys() and text not in s.text(node):
                told = f"the factor {text} is missing, as elsewhere"
                edit = s.replaced(node.left, f"{s.inside(node.left, 2)} * {text}", 2)
                yield Candidate((edit,), "missing-factor", told, 0, text, node.left, named=True)


@lru_cache(_FUNCTIONS)
def _factors_over(tree: ast.Module, divisor: str) -> Sequence[ast.expr]:
    """Return the differences by which a file multiplies what it divides by something."""
    return [
        one.left.right for one in nodes_of(tree) if isinstance(one, ast.BinOp)
        and isinstance(one.op, ast.Div) and ast.unparse(one.right) == divisor
        and isinstance(one.left, ast.BinOp) and isinstance(one.left.op, ast.Mult)
        and isinstance(one.left.right, ast.BinOp) and isinstance(one.left.right.op, ast.Sub)
    ]  # fmt: skip


@lru_cache(_FUNCTIONS)
def _lines(tree: ast.Module, function: ast.AST) -> Sequence[_Line]:
    """Return the lines of a file that stand in other functions."""
    own = {*walked(function)}
    return [one for one in nodes_of(tree) if isinstance(one, _LINES) and one not in own]


def _fit(own: ast.stmt, other: ast.stmt) -> bool:
    """Return whether two lines store something in the same place, in the same way, or nothing."""
    stored = [
        [ast.dump(part) for part in ast.iter_child_nodes(one) if part is not one.value]
        for one in (own, other) if isinstance(one, _LINES)
    ]  # fmt: skip
    return stored[0] == stored[1]


def _is_repeated(s: Statement, own: ast.expr) -> bool:
    """Return whether another line of the block stores the same expression."""
    text = ast.dump(own)
    return any(
        isinstance(one, ast.Assign) and one is not s.node and ast.dump(one.value) == text
        for one in block_of(s.unit.node, s.node)
    )
