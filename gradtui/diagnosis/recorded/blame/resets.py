"""Edits of when a value begins anew: in each round of a loop, or before it; and of a copy's own."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf, names_in
from gradtui.diagnosis.recorded.blame.forms import Loop, loops_around, written_by
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit

_AHEAD = 6
"""Most statements between a value's beginning and the loop that it belongs into."""
_FILLED = ("copy", "ones_like", "empty_like", "clone")
"""Functions that make an array of another."""
_KEEPING = ("append", "insert", "save_for_backward")
"""Methods that keep an array."""


def resets(s: Statement) -> Iterator[Candidate]:
    """Yield the statement in the rounds of a loop behind it, or before the loop around it."""
    node = s.node
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        for loop in _behind(s):
            if name in _stored(loop):
                yield from _anew(s, loop, name)
        for loop in loops_around(s):
            if name in _stored(loop, but=node) and not names_in(node.value) & _stored(loop):
                told = (
                    f"{name} must begin before the loop in line {loop.lineno}, not in each of its "
                )
                yield from _before(s, loop, told + "rounds", loop)


def another(s: Statement) -> Iterator[Candidate]:
    """Yield the beginning of another value, which begins as this one before the loop around both.

    No round of the loop lets that one begin anew.
    """
    node = s.node
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    if not isinstance(node, ast.Assign) or not isinstance(target, ast.Name):
        return
    for loop in loops_around(s):
        before = [one for one in s.unit.of(ast.Assign) if one.lineno < loop.lineno]
        begun = dict(pair for one in before for pair in _begun(one))
        own = begun.get(target.id, ast.dump(node.value))
        again = {name for one in walked(loop) if isinstance(one, ast.Assign)
                 for name, value in _begun(one) if value == begun.get(name)}  # fmt: skip
        summed = _stored(loop) - again
        for name in [one for one in summed if begun.get(one) == own == ast.dump(node.value)]:
            told = f"{name} must begin anew here, not {target.id}"
            yield Candidate((s.replaced(target, name),), "wrong-variable", told, 0, name, target)


def _begun(node: ast.Assign) -> Iterator[tuple[str, str]]:
    """Yield the names that a statement stores, each with its value as a text."""
    for target in node.targets:
        pairs = [(target, node.value)]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = [*zip(target.elts, node.value.elts, strict=False)]
        yield from ((one.id, ast.dump(own)) for one, own in pairs if isinstance(one, ast.Name))


def _behind(s: Statement) -> Iterator[Loop]:
    """Yield the loops soon behind a statement in its block, and those directly inside them."""
    block = block_of(s.unit.node, s.node)
    at = block.index(s.node)
    pending = [one for one in block[at + 1 : at + 1 + _AHEAD] if isinstance(one, Loop)]
    while pending:
        loop = pending.pop(0)
        yield loop
        pending += [one for one in loop.body if isinstance(one, Loop)]


def _stored(loop: Loop, but: ast.stmt | None = None) -> set[str]:
    """Return the names that the rounds of a loop store, or write into."""
    found = set[str]()
    for one in walked(loop):
        if isinstance(one, ast.Assign | ast.AugAssign) and one is not but:
            for target in one.targets if isinstance(one, ast.Assign) else [one.target]:
                found |= names_in(target)
        elif isinstance(one, ast.For):
            found |= names_in(one.target)
    return found


def _margin(s: Statement, node: ast.stmt) -> str:
    """Return the indentation of a statement that stands alone on its line; empty for others."""
    at = s.unit.start(node)
    margin = s.unit.between(s.unit.source.rfind(b"\n", 0, at) + 1, at)
    return margin if margin.isspace() else ""


def _anew(s: Statement, loop: Loop, name: str) -> Iterator[Candidate]:
    """Yield the loop with the statement at the beginning of each round."""
    first, text = loop.body[0], s.text(s.node)
    if not (margin := _margin(s, first)) or "\n" in text:
        return
    at = s.unit.start(first)
    told = f"{name} must begin anew in each round of the loop in line {loop.lineno}"
    edit = Edit(at, at, f"{text}\n{margin}")
    yield Candidate((edit,), "accumulated", told, 1, None, s.node)


