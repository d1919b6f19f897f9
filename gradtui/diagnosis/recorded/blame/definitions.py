"""Where the functions of a file are defined: their nodes in its syntax tree."""

from __future__ import annotations

import ast
import linecache
import warnings
from collections.abc import Mapping
from functools import lru_cache
from types import CodeType

from gradtui.diagnosis.recorded.blame.trees import walked

Function = ast.FunctionDef | ast.AsyncFunctionDef
_LAMBDA = "<lambda>"
_FILES = 64
"""Most files whose trees are kept."""

_Definition = tuple[Function | ast.stmt, tuple[str, ...]]
"""The definition of a function, or the statement of a lambda, with the classes around it."""


@lru_cache(_FILES)
def tree_of(text: str) -> ast.Module:
    """Return the syntax tree of a file's text; raises SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def definition_of(code: CodeType) -> Function | ast.stmt | None:
    """Return the definition of a code, or the statement of a lambda; None if it is unknown."""
    try:
        found = located(tree_of("".join(linecache.getlines(code.co_filename))), code)
    except SyntaxError:
        return None
    return None if found is None else found[0]


def located(
    module: ast.Module, code: CodeType
) -> tuple[Function | ast.stmt, tuple[str, ...], int] | None:
    """Return the node that makes a code, with the classes around it, and its number there."""
    functions, lambdas = _definitions(module)
    if code.co_name != _LAMBDA:
        own = functions.get((code.co_name, code.co_firstlineno))
        return None if own is None else (*own, 0)
    return next(
        ((node, classes, at) for node, classes in lambdas
         for at, one in enumerate(lambdas_of(node)) if _is_of(one, code)), None
    )  # fmt: skip


@lru_cache(_FILES)
def _definitions(
    module: ast.Module,
) -> tuple[dict[tuple[str, int], _Definition], list[_Definition]]:
    """Return the functions of a file by their names and first lines, and the lambdas."""
    functions, lambdas = dict[tuple[str, int], _Definition](), list[_Definition]()
    pending: list[tuple[ast.AST, tuple[str, ...]]] = [(module, ())]
    while pending:
        node, classes = pending.pop()
        if isinstance(node, Function):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            functions.setdefault((node.name, first), (node, classes))
            classes = ()
        elif isinstance(node, ast.ClassDef):
            classes = (*classes, node.name)
        elif isinstance(node, ast.stmt) and not hasattr(node, "body") and lambdas_of(node):
            lambdas.append((node, classes))
        pending += [(child, classes) for child in ast.iter_child_nodes(node)]
    return functions, lambdas


def lambdas_of(statement: ast.stmt) -> list[ast.Lambda]:
    """Return the lambdas of a statement as they follow one another."""
    found = [one for one in walked(statement) if isinstance(one, ast.Lambda)]
    return sorted(found, key=lambda one: (one.lineno, one.col_offset))


def _is_of(node: ast.Lambda, code: CodeType) -> bool:
    """Return whether a code comes from a lambda."""
    body = node.body
    assert body.end_lineno is not None and body.end_col_offset is not None
    first, last = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    places = [
        (line, column) for line, _, column, _ in code.co_positions()
        if line is not None and column is not None and column < (1 << 15)
    ]  # fmt: skip
    return code.co_firstlineno == node.lineno and any(first <= one < last for one in places)


@lru_cache(_FILES)
def methods_within(function: ast.AST) -> Mapping[ast.AST, tuple[ast.AST, ast.ClassDef]]:
    """Return the methods of the classes that a function makes, by the nodes in them."""
    classes = [one for one in walked(function) if isinstance(one, ast.ClassDef)]
    return {
        node: (method, owner) for owner in classes for method in owner.body
        if isinstance(method, Function) for node in walked(method)
    }  # fmt: skip
