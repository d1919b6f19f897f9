"""Single edits of a line of a backward program, on Python's own syntax tree.

An edit knows what a person would call the mistake: the rule ids that name it, the one an expert
would give first in front.  Whether the edit changes anything is for the judge to say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mutants.numerics import FUNCTIONS, Line

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

    def is_constant(self, tree):
        """Whether an expression is one number, the same everywhere."""
        names = [n for n in _leaves(tree) if isinstance(n, ast.Name)]
        for name in names:
            values = [point.get(name.id) for point in self.values]
            if any(v is None or np.ndim(v) or v != values[0] for v in values):
                return False
        return True


def edits(tree: ast.expr, context: Context) -> Iterator[Edit]:
    """Return every edit of one place of an expression."""
    yield from _of_the_whole(tree, context)
    recomputed = [
        node
        for node, _ in _places(tree)
        if isinstance(node, ast.BinOp) and context.is_value_of_the_model(node)
    ]
    inside = {id(part) for node in recomputed for part in ast.walk(node)}
    for node, outer in _places(tree):
        elsewhere = ("wrong-point", "wrong-variable") if id(node) in inside else ()
        for kind, rules, new in _of_node(node, outer, tree, context):
            yield Edit(kind, tuple(dict.fromkeys(rules + elsewhere)), _replaced(tree, node, new))


def _of_node(node, outer, root, context):
    if _is_product(node) and not _is_product(outer):
        yield from _of_product(node, context)
    if _is_sum(node) and not _is_sum(outer):
        yield from _of_sum(node, root, context)
    match node:
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
        new = ast.BinOp(tree, operator(), _parsed(text))
        yield Edit(f"scale {sign}{text}", ("constant-factor",), new)


def _of_product(node, context):
    factors = _factors(node)
    for index, (factor, divides) in enumerate(factors):
        rest = factors[:index] + factors[index + 1 :]
        constant = context.is_constant(factor)
        if _is_minus_one(factor):
            yield "drop a minus", ("sign",), _product(rest)
            continue
        missing = ("constant-factor", "missing-factor") if constant else ("missing-factor",)
        extra = ("constant-factor", "extra-factor") if constant else ("extra-factor",)
        what = "a constant" if constant else "a factor"
        yield f"drop {what}", missing, _product(rest)
        if len(list(ast.walk(factor))) <= 16:
            yield f"repeat {what}", extra, _product([*factors, (factor, divides)])
        if constant and not isinstance(factor, ast.Constant):
            turned = [*factors[:index], (factor, not divides), *factors[index + 1 :]]
            yield "multiply for divide", ("constant-factor",), _product(turned)


def _of_sum(node, root, context):
    terms = _terms(node)
    top = node is root
    flows = [bool(_names(term) & context.written.keys()) for term, _ in terms]
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
            rules = ("missing-term",)
            twice = ("constant-factor", "extra-factor", "double-counted-path")
            if len(terms) == 2 and isinstance(rest[0][0], ast.Name):
                rules = ("missing-term", "wrong-variable")
        yield "drop a term", rules, _sum(rest)
        if not isinstance(term, ast.Constant):
            yield "repeat a term", twice, _sum([*terms, (term, minus)])
        flipped = [*terms[:index], (term, not minus), *terms[index + 1 :]]
        yield "flip a term's sign", ("sign",), _sum(flipped)
    if len(terms) == 2 and terms[0][1] != terms[1][1]:
        yield "swap the operands of a minus", ("sign",), _sum([(t, not m) for t, m in terms])


def _of_matmul(node):
    left, right = node.left, node.right
    for operand, other in ((left, right), (right, left)):
        yield "drop a matrix factor", ("missing-factor",), other
        if not isinstance(operand, ast.Attribute):
            turned = ast.Attribute(operand, "T", ast.Load())
            pair = (turned, right) if operand is left else (left, turned)
            yield "add a transpose", ("transposed",), ast.BinOp(pair[0], ast.MatMult(), pair[1])
    swapped = ast.BinOp(_transposed(right), ast.MatMult(), _transposed(left))
    yield "transpose a product", ("transposed",), swapped


def _of_power(node):
    match node.right:
        case ast.Constant(value=2):
            yield "drop a square", ("missing-factor",), node.left
            yield "cube for square", ("extra-factor",), _with(node, right=ast.Constant(3))


def _of_call(node):
    name, operand, options = _call_parts(node)
    if name in REDUCTIONS:
        other = "mean" if name == "sum" else "sum"
        yield f"{other} for {name}", ("wrong-axis", "constant-factor"), _renamed(node, other)
        yield "drop a reduction", ("unreduced-broadcast", "wrong-axis"), operand
        axis = options.get("axis")
        if axis is None:
            yield "reduce one axis", ("wrong-axis", "unreduced-broadcast"), _axis(node, 0)
        else:
            value = ast.literal_eval(axis)
            for new in sorted({0, 1, None} - {value}, key=str):
                if {new, value} == {1, -1}:
                    continue
                yield "reduce another axis", ("wrong-axis", "unreduced-broadcast"), _axis(node, new)
        if "keepdims" in options:
            kept = [k for k in node.keywords if k.arg != "keepdims"]
            yield "drop keepdims", ("wrong-axis", "unreduced-broadcast"), _with(node, keywords=kept)
    elif name in ("tanh", "sigmoid", "relu", "softmax", "exp"):
        yield "drop a function", ("wrong-point", "wrong-variable", "missing-factor"), operand


def _of_name(node, outer, root, context):
    if isinstance(outer, ast.Call) and node is outer.func:
        return
    if isinstance(outer, ast.Attribute) and outer.attr == "shape":
        return
    if isinstance(outer, ast.Call) and _call_parts(outer)[0] in ("len", "one_hot", "take"):
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
    for outer in _chain(root, node):
        match outer:
            case ast.BinOp(op=ast.Pow()) | ast.Compare():
                return False
            case ast.Call() if _call_parts(outer)[0] not in REDUCTIONS:
                return False
            case ast.BinOp(op=ast.Add() | ast.Sub()) if outer is not root:
                return False
    return True


def _chain(root, node):
    """Return the nodes from the root down to a place, the place left out."""
    if root is node:
        return []
    for child in ast.iter_child_nodes(root):
        if child is node:
            return [root]
        inner = _chain(child, node)
        if inner:
            return [root, *inner]
    return []


def _is_product(node):
    match node:
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_product(operand)
    return False


def _is_sum(node):
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def _is_minus_one(node):
    return isinstance(node, ast.Constant) and node.value == -1


def _factors(node, divides=False):
    match node:
        case ast.BinOp(left, ast.Mult(), right):
            return _factors(left, divides) + _factors(right, divides)
        case ast.BinOp(left, ast.Div(), right):
            return _factors(left, divides) + _factors(right, not divides)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [(ast.Constant(-1), False), *_factors(operand, divides)]
    return [(node, divides)]


def _product(factors):
    negative = sum(_is_minus_one(f) for f, _ in factors) % 2
    factors = [(f, d) for f, d in factors if not _is_minus_one(f)]
    above = [f for f, divides in factors if not divides]
    result = above[0] if above else ast.Constant(1)
    used = not above
    for factor, divides in factors:
        if factor is result and not used:
            used = True
            continue
        if isinstance(result, ast.Constant) and result.value == 1 and not divides:
            result = factor
            continue
        result = ast.BinOp(result, ast.Div() if divides else ast.Mult(), factor)
        used = True
    return ast.UnaryOp(ast.USub(), result) if negative else result


def _terms(node, minus=False):
    match node:
        case ast.BinOp(left, ast.Add(), right):
            return _terms(left, minus) + _terms(right, minus)
        case ast.BinOp(left, ast.Sub(), right):
            return _terms(left, minus) + _terms(right, not minus)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [(operand, not minus)]
    return [(node, minus)]


def _sum(terms):
    first, minus = terms[0]
    result = ast.UnaryOp(ast.USub(), first) if minus else first
    for term, minus in terms[1:]:
        result = ast.BinOp(result, ast.Sub() if minus else ast.Add(), term)
    return result


def _transposed(node):
    match node:
        case ast.Attribute(value=value, attr="T"):
            return value
    return ast.Attribute(node, "T", ast.Load())


def _call_parts(node):
    """Return name, first operand and options of `f(x, …)` or `x.f(…)`."""
    options = {k.arg: k.value for k in node.keywords}
    match node.func:
        case ast.Name(id=name):
            return name, node.args[0], options
        case ast.Attribute(value=ast.Name(id="np"), attr=name):
            return name, node.args[0], options
        case ast.Attribute(value=value, attr=name):
            return name, value, options
    raise AssertionError(ast.unparse(node))


def _renamed(node, name):
    if isinstance(node.func, ast.Name):
        return _with(node, func=ast.Name(name, ast.Load()))
    return _with(node, func=_with(node.func, attr=name))


def _axis(node, axis):
    others = [k for k in node.keywords if k.arg != "axis"]
    if axis is None:
        return _with(node, keywords=others)
    return _with(node, keywords=[ast.keyword("axis", ast.Constant(axis)), *others])


def _with(node, **fields):
    parts = {name: getattr(node, name) for name in node._fields}
    return type(node)(**{**parts, **fields})


def _places(root) -> Iterator[tuple[ast.expr, ast.AST | None]]:
    """Return every expression in the tree with the node it stands in."""
    pending: list[tuple[ast.AST, ast.AST | None]] = [(root, None)]
    while pending:
        node, outer = pending.pop()
        if isinstance(node, ast.keyword | ast.operator | ast.expr_context):
            continue
        yield node, outer
        pending += [(child, node) for child in ast.iter_child_nodes(node)]


def _leaves(tree):
    """Return the names that are values, those asked only for their shape left out."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
            continue
        if isinstance(node, ast.Name) and node.id not in FUNCTIONS and node.id != "np":
            yield node
        pending += list(ast.iter_child_nodes(node))


def _names(tree):
    return {node.id for node in _leaves(tree)}


def _replaced(root, old, new):
    if root is old:
        return new
    if not isinstance(root, ast.AST):
        return root
    fields = {}
    for name in root._fields:
        value = getattr(root, name)
        if isinstance(value, list):
            fields[name] = [_replaced(item, old, new) for item in value]
        else:
            fields[name] = _replaced(value, old, new)
    return type(root)(**fields)


def _parsed(text):
    return ast.parse(text, mode="eval").body
