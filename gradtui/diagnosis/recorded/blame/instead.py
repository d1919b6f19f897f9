"""Replacements of an expression: a slope of another function, a matrix product.

There are many: a glance tells which are worth a run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import permutations

from msgspec import Struct

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.material import arrays
from gradtui.diagnosis.recorded.blame.missing import SLOPES
from gradtui.diagnosis.recorded.blame.pulled import pulled
from gradtui.diagnosis.recorded.blame.scope import Held, Shape
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.engine.shapes import stretches

_SLOPED, _MULTIPLIED = 10, 10
"""Most arrays whose slopes are tried, and most that are multiplied."""
_SUMMED, _WITH = 8, 32
"""Most arrays that are multiplied for a term, and most by which each is."""
_ACTIVATIONS = 3
"""Those of them that a function may return alone."""
_APART = 6
"""Most arrays of which two are subtracted."""
_ALONG, _EXPONENTS = 4, 4
"""Most arrays whose part is left out, and most exponents."""
_SHORT = 30
"""Longest call, in characters, whose slope is tried."""
_PRODUCTS, _OUTER = 40, 20
"""Most products tried in one place, and most outer ones of them."""


class Instead(Struct, frozen=True, eq=False):
    """A possible replacement text of an expression."""

    slot: Slot
    text: str
    binding: int
    """Its precedence."""
    rule: str
    told: str
    term: tuple[str, ...] | None = None
    """The factors of the term that it adds to the expression."""
    sign: float = 1.0

    @property
    def candidate(self) -> Candidate:
        """The edit that puts it there."""
        own, node = self.slot.s.text(self.slot.node), self.slot.node
        edit = self.slot.s.replaced(node, self.text, self.binding)
        named = self.term is not None and is_leaf(node)  # computed on another line
        # Nobody writes a long expression twice: it has a name there.
        repeated = not is_leaf(node) and self.text.count(own) > 1
        cost = 3 + 2 * (named or repeated)
        return Candidate((edit,), self.rule, self.told, cost, self.text, node)


def insteads(s: Statement, slots: Sequence[Slot]) -> Iterator[Instead]:
    """Yield replacements of factors, and of incomplete expressions."""
    for slot in [*slots, *_leaves(s)]:
        yield from _products(slot)
        added = isinstance(slot.node, ast.BinOp) and isinstance(slot.node.op, ast.Add | ast.Sub)
        if added or slot.whole or _is_folded(slot) or _is_scaled(slot):
            yield from _sums(slot)
        yield from _centred(slot)
        yield from _powers(slot)
        if slot.whole:
            yield from _differences(slot)
        if _is_factor(slot):
            yield from _slopes(slot, SLOPES)
        elif isinstance(slot.s.parents.get(slot.node), ast.Return | ast.Lambda):
            yield from _slopes(slot, SLOPES[:_ACTIVATIONS])


def _leaves(s: Statement) -> Iterator[Slot]:
    """Yield the names that are factors, or divided."""
    for node in s.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            product = isinstance(node.op, ast.Mult)
            for one in (node.left, node.right) if product else (node.left,):
                if is_leaf(one) and s.shape(one):
                    yield Slot(s, one, s.shape(one))


def _is_folded(slot: Slot) -> bool:
    """Return whether the elements of a product are summed by a method."""
    parent, node = slot.s.parents.get(slot.node), slot.node
    product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)
    return product and isinstance(parent, ast.Attribute) and parent.attr in ("sum", "mean")


def _is_scaled(slot: Slot) -> bool:
    """Return whether an expression times a written number is all that is stored."""
    parent = slot.s.parents.get(slot.node)
    product = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult)
    if not product or parent not in slot.s.values or not isinstance(parent, ast.BinOp):
        return False
    return isinstance(parent.left, ast.Constant)


def _is_factor(slot: Slot) -> bool:
    """Return whether an expression is a factor."""
    node, parent = slot.node, slot.s.parents.get(slot.node)
    if isinstance(parent, ast.BinOp):
        return isinstance(parent.op, ast.Mult)
    if isinstance(parent, ast.AugAssign):
        return isinstance(parent.op, ast.Mult)
    if not isinstance(parent, ast.Call) or not isinstance(parent.func, ast.Attribute):
        return False
    return parent.func.attr == "multiply" and node in parent.args


def _slopes(slot: Slot, forms: Sequence[str]) -> Iterator[Instead]:
    """Yield the slopes of functions, because another function's may have been taken."""
    own = slot.s.text(slot.node)
    alike = [name for name, held in _named(slot.s) if held.shape == slot.shape][:_SLOPED]
    if isinstance(slot.node, ast.Call) and len(own) <= _SHORT:
        alike.append(own)  # a function for its slope
    for form in forms:
        for name in alike:
            text = form.format(name, name, n=slot.s.numpy)
            if text.strip("()") != own.strip("()"):
                told = f"{own} must be {text[1:-1] if text[0] == '(' else text}"
                binding = 9 if form.startswith(("(", "{n}")) else 2
                yield Instead(slot, text, binding, "wrong-point", told)


