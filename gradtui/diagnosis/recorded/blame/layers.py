"""Layers whose backward function is wrong by itself, whatever the others do.

Given the adjoint of what the layer's forward function returned, or a multiple of it, the backward
function must return the vector-Jacobian product of the forward one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import permutations
from types import CodeType, FrameType
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.elements import reached
from gradtui.diagnosis.recorded.blame.entered import Entered, Entries
from gradtui.diagnosis.recorded.blame.kept import is_strange
from gradtui.diagnosis.recorded.blame.resets import is_spoilt
from gradtui.diagnosis.recorded.blame.roles import is_gradient_of
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.runs import Lost, root_of
from gradtui.recording.recorder import Recorder
from gradtui.recording.run import Result
from gradtui.recording.slopes import Untold
from gradtui.recording.sweep import gradients, through
from gradtui.recording.tape import Leaf, Moved, Tape

Array = NDArray[Any]
Key = tuple[str, int, str]
"""The file, first line and name of a function."""
_PARTS = 12
"""Most arrays of a tuple, list or dict that is given or returned."""
_SAME = 1e-7
"""The largest difference of equal arrays, relative to their largest element."""
_NEAR = 1e-4
"""The same of arrays that only a small number keeps apart, such as an epsilon of a forward half."""
_LESS = 3
"""By how many tiers other functions are less likely wrong."""
_LAST = 4
"""The last tier that is tried."""
_PAIRS = 100
"""Most calls of a layer that one of its backward function may be of, when it seems wrong."""


class _Call(Entered, eq=False, kw_only=True):
    """A call of one of the user's functions."""

    owner: object
    """The object whose method it is."""
    outer: _Call | None
    given: Sequence[int]
    """The nodes of its arguments."""
    returned: Sequence[int] = ()
    alone: frozenset[int] = frozenset()
    """The parameters of those that nothing else in the forward half uses."""

    @property
    def key(self) -> Key:
        return key_of(self.code)

    @property
    def around(self) -> Iterator[Key]:
        """The functions that it runs in."""
        outer = self.outer
        while outer is not None:
            yield outer.key
            outer = outer.outer

    def is_within(self, other: _Call) -> bool:
        """Return whether it is made by another call, perhaps by way of others."""
        outer = self.outer
        while outer is not None and outer is not other:
            outer = outer.outer
        return outer is other

    def belongs_to(self, other: _Call) -> bool:
        """Return whether it may be the backward half of a layer that another call is of."""
        if self.owner is not None or other.owner is not None:
            return self.owner is other.owner and self.code is not other.code
        return is_gradient_of(self.code.co_name, other.code.co_name)


class Faulty(Struct, frozen=True, eq=False):
    """The functions of layers that are wrong by themselves, with the helpers of no others."""

    keys: frozenset[Key] = frozenset()
    sound: frozenset[Key] = frozenset()
    """Those that are right by themselves, and do nothing else than return that."""

    def among(self, suspects: list[Suspect]) -> list[Suspect]:
        """Return suspects as what is known of layers makes them: likelier in these alone."""
        if not self.keys | self.sound:
            return suspects
        least = dict[Key, int]()
        for one in suspects:
            key = key_of(one.statement.unit.code)
            least[key] = min(one.tier, least.get(key, one.tier))
        return [self._told(one, least) for one in suspects]

    def _told(self, suspect: Suspect, least: Mapping[Key, int]) -> Suspect:
        key = key_of(suspect.statement.unit.code)
        strange = is_strange(suspect.statement.unit, suspect.statement.node)
        if strange or is_spoilt(suspect.statement):
            return suspect  # a function that is given it is wrong by that
        if suspect.tier <= 1 and _has_lambda(suspect.statement):
            return suspect  # a layer that calls it is
        if key in self.keys:
            return replace(suspect, tier=suspect.tier - least[key])
        if self.keys and self._is_told(suspect.statement):
            return replace(suspect, tier=min(suspect.tier, 1))
        if self.keys or (key in self.sound and not _stores(suspect.statement.unit)):
            return replace(suspect, tier=min(_LAST, suspect.tier + _LESS))
        return suspect

    def _is_told(self, s: Statement) -> bool:
        """Return whether a statement calls a wrong function with more than a gradient.

        It may be called with something wrong.
        """
        calls = (one for one in s.nodes if isinstance(one, ast.Call) and len(one.args) > 1)
        named = {getattr(one.func, "attr", getattr(one.func, "id", "")) for one in calls}
        return any(name in named for _, _, name in self.keys)


NONE = Faulty()


def _has_lambda(s: Statement) -> bool:
    return s.unit.body is not None or any(isinstance(one, ast.Lambda) for one in s.nodes)


