"""What a function is given or keeps and nothing uses: a forgotten part of an expression."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.computing import needed, own_functions, own_methods
from gradtui.diagnosis.recorded.blame.expressions import is_leaf, multiplied
from gradtui.diagnosis.recorded.blame.forgotten import forgotten, is_kept
from gradtui.diagnosis.recorded.blame.names import is_of_gradient
from gradtui.diagnosis.recorded.blame.scope import Held, Shape
from gradtui.diagnosis.recorded.blame.slots import Slot
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.blame.uses import filled_in_vain
from gradtui.engine.shapes import stretches

_MOST = 4
"""Most such names of a statement that are tried."""
_PRODUCTS = 8
"""Most products with such a name that are tried as a term."""
_AXES = 3
"""Most axes that an expression of unknown shape may have."""
_ARRAYS, _OTHERS, _PLACES = 2, 8, 6
"""Most such arrays, most by which each is multiplied, and most places for their product."""
_PARTS = 2
"""Most parts of such an array that are tried."""


def idles(s: Statement, slots: Sequence[Slot]) -> Iterator[Candidate]:
    """Yield factors and terms that nothing uses, in the places where a part may be missing.

    What the function itself has computed, or is given, is likelier missing in a whole value, and
    so is what its object keeps.
    """
    for at, text in enumerate(forgotten(s)):
        held = s.scope.get(text)
        if held is None or held.kind not in "fbi" or (held.kind == "i" and held.shape):
            continue
        if held.kind == "i" and held.value == 0:
            continue  # a count that has not begun is no factor
        if text in s.idle:
            yield from _instead(s, s.spelled(text), held)
            yield from _in_all(s, s.spelled(text), held.shape, slots)
        for slot in slots:
            own = slot.whole and text in s.idle
            if own or at < _MOST:
                # One of many numbers that nothing uses may be there for other reasons.
                kept = bool(slot.shape) and is_kept(s, text)
                near = slot.whole and bool(held.shape) and (own or kept)
                yield from _in_slot(slot, s.spelled(text), held, near=near)
                for picked, part in _picked(s, text) if own and near else ():
                    yield from _in_slot(slot, picked, part, near=near)
                for called in _called_with(s, text) if own and near and held.kind == "f" else ():
                    usual = f"{called.partition('(')[0]}(".encode() in s.unit.source
                    yield from _in_slot(slot, called, held, near=usual, given=text)
        if held.kind == "f" and at < _MOST:
            yield from _terms(s, s.spelled(text))
            yield from _in_factors(s, s.spelled(text), held.shape) if text in s.idle else ()


def uncalled(s: Statement, slots: Sequence[Slot]) -> Iterator[Candidate]:
    """Yield factors that functions make which a function stores and never calls, of arrays."""
    stored = [name for name in s.idle if callable(s.locals.get(name))]
    for slot, name in product([one for one in slots if one.whole], stored):
        arrays = [text for text, held in s.scope.items()
                  if (held.shape, held.kind) == (slot.shape, "f")]  # fmt: skip
        for text in arrays[:_ARRAYS] if slot.shape else ():
            factor = f"{name}({s.spelled(text)})"
            told = f"the factor {factor} is missing: {s.unit.code.co_name} does not use {name}"
            yield Candidate((slot.times(factor),), "missing-factor", told, 0, factor, slot.node)


def _in_all(s: Statement, text: str, shape: Shape, slots: Sequence[Slot]) -> Iterator[Candidate]:
    """Yield a name that nothing uses as a factor of all that a statement returns at once."""
    whole = [one for one in slots if one.whole]
    if not isinstance(s.node, ast.Return) or len(whole) < 2:
        return
    fitting = [next(_fitting(text, shape, one.shape), None) for one in whole]
    edits = [slot.times(one) for slot, one in zip(whole, fitting, strict=True) if one is not None]
    if len(edits) == len(whole):
        told = f"the factor {text}, {_unused(s, text)}, is missing in all of them"
        yield Candidate((*edits,), "missing-factor", told, 0, text, s.node)


def _instead(s: Statement, text: str, held: Held) -> Iterator[Candidate]:
    """Yield a name that nothing uses in the place of another, to whose shape it can be stretched.

    One of the same shape is tried as any other name is, unless the other stands there twice.
    """
    names = [one for one in s.nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    often = Counter(one.id for one in names)
    for node in names:
        other = s.held(node)
        alike = other is not None and other.kind == held.kind and (
            other.shape != held.shape or often[node.id] > 1
        )  # fmt: skip
        if other is not None and alike and stretches(held.shape, other.shape):
            told = f"{node.id} must be {text}, {_unused(s, text)}"
            yield Candidate((s.replaced(node, text),), "wrong-variable", told, 0, text, node)


def _picked(s: Statement, text: str) -> Sequence[tuple[str, Held]]:
    """Return the parts of an array that other functions pick from one of that name."""
    parts = {one: held for one, held in s.expressions if one.startswith(f"{text}[")}
    return [*parts.items()][:_PARTS]


def _called_with(s: Statement, text: str) -> Iterator[str]:
    """Yield what functions of the file, or methods of the object, make of an array."""
    own = s.unit.code.co_name
    for function, arity in own_functions(s):
        if arity == 1 and function != own:
            yield f"{function}({s.spelled(text)})"
    for method, one in own_methods(s):
        if needed(one) == 2:  # the object itself counts
            yield f"{method}({s.spelled(text)})"


def _in_slot(
    slot: Slot, text: str, held: Held, *, near: bool, given: str | None = None
) -> Iterator[Candidate]:
    """Yield the edits that put a text to a slot; it may be made of a name that is `given`."""
    s, node, cost = slot.s, slot.node, 0 if near else 1
    one = isinstance(node, ast.Constant) and node.value == 1  # times which a name would be itself
    if one or re.search(rf"(?<![\w.]){re.escape(text)}(?!\w)", s.text(node)):
        return
    for fitting in (*_fitting(text, held.shape, slot.shape), *_taken(slot, text, held.shape)):
        named = f"{fitting}, {_unused(s, text)}, is missing"
        if given is not None:
            named = f"{fitting} is missing: {s.unit.code.co_name} does not use {given}"
        if slot.takes_factors:
            told, handed = f"the factor {named}", _handed_on(slot, text) if near else None
            edit = slot.times(fitting) if handed is None else _times(s, handed, fitting)
            yield Candidate((edit,), "missing-factor", told, cost, fitting, handed or node)
        if slot.takes_factors and held.kind != "b":
            edit, told = slot.times(f"1 / {fitting}"), f"the division by {named}"
            further = 1 if held.kind == "i" else 2  # by a count
            yield Candidate((edit,), "missing-factor", told, further, f"1 / {fitting}", node)
        for sign in "+-" if held.kind == "f" and slot.takes_numbers else "":
            edit = s.replaced(node, f"{s.inside(node, 1)} {sign} {fitting}", 1)
            further = cost + (sign == "-" and not near)
            yield Candidate((edit,), "missing-path", f"the term {named}", further, fitting, node)


def _in_factors(s: Statement, text: str, shape: Shape) -> Iterator[Candidate]:
    """Yield products with a name that nothing uses as a term of a factor, such as a mean."""
    for value in s.values:
        factors = [one for one in multiplied(value) if is_leaf(one) and one is not value]
        for factor in factors if text not in s.text(value) else ():
            wanted = s.shape(factor)
            for fitting in _fitting(text, shape, wanted) if wanted else ():
                for sign in "-+":
                    edit = s.replaced(factor, f"{s.text(factor)} {sign} {fitting}", 1)
                    named = f"the term {fitting}, {_unused(s, text)}, is missing"
                    yield Candidate((edit,), "missing-term", named, 1, fitting, factor)


def _unused(s: Statement, text: str) -> str:
    """Return what does not use a text: its function alone, which has it, or all of the code."""
    name = s.unit.code.co_name
    if text in s.idle and name.isidentifier():
        return f"which {name} does not use"
    return "which nothing uses"


def _handed_on(slot: Slot, factor: str) -> ast.Name | None:
    """Return where the function returns what a statement stores, if that is all it does with it.

    A slope, which is not named as a gradient, is multiplied there by the one that is given.
    """
    s = slot.s
    if not any(isinstance(one, ast.arg) and one.arg == factor for one in s.unit.nodes):
        return None
    made = isinstance(s.node, ast.Assign) and slot.whole and not is_leaf(s.node.value)
    target = s.node.targets[0] if isinstance(s.node, ast.Assign) and made else None
    if not isinstance(target, ast.Name) or is_of_gradient(target.id):
        return None
    returned = [
        part for one in s.unit.of(ast.Return) if one.value is not None
        for part in (one.value.elts if isinstance(one.value, ast.Tuple) else [one.value])
    ]  # fmt: skip
    read = [one for one in s.unit.of(ast.Name) if one.id == target.id
            and isinstance(one.ctx, ast.Load) and one.lineno > s.node.lineno]  # fmt: skip
    return read[0] if len(read) == 1 and read[0] in returned else None


def _times(s: Statement, node: ast.Name, factor: str) -> Edit:
    return Edit(s.unit.start(node), s.unit.end(node), f"{node.id} * {factor}")


def _terms(s: Statement, text: str) -> Iterator[Candidate]:
    """Yield sums with a term that nothing uses as a factor, of an entry or an array beside it.

    The entry is picked as where the factor is computed, or by parts of the indices beside it.
    """
    value = s.value()
    added = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub)
    if value is None or not added or text in s.text(value):
        return
    entries = [one for one in walked(value) if isinstance(one, ast.Subscript)]
    names = [one for one in walked(value) if isinstance(one, ast.Name) and s.shape(one)]
    places = [*_computed_at(s, text), *_combined([one.slice for one in entries], s)]
    arrays = dict.fromkeys(s.text(one.value) for one in entries if isinstance(one.value, ast.Name))
    others = [f"{array}[{place}]" for place in places for array in arrays]
    others = [one for one in others if one not in s.text(value)] + [s.text(one) for one in names]
    for other in [*dict.fromkeys(others)][:_PRODUCTS]:
        edit = s.replaced(value, f"{s.text(value)} + {other} * {text}", 1)
        told = f"the term {other} * {text} is missing: nothing uses {text}"
        yield Candidate((edit,), "missing-path", told, 1, f"{other} * {text}", value)


def _computed_at(s: Statement, text: str) -> Iterator[str]:
    """Yield the indices of the entries that a name is computed from."""
    for node in s.unit.nodes:
        if isinstance(node, ast.Assign) and text in map(ast.unparse, node.targets):
            inner = (one for one in walked(node.value) if isinstance(one, ast.Subscript))
            yield from (s.text(one.slice) for one in inner)


def _combined(indices: Sequence[ast.expr], s: Statement) -> Iterator[str]:
    """Yield the indices that have each part from one of several."""
    parts = [one.elts if isinstance(one, ast.Tuple) else [one] for one in indices]
    if len({len(one) for one in parts}) == 1:
        axes = [dict.fromkeys(map(s.text, axis)) for axis in zip(*parts, strict=True)]
        yield from (", ".join(one) for one in product(*axes))


def _fitting(text: str, held: Shape, wanted: Shape | None) -> Iterator[str]:
    """Yield an array that can be stretched to a shape, or be given axes for that."""
    if wanted is None or stretches(held, wanted) or stretches(wanted, held):
        yield text
    ranks = range(len(held) + 1, _AXES + 1) if wanted is None else [len(wanted)]
    for more in (rank - len(held) for rank in ranks if held and rank > len(held)):
        if wanted is None or wanted[: len(held)] == held:
            yield f"{text}[{', '.join([':'] * len(held) + ['None'] * more)}]"
    for more in range(len(wanted or ()) - 2, 0, -1) if len(held) == 1 else ():
        if wanted is not None and wanted[-1 - more] == held[0]:  # along an axis within
            yield f"{text}[:{', None' * more}]"
    outer = wanted is not None and 0 < len(held) == len(wanted) - 1 and held[:-1] == wanted[:-2]
    if outer and wanted is not None and 1 in wanted[-2:]:
        # The other one of the two whose outer product it is, for each of a batch.
        yield f"{text}[..., {'None, :' if wanted[-1] == 1 else ':, None'}]"


def _taken(slot: Slot, text: str, shape: Shape) -> Iterator[str]:
    """Yield the rows of an array that indices in scope pick, such as that of each item's group."""
    wanted = slot.shape
    if not shape or not wanted or shape[1:] != wanted[1:]:
        return
    indices = [name for name, held in slot.s.scope.items() if held == Held(wanted[:1], "i")]
    yield from (f"{text}[{name}]" for name in indices[:_PARTS])


