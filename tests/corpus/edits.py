"""Single edits of a line of a backward program, on Python's own syntax tree.

An edit knows what a person would call the mistake: the rule ids that name it, the one an expert
would give first in front.  Whether the edit changes anything is for the judge to say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from corpus.numerics import Line
from corpus.syntax import (
    along,
    call_parts,
    changed,
    factors_of,
    is_minus_one,
    is_product,
    is_sum,
    leaves,
    parsed,
    path_to,
    places,
    product,
    renamed,
    replaced,
    terms_of,
    total,
    transposed,
    value_names,
)

REDUCTIONS = ("sum", "mean")


@dataclass(frozen=True)
class Edit:
    """One changed expression."""

    kind: str
    rules: tuple[str, ...]
    tree: ast.expr


@dataclass(frozen=True)
class Context:
    """What is known of the values that a line may read."""

    values: tuple[dict, ...]
    """Values by name at each probe point, of the sound program."""
    known: tuple[str, ...]
    """Names that the line may read."""
    written: dict[str, tuple[str, ...]]
    """Names assigned by the backward program so far, with the names each of them reads."""
    activations: frozenset[frozenset[str]]
    """Pairs of names before and after an elementwise function of the model."""
    model: tuple[str, ...]
    """Names of the model's values."""
    claims_parameter: bool
    """Whether the line claims a parameter's gradient: its terms may be whole paths."""
    batch: tuple[str, ...]
    """Texts of the whole numbers of the model: rows, columns."""

    def shape(self, name):
        return np.shape(self.values[0][name])

    def is_value_of_the_model(self, tree):
        """Whether an expression computes anew what the model has a name for."""
        line = Line(0, "", tree)
        found = set(self.model)
        for values in self.values:
            try:
                value = line.value(values)
            except (ValueError, TypeError, NameError):
                return False
            found = {
                name
                for name in found
                if np.shape(values[name]) == np.shape(value) and np.allclose(values[name], value)
            }
        return bool(found)

    def is_count(self, tree):
        """Whether an expression is a number that has to do with shapes, such as `len(y)`."""
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        return self.is_constant(tree) and bool(names)

    def is_constant(self, tree):
        """Whether an expression is one number, the same everywhere."""
        names = [n for n in leaves(tree) if isinstance(n, ast.Name)]
        for name in names:
            values = [point.get(name.id) for point in self.values]
            if any(v is None or np.ndim(v) or v != values[0] for v in values):
                return False
        return True


def edits(tree: ast.expr, context: Context) -> Iterator[Edit]:
    """Return every edit of one place of an expression."""
    if not context.is_count(tree):
        yield from _of_the_whole(tree, context)
    recomputed = [
        node
        for node, _ in places(tree)
        if isinstance(node, ast.BinOp) and context.is_value_of_the_model(node)
    ]
    inside = {id(part) for node in recomputed for part in ast.walk(node)}
    for node, outer in places(tree):
        elsewhere = ("wrong-point", "wrong-variable") if id(node) in inside else ()
        for kind, rules, new in _of_node(node, outer, tree, context):
            yield Edit(kind, tuple(dict.fromkeys(rules + elsewhere)), replaced(tree, node, new))


def _of_node(node, outer, root, context):
    if is_product(node) and not is_product(outer):
        yield from _of_product(node, context)
    if is_sum(node) and not is_sum(outer):
        yield from _of_sum(node, root, context)
    match node:
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="shape")):
            if len(context.shape(name)) == 2:
                other = ast.Constant(1 - ast.literal_eval(node.slice))
                yield "count along another axis", ("constant-factor",), changed(node, slice=other)
        case ast.Call(func=ast.Name(id="len")) if len(context.batch) > 1:
            other = parsed(context.batch[1])
            yield "count along another axis", ("constant-factor",), other
        case ast.BinOp(op=ast.MatMult()):
            yield from _of_matmul(node)
        case ast.BinOp(op=ast.Pow()):
            yield from _of_power(node)
        case ast.Attribute(attr="T"):
            yield "drop the transpose", ("transposed",), node.value
        case ast.Call():
            yield from _of_call(node)
        case ast.Name(id=name) if name in context.values[0]:
            yield from _of_name(node, outer, root, context)


def _of_the_whole(tree, context):
    if isinstance(tree, ast.UnaryOp):
        yield Edit("negate", ("sign",), tree.operand)
    else:
        yield Edit("negate", ("sign",), ast.UnaryOp(ast.USub(), tree))
    numbers = [("2", ast.Mult), ("2", ast.Div)]
    for text in context.batch:
        numbers += [(text, ast.Mult), (text, ast.Div)]
    for text, operator in numbers:
        sign = "*" if operator is ast.Mult else "/"
        new = ast.BinOp(tree, operator(), parsed(text))
        yield Edit(f"scale {sign}{text}", ("constant-factor",), new)


def _of_product(node, context):
    factors = factors_of(node)
    for index, (factor, divides) in enumerate(factors):
        rest = factors[:index] + factors[index + 1 :]
        constant = context.is_constant(factor)
        if is_minus_one(factor):
            yield "drop a minus", ("sign",), product(rest)
            continue
        missing = ("constant-factor", "missing-factor") if constant else ("missing-factor",)
        extra = ("constant-factor", "extra-factor") if constant else ("extra-factor",)
        what = "a constant" if constant else "a factor"
        yield f"drop {what}", missing, product(rest)
        if len(list(ast.walk(factor))) <= 16:
            yield f"repeat {what}", extra, product([*factors, (factor, divides)])
        if constant and not isinstance(factor, ast.Constant):
            turned = [*factors[:index], (factor, not divides), *factors[index + 1 :]]
            yield "multiply for divide", ("constant-factor",), product(turned)