def key_of(code: CodeType) -> Key:
    """Return what tells a function from others, edited or not."""
    return code.co_filename, code.co_firstlineno, code.co_name


def may_have(units: Sequence[Unit]) -> bool:
    """Return whether some functions may be the halves of a layer."""
    names = [one.code.co_name for one in units if one.owner is None]
    owners = [one.owner for one in units if one.owner is not None]
    named = any(is_gradient_of(one, two) for one, two in permutations(names, 2))
    return named or len(set(owners)) < len(owners)


class Layers(Entries[_Call]):
    """The calls of the user's functions in a recorded run, with the nodes that they hand on."""

    def faulty(self, result: Result) -> Faulty:
        """Return the functions of layers that are wrong by themselves in the run."""
        try:
            root = root_of(result, result.returned.loss)
            told = [*_judged(result.tape, root, self._calls)]
        except (Lost, Untold):
            return NONE
        wrong = [call for call, is_right in told if not is_right]
        inner = [one for one in wrong if not any(other.is_within(one) for other in wrong)]
        keys = {one.key for one in inner}
        inside, outside = set[Key](), set[Key]()
        for one in self._calls:
            (outside if keys.isdisjoint(one.around) else inside).add(one.key)
        right = {call.key for call, is_right in told if is_right} - {one.key for one in wrong}
        return Faulty(frozenset(keys | (inside - outside)), frozenset(right))

    def _entered(self, frame: FrameType, recorder: Recorder, outer: _Call | None) -> _Call | None:
        code = frame.f_code
        if code.co_name.startswith("<"):
            return None
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        given = [frame.f_locals[name] for name in names]
        owner = given[0] if given and _is_method(given[0], code) else None
        nodes = _nodes(recorder, given)
        return _Call(code=code, frame=frame, owner=owner, outer=outer, given=nodes,
                     first=len(recorder.tape))  # fmt: skip

    def _left(self, call: _Call, recorder: Recorder, value: Any) -> None:
        call.returned = _nodes(recorder, [value])


def _nodes(recorder: Recorder, values: Sequence[Any]) -> Sequence[int]:
    """Return the nodes of the arrays of some values, or in them."""
    found = list[int]()
    for value in values:
        parts = [*value.values()] if isinstance(value, dict) else value
        single = not isinstance(parts, list | tuple)
        for one in [value] if single else parts[:_PARTS]:
            node = recorder.known(one)
            if node is not None:
                found.append(node)
    return found


def _judged(tape: Tape, root: int, calls: Sequence[_Call]) -> Iterator[tuple[_Call, bool]]:
    """Yield the calls of which is told whether they return the products of what they are given."""
    forward = reached(tape, root)
    begun, used = dict[int, int](), dict[int, int]()
    for id in sorted(forward):
        node = tape.nodes[id]
        for source in () if isinstance(node, Leaf) else node.inputs:
            begun.setdefault(source, id)
            used[source] = id
    layers = list[tuple[_Call, int]]()
    for call in calls:
        results = {
            id for id in call.returned
            if id in forward and tape.active[id] and used.get(id, -1) >= call.last
        }  # fmt: skip
        if len(results) == 1 and results.isdisjoint(call.given):
            layers.append((call, results.pop()))
            call.alone = frozenset(
                id for id in call.given
                if id in begun and begun[id] >= call.first and used[id] < call.last
            )  # fmt: skip
    adjoints = gradients(tape, root, {id for _, id in layers})
    for back in calls:
        if back.returned and forward.isdisjoint(back.returned):
            own = [(one, id, adjoints[id]) for one, id in layers if back.belongs_to(one)]
            found = _is_right(tape, own, back)
            if found is not None:
                yield back, found


def _is_right(tape: Tape, layers: Sequence[tuple[_Call, int, Array]], back: _Call) -> bool | None:
    """Return whether a call returns the product of what it is given; None if that is not told.

    `layers` are the calls of its layer, with their results and the adjoints of these.  If there
    is one alone, what is given need be no adjoint for the product to be right.
    """
    factors = [
        (layer, result, value, _multiple(value, adjoint))
        for layer, result, adjoint in layers
        for value in map(tape.value, back.given)
        if value.shape == adjoint.shape and value.dtype.kind == "f"
    ]
    told = [one for one in factors if one[3]] if len(layers) > 1 else factors
    found = {_returns(tape, back, *one) for one in told}
    if False not in found or True in found:
        return True if True in found else None
    # What is a multiple of one adjoint by chance may come from a mistake in that of another.
    others = (one for one in factors[:_PAIRS] if not one[3])
    return any(_returns(tape, back, *one) for one in others)


