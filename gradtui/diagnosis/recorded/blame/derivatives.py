"""Functions of which one is the derivative of the other: the mistake is in neither of them.

A caller gives them the wrong value then, such as an activation for what comes before it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.pure import Owner, computes
from gradtui.diagnosis.recorded.blame.scope import flags_of
from gradtui.diagnosis.recorded.blame.units import Unit, Unreadable
from gradtui.recording.attributes import attributes

Array = NDArray[Any]
Curve = Callable[[Array], Any]
_AT = (-1.3, -0.45, 0.35, 0.8, 1.6)
"""Where two functions are compared."""
_STEP, _CLOSE = 1e-5, 1e-6
_MOST = 20
"""Most functions that it may be the derivative of."""
_CODES = 1024
"""Most functions of which it is kept whether they end."""


def is_of_pair(s: Statement) -> bool:
    """Return whether a statement's function and another of its class or module fit together.

    One is the derivative of the other, by what it is given, or by what the other makes of that. A
    function may be both, by a flag.
    """
    own, *others = _of_a_flag(s) or _curves(s) or [lambda given: None]
    return any(_is_derivative(*pair) for other in others for pair in ((own, other), (other, own)))


def _is_derivative(slope: Curve, curve: Curve) -> bool:
    at = np.array(_AT)
    up, down, value = (_value(curve, one) for one in (at + _STEP, at - _STEP, at))
    if up is None or down is None or value is None:
        return False
    true = (up - down) / (2 * _STEP)
    bent = not np.allclose(true, true[0])
    return bent and any(_is_near(_value(slope, one), true) for one in (at, value))


def _is_near(value: Array | None, slope: Array) -> bool:
    return value is not None and bool(np.allclose(value, slope, rtol=_CLOSE, atol=_CLOSE))


def _of_a_flag(s: Statement) -> list[Curve]:
    """Return the two functions of one number that a statement's function is by its second argument.

    There are none if that is no flag, or the function may do more than compute.
    """
    function = s.unit.functions[0]
    flags = flags_of(function)
    alone = function.__code__.co_argcount == 2 and len(flags) == 1
    if not alone or not _ends(function.__code__, s.unit.file) or not computes(function, s.dialect):
        return []
    ((name, _),) = flags
    return [partial(function, **{name: flag}) for flag in (True, False)]


def _curves(s: Statement) -> list[Curve]:
    """Return the function of one number that a statement is in, and others like it.

    There are none if it is of another kind, or may do more than compute.
    """
    function, owner = s.unit.functions[0], s.locals.get(s.unit.given)
    method = getattr(type(owner), function.__name__, None) is function
    known = Owner(type(owner), frozenset(attributes(owner) or ()), frozenset())
    named = vars(type(owner)) if method else _beside(function)
    users = [
        one for one in named.values()
        if isinstance(one, FunctionType) and one.__code__.co_filename == s.unit.file
        and one.__code__.co_argcount == 1 + method and _ends(one.__code__, s.unit.file)
        and computes(one, s.dialect, owner=known if method else None)
    ]  # fmt: skip
    if function not in users:
        return []
    users.sort(key=lambda one: one is not function)
    return [partial(one, owner) if method else one for one in users[:_MOST]]


@lru_cache(_CODES)
def _ends(code: CodeType, file: str) -> bool:
    """Return whether a function of a file ends for any numbers: a `while` may go on for ever."""
    function = FunctionType(code, {}, closure=tuple([CellType() for _ in code.co_freevars]))
    try:
        nodes = Unit(code, [function]).nodes
    except Unreadable:
        return False
    return not any(isinstance(one, ast.While) for one in nodes)


def _beside(function: FunctionType) -> Mapping[str, object]:
    """Return the functions of a function's module, or those of its class that need no object."""
    found: object = None
    for at, name in enumerate(function.__qualname__.split(".")[:-1]):
        found = getattr(found, name, None) if at else function.__globals__.get(name)
    if not isinstance(found, type):
        return function.__globals__
    return {
        name: one.__func__ for name, one in vars(found).items() if isinstance(one, staticmethod)
    }


def _value(curve: Curve, at: Array) -> Array | None:
    """Return what a function makes of numbers; None if it takes none, or makes something else."""
    with np.errstate(all="ignore"):
        try:
            value = np.asarray(curve(at.copy()))
        except Exception:  # the user's own, given other numbers than they expect
            return None
    fits = value.shape == at.shape and value.dtype.kind == "f"
    return value if fits and bool(np.isfinite(value).all()) else None
