"""Edits that make an expression like its siblings: other statements, terms of a sum, elements.

Code of the same form stands side by side, of other names: what one of them lacks is in the others.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import OPERATORS, summands
from gradtui.diagnosis.recorded.blame.glances import HOLE
from gradtui.diagnosis.recorded.blame.names import difference
from gradtui.diagnosis.recorded.blame.roles import skips
from gradtui.diagnosis.recorded.blame.trees import block_of, target_of, walked

_MOST, _PARTS = 12, 5
"""Most statements nearby that are compared with one, and most terms of a sum."""
_LARGEST = 1000
"""Most nodes of a statement's tree: a larger one is printed by a program, not copied by hand."""
_ATOMS = (ast.Name, ast.Attribute, ast.Subscript)
_COUNTING = (ast.BinOp, ast.Name, ast.Constant)
_STORING = (ast.Assign, ast.AugAssign)


def likenesses(s: Statement) -> Iterator[Candidate]:
    """Yield edits that make an expression like a sibling, with the names that it has instead."""
    inside = set(s.nodes)
    if _is_printed(s.node):
        return  # its pairs of terms are thousands
    for own, other, names, likelier in _siblings(s):
        for node, text, rule, cost in _edited(s, own, other, names):
            if node not in inside or isinstance(node, ast.Starred) or skips(s.unit.tree, text):
                continue
            made = _parsed(text)
            if made is None:
                continue  # such as an expression of several lines, which stands in parentheses
            part, other = narrowed(node, made)
            if part is not node:
                node, made, text = part, other, ast.unparse(other)
            for one in (*_of_own(s, node, made), text):
                told = f"{s.text(node)} must be {one}, as beside it"
                edit = s.replaced(node, s.spelled(one), s.binding(made))
                yield Candidate((edit,), rule, told, cost - likelier, one, node)


def _of_own(s: Statement, own: ast.expr, other: ast.expr) -> Iterator[str]:
    """Yield the attribute that another expression reads, of the object whose own is read."""
    if not isinstance(own, ast.Attribute) or not isinstance(other, ast.Attribute):
        return
    if own.attr != other.attr and ast.dump(own.value) != ast.dump(other.value):
        yield f"{s.text(own.value)}.{other.attr}"


def narrowed(own: ast.expr, other: ast.expr) -> tuple[ast.expr, ast.expr]:
    """Return the only parts in which two expressions differ, or both as they are."""
    pairs = () if _is_longer(own, other) else children(own, other) or ()
    apart = [(one, two) for one, two in pairs if ast.dump(one) != ast.dump(two)]
    return narrowed(*apart[0]) if len(apart) == 1 else (own, other)


def _siblings(s: Statement) -> Iterator[tuple[ast.expr, ast.expr, dict[str, str], bool]]:
    """Yield expressions of a statement, each with one that may be like it, and the names.

    It is likelier to be if the statements beside both are alike, or two calls have one effect.
    """
    near = [one for one in s.unit.of(ast.stmt) if isinstance(one, _STORING) and one is not s.node]
    near.sort(key=lambda one: abs(one.lineno - s.node.lineno))
    if isinstance(s.node, _STORING):
        for one in near[:_MOST]:
            if type(one) is type(s.node) and not _is_printed(one):
                names = dict[str, str]()
                _differences(target_of(s.node), target_of(one), names)
                yield s.node.value, one.value, names, False
                if more := _beside(s, one, names):
                    yield s.node.value, one.value, more, True
    yield from ((own, other, {}, True) for own, other in _called_alike(s))
    for node in s.nodes:
        parts = list[ast.expr]()
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            inner = isinstance(up := s.parents.get(node), ast.BinOp) and isinstance(up.op, ast.Add)
            parts = [] if inner else [*summands(node)]
        elif isinstance(node, ast.Tuple | ast.List) and node not in s.indexing:
            parts = node.elts if isinstance(node.ctx, ast.Load) else []
        for own, other in permutations(parts[:_PARTS], 2):
            yield own, other, {}, False


