"""Calls that only compute, whose results nothing keeps: `back(d, z)` for `d = back(d, z)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from types import ModuleType

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.computing import own_functions
from gradtui.diagnosis.recorded.blame.meaning import meant
from gradtui.diagnosis.recorded.blame.pure import MODULES
from gradtui.diagnosis.recorded.blame.units import Edit

_ARGUMENTS = 3
"""Most arguments in whose place the result is stored."""
_IN_PLACE = frozenset({
    "at", "byteswap", "copyto", "fill", "fill_diagonal", "partition", "place", "put",
    "put_along_axis", "putmask", "resize", "setflags", "shuffle", "sort",
})  # fmt: skip
"""Methods and functions of NumPy that change an array."""


def is_dropped(s: Statement) -> bool:
    """Return whether a statement only computes something, which is lost."""
    if _calculation(s.node) is not None:
        return True
    call = _call(s.node)
    if call is None:
        return False
    own = s.text(call.func) in {name for name, _ in own_functions(s)}
    return own or _is_kept_beside(s, call) or _changed(s, call) is not None


def _is_kept_beside(s: Statement, call: ast.Call) -> bool:
    """Return whether the function keeps what the same method of other objects makes of a name.

    Under that name, as in `d = self.relu.backward(d)`.
    """
    method = call.func.attr if isinstance(call.func, ast.Attribute) else None
    for one in s.unit.of(ast.Assign):
        match one:
            case ast.Assign(
                [ast.Name(name)], ast.Call(ast.Attribute(attr=attr), [ast.Name(given), *_])
            ) if attr == method and name == given:
                return True
            case _:
                continue
    return False


def dropped(s: Statement) -> Iterator[Candidate]:
    """Yield the lines that store what a call returns under the name of one of its arguments.

    Who forgets that once may forget it in each call of the function.  A calculation is stored under
    the name of its first operand.
    """
    if (own := _calculation(s.node)) is not None:
        end, told = s.operator(own)[1], f"nothing keeps {s.text(own)}"
        yield Candidate((Edit(end, end, "="),), "missing-path", told, 0, s.text(own.left), s.node)
        return
    call = _call(s.node)
    if call is None or not is_dropped(s):
        return
    if (array := _changed(s, call)) is not None:
        yield from _of_array(s, call, array)
        return
    alike = [one for node in s.unit.of(ast.Expr) if (one := _call(node)) is not None
             and ast.dump(one.func) == ast.dump(call.func)]  # fmt: skip
    for at, name in enumerate(call.args[:_ARGUMENTS]):
        if not isinstance(name, ast.Name):
            continue
        told = f"nothing keeps what {s.text(call.func)} returns"
        edits = _stored(s, [call], at)
        yield Candidate(edits, "missing-path", told, min(1, at), name.id, s.node)
        edits = _stored(s, alike, at)
        if call is alike[0] and len(edits) > 1:
            told += f", here and in line {' and '.join(str(one.lineno) for one in alike[1:])}"
            yield Candidate(edits, "missing-path", told, min(1, at), name.id, s.node)


def _of_array(s: Statement, call: ast.Call, array: ast.expr) -> Iterator[Candidate]:
    """Yield the method that changes an array, and the line that stores what a function returns."""
    assert isinstance(call.func, ast.Attribute)
    name, text = call.func.attr, s.text(array)
    told = f"{name} does not change {text}, and nothing keeps what it returns"
    if array is call.func.value and f"{name}_" in s.dialect.methods:
        end = s.unit.end(call.func)
        yield Candidate((Edit(end, end, "_"),), "missing-path", told, 0, f"{name}_", s.node)
    start = s.unit.start(call)
    yield Candidate((Edit(start, start, f"{text} = "),), "missing-path", told, 0, text, s.node)


def _changed(s: Statement, call: ast.Call) -> ast.expr | None:
    """Return the array that a method or a function of arrays was meant to change; None if none."""
    if not isinstance(call.func, ast.Attribute) or any(one.arg == "out" for one in call.keywords):
        return None
    name, of = call.func.attr, call.func.value
    if name in _IN_PLACE or name.endswith("_") or s.shape(call) is None:
        return None
    module = meant(s, of)
    if isinstance(module, ModuleType):
        known = module.__name__.partition(".")[0] in MODULES
        of, *_ = call.args if known and call.args else [of]
    held = s.held(of)
    return of if held is not None and held.kind == "f" and held.shape else None


def _calculation(node: ast.stmt) -> ast.BinOp | None:
    """Return the calculation that is all of a statement, of a name; None if there is none."""
    value = node.value if isinstance(node, ast.Expr) else None
    named = isinstance(value, ast.BinOp) and isinstance(value.left, ast.Name)
    return value if named and isinstance(value, ast.BinOp) else None


def _call(node: ast.stmt) -> ast.Call | None:
    """Return the call that is all of a statement; None if there is none."""
    value = node.value if isinstance(node, ast.Expr) else None
    return value if isinstance(value, ast.Call) else None


def _stored(s: Statement, calls: Sequence[ast.Call], at: int) -> tuple[Edit, ...]:
    """Return the edits that store what calls return under the names of their arguments."""
    named = [(s.unit.start(one), one.args[at]) for one in calls if at < len(one.args)]
    return tuple(
        Edit(start, start, f"{name.id} = ") for start, name in named if isinstance(name, ast.Name)
    )
