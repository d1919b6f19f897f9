"""Values in one another's places, as the names that they are stored under tell.

Such as `g["gamma"], g["beta"] = bn.dbeta, bn.dgamma`, or `{"gamma": dbeta, "beta": dgamma}`.
Or under the names that a function of the file returns in another order, or which the forward half
of a class has for what its backward half returns gradients of.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.filed import entries_of
from gradtui.diagnosis.recorded.blame.names import value_of
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Unit

_WORD = re.compile(r"[^\W\d]\w*")
_DIGITS = re.compile(r"\d+")
_INDICES = "ijkt"
_FILES = 256
"""Most files of which it is kept what their functions return."""


def crosswise(s: Statement) -> Iterator[Candidate]:
    """Yield two values of a statement in one another's places."""
    for one, two in crossed_in(s.unit, s.node):
        told = f"{s.text(one)} and {s.text(two)} are swapped"
        edits = swapped(s, one, two)
        yield Candidate(edits, "wrong-variable", told, 0, None, s.node, named=True)


def crossed_in(unit: Unit, node: ast.stmt) -> Sequence[tuple[ast.expr, ast.expr]]:
    """Return the pairs of values that a statement stores under one another's names.

    Of what a call returns, the pairs of names; what is returned, if that is not in the order of
    the arguments.
    """
    rows = [[(name, value, value) for name, value in row]
            for row in (*_rows(node), _places(unit, node))]  # fmt: skip
    for call, returned in _calls_of(unit, node):
        if len(call.names) == len(returned.values):
            pairs, ends = zip(call.names, returned.values, strict=True), node is returned.node
            rows.append([(to.id, own, own if ends else to) for to, own in pairs])
    return [
        (first, last)
        for row in rows for (one, own, first), (two, other, last) in combinations(row, 2)
        if _is_of(one, other) and _is_of(two, own)
        and not _is_of(one, own) and not _is_of(two, other)
    ] + _turned(node)  # fmt: skip


def _turned(node: ast.stmt) -> list[tuple[ast.expr, ast.expr]]:
    """Return the pairs of a value and its gradient that are the other way round than others."""
    ways = defaultdict[bool, list[tuple[ast.expr, ast.expr]]](list)
    for one in walked(node):
        match one:
            case ast.Tuple([first, last]):
                names = [_WORD.findall(ast.unparse(part))[-1:] for part in (first, last)]
                values = [[value_of(name) for name in own] for own in names]
                if values[1] == names[0] or values[0] == names[1]:
                    ways[values[1] == names[0]].append((first, last))
    return min(ways.values(), key=len) if len(ways) > 1 else []


class _Call(NamedTuple):
    """The names under which a statement unpacks what a function of the file returns."""

    node: ast.stmt
    function: str
    names: Sequence[ast.Name]


class _Returned(NamedTuple):
    """What a function returns at its only end, and its arguments."""

    node: ast.Return
    values: Sequence[ast.expr]
    given: Sequence[str]

    @property
    def texts(self) -> Sequence[str]:
        """The values, as they are written."""
        return [ast.unparse(one) for one in self.values]

    @property
    def is_in_order(self) -> bool:
        """Whether the values are in the order of the arguments that they are gradients of."""
        stems = [_stem(one) for one in self.given]
        own = [_stem(one) for one in self.texts]
        places = [stems.index(one) for one in own if one in stems]
        return places == sorted(places)


def _calls_of(unit: Unit, node: ast.stmt) -> Iterator[tuple[_Call, _Returned]]:
    """Yield the calls in which a statement takes part, with what their functions return.

    That is the statement that unpacks it; or the end of the function, if it is out of order, or
    if other functions of the file return the names in the order in which they are unpacked.
    """
    calls, ends = _unpacking(unit.tree), _ends(unit.tree)
    for call in calls:
        returned = ends.get(call.function)
        if returned is None or node not in (call.node, returned.node):
            continue
        others = (one for one in ends.values() if one is not returned)
        usual = any(one.texts == [name.id for name in call.names] for one in others)
        if node is (call.node if returned.is_in_order and not usual else returned.node):
            yield call, returned


@lru_cache(_FILES)
def _unpacking(tree: ast.Module) -> Sequence[_Call]:
    found = list[_Call]()
    for node in nodes_of(tree):
        match node:
            case ast.Assign([ast.Tuple(elts=targets)], ast.Call(func=ast.Name(called))):
                names = [one for one in targets if isinstance(one, ast.Name)]
                found += [_Call(node, called, names)] * (len(names) == len(targets))
            case _:
                continue
    return found


@lru_cache(_FILES)
def _ends(tree: ast.Module) -> Mapping[str, _Returned]:
    """Return what the functions of a file return at their only ends, if that is a tuple."""
    found, names = dict[str, _Returned](), Counter[str]()
    for one in nodes_of(tree):
        if not isinstance(one, ast.FunctionDef):
            continue
        names[one.name] += 1
        ends = [node for node in walked(one) if isinstance(node, ast.Return)]
        match ends:
            case [ast.Return(ast.Tuple(elts=values)) as end]:
                found[one.name] = _Returned(end, values, [arg.arg for arg in one.args.args])
            case _:
                continue
    return {name: one for name, one in found.items() if names[name] == 1}


def _rows(node: ast.stmt) -> Iterator[Sequence[tuple[str, ast.expr]]]:
    """Yield rows of values with their names: those of a tuple, and of a dict."""
    match node:
        case ast.Assign([ast.Tuple(elts=targets)], ast.Tuple(elts=values)):
            if len(targets) == len(values):
                names = [_WORD.findall(ast.unparse(one))[-1:] for one in targets]
                yield [(own[0], value) for own, value in zip(names, values, strict=True) if own]
        case ast.Assign(value=ast.Dict() as entries) | ast.Return(value=ast.Dict() as entries):
            yield entries_of(entries)
        case ast.Return(value=ast.Tuple(elts=[*_, ast.Dict() as entries])):
            yield entries_of(entries)
        case _:
            return


def _places(unit: Unit, node: ast.stmt) -> Sequence[tuple[str, ast.expr]]:
    """Return what a backward half returns, with the names of what its forward half is given."""
    value = node.value if isinstance(node, ast.Return) else None
    if not isinstance(value, ast.Tuple) or unit.code.co_name != "backward" or unit.owner is None:
        return ()
    halves = [one for one in unit.owner.body if isinstance(one, ast.FunctionDef)]
    names = [arg.arg for one in halves if one.name == "forward" for arg in one.args.args]
    return [*zip(names[names[:1] in (["ctx"], ["self"]) :], value.elts, strict=False)]


def _is_of(name: str, value: ast.expr) -> bool:
    """Return whether a name is that of a value, or of one that its gradient is named after.

    It may have an index behind it.
    """
    own = _stem(name)
    stems = map(_stem, _WORD.findall(ast.unparse(value)))
    return any(own == one or (one and own[:-1] == one and own[-1] in _INDICES) for one in stems)


def _stem(name: str) -> str:
    bare = _DIGITS.sub("", name).strip("_")
    return (value_of(bare) or bare).strip("_").lower()
