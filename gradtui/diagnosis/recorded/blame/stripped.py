"""Lines that only give a value another name, as nobody writes them: they have lost what they do.

And slices of another array than those beside, such as the other half of what is split.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import indices_of, name_of, names_in
from gradtui.diagnosis.recorded.blame.forms import renames
from gradtui.diagnosis.recorded.blame.trees import nodes_of

_FILES = 32
"""Most files of which it is kept what they apply."""
_CALLS, _ARRAYS = 12, 6
"""Most calls that are tried, and most arrays."""
_NO_VALUE = ("append", "array", "asarray", "clone", "copy", "detach", "shape", "size")
"""What does not change the numbers of an array, or not only of one."""


def stripped(s: Statement) -> Iterator[Candidate]:
    """Yield what the code applies to other values, such as a mean, and products of a name."""
    value = s.value() if renames(s.node) else None
    if value is None or not s.shape(value) or not s.numpy:
        return
    own, words = s.text(value), _stored(s).split("_")
    for text, name in [*_applied(s, own).items()][:_CALLS]:
        told, edit, named = f"{own} must be {text}", s.replaced(value, text), name in words
        yield Candidate((edit,), "missing-factor", told, int(not named), text, value, named=named)
    alike = [text for text, held in s.scope.items() if text.isidentifier() and text != own
             and (held.shape, held.kind) == (s.shape(value), "f")]  # fmt: skip
    alike.sort(key=lambda text: -s.recent.get(text, 0))
    for text in alike[:_ARRAYS]:
        told, edit = f"the factor {text} is missing", s.replaced(value, f"{own} * {text}", 2)
        yield Candidate((edit,), "missing-factor", told, 1, text, value)


def _stored(s: Statement) -> str:
    """Return the name that a statement stores, without its object."""
    return name_of(s.node.targets[0]) if isinstance(s.node, ast.Assign) else ""


def _applied(s: Statement, own: str) -> Mapping[str, str]:
    """Return the calls of its function, and then of its file, as of its own array.

    Each comes with the name of what is called.
    """
    found, names = dict[str, str](), s.locals.keys() | s.unit.globals.keys()
    near = sorted(s.unit.of(ast.Call), key=lambda one: abs(one.lineno - s.node.lineno))
    for call in (*near, *_calls_of(s.unit.tree)):
        called = call.func
        if not isinstance(called, ast.Attribute) or called.attr in _NO_VALUE:
            continue
        of_module = s.is_module(called.value)
        rest = [*call.args[of_module:], *call.keywords]
        known = hasattr(s.dialect.module, called.attr) and (call.args or not of_module)
        if known and all(names_in(one) <= names for one in rest):
            parts = [*([own] if of_module else []), *map(ast.unparse, rest)]
            head = ast.unparse(called) if of_module else f"{own}.{called.attr}"
            found[f"{head}({', '.join(parts)})"] = called.attr
    return found


@lru_cache(_FILES)
def _calls_of(tree: ast.Module) -> Sequence[ast.Call]:
    """Return the calls of a file, of those that are alike one."""
    calls = {ast.unparse(one): one for one in nodes_of(tree) if isinstance(one, ast.Call)}
    return [*calls.values()]


def sliced(s: Statement) -> Iterator[Candidate]:
    """Yield arrays of which the function slices other parts, for one that it slices nowhere else.

    Such as `d[h:]` beside `d[:h]`: what another array of another shape would give fails later.
    """
    parts = [one for one in s.unit.of(ast.Subscript) if _is_slice(one)]
    for node in s.nodes:
        if not isinstance(node, ast.Subscript) or not _is_slice(node):
            continue
        own = s.held(node.value)
        others = [one.value for one in parts if one not in s.nodes
                  and _form_of_slice(one) == _form_of_slice(node)]  # fmt: skip
        for text in dict.fromkeys(map(s.text, others)):
            held = s.scope.get(text)
            if own is None or held is None or text == s.text(node.value):
                continue
            if held.kind == own.kind and held.shape != own.shape:
                told, edit = f"{s.text(node.value)} must be {text}", s.replaced(node.value, text)
                yield Candidate((edit,), "wrong-variable", told, 1, text, node.value)


def _is_slice(node: ast.Subscript) -> bool:
    """Return whether an expression reads a slice of a named array."""
    named = isinstance(node.value, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    return named and any(isinstance(one, ast.Slice) for one in indices_of(node))


def _form_of_slice(node: ast.Subscript) -> Sequence[type[ast.expr]]:
    """Return the kinds of the indices of an expression, along its axes."""
    return [type(one) for one in indices_of(node)]
