"""Conditions that a choice or a mask may lack: of a loop's round, as the code has elsewhere."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import COMPARED
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.twins import KEPT_BY
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.engine.shapes import stretches

_LEAVING = (ast.Return, ast.Continue, ast.Break, ast.Raise)
_FILES, _LINES = 32, 4096
"""Most files and lines of which is kept what conditions they have."""
_MOST = 12
"""Most conditions of each kind."""
_GATHERED = (":list", ":dict", ":tuple")


def conditions(s: Statement) -> Iterator[Candidate]:
    """Yield conditions for a choice that is made always, or never."""
    for node in s.nodes:
        if isinstance(node, ast.If | ast.IfExp) and isinstance(node.test, ast.Constant):
            for text in dict.fromkeys([*_of_rounds(s), *_elsewhere(s), *_of_numbers(s)]):
                told = f"the condition must be {text}"
                edit = s.replaced(node.test, text)
                yield Candidate((edit,), "wrong-variable", told, 1, text, node)


def turned(s: Statement, test: ast.expr) -> Candidate:
    """Return the opposite of a condition."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        edit, told, cost = s.replaced(test, s.text(test.operand), 0), "not does not belong here", 0
    else:
        edit, told, cost = s.replaced(test, f"not {s.inside(test, 9)}", 0), "not is missing", 1
    return Candidate((edit,), "wrong-variable", told, cost, None, test)


def parts(s: Statement) -> Iterator[Candidate]:
    """Yield conditions with a part turned round, or with another word between their parts."""
    for node in s.nodes:
        match node:
            case ast.BoolOp(values=values):
                yield from (turned(s, one) for one in values if not _is_joined(one))
                yield _joined(s, node)
            case ast.IfExp(test=ast.UnaryOp(op=ast.Not()) as test):
                yield turned(s, test)
            case ast.Compare(left, [ast.Is() | ast.IsNot() as op], [right]):
                own, other = ("is", "is not") if isinstance(op, ast.Is) else ("is not", "is")
                edit = s.replaced(node, f"{s.text(left)} {other} {s.text(right)}", 1)
                told = f"{own} must be {other}"
                yield Candidate((edit,), "wrong-variable", told, 0, None, node)
            case _:
                continue


def _is_joined(part: ast.expr) -> bool:
    """Return whether a part of a condition needs its parentheses without its `not`."""
    return isinstance(part, ast.UnaryOp) and isinstance(part.operand, ast.BoolOp)


def _joined(s: Statement, node: ast.BoolOp) -> Candidate:
    """Return a condition with the other word between its parts."""
    own, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    edits = list[Edit]()
    for one, two in pairwise(node.values):
        start, end = s.unit.end(one), s.unit.start(two)
        at = start + s.unit.source[start:end].index(own.encode())
        edits.append(Edit(at, at + len(own), other))
    return Candidate((*edits,), "wrong-variable", f"{own} must be {other}", 1, None, node)


def is_told(suspect: Suspect, edits: Sequence[Edit]) -> bool:
    """Return whether the code beside tells of another condition of a choice."""
    s = suspect.statement
    if not any(isinstance(one, ast.If | ast.IfExp) for one in s.nodes):
        return False
    return _opens(suspect, edits) or _is_asked_elsewhere(s, edits)


def _opens(suspect: Suspect, edits: Sequence[Edit]) -> bool:
    """Return whether an edit of a condition alone may lead to lines that have never run."""
    test, unit = getattr(suspect.statement.node, "test", None), suspect.statement.unit
    return suspect.closed and test is not None and all(
        unit.start(test) <= one.start and one.end <= unit.end(test) for one in edits
    )  # fmt: skip


def never_changes(node: ast.stmt, ran: Callable[[int], bool]) -> bool:
    """Return whether a choice would change values that the function has, but never does.

    A choice that leaves the function, or its round, does the same as the code behind it instead.
    """
    if not isinstance(node, ast.If) or node.orelse or any(ran(one.lineno) for one in node.body):
        return False
    return any(map(_changes, node.body)) and not isinstance(node.body[-1], _LEAVING)


