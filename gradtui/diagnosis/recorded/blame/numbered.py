"""A name with the number that the code elsewhere puts to it, such as `dt / 6` or `1 - beta`."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.trees import nodes_of

_MOST, _FILES = 4, 32
"""Most expressions tried for a name, and most files of which they are kept."""


def numbered(s: Statement) -> Iterator[Candidate]:
    """Yield what the file makes of a name and a number, for names that stand without one."""
    made = _made(s.unit.tree)
    for node in s.nodes:
        loaded = isinstance(getattr(node, "ctx", None), ast.Load) and node not in s.indexing
        if not isinstance(node, ast.expr) or not loaded or _with_number(s.parents.get(node)):
            continue
        for text in [*made.get(ast.unparse(node), ())][:_MOST]:
            told = f"{s.text(node)} must be {text}, as elsewhere"
            rule, binding = ("wrong-variable", 1) if " - " in text else ("constant-factor", 2)
            yield Candidate((s.replaced(node, text, binding),), rule, told, 1, None, node)


@lru_cache(_FILES)
def _made(tree: ast.Module) -> Mapping[str, Mapping[str, None]]:
    """Return what a file makes of each name and a number: multiples, and what is left of one."""
    found = defaultdict[str, dict[str, None]](dict)
    for node in nodes_of(tree):
        match node:
            case ast.BinOp(one, ast.Mult() | ast.Div(), ast.Constant(int() | float())):
                pass
            case ast.BinOp(ast.Constant(int() | float()), ast.Mult() | ast.Sub(), one):
                pass
            case _:
                continue
        if is_leaf(one):
            found[ast.unparse(one)][ast.unparse(node)] = None
    return found


def _with_number(above: ast.AST | None) -> bool:
    """Return whether an expression calculates with a number, or is part of a longer name."""
    if isinstance(above, ast.BinOp):
        return isinstance(above.left, ast.Constant) or isinstance(above.right, ast.Constant)
    return isinstance(above, ast.Attribute | ast.Subscript)
