"""What a function is given or keeps and nothing reads."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.expressions import names_in
from gradtui.diagnosis.recorded.blame.forms import renames
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Unit

_FUNCTIONS = 256
"""Most functions of which is known what they and others read."""
_ATTRIBUTE = re.compile(r"(\w+)\.(\w+)")
_ENTRY = re.compile(r"(\w+)(?:\.\w+)?\[['\"](\w+)['\"]\]")


def forgotten(s: Statement) -> Sequence[str]:
    """Return the names, attributes and entries in scope that nothing uses, as they are written.

    Those are the arguments and names of the function that it never reads, and what its own object
    or a dict of it keeps and no other function of the file reads, nor the function itself.
    """
    return [*s.idle, *(text for text in s.scope if _is_unread(s, text))]


def is_forgotten(s: Statement, text: str) -> bool:
    """Return whether a text is one of these."""
    return text in s.idle_parts or (text in s.scope and _is_unread(s, text))


def lacks_made(s: Statement) -> bool:
    """Return whether a statement reads an array, but not the one of its shape that nothing reads.

    The function has filled that before, such as the `dx` beside an `x`, or made it of what is read.
    """
    filled = [one for one in s.unit.filled if isinstance(one, ast.Name) and one.id in s.idle]
    idle = {one.id for one in filled if one.lineno < s.node.lineno}
    idle -= {one.id for one in filled if one.lineno >= s.node.lineno}
    shapes = {held.shape for name in idle if (held := s.scope.get(name)) is not None}
    made = _made_of(s.unit.node) if s.idle else {}
    used = [one for one in s.nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    return any(
        s.shape(one) in shapes
        or any(s.recent.get(name) and (held := s.scope.get(name)) is not None
               and held.shape and held.shape == s.shape(one)
               for name in s.idle_parts.intersection(made.get(one.id, ())))
        for one in used
    )  # fmt: skip


@lru_cache(_FUNCTIONS)
def _made_of(function: ast.AST) -> Mapping[str, Set[str]]:
    """Return the names that a function stores something made of another name under, by that."""
    found = defaultdict[str, set[str]](set)
    for one in walked(function):
        match one:
            case ast.Assign([ast.Name(name)], ast.BinOp() as value):
                for other in names_in(value):
                    found[other].add(name)
    return found


def lacks_kept(s: Statement) -> bool:
    """Return whether a method hands something on without an array that its object keeps for it."""
    return (isinstance(s.node, ast.Return) or renames(s.node)) and any(
        held.kind in "fb" and held.shape and is_kept(s, text) and _is_unread(s, text)
        for text, held in s.scope.items()
    )


def is_kept(s: Statement, text: str) -> bool:
    """Return whether a text names a part of the function's own object."""
    return bool(s.unit.given) and text.startswith(f"{s.unit.given}.")


def _is_unread(s: Statement, text: str) -> bool:
    """Return whether an attribute or an entry in scope is one that nothing reads."""
    if at := _ATTRIBUTE.fullmatch(text):
        unread = at[1] == s.unit.given and at[2] in _unread(s.unit.tree, s.unit.owner)
        ends = isinstance(s.node, ast.Return)
        return unread and at[2] not in _read_by(s.unit.node, ends=ends)
    at = _ENTRY.fullmatch(text)
    return bool(
        at and at[2] in _unread_keys(s.unit.tree, s.unit.node) and not is_of_another(s, text)
    )


@lru_cache(_FUNCTIONS)
def _read_by(function: ast.AST, *, ends: bool) -> frozenset[str]:
    """Return the attributes that a function reads; before it `ends`, at one of several places."""
    last = [one for one in walked(function) if ends and isinstance(one, ast.Return)]
    apart = {part for one in last for part in walked(one)} | _only_asked(function)
    return frozenset(
        one.attr for one in walked(function)
        if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Load) and one not in apart
    )  # fmt: skip


@lru_cache(_FUNCTIONS)
def _only_asked(tree: ast.AST) -> frozenset[ast.AST]:
    """Return what is only asked whether it is there: `self.mask is None`."""
    return frozenset(
        one.left for one in walked(tree)
        if isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.Is | ast.IsNot)
    )  # fmt: skip


