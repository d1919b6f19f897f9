"""Edits of the rounds of a loop: where they begin and end, their order, those of another loop."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from gradtui.diagnosis.recorded.blame.begun import read, stored
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import indices_of
from gradtui.diagnosis.recorded.blame.forms import loops_around
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.blame.unnamed import form_of

_MOST = 6
"""Most whole numbers in scope that are tried as a bound, and most loops whose rounds are."""
_STEPPED = 3
"""The arguments of a range that goes in steps."""
_WORD = re.compile(r"\w+")
_PAIRING = ("enumerate", "zip")
"""Functions whose rounds cannot be reversed."""


def of_loop(s: Statement) -> Iterator[Candidate]:
    """Yield the rounds of the other loops of a function for those of a loop, and in reverse."""
    if not isinstance(s.node, ast.For):
        return
    if (elsewhere := _elsewhere(s.unit, s.node)) is not None:
        bound, text = elsewhere
        told = f"{s.text(bound)} must be {text}, as in other loops of the file"
        edit = s.replaced(bound, text)
        yield Candidate((edit,), "wrong-variable", told, 0, text, bound, named=True)
    for name in _numbering(s.unit, s.node):
        told = f"it must be {name}, which the loop reads and nothing in it changes"
        edit = s.replaced(s.node.target, name)
        yield Candidate((edit,), "wrong-variable", told, 0, name, s.node.target, named=True)
    if (whole := _skipping(s.unit, s.node)) is not None:
        yield replace(_rounds(s, s.node.iter, f"range({s.text(whole)})", 0), named=True)
    target = s.node.target
    if (unpacked := _unpacked(s.unit, s.node)) is not None:
        told = f"it must be {unpacked}, as other loops of the file unpack the same"
        edit = s.replaced(target, unpacked)
        yield Candidate((edit,), "wrong-variable", told, 0, unpacked, target, named=True)
    own, found = s.node.iter, dict[str, None]()
    for node in s.unit.nodes:
        if isinstance(node, ast.For) and ast.dump(node.target) == ast.dump(s.node.target):
            found[s.text(node.iter)] = None
    texts = [*found][:_MOST]
    for text in [*texts, *(f"reversed({one})" for one in texts)]:
        if text != s.text(own) and "\n" not in text:
            yield _rounds(s, own, text, 1)
    if isinstance(own, ast.Call) and _name(own) in _PAIRING:
        yield from (_rounds(s, own, text, 2) for text in _turned(s, own))


def runs_unlike(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a loop begins or ends otherwise than those of the file that run like it.

    Or after the first round, for no reason that its rounds would tell.  Or whether it unpacks the
    same in another order, or reads the number of another loop's rounds, but none of its own.
    """
    return isinstance(node, ast.For) and any(
        told(unit, node) for told in (_elsewhere, _skipping, _unpacked, _numbering)
    )


def _numbering(unit: Unit, node: ast.For) -> Sequence[str]:
    """Return the names of other loops' rounds that a loop reads; empty if it reads its own.

    Its own name may be that of something else, which its rounds store first.
    """
    if not isinstance(node.target, ast.Name):
        return ()
    inside = [one for line in node.body for one in walked(line)]
    names, made = dict.fromkeys(read(inside)), {*stored(inside)}
    if node.target.id in names.keys() - made:
        return ()
    others = [one for one in unit.of(ast.For) if one is not node and node not in walked(one)]
    counted = {one.target.id for one in others if isinstance(one.target, ast.Name)}
    return [name for name in names if name in counted - made - {node.target.id}]


def _unpacked(unit: Unit, node: ast.For) -> str | None:
    """Return how other loops of the file unpack what a loop runs over: its names, otherwise."""
    own, alike = ast.unparse(node.target), ast.dump(node.iter)
    found = {
        ast.unparse(one.target) for one in nodes_of(unit.tree)
        if isinstance(one, ast.For) and one is not node and ast.dump(one.iter) == alike
        and isinstance(one.target, ast.Tuple)
    }  # fmt: skip
    text = found.pop() if len(found) == 1 else own
    moved = sorted(_WORD.findall(text)) == sorted(_WORD.findall(own))
    return text[1:-1] if moved and text != own else None


