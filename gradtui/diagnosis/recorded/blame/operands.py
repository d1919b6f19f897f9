"""The operands of a statement that may be wrong: slots for what is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.expressions import is_joining, is_leaf
from gradtui.diagnosis.recorded.blame.scope import Shape
from gradtui.diagnosis.recorded.blame.slots import Slot

_PRODUCTS = ("dot", "matmul", "outer", "mm", "bmm")
_COUNTING = ("slice", "range", "len", "int")
"""Functions of whole numbers: no factor is missing there."""


def operands(s: Statement) -> Iterator[Slot]:
    """Yield a statement's stored expression, its operands, and the arguments of its calls."""
    value = s.value()
    counting = isinstance(value, ast.Call) and ast.unparse(value.func) in _COUNTING
    if counting or isinstance(s.node, ast.For):
        return
    found = [*s.values]
    for node in s.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.MatMult):
            found += [node.left, node.right]
        elif isinstance(node, ast.BinOp | ast.Compare):
            found += [
                one
                for one in ast.iter_child_nodes(node)
                if isinstance(one, ast.expr) and not is_leaf(one)
            ]
        elif isinstance(node, ast.Call):
            found += node.args
            named = (one.value for one in node.keywords)
            found += [one for one in named if not isinstance(one, ast.Constant)]
            if isinstance(node.func, ast.Attribute):
                found.append(node.func.value)
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            found.append(node.value)
        elif isinstance(node, ast.Tuple | ast.List) and _is_array(s, node):
            found += node.elts
    chosen = [one for one in dict.fromkeys(found) if one is not s.spared]
    chosen = [one for one in chosen if _is_added_count(s, one)
              or (_is_number(s, one) and not _is_count(s, one))]  # fmt: skip
    for one in chosen:
        parent = s.parents.get(one)
        whole = parent if _is_added_count(s, one) and isinstance(parent, ast.BinOp) else one
        yield Slot(s, one, _shape(s, whole), parent if _is_product(parent, one, chosen) else None)


def _is_array(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression lists the elements or the parts of an array."""
    above = s.parents.get(node)
    listed = isinstance(above, ast.Call) and node in above.args and s.shape(above) is not None
    return listed or (above is not None and is_joining(above))


def _is_product(parent: ast.AST | None, node: ast.expr, slots: Sequence[ast.expr]) -> bool:
    """Return whether all multiples of a node are those of its parent, which is a slot, too."""
    if parent not in slots:
        return False
    if isinstance(parent, ast.BinOp):
        divided = isinstance(parent.op, ast.Div) and node is parent.left
        return divided or isinstance(parent.op, ast.Mult | ast.MatMult)
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute):
        return parent.func.attr in _PRODUCTS
    return isinstance(parent, ast.Attribute)


def _shape(s: Statement, node: ast.expr) -> Shape | None:
    """Return the shape of an expression's value, or its target's if it is all of that."""
    own = s.shape(node)
    if node is not s.value():
        return own
    if isinstance(s.node, ast.AugAssign):
        return s.shape(s.node.target) or own
    if own is None and isinstance(s.node, ast.Assign):
        held = s.stored(s.node.targets[0])
        return None if held is None else held.shape
    return own


def _is_count(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression is a whole number, such as a size, or a digit within one."""
    parent = s.parents.get(node)
    if isinstance(node, ast.Constant):
        return isinstance(parent, ast.BinOp) and _is_count(s, parent)
    if isinstance(node, ast.BinOp):
        return not isinstance(node.op, ast.Div) and all(
            type(one.value) is int if isinstance(one, ast.Constant) else _is_count(s, one)
            for one in (node.left, node.right)
        )
    held = s.held(node)
    return held is not None and held.kind == "i" and not held.shape


def _is_added_count(s: Statement, node: ast.expr) -> bool:
    """Return whether a name is that of a count, to which an array is added, or from it taken."""
    parent = s.parents.get(node)
    if not isinstance(parent, ast.BinOp) or not isinstance(parent.op, ast.Add | ast.Sub):
        return False
    other = parent.right if node is parent.left else parent.left
    held = s.held(node) if is_leaf(node) else None
    return held is not None and (held.kind, held.shape) == ("i", ()) and bool(s.shape(other))


def _is_number(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression may be floats."""
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    if is_leaf(node):
        held = s.held(node)
        if held is None and isinstance(node, ast.Subscript):
            held = s.held(node.value)  # an entry that has no name
        return held is not None and held.kind == "f"
    return isinstance(
        node, ast.BinOp | ast.UnaryOp | ast.Call | ast.Subscript | ast.Attribute | ast.Compare
    )
