"""What a statement does, by its form."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from types import FunctionType, MethodType

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf, names_in
from gradtui.diagnosis.recorded.blame.meaning import meant
from gradtui.diagnosis.recorded.blame.names import is_of_gradient
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.blame.uses import uses_of
from gradtui.diagnosis.recorded.blame.watch import VIEWS
from gradtui.recording.places import is_users_file

Loop = ast.For | ast.While
_LINES = 4096
_COPIES = frozenset({"copy", "clone"})
"""Most lines of which is kept what is asked again for every edit."""


def writes(node: ast.expr) -> bool:
    """Return whether an expression writes into an array."""
    calls = (one for one in walked(node) if isinstance(one, ast.Call))
    return any(True for one in calls for _ in written_by(one))


def written_by(call: ast.Call) -> Iterator[ast.expr]:
    """Yield what a call writes into: its `out`, or the owner of a method such as `neg_`."""
    yield from (option.value for option in call.keywords if option.arg == "out")
    method = call.func
    if isinstance(method, ast.Attribute) and method.attr.endswith("_") and method.attr[0] != "_":
        yield method.value


def hands_on(s: Statement) -> bool:
    """Return whether a statement returns a value as it is, or moved, beside others."""
    value = s.node.value if isinstance(s.node, ast.Return) else None
    return isinstance(value, ast.Tuple | ast.Dict) and any(
        is_leaf(one) or isinstance(one, ast.Call | ast.Subscript) for one in s.values
    )


def does_nothing(node: ast.stmt) -> bool:
    """Return whether a statement stores a name's value under that name."""
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == ast.unparse(node.value)


def filed_as(node: ast.stmt) -> str:
    """Return the name whose gradient a statement stores as it is: W for `grads["W"] = dw`; else "".

    It may be that of an attribute, or begin with d.
    """
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Name):
        return ""
    match node.targets[0]:
        case ast.Subscript(slice=ast.Constant(str() as name)) | ast.Attribute(attr=name):
            return name.removeprefix("d").removeprefix("_")
        case _:
            return ""


def keeps_values(node: ast.stmt) -> bool:
    """Return whether a statement returns values, or keeps some for later, such as in an object."""
    if not isinstance(node, ast.Assign | ast.AugAssign):
        return isinstance(node, ast.Return | ast.Expr)
    kept = node.targets if isinstance(node, ast.Assign) else [node.target]
    return isinstance(node.value, ast.Tuple | ast.List | ast.Dict) or any(
        isinstance(one, ast.Attribute | ast.Subscript) for one in kept
    )


def stores_windows(s: Statement) -> bool:
    """Return whether a statement of a loop stores parts of an array that may overlap."""
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) else None
    parts = [one for one in walked(target) if isinstance(one, ast.Slice)] if target else []
    return any(
        isinstance(name, ast.Name) and name.id in s.loops
        for one in parts for name in (walked(one.lower) if one.lower else ())
    )  # fmt: skip


def stores_gradient(node: ast.stmt) -> bool:
    """Return whether a statement stores what is named as a gradient, which is no loss."""
    stored = node.targets[0] if isinstance(node, ast.Assign) else None
    return isinstance(stored, ast.Name) and is_of_gradient(stored.id)


def counts(s: Statement) -> bool:
    """Return whether a statement calculates a count, such as of the parts that work is done in."""
    node = s.node
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    held = None if target is None else s.stored(target)
    leaf = isinstance(node, ast.Assign) and is_leaf(node.value)
    return held is not None and (held.kind, held.shape) == ("i", ()) and not leaf


def is_partial(node: ast.stmt) -> bool:
    """Return whether a statement stores part of an array."""
    target: ast.expr | None = None
    if isinstance(node, ast.AugAssign):
        target = node.target
    elif isinstance(node, ast.Assign):
        target = node.targets[0]
    return isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Constant)