def _skipping(unit: Unit, node: ast.For) -> ast.expr | None:
    """Return the end of a range from 1 whose rounds only pick elements by their number.

    None if they pick those before, too, or if something else is done with the first ones.
    """
    match node.target, _arguments(node):
        case ast.Name(name), [ast.Constant(1), end] if not isinstance(end, ast.BinOp):
            pass
        case _:
            return None
    inside = [one for line in node.body for one in walked(line)]
    picks = [one for one in inside if isinstance(one, ast.Subscript)]
    parts = [part for one in picks for part in indices_of(one)]
    numbers = [one for one in inside if isinstance(one, ast.Name) and one.id == name]
    plain = len(numbers) == sum(isinstance(one, ast.Name) and one.id == name for one in parts)
    others = [one for one in unit.of(ast.Subscript)
              if one not in picks and getattr(one.value, "attr", "") != "shape"]  # fmt: skip
    first = any(isinstance(part, ast.Constant) and part.value == 0
                for one in others for part in indices_of(one))  # fmt: skip
    return end if numbers and plain and not first else None


def _elsewhere(unit: Unit, node: ast.For) -> tuple[ast.expr, str] | None:
    """Return the bound of a loop and what it is in at least two others: a number more or less.

    Their ranges have the same form otherwise, and go in steps that are no mere number.
    """
    own = _arguments(node)
    if len(own) < _STEPPED or isinstance(own[-1], ast.Constant):
        return None
    loops = [one for one in nodes_of(unit.tree) if isinstance(one, ast.For) and one is not node]
    every = Counter(tuple(map(form_of, _arguments(one))) for one in loops)
    if tuple(map(form_of, own)) in every:
        return None
    for other in [_arguments(one) for one in loops]:
        apart = [at for at, one in enumerate(other[: len(own)]) if form_of(one) != form_of(own[at])]
        many = every[tuple(map(form_of, other))] > 1
        if many and len(other) == len(own) and len(apart) == 1:
            bound = own[apart[0]]
            if text := _bounded(bound, other[apart[0]]):
                return bound, text
    return None


def _bounded(own: ast.expr, other: ast.expr) -> str:
    """Return a bound with the number that another one of the form has beside it, or without."""
    match own, other:
        case _, ast.BinOp(a, op, ast.Constant(int() as value)) if form_of(a) == form_of(own):
            return f"{ast.unparse(own)} {'-' if isinstance(op, ast.Sub) else '+'} {value}"
        case ast.BinOp(a, _, ast.Constant()), _ if form_of(a) == form_of(other):
            return ast.unparse(a)
    return ""


def _arguments(node: ast.For) -> Sequence[ast.expr]:
    """Return the arguments of the range that a loop runs over; empty for another loop."""
    called = node.iter
    ranged = isinstance(called, ast.Call) and _name(called) == "range"
    return called.args if ranged and isinstance(called, ast.Call) else ()


def _turned(s: Statement, pairs: ast.Call) -> Iterator[str]:
    """Yield the pairs of `enumerate` or `zip` in reverse, which they do not give themselves."""
    yield f"{_name(pairs)}({', '.join(f'reversed({s.text(one)})' for one in pairs.args)})"
    yield f"reversed([*{s.text(pairs)}])"


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", "")


