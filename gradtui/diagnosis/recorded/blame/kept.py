"""Tensors that a forward half keeps for the backward half, other than those that are read there.

Both halves name what they keep, most often alike: a name that only one of them has, or two names
in another order, tell of a slip of the pen.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import combinations

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.candidates import SAVED, Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.filed import misfiled, values_kept
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Unit

_TENSORS = "saved_tensors"
_MANY = 4
"""Fewest values of which one may be restored under another name."""
_CLASSES = 64
"""Most classes and files of which is known what they keep."""


class Kept(Struct, frozen=True, eq=False, dict=True):
    """What one statement keeps, and the names that the other half reads it under."""

    function: ast.AST
    """The function that keeps them."""
    values: Sequence[ast.expr]
    read: Sequence[str]
    """As many names; an empty one for what is read under none."""

    @cached_property
    def strays(self) -> Sequence[tuple[ast.expr, str]]:
        """The values that are read under the name of one of the function's own that is not kept.

        Of those that are calculated in place, that tells only if nothing else reads the name.
        """
        return [
            (value, name) for value, name in zip(self.values, self.read, strict=True)
            if name in self._order and name not in self._texts
            and (is_leaf(value) or name not in self._loaded)
        ]  # fmt: skip

    @property
    def calculated(self) -> Sequence[ast.expr]:
        """The values that are read under the name of what they are calculated from."""
        pairs = ((one, _calculated_of(one), name)
                 for one, name in zip(self.values, self.read, strict=True))  # fmt: skip
        return [one for one, inner, name in pairs if inner is not None and inner.id == name]

    @cached_property
    def _loaded(self) -> frozenset[str]:
        """The names that the function reads."""
        return frozenset(
            one.id for one in walked(self.function)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
        )  # fmt: skip

    @property
    def swapped(self) -> Sequence[tuple[ast.expr, ast.expr]]:
        """The pairs of values that are read under one another's names, if those are in order."""
        return self.turned if self.is_jumbled else []

    @cached_property
    def turned(self) -> Sequence[tuple[ast.expr, ast.expr]]:
        """The pairs of values that are read under one another's names.

        One of the two names may tell that alone, if the other half knows neither other name.
        """
        return [
            (self.values[one], self.values[two])
            for one, two in combinations(range(len(self.values)), 2)
            if self._is_turned(one, two) or self._is_turned(two, one)
        ]

    def _is_turned(self, one: int, two: int) -> bool:
        """Return whether a value is read under the name of another, which is no name of its own."""
        texts, read = self._texts, self.read
        if not texts[two] == read[one] != texts[one]:
            return False
        return texts[one] == read[two] or (texts[one] not in read and read[two] not in texts)

    @property
    def is_jumbled(self) -> bool:
        """Whether the names are in the order in which the function knows them, and its values not.

        People list what they keep in the order of arguments, and then in that of calculation; or
        either of them anywhere.
        """
        count = len(self._order)
        return any(
            self._inversions(self._texts, some) > 0 == self._inversions(self.read, some)
            for some in (range(count), range(self._given, count), range(self._given))
        )

    @property
    def is_mixed(self) -> bool:
        """Whether values are read under one another's names."""
        return bool(self.turned) or self.is_permuted

    @property
    def is_permuted(self) -> bool:
        """Whether more than two values are read under one another's names."""
        texts, read = self._texts, self.read
        moved = sum(one != name for one, name in zip(texts, read, strict=True))
        return moved > 2 and sorted(texts) == sorted(read)

    @cached_property
    def _texts(self) -> Sequence[str]:
        return [ast.unparse(one) for one in self.values]

    def _inversions(self, names: Sequence[str], some: range) -> int:
        """Return how many pairs of some of the function's names are in another order."""
        at = [own for name in names if (own := self._order.get(name, -1)) in some]
        return sum(one > two for one, two in combinations(at, 2))

    @cached_property
    def _given(self) -> int:
        """The number of arguments of the function, and of those inside."""
        return sum(isinstance(one, ast.arg) for one in walked(self.function))

    @cached_property
    def _order(self) -> dict[str, int]:
        """The arguments and the names that the function stores, by when it first knows them."""
        nodes = [*walked(self.function)]
        stored = [
            (one.lineno, one.col_offset, one.id) for one in nodes
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        ]  # fmt: skip
        given = [one.arg for one in nodes if isinstance(one, ast.arg)]
        names = dict.fromkeys([*given, *(name for *_, name in sorted(stored))])
        return {name: at for at, name in enumerate(names)}


def is_strange(unit: Unit, node: ast.stmt) -> bool:
    """Return whether names tell that a statement keeps, or restores, other values than it must."""
    restored, keeps = kept_for(unit, node), kept_by(unit, node)
    if any(misfiled(unit, node)):
        return True
    if restored is not None and restored.is_mixed and not restored.is_jumbled:
        return True
    if keeps is None:
        return False
    return bool(keeps.strays or keeps.calculated) or (keeps.is_mixed and keeps.is_jumbled)


