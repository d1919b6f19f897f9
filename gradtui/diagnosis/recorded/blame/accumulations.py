"""Edits that add to an array that begins as zeros and that nothing is added to.

What is to be added is like what the same loop adds to another array.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, permutations, product
from typing import TypeGuard

from gradtui.diagnosis.recorded.blame.begun import begun, read, unwritten
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.reach import may_reach
from gradtui.diagnosis.recorded.blame.scope import Held, Shape
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit

_MOST, _OTHERS, _NAMES = 60, 12, 2
"""Most lines tried for an array, most names for one of another line, and most such entries."""
_ENTRIES = ast.Attribute | ast.Subscript
_OWNED = re.compile(r"([\w.]+)(?:\.\w+|\['\w+'\])")


def accumulations(s: Statement) -> Iterator[Candidate]:
    """Yield the line that adds to an array of zeros: in the rounds of a loop, or behind others."""
    if isinstance(s.node, ast.For):
        yield from _in_rounds(s, s.node)
    elif entries := forgotten_entries(s):
        yield from _beside(s, entries)
    elif _adds(s.node) and isinstance(s.node.target, ast.Subscript):
        yield from _at_other_index(s, s.node, s.node.target)
        yield from _at_other_end(s, s.node, s.node.target)


def _in_rounds(s: Statement, loop: ast.For) -> Iterator[Candidate]:
    """Yield lines at the end of each round that add to what nothing is added to."""
    added = [one for one in loop.body if _adds(one)]
    for name, value in unwritten(s.unit, loop).items():
        texts = [text for one in added for text in _exchanged(s, one, name, value)]
        texts += [text for one in added for text in _renamed(s, one, name)]
        texts += [text for one in added for text in _in_part(s, one, name)]
        texts += _products(s, loop, name) if added else _stored(s, loop, name)
        inner = any(isinstance(one, ast.For) for part in loop.body for one in walked(part))
        texts += [] if added or inner else _products(s, loop, name)
        for text in islice(dict.fromkeys(texts), _MOST):
            yield adding(s, loop.body[-1], name, text)


def _beside(s: Statement, entries: Sequence[str]) -> Iterator[Candidate]:
    """Yield lines that add to an entry, each beside the one like it of another entry."""
    beside = [one for one in s.unit.nodes if _adds(one) and is_leaf(_array(one.target))]
    for name in entries:
        own = s.scope[name].shape
        beside.sort(key=lambda one: s.shape(_array(one.target)) != own)
        made: list[tuple[ast.stmt, str]]
        made = [(one, text) for one in beside for text in _keyed(s, one, name)]
        made += [(one, text) for one in beside for text in _renamed(s, one, name)]
        made += [(s.node, text) for text in _of_operands(s, name)]
        yield from (adding(s, one, s.spelled(name), text) for one, text in made[:_MOST])


def _at_other_index(s: Statement, own: ast.AugAssign, target: ast.Subscript) -> Iterator[Candidate]:
    """Yield lines that add to an array where something is added to another one."""
    name = s.text(target.value)
    texts = [
        text for one in _elsewhere(s, target)
        for text in (*_renamed(s, one, name), *_multiplied(s, one, own))
    ]  # fmt: skip
    yield from (adding(s, own, name, text) for text in islice(dict.fromkeys(texts), _MOST))


def _at_other_end(s: Statement, own: ast.AugAssign, target: ast.Subscript) -> Iterator[Candidate]:
    """Yield the line that adds to the other end of a pair: the same, turned round or against it."""
    array, here = s.text(target.value), s.text(target.slice)
    names = [one.id for one in walked(target.slice) if isinstance(one, ast.Name)]
    picks = [(one, other) for one in names for other in _indices(s) if {one, other} <= _whole(s)]
    known = {
        s.text(one.target.slice) for one in s.unit.nodes
        if _adds(one) and isinstance(one.target, ast.Subscript)
        and s.text(one.target.value) == array
    }  # fmt: skip
    same = s.text(own.value)
    signs = ("+", "-") if isinstance(own.op, ast.Add) else ("-", "+")
    for one, other in picks:
        there, value = (_exchanging(text, one, other) for text in (here, same))
        for sign, text in product(signs, dict.fromkeys((value, same))):
            if there not in known:
                yield adding(s, own, array, f"{array}[{there}] {sign}= {text}")


def _exchanging(text: str, one: str, other: str) -> str:
    """Return a text with two names in each other's place."""
    turned = {one: other, other: one}
    return re.sub(rf"\b({one}|{other})\b", lambda found: turned[found[0]], text)