def _called_alike(s: Statement) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield a call for its effect with the others of the same function, or of the same method."""
    own = s.node.value if isinstance(s.node, ast.Expr) else None
    if isinstance(own, ast.Call):
        calls = (one.value for one in s.unit.of(ast.Expr) if isinstance(one.value, ast.Call))
        others = [one for one in calls if one is not own and s.text(one.func) == s.text(own.func)]
        yield from ((own, one) for one in others[:_MOST])


def _is_printed(node: ast.stmt) -> bool:
    """Return whether a program has printed a statement that stores something."""
    return isinstance(node, _STORING) and sum(1 for _ in walked(node)) > _LARGEST


def _beside(s: Statement, other: ast.stmt, names: dict[str, str]) -> dict[str, str]:
    """Return names with those that the statements beside two others tell of, such as of two cases.

    Empty if they tell of none.
    """
    ours, theirs = block_of(s.unit.node, s.node), block_of(s.unit.node, other)
    if ours is theirs:
        return {}
    found, apart = dict(names), theirs.index(other) - ours.index(s.node)
    for at, one in enumerate(ours):
        two = theirs[at + apart] if 0 <= at + apart < len(theirs) else None
        if isinstance(one, _STORING) and isinstance(two, _STORING) and type(one) is type(two):
            _differences(target_of(one), target_of(two), found)
            _differences(one.value, two.value, found)
    return found if found != names else {}


def _edited(
    s: Statement, own: ast.expr, other: ast.expr, names: dict[str, str]
) -> Iterator[tuple[ast.expr, str, str, int]]:
    """Yield the nodes of an expression in which it differs from another.

    Each comes with what to put there, the mistake that this implies, and how far-fetched it is.
    """
    apart = _differences(own, other, names)
    if not apart:
        for node, text in _swaps(own, other):
            yield node, text, "wrong-variable", 1
    if len(apart) != 1:
        yield from _everywhere(s, own, names, apart)
        return
    ((node, beside),) = apart
    if isinstance(beside, ast.Starred):
        return
    above = s.parents.get(node)
    called = isinstance(above, ast.Call) and above.func is node  # what is called is no value
    for part in () if called else _like(node, beside):
        more = dict(names)
        _differences(node, part, more)
        added = isinstance(beside, ast.BinOp) and isinstance(beside.op, ast.Add | ast.Sub)
        rule = "missing-term" if added else "missing-factor"
        rule = "sign" if isinstance(beside, ast.UnaryOp) else rule
        yield node, _written(s, _Renamed(s, more, part).visit(beside), node), rule, 1
    for sign, rest in _rests(node, beside):
        term = _written(s, _Renamed(s, names).visit(rest))
        yield node, f"{s.inside(node, 1)} {sign} {term}", "missing-term", 1
    for part in () if isinstance(beside, _ATOMS) else _like(beside, node):
        yield node, s.text(part), "extra-factor", 1
    number = isinstance(node, ast.Constant) and isinstance(beside, ast.Constant)
    # It may be like it in part alone.
    whole = 1 if number or isinstance(node, _ATOMS) else 2
    yield node, _written(s, _Renamed(s, names).visit(beside)), "wrong-variable", whole


def _everywhere(
    s: Statement, own: ast.expr, names: dict[str, str], apart: list[tuple[ast.expr, ast.expr]]
) -> Iterator[tuple[ast.expr, str, str, int]]:
    """Yield an expression that lacks the same part in each place in which it differs from another.

    Such as `i, i + 2` for `i * s, i * s + 2` beside `j * s, j * s + 3`: its numbers are its own.
    """
    places = [pair for pair in apart if not all(isinstance(one, ast.Constant) for one in pair)]
    if len(places) < 2 or len({tuple(map(ast.dump, pair)) for pair in places}) > 1:
        return
    node, beside = places[0]
    for part in _like(node, beside):
        more = {**names, ast.unparse(part): ast.unparse(node)}
        filled = Filled([one for one, _ in places], _Renamed(s, more).visit(beside))
        text = ast.unparse(filled.visit(own))
        bare = isinstance(own, ast.Tuple) and s.text(own)[0] != "("
        yield own, text[1:-1] if bare else text, "missing-factor", 1


def _like(node: ast.expr, whole: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an expression that have the form of another one."""
    for part in walked(whole):
        if part is not whole and isinstance(part, ast.expr) and _is_alike(part, node):
            yield part


