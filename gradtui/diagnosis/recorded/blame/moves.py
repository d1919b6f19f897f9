"""Lines in a wrong place: too late or early for what reads what they change, or badly indented."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit

_AROUND = ast.For | ast.While | ast.If
_NEAR = 4
"""Most lines between one that reads a value and one that changes it too late, or too early."""


def moves(s: Statement) -> Iterator[Candidate]:
    """Yield a line that changes a value before the first that reads it, or behind the next one.

    The statement may be the one or the other.  Or it may belong into the loop or the choice before
    it, or behind that which it ends.
    """
    block = block_of(s.unit.node, s.node)
    at = block.index(s.node)
    yield from _of(s, block, at)
    for near in range(max(0, at - _NEAR), min(len(block), at + _NEAR + 1)):
        if near != at and not _names(s.node, ast.Load).isdisjoint({_changed(block[near])}):
            yield from _of(s, block, near)
    if _is_alone(s, s.node) and "\n" not in s.text(s.node):
        yield from _indented(s, block, at)
        yield from _outdented(s, block, at)


def _indented(s: Statement, block: Sequence[ast.stmt], at: int) -> Iterator[Candidate]:
    """Yield a line behind a loop or a choice as the last one inside of it."""
    above = block[at - 1] if at else None
    while isinstance(above, _AROUND):
        last = above.body[-1]
        told = f"it must be indented, into what line {above.lineno} begins"
        yield from _shifted(s, last, _margin(s, last), "missing-path", told)
        above = last


def _outdented(s: Statement, block: Sequence[ast.stmt], at: int) -> Iterator[Candidate]:
    """Yield the last line of a loop or a choice behind it."""
    all_around = (one for one in s.unit.of(ast.stmt) if isinstance(one, _AROUND))
    above = next((one for one in all_around if one.body is block), None)
    if above is not None and at and s.node is block[-1]:
        told = f"it must stand behind what line {above.lineno} begins"
        yield from _shifted(s, block[at - 1], _margin(s, above), "double-counted-path", told)


def _shifted(
    s: Statement, behind: ast.stmt, margin: str, rule: str, told: str
) -> Iterator[Candidate]:
    """Yield a line behind another one, as far to the right as a margin."""
    at, start = s.unit.end(behind), s.unit.start(s.node) - len(_margin(s, s.node))
    if not margin.strip():
        gone = Edit(start - 1, s.unit.end(s.node), "")
        put = Edit(at, at, f"\n{margin}{s.text(s.node)}")
        yield Candidate((gone, put), rule, told, 1, None, s.node)


def _of(s: Statement, block: Sequence[ast.stmt], at: int) -> Iterator[Candidate]:
    """Yield a line of a block, if it changes a value, in other places of that."""
    line = block[at]
    name = _changed(line)
    if name is None or not _is_alone(s, line):
        return
    needed = _names(line, ast.Load) - {name}
    made = max((i for i in range(at) if name in _names(block[i], ast.Store)), default=-1)
    before = _first(block, range(made + 1, at), name)
    behind = _first(block, range(at + 1, len(block)), name)
    if before is not None and not _stored(block[before:at]) & needed:
        told = f"it must stand before line {block[before].lineno}, which reads {name}"
        yield from _moved(s, line, block[before], "missing-path", told, behind=False)
    # Nothing runs behind a return.
    if behind is not None and isinstance(block[behind], ast.Return):
        behind = None
    if behind is not None and not _stored(block[at + 1 : behind + 1]) & (needed | {name}):
        told = f"it must stand behind line {block[behind].lineno}, which reads {name}"
        yield from _moved(s, line, block[behind], "double-counted-path", told, behind=True)


def _changed(node: ast.stmt) -> str | None:
    """Return the name whose value a statement makes another one of; None for other statements."""
    match node:
        case ast.AugAssign(target=ast.Name(id=name)):
            return name
        case ast.Assign(targets=[ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name))]) if (
            name in _names(node.value, ast.Load)
        ):
            return name
        case _:
            return None


def _names(node: ast.AST, kind: type[ast.expr_context]) -> set[str]:
    """Return the names that a statement reads, or stores; `x += y` and `x[i] = y` store x, too."""
    named = (one for one in walked(node) if isinstance(one, ast.Name))
    found = {one.id for one in named if isinstance(one.ctx, kind)}
    if kind is ast.Store:
        parts = (one for one in walked(node) if isinstance(one, ast.Subscript))
        stored = (one.value for one in parts if isinstance(one.ctx, ast.Store))
        found |= {one.id for one in stored if isinstance(one, ast.Name)}
    return found


def _stored(block: Sequence[ast.stmt]) -> set[str]:
    return {name for one in block for name in _names(one, ast.Store)}


def _first(block: Sequence[ast.stmt], places: range, name: str) -> int | None:
    """Return the first place of a block where a name is read."""
    return next((i for i in places if name in _names(block[i], ast.Load)), None)


def _margin(s: Statement, node: ast.stmt) -> str:
    """Return what stands before a statement on its line."""
    start = s.unit.start(node)
    return s.unit.between(s.unit.source.rfind(b"\n", 0, start) + 1, start)


def _is_alone(s: Statement, node: ast.stmt) -> bool:
    """Return whether nothing else stands on the lines of a statement."""
    end = s.unit.source[s.unit.end(node) :][:1]
    return not _margin(s, node).strip() and end in (b"\n", b"")


def _moved(
    s: Statement, line: ast.stmt, beside: ast.stmt, rule: str, told: str, *, behind: bool
) -> Iterator[Candidate]:
    """Yield a line in another place of its block: behind another one, or before it."""
    text, margin = s.text(line), _margin(s, line)
    if not _is_alone(s, beside) or "\n" in text:
        return
    start, end = s.unit.start(line) - len(margin), s.unit.end(line)
    gone = Edit(start, end + 1, "") if behind else Edit(start - 1, end, "")
    if behind:
        at = s.unit.end(beside)
        put = Edit(at, at, f"\n{margin}{text}")
    else:
        at = s.unit.start(beside)
        put = Edit(at, at, f"{text}\n{margin}")
    yield Candidate((put, gone), rule, told, 0, None, line)
