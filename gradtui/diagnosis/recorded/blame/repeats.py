"""Lines as another function of the file has them.

A backward half that computes anew what the forward half has computed repeats its lines.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.forms import does_nothing
from gradtui.diagnosis.recorded.blame.likeness import children, narrowed
from gradtui.diagnosis.recorded.blame.units import Edit

_ALIKE = 0.6
"""The least share of words and signs that lines of two functions have in common."""
_WORD = re.compile(r"\w+|[^\w\s]")
_PARTS = 5
"""Most parts that are taken from a line alone."""
_FILES = 32
"""Most files of which is known which statements follow others."""
_STORING = (ast.Assign, ast.AugAssign)


def repeated(s: Statement) -> Iterator[Candidate]:
    """Yield a statement as another function of the file has it, which stores the same name.

    It may take over all that the other has instead, or one part of it.
    """
    own, inside = s.node, set(s.unit.nodes)
    if not isinstance(own, ast.Assign) or s.unpacks:
        return
    target, words = ast.dump(own.targets[0]), _WORD.findall(ast.unparse(own.value))
    others = {
        ast.unparse(one.value): one.value for one in ast.walk(s.unit.tree)
        if isinstance(one, ast.Assign) and one not in inside and ast.dump(one.targets[0]) == target
    }  # fmt: skip
    for whole, other in others.items():
        ratio = SequenceMatcher(None, words, _WORD.findall(whole), autojunk=False).ratio()
        if ratio < _ALIKE and not does_nothing(own):
            continue
        for node, made in _parts_apart(own.value, other):
            if node in s.parents:
                text = ast.unparse(made)
                told = f"{s.text(node)} must be {text}, as in line {other.lineno}"
                edit = s.replaced(node, s.spelled(text), s.binding(made))
                yield Candidate((edit,), "wrong-variable", told, 0, text, node, named=True)


def omitted(s: Statement) -> Iterator[Candidate]:
    """Yield the line after a statement that another function has after the same one."""
    own, unit = s.node, s.unit
    if not isinstance(own, ast.Assign) or not s.margin.isspace():
        return
    has = {ast.dump(one) for one in unit.nodes if isinstance(one, ast.stmt)}
    end, found = unit.end(own), dict[str, ast.stmt]()
    for before, after in _followed(unit.tree).get(ast.dump(own), ()):
        if before is not own and ast.dump(after) not in has and _is_known(s, after):
            found.setdefault(ast.unparse(after), after)
    for text, other in found.items():
        told = f"what follows it in line {other.lineno} is missing: {text}"
        edit = Edit(end, end, f"\n{s.margin}{s.spelled(text)}")
        yield Candidate((edit,), "missing-factor", told, 0, None, own, named=True)


def is_cut_off(s: Statement) -> bool:
    """Return whether nothing reads what a statement stores, as the line that it lacks would."""
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    read = (one.id for one in s.unit.nodes
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load))  # fmt: skip
    return isinstance(target, ast.Name) and target.id not in read and any(omitted(s))


@lru_cache(_FILES)
def _followed(tree: ast.Module) -> Mapping[str, Sequence[tuple[ast.stmt, ast.stmt]]]:
    """Return the statements of a file that store something, each with the one after it."""
    found = defaultdict[str, list[tuple[ast.stmt, ast.stmt]]](list)
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            for one, two in pairwise(block if isinstance(block, list) else ()):
                if isinstance(one, ast.Assign) and isinstance(two, (*_STORING, ast.Expr)):
                    found[ast.dump(one)].append((one, two))
    return found


def _is_known(s: Statement, other: ast.stmt) -> bool:
    """Return whether a function has all names of a statement when another one has run."""
    stored = [one.id for one in s.nodes if isinstance(one, ast.Name)]
    names = {one.id for one in ast.walk(other) if isinstance(one, ast.Name)} - {*stored}
    return all(one in s.locals or one in s.unit.globals or hasattr(builtins, one) for one in names)


def _parts_apart(own: ast.expr, other: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Return the parts in which two expressions differ: together, and a few of them alone."""
    together = narrowed(own, other)
    alone = [pair for pair in _apart(*together) if pair != together]
    return [together, *alone[:_PARTS]]


def _apart(own: ast.expr, other: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the smallest parts in which two expressions differ."""
    pairs = children(own, other)
    if not pairs:
        yield own, other
    for one, two in pairs or ():
        if ast.dump(one) != ast.dump(two):
            yield from _apart(one, two)
