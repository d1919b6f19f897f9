"""Factors that come too late: behind the sums or means of what they multiply.

The gain of a layer normalisation belongs to what flows back before its mean is taken (Ba, Kiros and
Hinton, 2016, supplement), and not to the result.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from gradtui.diagnosis.recorded.blame.branches import inserted
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit

_FOLDS = frozenset({"sum", "mean", "average", "einsum", "dot"})
_TIMES = 2
"""How tightly a product binds."""
_MOST = 4
"""Most names that a factor is tried at."""


def belated(s: Statement) -> Iterator[Candidate]:
    """Yield each factor of a value that holds sums in front of what these are of."""
    value = s.value()
    if value is None or not any(_folds(one) for one in walked(value)):
        return
    for factor, gone in _factors(s, value):
        inside = {*walked(factor)}
        read = [one for one in walked(value) if isinstance(one, ast.Name) and one not in inside]
        read = [one for one in read if _is_array(s, one.id)]
        counts, text = Counter(one.id for one in read), s.inside(factor, _TIMES)
        for name in [one for one, count in counts.items() if count > 1][:_MOST]:
            told = f"the factor {text} must multiply {name}, before it is summed"
            made = [one for one in s.unit.of(ast.Assign) if ast.unparse(one.targets[0]) == name]
            once = made[0].value if len(made) == 1 else None
            if once is not None and made[0] is not s.node:
                put = s.replaced(once, f"{s.inside(once, _TIMES)} * {text}", _TIMES)
            else:
                put = inserted(s, s.node, f"{name} = {name} * {text}", behind=False)
            yield Candidate((put, gone), "missing-term", told, 1, text, factor)
            here = [s.replaced(one, f"{name} * {text}", _TIMES) for one in read if one.id == name]
            yield Candidate((*here, gone), "missing-term", told, 2, text, factor)


def _folds(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in _FOLDS


def _is_array(s: Statement, name: str) -> bool:
    held = s.scope.get(name)
    return held is not None and held.kind == "f" and held.shape != ()


def _factors(s: Statement, node: ast.expr) -> Iterator[tuple[ast.expr, Edit]]:
    """Yield the factors of a product, each with the edit that takes it out."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        start, end = s.unit.end(node.left), s.unit.start(node.right)
        left, sign, right = s.unit.between(start, end).rpartition(
            "/" if isinstance(node.op, ast.Div) else "*"
        )
        if sign == "*" and "(" not in right and s.shape(node.right) != ():
            kept = start + len(left.rstrip().encode())
            yield node.right, Edit(kept, s.unit.end(node.right), "")
        if sign == "*" and ")" not in left and s.shape(node.left) != ():
            blank = len(right) - len(right.lstrip())
            gone = Edit(s.unit.start(node.left), end - len(right.encode()) + blank, "")
            yield node.left, gone
        yield from _factors(s, node.left)
        if sign == "*":
            yield from _factors(s, node.right)