def _of_sum(node, root, context):
    terms = terms_of(node)
    top = node is root
    paths = top and context.claims_parameter
    flows = [bool(value_names(term) & context.written.keys()) for term, _ in terms]
    adjoints = top and any(flows)
    for index, (term, minus) in enumerate(terms):
        rest = terms[:index] + terms[index + 1 :]
        if adjoints:
            rules = ("missing-path", "missing-term")
            twice = ("double-counted-path", "constant-factor", "extra-factor")
        elif any(flows):
            rules = ("missing-term", "missing-path")
            twice = ("double-counted-path", "constant-factor", "extra-factor")
        else:
            rules = ("missing-term", "missing-path") if paths else ("missing-term",)
            twice = ("constant-factor", "extra-factor", "double-counted-path")
            if len(terms) == 2 and isinstance(rest[0][0], ast.Name):
                rules = (*rules, "wrong-variable")
        yield "drop a term", rules, total(rest)
        if not isinstance(term, ast.Constant):
            yield "repeat a term", twice, total([*terms, (term, minus)])
        flipped = [*terms[:index], (term, not minus), *terms[index + 1 :]]
        yield "flip a term's sign", ("sign",), total(flipped)
    if len(terms) == 2 and terms[0][1] != terms[1][1]:
        yield "swap the operands of a minus", ("sign",), total([(t, not m) for t, m in terms])


def _of_matmul(node):
    left, right = node.left, node.right
    for operand, other in ((left, right), (right, left)):
        yield "drop a matrix factor", ("missing-factor",), other
        if not isinstance(operand, ast.Attribute):
            turned = ast.Attribute(operand, "T", ast.Load())
            pair = (turned, right) if operand is left else (left, turned)
            yield "add a transpose", ("transposed",), ast.BinOp(pair[0], ast.MatMult(), pair[1])
    swapped = ast.BinOp(transposed(right), ast.MatMult(), transposed(left))
    yield "transpose a product", ("transposed",), swapped


def _of_power(node):
    match node.right:
        case ast.Constant(value=2):
            yield "drop a square", ("missing-factor",), node.left
            yield "cube for square", ("extra-factor",), changed(node, right=ast.Constant(3))


def _of_call(node):
    name, operand, options = call_parts(node)
    if name in REDUCTIONS:
        other = "mean" if name == "sum" else "sum"
        yield f"{other} for {name}", ("wrong-axis", "constant-factor"), renamed(node, other)
        yield "drop a reduction", ("unreduced-broadcast", "wrong-axis"), operand
        axis = options.get("axis")
        if axis is None:
            yield "reduce one axis", ("wrong-axis", "unreduced-broadcast"), along(node, 0)
        else:
            value = ast.literal_eval(axis)
            for new in sorted({0, 1, None} - {value}, key=str):
                if {new, value} == {1, -1}:
                    continue
                yield "reduce another axis", ("wrong-axis", "unreduced-broadcast"), along(node, new)
        if "keepdims" in options:
            kept = [k for k in node.keywords if k.arg != "keepdims"]
            yield (
                "drop keepdims",
                ("wrong-axis", "unreduced-broadcast"),
                changed(node, keywords=kept),
            )
    elif name in ("tanh", "sigmoid", "relu", "softmax", "exp"):
        yield "drop a function", ("wrong-point", "wrong-variable", "missing-factor"), operand


def _of_name(node, outer, root, context):
    if isinstance(outer, ast.Call) and node is outer.func:
        return
    if isinstance(outer, ast.Attribute) and outer.attr == "shape":
        return
    if isinstance(outer, ast.Call) and call_parts(outer)[0] in ("len", "one_hot", "take"):
        return
    linear = _is_linear(node, root)
    for name in context.known:
        if name == node.id or context.shape(name) != context.shape(node.id):
            continue
        pair = frozenset((name, node.id))
        if pair in context.activations:
            rules = (
                ("wrong-variable", "wrong-point") if linear else ("wrong-point", "wrong-variable")
            )
            kind = "before for after a function"
        elif name in context.written and name in context.written.get(node.id, ()):
            rules, kind = ("wrong-variable", "missing-factor"), "an earlier gradient"
        elif node.id in context.written.get(name, ()):
            rules, kind = ("wrong-variable", "extra-factor"), "a later gradient"
        elif linear:
            rules, kind = ("wrong-variable",), "another name"
        else:
            rules, kind = ("wrong-variable", "wrong-point"), "another name inside a derivative"
        yield kind, rules, ast.Name(name, ast.Load())


def _is_linear(node, root):
    """Whether a place enters the line as a plain factor or term."""
    for outer in path_to(root, node):
        match outer:
            case ast.BinOp(op=ast.Pow()) | ast.Compare():
                return False
            case ast.Call() if call_parts(outer)[0] not in REDUCTIONS:
                return False
            case ast.BinOp(op=ast.Add() | ast.Sub()) if outer is not root:
                return False
    return True
