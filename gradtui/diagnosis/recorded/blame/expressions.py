"""What the parts of an expression are: its operators, terms, factors and entries."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from gradtui.diagnosis.recorded.blame.trees import walked

OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.Pow: "**",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
COMPARED: Mapping[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def parts_of(value: ast.expr) -> Iterator[ast.expr]:
    """Yield the entries of a tuple, a list or a dict, or an expression that is none."""
    match value:
        case ast.Tuple(parts) | ast.List(parts) | ast.Dict(values=parts):
            for part in parts:
                yield from parts_of(part)
        case _:
            yield value


def entries_of(value: ast.expr) -> Iterator[ast.expr]:
    """Yield the same; one for all entries of a comprehension, or of a tuple that is repeated."""
    for part in parts_of(value):
        match part:
            case ast.ListComp(inner) | ast.GeneratorExp(inner) | ast.DictComp(value=inner):
                yield from entries_of(inner)
            case ast.Call(ast.Name("tuple" | "list"), [inner]) | ast.Starred(inner):
                yield from entries_of(inner)
            case ast.BinOp(ast.Tuple() | ast.List() as inner, ast.Mult()):
                yield from entries_of(inner)
            case _:
                yield part


def name_of(node: ast.expr) -> str:
    """Return the name of a variable, or of an attribute without its object; else nothing."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def indices_of(node: ast.Subscript) -> list[ast.expr]:
    """Return the index along each axis that an expression names."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def is_element(node: ast.expr) -> bool:
    """Return whether an expression is one of these, or an element of it such as a round's."""
    picked = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name)
    return is_leaf(node.value if picked and isinstance(node, ast.Subscript) else node)


def summands(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the terms of a sum, or an expression that is none."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from summands(node.left)
        yield from summands(node.right)
    else:
        yield node


def multiplied(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the factors of a product, or an expression that is none."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        yield from multiplied(node.left)
        yield from multiplied(node.right)
    else:
        yield node


def is_joining(node: ast.AST) -> bool:
    """Return whether an expression joins arrays: `np.r_[a, b]`."""
    value = node.value if isinstance(node, ast.Subscript) else None
    return isinstance(value, ast.Attribute) and value.attr in ("r_", "c_")


def names_in(node: ast.AST) -> set[str]:
    """Return the names that stand in a node."""
    return {one.id for one in walked(node) if isinstance(one, ast.Name)}


def is_single(node: ast.AST) -> bool:
    """Return whether an expression is a value, perhaps with a minus, that is not calculated."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return is_leaf(node.operand)
    return is_leaf(node) or isinstance(node, ast.Subscript | ast.Constant)


def is_leaf(node: ast.AST) -> bool:
    """Return whether a node is a name, or a named attribute or entry."""
    if isinstance(node, ast.Name):
        return True
    if isinstance(node, ast.Attribute):
        return node.attr != "T" and is_leaf(node.value)
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and is_leaf(node.value)
    return False