def _returns(
    tape: Tape, back: _Call, layer: _Call, result: int, value: Array, factor: float
) -> bool | None:
    """Return whether a call returns the products of a layer; None if a `factor` of 0 hides it."""
    found = [tape.value(id) for id in back.returned]
    products = _products(tape, layer, result, value)
    wanted = {id: one for id, one in products.items() if one.any()}
    if all(any(_is_same(one, other) for other in wanted.values()) for one in found):
        return True
    scaled = abs(factor - 1) > _SAME
    wrong = factor and any(
        _differs(found, one, scaled) and not _fades(tape, id, found, one)
        for id, one in wanted.items()
    )
    return False if wrong else None


def _fades(tape: Tape, id: int, found: Sequence[Array], wanted: Array) -> bool:
    """Return whether what makes a node takes nothing of the difference of arrays further back.

    So may be where a layer chooses between elements that the one before has made equal.
    """
    flows = through(tape, id, wanted)
    others = (through(tape, id, one.reshape(wanted.shape)) for one in found
              if one.size == wanted.size)  # fmt: skip
    return any(
        all(_is_same(np.asarray(other[at]), np.asarray(one)) for at, one in flows.items())
        for other in others
    )


def _differs(found: Sequence[Array], wanted: Array, scaled: bool) -> bool:
    """Return whether arrays are none that is wanted, though some have its size.

    What is `scaled` on the way may be divided by a number of rows.
    """
    alike = [one for one in found if one.size == wanted.size and one.dtype.kind == "f"]
    if not alike or wanted.size < 2 or any(_is_same(one, wanted, _NEAR) for one in alike):
        return False
    return not (scaled and any(_multiple(one, wanted) for one in alike))


def _products(tape: Tape, layer: _Call, result: int, given: Array) -> dict[int, Array]:
    """Return the vector-Jacobian products of a layer by what it is given and others compute.

    A penalty of the loss may be added to the gradient of a parameter that is used elsewhere.
    """
    arriving, pending, views = dict[int, Any]({result: given}), [-result], _views(tape, layer)
    while pending:
        id = -heappop(pending)
        # A window of an array may have been taken before, and be the same value.
        if id in views or (id < layer.first and not isinstance(tape.nodes[id], Moved)):
            continue
        for source, flow in through(tape, id, np.asarray(arriving.pop(id))).items():
            if source not in arriving:
                heappush(pending, -source)
            arriving[source] = arriving.get(source, 0.0) + flow
    computed = (id for id in layer.given
                if id in layer.alone or not isinstance(tape.nodes[id], Leaf))  # fmt: skip
    return {id: _arrived(tape, arriving, id, views[id]) for id in computed if tape.active[id]}


def _views(tape: Tape, layer: _Call) -> dict[int, Moved | None]:
    """Return what a layer is given, and what that views or is put together from.

    What is read of the former may be recorded as elements of the latter.
    """
    given = {id: one for id in layer.given if isinstance(one := tape.nodes[id], Moved)}
    parts = (id for one in given.values() for id in one.inputs)
    return {id: given.get(id) for id in (*layer.given, *parts)}


def _arrived(tape: Tape, arriving: Mapping[int, Any], id: int, view: Moved | None) -> Array:
    """Return what arrives at a node, and at what it is a `view` of."""
    found = np.asarray(arriving.get(id, 0.0))
    if view is None or arriving.keys().isdisjoint(view.inputs):
        return found
    flows = [np.ravel(arriving.get(one, np.zeros(tape.shape(one)))) for one in view.inputs]
    return np.asarray(found + np.concatenate(flows)[view.index])


def _is_method(owner: object, code: CodeType) -> bool:
    function = getattr(type(owner), code.co_name, None)
    return getattr(function, "__code__", None) is code


def _stores(unit: Unit) -> bool:
    """Return whether a function may store gradients besides what it returns.

    It may fill arrays of its own.
    """
    places: Sequence[ast.Attribute | ast.Subscript] = (
        *unit.of(ast.Attribute), *unit.of(ast.Subscript)
    )  # fmt: skip
    return any(isinstance(one.ctx, ast.Store) and one.value not in unit.filled for one in places)


def _is_same(one: Array, other: Array, close: float = _SAME) -> bool:
    """Return whether two arrays are equal, up to their shapes and a transposition."""
    if one.size != other.size:
        return False
    room = close * float(np.max(np.abs(other), initial=0.0))
    turned = (one, one.T) if one.ndim == other.ndim == 2 else (one,)
    return any(bool(np.all(np.abs(own.reshape(other.shape) - other) <= room)) for own in turned)


def _multiple(one: Array, other: Array) -> float:
    """Return the factor by which an array differs from another; 0 if it is no multiple."""
    own, square = one.reshape(other.shape), float(np.sum(other * other))
    factor = float(np.sum(own * other)) / square if square else 0.0
    return factor if factor and _is_same(own, factor * other) else 0.0