def _changes(node: ast.stmt) -> bool:
    """Return whether a statement makes another value of one that it stores."""
    match node:
        case ast.AugAssign():
            return True
        case ast.Assign(targets=[target], value=value):
            return ast.unparse(target) in map(ast.unparse, _expressions(value))
        case _:
            return False


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    return (one for one in walked(node) if isinstance(one, ast.expr))


def _is_asked_elsewhere(s: Statement, edits: Sequence[Edit]) -> bool:
    """Return whether a condition becomes one that the file has elsewhere, and was none before.

    A backward half asks what the forward half does, of what that has kept.
    """
    before, after = (_asked_after(s, some) for some in ((), edits))
    elsewhere = _asked_in(s.unit.tree) - before
    new = after - before
    return bool(new & elsewhere) and not (before - after) & elsewhere


def _asked_after(s: Statement, edits: Sequence[Edit]) -> Counter[str]:
    test = s.node.test if isinstance(s.node, ast.If) else None
    text = s.unit.text_after(s.node if test is None else test, edits)
    return _asked_by(text if test is None else f"if {text}: ...")


@lru_cache(_LINES)
def _asked_by(text: str) -> Counter[str]:
    """Return the same for a text; nothing if it is not Python, as the head of a loop."""
    with suppress(SyntaxError):
        return _asked_in(ast.parse(text))
    return Counter()


@lru_cache(_FILES)
def _asked_in(tree: ast.Module) -> Counter[str]:
    """Return the conditions of choices, and their parts, without what their values are kept by."""
    tests = [one.test for one in walked(tree) if isinstance(one, ast.If | ast.IfExp)]
    joined = [one for one in tests if isinstance(one, ast.BoolOp)]
    asked = [*tests, *(part for one in joined for part in one.values)]
    return Counter(KEPT_BY.sub("", ast.unparse(one)) for one in asked)


def compared(s: Statement) -> Iterator[Candidate]:
    """Yield comparisons with an array that the function never reads, such as the largest values."""
    for node in s.nodes:
        if not isinstance(node, ast.Compare) or len(node.ops) > 1:
            continue
        shape, own = s.shape(node.left), COMPARED.get(type(node.ops[0]))
        for name in s.idle if shape and own is not None else ():
            held = s.scope.get(name)
            if held is None or held.kind != "f" or not stretches(held.shape, shape or ()):
                continue
            for sign in dict.fromkeys(("==", own)):
                text = f"{s.inside(node.left, 1)} {sign} {name}"
                told = f"it must be {text}: {s.unit.code.co_name} does not use {name}"
                yield Candidate((s.replaced(node, text, 0),), "wrong-variable", told, 0, text, node)


def _of_rounds(s: Statement) -> Iterator[str]:
    """Yield whether the round of a loop is among some, or a mask holds for it."""
    rounds = [one for one in dict.fromkeys(s.loops) if one in s.scope]
    for at in reversed(rounds):
        gathered = [text for text, held in s.scope.items() if held.kind in _GATHERED]
        for text in gathered[:_MOST]:
            yield from (f"{at} not in {text}", f"{at} in {text}")
        masks = [text for text, held in s.scope.items() if held.kind == "b" and held.shape]
        for text in masks[:_MOST]:
            yield from (f"{text}[{at}]", f"not {text}[{at}]")


def _elsewhere(s: Statement) -> Iterator[str]:
    """Yield the other conditions of the function."""
    tests = [one.test for one in s.unit.nodes if isinstance(one, ast.If | ast.IfExp)]
    texts = [s.text(one) for one in tests if not isinstance(one, ast.Constant)]
    yield from [one for one in texts if "\n" not in one][:_MOST]


def _of_numbers(s: Statement) -> Iterator[str]:
    """Yield whether a number is positive, or not."""
    single = [text for text, held in s.scope.items() if held.kind == "f" and not held.shape]
    for text in sorted(single, key=lambda one: -s.recent.get(one, 0))[:_MOST]:
        yield from (f"{text} > 0", f"{text} <= 0")