def unread(s: Statement) -> Iterator[Candidate]:
    """Yield matrix products and states of a recurrence with a name that nothing reads.

    And whole numbers that those of such a name shift, as those of a part by where it begins; and
    such a list where another name is returned.
    """
    yield from _gathered(s)
    held = [(name, s.scope.get(name)) for name in s.idle]
    shifts = [name for name, one in held if one is not None and one.kind == "i" and one.shape]
    for node, name in product(s.values, shifts[:_ARRAYS]):
        own = s.held(node)
        if own is not None and own.kind == "i" and own.shape:
            told = f"{name}, which {s.unit.code.co_name} does not use, must be added"
            edit = s.replaced(node, f"{s.text(node)} + {name}")
            yield Candidate((edit,), "missing-term", told, 1, name, node)
    arrays = [(name, one) for name, one in held if one is not None and one.kind == "f"]
    for name, one in [pair for pair in arrays if pair[1].shape][:_ARRAYS]:
        for place, own_shape in _places(s):
            yield from _products(s, place, own_shape, name, one.shape)
            yield from _begun(s, place, own_shape, name, one.shape)


def _gathered(s: Statement) -> Iterator[Candidate]:
    """Yield a list that the function fills in vain in the place of a name that it returns.

    Or of one that it takes a part of: nothing else is meant to read the list.
    """
    filled = filled_in_vain(s.unit.node) & s.locals.keys()
    returned = isinstance(s.node, ast.Return)
    for name in (one for one in sorted(filled) if isinstance(s.locals.get(one), list)):
        for node in s.nodes:
            place = s.parents.get(node)
            parted = isinstance(place, ast.Subscript) and place.value is node and (
                isinstance(place.ctx, ast.Load))  # fmt: skip
            if isinstance(node, ast.Name) and node.id != name and (returned or parted):
                told = f"{node.id} must be {name}, which {s.unit.code.co_name} does not use"
                yield Candidate((s.replaced(node, name),), "wrong-variable", told, 0, name, node)


