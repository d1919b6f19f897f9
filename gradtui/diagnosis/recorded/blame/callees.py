"""Other functions that a call may mean, or that compute a value by their names."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from types import FunctionType, ModuleType

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.computing import needed, own_functions, own_methods
from gradtui.diagnosis.recorded.blame.expressions import name_of
from gradtui.diagnosis.recorded.blame.names import apart
from gradtui.diagnosis.recorded.blame.pure import computes
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.recording.functions import asked
from gradtui.recording.places import is_users_file

_MOST = 6
"""Most functions that are tried for one."""
_MAKING = re.compile(r"_*(?:compute|calc(?:ulate)?|get|make|eval(?:uate)?|find)_(\w+)")
"""The name of a function that tells what it makes."""


def callees(s: Statement) -> Iterator[Candidate]:
    """Yield calls of other functions that the function's arguments, names or objects have.

    What the code calls itself does no more harm there than what it calls now.
    """
    for node in [*s.nodes, *s.sealed]:
        if isinstance(node, ast.Call) and _is_own(s, node.func):
            text = s.text(node.func)
            for other in [one for one in _beside(s, node) if one != text][:_MOST]:
                told = f"{text} must be {other}"
                edit = s.replaced(node.func, other)
                yield Candidate((edit,), "wrong-variable", told, 1, other, node.func)


def makers(s: Statement) -> Iterator[Candidate]:
    """Yield a call of the function that makes a value by its name, such as `compute_z` for `z`.

    It is given what the call that stands there is given, or what its arguments are named after; or
    what stands there, if the value is named after both, such as `sym_dx` after `sym(dx)`.
    """
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    name, own = "" if target is None else name_of(target), s.value()
    if own is None or not name:
        return
    for text, function in _computing(s):
        found, both = _MAKING.fullmatch(function.__name__), f"{function.__name__}_{s.text(own)}"
        if name == both:
            made, told = f"{text}({s.text(own)})", f"{text} of it is needed, as its name tells"
            edit = s.replaced(own, made)
            yield Candidate((edit,), "missing-factor", told, 0, made, own, named=True)
        if found is None or found[1] != name:
            continue
        given = [*inspect.signature(function).parameters][text not in s.unit.globals :]
        texts = [given] if s.scope.keys() >= {*given} else []
        if isinstance(own, ast.Call) and not own.keywords and len(own.args) == len(given):
            texts.insert(0, [s.text(one) for one in own.args])
        for made in dict.fromkeys(f"{text}({', '.join(one)})" for one in texts):
            if s.text(own) != made:
                told, edit = f"{s.text(own)} must be {made}", s.replaced(own, made)
                yield Candidate((edit,), "wrong-variable", told, 0, made, own, named=True)


def _computing(s: Statement) -> Iterator[tuple[str, FunctionType]]:
    """Yield the functions and the methods of the function's own object that only compute."""
    for text, _ in own_functions(s):
        if isinstance(function := s.unit.globals.get(text), FunctionType):
            yield text, function
    yield from own_methods(s)


def _beside(s: Statement, call: ast.Call) -> Iterator[str]:
    """Yield what is called with as many arguments, of the same object if it has one."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    root = s.unit.owner if owner is not None else None
    calls = (one for one in walked(root or s.unit.node) if isinstance(one, ast.Call))
    found = dict.fromkeys(
        ast.unparse(one.func) for one in calls
        if type(one.func) is type(call.func) and len(one.args) == len(call.args)
        and (not isinstance(one.func, ast.Attribute) or _is_same(one.func.value, owner))
        and _is_own(s, one.func)
    )  # fmt: skip
    yield from found
    match call.func:
        case ast.Attribute(value=ast.Name(id=name), attr=attr):
            static = _static(s, s.locals.get(name))
            yield from (f"{name}.{other}" for other, one in sorted(
                static.items(), key=lambda pair: apart(attr, pair[0])
            ) if attr in static and needed(one) == len(call.args) and other != attr)  # fmt: skip


def _static(s: Statement, owner: object) -> dict[str, FunctionType]:
    """Return the static methods of an object or a class that only compute, by name."""
    kind = owner if isinstance(owner, type) else type(owner)
    known = {name: one for own in reversed(kind.__mro__) for name, one in vars(own).items()}
    functions = ((name, one.__func__) for name, one in known.items()
                 if isinstance(one, staticmethod))  # fmt: skip
    return {
        name: one for name, one in functions
        if isinstance(one, FunctionType) and is_users_file(one.__code__.co_filename)
        and computes(one, s.dialect)
    }  # fmt: skip


def _is_same(one: ast.expr, other: ast.expr | None) -> bool:
    return other is not None and ast.dump(one) == ast.dump(other)


def _is_own(s: Statement, called: ast.expr) -> bool:
    """Return whether a function is no module's: a local one, or the part of a local object.

    Methods are not, unless they are static: they do different things with one object.
    """
    match called:
        case ast.Name(id=name):
            return callable(s.locals.get(name))
        case ast.Attribute(value=ast.Name(id=name), attr=attr):
            owner = s.locals.get(name)
            found = asked(owner, attr) if not isinstance(owner, ModuleType) else None
            own = not hasattr(type(owner), attr) or attr in _static(s, owner)
            return callable(found) and own
    return False
