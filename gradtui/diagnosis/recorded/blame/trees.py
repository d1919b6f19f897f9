"""Walks through syntax trees: of a whole file, many kinds of edits want to know something."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

_FILES = 64
"""Most files whose nodes are kept."""


def walked(top: ast.AST) -> list[ast.AST]:
    """Return a node and all below it, in the order of `ast.walk`, which takes longer."""
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