def _indices(s: Statement) -> list[str]:
    """Return the names by which the function picks elements."""
    picked = (one.slice for one in s.unit.of(ast.Subscript))
    return [*dict.fromkeys(
        one.id for index in picked for one in walked(index) if isinstance(one, ast.Name)
    )]  # fmt: skip


def forgotten_entries(s: Statement) -> list[str]:
    """Return the entries that nothing is added to, if a statement adds to others beside them last.

    They are attributes of an object, or entries of a dict, of the shape of a wrong gradient, or the
    same attribute of another object.
    """
    added = [
        one for one in s.unit.of(ast.AugAssign)
        if _adds(one) and _owner(ast.unparse(_array(one.target)))
    ]  # fmt: skip
    if not added or max(added, key=lambda one: one.lineno) is not s.node:
        return []
    texts = {ast.unparse(one) for one in s.unit.nodes if isinstance(one, _ENTRIES)}
    owners = {_owner(ast.unparse(_array(one.target))) for one in added}
    kept = {one.target.attr for one in added if isinstance(one.target, ast.Attribute)}
    return [
        text for text, held in s.scope.items()
        if (_owner(text) in owners or text.partition(".")[2] in kept)
        and text not in texts and held.shape in s.wanted
    ][:_NAMES]  # fmt: skip


def _owner(text: str) -> str:
    """Return the object or the dict that a text names an attribute or an entry of; else nothing."""
    found = _OWNED.fullmatch(text)
    return found[1] if found else ""


def _array(target: ast.expr) -> ast.expr:
    """Return the array that a statement writes, or writes parts of."""
    part = isinstance(target, ast.Subscript) and not is_leaf(target)
    return target.value if part and isinstance(target, ast.Subscript) else target


def _elsewhere(s: Statement, target: ast.Subscript) -> Iterator[ast.AugAssign]:
    """Yield what adds to another array where nothing adds to this one, and at its index, too."""
    added = [
        (one, s.text(at.value), s.text(at.slice)) for one in s.unit.nodes
        if _adds(one) and isinstance(at := one.target, ast.Subscript) and not is_leaf(at)
    ]  # fmt: skip
    name, index, places = s.text(target.value), s.text(target.slice), {(a, b) for _, a, b in added}
    for one, other, place in added:
        if other != name and (other, index) in places and (name, place) not in places:
            yield one


def _multiplied(s: Statement, one: ast.AugAssign, own: ast.AugAssign) -> Iterator[str]:
    """Yield the line that adds products of what two others add, where the first one does."""
    assert isinstance(one.target, ast.Subscript)
    assert isinstance(own.target, ast.Subscript)
    head = f"{s.text(own.target.value)}[{s.text(one.target.slice)}] += "
    theirs, ours = (
        [name for name in dict.fromkeys(read([*walked(value)])) if s.scope.get(name)]
        for value in (one.value, own.value)
    )
    for first, second in product(theirs, ours):
        yield f"{head}{first} * {second}"
        if s.numpy and all(len(s.scope[name].shape) == 1 for name in (first, second)):
            yield f"{head}{s.numpy}outer({first}, {second})"


def _adds(node: ast.AST) -> TypeGuard[ast.AugAssign]:
    return isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub)


def adding(s: Statement, last: ast.stmt, name: str, text: str) -> Candidate:
    """Return the edit that puts a line that adds to a name behind a statement."""
    at, end = s.unit.start(last), s.unit.end(last)
    margin = s.unit.between(s.unit.source.rfind(b"\n", 0, at) + 1, at)
    told = f"{text} is missing"
    code = s.unit.node if name.isidentifier() else s.unit.tree
    if not may_reach(code, ast.unparse(ast.parse(name))):
        told = f"nothing is added to {name}: {told}"
    return Candidate((Edit(end, end, f"\n{margin}{text}"),), "missing-path", told, 0, text, last)


def _stored(s: Statement, loop: ast.For, name: str) -> Iterator[str]:
    """Yield the line that stores a value of the round, of a fitting shape, at its index."""
    own = s.scope.get(name)
    if own is not None and own.shape and isinstance(loop.target, ast.Name):
        for text, shape in _used(s).items():
            if shape == own.shape[1:] and text.isidentifier():
                yield f"{name}[{loop.target.id}] = {text}"


def _exchanged(s: Statement, one: ast.AugAssign, name: str, value: ast.expr) -> Iterator[str]:
    """Yield the line that adds to an array where another one reads that whose slope it is.

    If B[i] gets what is made of A[j] and more, then A[j] gets the same of B[i].
    """
    known, target = begun(s.unit, s.node), one.target
    if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
        return
    own, other = _like(value), _like(known.get(target.value.id))
    for node in walked(one.value) if own and other else ():
        picked = _picked(s, node) if isinstance(node, ast.expr) else None
        if isinstance(node, ast.expr) and picked and ast.unparse(picked.value) == own:
            rest = s.unit.between(s.unit.start(one.value), s.unit.start(node))
            more = s.unit.between(s.unit.end(node), s.unit.end(one.value))
            index, place = s.text(picked.slice), s.text(target.slice)
            yield f"{name}[{index}] += {rest}{other}[{place}]{more}"


