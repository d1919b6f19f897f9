"""Other values for what a statement writes itself: numbers, flags, zeros and ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import FunctionType

from gradtui.diagnosis.recorded.blame.begun import is_zero
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.constants import written
from gradtui.diagnosis.recorded.blame.scope import flags_of
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.recording.places import is_users_file

_PLAIN = (0.0, 1.0, 2.0, 0.5)
"""Numbers that may stand anywhere in an array."""
_FILES = 32
"""Most files of which it is known what their keys are made of."""
_MOST = 24
"""Most values of one kind that are tried."""


def numbers(s: Statement, wanted: Sequence[float]) -> Iterator[Candidate]:
    """Yield other values for the numbers that are written in a statement, 0 and 1 the likeliest."""
    for node in s.nodes:
        if node in s.indexing:
            continue
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            operand = isinstance(s.parents.get(node), ast.BinOp)  # leaving it out is better than 0
            for value in wanted:
                if value != node.value and (value or not operand):
                    whole = isinstance(node.value, int) and value in (0, 1)
                    text = repr(int(value) if whole else value)
                    told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
                    yield Candidate((edit,), "wrong-variable", told, int(not whole), text, node)


def entries(s: Statement) -> Iterator[Candidate]:
    """Yield other values for the numbers that stand in a written array, such as a Jacobian.

    They are those of its other entries, and plain ones.  Whole numbers that names are given one by
    one may be any of as many.
    """
    yield from _numbered(s)
    for array in s.nodes:
        if not isinstance(array, ast.List) or isinstance(s.parents.get(array), ast.List):
            continue
        own = {one: one.value for one in _entries(array) if isinstance(one.value, int | float)}
        floats = [value for value in own.values() if type(value) is float]
        for node, number in own.items() if floats else ():
            for value in dict.fromkeys([*floats, *_PLAIN, 2 * number, number / 2]):
                if value != number:
                    text = repr(value)
                    told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
                    yield Candidate((edit,), "wrong-variable", told, 1, text, node)


def _numbered(s: Statement) -> Iterator[Candidate]:
    """Yield other places for names that are given whole numbers, as `m, x, y = 1, 1, 2`."""
    match s.node:
        case ast.Assign([ast.Tuple()], ast.Tuple(elts)):
            own = [one for one in elts if isinstance(one, ast.Constant) and type(one.value) is int]
            for node in own if len(own) == len(elts) else ():
                for value in range(len(own)):
                    if value != node.value:
                        told = f"{s.text(node)} must be {value}"
                        edit = s.replaced(node, str(value))
                        text = s.unit.text_after(s.node, [edit])
                        known = ast.unparse(ast.parse(text)) in _numbering(s.unit.tree)
                        yield Candidate((edit,), "wrong-variable", told, int(not known),
                                        str(value), node, named=known)  # fmt: skip


@lru_cache(_FILES)
def _numbering(tree: ast.Module) -> frozenset[str]:
    """Return the lines of a file that give names whole numbers one by one."""
    lines = (one for one in walked(tree) if isinstance(one, ast.Assign))
    return frozenset(ast.unparse(one) for one in lines if isinstance(one.value, ast.Tuple))


def _entries(node: ast.expr) -> Iterator[ast.Constant]:
    """Yield the numbers among the entries of a list, of lists within it, and behind a minus."""
    match node:
        case ast.Constant():
            yield node
        case ast.UnaryOp(ast.USub(), operand):
            yield from _entries(operand)
        case ast.List(elts):
            for one in elts:
                yield from _entries(one)


def keys(s: Statement) -> Iterator[Candidate]:
    """Yield other texts for those that keys of dicts are made of, such as `"A" + str(t)`."""
    for node in s.indexing:
        if isinstance(node, ast.JoinedStr):
            yield from _formatted(s, node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            summed = isinstance(s.parents.get(node), ast.BinOp)
            for text in sorted(_key_parts(s.unit.tree) - {node.value}) if summed else ():
                told, edit = f"{node.value} must be {text}", s.replaced(node, s.spelled(repr(text)))
                yield Candidate((edit,), "wrong-variable", told, 1, text, node)


def _formatted(s: Statement, node: ast.JoinedStr) -> Iterator[Candidate]:
    """Yield other beginnings of a key such as `f"A{t}"`, with which the file has others."""
    text, own = s.text(node), _begins_with(node)
    for other in sorted(_formatted_parts(s.unit.tree) - {own}) if own else ():
        new = text.replace(own, other, 1) if text[2:].startswith(own) else text
        told, edit = f"{text} must be {new}", s.replaced(node, new)
        yield Candidate((edit,), "wrong-variable", told, 1, new, node)


def _begins_with(node: ast.JoinedStr) -> str:
    """Return the text before the first value of a formatted one."""
    first = node.values[0] if len(node.values) > 1 else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


@lru_cache(_FILES)
def _formatted_parts(tree: ast.Module) -> frozenset[str]:
    keys = (one.slice for one in walked(tree) if isinstance(one, ast.Subscript))
    texts = (_begins_with(one) for one in keys if isinstance(one, ast.JoinedStr))
    return frozenset(one for one in texts if one)


@lru_cache(_FILES)
def _key_parts(tree: ast.Module) -> frozenset[str]:
    """Return the texts with which a file's keys begin."""
    keys = (one.slice for one in walked(tree) if isinstance(one, ast.Subscript))
    first = (one.left for one in keys if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add))
    return frozenset(
        one.value for one in first if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )


