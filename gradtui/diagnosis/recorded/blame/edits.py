"""Small edits of a statement: of its operations, calls, numbers, comparisons and indices."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gradtui.base.text import number
from gradtui.diagnosis.recorded.blame.axes import of_entry
from gradtui.diagnosis.recorded.blame.calls import of_all, of_call, of_forgotten, of_parts
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.conditions import turned
from gradtui.diagnosis.recorded.blame.constants import count_below
from gradtui.diagnosis.recorded.blame.counts import of_count
from gradtui.diagnosis.recorded.blame.exchanges import exchanged
from gradtui.diagnosis.recorded.blame.expressions import (
    COMPARED,
    OPERATORS,
    is_leaf,
    parts_of,
)
from gradtui.diagnosis.recorded.blame.groupings import groupings
from gradtui.diagnosis.recorded.blame.indices import counted, of_index, strided
from gradtui.diagnosis.recorded.blame.loops import of_loop
from gradtui.diagnosis.recorded.blame.operators import of_operand, of_operation
from gradtui.diagnosis.recorded.blame.roots import of_root
from gradtui.diagnosis.recorded.blame.stores import of_target
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.blame.unnamed import form_of

_BOUNDS = ("0", "1", "0.5")


def edits(statement: Statement) -> Iterator[Candidate]:
    """Yield the small edits of a statement."""
    for node in statement.nodes:
        yield from _of_node(statement, node)
    stored = statement.node
    if isinstance(stored, ast.AugAssign) and isinstance(stored.op, ast.Mult | ast.Div | ast.Add):
        below = isinstance(stored.op, ast.Div)
        yield from of_operand(statement, stored.value, below)
        yield from of_count(statement, stored.value) if below else ()
    if isinstance(stored, ast.Return):
        yield from _shared(statement, statement.values)
    yield from _apart_from_1(statement)
    yield from of_target(statement)
    yield from of_loop(statement)
    yield from exchanged(statement)
    yield from strided(statement)
    yield from of_all(statement)
    yield from of_forgotten(statement)


def _of_node(s: Statement, node: ast.AST) -> Iterator[Candidate]:
    """Yield the small edits of one part of a statement."""
    match node:
        case ast.BinOp():
            yield from of_operation(s, node)
            yield from groupings(s, node)
        case ast.UnaryOp(ast.USub(), operand) if node not in s.indexing:
            edit = s.replaced(node, s.inside(operand, 2), max(2, s.binding(operand)))
            yield Candidate((edit,), "sign", "its sign is wrong", 0, "-1", node)
            yield from _from_1(s, node)
        case ast.UnaryOp(ast.Not(), operand):
            edit, told = s.replaced(node, s.text(operand), 0), "not does not belong here"
            yield Candidate((edit,), "wrong-variable", told, 0, None, node)
        case ast.UnaryOp(ast.Invert(), operand):
            edit = s.replaced(node, s.text(operand), s.binding(operand))
            yield Candidate((edit,), "sign", "~ does not belong here", 0, None, node)
        case ast.Compare():
            yield from _of_comparison(s, node)
        case ast.Attribute(value, "T" | "mT" | "H" | "mH") if isinstance(node.ctx, ast.Load):
            edit = s.replaced(node, s.text(value), s.binding(value))
            told = f"{s.text(node)} must be {s.text(value)}"
            yield Candidate((edit,), "transposed", told, 0, s.text(value), node)
        case ast.Lambda(body=body):
            yield from _negated(s, body)
        case ast.Call():
            yield from of_call(s, node)
            yield from of_root(s, node)
        case ast.Constant(True | False):
            other = str(not node.value)
            edit = s.replaced(node, other)
            yield Candidate((edit,), "wrong-variable", f"it must be {other}", 1, other, node)
        case ast.Constant(value) if type(value) in (int, float):
            yield from _of_number(s, node)
        case ast.Tuple(elts) | ast.List(elts) if isinstance(node.ctx, ast.Load):
            for one, two in pairwise(one for one in elts if not _is_none(one)):
                told = f"{s.text(one)} and {s.text(two)} are swapped"
                yield Candidate(swapped(s, one, two), "wrong-variable", told, 1, None, node)
            if not isinstance(s.node, ast.Return):
                yield from _shared(s, elts)
            yield from of_parts(s, node, elts)
        case ast.Name() | ast.Attribute() if isinstance(node.ctx, ast.Load):
            yield from counted(s, node)
        case ast.Subscript():
            yield from of_index(s, node)
            yield from of_entry(s, node)
        case ast.If(test):
            yield turned(s, test)
        case ast.IfExp(test, body, orelse):
            text = f"{s.text(orelse)} if {s.text(test)} else {s.text(body)}"
            edit, told = s.replaced(node, text, 0), "its two cases are swapped"
            yield Candidate((edit,), "wrong-variable", told, 1, None, node)


def _from_1(s: Statement, node: ast.UnaryOp) -> Iterator[Candidate]:
    """Yield 1 minus a value for the minus of it, if the function has such a difference of another.

    That may be another element of the same array.
    """
    form = form_of(_whole(node.operand))
    for one in s.unit.of(ast.BinOp):
        match one:
            case ast.BinOp(ast.Constant(1), ast.Sub(), other) if form_of(_whole(other)) == form:
                text = f"{s.text(one.left)} - {s.inside(node.operand, 2)}"
                edit, told = s.replaced(node, text, 1), f"{s.text(node)} must be {text}"
                yield Candidate((edit,), "missing-term", told, 0, text, node, named=True)
                return


def _whole(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _apart_from_1(s: Statement) -> Iterator[Candidate]:
    """Yield the difference from 1 of an array that a line stores by a call, such as of a view.

    What is computed of it later need not change in proportion.
    """
    own = s.value() if isinstance(s.node, ast.Assign) else None
    if isinstance(own, ast.Call) and (s.shape(own) or s.shape_of_value(own)):
        text = s.text(own)
        for other, told in (
            (f"{text} - 1", "the term -1 is missing"),
            (f"1 - {text}", f"{text} must be 1 - {text}"),
        ):
            edit = s.replaced(own, other, 1)
            yield Candidate((edit,), "missing-term", told, 2, other, own)


def _negated(s: Statement, body: ast.expr) -> Iterator[Candidate]:
    """Yield what a function within a line returns, or an element of that, with the other sign."""
    for one in parts_of(body):
        if not isinstance(one, ast.UnaryOp | ast.Constant):
            edit, told = s.replaced(one, f"-{s.inside(one, 2)}", 3), "its sign is wrong"
            yield Candidate((edit,), "sign", told, 0, "-1", one)


def _shared(s: Statement, elts: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield the elements of a tuple that lack a factor of another element, times it.

    What a function returns beside its loss is often scaled as that is.
    """
    factors = {
        f"{OPERATORS[type(one.op)]} {s.text(factor)}": s.text(factor)
        for one in elts if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult | ast.Div)
        for factor in (one.left, one.right)[isinstance(one.op, ast.Div) :] if is_leaf(factor)
    }  # fmt: skip
    returned = isinstance(s.node, ast.Return)
    for one in elts:
        for by, factor in factors.items() if one is not s.spared else ():
            if not isinstance(one, ast.Constant) and factor not in s.text(one):
                edit = s.replaced(one, f"{s.inside(one, 2)} {by}", 2)
                told = f"the factor {by.removeprefix('* ')} is missing"
                yield Candidate(
                    (edit,), "missing-factor", told, 1, by.removeprefix("* "), one, named=returned
                )