def of_rounds(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield the rounds of a range that begin or end elsewhere, or run the other way."""
    texts, called = [s.text(one) for one in node.args], s.text(node.func)
    if not _is_reversed(s.parents.get(node)):
        yield _rounds(s, node, f"reversed({s.text(node)})", 1)
    for at, bound in enumerate(node.args[:2]):
        for text in _near(s, bound):
            below = not at and len(texts) > 1 and text[0] == "-"  # no round begins there
            yield _rounds(s, node, _range(called, texts, at, text), 3 if below else 1)
    for begin in _outer_rounds(s, texts):
        yield _rounds(s, node, f"{called}({', '.join([begin, *(texts[1:] or texts)])})", 1)
    if len(texts) == 1:
        yield _rounds(s, node, f"{called}(1, {texts[0]})", 1)
    elif len(texts) == 2:
        yield _rounds(s, node, f"{called}({texts[1]})", 1)
        yield _rounds(s, node, f"{called}({', '.join(texts)}, -1)", 1)
    else:
        if texts[0] != "0":
            yield _rounds(s, node, _range(called, texts, 0, "0"), 1)
        for at, text in _one_less_or_more(s, node):
            yield _rounds(s, node, _range(called, texts, at, text), 1)
        turned = texts[2].removeprefix("-") if texts[2][0] == "-" else f"-{texts[2]}"
        for step in dict.fromkeys((turned, "-1", "1")):
            yield _rounds(s, node, _range(called, texts, 2, step), 1)
    for at in range(min(2, len(texts))):
        for text in _bounds(s, texts):
            yield _rounds(s, node, _range(called, texts, at, text), 2)


def _rounds(s: Statement, node: ast.expr, text: str, cost: int) -> Candidate:
    told = f"the rounds must be those of {text}"
    return Candidate((s.replaced(node, text),), "wrong-variable", told, cost, text, node)


def _range(called: str, texts: Sequence[str], at: int, text: str) -> str:
    return f"{called}({', '.join([*texts[:at], text, *texts[at + 1 :]])})"


def _is_reversed(node: ast.AST | None) -> bool:
    """Return whether an expression is the reverse of its argument."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (
        node.func.id == "reversed"
    )  # fmt: skip


def _near(s: Statement, bound: ast.expr) -> Iterator[str]:
    """Yield bounds that are one more or one less than another."""
    if _number(bound) is not None:
        yield from (str(_number(bound, step)) for step in (1, -1))
        return
    if isinstance(bound, ast.BinOp) and isinstance(bound.op, ast.Add | ast.Sub):
        if (number := _number(bound.right)) is not None:
            sign = "+" if isinstance(bound.op, ast.Add) else "-"
            for one in (number - 1, number + 1):
                yield f"{s.left(bound)} {sign} {one}" if one else s.left(bound)
            return
        yield s.left(bound)
    text = s.inside(bound, 1)
    yield from (f"{text} - 1", f"{text} + 1")


def _outer_rounds(s: Statement, texts: Sequence[str]) -> Iterator[str]:
    """Yield the rounds of the loops around one as its first, and those after them."""
    step = texts[2] if len(texts) > 2 else "1"
    for loop in loops_around(s):
        if isinstance(loop, ast.For) and loop is not s.node and isinstance(loop.target, ast.Name):
            name = loop.target.id
            yield from (one for one in (name, f"{name} + {step}") if one != texts[0])


def _one_less_or_more(s: Statement, rounds: ast.Call) -> Iterator[tuple[int, str]]:
    """Yield the bounds of a range that goes in longer steps with a round more or less."""
    first, last, step = rounds.args
    if _number(step) in (1, -1):
        return
    by = s.inside(step, 2).removeprefix("-")
    for at, bound in enumerate((first, last)):
        if isinstance(bound, ast.BinOp) and s.text(bound.right) == by:
            yield at, s.left(bound)
        elif (more := _number(step)) is not None and _number(bound) is not None:
            yield from ((at, str(_number(bound, one))) for one in (more, -more))
        else:
            yield from ((at, f"{s.inside(bound, 1)} {sign} {by}") for sign in ("+", "-"))


def _number(node: ast.expr, more: int = 0) -> int | None:
    """Return a whole number that is written out, and something added to it; None for others."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value + more if type(value) is int else None


def _bounds(s: Statement, texts: Sequence[str]) -> Iterator[str]:
    """Yield bounds made from the numbers in scope."""
    whole = [text for text, held in s.scope.items() if (held.kind, held.shape) == ("i", ())]
    for text in [one for one in whole if one not in s.loops][:_MOST]:
        yield from (one for one in (text, f"{text} - 1", f"{text} - 2") if one not in texts)