@lru_cache(_FUNCTIONS)
def _unread(tree: ast.Module, owner: ast.ClassDef | None) -> frozenset[str]:
    """Return the attributes that a file reads only in the functions that store them, if at all.

    What other classes keep in their own objects may have the same name.
    """
    stored, read = defaultdict[str, set[ast.AST]](set), defaultdict[str, set[ast.AST]](set)
    others = _given(tree, owner) | _only_asked(tree)
    for function in (one for one in nodes_of(tree) if isinstance(one, Function)):
        for node in walked(function):
            if isinstance(node, ast.Attribute) and others.isdisjoint((node, node.value)):
                (read if isinstance(node.ctx, ast.Load) else stored)[node.attr].add(function)
    return frozenset(name for name, places in stored.items() if read[name] <= places)


def _given(tree: ast.Module, owner: ast.ClassDef | None) -> frozenset[ast.AST]:
    """Return where methods of classes that have nothing to do with a class name their objects."""
    classes = [one for one in nodes_of(tree) if isinstance(one, ast.ClassDef)]
    bases = {one.name: {base.id for base in one.bases if isinstance(base, ast.Name)}
             for one in classes}  # fmt: skip
    named = _above(owner.name, bases) if owner is not None else set[str]()
    strange = (
        one for one in classes
        if owner is not None and one.name not in named and owner.name not in _above(one.name, bases)
    )  # fmt: skip
    methods = (one for other in strange for one in other.body if isinstance(one, Function))
    return frozenset(
        name for one in methods if isinstance(one, ast.FunctionDef) and one.args.args
        for name in walked(one)
        if isinstance(name, ast.Name) and name.id == one.args.args[0].arg
    )  # fmt: skip


def _above(name: str, bases: Mapping[str, Set[str]]) -> set[str]:
    """Return a class of a file and those that it inherits from."""
    found, pending = set[str](), {name}
    while pending:
        found |= pending
        pending = set().union(*[bases.get(one, ()) for one in pending]) - found
    return found


@lru_cache(_FUNCTIONS)
def _unread_keys(tree: ast.Module, function: ast.AST) -> frozenset[str]:
    """Return the keys that a file names once, or only in other functions, which store them."""
    stored, named = defaultdict[str, set[ast.AST]](set), defaultdict[str, set[ast.AST]](set)
    for one in (node for node in nodes_of(tree) if isinstance(node, Function)):
        for node in walked(one):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named[node.value].add(one)
            match node:
                case ast.Subscript(slice=ast.Constant(value=str(key)), ctx=ast.Store()):
                    stored[key].add(one)
    texts = Counter(one.value for one in nodes_of(tree)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str))  # fmt: skip
    return frozenset(
        key for key, count in texts.items()
        if count == 1 or (named[key] and named[key] <= stored[key] - {function})
    )  # fmt: skip


def defined_below(unit: Unit) -> frozenset[str]:
    """Return the data that a function's module defines only below the function.

    Code that is called by it knows nothing of them.
    """
    below, known = _defined_below(unit.tree, unit.code, unit.first), unit.globals
    return frozenset(
        name for name in below
        if name in known and not isinstance(known[name], FunctionType | ModuleType | type)
    )  # fmt: skip


@lru_cache(1024)
def _defined_below(tree: ast.Module, code: CodeType, line: int) -> frozenset[str]:
    above, below = set[str](), set[str]()
    for node in tree.body:
        some = above if node.lineno <= line else below
        some.update(
            one.id for one in walked(node)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        )  # fmt: skip
    return frozenset(below - above - {*code.co_varnames, *code.co_freevars})


def is_of_another(s: Statement, text: str) -> bool:
    """Return whether a text is a part of another object, which the function's code never reads."""
    at = _ATTRIBUTE.match(text)
    owner = s.scope.get(at[1]) if at is not None else None
    if at is None or owner is None or owner.kind[0] != ":" or at[1] == s.unit.given:
        return False
    return text.encode() not in s.unit.source
