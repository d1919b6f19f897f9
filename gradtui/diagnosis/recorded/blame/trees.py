"""Walks through syntax trees: of a whole file, many kinds of edits want to know something."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache

_FILES = 64
"""Most files whose nodes are kept."""
_NODES = 8192
"""Most nodes of which it is kept what is below them."""
_BLOCKS = ("body", "orelse", "finalbody")
"""The names of what holds statements that follow one another."""
_FUNCTIONS = 256
"""Most functions whose blocks are kept."""


@lru_cache(_NODES)
def walked(top: ast.AST) -> Sequence[ast.AST]:
    """Return a node and all below it, in the order of `ast.walk`, which takes longer.

    They are kept, because many ask for the same ones: of a tree that is changed, copies are made.
    """
    found = [top]
    for node in found:
        for name in node._fields:
            part = getattr(node, name, None)
            if isinstance(part, ast.AST):
                found.append(part)
            elif isinstance(part, list):
                found += [one for one in part if isinstance(one, ast.AST)]
    return found


@lru_cache(_FILES)
def nodes_of(tree: ast.Module) -> Sequence[ast.AST]:
    """Return the nodes of a file, which are the same for all who ask."""
    return walked(tree)


def target_of(node: ast.Assign | ast.AugAssign) -> ast.expr:
    """Return the first target of a statement that stores something."""
    return node.target if isinstance(node, ast.AugAssign) else node.targets[0]


def block_of(function: ast.AST, statement: ast.stmt) -> Sequence[ast.stmt]:
    """Return the statements of a function among which one stands."""
    return _blocks(function).get(statement, [statement])


@lru_cache(_FUNCTIONS)
def _blocks(function: ast.AST) -> Mapping[ast.AST, Sequence[ast.stmt]]:
    """Return the statements among which each one of a function stands."""
    fields = ((node, name) for node in walked(function) for name in _BLOCKS)
    blocks = (getattr(node, name, None) for node, name in fields)
    return {one: block for block in blocks if isinstance(block, list) for one in block}
