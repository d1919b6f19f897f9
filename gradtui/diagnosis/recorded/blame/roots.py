"""Edits of square roots: a missing one of a number, and what is added inside or outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from types import ModuleType

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.trees import walked

_FILES = 32
"""Most files of which is known what they take the roots of."""


def rooted(s: Statement, operand: ast.expr) -> Iterator[Candidate]:
    """Yield the square root of a single number, first one that the file takes elsewhere."""
    held = s.held(operand)
    if held is None or held.shape or held.value is None:
        return
    name = _name(s, held.kind)
    if name:
        text, told = f"{name}({s.text(operand)})", f"it needs the square root of {s.text(operand)}"
        edit, taken = s.replaced(operand, text), text in _roots(s.unit.tree)
        yield Candidate((edit,), "constant-factor", told, int(not taken), text, operand, taken)


@lru_cache(_FILES)
def _roots(tree: ast.Module) -> frozenset[str]:
    """Return the square roots that a file takes, as texts."""
    calls = (one for one in walked(tree) if isinstance(one, ast.Call))
    return frozenset(ast.unparse(one) for one in calls if ast.unparse(one.func).endswith("sqrt"))


def _name(s: Statement, kind: str) -> str:
    """Return the square root of single numbers in the file; empty without one.

    That of tensors takes no whole number.
    """
    own = s.dialect.module.__name__
    usual = ("numpy", "math") if kind == "i" and own != "numpy" else (own, "numpy", "math")
    modules = {value.__name__: name for name, value in s.unit.globals.items()
               if isinstance(value, ModuleType)}  # fmt: skip
    return next((f"{modules[one]}.sqrt" for one in usual if one in modules), "")


def of_root(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield a term put under a root, or taken out of it."""
    called, parent = node.func, s.parents.get(node)
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if name != "sqrt" or len(node.args) != 1:
        return
    (inner,) = node.args
    told = "what is added belongs on the other side of the root"
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
        text = f"{s.text(called)}({s.left(inner)}) + {s.right(inner)}"
        yield Candidate((s.replaced(node, text, 1),), "wrong-point", told, 1, None, node)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add) and parent.left is node:
        text = f"{s.text(called)}({s.text(inner)} + {s.right(parent)})"
        yield Candidate((s.replaced(parent, text),), "wrong-point", told, 1, None, parent)