def _places(s: Statement) -> list[tuple[ast.expr, Shape]]:
    """Return the arrays of a statement, whose value something may be missing in."""
    found = list[tuple[ast.expr, Shape]]()
    for node in s.nodes:
        plain = isinstance(node, ast.BinOp | ast.Call) or is_leaf(node)
        loaded = not isinstance(getattr(node, "ctx", None), ast.Store) and node not in s.indexing
        if isinstance(node, ast.expr) and plain and loaded:
            shape = s.shape(node) or s.shape_of_value(node)
            found += [(node, shape)] if shape else []
    found.sort(key=lambda pair: not is_leaf(pair[0]))
    return found[:_PLACES]


def _products(
    s: Statement, node: ast.expr, own: Shape, name: str, shape: Shape
) -> Iterator[Candidate]:
    """Yield the sums with a matrix product of a name with another one."""
    stack = own[:-2]
    if len(own) < 2 or len(shape) != len(own) or shape[:-2] != stack:
        return
    turned = s.dialect.swapped if stack else s.transpose
    others = [
        (text, held.shape)
        for text, held in s.scope.items()
        if held.kind == "f" and len(held.shape) == len(own) and held.shape[:-2] == stack
        and text not in (name, s.text(node))
    ]  # fmt: skip
    others.sort(key=lambda pair: -s.recent.get(pair[0], 0))
    for other, size in others[:_OTHERS]:
        for left, rows in ((name, shape[-2:]), (f"{name}{turned}", shape[:-3:-1])):
            for right, columns in ((other, size[-2:]), (f"{other}{turned}", size[:-3:-1])):
                for (one, first), (two, last) in (
                    ((left, rows), (right, columns)),
                    ((right, columns), (left, rows)),
                ):
                    if first[1] == last[0] and (first[0], last[1]) == own[-2:]:
                        term = f"{one} @ {two}"
                        text = f"{s.inside(node, 1)} + {term}"
                        told = f"the term {term} is missing: nothing uses {name}"
                        edit = s.replaced(node, text, 1)
                        yield Candidate((edit,), "missing-path", told, 0, term, node)


def _begun(
    s: Statement, node: ast.expr, own: Shape, name: str, shape: Shape
) -> Iterator[Candidate]:
    """Yield the values of a recurrence one step earlier, which begin with a name's."""
    if not is_leaf(node) or s.dialect.axis != "dim":
        return
    for axis in (0, 1):
        if len(own) == len(shape) + 1 and own[:axis] + own[axis + 1 :] == shape:
            cut = f"{':, ' * axis}:-1"
            text = f"{s.numpy}cat([{name}.unsqueeze({axis}), {s.text(node)}[{cut}]], dim={axis})"
            told = f"{s.text(node)} is needed one step earlier, begun with {name}"
            yield Candidate((s.replaced(node, text),), "wrong-variable", told, 0, text, node)
