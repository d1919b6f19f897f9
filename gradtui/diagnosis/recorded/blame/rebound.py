"""Lines that give the name of a view to another value, in place of writing into what it views."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.begun import read, stored, unfilled
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import OPERATORS
from gradtui.diagnosis.recorded.blame.forms import loops_around
from gradtui.diagnosis.recorded.blame.names import is_of_gradient
from gradtui.diagnosis.recorded.blame.owned import is_own
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit
from gradtui.diagnosis.recorded.blame.watch import VIEWS

_FUNCTIONS = 64
"""Most functions of which it is kept where they give names."""


def is_rebound(s: Statement) -> bool:
    """Return whether a line takes the name of a view for a value that is lost, or leaves zeros.

    The array is the function's own or named as a gradient, so that it may be written into.
    """
    name, own = _name(s), s.node.lineno
    made = [one for one in _making(s.unit).get(name, ()) if one.lineno < own]
    view = max(made, key=lambda one: one.lineno, default=None)
    whole = None if view is None else _viewed(view.value)
    if view is None or whole is None:
        return False
    text, last = ast.unparse(whole), s.node.end_lineno or own
    read = any(
        one.id == name and one.lineno > last and isinstance(one.ctx, ast.Load)
        for one in s.unit.of(ast.Name)
    )  # fmt: skip
    writable = is_own(s, text) or is_of_gradient(text.rpartition(".")[2])
    return writable and (not read or text in unfilled(s.unit, view))


@lru_cache(_FUNCTIONS)
def _making(unit: Unit) -> Mapping[str, Sequence[ast.Assign]]:
    """Return the names of a function, each with the lines that give it to a value."""
    found = defaultdict[str, list[ast.Assign]](list)
    for node in unit.of(ast.Assign):
        for name in {to.id for to in node.targets if isinstance(to, ast.Name)}:
            found[name].append(node)
    return found


def rebound(s: Statement) -> Iterator[Candidate]:
    """Yield the lines that write into what a name views, instead of giving it another value."""
    if not is_rebound(s) or not isinstance(s.node, ast.Assign):
        return
    name, value = _name(s), s.node.value
    texts = [f"{name} += {s.text(value)}", f"{name}[:] = {s.text(value)}"]
    if isinstance(value, ast.BinOp) and ast.unparse(value.left) == name:
        texts = [f"{name} {OPERATORS[type(value.op)]}= {s.right(value)}", texts[1]]
    for text in texts:
        edit = Edit(s.unit.start(s.node), s.unit.end(s.node), text)
        told = f"{name} must be written into: it is a view, which another value takes the place of"
        yield Candidate((edit,), "missing-path", told, 0, None, s.node)


def drops_before(s: Statement) -> bool:
    """Return whether a line gives a name another value though nothing has read what it computed."""
    name, node = _name(s), s.node
    if not isinstance(node, ast.Assign) or not any(isinstance(one, ast.Name) for one in s.nodes):
        return False
    block = block_of(s.unit.node, node)
    at = block.index(node)
    made = [one for one in _making(s.unit).get(name, ()) if one in block[:at]]
    if not made or not isinstance(made[-1].value, ast.BinOp | ast.Call):
        return False
    since = block[block.index(made[-1]) + 1 : at + 1]
    # A call for its effect, such as `x.fill_(0)`, only changes it.
    reading = (one for one in since if not isinstance(one, ast.Expr))
    return not any(name in read(walked(one)) for one in reading)


def misstored(s: Statement) -> Iterator[Candidate]:
    """Yield a line that stores its value under another name than one that is lost.

    Of `b = f(a)` nothing reads `b` before it is given another value: it may be `a`, or what the
    lines behind it read and do not make.
    """
    match s.node:
        case ast.Assign([ast.Name(name) as target], value):
            later = _later(s)
        case _:
            return
    if not _is_lost(s, name, later):
        return
    others = list[str]()
    if isinstance(value, ast.Call) and value.args and isinstance(value.args[0], ast.Name):
        others.append(value.args[0].id)
    own = s.shape(value)
    behind = [one for line in later for one in walked(line)]
    for other in sorted({*read(behind)} - {*stored(behind)}):
        held = s.scope.get(other)
        fits = held is not None and own in (None, held.shape)
        if other in s.recent and (fits or s.locals.get(other, other) is None):
            others.append(other)
    for other in dict.fromkeys(one for one in others if one != name):
        told = f"{name} must be {other}: nothing reads what it is given here"
        yield Candidate((s.replaced(target, other),), "wrong-variable", told, 0, other, target)


def is_misstored(s: Statement) -> bool:
    """Return whether nothing reads what a line stores, but something what it may have to store."""
    return any(misstored(s))


def _later(s: Statement) -> Sequence[ast.stmt]:
    """Return the statements behind one in its block, and behind the conditions around it."""
    found, own = list[ast.stmt](), [s.node]
    for node in own:
        block = block_of(s.unit.node, node)
        found += block[block.index(node) + 1 :]
        own += [one for one in s.unit.of(ast.If) if node in (*one.body, *one.orelse)]
    return found


def _is_lost(s: Statement, name: str, later: Sequence[ast.stmt]) -> bool:
    """Return whether nothing reads a name further down, before it is given another value.

    That of a new name, which is given none, must rather be read.
    """
    made = _making(s.unit).get(name, ())
    at = next((at for at, one in enumerate(later) if one in made), None)
    if at is not None:
        return not any(name in read(walked(one)) for one in later[: at + 1])
    given = (one.arg for one in s.unit.of(ast.arg))
    if name not in s.recent and name not in given:
        return False
    last = s.node.end_lineno or s.node.lineno
    first = min([last + 1, *(one.lineno for one in loops_around(s))])
    return name not in read([one for one in s.unit.of(ast.Name) if one.lineno >= first])


def continued(s: Statement) -> Iterator[Candidate]:
    """Yield a line that goes on with what its name had, which nothing else reads."""
    name = _name(s)
    for node in s.nodes if drops_before(s) else ():
        read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        if read and isinstance(node, ast.Name) and s.held(node) is not None:
            told = f"{node.id} must be {name}, which nothing else reads"
            edit = s.replaced(node, name)
            yield Candidate((edit,), "wrong-variable", told, 0, name, node, named=True)


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


def _name(s: Statement) -> str:
    """Return the only name that a statement gives to a value; empty if there is none."""
    targets = s.node.targets if isinstance(s.node, ast.Assign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def _viewed(value: ast.expr) -> ast.expr | None:
    """Return the array that an expression only views; None for other expressions."""
    match value:
        case ast.Subscript(value=array):
            pass
        case ast.Call(func=ast.Attribute(array, name)) if name in VIEWS:
            pass
        case _:
            return None
    return array if isinstance(array, ast.Name | ast.Attribute) else _viewed(array)
