"""Missing lines that use a value which another takes the place of before anything reads it.

Of `a, b = back(dy, x, w)`, `dx += a` without `dw += b`, with other values of `a` and `b` behind it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import takewhile

from gradtui.diagnosis.recorded.blame.branches import inserted
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.trees import walked

_MOST = 12
"""Most names that a value is added to."""
_FUNCTIONS = 256
"""Most functions of which is known what they waste."""


def wasted(s: Statement) -> Iterator[Candidate]:
    """Yield lines behind a statement that add to a name what is about to be lost."""
    for name in wasted_in(s.unit.node).get(s.node, ()):
        for target in _added_to(s, name)[:_MOST]:
            text = f"{s.spelled(target)} += {name}"
            edit = inserted(s, s.node, text, behind=True)
            told = f"{text} is missing: nothing uses this {name}"
            yield Candidate((edit,), "missing-path", told, 0, text, s.node)


@lru_cache(_FUNCTIONS)
def wasted_in(function: ast.AST) -> Mapping[ast.stmt, Sequence[str]]:
    """Return the names whose values nothing reads, by the statement behind which it would.

    That is the last one that reads what is stored at once with them, or the one that stores them.
    """
    found = defaultdict[ast.stmt, list[str]](list)
    for block in _blocks(function):
        named = [names_in(one) for one in block]
        for at, one in enumerate(block):
            names = _stored_at_once(one)
            for name in names:
                later = range(at + 1, len(block))
                end = next((n for n in later if name in named[n]), len(block))
                behind, ends = block[at + 1 : end], block[end:]
                if ends and _is_overwritten(ends[0], name):
                    while_kept = takewhile(partial(_keeps, names), behind)
                    using = [other for other in while_kept if _reads(other, names)]
                    found[[one, *using][-1]].append(name)
    return found


@lru_cache(_FUNCTIONS)
def rewritten_in(function: ast.AST) -> Mapping[ast.stmt, frozenset[str]]:
    """Return the names that a statement stores again though nothing has read them, by statement.

    It may run on a condition.  What only changes an array in place does not read it.  Of what the
    rounds of a loop store, nothing has read the last value.
    """
    found = defaultdict[ast.stmt, frozenset[str]](frozenset)
    for block in _blocks(function):
        for at, one in enumerate(block):
            for name in _stored_last(one):
                using = (other for other in block[at + 1 :] if name in names_in(other))
                behind = next((other for other in using if not _changes(other, name)), None)
                inside = behind.body if isinstance(behind, ast.If) and not behind.orelse else ()
                again = next((other for other in inside if name in names_in(other)), behind)
                if again is not None and _is_overwritten(again, name):
                    found[again] |= {name}
    return found


def _blocks(function: ast.AST) -> Iterator[Sequence[ast.stmt]]:
    """Yield the statements of a function that follow one another."""
    for node in walked(function):
        for block in (getattr(node, field, None) for field in ("body", "orelse")):
            if isinstance(block, list):
                yield block


def _stored_at_once(node: ast.stmt) -> Sequence[str]:
    """Return the names of the calculated values that a statement stores."""
    made = node.value if isinstance(node, ast.Assign) else None
    if not isinstance(node, ast.Assign) or not isinstance(made, ast.Call | ast.BinOp | ast.UnaryOp):
        return []
    target = node.targets[0]
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return [one.id for one in parts if isinstance(one, ast.Name)]


def _stored_last(node: ast.stmt) -> Sequence[str]:
    """Return the names that a statement stores, or that a round of a loop stores and leaves."""
    if not isinstance(node, ast.For) or node.orelse:
        return _stored_at_once(node)
    found = list[str]()
    for at, one in enumerate(node.body):
        behind = node.body[at + 1 :]
        found += [name for name in _stored_at_once(one)
                  if not any(name in names_in(other) for other in behind)]  # fmt: skip
    return found


def _keeps(names: Sequence[str], node: ast.stmt) -> bool:
    """Return whether a statement stores nothing else under some names."""
    return not any(
        isinstance(one, ast.Name) and one.id in names and isinstance(one.ctx, ast.Store)
        for one in walked(node)
    )


def _is_overwritten(node: ast.stmt, name: str) -> bool:
    """Return whether a statement stores another value under a name, and does not read it."""
    return isinstance(node, ast.Assign) and not _reads(node, [name])


def _changes(node: ast.stmt, name: str) -> bool:
    """Return whether a statement only changes the array of a name in place."""
    match node:
        case ast.AugAssign(target=ast.Name(own)):
            pass
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(own), method))) if method.endswith("_"):
            pass
        case _:
            return False
    named = [one for one in walked(node) if isinstance(one, ast.Name) and one.id == name]
    return own == name and len(named) == 1


def _reads(node: ast.stmt, names: Sequence[str]) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id in names and isinstance(one.ctx, ast.Load)
        for one in walked(node)
    )


def _added_to(s: Statement, name: str) -> Sequence[str]:
    """Return what the function adds to of a name's shape, first what it adds the same name to."""
    own = s.stored(ast.Name(name, ast.Load()))
    added = [
        (ast.unparse(one.target), one.value) for one in s.unit.nodes
        if isinstance(one, ast.AugAssign) and isinstance(one.op, ast.Add)
    ]  # fmt: skip
    added.sort(key=lambda pair: not isinstance(pair[1], ast.Name) or pair[1].id != name)
    return [*dict.fromkeys(
        text for text, _ in added
        if own is not None and (held := s.scope.get(text)) and held.shape == own.shape
    )]  # fmt: skip
