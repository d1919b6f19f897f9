"""Lines that store a value under another name than the one that is meant.

Of two lines in a row that give one name a value, nothing reads the first value: either it belongs
to another name, or the second line goes on with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.begun import read, stored
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.forms import loops_around
from gradtui.diagnosis.recorded.blame.rebound import making, named_by
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Unit


def misstored(s: Statement) -> Iterator[Candidate]:
    """Yield a line that stores a value under another name than one that is lost.

    Of `b = f(a)` nothing reads `b` before it is given another value: it may be `a`, or what the
    lines behind it read before they make it.  It is `a`, too, where nothing has read what `b` had.
    """
    later = _later(s)
    needed = _needed([*later, *_next_round(s)])
    for target in _targets(s.node):
        lost = _is_lost(s, target.id, later)
        if not lost and not drops_before(s):
            continue
        own = needed if lost else needed & {*read(s.nodes)}
        for other in dict.fromkeys([*_changed(s.node), *sorted(own)]):
            if other != target.id and _may_hold(s, target, other):
                told = f"{target.id} must be {other}: nothing reads what it is given here"
                edit, updated = s.replaced(target, other), _is_updated(s.unit, other)
                yield Candidate((edit,), "wrong-variable", told, 0, other, target, named=updated)


def _targets(node: ast.stmt) -> Sequence[ast.Name]:
    """Return the names that a statement stores values under, or changes."""
    targets = [node.target] if isinstance(node, ast.AugAssign) else getattr(node, "targets", [])
    parts = [part for one in targets for part in getattr(one, "elts", [one])]
    return [one for one in parts if isinstance(one, ast.Name)]


def _changed(node: ast.stmt) -> Sequence[str]:
    """Return the name of what a statement makes a new value of: by a call, or a part of it."""
    match node:
        case ast.Assign([ast.Name()], ast.Call(args=[ast.Name(name), *_])):
            return [name]
        case ast.Assign([ast.Name()], ast.Subscript(value=ast.Name(name))):
            return [name]
        case _:
            return []


def _may_hold(s: Statement, target: ast.Name, other: str) -> bool:
    """Return whether a name that is there may hold what a target is given."""
    match s.node:
        case ast.Assign([ast.Name()], value) | ast.AugAssign(value=value):
            own = s.shape(value)
        case _:
            held = s.stored(target)
            own = None if held is None else held.shape
    had = s.scope.get(other)
    fits = had is not None and own in (None, had.shape)
    unknown = s.locals.get(other, other) is None
    near = other in s.recent or other in read(s.nodes)  # an argument that the line goes on with
    return other in _changed(s.node) or (near and (fits or unknown))


def is_misstored(s: Statement) -> bool:
    """Return whether nothing reads what a line stores, but something what it may have to store."""
    return any(misstored(s))


def continued(s: Statement) -> Iterator[Candidate]:
    """Yield a line that goes on with what its name had, which nothing else reads."""
    name = named_by(s)
    for node in s.nodes if drops_before(s) else ():
        read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        if read and isinstance(node, ast.Name) and s.held(node) is not None:
            told = f"{node.id} must be {name}, which nothing else reads"
            edit, cost = s.replaced(node, name), 2 * _is_updated(s.unit, node.id)
            yield Candidate((edit,), "wrong-variable", told, cost, name, node, named=not cost)


def drops_before(s: Statement) -> bool:
    """Return whether a line gives a name another value though nothing has read what it computed."""
    name, node = named_by(s), s.node
    if not isinstance(node, ast.Assign) or not any(isinstance(one, ast.Name) for one in s.nodes):
        return False
    block = block_of(s.unit.node, node)
    at = block.index(node)
    made = [one for one in making(s.unit).get(name, ()) if one in block[:at]]
    if not made or not isinstance(made[-1].value, ast.BinOp | ast.Call):
        return False
    since = block[block.index(made[-1]) + 1 : at + 1]
    # A call for its effect, such as `x.fill_(0)`, only changes it.
    reading = (one for one in since if not isinstance(one, ast.Expr))
    return not any(name in read(walked(one)) for one in reading)


def _needed(later: Sequence[ast.stmt]) -> set[str]:
    """Return the names that some statements read before they store them."""
    found, made = set[str](), set[str]()
    for line in later:
        nodes = walked(line)
        found |= {*read(nodes)} - made
        made |= {*stored(nodes)}
    return found


def _is_lost(s: Statement, name: str, later: Sequence[ast.stmt]) -> bool:
    """Return whether nothing reads a name further down, before it is given another value.

    That of a new name, which is given none, must rather be read.
    """
    made = making(s.unit).get(name, ())
    at = next((at for at, one in enumerate(later) if one in made), None)
    if at is not None:
        return not any(name in read(walked(one)) for one in later[: at + 1])
    given = (one.arg for one in s.unit.of(ast.arg))
    if name not in s.recent and name not in given:
        return False
    last = s.node.end_lineno or s.node.lineno
    names = [one for one in s.unit.of(ast.Name) if one.id == name]
    loops = loops_around(s)
    if loops and (anew := _made_anew(loops[0], name, made)):
        names = [one for one in names if not anew < one.lineno <= last]
    first = min([last + 1, *(one.lineno for one in loops)])
    return name not in read([one for one in names if one.lineno >= first])


def _made_anew(loop: ast.stmt, name: str, made: Sequence[ast.Assign]) -> int:
    """Return the last line of what gives a name a value in each round of a loop; 0 for none."""
    if isinstance(loop, ast.For) and name in stored(walked(loop.target)):
        return loop.lineno
    body = getattr(loop, "body", ())
    return next((one.end_lineno or one.lineno for one in body if one in made), 0)


def _later(s: Statement) -> Sequence[ast.stmt]:
    """Return the statements behind one in its block, and behind the conditions around it."""
    found, own = list[ast.stmt](), [s.node]
    for node in own:
        block = block_of(s.unit.node, node)
        found += block[block.index(node) + 1 :]
        own += [one for one in s.unit.of(ast.If) if node in (*one.body, *one.orelse)]
    return found


def _next_round(s: Statement) -> Sequence[ast.stmt]:
    """Return what runs behind the last line of the innermost loop around a statement.

    That is the loop from its begin to the statement, and what follows the loop.
    """
    loop = next(iter(loops_around(s)), None)
    if loop is None:
        return ()
    block = block_of(s.unit.node, loop)
    again = [one for one in loop.body if one.lineno <= s.node.lineno]
    return [*again, *block[block.index(loop) + 1 :]]


def _is_updated(unit: Unit, name: str) -> bool:
    """Return whether a function makes the value of a name from its value before: `x = f(x)`."""
    return any(name in read(walked(one.value)) for one in making(unit).get(name, ()))


def misplaced(s: Statement) -> Iterator[Candidate]:
    """Yield a line that changes in place what was stored last, where it changes something else."""
    match s.node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(own) as changed, method))) if (
            method.endswith("_") and s.recent
        ):  # fmt: skip
            last = max(s.recent, key=lambda name: s.recent[name])
        case _:
            return
    held = s.scope.get(last)
    if last != own and held is not None and held.shape:
        told, edit = f"{own} must be {last}, which is stored just before", s.replaced(changed, last)
        yield Candidate((edit,), "wrong-variable", told, 1, last, changed, named=True)
