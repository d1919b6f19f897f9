"""Sizes, results and values that a line unpacks otherwise than others of the file do."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.kept import kept_for
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit, Unit

_FILES = 32
"""Most files of which it is kept what they unpack."""
_MOST = 6
"""Most names that one of two alike may be."""
_KEPT = "what {} holds"


def unpacked(s: Statement) -> Iterator[Candidate]:
    """Yield the names that a line must give to what it unpacks: those of elsewhere, each once."""
    names = _names(s.node)
    for one, two in _turned(s.unit, s.node):
        first, last = names[one], names[two]
        told = f"{first.id} and {last.id} are swapped, as another line unpacks them"
        yield Candidate(swapped(s, first, last), "wrong-variable", told, 0, None, named=True)
    if (text := _elsewhere(s.unit, s.node)) is not None:
        told = f"it must be {text}, as elsewhere"
        edit = Edit(s.unit.start(s.node), s.unit.end(s.node), text)
        yield Candidate((edit,), "wrong-variable", told, 0, text, s.node, named=True)
    yield from _told_once(s)
    for name, text in _given_anew(s.unit, s.node):
        told = f"{name.id} is given, and must not change here: it must be {text}"
        edit = s.replaced(name, text)
        yield Candidate((edit,), "wrong-variable", told, 0, text, name, named=True)


def _given_anew(unit: Unit, node: ast.stmt) -> Iterator[tuple[ast.Name, str]]:
    """Yield the arguments that get what the forward half keeps, each with the name for it there."""
    names, kept = _named(node), kept_for(unit, node)
    given = {one.arg for one in unit.of(ast.arg)}
    for name, value in zip(names, () if kept is None else kept.values, strict=False):
        if name.id in given and isinstance(value, ast.Name) and value.id != name.id:
            yield name, value.id


def _told_once(s: Statement) -> Iterator[Candidate]:
    """Yield other names for one that a line gives to two of several values, and so to the last.

    Those that other lines give to the value in that place come first.
    """
    names = _named(s.node)
    counts = Counter(one.id for one in names)
    rows = [row for one in s.unit.of(ast.Assign) if len(row := _named(one)) == len(names)]
    read = [one.id for one in s.unit.of(ast.Name) if isinstance(one.ctx, ast.Load)]
    for at, name in enumerate(names):
        if counts[name.id] < 2 or not name.id.strip("_"):
            continue
        others = dict.fromkeys([*(row[at].id for row in rows), *read])
        for text in [one for one in others if one in s.unit.stored and one not in counts][:_MOST]:
            told = f"{name.id} stands for two values: one of them must be {text}"
            edit = s.replaced(name, text)
            yield Candidate((edit,), "wrong-variable", told, 0, text, name, named=True)


def _named(node: ast.stmt) -> Sequence[ast.Name]:
    """Return the names that a statement gives to several values; empty if there are others."""
    match node:
        case ast.Assign([ast.Tuple(parts)]):
            names = [one for one in parts if isinstance(one, ast.Name)]
            return names if len(names) == len(parts) else ()
        case _:
            return ()


def unpacks_unlike(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a statement gives several names to other values than another line does."""
    unlike = any(True for one in (_turned, _given_anew) for _ in one(unit, node))
    return unlike or _elsewhere(unit, node) is not None


def _elsewhere(unit: Unit, node: ast.stmt) -> str | None:
    """Return how the other functions of a class unpack a part of its object that a line reads.

    Under the same names, and all of them alike; None if there is none, or the line does so, too.
    """
    names = _stored(node)
    if unit.owner is None or len(names) < 2 or not isinstance(node, ast.Assign):
        return None
    others = (one for one in nodes_of(unit.owner) if isinstance(one, ast.Assign))
    lines = {ast.unparse(one) for one in others if one is not node and _stored(one) == names}
    (text,) = lines if len(lines) == 1 else (None,)
    match ast.parse(text).body if text is not None else ():
        case [ast.Assign([ast.Tuple()], ast.Attribute(ast.Name()) as part)]:
            read = ast.unparse(part) in (ast.unparse(one) for one in walked(node.value))
            return text if read and text != ast.unparse(node) else None
        case _:
            return None


def _stored(node: ast.stmt) -> Sequence[str]:
    """Return the names that a statement stores, in their order."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    rows = [one.elts if isinstance(one, ast.Tuple) else [one] for one in targets]
    return [one.id for row in rows for one in row if isinstance(one, ast.Name)]


def _turned(unit: Unit, node: ast.stmt) -> Iterator[tuple[int, int]]:
    """Yield the places of names that change places elsewhere."""
    own, of = tuple(one.id for one in _names(node)), _source(node)
    if not own or kept_for(unit, node) is not None:
        return  # of what is kept, its order tells which of the two lines is wrong
    lines = _unpacked(unit.tree)
    others = [one for source, one in lines if source == of and len(one) == len(own)]
    if others.count(own) > 1:
        return  # another line has the same order
    for one, two in combinations(range(len(own)), 2):
        if any(other[one] == own[two] and other[two] == own[one] for other in others):
            yield one, two


@lru_cache(_FILES)
def _unpacked(tree: ast.Module) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Return what a file unpacks or packs, line by line, with the names of the parts."""
    lines = [(_source(one), _names(one)) for one in nodes_of(tree) if isinstance(one, ast.stmt)]
    lines += [_packed(one) for one in nodes_of(tree) if isinstance(one, ast.Assign)]
    return [(source, tuple(one.id for one in names)) for source, names in lines if names]


def _packed(node: ast.Assign) -> tuple[str, Sequence[ast.Name]]:
    """Return what a statement packs several names into; without names if it does not."""
    match node:
        case ast.Assign([ast.Name(name)], ast.Tuple(parts)):
            names = [one for one in parts if isinstance(one, ast.Name)]
            return _KEPT.format(name), names if len(names) == len(parts) else ()
        case _:
            return "", ()


def _source(node: ast.stmt) -> str:
    """Return what a statement unpacks: sizes of any array, what a function returns, or a name."""
    match node:
        case ast.Assign([ast.Tuple()], ast.Attribute(attr="shape")):
            return "shape"
        case ast.Assign([ast.Tuple()], ast.Call(ast.Attribute(attr="shape" | "size"))):
            return "shape"
        case ast.Assign([ast.Tuple()], ast.Call(called)):
            return ast.dump(called)
        case ast.Assign([ast.Tuple()], ast.Name(name)):
            return _KEPT.format(name)
        case _:
            return ""


def _names(node: ast.stmt) -> Sequence[ast.Name]:
    """Return the names that a statement gives to what it unpacks; empty if that is unknown."""
    return _named(node) if _source(node) else ()