def _like(value: ast.expr | None) -> str | None:
    """Return the array whose shape an array of zeros has, as in `zeros_like(A)`."""
    if isinstance(value, ast.Call) and len(value.args) == 1:
        of = value.args[0]
        if isinstance(of, ast.Attribute) and of.attr == "shape":
            return ast.unparse(of.value)
        return ast.unparse(of) if isinstance(of, ast.Name | ast.Attribute) else None
    return None


def _picked(s: Statement, node: ast.expr) -> ast.Subscript | None:
    """Return the entry that an expression is, or that its name was stored as."""
    if isinstance(node, ast.Name):
        stored = s.unit.of(ast.Assign)
        values = (one.value for one in stored if ast.unparse(one.targets[0]) == node.id)
        node = next(values, node)
    return node if isinstance(node, ast.Subscript) else None


def _keyed(s: Statement, one: ast.AugAssign, name: str) -> Iterator[str]:
    """Yield the line like another one with the key of another entry, and another round's name."""
    text, target = s.text(one), one.target
    own, other = (re.findall(r"\w+", of)[-1] for of in (ast.unparse(_array(target)), name))
    made = re.sub(rf"\b{own}\b", other, text)
    yield made
    index = target.slice if isinstance(target, ast.Subscript) and not is_leaf(target) else None
    for count in dict.fromkeys(s.loops) if isinstance(index, ast.Name) else ():
        if isinstance(index, ast.Name) and count != index.id:
            yield re.sub(rf"\b{index.id}\b", count, made)


def _renamed(s: Statement, one: ast.AugAssign, name: str) -> Iterator[str]:
    """Yield the line like another one, with one name in it changed, or a part of it alone."""
    own, target = s.scope.get(name), one.target
    array = _array(target)
    if own is None or not is_leaf(array):
        return
    before, after = s.unit.between(s.unit.start(one), s.unit.start(array)), s.unit.end(array)
    head = f"{before}{s.spelled(name)}{s.unit.between(after, s.unit.start(one.value))}"
    text, start = s.text(one.value), s.unit.start(one.value)
    yield f"{head}{text}"
    if isinstance(one.value, ast.BinOp):
        yield from (f"{head}{s.text(part)}" for part in (one.value.right, one.value.left))
    for part in {part.id: None for part in walked(one.value) if isinstance(part, ast.Name)}:
        shape = held.shape if (held := s.scope.get(part)) is not None else None
        fits = shape == own.shape if array is target else bool(shape)
        yield from [f"{head}{part}"] if fits else ()
        yield from [f"{head}{part}.sum(0)"] if shape and shape[1:] == own.shape else ()
    alike = s.held(array)
    same = alike is not None and alike.shape == own.shape
    for node in walked(one.value):
        if isinstance(node, ast.Name) and node.id in s.scope:
            for other in _others(s.scope, node.id, same=same):
                first, last = s.unit.start(node) - start, s.unit.end(node) - start
                made = text.encode()[:first].decode() + other + text.encode()[last:].decode()
                yield f"{head}{made}"


def _whole(s: Statement) -> set[str]:
    """Return the names of whole numbers in scope."""
    return {text for text, held in s.scope.items() if held.kind == "i" and not held.shape}


def _in_part(s: Statement, one: ast.AugAssign, name: str) -> Iterator[str]:
    """Yield the line that adds a factor of what another one adds, at the last of its indices.

    So a bias gets what its weights get times an input.
    """
    own, target = s.scope.get(name), one.target
    if own is None or not isinstance(target, ast.Subscript) or not isinstance(one.value, ast.BinOp):
        return
    index, count = target.slice, len(own.shape)
    if isinstance(index, ast.Tuple) and 0 < count < len(index.elts):
        picked = ", ".join(map(s.text, index.elts[-count:]))
        sign = "+" if isinstance(one.op, ast.Add) else "-"
        for part in (one.value.right, one.value.left):
            yield f"{name}[{picked}] {sign}= {s.text(part)}"


def _others(scope: Mapping[str, Held], name: str, *, same: bool) -> list[str]:
    """Return the other arrays of the same shape as one, or of another with as many axes."""
    own = scope[name]
    return [
        text for text, held in scope.items()
        if held.kind == own.kind and len(held.shape) == len(own.shape)
        and (held.shape == own.shape) == same and text != name and text.isidentifier()
    ][:_OTHERS]  # fmt: skip


