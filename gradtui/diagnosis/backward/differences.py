"""Compares what a line holds with what it should hold, term by term and factor by factor.

For a line that no single small change repairs: a sum is taken apart, terms that are equal at all
points are set aside, and the rest on either side is compared factor by factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import permutations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.backward.material import columns_like
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import TOLERANCE, Trial, constant_ratio, near
from gradtui.diagnosis.edits import EditKind, Tweak
from gradtui.diagnosis.products import product
from gradtui.engine.builder import Builder
from gradtui.engine.interpreter import Interpreter, fitted
from gradtui.engine.lowering import lower_tree
from gradtui.engine.ops import OPS
from gradtui.language.parser import Call, Name, Number, Tree
from gradtui.language.trees import NOWHERE, call, same

Array = NDArray[np.float64]

MOST_TERMS, MOST_DIFFERENCES = 12, 2
_SAMPLE = 200
"""Numbers of a value compared first."""
_LINEAR = frozenset(name for name, entry in OPS.items() if entry.linear or entry.rearranges)
_FEW = 8
"""Of these, the numbers at which most pairs of names fail."""
_OPERATIONS = {"-": np.subtract, "*": np.multiply, "/": np.divide, "+": np.add}


class _Term(Struct, frozen=True, eq=False):
    """A part of a sum, with its value at every point."""

    tree: Tree
    value: Array


_Pair = tuple[_Term, _Term, Tweak]
"""A term, the right one, and their difference."""


class Values:
    """The values of expressions in the names that a line can read, in the line's right shape."""

    def __init__(self, trial: Trial, line: Line, world: Interpreter, wanted: Array) -> None:
        self.builder = Builder(trial.builder.nodes, simplify=True)
        self.trial, self.line, self.world, self.shape = trial, line, world, wanted.shape[1:]

    def of(self, tree: Tree) -> Array | None:
        """Return the value of an expression; None if it has none or does not fit."""
        try:
            id = lower_tree(tree, self.builder, self._resolve)
            return fitted(self.world.extended(self.builder.nodes).value(id), self.shape)
        except (InputError, ValueError):
            return None

    def without(self, some: Sequence[Tree], others: Sequence[Tree]) -> list[Tree]:
        """Return some factors without constants and without those shared with the others."""
        left, found = list(others), list[Tree]()
        for factor in some:
            at = next((at for at, one in enumerate(left) if self._equal(one, factor)), None)
            if at is not None:
                del left[at]
            elif not self._is_constant(factor):
                found.append(factor)
        return found

    def _equal(self, one: Tree, other: Tree) -> bool:
        if same(one, other):
            return True
        a, b = self.of(one), self.of(other)
        return a is not None and b is not None and near(a[1:], b[1:], np.abs(b[1:]))

    def _is_constant(self, tree: Tree) -> bool:
        value = self.of(tree)
        return value is not None and (not value.size or bool(np.all(value == value.flat[0])))

    def made_of_two(self, wanted: Array, times: Array) -> Tree | None:
        """Return the sum, difference, product or quotient of two names that is wanted / times.

        1 is tried, too, and a name's square in a difference: 1 - s*s, s - s*s.
        """
        with np.errstate(all="ignore"):
            quotient = (wanted / times)[1:].reshape(-1)[:_SAMPLE]
        at = np.flatnonzero(np.isfinite(quotient))
        sample = quotient[at]
        if not at.size or np.all(sample == sample[0]):
            return None
        trees, whole = self._basis
        rows = whole[:, at]
        plain = 1 + len(trees) // 2
        for function, operation in _OPERATIONS.items():
            tried = rows if function == "-" else rows[:plain]
            few = tried[:, :_FEW]
            for tree, row in zip(trees, tried, strict=False):
                may = np.flatnonzero(_agree(operation, row[:_FEW], few, sample[:_FEW]))
                for other in may[_agree(operation, row, tried[may], sample)]:
                    made = call(function, tree, trees[other])
                    if self._is(made, times, wanted):
                        return made
        return None

    def _is(self, factor: Tree, times: Array, wanted: Array) -> bool:
        value = self.of(factor)
        if value is None:
            return False
        with np.errstate(all="ignore"):
            return near((times * value)[1:], wanted[1:], np.abs(wanted[1:]))

    @cached_property
    def _basis(self) -> tuple[list[Tree], Array]:
        """1, the names that fit and their squares, with some of their numbers."""
        parts: list[Tree] = [Name(name, NOWHERE) for name in self.line.scope]
        parts += columns_like(self.trial, self.line)
        own = [(part, value) for part in parts if (value := self.of(part)) is not None]
        trees: list[Tree] = [Number(1.0, NOWHERE), *(part for part, _ in own)]
        trees += [call("*", part, part) for part, _ in own]
        rows = [value[1:].reshape(-1)[:_SAMPLE] for _, value in own]
        ones = np.ones_like(rows[0]) if rows else np.ones(1)
        return trees, np.stack([ones, *rows, *(row * row for row in rows)])

    def _resolve(self, name: Name) -> int:
        if name.name not in self.line.scope:
            raise InputError(f"'{name.name}' is not defined", name.place)
        return self.line.scope[name.name]


