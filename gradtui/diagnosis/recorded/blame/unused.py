"""What an edit would leave without a use, or calculate a second time: it is hardly meant."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache

from gradtui.diagnosis.recorded.blame.begun import stored
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.stores import is_doubled
from gradtui.diagnosis.recorded.blame.trees import block_of, walked
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.blame.uses import functions_read, uses_of

ADDING = frozenset({"missing-path", "missing-term"})
"""The rules of edits that add a term."""
_FUNCTIONS = 256
"""Most functions of which is known what they use."""
_VALUES, _SIMPLE = (ast.Name, ast.Constant), 2
"""What is calculated with, and the most of these in what anybody writes twice."""


def orphans(s: Statement, candidate: Candidate, removed: Mapping[str, int]) -> bool:
    """Return whether nothing would use a value any more that the function has.

    A number of rows that gives way to one of elements may have been of no other use, and neither
    may a size that is unpacked beside another.
    """
    if candidate.rule == "constant-factor" or is_doubled(s):
        return False
    counts = {text for text, one in s.scope.items() if (one.kind, one.shape) == ("i", ())}
    over = _writes_over(s.unit, s.node, removed) or spares_argument(s.unit, removed)
    spared = _unpacked_by(s.unit.node)
    if candidate.rule == "extra-factor":
        spared |= _lengths_in(s.unit.node)  # who divides once too often has needed the number once
    return over or _leaves_orphans(s.unit, s.node, removed, spared.intersection(counts))


def forsakes(unit: Unit, removed: Mapping[str, int]) -> bool:
    """Return whether nothing would call a function of the file any more.

    What is wrong in a function is repaired there, and not by calling another one.
    """
    called = functions_read(unit.tree)
    return any(0 < called[name.strip(".")] <= count for name, count in removed.items())


def recalculates(unit: Unit, candidate: Candidate) -> bool:
    """Return whether a term is added that the function calculates elsewhere: it has a name."""
    term = candidate.factor if candidate.rule in ADDING else None
    try:
        text = ast.unparse(ast.parse(term or "", mode="eval"))
    except SyntaxError:
        return False
    return text in _calculations(unit.node)


@lru_cache(_FUNCTIONS)
def _calculations(function: ast.AST) -> frozenset[str]:
    """Return the texts of what a function calculates from two values or more."""
    return frozenset(
        ast.unparse(one) for one in walked(function) if isinstance(one, ast.BinOp | ast.Call)
        and sum(isinstance(part, _VALUES) for part in walked(one)) > _SIMPLE
    )  # fmt: skip


def _leaves_orphans(
    unit: Unit, node: ast.stmt, removed: Mapping[str, int], idle: Collection[str]
) -> bool:
    """Return whether a function computes a value that nothing uses if a statement lacks some names.

    Those of attributes begin with a dot, those of entries with a quotation mark.  Some counts, as
    one of the sizes of an array that are unpacked at once, may be `idle`.  A line that only changes
    a name's value does not use it, and neither does one that stores in its elements.
    """
    read, stored = uses_of(unit.node)
    read = read - _only_changed(unit.node, node) - _only_stored(unit.node, node)
    kept = _attributes_of(unit.owner or unit.node, unit.tree)
    return any(
        (0 < read[name] <= count and name in stored.difference(idle))
        or (name[0] == "." and 0 < kept[name[1:]] <= count)
        or (name[0] == '"' and 0 < _entries_read(unit.tree)[name[1:]] <= count)
        for name, count in removed.items()
    )


@lru_cache(_FUNCTIONS)
def _only_changed(function: ast.AST, beside: ast.stmt) -> Counter[str]:
    """Return how often a function reads names for their own new values, as in `x = x.cuda()`.

    What a line `beside` stores does not count.
    """
    found = Counter[str]()
    for one in walked(function):
        match one:
            case ast.Assign([ast.Name(name)], ast.Call()) if one is not beside:
                found[name] += _reads(one, name)
    kept = beside.targets[0] if isinstance(beside, ast.Assign) else None
    return Counter({name: count for name, count in found.items()
                    if not isinstance(kept, ast.Name) or kept.id != name})  # fmt: skip


@lru_cache(_FUNCTIONS)
def _lengths_in(function: ast.AST) -> frozenset[str]:
    """Return the names that a function stores the lengths of arrays under."""
    found = set[str]()
    for one in walked(function):
        match one:
            case ast.Assign(
                [ast.Name(name)],
                ast.Subscript(ast.Attribute(attr="shape")) | ast.Call(ast.Name("len")),
            ):
                found.add(name)
    return frozenset(found)


@lru_cache(_FUNCTIONS)
def _only_stored(function: ast.AST, beside: ast.stmt) -> Counter[str]:
    """Return how often a function names arrays to store in their elements.

    Where a statement `beside` does so does not count.
    """
    own = {*walked(beside)}
    return Counter(
        one.value.id for one in walked(function) if isinstance(one, ast.Subscript)
        and isinstance(one.ctx, ast.Store) and isinstance(one.value, ast.Name) and one not in own
    )  # fmt: skip


def spares_argument(unit: Unit, removed: Mapping[str, int]) -> bool:
    """Return whether a function without some names no longer reads one of its arguments."""
    read, _ = uses_of(unit.node)
    given = {one.arg for one in unit.of(ast.arg)}
    return any(name in given and 0 < read[name] <= count for name, count in removed.items())


def _writes_over(unit: Unit, node: ast.stmt, removed: Mapping[str, int]) -> bool:
    """Return whether a statement without some names stores over a result that nothing has used.

    That is one of the same name, from earlier in the same block.
    """
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    if not isinstance(target, ast.Name) or not 0 < _reads(node, target.id) <= removed[target.id]:
        return False
    block = block_of(unit.node, node)
    for one in reversed(block[: block.index(node)]):
        made = one.value if isinstance(one, ast.Assign) else None
        names = stored(one.targets) if isinstance(one, ast.Assign) else []
        if names == [target.id] and not isinstance(made, ast.Name | ast.Constant):
            return True
        if any(isinstance(part, ast.Name) and part.id == target.id for part in walked(one)):
            return False
    return False


def _reads(node: ast.AST, name: str) -> int:
    """Return how often a statement reads a name."""
    names = (one for one in walked(node) if isinstance(one, ast.Name) and one.id == name)
    return sum(isinstance(one.ctx, ast.Load) for one in names)


@lru_cache(_FUNCTIONS)
def _unpacked_by(function: ast.AST) -> frozenset[str]:
    """Return the names that a function stores only beside others, such as one of two sizes."""
    counts = Counter(stored(walked(function)))
    tuples = (one.elts for one in walked(function) if isinstance(one, ast.Tuple))
    beside = Counter(name for parts in tuples for name in stored(parts))
    return frozenset(name for name, count in beside.items() if count == counts[name])


@lru_cache(_FUNCTIONS)
def _attributes_of(part: ast.AST, tree: ast.Module) -> Counter[str]:
    """Return how often a file reads each of the attributes that a function or a class stores."""
    stored = {one.attr for one in walked(part)
              if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)}  # fmt: skip
    return Counter(
        one.attr for one in walked(tree)
        if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Load) and one.attr in stored
    )  # fmt: skip


@lru_cache(_FUNCTIONS)
def _entries_read(tree: ast.Module) -> Counter[str]:
    """Return how often a file reads the entries of each name."""
    return Counter(
        one.slice.value for one in walked(tree)
        if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Load)
        and isinstance(one.slice, ast.Constant) and isinstance(one.slice.value, str)
    )  # fmt: skip