def _centred(slot: Slot) -> Iterator[Instead]:
    """Yield an array without its mean, or without its part along another one."""
    s, shape = slot.s, slot.shape
    if not shape:
        return
    own, inner = s.text(slot.node), s.inside(slot.node, 1)
    reached, kept = s.inside(slot.node, 9), s.dialect.keepdims
    alike = [name for name, held in _named(s) if held.shape == shape and name != own][:_ALONG]
    for axis in dict.fromkeys(("-1", "0", *(["1"] if len(shape) > 2 else []))):
        rest = f"{axis}, {kept}=True"
        found = [f"{reached}.mean({rest})", f"{reached}.sum({rest})"]
        found += [f"{one} * ({s.inside(slot.node, 2)} * {one}).sum({rest})" for one in alike]
        found += [f"{one} * {reached}.sum({rest})" for one in alike]
        for term in found:
            told = f"the term -{term} is missing"
            yield Instead(slot, f"{inner} - {term}", 1, "missing-term", told)


def _differences(slot: Slot) -> Iterator[Instead]:
    """Yield an expression times the difference of two arrays, as between two gated values."""
    s, own = slot.s, slot.s.inside(slot.node, 2)
    alike = [name for name, held in _named(s) if slot.shape and held.shape == slot.shape]
    for one, two in permutations(alike[:_APART], 2):
        told = f"the factor ({one} - {two}) is missing"
        yield Instead(slot, f"{own} * ({one} - {two})", 2, "missing-factor", told)


def _powers(slot: Slot) -> Iterator[Instead]:
    """Yield powers whose exponents are numbers in scope."""
    s = slot.s
    if not slot.shape:
        return
    named = [
        text for text, held in s.scope.items()
        if held.kind == "f" and not held.shape and held.value not in (None, 0.0, 1.0)
    ]  # fmt: skip
    for name in named[:_EXPONENTS]:
        for power in (name, f"{name} - 1", f"1 - {name}", f"1 / {name}"):
            text = f"{s.inside(slot.node, 9)} ** {power if power == name else f'({power})'}"
            told = f"the power must be {power}"
            yield Instead(slot, text, 4, "missing-factor", told)


def _sums(slot: Slot) -> Iterator[Instead]:
    """Yield a sum with one more term that is a product of two arrays, or of two matrices."""
    s = slot.s
    flowing = pulled(s, slot.shape)
    for term in dict.fromkeys([*flowing, *_multiplied(slot)[:_PRODUCTS], *_outer(slot)]):
        for sign in "-+":
            text = f"{s.inside(slot.node, 1)} {sign} {term}"
            told = f"the term {sign.replace('+', '')}{term} is missing"
            yield Instead(slot, text, 1, "missing-term", told, (term,), float(f"{sign}1"))
    near = [name for name, held in _named(s) if slot.shape and stretches(held.shape, slot.shape)]
    alike = [name for name, held in (*_named(s), *arrays(s))
             if held.shape == slot.shape and held.kind == "f"]  # fmt: skip
    for one in [*dict.fromkeys(alike)][:_SUMMED]:
        for two in [*dict.fromkeys([*near, *alike])][:_WITH]:
            for sign in "-+":
                told = f"the term {sign.replace('+', '')}{one} * {two} is missing"
                text = f"{s.inside(slot.node, 1)} {sign} {one} * {two}"
                yield Instead(slot, text, 1, "missing-term", told, (one, two),
                              float(f"{sign}1"))  # fmt: skip