def _agree(operation: np.ufunc, row: Array, others: Array, sample: Array) -> NDArray[np.bool_]:
    """Return the others that an operation combined with a row takes to the sample."""
    with np.errstate(all="ignore"):
        distance = np.abs(operation(row, others) - sample)
    return np.asarray(np.all(distance <= TOLERANCE * np.abs(sample), axis=1))


def differences(
    trial: Trial, line: Line, world: Interpreter, wanted: Array, size: Array, expected: Tree
) -> tuple[Tweak, ...]:
    """Return the differences of a line from the `expected` expression; empty if there are too many.

    Each difference is a change of the whole line, and all give the same result.
    """
    values = Values(trial, line, world, wanted)
    truth = values.of(expected)
    if truth is None or not near(truth[1:], wanted[1:], size[1:]):
        return ()
    found = [
        edits
        for apart in (False, True)
        if (edits := _by_terms(values, line.tree, expected, size, apart))
    ]
    return min(found, key=len, default=()) or _common_factor(values, line.tree, expected, truth)


def _common_factor(values: Values, tree: Tree, expected: Tree, truth: Array) -> tuple[Tweak, ...]:
    """Return the sum that a product lacks as a factor, if all terms contain the product."""
    mine, total = _factors(tree, whole=True), None
    for term in terms_of(expected, apart=False):
        others = _factors(_bare(term), whole=True)
        rest = values.without(others, mine)
        if values.without(mine, others) or not rest:
            return ()
        part = product(rest)
        if total is None:
            total = call("neg", part) if _is_negative(term) else part
        else:
            total = call("-" if _is_negative(term) else "+", total, part)
    assert total is not None
    whole = call("*", tree, total)
    value = values.of(whole)
    if value is None or not near(value[1:], truth[1:], np.abs(truth[1:])):
        return ()
    return (Tweak((), whole, EditKind.ADD_FACTOR, None, total),)


def _by_terms(
    values: Values, tree: Tree, expected: Tree, size: Array, apart: bool
) -> tuple[Tweak, ...]:
    held, meant = (_valued(values, terms_of(one, apart)) for one in (tree, expected))
    if held is None or meant is None:
        return ()
    left, lacking = _unmatched(held, meant, size)
    if max(len(left), len(lacking)) > MOST_DIFFERENCES:
        return ()
    pairs = _paired(values, left, lacking, size)
    over = [one for one in left if all(one is not pair[0] for pair in pairs)]
    under = [one for one in lacking if all(one is not pair[1] for pair in pairs)]
    edits = [pair[2] for pair in pairs]
    edits += [Tweak((), tree, EditKind.DROP_TERM, _bare(one.tree), None) for one in over]
    edits += [Tweak((), tree, EditKind.ADD_TERM, None, _bare(one.tree)) for one in under]
    known = len(held) > len(left) or pairs
    if not known or (over and under) or not 0 < len(edits) <= MOST_DIFFERENCES:
        return ()
    whole = expected if apart else _corrected(held, pairs, over, under)
    return tuple(replace(edit, tree=whole) for edit in edits)