def _rests(node: ast.expr, beside: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a sum adds to the negative of an expression like another one, with its sign."""
    match beside:
        case ast.BinOp(ast.UnaryOp(ast.USub(), own), ast.Add() | ast.Sub() as op, rest):
            if _is_alike(own, node):
                yield OPERATORS[type(op)], rest
        case ast.BinOp(rest, ast.Sub(), own):
            if _is_alike(own, node):
                yield "+", rest


def _swaps(own: ast.expr, other: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    """Yield the names in an expression with those at their places in one of the same form."""
    if isinstance(own, _ATOMS) and isinstance(other, _ATOMS):
        if (text := ast.unparse(other)) != ast.unparse(own):
            yield own, text
        return
    for pair in children(own, other) or ():
        yield from _swaps(*pair)


def _differences(
    own: ast.expr, other: ast.expr, names: dict[str, str]
) -> list[tuple[ast.expr, ast.expr]]:
    """Return where two expressions differ in form, and note which names stand for which."""
    if isinstance(own, ast.Name) and isinstance(other, ast.Name):
        names.setdefault(other.id, own.id)
        return []
    pairs = children(own, other)
    if pairs is None or _is_longer(own, other):
        found = [(own, other)]
    else:
        found = [one for pair in pairs for one in _differences(*pair, names)]
    if found and _is_named(own) and _is_named(other):
        names.setdefault(ast.unparse(other), ast.unparse(own))
        for one, two in found:  # such as the number of a layer in the keys of two entries
            if isinstance(two, ast.Name | ast.Attribute) and isinstance(one, _COUNTING):
                names.setdefault(ast.unparse(two), ast.unparse(one))
        return []
    return found


def _is_longer(own: ast.expr, other: ast.expr) -> bool:
    """Return whether a call is another one's with one more behind it, such as `b.sum().exp()`."""
    match own, other:
        case ast.Call(args=[]), ast.Call(ast.Attribute(ast.Call() as inner), args=[]):
            return _is_alike(own, inner)
        case _:
            return False


def _is_named(node: ast.expr) -> bool:
    """Return whether an expression is a name or a part of a named value, and not one of a call."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name)


def children(own: ast.expr, other: ast.expr) -> list[tuple[ast.expr, ast.expr]] | None:
    """Return the parts of two expressions of one kind in pairs; None if they are of two kinds."""
    if type(own) is not type(other):
        return None
    found = list[tuple[ast.expr, ast.expr]]()
    for name in own._fields:
        fields = (getattr(own, name), getattr(other, name))
        ours, theirs = (one if isinstance(one, list) else [one] for one in fields)
        if len(ours) != len(theirs):
            return None
        for one, two in zip(ours, theirs, strict=True):
            if isinstance(one, ast.keyword) and isinstance(two, ast.keyword):
                one, two = one.value, two.value
            if isinstance(one, ast.expr) and isinstance(two, ast.expr):
                found.append((one, two))
            elif (type(one) if isinstance(one, ast.AST) else one) != (
                type(two) if isinstance(two, ast.AST) else two
            ):
                return None
    return found


def _is_alike(one: object, other: object) -> bool:
    """Return whether expressions are the same without their names and what those are picked by."""
    if isinstance(one, _ATOMS) or type(one) is not type(other):
        return isinstance(one, _ATOMS) and isinstance(other, _ATOMS)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_alike, one, other))
    if isinstance(one, ast.AST):
        return all(_is_alike(getattr(one, name), getattr(other, name)) for name in one._fields)
    return one == other


class Filled(ast.NodeTransformer):
    """Copies an expression with another in some of its places."""

    def __init__(self, places: Sequence[ast.expr], filling: ast.AST) -> None:
        self._places, self._filling = places, filling

    def visit(self, node: ast.AST) -> ast.AST:
        """Return a node, or what takes its place."""
        return self._filling if node in self._places else self.generic_visit(_copied(node))


def _written(s: Statement, tree: ast.AST, kept: ast.expr | None = None) -> str:
    """Return the text of an expression with the user's own in its hole."""
    text = ast.unparse(tree)
    if kept is None:
        return text
    bare, closed = (text.replace(HOLE, form.format(s.text(kept))) for form in ("{}", "({})"))
    whole, alike = _parsed(closed), _parsed(bare)
    same = alike is not None and whole is not None and ast.dump(alike) == ast.dump(whole)
    return bare if same else closed


def _parsed(text: str) -> ast.expr | None:
    """Return an expression; None for a text that is none, such as `0.sum()`."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


class _Renamed(ast.NodeTransformer):
    """Copies an expression with other names, and with a hole in the place of one of its parts."""

    def __init__(
        self, s: Statement, names: Mapping[str, str], hole: ast.expr | None = None
    ) -> None:
        self._s, self._names, self._hole = s, names, hole
        self._turned = {own: other for other, own in names.items() if own not in names}

    def visit(self, node: ast.AST) -> ast.AST:
        """Return a node, or what stands for it."""
        if node is self._hole:
            return ast.Name(HOLE, ast.Load())
        if isinstance(node, _ATOMS) and (text := self._names.get(ast.unparse(node))):
            return self._instead(node, text)
        if isinstance(node, ast.Name):
            return self._instead(node, self._name(node.id))
        return self.generic_visit(_copied(node))

    def _instead(self, node: ast.Name | ast.Attribute | ast.Subscript, text: str) -> ast.expr:
        """Return what stands for a node; only another name is stored, not a module's attribute."""
        made = ast.parse(text, mode="eval").body
        stored = isinstance(node.ctx, ast.Store) and not isinstance(made, ast.Name)
        return node if stored else made

    def _name(self, own: str) -> str:
        """Return what stands for a name: what it stands for, or one that is changed alike."""
        if own in self._turned:
            return self._turned[own]
        taken = {*self._names.values(), *self._turned.values()}  # two names stand for two
        for pairs in (self._names, self._turned):
            for before, after in pairs.items():
                old, new = difference(before, after)
                for count in (1, -1) if old else (1,):
                    made = own.replace(old, new, count)
                    known = made in self._s.scope or made in self._s.unit.globals
                    if made != own and made not in taken and known:
                        return made
        return own


def _copied(node: ast.AST) -> ast.AST:
    """Return a node with the same children, whose fields may be replaced."""
    made = type(node)(**{name: _list(value) for name, value in ast.iter_fields(node)})
    return ast.copy_location(made, node) if isinstance(node, ast.expr | ast.stmt) else made


def _list(value: object) -> object:
    return [*value] if isinstance(value, list) else value
