"""What tells against an edit, however right it makes the results: with some nobody offers it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.begun import adds_to_ones
from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.expressions import name_of, names_in, summands
from gradtui.diagnosis.recorded.blame.names import is_spelled
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.blame.unnamed import calculates, statement_after

_FLAGS = (b"True", b"False")
_COPYING = frozenset({"array", "asarray", "copy"})
_KEEPING = frozenset({"contiguous", "clone", "copy", "detach", "double", "float"})
"""Methods that keep the numbers of an array."""
_STEP = re.compile(r"(\w+) ([-+]) (\d+)")
"""A name from which a number is taken, or to which one is added."""
_TARGET = re.compile(rb"\bfor\s+(.+?)\s+in\b")
"""What a comprehension gives its rounds' values to."""
_VALUES = 4096
"""Most values of lines that are kept as texts."""
_LINES = 256
"""Most lines whose nodes are kept: several signs ask for those of each edit."""
_ROW = 3
"""The fewest values of a row."""


def cancels(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether an edit takes a value from itself, or divides it by itself."""
    return _cancelled(s.unit.text_after(s.node, edits)) > _cancelled(s.unit.text_after(s.node, ()))


def _cancelled(text: str) -> int:
    """Return how often a statement, or a line added to it, takes a value from itself.

    Or divides it by itself.
    """
    flush = "\n".join(map(str.strip, text.splitlines()))
    return sum(
        isinstance(one, ast.BinOp) and isinstance(one.op, ast.Sub | ast.Div)
        and ast.dump(_kept(one.left)) == ast.dump(_kept(one.right))
        for one in _nodes(flush)
    )  # fmt: skip


def _kept(node: ast.expr) -> ast.expr:
    """Return the expression whose numbers another only hands on."""
    match node:
        case ast.Call(func=ast.Attribute(owner, name), args=[]) if name in _KEEPING:
            return _kept(owner)
        case ast.Attribute(owner, "data"):
            return _kept(owner)
        case _:
            return node


@lru_cache(_LINES)
def _nodes(text: str) -> Sequence[ast.AST]:
    """Return the nodes of a statement; none without its body, as of the head of a loop."""
    with suppress(SyntaxError):
        return walked(ast.parse(text))
    return ()


def stores_elsewhere(edits: Sequence[Edit]) -> bool:
    """Return whether the rounds of an edit store into an attribute or an entry.

    Such as `sum(x.T for x.T in rows)`: that would outlive the run.
    """
    return any(
        b"." in target or b"[" in target for one in edits for target in _TARGET.findall(one.text)
    )


def only_renames(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether a calculation becomes another name of a value, for which nobody writes one.

    That has a name already, or another line beside calculates it.  A constant or a count that goes
    may have been too much, but nobody calculates a value for no reason.
    """
    if not isinstance(s.node, ast.Assign) or not isinstance(s.node.value, ast.BinOp):
        return False
    nodes = _nodes(s.unit.text_after(s.node, edits))
    match [one for one in nodes if isinstance(one, ast.stmt)]:
        case [ast.Assign(value=value)]:
            named = isinstance(value, ast.Name | ast.Attribute | ast.Subscript)
            gone = (names_in(s.node.value) - names_in(value)) & s.unit.stored
            made = any((held := s.scope.get(one)) and held.kind == "f" for one in gone)
            return made and (named or _is_beside(s, value))
        case _:
            return False


def misnames(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether an entry of a dict with the name of its value becomes another value's.

    Or whether what has the name of its two operands, such as `PQ = P - Q`, becomes something else.
    """
    named: list[ast.expr] = [
        value for node in s.nodes if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(value, ast.Name) and key.value == value.id
    ]  # fmt: skip
    match s.value():
        case ast.BinOp(ast.Name(left), _, ast.Name(right)) as value:
            named += [value] if is_spelled(s, [left, right]) else []
    spans = [(s.unit.start(one), s.unit.end(one)) for one in named]
    return any(start <= one.start and one.end <= end for one in edits for start, end in spans)


def wraps(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether a round picks from data what the round before it has, and the first the last.

    Such as `Y[t - 1]` for `Y[t]` in `for t in range(n)`, with which no state is handed on.
    """
    if not any(b"-" in one.text for one in edits):
        return False
    loops = {
        one.target.id: _filled_in(one) for one in s.unit.of(ast.For)
        if isinstance(one.target, ast.Name) and isinstance(one.iter, ast.Call)
        and name_of(one.iter.func) == "range" and len(one.iter.args) == 1
    }  # fmt: skip
    if loops.keys().isdisjoint(s.loops):
        return False
    after = _earlier(_nodes(s.unit.text_after(s.node, edits)))
    return any(
        name in loops and array not in loops[name] for array, name in after - _earlier(s.nodes)
    )


def _filled_in(loop: ast.For) -> set[str]:
    """Return the names of what a loop stores elements in."""
    return {
        one.value.id for one in walked(loop)
        if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Store)
        and isinstance(one.value, ast.Name)
    }  # fmt: skip


def _earlier(nodes: Iterable[ast.AST]) -> set[tuple[str, str]]:
    """Return the arrays that are picked from at a name less a number, each with the name."""
    found = set[tuple[str, str]]()
    for node in nodes:
        match node:
            case ast.Subscript(
                ast.Name(array),
                ast.BinOp(ast.Name(name), ast.Sub(), ast.Constant())
                | ast.Tuple([ast.BinOp(ast.Name(name), ast.Sub(), ast.Constant()), *_]),
            ):
                found.add((array, name))
    return found


def _is_beside(s: Statement, value: ast.expr) -> bool:
    """Return whether another line of a statement's block stores a value."""
    beside = (one for one in block_of(s.unit.node, s.node) if one is not s.node)
    alike = (one.value for one in beside
             if isinstance(one, ast.Assign) and type(one.value) is type(value))  # fmt: skip
    return _dumped(value) in map(_dumped, alike)


@lru_cache(_VALUES)
def _dumped(node: ast.expr) -> str:
    return ast.dump(node)


def takes_back(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether an edit takes from a value what the line adds, or gives to a call itself.

    Or it multiplies by what the line divides by, or adds what a sum has already. Then that is
    wrong, perhaps as it begins, and nothing is missing.
    """
    value = s.value()
    if any(_steps_back(s, one) for one in edits):
        return True
    if value is None:
        return False
    parts = [*value.args] if isinstance(value, ast.Call) else [*summands(value)]
    added = {one.id for one in parts if isinstance(one, ast.Name)}
    if isinstance(s.node, ast.AugAssign) and isinstance(s.node.target, ast.Name):
        added.add(s.node.target.id)
    names = [f" - {name}" for name in (*added, *_begun_as(s, added))]
    names += _added_again(s)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div | ast.Mult):
        back = "*" if isinstance(value.op, ast.Div) else "/"
        names.append(f" {back} {s.right(value)}")
    texts = [one.text.decode() for one in edits if not _turns(s, value, one)]
    return any(text.endswith(tuple(names)) or any(f"{name} * " in text for name in names)
               for text in texts)  # fmt: skip


def _steps_back(s: Statement, edit: Edit) -> bool:
    """Return whether an edit takes a number from a name that its own line adds, or adds it."""
    step = _STEP.search(edit.text.decode())
    if step is None:
        return False
    name, sign, number = step.groups()
    back = f" {'+' if sign == '-' else '-'} {number}"
    made = (one.value for one in s.unit.of(ast.Assign) if s.text(one.targets[0]) == name)
    return any(ast.unparse(one).endswith(back) for one in made)


def _turns(s: Statement, value: ast.expr, edit: Edit) -> bool:
    """Return whether an edit only turns a difference round."""
    match value:
        case ast.BinOp(left, ast.Sub(), right):
            return edit.text.decode() == f"{s.text(right)} - {s.text(left)}"
        case _:
            return False


def _added_again(s: Statement) -> Iterator[str]:
    """Yield the ends of what adds to a sum once more, or takes back, what it gets elsewhere.

    It begins as that, unless that is a number, or another line adds it.
    """
    match s.node:
        case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op):
            sign, name = "+" if isinstance(op, ast.Add) else "-", s.text(target)
            begun = (text for text in _begun_as(s, {name}) if not text.isnumeric())
            for text in (name, *begun):
                yield from (f" {sign} {text}", f" {sign} ({text})")
            beside = (
                one.value.id for one in block_of(s.unit.node, s.node)
                if isinstance(one, ast.AugAssign) and isinstance(one.value, ast.Name)
                and one is not s.node and s.text(one.target) == name
            )  # fmt: skip
            yield from (f" {way} {other}" for other in beside for way in "+-*")


def _begun_as(s: Statement, names: Collection[str]) -> Iterator[str]:
    """Yield what some names begin as before a line, or as a copy of."""
    for one in s.unit.of(ast.Assign) if names else ():
        match one:
            case ast.Assign(targets=[ast.Name(name)], value=value) if name in names:
                if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                    value = value.func.value if value.func.attr == s.copying else value
                if one.lineno < s.node.lineno:
                    yield s.text(value)


def is_senseless(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether an edit takes the sense of something.

    A choice, or what an array begins as, no longer matters, two signs of a product cancel, or a
    calculation becomes a mere copy.
    """
    senseless = evens_out(s, edits) or makes_up_for_start(s) or _doubles_minus(s, edits)
    return senseless or _only_copies(s, edits)


def turns_flag(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether a call gets another value of a flag, so that other code runs.

    Or another one than that of the very name of its argument, as in `f(x=x)`.
    """
    given = {s.unit.start(one.value): one for one in s.nodes if isinstance(one, ast.keyword)}
    one = given.get(edits[0].start) if len(edits) == 1 else None
    return one is not None and (edits[0].text in _FLAGS or name_of(one.value) == one.arg)


def turns_setting(s: Statement) -> bool:
    """Return whether a statement chooses by a flag of the module, such as whose code is to run."""
    test = s.node.test if isinstance(s.node, ast.If) else None
    if isinstance(test, ast.UnaryOp):
        test = test.operand
    name = test.id if isinstance(test, ast.Name) else ""
    return name not in s.locals and type(s.unit.globals.get(name)) is bool


def _only_copies(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether a calculation becomes a copy of the value's own name, as `x = np.array(x)`."""
    if not isinstance(s.node, ast.Assign) or not calculates(s.node.value):
        return False
    match statement_after(s.unit, s.node, edits):
        case ast.Assign([ast.Name(own)], ast.Call(ast.Attribute(attr=made), [ast.Name(name)])):
            return own == name and made in _COPYING
        case _:
            return False


def is_setting(s: Statement) -> bool:
    """Return whether a line gives a new object a number, which its user chooses."""
    number = s.node.value if isinstance(s.node, ast.Assign) else None
    return s.unit.code.co_name == "__init__" and isinstance(number, ast.Constant | ast.UnaryOp)


def _doubles_minus(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether a product gets one minus more than it has."""
    if not any(b"-" in one.text for one in edits):
        return False
    most = max((_signs(one) for one in _nodes(s.unit.text_after(s.node, edits))
                if isinstance(one, ast.expr)), default=0)  # fmt: skip
    return most > 1 and most > max(map(_signs, s.values), default=0)


def _signs(node: ast.expr) -> int:
    """Return how many factors of a product have a minus."""
    match node:
        case ast.UnaryOp(ast.USub(), operand):
            return 1 + _signs(operand)
        case ast.BinOp(left, ast.Mult() | ast.Div() | ast.MatMult(), right):
            return _signs(left) + _signs(right)
        case ast.Attribute(value=value):
            return _signs(value)
        case _:
            return 0


def makes_up_for_start(s: Statement) -> bool:
    """Return whether a line adds to an array that begins as ones.

    It is added to because it begins as zeros: more likely that is the mistake.
    """
    return isinstance(s.node, ast.AugAssign) and adds_to_ones(s.unit, s.node)


def evens_out(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether both cases of a choice would do the same, so that nobody would choose.

    Unless they are rows of values that differ in few: people do copy these, with a slip in one.
    """
    own, edited = s.node, s.unit.text_after(s.node, edits)
    if b" if " in s.unit.source and _is_even(edited):
        return True
    for node in s.unit.of(ast.If):
        if [own] in (node.body, node.orelse):
            other = node.orelse if node.body == [own] else node.body
            return not _is_row(own) and [s.text(one) for one in other] == [edited]
    return False


def _is_row(node: ast.stmt) -> bool:
    """Return whether a statement stores or returns several values."""
    value = node.value if isinstance(node, ast.Assign | ast.Return) else None
    return isinstance(value, ast.Tuple) and len(value.elts) >= _ROW


def _is_even(text: str) -> bool:
    """Return whether both cases of a choice within a line are the same."""
    return any(
        isinstance(one, ast.IfExp) and ast.dump(one.body) == ast.dump(one.orelse)
        for one in _nodes(text)
    )