def _of_number(s: Statement, node: ast.Constant) -> Iterator[Candidate]:
    """Yield other numbers for one that takes part in a computation."""
    own = float(node.value)  # type: ignore[arg-type]
    if type(node.value) is int and node is s.value() and isinstance(s.node, ast.Assign):
        for text in (f"{node.value + 1}", f"{node.value - 1}"):  # such as where an index begins
            told = f"{s.text(node)} must be {text}"
            yield Candidate((s.replaced(node, text, 3),), "wrong-variable", told, 0, text, node)
    above = s.parents.get(node)
    if isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.USub):
        above = s.parents.get(above)  # such as the -1 of `-1 / N * x`
    if not isinstance(above, ast.BinOp) or node in s.indexing:
        return
    for value in dict.fromkeys((own + 1, own - 1, 2 * own, own / 2)):
        if value:
            text = count_below(s, node, value) or number(value)
            told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
            yield Candidate((edit,), "constant-factor", told, 1, text, node)


def _are_floats(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression is an array that is not known to be one of whole numbers."""
    held = s.held(node)
    return bool(s.shape(node)) and (held is None or held.kind == "f")


def _of_comparison(s: Statement, node: ast.Compare) -> Iterator[Candidate]:
    before = node.left
    for op, after in zip(node.ops, node.comparators, strict=True):
        own = COMPARED.get(type(op))
        if own is None:
            return
        start, end = s.unit.end(before), s.unit.start(after)
        at = start + s.unit.source[start:end].index(own.encode())
        word = any(isinstance(getattr(one, "value", None), str) for one in (before, after))
        ordered = own[0] in "<>" and any(_are_floats(s, one) for one in (before, after))
        for other in ("!=", "==") if word else COMPARED.values():
            # That floats are ordered says something, but that they are equal happens by chance.
            if other != own and not (ordered and other in ("==", "!=")):
                yield Candidate(
                    (Edit(at, at + len(own), other),),
                    "wrong-variable",
                    f"{own} must be {other}",
                    2 * word,  # which is a word that is wrong, sooner
                    None,
                    node,
                )
        if isinstance(after, ast.Constant) and type(after.value) in (int, float):
            for bound in _BOUNDS:
                told = f"the bound must be {bound}"
                edit = s.replaced(after, bound)
                yield Candidate((edit,), "wrong-variable", told, 1, bound, node)
        before = after
