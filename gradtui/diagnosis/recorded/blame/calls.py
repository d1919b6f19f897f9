"""Edits of calls: a superfluous one, another function or method, other arguments."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from itertools import combinations
from types import FunctionType, ModuleType

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.units import Edit

_TWINS = (
    ("add", "sub"), ("mul", "div"), ("add_", "sub_"), ("mul_", "div_"), ("add_", "copy_"),
    ("index_add", "index_copy"), ("index_add_", "index_copy_"),
    ("scatter_add", "scatter"), ("scatter_add_", "scatter_"),
)  # fmt: skip
"""Methods that take the same arguments."""
_TURNED = frozenset({"sub", "div", "sub_", "div_", "pow", "true_divide", "subtract", "divide"})
"""Methods of two numbers whose order matters."""
_KEPT = frozenset({"size", "dim", "numel", "item", "shape", "backward", "append", "extend"})
_APPLIED = frozenset({
    "exp", "log", "sqrt", "tanh", "sin", "cos", "abs", "sign", "square", "cumsum", "cumprod",
    "log1p", "expm1", "sigmoid", "diag",
})  # fmt: skip
"""Functions of one array that may be forgotten."""
_MASKING = ("masked_fill", "masked_fill_", "where", "masked_scatter")
"""Functions and methods whose first argument is a mask, but for the array itself."""
_TIGHT = 9
_FOLDING = ("sum", "mean")
"""Functions of an array and some axes that may be forgotten."""
_MOST = 8


def of_method(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield other methods, swapped operands, and numbers off by one."""
    called = node.func
    if not isinstance(called, ast.Attribute):
        return
    for pair in _TWINS:
        if called.attr in pair:
            other = pair[1 - pair.index(called.attr)]
            end = s.unit.end(called)
            edit = Edit(end - len(called.attr.encode()), end, other)
            rule = "sign" if "sub" in pair[1] else "wrong-variable"
            told = f"{called.attr} must be {other}"
            yield Candidate((edit,), rule, told, int("_add" in pair[0]), other, node)
    if called.attr in _TURNED and len(node.args) == 1 and not _is_module(s, called.value):
        told = "its operands are swapped"
        edits = swapped(s, called.value, node.args[0])
        yield Candidate(edits, "wrong-variable", told, 1, None, node)
    if called.attr in _MASKING and node.args:
        yield from _other_mask(s, node.args[0])
    for arg in node.args:
        yield from _number(s, arg, "wrong-axis")
    for named in node.keywords:
        if named.arg not in (s.dialect.axis, s.dialect.keepdims, "axis", "keepdims"):
            yield from _number(s, named.value, "wrong-variable")
    yield from _beside(s, called)


def _other_mask(s: Statement, mask: ast.expr) -> Iterator[Candidate]:
    """Yield the opposite of a mask."""
    if isinstance(mask, ast.Compare):
        return
    text = f"~{s.inside(mask, _TIGHT)}"
    if isinstance(mask, ast.UnaryOp) and isinstance(mask.op, ast.Invert):
        text = s.text(mask.operand)
    told = f"the mask must be {text}"
    yield Candidate((s.replaced(mask, text),), "wrong-variable", told, 0, text, mask)


def _number(s: Statement, arg: ast.expr, rule: str) -> Iterator[Candidate]:
    """Yield other whole numbers: an axis, the start of a part, a count."""
    try:
        own = ast.literal_eval(arg)
    except ValueError:
        return
    if type(own) is int:
        for value in dict.fromkeys((own + 1, own - 1, 0, -1)):
            if value != own:
                told = f"{own} must be {value}"
                edit = s.replaced(arg, str(value))
                yield Candidate((edit,), rule, told, 2, str(value), arg)


def _beside(s: Statement, called: ast.Attribute) -> Iterator[Candidate]:
    """Yield other functions of the user's class or module with as many arguments."""
    owner = s.unit.globals.get(called.value.id) if isinstance(called.value, ast.Name) else None
    if not isinstance(owner, type | ModuleType):
        return
    functions = {
        name: one
        for name, kept in vars(owner).items()
        if isinstance(one := getattr(kept, "__func__", kept), FunctionType)
        and one.__code__.co_filename == s.unit.file
    }
    own = functions.pop(called.attr, None)
    if own is None:
        return
    count = len(inspect.signature(own).parameters)
    alike = [n for n, one in functions.items() if len(inspect.signature(one).parameters) == count]
    end = s.unit.end(called)
    for name in alike[:_MOST]:
        told = f"{called.attr} must be {name}"
        edit = Edit(end - len(called.attr.encode()), end, name)
        yield Candidate((edit,), "wrong-variable", told, 1, name, called)