def _products(slot: Slot) -> Iterator[Instead]:
    """Yield products of two matrices, one of which may be the present expression."""
    s, shape = slot.s, slot.shape
    if not shape:
        return
    own = s.text(slot.node)
    if len(shape) > 2:
        yield from _stacked(slot, shape)
        return
    for name, found in _matrices(s):
        if found == (shape[0], shape[0]) and name != own:
            text = _product(s, name, s.inside(slot.node, 9))
            yield Instead(slot, text, 2, "missing-factor", f"the factor {name} is missing")
        if found == (shape[-1], shape[-1]) and name != own:
            text = _product(s, s.inside(slot.node, 2), name)
            yield Instead(slot, text, 2, "missing-factor", f"the factor {name} is missing")
    for text in _multiplied(slot)[:_PRODUCTS]:
        if text != own:
            yield Instead(slot, text, 2, "wrong-variable", f"{own} must be {text}")


def _stacked(slot: Slot, shape: Shape) -> Iterator[Instead]:
    """Yield the product of an expression with each stack of square matrices that fits it."""
    s, own = slot.s, slot.s.inside(slot.node, 9)
    named = [(n, held.shape) for n, held in _named(s) if held.shape[:-2] == shape[:-2]]
    turns = [s.dialect.swapped, *(text for text, axes in s.orders.items() if axes == len(shape))]
    for name, found in [pair for pair in named if len(pair[1]) == len(shape)][:_MULTIPLIED]:
        turned = [name, *(f"{name}{turn}" for turn in dict.fromkeys(turns))]
        for text in turned if name != s.text(slot.node) else ():
            told = f"the factor {text} is missing"
            if found[-2:] == (shape[-2],) * 2:
                yield Instead(slot, f"{text} @ {own}", 2, "missing-factor", told)
            if found[-2:] == (shape[-1],) * 2:
                yield Instead(slot, f"{own} @ {text}", 2, "missing-factor", told)


def _matrices(s: Statement) -> list[tuple[str, Shape]]:
    """Return the vectors and matrices in scope, and the transposes of these, with their shapes."""
    named = [(n, held.shape) for n, held in _named(s) if len(held.shape) in (1, 2)]
    kept = [one for one in named[_MULTIPLIED:] if one[0] not in s.recent and len(one[1]) == 2]
    plain = named[:_MULTIPLIED] + kept[:_MULTIPLIED]  # what a layer keeps is not the latest
    turned = [(f"{name}{s.transpose}", found[::-1]) for name, found in plain if len(found) == 2]
    return [*plain, *turned]


def _multiplied(slot: Slot) -> list[str]:
    """Return the matrix products, and the outer products of vectors, of an expression's shape."""
    arrays, s = _matrices(slot.s), slot.s
    outer = [
        f"{s.numpy}outer({one}, {two})" for one, left in arrays for two, right in arrays
        if s.numpy and len(left) == len(right) == 1 and (*left, *right) == slot.shape
    ]  # fmt: skip
    return outer[:_OUTER] + [
        _product(s, one, two) for one, left in arrays for two, right in arrays
        if slot.shape and _shape(left, right) == slot.shape
    ]  # fmt: skip


def _outer(slot: Slot) -> list[str]:
    """Return the outer products of an expression's shape, if the function takes any."""
    s, shape = slot.s, slot.shape
    if b"outer(" not in s.unit.source or not shape or len(shape) != 2:
        return []
    vectors = [(name, held.shape) for name, held in _named(s) if len(held.shape) == 1]
    return [
        f"{s.numpy}outer({one}, {two})"
        for one, rows in vectors for two, columns in vectors if rows + columns == shape
    ][:_PRODUCTS]  # fmt: skip


def _shape(one: Shape, two: Shape) -> Shape | None:
    """Return the shape of a product; None without one."""
    return (*one[:-1], *two[1:]) if one[-1] == two[0] else None


def _product(s: Statement, one: str, two: str) -> str:
    """Return a product in the function's own style."""
    source = s.unit.source
    if s.numpy and b"@" not in source and b"dot(" in source:
        return f"{s.numpy}dot({one}, {two})"
    return f"{one} @ {two}"


def _named(s: Statement) -> list[tuple[str, Held]]:
    """Return the arrays of floats in scope, the latest first."""
    found = [(text, held) for text, held in s.scope.items() if held.kind == "f" and held.shape]
    return sorted(found, key=lambda pair: -s.recent.get(pair[0], 0))