def kept_by(unit: Unit, node: ast.stmt) -> Kept | None:
    """Return what a statement keeps for the other methods of its class; None if nothing.

    Or for the function that is given it.
    """
    values = _kept(node)
    function, owner = unit.method_of(node)
    read = [""] * len(values)
    for one in walked(owner) if owner is not None and values else ():
        if isinstance(one, ast.Assign) and one is not node:
            for at, name in _read(one, _name_of(node), len(values)):
                read[at] = name
    if any(read):
        return Kept(function, values, read)
    pairs = (*_handed(unit.owner or unit.tree), *_handed(unit.tree))
    return next((one.kept for one in pairs if one.stored is node), None)


def kept_for(unit: Unit, node: ast.stmt) -> Kept | None:
    """Return what was kept that a statement restores; None if that is unknown.

    Its class keeps it in an object, or a function of the file in a list, or in a tuple whose names
    are those that the statement restores in another order.
    """
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Attribute):
        pairs = _handed(unit.owner or unit.tree)
        turned = (one.kept for one in pairs if one.read is node and one.kept.turned)
        return _listed_for(node, unit.tree) or next(turned, None)
    _, owner = unit.method_of(node)
    if owner is None:
        return None
    name, target = _usual(node.value.attr), node.targets[0]
    count = len(target.elts) if isinstance(target, ast.Tuple | ast.List) else 1
    found = [(method, values) for method, one, values in _keeping(owner) if _name_of(one) == name]
    if not found:
        return None
    # Of what is kept in two ways, one is restored here.
    method, values = min(found, key=lambda pair: len(pair[1]) != count)
    read = [""] * len(values)
    for at, text in _read(node, name, len(values)):
        read[at] = text
    return Kept(method, values, read)


class _Pair(Struct, frozen=True, eq=False):
    """A statement of one function that keeps a tuple, and that of another that restores it."""

    stored: ast.stmt
    read: ast.stmt
    kept: Kept


@lru_cache(_CLASSES)
def _handed(code: ast.AST) -> Sequence[_Pair]:
    """Return the tuples that functions of a file or a class keep for functions they are given to.

    The names of both functions tell that they belong together, or those of the tuple alone.
    """
    functions = [one for one in walked(code) if isinstance(one, Function)]
    kept = [(one, node, values) for one in functions for node, values in _tuples(one)]
    read = [(one, node, names) for one in functions for node, names in _unpacked(one)]
    found = [
        _Pair(node, other, Kept(one, values, names))
        for one, node, values in kept for two, other, names in read
        if one is not two and len(values) == len(names)
        and (_belong(one, two) or _are_alike([*map(ast.unparse, values)], names))
    ]  # fmt: skip
    counts = Counter(node for one in found for node in (one.stored, one.read))
    return [one for one in found if counts[one.stored] == counts[one.read] == 1]


def _are_alike(values: Sequence[str], names: Sequence[str]) -> bool:
    """Return whether values are restored under their own names, one of many excepted."""
    common = Counter(values) & Counter(names)
    return common.total() >= max(len(names) - 1, min(_MANY, len(names)))


def _belong(one: Function, two: Function) -> bool:
    """Return whether two functions are the halves of a layer by their names."""
    return "forward" in one.name and one.name.replace("forward", "backward") == two.name


def _tuples(function: Function) -> Iterator[tuple[ast.stmt, Sequence[ast.expr]]]:
    """Yield the statements of a function that keep a tuple under a name, or return one inside."""
    for node in walked(function):
        match node:
            case ast.Assign(targets=[ast.Name() | ast.Attribute()], value=ast.Tuple(elts=values)):
                yield node, values
            case ast.Return(value=ast.Tuple(elts=[*_, ast.Tuple(elts=values)])):
                yield node, values
            case _:
                continue


def _unpacked(function: Function) -> Iterator[tuple[ast.stmt, Sequence[str]]]:
    """Yield the statements of a function that unpack an argument, with the names."""
    given = {one.arg for one in walked(function.args) if isinstance(one, ast.arg)}
    for node in walked(function):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Name(id=name)):
                if name in given:
                    yield node, [one.id if isinstance(one, ast.Name) else "" for one in names]
            case _:
                continue


def _listed_for(node: ast.stmt, tree: ast.Module) -> Kept | None:
    """Return what a statement restores from a list; None if several do so, or nothing is known."""
    match node:
        case ast.Assign(
            targets=[ast.Tuple(elts=names)],
            value=ast.Subscript(value=ast.Name(id=kept))
            | ast.Call(func=ast.Attribute(value=ast.Name(id=kept), attr="pop")),
        ):
            read = [one.id if isinstance(one, ast.Name) else "" for one in names]
        case _:
            return None
    found = [one for one in _listing(tree).get(kept, ()) if len(one[1]) == len(read)]
    return Kept(*found[0], read) if len(found) == 1 else None