def lost_parts(trial: Trial, line: Line, world: Interpreter, wanted: Array) -> Iterator[Tweak]:
    """Yield the lost factor of a term, or the lost term, made of two names.

    It is solved for: the missing value is compared with combinations of two names.
    """
    values = Values(trial, line, world, wanted)
    terms = _valued(values, terms_of(line.tree, False))
    if not terms:
        return
    total: Array = np.sum([term.value for term in terms], axis=0)
    for term in terms:
        factor = values.made_of_two(wanted - total + term.value, term.value)
        if factor is not None:
            edit = Tweak((), line.tree, EditKind.ADD_FACTOR, None, factor)
            other = _Term(call("*", term.tree, factor), wanted)
            yield replace(edit, tree=_corrected(terms, [(term, other, edit)], (), ()))
            continue
        divisor = values.made_of_two(term.value, wanted - total + term.value)
        if divisor is not None:
            edit = Tweak((), line.tree, EditKind.ADD_FACTOR, None, divisor)
            other = _Term(call("/", term.tree, divisor), wanted)
            yield replace(edit, tree=_corrected(terms, [(term, other, edit)], (), ()))
    lost = values.made_of_two(wanted - total, np.ones_like(total))
    if lost is not None:
        yield Tweak((), call("+", line.tree, lost), EditKind.ADD_TERM, None, lost)


def _corrected(
    held: Sequence[_Term], pairs: Sequence[_Pair], over: Sequence[_Term], under: Sequence[_Term]
) -> Tree:
    """Return a line's own terms, except those to be replaced."""
    others = {id(one): other for one, other, _ in pairs}
    kept = [others.get(id(one), one) for one in held if all(one is not odd for odd in over)]
    first, *rest = (one.tree for one in (*kept, *under))
    for tree in rest:
        first = call("-" if _is_negative(tree) else "+", first, _bare(tree))
    return first


def terms_of(tree: Tree, apart: bool) -> list[Tree]:
    """Return the terms of an expression; with `apart`, products of sums are multiplied out.

    A subtracted term is negative.
    """
    match tree:
        case Call("+", (left, right)):
            return [*terms_of(left, apart), *terms_of(right, apart)]
        case Call("-", (left, right)):
            return [*terms_of(left, apart), *map(_negated, terms_of(right, apart))]
        case Call("neg", (operand,)):
            return [*map(_negated, terms_of(operand, apart))]
        case Call("*" | "@" as function, (left, right)) if apart:
            ways = [(a, b) for a in terms_of(left, apart) for b in terms_of(right, apart)]
            return [call(function, *way) for way in ways] if len(ways) > 1 else [tree]
        case Call("/", (left, right)) if apart:
            return [call("/", one, right) for one in terms_of(left, apart)]
        case Call(function, (operand,), options) if apart and function in _LINEAR:
            parts = terms_of(operand, apart)
            made: list[Tree] = [Call(function, (one,), options, tree.place) for one in parts]
            return made if len(parts) > 1 else [tree]
    return [tree]


def _negated(tree: Tree) -> Tree:
    return _bare(tree) if _is_negative(tree) else call("neg", tree)