def of_all(s: Statement) -> Iterator[Candidate]:
    """Yield superfluous calls, and swapped indices of the same array."""
    named: dict[str, list[Edit]] = {}
    for node in s.nodes:
        inner = _inner(s, node)
        if isinstance(node, ast.Call) and inner is not None:
            name = _name(node)
            edit = s.replaced(node, s.text(inner), s.binding(inner))
            named.setdefault(name, []).append(edit)
            kept = s.shape(node) is not None and s.shape(node) == s.shape(inner)
            told = f"{name} does not belong here"
            yield Candidate((edit,), "extra-factor", told, 2 - kept, None, node)
    for name, edits in named.items():
        apart = all(one.end <= two.start or two.end <= one.start
                    for one, two in combinations(edits, 2))  # fmt: skip
        if len(edits) > 1 and apart:
            told = f"{name} does not belong here"
            yield Candidate(tuple(edits), "extra-factor", told, 1, None, s.node)
    parts = [one for one in s.nodes if isinstance(one, ast.Subscript)]
    for one, two in combinations(parts[:_MOST], 2):
        same = ast.unparse(one.value) == ast.unparse(two.value)
        if same and ast.unparse(one.slice) != ast.unparse(two.slice):
            told = f"{s.text(one)} and {s.text(two)} are swapped"
            yield Candidate(swapped(s, one, two), "wrong-variable", told, 1, None, s.node)


def of_forgotten(s: Statement) -> Iterator[Candidate]:
    """Yield values and terms with a function applied that the code applies elsewhere."""
    found = {(f"{s.numpy}exp(", ")"): "exp"} if s.numpy else {}
    for node in s.unit.nodes:
        if isinstance(node, ast.Call) and node.args and _name(node) in (*_APPLIED, *_FOLDING):
            first, owner = node.args[0], getattr(node.func, "value", None)
            before = s.unit.between(s.unit.start(node), s.unit.start(first))
            after = s.unit.between(s.unit.end(first), s.unit.end(node))
            plain = owner is None or _is_module(s, owner)
            if plain and before == f"{s.text(node.func)}(" and (after != ")" or _applies(node)):
                found[before, after] = _name(node)
    inner = [
        one for node in s.nodes if isinstance(node, ast.BinOp)
        for one in (node.left, node.right) if node not in s.indexing
    ]  # fmt: skip
    inner += [
        node.value for node in s.nodes
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript)
    ]  # fmt: skip
    for one, cost in (*((one, 2) for one in s.values), *((one, 3) for one in inner)):
        alone = isinstance(one, ast.Constant | ast.List) or one is s.spared
        for (before, after), name in () if alone else [*found.items()][:_MOST]:
            text, told = f"{before}{s.text(one)}{after}", f"{name} of it is needed"
            yield Candidate((s.replaced(one, text),), "missing-factor", told, cost, name, one)


def _applies(node: ast.Call) -> bool:
    """Return whether a call changes each element of an array."""
    return len(node.args) == 1 and _name(node) in _APPLIED


def _inner(s: Statement, node: ast.AST) -> ast.expr | None:
    """Return the argument of a call, which may be all that is needed."""
    if not isinstance(node, ast.Call) or _name(node) in _KEPT:
        return None
    if _name(node).endswith("_like") and _name(node) != "ones_like":
        return None
    called = node.func
    if isinstance(called, ast.Attribute) and not _is_module(s, called.value):
        return called.value
    alone = bool(node.args) and not isinstance(node.args[0], ast.Starred)
    return node.args[0] if alone and isinstance(called, ast.Attribute) else None


def _name(node: ast.Call) -> str:
    called = node.func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _is_module(s: Statement, node: ast.expr) -> bool:
    held = s.unit.globals.get(node.id) if isinstance(node, ast.Name) else None
    return isinstance(held, ModuleType | type)


def of_parts(s: Statement, node: ast.expr, elts: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield the parts of what is put together, such as by `cat`, with the other sign."""
    for one in elts if isinstance(s.parents.get(node), ast.Call) else ():
        if s.shape(one) and not isinstance(one, ast.UnaryOp):
            edit = s.replaced(one, f"-{s.inside(one, 2)}", 3)
            yield Candidate((edit,), "sign", f"the sign of {s.text(one)} is wrong", 0, "-1", one)