def counted(s: Statement) -> Iterator[Candidate]:
    """Yield the step of a count before the loop in whose rounds it is taken."""
    node = s.node
    if isinstance(node, ast.AugAssign) and isinstance(node.value, ast.Constant):
        name = s.text(node.target)
        for loop in loops_around(s):
            told = f"{name} must be counted before the loop in line {loop.lineno}"
            yield from _before(s, loop, told, s.node)


def _before(s: Statement, loop: Loop, told: str, wrong: ast.stmt) -> Iterator[Candidate]:
    """Yield the statement before the loop, with what is `wrong` as it is."""
    margin, own = _margin(s, loop), _margin(s, s.node)
    start, end = s.unit.start(s.node), s.unit.end(s.node)
    alone = len(block_of(s.unit.node, s.node)) == 1 or not own
    if not margin or alone or s.unit.source[end : end + 1] != b"\n":
        return
    at = s.unit.start(loop)
    edits = (Edit(at, at, f"{s.text(s.node)}\n{margin}"), Edit(start - len(own), end + 1, ""))
    yield Candidate(edits, "missing-path", told, 1, None, wrong)


def emptied(s: Statement) -> Iterator[Candidate]:
    """Yield zeros for a copy with which a sum begins."""
    value = s.node.value if isinstance(s.node, ast.Assign) else None
    called = value.func if isinstance(value, ast.Call) else None
    if isinstance(value, ast.Call) and isinstance(called, ast.Attribute) and s.numpy:
        copied = [called.value] if called.attr == s.copying and not value.args else []
        if called.attr in _FILLED and s.text(called.value) == s.numpy[:-1]:
            copied = value.args[:1]
        for one in copied:
            text = f"{s.numpy}zeros_like({s.text(one)})"
            told = "it must begin as zeros"
            yield Candidate((s.replaced(value, text),), "accumulated", told, 1, text, value)


def copies(s: Statement) -> Iterator[Candidate]:
    """Yield a copy of an array that is stored under a second name, and written into under one."""
    for node in _kept(s):
        held = s.held(node)
        single = held is not None and not held.shape and s.copying == "copy"
        if held is None or held.kind != "f" or single:
            continue  # a single number of NumPy's is never written into
        stored = s.node.targets if isinstance(s.node, ast.Assign) else ()
        names = {s.text(_whole(one)) for one in (node, *stored)}
        if any(s.text(_whole(one)) in names for one in _written(s)):
            text = f"{s.text(node)}.{s.copying}()"
            told = f"{s.text(node)} is written into later: a copy is needed"
            yield Candidate((s.replaced(node, text),), "wrong-point", told, 0, text, node)


def _whole(node: ast.expr) -> ast.expr:
    """Return the array that a part belongs to."""
    return _whole(node.value) if isinstance(node, ast.Subscript) else node


def is_spoilt(s: Statement) -> bool:
    """Return whether a statement keeps an array that is written into under another name."""
    return any(True for _ in copies(s))


def spares(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether edits only make such a copy."""
    if len(edits) != 1 or not edits[0].text.endswith(f".{s.copying}()".encode()):
        return False
    own = edits[0].start, edits[0].end, edits[0].text
    made = (one.edits[0] for one in copies(s))
    return any(own == (one.start, one.end, one.text) for one in made)


def _kept(s: Statement) -> Iterator[ast.expr]:
    """Yield the names in a statement whose arrays get other names, or are put into a list."""
    if isinstance(s.node, ast.Assign):
        yield from (one for one in s.values if is_leaf(one) or isinstance(one, ast.Subscript))
    for node in s.nodes:
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and getattr(called, "attr", "") in _KEEPING:
            yield from (one for one in node.args if is_leaf(one))


def _written(s: Statement) -> Iterator[ast.expr]:
    """Yield what statements of the function write into: operands in place, and parts."""
    for one in s.unit.nodes:
        if isinstance(one, ast.AugAssign) and one is not s.node:
            yield one.target
        elif isinstance(one, ast.Assign) and one is not s.node:
            yield from (target for target in one.targets if isinstance(target, ast.Subscript))
        elif isinstance(one, ast.Call):
            yield from written_by(one)
