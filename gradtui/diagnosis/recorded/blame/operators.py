"""Edits of an operation: another operator, its operands swapped or alone, other powers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.constants import written
from gradtui.diagnosis.recorded.blame.counts import of_count, of_size
from gradtui.diagnosis.recorded.blame.expressions import OPERATORS, is_leaf, multiplied
from gradtui.diagnosis.recorded.blame.names import is_spelled
from gradtui.diagnosis.recorded.blame.roots import rooted
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit

_OTHER: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("-", "*", "/"),
    ast.Sub: ("+", "*", "/"),
    ast.Mult: ("/", "@", "+", "-"),
    ast.Div: ("*", "+", "-"),
    ast.MatMult: ("*",),
    ast.FloorDiv: ("%",),
    ast.Mod: ("//",),
}
_NUMBERS = 4
"""Most numbers of the file by which a term is multiplied."""
POWERS = ("2", "3", "-1", "-2", "-3", "0.5", "-0.5", "-1.5", "1")

_ADDED = 4
"""Most names of a statement that are added to one of its factors."""


def of_operation(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    """Yield other operators, the operands swapped or alone, and other powers."""
    if type(node.op) not in OPERATORS:
        return
    start, end = s.operator(node)
    left, right = s.left(node), s.right(node)
    inverse = isinstance(node.op, ast.Div) and getattr(node.left, "value", None) == 1
    for other in ("+", "-") if inverse else _OTHER.get(type(node.op), ()):
        if other != "/" or not _cancels(s, node):
            yield _operator(s, node, Edit(start, end, other), other)
    tells = (held := s.held(node.left)) is None or held.value not in (0.0, 1.0)
    if isinstance(node.op, ast.Mult | ast.Pow) and tells and _is_count(s, node.right):
        other = "**" if isinstance(node.op, ast.Mult) else "*"
        told, edit = f"{OPERATORS[type(node.op)]} must be {other}", Edit(start, end, other)
        yield Candidate((edit,), "missing-factor", told, 1, None, node)
    if isinstance(node.op, ast.MatMult):
        yield Candidate(
            (s.replaced(node, f"{right} @ {left}", 2),),
            "transposed",
            "its factors are in the wrong order",
            0,
            f"{right} @ {left}",
            node,
        )
        yield from transposed(s, node, node.left, node.right, "{} @ {}")
        yield from _of_sandwich(s, node)
        return
    if isinstance(node.op, ast.Sub | ast.Div):
        minus = isinstance(node.op, ast.Sub)
        rule = "sign" if minus else "wrong-variable"
        edit = s.replaced(node, f"{right} {OPERATORS[type(node.op)]} {left}", 1)
        cost = 0 if minus and not isinstance(node.left, ast.Constant) else 1  # 1 - x is usual
        named = minus and is_spelled(s, [right, left])
        yield Candidate((edit,), rule, "its operands are swapped", cost, None, node, named)
    if isinstance(node.op, ast.Add) and _is_added(node.left):
        told = f"{s.text(node.left.right)} and {right} are swapped"  # as parts of a tuple
        edits = swapped(s, node.left.right, node.right)
        yield Candidate(edits, "wrong-variable", told, 1, None, node)
    if isinstance(node.op, ast.Div):
        if inverse:
            told, edit = f"1 / {right} must be {right}", s.replaced(node, right, 1)
            yield Candidate((edit,), "wrong-variable", told, 0, right, node)
        yield from of_count(s, node.right)
        yield from of_size(s, node.right)
    yield from _of_dropped(s, node)
    yield from _of_operands(s, node)
    if isinstance(node.op, ast.Pow):
        yield from _of_power(s, node)


def _is_added(node: ast.expr) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)


def _of_dropped(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    """Yield either operand alone."""
    left, right = s.left(node), s.right(node)
    term = isinstance(node.op, ast.Add | ast.Sub)
    rule = "double-counted-path" if term else "extra-factor"
    lost = {ast.Pow: f"**{right}", ast.Div: f"1/{right}"}.get(type(node.op), right)
    edit = s.replaced(node, left, 1 if left[0] == "-" else s.binding(node.left))
    yield Candidate((edit,), rule, f"{lost} does not belong here", 1, lost, node)
    if isinstance(node.op, ast.Pow | ast.Div):
        return
    minus = isinstance(node.op, ast.Sub)
    if minus and left == "1":  # the other share of what adds up to 1
        edit, told = s.replaced(node, right, s.binding(node.right)), f"1 - {right} must be {right}"
        yield Candidate((edit,), "wrong-point", told, 1, right, node)
    text = f"-{s.inside(node.right, 2)}" if minus else right
    edit = s.replaced(node, text, 1 if text[0] == "-" else s.binding(node.right))
    yield Candidate((edit,), rule, f"{left} does not belong here", 1, left, node)


def _of_power(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    """Yield other exponents; the factor that is left of one tells that it was one more."""
    right, own = s.right(node), s.text(node.right)
    named = any(isinstance(one, ast.Name | ast.Attribute) for one in walked(node.right))
    for power in POWERS:
        if power != right.strip("()"):
            rule = "missing-factor" if power > right else "extra-factor"
            edit = s.replaced(node.right, power, 4 if power[0] != "-" else 3)
            yield Candidate((edit,), rule, f"the power must be {power}", 1 + named, power, node)
    whole: ast.expr = node
    while isinstance(above := s.parents.get(whole), ast.BinOp) and isinstance(above.op, ast.Mult):
        whole = above
    left = own in {s.text(one) for one in multiplied(whole)}
    for power in (f"{own} - 1", f"{own} + 1") if named else ():
        edit, told = s.replaced(node.right, power, 1), f"the power must be {power}"
        cost = int(not (left and power.endswith("- 1")))
        yield Candidate((edit,), "missing-factor", told, cost, power, node)


def _of_operands(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    """Yield the powers of operands, and roots of numbers."""
    for operand in (node.left, node.right) if not isinstance(node.op, ast.Pow) else ():
        yield from of_operand(s, operand, isinstance(node.op, ast.Div) and operand is node.right)
        if isinstance(node.op, ast.Add | ast.Sub):
            yield from _scaled(s, operand)
        elif isinstance(node.op, ast.Mult) or operand is node.left:
            yield from _summed(s, operand)


def _summed(s: Statement, factor: ast.expr) -> Iterator[Candidate]:
    """Yield a named factor with 1, or with another name of the statement, added or taken away."""
    if not is_leaf(factor) or factor in s.indexing:
        return
    own, named = s.text(factor), (one for one in s.nodes if isinstance(one, ast.expr))
    arrays = dict.fromkeys(s.text(one) for one in named if is_leaf(one) and s.shape(one))
    others = [one for one in arrays if one != own][:_ADDED]
    texts = [(f"1 + {own}", 2)] if s.shape(factor) else []
    texts += [(f"{own} {sign} {one}", 3) for one in others for sign in "+-"]
    for text, cost in texts:
        told, edit = f"{own} must be {text}", s.replaced(factor, text, 1)
        yield Candidate((edit,), "missing-term", told, cost, text, factor)


def _scaled(s: Statement, term: ast.expr) -> Iterator[Candidate]:
    """Yield a term times a number that the file has, as where the forward pass computes it."""
    if not (is_leaf(term) or isinstance(term, ast.Call)) or not s.shape(term):
        return
    for value in [one for one in written(s.unit.tree) if one not in (0.0, 1.0)][:_NUMBERS]:
        text = f"{value!r} * {s.text(term)}"
        told = f"the factor {value!r} of {s.text(term)} is missing"
        edit = s.replaced(term, text, 2)
        yield Candidate((edit,), "missing-factor", told, 2, repr(value), term)


def of_operand(s: Statement, operand: ast.expr, below: bool) -> Iterator[Candidate]:
    """Yield the square of an operand, one minus it, and its root: of one behind a minus, too."""
    if isinstance(operand, ast.UnaryOp) and isinstance(operand.op, ast.USub):
        operand = operand.operand
    if below or isinstance(operand, ast.Subscript | ast.Call) or is_leaf(operand):
        text = f"{s.inside(operand, 9)}**2"
        told = f"the power of {s.text(operand)} must be 2"
        edit = s.replaced(operand, text, 4)
        yield Candidate((edit,), "missing-factor", told, 1, "2", operand)
    held = s.held(operand)
    is_number = held is not None and held.kind == "f" and held.value not in (None, 1.0)
    if is_number or (s.shape(operand) and not isinstance(operand, ast.BinOp)):
        text = f"1 - {s.inside(operand, 2)}"
        told, edit = f"{s.text(operand)} must be {text}", s.replaced(operand, text, 1)
        yield Candidate((edit,), "wrong-point", told, 1, text, operand)
    yield from rooted(s, operand)


def _operator(s: Statement, node: ast.BinOp, edit: Edit, other: str) -> Candidate:
    own = OPERATORS[type(node.op)]
    rule = {"+-": "sign", "-+": "sign", "*/": "extra-factor", "/*": "missing-factor"}.get(
        own + other, "wrong-variable"
    )
    cost = 0 if own + other in ("+-", "-+", "*/", "/*", "*@", "@*", "//%", "%//") else 2
    if own + other in ("-/", "/-") and getattr(node.left, "value", None) == 1:
        cost = 1  # both are usual
    if own + other == "+*" and _is_rate(s, node.left) and isinstance(node.right, ast.BinOp):
        cost = 1  # such as `lr + decay * w`
    return Candidate((edit,), rule, f"{own} must be {other}", cost, None, node)


def _cancels(s: Statement, node: ast.BinOp) -> bool:
    """Return whether a quotient for a difference may just take a factor away: `p * (1 / p)`."""
    if not isinstance(node.op, ast.Sub):
        return False
    own, named = s.text(node.right), (one for one in s.nodes if isinstance(one, ast.expr))
    return sum(s.text(one) == own for one in named) > 1


def _is_count(s: Statement, node: ast.expr) -> bool:
    """Return whether an operand is a whole number above 1, or a name of one, as an exponent is."""
    if isinstance(node, ast.Constant):
        return type(node.value) is int and node.value > 1
    held = s.held(node)
    return held is not None and (held.kind, held.shape) == ("i", ())


def _is_rate(s: Statement, node: ast.expr) -> bool:
    held = s.held(node)
    return held is not None and (held.kind, held.shape) == ("f", ())


def transposed(
    s: Statement, node: ast.expr, left: ast.expr, right: ast.expr, form: str
) -> Iterator[Candidate]:
    """Yield the transpose of a product, in which a factor is a transpose, as a product."""
    plain = [_before_turning(one) for one in (left, right)]
    if plain == [None, None]:
        return
    first, second = (
        f"{s.inside(one, 9)}{s.transpose}" if other is None else s.inside(other, 9)
        for one, other in zip((right, left), (plain[1], plain[0]), strict=True)
    )
    text = form.format(first, second)
    edit = s.replaced(node, text, 2)
    yield Candidate((edit,), "transposed", "it must be transposed", 3, text, node)


def _of_sandwich(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    """Yield `A @ X @ A.T` for `A.T @ X @ A`: with a matrix's transpose on the other side."""
    if not isinstance(node.left, ast.BinOp) or not isinstance(node.left.op, ast.MatMult):
        return
    first, last = s.text(node.left.left), s.text(node.right)
    short, long = sorted((first, last), key=len)
    if long.startswith((f"{short}.", f"{short}[")):
        told = f"{first} and {last} are on each other's side"
        edits = swapped(s, node.left.left, node.right)
        yield Candidate(edits, "transposed", told, 1, None, node)


def _before_turning(node: ast.expr) -> ast.expr | None:
    """Return the expression that another is the transpose of; None if it is none."""
    if isinstance(node, ast.Call) and not node.args and isinstance(node.func, ast.Attribute):
        return node.func.value if node.func.attr in ("t", "transpose") else None
    return node.value if isinstance(node, ast.Attribute) and node.attr in ("T", "mT") else None
