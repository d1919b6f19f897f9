"""Python's syntax trees taken apart and put together: products, sums, calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from corpus.numerics import FUNCTIONS


def path_to(root, node):
    """Return the nodes from the root down to a place, the place left out."""
    if root is node:
        return []
    for child in ast.iter_child_nodes(root):
        if child is node:
            return [root]
        inner = path_to(child, node)
        if inner:
            return [root, *inner]
    return []


def is_product(node):
    match node:
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return is_product(operand)
    return False


def is_sum(node):
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def is_minus_one(node):
    return isinstance(node, ast.Constant) and node.value == -1


def factors_of(node, divides=False):
    match node:
        case ast.BinOp(left, ast.Mult(), right):
            return factors_of(left, divides) + factors_of(right, divides)
        case ast.BinOp(left, ast.Div(), right):
            return factors_of(left, divides) + factors_of(right, not divides)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [(ast.Constant(-1), False), *factors_of(operand, divides)]
    return [(node, divides)]


def product(factors):
    negative = sum(is_minus_one(f) for f, _ in factors) % 2
    factors = [(f, d) for f, d in factors if not is_minus_one(f)]
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


def terms_of(node, minus=False):
    match node:
        case ast.BinOp(left, ast.Add(), right):
            return terms_of(left, minus) + terms_of(right, minus)
        case ast.BinOp(left, ast.Sub(), right):
            return terms_of(left, minus) + terms_of(right, not minus)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [(operand, not minus)]
    return [(node, minus)]


def total(terms):
    first, minus = terms[0]
    result = ast.UnaryOp(ast.USub(), first) if minus else first
    for term, minus in terms[1:]:
        result = ast.BinOp(result, ast.Sub() if minus else ast.Add(), term)
    return result


def transposed(node):
    match node:
        case ast.Attribute(value=value, attr="T"):
            return value
    return ast.Attribute(node, "T", ast.Load())


def call_parts(node):
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


def renamed(node, name):
    if isinstance(node.func, ast.Name):
        return changed(node, func=ast.Name(name, ast.Load()))
    return changed(node, func=changed(node.func, attr=name))


def along(node, axis):
    others = [k for k in node.keywords if k.arg != "axis"]
    if axis is None:
        return changed(node, keywords=others)
    return changed(node, keywords=[ast.keyword("axis", ast.Constant(axis)), *others])


def changed(node, **fields):
    parts = {name: getattr(node, name) for name in node._fields}
    return type(node)(**{**parts, **fields})


def places(root) -> Iterator[tuple[ast.expr, ast.AST | None]]:
    """Return every expression in the tree with the node it stands in."""
    pending: list[tuple[ast.AST, ast.AST | None]] = [(root, None)]
    while pending:
        node, outer = pending.pop()
        if isinstance(node, ast.keyword | ast.operator | ast.expr_context):
            continue
        yield node, outer
        pending += [(child, node) for child in ast.iter_child_nodes(node)]


def leaves(tree):
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


def value_names(tree):
    return {node.id for node in leaves(tree)}


def replaced(root, old, new):
    if root is old:
        return new
    if not isinstance(root, ast.AST):
        return root
    fields = {}
    for name in root._fields:
        value = getattr(root, name)
        if isinstance(value, list):
            fields[name] = [replaced(item, old, new) for item in value]
        else:
            fields[name] = replaced(value, old, new)
    return type(root)(**fields)


def parsed(text):
    return ast.parse(text, mode="eval").body
