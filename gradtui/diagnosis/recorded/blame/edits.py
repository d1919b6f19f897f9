"""Small edits of a statement: an operator, an operand, a sign, a transpose."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeGuard

from gradtui.base.text import number
from gradtui.diagnosis.recorded.blame.calls import of_all, of_forgotten, of_method, of_parts
from gradtui.diagnosis.recorded.blame.candidates import (
    OPERATORS,
    Candidate,
    Statement,
    is_leaf,
    swapped,
)
from gradtui.diagnosis.recorded.blame.indices import (
    counted,
    exchanged,
    moved,
    of_axis,
    of_index,
    shifted,
)
from gradtui.diagnosis.recorded.blame.loops import of_loop, of_rounds
from gradtui.diagnosis.recorded.blame.names import is_spelled
from gradtui.diagnosis.recorded.blame.orders import of_axes, of_subscripts
from gradtui.diagnosis.recorded.blame.roots import of_root, rooted
from gradtui.diagnosis.recorded.blame.stores import of_target
from gradtui.diagnosis.recorded.blame.units import Edit

_OTHER: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("-", "*"),
    ast.Sub: ("+", "*"),
    ast.Mult: ("/", "@", "+"),
    ast.Div: ("*",),
    ast.MatMult: ("*",),
}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_POWERS = ("2", "3", "-1", "-2", "-3", "0.5", "-0.5", "-1.5", "1")
_BOUNDS = ("0", "1", "0.5")
_TWINS = (
    ("sin", "cos"),
    ("sinh", "cosh"),
    ("maximum", "minimum"),
    ("max", "min"),
    ("sum", "mean"),
    ("exp", "log"),
    ("cumsum", "cumprod"),
    ("argmax", "argmin"),
    ("zeros_like", "ones_like"),
    ("zeros", "ones"),
    ("tanh", "sinh"),
    ("square", "sqrt"),
    ("dot", "multiply"),
    ("exp", "expm1"),
    ("log", "log1p"),
    ("sum", "max"),
    ("add", "subtract"),
    ("multiply", "divide"),
    ("fmax", "fmin"),
    ("amax", "amin"),
    ("convolve", "correlate"),
    ("convolve2d", "correlate2d"),
)


_PRODUCTS = ("dot", "matmul", "mm", "bmm")
_PICKING = ("delete", "insert", "roll", "take", "repeat")
_TOO_MUCH = ("reversed", "flip", "sum", "mean", "abs", "exp", "log", "tanh", "sqrt", "square")
_TURNING = ("t", "transpose", "swapaxes")
"""Methods that swap two axes, by default the only ones."""


def edits(statement: Statement) -> Iterator[Candidate]:
    """Yield the small edits of a statement."""
    for node in statement.nodes:
        match node:
            case ast.BinOp():
                yield from _of_operation(statement, node)
            case ast.UnaryOp(ast.USub(), operand):
                text = statement.inside(operand, 2)
                edit = statement.replaced(node, text, max(2, statement.binding(operand)))
                yield Candidate((edit,), "sign", "its sign is wrong", 0, "-1", node)
            case ast.Compare():
                yield from _of_comparison(statement, node)
            case ast.Attribute(value, "T" | "mT") if isinstance(node.ctx, ast.Load):
                edit = statement.replaced(node, statement.text(value), statement.binding(value))
                yield _transposed(node, edit, statement.text(value))
            case ast.Call():
                yield from _of_call(statement, node)
                yield from of_root(statement, node)
            case ast.Constant(True | False):
                other = str(not node.value)
                edit = statement.replaced(node, other)
                yield Candidate((edit,), "wrong-variable", f"it must be {other}", 1, other, node)
            case ast.Constant(value) if type(value) in (int, float):
                yield from _of_number(statement, node)
            case ast.Tuple(elts) | ast.List(elts) if isinstance(node.ctx, ast.Load):
                for one, two in pairwise(elts):
                    told = f"{statement.text(one)} and {statement.text(two)} are swapped"
                    yield Candidate(
                        swapped(statement, one, two), "wrong-variable", told, 1, None, node
                    )
                yield from _shared(statement, elts)
                yield from of_parts(statement, node, elts)
            case ast.Name() | ast.Attribute() if isinstance(node.ctx, ast.Load):
                yield from counted(statement, node)
            case ast.Subscript():
                yield from of_index(statement, node)
            case ast.If(test):
                yield _turned(statement, test)
            case ast.IfExp(test, body, orelse):
                text = (
                    f"{statement.text(orelse)} if {statement.text(test)} "
                    f"else {statement.text(body)}"
                )
                yield Candidate(
                    (statement.replaced(node, text, 0),),
                    "wrong-variable",
                    "its two cases are swapped",
                    1,
                    None,
                    node,
                )
            case _:
                continue
    stored = statement.node
    if isinstance(stored, ast.AugAssign) and isinstance(stored.op, ast.Mult | ast.Div):
        yield from _of_operand(statement, stored.value, isinstance(stored.op, ast.Div))
    yield from of_target(statement)
    yield from of_loop(statement)
    yield from exchanged(statement)
    yield from of_all(statement)
    yield from of_forgotten(statement)


def _turned(s: Statement, test: ast.expr) -> Candidate:
    """Return the other case of a choice."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        edit, told, cost = s.replaced(test, s.text(test.operand), 0), "not does not belong here", 0
    else:
        edit, told, cost = s.replaced(test, f"not {s.inside(test, 9)}", 0), "not is missing", 1
    return Candidate((edit,), "wrong-variable", told, cost, None, test)