def _is_negative(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.function == "neg"


def _bare(tree: Tree) -> Tree:
    """Return a term without its sign."""
    return tree.arguments[0] if isinstance(tree, Call) and tree.function == "neg" else tree


def _valued(values: Values, trees: Sequence[Tree]) -> list[_Term] | None:
    """Return terms with their values; None if there are too many or one has no value."""
    if len(trees) > MOST_TERMS:
        return None
    found = [_Term(tree, value) for tree in trees if (value := values.of(tree)) is not None]
    return found if len(found) == len(trees) else None


def _unmatched(
    held: Sequence[_Term], meant: Sequence[_Term], size: Array
) -> tuple[list[_Term], list[_Term]]:
    """Return the terms of each side that the other lacks."""
    left, lacking = list[_Term](), list(meant)
    for term in held:
        equal = [one for one in lacking if near(term.value[1:], one.value[1:], size[1:])]
        if equal:
            lacking = [one for one in lacking if one is not equal[0]]
        else:
            left.append(term)
    return left, lacking


def _paired(
    values: Values, left: Sequence[_Term], lacking: Sequence[_Term], size: Array
) -> list[_Pair]:
    """Return the remaining terms, each paired with the right one.

    As many as possible are paired, with the smallest differences.
    """
    ways = {
        (at, to): found
        for at, one in enumerate(left)
        for to, other in enumerate(lacking)
        if (found := _differing(values, one, other, size)) is not None
    }
    best, least = list[_Pair](), (0, 0)
    for order in permutations(range(max(len(left), len(lacking)))):
        taken = [place for place in enumerate(order) if place in ways]
        rank = (-len(taken), sum(ways[place][0] for place in taken))
        if rank < least:
            best = [(left[at], lacking[to], ways[at, to][1]) for at, to in taken]
            least = rank
    return best


def _differing(values: Values, held: _Term, meant: _Term, size: Array) -> tuple[int, Tweak] | None:
    """Return how a term differs from another; smaller numbers mean less."""
    ratio, tree = constant_ratio(meant.value, held.value, size), meant.tree
    if ratio:
        change = EditKind.NEGATE if ratio == -1 else EditKind.SCALE
        return 0, Tweak((), tree, change, held.tree, meant.tree)
    if _is_negative(held.tree) != _is_negative(meant.tree):
        return None
    for whole in (True, False):
        mine, others = (_factors(_bare(one.tree), whole) for one in (held, meant))
        odd, lost = values.without(mine, others), values.without(others, mine)
        if len(odd) == len(values.without(mine, ())):
            continue
        match odd, lost:
            case [], [_, *_]:
                parts = [_factors(_bare(one.tree), True) for one in (meant, held)]
                new = product(values.without(*parts) or lost)
                return 1, Tweak((), tree, EditKind.ADD_FACTOR, None, new)
            case [_, *_], []:
                return 1, Tweak((), tree, EditKind.DROP_FACTOR, product(odd), None)
            case [old], [new]:
                old, new = _upright(old), _upright(new)
                names = isinstance(old, Name) and isinstance(new, Name)
                change = EditKind.REPLACE if names else EditKind.REPLACE_FACTOR
                if names or not whole:
                    return 2 + (not names), Tweak((), tree, change, old, new)
    return None


def _factors(tree: Tree, whole: bool) -> list[Tree]:
    """Return the factors of a product, a divisor as 1/x; matrix products may be kept whole."""
    match tree:
        case Call("*", (left, right)):
            return [*_factors(left, whole), *_factors(right, whole)]
        case Call("@", (left, right)) if not whole:
            return [*_factors(left, whole), *_factors(right, whole)]
        case Call("/", (left, right)):
            return [*_factors(left, whole), *map(_inverse, _factors(right, whole))]
        case Number(1.0):
            return []
    return [tree]


def _inverse(tree: Tree) -> Tree:
    match tree:
        case Call("/", (Number(1.0), divisor)):
            return divisor
    return call("/", Number(1.0, tree.place), tree)


def _upright(tree: Tree) -> Tree:
    return tree.arguments[0] if isinstance(tree, Call) and tree.function == "T" else tree