def given(s: Statement) -> Iterator[Candidate]:
    """Yield numbers in scope for written ones, flags that calls leave out, and what is given."""
    for node in s.nodes:
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield from _of_scope(s, node)
            given = isinstance(s.parents.get(node), ast.Call | ast.IfExp) or node is s.value()
            if given and type(node.value) is float:
                yield from _of_file(s, node)
        elif isinstance(node, ast.Call):
            yield from _flags(s, node)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "ones_like":
                yield from _for_ones(s, node)
            if node is s.value() and isinstance(node.func, ast.Attribute):
                yield from _emptied(s, node, node.func)
            if node is s.value() and is_zero(node):
                yield from _for_zeros(s, node)
            elif isinstance(s.parents.get(node), ast.Call) and _is_zeros_of(node):
                (text,) = map(s.text, node.args)  # a call that adds to its argument
                told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
                yield Candidate((edit,), "missing-path", told, 1, text, node)


def _emptied(s: Statement, node: ast.Call, called: ast.Attribute) -> Iterator[Candidate]:
    """Yield zeros for the copy of an array, in which something may be summed."""
    if called.attr in ("copy", "clone") and s.shape(called.value):
        own = s.text(called.value)
        text, told = f"{s.numpy}zeros_like({own})", f"it must begin as zeros, not as {own}"
        edit = s.replaced(node, text)
        yield Candidate((edit,), "double-counted-path", told, 1, text, node)


def _is_zeros_of(node: ast.Call) -> bool:
    """Return whether a call makes zeros in the shape of an array."""
    return len(node.args) == 1 and getattr(node.func, "attr", "") == "zeros_like"


def _for_ones(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield arguments for ones of their shape, wherever the same ones stand in the function."""
    own, shape = s.text(node), s.shape(node.args[0]) if node.args else None
    alike = [one for one in walked(s.unit.node)
             if isinstance(one, ast.Call) and s.text(one) == own]  # fmt: skip
    for name in (one.arg for one in walked(s.unit.node) if isinstance(one, ast.arg)):
        held = s.scope.get(name)
        if shape and held is not None and (held.shape, held.kind) == (shape, "f"):
            told = f"{own} must be {name}"
            for places in [[node], alike] if len(alike) > 1 else [alike]:
                edits = tuple(s.replaced(one, name) for one in places)
                yield Candidate(edits, "missing-factor", told, 1, name, node)


def _for_zeros(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield copies of arguments for zeros that are added to, such as a gradient that is given."""
    shape = s.shape_of_value(node)
    for name in (one.arg for one in walked(s.unit.node) if isinstance(one, ast.arg)):
        held = s.scope.get(name)
        if shape and held is not None and (held.shape, held.kind) == (shape, "f"):
            told, text = f"it must begin as {name}, not as zeros", f"{name}.{s.copying}()"
            yield Candidate((s.replaced(node, text),), "missing-term", told, 1, name, node)


def _of_scope(s: Statement, node: ast.Constant) -> Iterator[Candidate]:
    """Yield numbers in scope for a lone number that is stored or chosen, such as a slope."""
    parent = s.parents.get(node)
    chosen = isinstance(parent, ast.IfExp) or (
        isinstance(parent, ast.Call) and ast.unparse(parent.func).endswith("where")
    )
    stored = isinstance(parent, ast.Return) or (
        isinstance(parent, ast.Assign | ast.AugAssign) and node is s.value()
    )
    if not chosen and not stored:
        return
    floats = [text for text, held in s.scope.items() if held.kind == "f" and not held.shape]
    for text in floats[:_MOST]:
        told = f"{s.text(node)} must be {text}"
        edit = s.replaced(node, text)
        yield Candidate((edit,), "wrong-variable", told, 1 + chosen, text, node)


def _of_file(s: Statement, node: ast.Constant) -> Iterator[Candidate]:
    """Yield the numbers that the file has elsewhere, such as in the forward pass."""
    for value in written(s.unit.tree)[:_MOST]:
        if value != node.value:
            told, edit = f"{s.text(node)} must be {value!r}", s.replaced(node, repr(value))
            yield Candidate((edit,), "wrong-variable", told, 1, repr(value), node)


def _flags(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield the flags of a user's function that a call leaves at their defaults."""
    called = s.unit.globals.get(node.func.id) if isinstance(node.func, ast.Name) else None
    held = s.held(node.func)
    flags = held.flags if held is not None else ()
    if isinstance(called, FunctionType) and is_users_file(called.__code__.co_filename):
        flags = flags_of(called)
    written = {one.arg for one in node.keywords}
    for name, default in flags:
        if name not in written:
            end = s.unit.end(node) - 1
            text = f"{name}={not default}"
            comma = ", " if node.args or node.keywords else ""
            edit = Edit(end, end, comma + text)
            yield Candidate((edit,), "wrong-variable", f"it needs {text}", 1, text, node)