def _shared(s: Statement, elts: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield the elements of a tuple that lack a factor of another element, times it."""
    factors = {
        s.text(factor): None
        for one in elts if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult)
        for factor in (one.left, one.right) if is_leaf(factor)
    }  # fmt: skip
    for one in elts:
        for factor in factors:
            if not isinstance(one, ast.Constant) and factor not in s.text(one):
                edit = s.replaced(one, f"{s.inside(one, 2)} * {factor}", 2)
                told = f"the factor {factor} is missing"
                yield Candidate((edit,), "missing-factor", told, 1, factor, one)


def _transposed(node: ast.expr, edit: Edit, factor: str, cost: int = 0) -> Candidate:
    return Candidate((edit,), "transposed", f"it needs {factor}", cost, factor, node)


def _of_operation(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    if type(node.op) not in OPERATORS:
        return
    start, end = s.operator(node)
    left, right = s.left(node), s.right(node)
    for other in _OTHER.get(type(node.op), ()):
        yield _operator(s, node, Edit(start, end, other), other)
    if isinstance(node.op, ast.Mult | ast.Pow) and _is_count(s, node.right):
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
        if text := _turned_over(s, node.left, node.right, "{} @ {}"):
            edit, told = s.replaced(node, text, 2), "it must be transposed"
            yield Candidate((edit,), "transposed", told, 2, text, node)
        return
    if isinstance(node.op, ast.Sub | ast.Div):
        minus = isinstance(node.op, ast.Sub)
        rule = "sign" if minus else "wrong-variable"
        edit = s.replaced(node, f"{right} {OPERATORS[type(node.op)]} {left}", 1)
        cost = 0 if minus and not isinstance(node.left, ast.Constant) else 1  # 1 - x is usual
        yield Candidate((edit,), rule, "its operands are swapped", cost, None, node)
    if isinstance(node.op, ast.Add) and _is_added(node.left):
        told = f"{s.text(node.left.right)} and {right} are swapped"  # as parts of a tuple
        edits = swapped(s, node.left.right, node.right)
        yield Candidate(edits, "wrong-variable", told, 1, None, node)
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
    text = f"-{s.inside(node.right, 2)}" if minus else right
    edit = s.replaced(node, text, 1 if text[0] == "-" else s.binding(node.right))
    yield Candidate((edit,), rule, f"{left} does not belong here", 1, left, node)


def _of_power(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    """Yield other exponents."""
    right = s.right(node)
    for power in _POWERS:
        if power != right.strip("()"):
            rule = "missing-factor" if power > right else "extra-factor"
            edit = s.replaced(node.right, power, 4 if power[0] != "-" else 3)
            yield Candidate((edit,), rule, f"the power must be {power}", 1, power, node)
    if any(isinstance(one, ast.Name | ast.Attribute) for one in ast.walk(node.right)):
        for power in (f"{s.text(node.right)} - 1", f"{s.text(node.right)} + 1"):
            edit, told = s.replaced(node.right, power, 1), f"the power must be {power}"
            yield Candidate((edit,), "missing-factor", told, 1, power, node)


def _of_operands(s: Statement, node: ast.BinOp) -> Iterator[Candidate]:
    """Yield the powers of operands, and roots of numbers."""
    for operand in (node.left, node.right) if not isinstance(node.op, ast.Pow) else ():
        yield from _of_operand(s, operand, isinstance(node.op, ast.Div) and operand is node.right)


def _of_operand(s: Statement, operand: ast.expr, below: bool) -> Iterator[Candidate]:
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


def _of_number(s: Statement, node: ast.Constant) -> Iterator[Candidate]:
    """Yield other numbers for one that takes part in a computation."""
    own = float(node.value)  # type: ignore[arg-type]
    if type(node.value) is int and node is s.value() and isinstance(s.node, ast.Assign):
        for text in (f"{node.value + 1}", f"{node.value - 1}"):  # such as where an index begins
            told = f"{s.text(node)} must be {text}"
            yield Candidate((s.replaced(node, text, 3),), "wrong-variable", told, 0, text, node)
    if not isinstance(s.parents.get(node), ast.BinOp) or node in s.indexing:
        return
    for value in dict.fromkeys((own + 1, own - 1, 2 * own, own / 2)):
        if value:
            text = number(value)
            told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
            yield Candidate((edit,), "constant-factor", told, 1, text, node)


def _operator(s: Statement, node: ast.BinOp, edit: Edit, other: str) -> Candidate:
    own = OPERATORS[type(node.op)]
    rule = {"+-": "sign", "-+": "sign", "*/": "extra-factor", "/*": "missing-factor"}.get(
        own + other, "wrong-variable"
    )
    cost = 0 if own + other in ("+-", "-+", "*/", "/*", "*@", "@*") else 2
    if own + other == "+*" and _is_rate(s, node.left) and isinstance(node.right, ast.BinOp):
        cost = 1  # such as `lr + decay * w`
    return Candidate((edit,), rule, f"{own} must be {other}", cost, None, node)


def _is_count(s: Statement, node: ast.expr) -> bool:
    """Return whether an operand is a whole number above 1, or a name of one, as an exponent is."""
    if isinstance(node, ast.Constant):
        return type(node.value) is int and node.value > 1
    held = s.held(node)
    return held is not None and (held.kind, held.shape) == ("i", ())


def _is_rate(s: Statement, node: ast.expr) -> bool:
    held = s.held(node)
    return held is not None and (held.kind, held.shape) == ("f", ())


def _of_comparison(s: Statement, node: ast.Compare) -> Iterator[Candidate]:
    before = node.left
    for op, after in zip(node.ops, node.comparators, strict=True):
        own = _COMPARED.get(type(op))
        if own is None:
            return
        start, end = s.unit.end(before), s.unit.start(after)
        at = start + s.unit.source[start:end].index(own.encode())
        for other in _COMPARED.values():
            if other != own:
                yield Candidate(
                    (Edit(at, at + len(own), other),),
                    "wrong-variable",
                    f"{own} must be {other}",
                    0,
                    None,
                    node,
                )
        if isinstance(after, ast.Constant) and type(after.value) in (int, float):
            for bound in _BOUNDS:
                told = f"the bound must be {bound}"
                edit = s.replaced(after, bound)
                yield Candidate((edit,), "wrong-variable", told, 1, bound, node)
        before = after


def _of_call(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    yield from of_axis(s, node)
    yield from of_method(s, node)
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    args = [one for one in node.args if not isinstance(one, ast.Starred)]
    yield from _of_arguments(s, node, name, args)
    if name in _TURNING and isinstance(called, ast.Attribute) and len(args) in (0, 2):
        edit = s.replaced(node, s.text(called.value), s.binding(called.value))
        yield _transposed(node, edit, s.text(called.value))
    yield from moved(s, node)
    if name in ("transpose", "permute", "swapaxes"):
        yield from of_axes(s, node)
    if name == "einsum" and args and isinstance(args[0], ast.Constant):
        yield from of_subscripts(s, args[0])
    if name in _PICKING:
        for arg in args[1:]:
            yield from shifted(s, arg, 2)
    if name == "power" and len(args) == 2:
        for power in _POWERS:
            told = f"the power must be {power}"
            edit = s.replaced(args[1], power)
            yield Candidate((edit,), "wrong-variable", told, 1, power, node)
    yield from _of_twins(s, node, name)
    if name in _TOO_MUCH and args and not isinstance(called, ast.Attribute):
        edit = s.replaced(node, s.text(args[0]), s.binding(args[0]))
        yield Candidate((edit,), "extra-factor", f"{name} does not belong here", 2, None, node)
    if name == "range" or (name == "arange" and isinstance(s.node, ast.For)):
        yield from of_rounds(s, node)


def _of_arguments(
    s: Statement, node: ast.Call, name: str, args: list[ast.expr]
) -> Iterator[Candidate]:
    """Yield calls with swapped arguments, of a product's method with its object."""
    order = "its factors are in the wrong order"
    if name in _PRODUCTS and len(args) == 2:
        yield Candidate(swapped(s, args[0], args[1]), "transposed", order, 0, None, node)
        return
    for one, two in pairwise(args):
        told = f"{s.text(one)} and {s.text(two)} are swapped"
        cost = 0 if is_spelled(s, [s.text(two), s.text(one)]) else 2
        yield Candidate(swapped(s, one, two), "wrong-variable", told, cost, None, node)
    if len(args) > 3 and all(is_leaf(one) for one in args[:4]):
        both = (*swapped(s, args[0], args[1]), *swapped(s, args[2], args[3]))
        told = "its first two arguments are swapped, and so are the next two"
        yield Candidate(both, "wrong-variable", told, 2, None, node)
    if name in _PRODUCTS and isinstance(node.func, ast.Attribute) and len(args) == 1:
        edit = s.replaced(node, f"{s.inside(args[0], 9)}.{name}({s.text(node.func.value)})")
        yield Candidate((edit,), "transposed", order, 0, None, node)
        if text := _turned_over(s, node.func.value, args[0], f"{{}}.{name}({{}})"):
            told = "it must be transposed"
            yield Candidate((s.replaced(node, text),), "transposed", told, 2, text, node)


def _turned_over(s: Statement, left: ast.expr, right: ast.expr, form: str) -> str | None:
    """Return the transpose of a product, in which a factor is a transpose, as a product."""
    plain = [_before_turning(one) for one in (left, right)]
    if plain == [None, None]:
        return None
    first, second = (
        f"{s.inside(one, 9)}{s.transpose}" if other is None else s.inside(other, 9)
        for one, other in zip((right, left), (plain[1], plain[0]), strict=True)
    )
    return form.format(first, second)


def _before_turning(node: ast.expr) -> ast.expr | None:
    """Return the expression that another is the transpose of; None if it is none."""
    if isinstance(node, ast.Call) and not node.args and isinstance(node.func, ast.Attribute):
        return node.func.value if node.func.attr in ("t", "transpose") else None
    return node.value if isinstance(node, ast.Attribute) and node.attr in ("T", "mT") else None


def _of_twins(s: Statement, node: ast.Call, name: str) -> Iterator[Candidate]:
    """Yield calls of the function's twins."""
    end = s.unit.end(node.func)
    for pair in _TWINS:
        if name in pair:
            other = pair[1 - pair.index(name)]
            edit = Edit(end - len(name.encode()), end, other)
            rule = "wrong-axis" if "mean" in pair else "wrong-variable"
            yield Candidate((edit,), rule, f"{name} must be {other}", 1, other, node)