def _products(s: Statement, loop: ast.For, name: str) -> Iterator[str]:
    """Yield the line that adds an array of the loop, or a product of two, to all or to a part."""
    own, used = s.scope.get(name), _used(s)
    found = [(text, shape) for one in used.items() for text, shape in _of_one(one)]
    pairs = sorted(permutations(enumerate(used.items()), 2), key=lambda two: two[0][0] + two[1][0])
    found += [both for (_, one), (_, two) in pairs for both in _of_two(s, one, two)]
    targets = [*({name: own.shape} | _parts(s, loop, name, own.shape)).items()] if own else []
    yield from (
        f"{target} += {text}" for text, shape in found for target, fitting in targets
        if shape == fitting
    )  # fmt: skip


def _parts(s: Statement, loop: ast.For, name: str, own: Shape) -> dict[str, Shape]:
    """Return the parts of an array that the loop reads of one of its shape, with their shapes."""
    read = (one for one in walked(loop) if isinstance(one, ast.Subscript))
    found = ((s.text(one.slice), s.shape(one)) for one in read if s.shape(one.value) == own)
    return {f"{name}[{index}]": shape for index, shape in found if shape}


def _of_operands(s: Statement, name: str) -> Iterator[str]:
    """Yield the line that adds a product of two arrays that the function is given or holds."""
    own, part = s.scope[name].shape, name.rpartition(".")[2]
    arrays = [
        (text, held.shape) for text, held in s.scope.items()
        if held.kind == "f" and text.rpartition(".")[2] != part and text not in s.unit.globals
    ]  # fmt: skip
    for one, two in permutations(arrays, 2):
        yield from (f"{name} += {text}" for text, shape in _of_two(s, one, two) if shape == own)


def _used(s: Statement) -> dict[str, Shape]:
    """Return the arrays at hand in the loop with their shapes: first what its rounds store."""
    assert isinstance(s.node, ast.For)
    own, rounds = [*walked(s.node)], s.node.target
    inside, zeros, text = set(read(own)), begun(s.unit, s.node), s.text(s.node)
    found = {text: held.shape for text, held in s.scope.items() if held.kind == "f"}
    found |= {one: held.shape for one, held in s.expressions if "[" in one and one in text}
    if isinstance(rounds, ast.Name):
        found |= {
            f"{one}[{at}]": shape for one, shape in _entries(s).items()
            for at in (rounds.id, f"{rounds.id} - 1", f"{rounds.id} + 1")
        }  # fmt: skip
    stored = {one.id: one.lineno for one in own
              if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}  # fmt: skip
    names = [one for one in found if found[one] and one.partition("[")[0] not in zeros]
    names.sort(key=lambda one: (-stored.get(one, 0), one.partition("[")[0] not in inside))
    return {one: found[one] for one in names}


def _of_one(array: tuple[str, Shape]) -> Iterator[tuple[str, Shape]]:
    """Yield an array as it is, and summed over its rows."""
    text, shape = array
    yield text, shape
    yield f"{text}.sum(0)", shape[1:]


def _of_two(
    s: Statement, first: tuple[str, Shape], second: tuple[str, Shape]
) -> Iterator[tuple[str, Shape]]:
    """Yield the products of two arrays that are sums over rows or columns, with their shapes."""
    (one, left), (two, right) = first, second
    if len(left) == len(right) == 1 and s.numpy:
        yield f"{s.numpy}outer({one}, {two})", (*left, *right)
    if len(left) == len(right) == 2 and left[1] == right[0]:
        yield f"{one} @ {two}", (left[0], right[1])
    if len(left) == len(right) == 2 and left[0] == right[0]:
        yield f"{one}{s.transpose} @ {two}", (left[1], right[1])
    if len(left) == len(right) == 2 and left[1] == right[1]:
        yield f"{one} @ {two}{s.transpose}", (left[0], right[0])
    if left == right:
        yield f"{one} * {two}", left
        yield f"({one} * {two}).sum(0)", left[1:]
        yield f"({one} * {two}).sum(-1)", left[:-1]


def _entries(s: Statement) -> dict[str, Shape]:
    """Return the lists of arrays, and the arrays, that have entries of one shape, and that."""
    found = dict[str, Shape]()
    for text, held in s.scope.items():
        at = text.find("[")
        if held.kind == "f" and text.isidentifier() and len(held.shape) > 1:
            found[text] = held.shape[1:]
        elif held.kind == "f" and at > 0 and f"{text[:at]}[" in s.unit.source.decode():
            found.setdefault(text[:at], held.shape)
    return found
