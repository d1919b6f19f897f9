"""What a function uses: the lines with a name, how often each is read, what is calculated."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.definitions import Function
from gradtui.diagnosis.recorded.blame.told import Line, Told
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Unit

_FUNCTIONS = 256
"""Most functions of which is known what they use."""


@lru_cache(_FUNCTIONS)
def lines_of(unit: Unit) -> frozenset[Line]:
    """Return the lines of a function."""
    assert unit.node.end_lineno is not None
    return frozenset((unit.file, line) for line in range(unit.first, unit.node.end_lineno + 1))


def is_beside(s: Statement, told: Told) -> bool:
    """Return whether a lambda in a statement runs, but does not compute the loss as others do."""
    inner = (one.body for one in s.nodes if isinstance(one, ast.Lambda))
    return any(
        not told.shapes.keys().isdisjoint(places) and told.places.isdisjoint(places)
        for places in (_places(s.unit, one) for one in (s.unit.body, *inner) if one is not None)
    )  # fmt: skip


def _places(unit: Unit, node: ast.expr) -> frozenset[Place]:
    parts = (one for one in walked(node) if isinstance(one, ast.expr))
    return frozenset(unit.place(unit.start(one), unit.end(one)) for one in parts)


def lines_with(unit: Unit, name: str | None, use: type[ast.expr_context]) -> set[Line]:
    """Return the lines of a function that read or store a name, and those of its statements."""
    return {(unit.file, line) for line in unit.uses.get((name, use), ())} if name else set()


def lines_writing(unit: Unit, name: str) -> set[Line]:
    """Return the lines of a function that store a name, or elements of its value."""
    into = [one.value for one in unit.of(ast.Subscript) if isinstance(one.ctx, ast.Store)]
    parts = {one.lineno for one in into if isinstance(one, ast.Name) and one.id == name}
    return lines_with(unit, name, ast.Store) | {(unit.file, line) for line in parts}


def lines_next(unit: Unit, node: ast.stmt) -> set[Line]:
    """Return the lines that read the name that a statement stores, before another does."""
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    if not isinstance(target, ast.Name):
        return set()
    later = [one for one in unit.of(ast.Name) if one.id == target.id
             and one.lineno > node.lineno]  # fmt: skip
    stored = [one.lineno for one in later if isinstance(one.ctx, ast.Store)]
    return {
        (unit.file, one.lineno) for one in later
        if isinstance(one.ctx, ast.Load) and one.lineno <= min(stored, default=one.lineno)
    }  # fmt: skip


@lru_cache(_FUNCTIONS)
def uses_of(function: ast.AST) -> tuple[Counter[str], frozenset[str]]:
    """Return how often a function reads each name, and the names that it stores."""
    names = [one for one in walked(function) if isinstance(one, ast.Name)]
    read = Counter(one.id for one in names if isinstance(one.ctx, ast.Load))
    return read, frozenset(one.id for one in names if isinstance(one.ctx, ast.Store))


@lru_cache(_FUNCTIONS)
def filled_in_vain(function: ast.AST) -> frozenset[str]:
    """Return the names of the arrays and lists that a function fills, and that nothing reads."""
    filled, gathered = list[str](), list[str]()
    for node in walked(function):
        match node:
            case ast.Subscript(ast.Name(name), ctx=ast.Store()):
                filled.append(name)
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), "append"))):
                filled.append(name)
            case ast.Assign([ast.Name(name)], ast.BinOp(op=ast.Add()) as joined):
                ends = (joined.left, joined.right)
                lists = any(isinstance(one, ast.List) for one in ends)
                own = any(isinstance(one, ast.Name) and one.id == name for one in ends)
                filled += [name] * (lists and own)
            case ast.Assign([ast.Name(name)], ast.Call(args=[part, *_])):
                gathered += [name] * _reads_alone(part, name)
    read, stored = uses_of(function)
    times = Counter(filled + gathered)
    return frozenset(name for name in filled
                     if name in stored and read[name] == times[name])  # fmt: skip


def _reads_alone(part: ast.expr, name: str) -> bool:
    """Return whether an argument is a name, or a call of that alone, such as `reversed(parts)`."""
    if isinstance(part, ast.Call) and len(part.args) == 1:
        return _reads_alone(part.args[0], name)
    return isinstance(part, ast.Name) and part.id == name


@lru_cache(_FUNCTIONS)
def functions_read(tree: ast.Module) -> Counter[str]:
    """Return how often a file reads the names of the functions that it defines or imports."""
    defined = {one.name for one in walked(tree) if isinstance(one, Function)}
    imports = (one.names for one in walked(tree) if isinstance(one, ast.ImportFrom))
    defined.update(one.asname or one.name for names in imports for one in names)
    names = [one.id if isinstance(one, ast.Name) else one.attr for one in walked(tree)
             if isinstance(one, ast.Name | ast.Attribute)]  # fmt: skip
    return Counter(one for one in names if one in defined)


@lru_cache(_FUNCTIONS)
def _calculated(function: ast.AST) -> Sequence[tuple[str, int]]:
    """Return what a function calculates and stores, each with its line.

    Without what is just what its name tells: nothing is missing there.
    """
    return [
        (ast.unparse(one.targets[0]), one.lineno) for one in walked(function)
        if isinstance(one, ast.Assign) and not isinstance(one.value, ast.Name | ast.Constant)
        and not is_as_named(one)
    ]  # fmt: skip


def is_made_before(unit: Unit, own: ast.stmt, node: ast.AST | None) -> bool:
    """Return whether a node is a name to which the function gives what it calculates before."""
    made = {text for text, line in _calculated(unit.node) if line < own.lineno}
    return isinstance(node, ast.Name) and node.id in made


def is_read_beside(unit: Unit, own: ast.stmt, name: str) -> bool:
    """Return whether other lines of a statement's block read a name.

    What is changed where its value is made changes these, too.
    """
    others = (one for one in block_of(unit.node, own) if one is not own)
    return any(
        isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and one.id == name
        for other in others for one in walked(other)
    )  # fmt: skip


def is_as_named(node: ast.stmt) -> bool:
    """Return whether a value has the name of what makes it.

    As `sum_ = x.sum()`, and `diff_y = a - b`.
    """
    if not isinstance(node, ast.Assign):
        return False
    if isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Sub):
        return "diff" in ast.unparse(node.targets[0]).lower()
    if not isinstance(node.value, ast.Call):
        return False
    name = ast.unparse(node.value.func).rpartition(".")[2]
    return ast.unparse(node.targets[0]).strip("_") == name


def read_behind(
    unit: Unit, node: ast.Assign, target: ast.Tuple, order: Mapping[Line, int]
) -> set[Line]:
    """Return the lines that read what a statement unpacks, once it has run."""
    names = {one.id for one in target.elts if isinstance(one, ast.Name)}
    own = order[unit.file, node.lineno]
    found = {
        (unit.file, one.lineno) for one in unit.of(ast.Name)
        if one.id in names and isinstance(one.ctx, ast.Load)
    }  # fmt: skip
    return {one for one in found if order.get(one, 0) > own}


def over(unit: Unit, line: int) -> frozenset[str]:
    """Return the names that only count rounds of loops, of none that a line is in.

    What they are once those are over, nothing in the function reads.
    """
    counting = _rounds_of(unit.node).items()
    return frozenset(name for name, spans in counting if not any(line in one for one in spans))


@lru_cache(_FUNCTIONS)
def _rounds_of(function: ast.AST) -> Mapping[str, Sequence[range]]:
    """Return the names that only count rounds, with the lines of their loops."""
    spans, counts = defaultdict[str, list[range]](list), set[ast.Name]()
    for loop in (one for one in walked(function) if isinstance(one, ast.For)):
        names = [one for one in walked(loop.target) if isinstance(one, ast.Name)]
        counts.update(names)
        for one in names:
            spans[one.id].append(range(loop.lineno, (loop.end_lineno or 0) + 1))
    read = (one for one in walked(function) if isinstance(one, ast.Name) and one not in counts)
    other = {
        one.id for one in read if one.id in spans
        and (isinstance(one.ctx, ast.Store)
             or not any(one.lineno in span for span in spans[one.id]))
    }  # fmt: skip
    return {name: found for name, found in spans.items() if name not in other}
