"""Where a call writes what it computes: into an argument, such as `f(x, out)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import FunctionType

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.meaning import meant
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit, Unreadable
from gradtui.recording.places import is_users_file

_FUNCTIONS = 256
"""Most functions of which is remembered what they write into."""
_PLACES = ast.Name | ast.Attribute | ast.Subscript
_OBJECTS = ("self", "cls")
"""The names of arguments that no call passes."""
_OUT = "out"
"""The option that names where a library's function writes."""


def misdirects(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether a call would write where no other line of its function reads.

    Other lines read where it writes without the edits: they would find there what was before.
    """
    call = s.node.value if isinstance(s.node, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    for own in _written(s, call):
        start, end = s.unit.start(own), s.unit.end(own)
        inside = [one for one in edits if start <= one.start and one.end <= end]
        after = _parsed(s.unit.text_after(own, inside)) if inside else None
        if after is None or ast.unparse(after) == ast.unparse(own):
            continue
        read = _read_beside(s)
        lost = not isinstance(after, _PLACES) or ast.unparse(after) not in read
        if lost and ast.unparse(own) in read:
            return True
    return False


def _read_beside(s: Statement) -> set[str]:
    """Return the texts of what the other lines of a statement's function read."""
    own = {*walked(s.node)}
    return {
        ast.unparse(one) for one in s.unit.nodes
        if isinstance(one, _PLACES) and isinstance(one.ctx, ast.Load) and one not in own
    }  # fmt: skip


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(f"({text})", mode="eval").body
    except SyntaxError:
        return None


def _written(s: Statement, call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments of a call into which it writes."""
    yield from (one.value for one in call.keywords if one.arg == _OUT)
    function = meant(s, call.func)
    if isinstance(function, FunctionType) and is_users_file(function.__code__.co_filename):
        names, written = _names_of(function), _written_by(function)
        yield from (one for name, one in zip(names, call.args, strict=False) if name in written)
        yield from (one.value for one in call.keywords if one.arg in written and one.arg != _OUT)


def _names_of(function: FunctionType) -> Sequence[str]:
    """Return the names of the arguments that a call gives by their places."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    return names[1:] if names[:1] and names[0] in _OBJECTS else names


@lru_cache(_FUNCTIONS)
def _written_by(function: FunctionType) -> frozenset[str]:
    """Return the names of the arguments into which a function writes."""
    try:
        nodes = Unit(function.__code__, [function]).nodes
    except Unreadable:
        return frozenset()
    added = {one.target for one in nodes if isinstance(one, ast.AugAssign)}
    places = [
        *added,
        *(
            one
            for one in nodes
            if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Store)
        ),
        *(one.value for one in nodes if isinstance(one, ast.keyword) and one.arg == _OUT),
    ]
    anew = {
        one.id for one in nodes
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store) and one not in added
    }  # fmt: skip
    return frozenset(_root(one) for one in places) - anew


def _root(place: ast.expr) -> str:
    """Return the name of an array of which a place is a part; empty for others."""
    while isinstance(place, ast.Subscript):
        place = place.value
    return place.id if isinstance(place, ast.Name) else ""