def is_copy(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a statement repeats an earlier one, which was not changed after copying."""
    text = unit.text(node)
    return any(
        type(one) is type(node) and one.lineno < node.lineno and unit.text(one) == text
        for one in unit.of(ast.stmt)
    )  # fmt: skip


def is_idle_copy(unit: Unit, node: ast.stmt) -> bool:
    """Return whether a statement makes a copy that its function changes nowhere."""
    match node:
        case ast.Assign(targets=[ast.Name(name)], value=ast.Call(func=ast.Attribute(attr="copy"))):
            stored = [one.value for one in unit.of(ast.Subscript) if isinstance(one.ctx, ast.Store)]
            changed = [*stored, *(one.target for one in unit.of(ast.AugAssign))]
            return all(not isinstance(one, ast.Name) or one.id != name for one in changed)
        case _:
            return False


def renames(node: ast.stmt) -> bool:
    """Return whether a statement only gives a value another name, for which nobody writes one."""
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)


def is_renamed(unit: Unit, target: ast.expr) -> bool:
    """Return whether a line of a function only gives another name to what is stored."""
    return isinstance(target, ast.Name) and any(
        renames(one) and isinstance(one.value, ast.Name) and one.value.id == target.id
        for one in unit.of(ast.Assign)
    )


def has_bare_minus(s: Statement) -> bool:
    """Return whether the value of a statement is a name, or a view or copy of one, with a minus."""
    match s.value():
        case ast.UnaryOp(ast.USub(), operand):
            return isinstance(_viewed(s, operand), ast.Name | ast.Attribute | ast.Subscript)
        case _:
            return False


def is_odd_minus(s: Statement, node: ast.AST | None) -> bool:
    """Return whether a name has a minus where people write none.

    In the middle of a product, as in `a * -b`, or where another one takes it away: `-(-a - b)`.
    """
    match node:
        case ast.UnaryOp(ast.USub(), ast.Name() | ast.Attribute() | ast.Subscript()):
            before = s.unit.source[: s.unit.start(node)].rstrip()
        case _:
            return False
    match s.parents.get(node):
        case ast.BinOp(op=ast.Mult() | ast.Div() | ast.MatMult(), right=right) if right is node:
            return not before.endswith(b"(")
        case ast.BinOp(left, ast.Add() | ast.Sub()) as above if left is node:
            outer = s.parents.get(above)
            return isinstance(outer, ast.UnaryOp) and isinstance(outer.op, ast.USub)
        case _:
            return False


def keeps_transposed(node: ast.stmt) -> bool:
    """Return whether a statement puts a named array into a list, transposed."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(attr="append"), [ast.Attribute(ast.Name(), "T")])):
            return True
        case _:
            return False


def _viewed(s: Statement, node: ast.expr) -> ast.expr:
    """Return the array whose elements an expression only copies, or puts in another order."""
    match node:
        case ast.Call(ast.Attribute(owner, name), args) if name in VIEWS | _COPIES:
            given = args[0] if args and s.is_module(owner) else owner
            return _viewed(s, given)
        case _:
            return node


def hands_negated(s: Statement) -> bool:
    """Return whether the value of a statement is what a function of the user's returns, negated."""
    match s.value():
        case ast.UnaryOp(ast.USub(), ast.Call(called)):
            function = meant(s, called)
            return isinstance(function, FunctionType | MethodType) and is_users_file(
                function.__code__.co_filename
            )
        case _:
            return False


@lru_cache(_LINES)
def idle_ones(node: ast.stmt) -> int:
    """Return how often a statement has 1 times something, a power of 1, or steps of 1: `x[::1]`.

    A 1 behind something may be for its type.
    """
    return sum(map(_is_idle, walked(node)))


def _is_idle(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(ast.Constant(1), ast.Mult()) | ast.Slice(step=ast.Constant(1)):
            return True
        case ast.BinOp(op=ast.Pow(), right=ast.Constant(1)):
            return True
        case _:
            return False


def only_moves(node: ast.stmt) -> bool:
    """Return whether a statement calculates nothing, so that no sign belongs there."""
    calculating = ast.BinOp | ast.UnaryOp | ast.AugAssign
    return not any(
        isinstance(one, calculating)
        and not isinstance(getattr(one, "operand", None), ast.Constant)  # such as the axis -1
        for one in walked(node)
    )


def misplaces(s: Statement, edit: Candidate, *, used: bool) -> bool:
    """Return whether a line that is for something else gets a factor: one that is not made there.

    `used` tells whether the edit is of a name that the function has calculated before.
    """
    return _scales_early(s, edit) or (used and _scales_late(s, edit))


def _scales_late(s: Statement, edit: Candidate) -> bool:
    """Return whether an edit of a name in a statement scales by a number, which is for no name.

    Or by anything, where the statement only folds or moves a product that no other one reads.
    """
    read, _ = uses_of(s.unit.node)
    name = edit.node.id if isinstance(edit.node, ast.Name) else ""
    late = edit.rule == "missing-factor" and only_moves(s.node) and read[name] == 1
    return edit.rule == "constant-factor" or (late and any(
        ast.unparse(one.targets[0]) == name and isinstance(one.value, ast.BinOp)
        and isinstance(one.value.op, ast.Mult | ast.Div) for one in s.unit.of(ast.Assign)
    ))  # fmt: skip


def _scales_early(s: Statement, edit: Candidate) -> bool:
    """Return whether an edit scales what a call gives by a number, which is for its only use.

    That is a product, and what the call gives is no gradient.
    """
    node, value = s.node, s.value()
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    whole = isinstance(value, ast.Call) and edit.node is value and edit.rule == "constant-factor"
    if not whole or not isinstance(target, ast.Name) or is_of_gradient(target.id):
        return False
    factors = {part.id for one in s.unit.of(ast.BinOp) if isinstance(one.op, ast.Mult)
               for part in (one.left, one.right) if isinstance(part, ast.Name)}  # fmt: skip
    return uses_of(s.unit.node)[0][target.id] == 1 and target.id in factors


def adds_up(s: Statement) -> bool:
    """Return whether the rounds of a loop all add to what a statement stores in.

    What begins as an array's entry is no sum, but a step of a recurrence.
    """
    match s.node:
        case ast.AugAssign(target=target, op=ast.Add()):
            names = names_in(target)
        case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=ast.Add())):
            if ast.unparse(target) != ast.unparse(left):
                return False
            names = names_in(target)
        case _:
            return False
    if isinstance(target, ast.Name) and _begins_as_entry(s, target.id):
        return False
    return any(
        isinstance(one, ast.While) or names.isdisjoint(names_in(one.target))
        for one in loops_around(s)
    )


def _begins_as_entry(s: Statement, name: str) -> bool:
    """Return whether a function gives a name the value of an array's entry."""
    return any(
        isinstance(one.value, ast.Subscript) and ast.unparse(one.targets[0]) == name
        for one in s.unit.of(ast.Assign)
    )


def loops_around(s: Statement) -> list[Loop]:
    """Return the loops around a statement, the innermost first."""
    found = [one for one in s.unit.nodes if isinstance(one, Loop) and s.node in walked(one)]
    return sorted(found, key=lambda one: -one.lineno)


def makes(s: Statement) -> bool:
    """Return whether a statement that hands on values makes some itself.

    Beside the loss that it returns with gradients, what a function makes is not its own.
    """
    if s.spared is None or s.node not in getattr(s.unit.node, "body", ()):
        return not all(map(is_leaf, s.values))
    return any(
        one is not s.spared and not is_leaf(one)
        and not (isinstance(one, ast.Call) and isinstance(one.func, ast.Name))
        for one in s.values
    )  # fmt: skip