@lru_cache(_CLASSES)
def _listing(tree: ast.Module) -> Mapping[str, Sequence[tuple[ast.AST, Sequence[ast.expr]]]]:
    """Return the tuples that functions of a file put into lists, by the names of those."""
    found = defaultdict[str, list[tuple[ast.AST, Sequence[ast.expr]]]](list)
    functions = (one for one in walked(tree) if isinstance(one, Function))
    for function, node in ((one, inner) for one in functions for inner in walked(one)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="append"),
                args=[ast.Tuple(elts=values)],
            ):
                found[name].append((function, values))
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=name))], value=ast.Tuple(elts=values)
            ):
                found[name].append((function, values))
            case _:
                continue
    return found


@lru_cache(_CLASSES)
def _keeping(owner: ast.ClassDef) -> Sequence[tuple[Function, ast.stmt, Sequence[ast.expr]]]:
    """Return the statements of a class that keep values in an object, with their methods."""
    return [
        (method, one, values)
        for method in owner.body if isinstance(method, Function)
        for one in walked(method) if isinstance(one, ast.stmt) and (values := _kept(one))
    ]  # fmt: skip


def _kept(node: ast.stmt) -> Sequence[ast.expr]:
    """Return the values that a statement keeps in an object; none with several in one."""
    match node:
        case ast.Expr() | ast.Assign(targets=[ast.Attribute()], value=ast.Name() | ast.Tuple()):
            values = values_kept(node)
        case _:
            return []
    starred = [at for at, one in enumerate(values) if isinstance(one, ast.Starred)]
    return values[: starred[0]] if starred else values


def _name_of(node: ast.stmt) -> str:
    """Return the attribute that a statement's values are read from."""
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return target.attr if isinstance(target, ast.Attribute) else _TENSORS


def _usual(attribute: str) -> str:
    return _TENSORS if attribute in SAVED else attribute


def _read(node: ast.Assign, attribute: str, count: int) -> Iterator[tuple[int, str]]:
    """Yield the number and the name of each value that a statement reads from an attribute."""
    target, value = node.targets[0], node.value
    match value:
        case ast.Subscript(value=ast.Attribute(attr=name), slice=ast.Constant(value=int(at))):
            names = {at: target}
        case ast.Attribute(attr=name) if isinstance(target, ast.Tuple | ast.List):
            names = dict(enumerate(target.elts))
        case ast.Attribute(attr=name):
            names = {0: target} if name not in SAVED else {}
        case _:
            return
    if _usual(name) == attribute:
        for at, one in names.items():
            if isinstance(one, ast.Starred):
                return
            if isinstance(one, ast.Name) and at < count:
                yield at, one.id


def kept(s: Statement) -> Iterator[Candidate]:
    """Yield what a statement keeps, as the other half names it, or its own function."""
    for own, name, twice in misfiled(s.unit, s.node):
        kept_twice = ", which is kept twice," if twice else ""
        told = f"{s.text(own)}{kept_twice} must be {name}"
        edit = s.replaced(own, name)
        yield Candidate((edit,), "wrong-variable", told, 0, name, own, named=True)
    found = kept_by(s.unit, s.node)
    if found is None:
        return
    for value in found.values:
        # What is kept has a name, and is calculated with in the other half.
        inner = _calculated_of(value)
        if inner is not None:
            told = f"{s.text(value)} must be {inner.id}"
            edit = s.replaced(value, inner.id)
            yield Candidate((edit,), "extra-factor", told, 0, inner.id, value, named=True)
    for value, name in found.strays:
        told = f"{s.text(value)} must be {name}, as which it is read"
        edit = s.replaced(value, name)
        yield Candidate((edit,), "wrong-variable", told, 0, name, value, named=True)
    if found.is_permuted and found.is_jumbled:
        pairs = zip(found.values, found.read, strict=True)
        edits = tuple(s.replaced(one, name) for one, name in pairs if s.text(one) != name)
        told = "they must be kept in the order in which they are read"
        yield Candidate(edits, "wrong-variable", told, 0, None, s.node, named=True)
    for one, two in found.swapped:
        told = f"{s.text(one)} and {s.text(two)} are swapped"
        yield Candidate(swapped(s, one, two), "wrong-variable", told, 0, None, s.node, named=True)


def _calculated_of(value: ast.expr) -> ast.Name | None:
    """Return the name of which a call calculates, with numbers at most; None for others."""
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name() as inner), args=args, keywords=[]):
            return inner if all(isinstance(one, ast.Constant) for one in args) else None
        case ast.BinOp(ast.Name() as inner, ast.Pow(), ast.Constant()):
            return inner
        case ast.Call(args=[ast.Name() as inner], keywords=[]):
            return inner
        case _:
            return None
