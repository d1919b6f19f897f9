"""Layers whose backward function is wrong by itself, whatever the others do.

Given the adjoint of what the layer's forward function returned, or a multiple of it, the backward
function must return the vector-Jacobian product of the forward one.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.names import stem
from gradtui.diagnosis.recorded.blame.suspect import Suspect
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.runs import Lost, root_of
from gradtui.recording.places import is_users_file
from gradtui.recording.recorder import Recorder
from gradtui.recording.run import Result
from gradtui.recording.slopes import Untold
from gradtui.recording.sweep import gradients, through
from gradtui.recording.tape import Leaf, Tape

Array = NDArray[Any]
Key = tuple[str, int, str]
"""The file, first line and name of a function."""
_PARTS = 12
"""Most arrays of a tuple, list or dict that is given or returned."""
_SAME = 1e-7
"""The largest difference of equal arrays, relative to their largest element."""
_LAST = 4
"""The last tier that is tried."""


class _Call(Struct, eq=False):
    """A call of one of the user's functions."""

    code: CodeType
    frame: FrameType | None
    """Its frame until it returns."""
    owner: object
    """The object whose method it is."""
    outer: _Call | None
    given: Sequence[int]
    """The nodes of its arguments."""
    first: int
    """The first of the nodes that it makes."""
    last: int = -1
    returned: Sequence[int] = ()

    @property
    def key(self) -> Key:
        return key_of(self.code)

    def is_within(self, other: _Call) -> bool:
        outer = self.outer
        while outer is not None and outer is not other:
            outer = outer.outer
        return outer is other

    def belongs_to(self, other: _Call) -> bool:
        """Return whether two calls may be the halves of one layer."""
        if self.owner is not None or other.owner is not None:
            return self.owner is other.owner and self.code is not other.code
        own = stem(self.code.co_name)
        return bool(own) and own == stem(other.code.co_name) and self.code is not other.code


class Faulty(Struct, frozen=True, eq=False):
    """The functions of layers that are wrong by themselves, with the helpers of no others."""

    keys: frozenset[Key] = frozenset()

    def among(self, suspects: list[Suspect]) -> list[Suspect]:
        """Return suspects as what is known of layers makes them: likelier in these alone."""
        if not self.keys:
            return suspects
        least = dict[Key, int]()
        for one in suspects:
            key = key_of(one.statement.unit.code)
            least[key] = min(one.tier, least.get(key, one.tier))
        return [self._told(one, least) for one in suspects]

    def _told(self, suspect: Suspect, least: Mapping[Key, int]) -> Suspect:
        key = key_of(suspect.statement.unit.code)
        inside = key in self.keys
        tier = suspect.tier - least[key] if inside else min(_LAST, suspect.tier + 1)
        return replace(suspect, tier=tier)


NONE = Faulty()


def key_of(code: CodeType) -> Key:
    """Return what tells a function from others, edited or not."""
    return code.co_filename, code.co_firstlineno, code.co_name


def may_have(units: Sequence[Unit]) -> bool:
    """Return whether some functions may be the halves of a layer."""
    halves = [one.owner or stem(one.code.co_name) for one in units]
    known = [one for one in halves if one]
    return len(set(known)) < len(known)


class Layers:
    """The calls of the user's functions in a recorded run, with the nodes that they hand on."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._open: list[_Call] = []
        self._recorder: Recorder | None = None

    @contextmanager
    def watched(self, recorder: object) -> Iterator[None]:
        """Note the calls of a recorded run."""
        before = sys.gettrace()
        if isinstance(recorder, Recorder):
            self._recorder = recorder
            sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)

    def faulty(self, result: Result) -> Faulty:
        """Return the functions of layers that are wrong by themselves in the run."""
        try:
            root = root_of(result, result.returned.loss)
            wrong = [*_wrong(result.tape, root, self._calls)]
        except (Lost, Untold):
            return NONE
        inner = [one for one in wrong if not any(other.is_within(one) for other in wrong)]
        inside, outside = set[Key](), set[Key]()
        for one in self._calls:
            within = one in inner or any(one.is_within(other) for other in inner)
            (inside if within else outside).add(one.key)
        return Faulty(frozenset({one.key for one in inner} | (inside - outside)))

    def _called(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        if not is_users_file(code.co_filename) or code.co_name.startswith("<"):
            return None
        assert self._recorder is not None
        frame.f_trace_lines = False
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        given = [frame.f_locals[name] for name in names]
        owner = given[0] if given and _is_method(given[0], code) else None
        nodes = self._nodes(given)
        outer = self._open[-1] if self._open else None
        call = _Call(code, frame, owner, outer, nodes, len(self._recorder.tape))
        self._calls.append(call)
        self._open.append(call)
        return self._returned

    def _returned(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "return":
            assert self._recorder is not None
            ended = False
            while self._open and not ended:
                call = self._open.pop()
                ended, call.frame = call.frame is frame, None
                call.last = len(self._recorder.tape)
            if ended:
                call.returned = self._nodes([arg])
        return self._returned

    def _nodes(self, values: Sequence[Any]) -> Sequence[int]:
        """Return the nodes of the arrays of some values, or in them."""
        assert self._recorder is not None
        found = list[int]()
        for value in values:
            parts = [*value.values()] if isinstance(value, dict) else value
            single = not isinstance(parts, list | tuple)
            for one in [value] if single else parts[:_PARTS]:
                node = self._recorder.known(one)
                if node is not None:
                    found.append(node)
        return found


def _wrong(tape: Tape, root: int, calls: Sequence[_Call]) -> Iterator[_Call]:
    """Yield the calls that do not return the products of what they are given."""
    forward = set(tape.sources(root))
    used = dict[int, int]()
    for id in sorted(forward):
        node = tape.nodes[id]
        for source in () if isinstance(node, Leaf) else node.inputs:
            used[source] = id
    layers = list[tuple[_Call, int]]()
    for call in calls:
        results = {
            id for id in call.returned
            if id in forward and tape.active[id] and used.get(id, -1) >= call.last
        }  # fmt: skip
        if len(results) == 1 and results.isdisjoint(call.given):
            layers.append((call, results.pop()))
    adjoints = gradients(tape, root, {id for _, id in layers})
    for back in calls:
        if not forward.isdisjoint(back.returned):
            continue
        for layer, result in layers:
            given = _times(tape, back, adjoints[result]) if back.belongs_to(layer) else None
            if given is not None:
                if _fails(tape, layer, back, tape.value(given[0]), result, given[1]):
                    yield back
                break


def _times(tape: Tape, back: _Call, adjoint: Array) -> tuple[int, float] | None:
    """Return the argument that is a multiple of an adjoint, and the factor; None if none is."""
    square = float(np.sum(adjoint * adjoint))
    for id in back.given:
        value = tape.value(id)
        if square and value.shape == adjoint.shape and value.dtype.kind == "f":
            factor = float(np.sum(value * adjoint)) / square
            if factor and _is_same(value, factor * adjoint):
                return id, factor
    return None


def _fails(
    tape: Tape, layer: _Call, back: _Call, given: Array, result: int, factor: float
) -> bool:  # fmt: skip
    """Return whether a call returns something else than the product by some argument."""
    for id, wanted in _products(tape, layer, result, given).items():
        found = [tape.value(one) for one in back.returned]
        found = [one for one in found if one.size == wanted.size and one.dtype.kind == "f"]
        if not found or not wanted.any() or any(_is_same(one, wanted) for one in found):
            continue
        if abs(factor - 1) > _SAME and any(_is_multiple(one, wanted) for one in found):
            continue  # what is off by a factor may be divided by a number of rows here
        if tape.shape(id) and wanted.size > 1:
            return True
    return False


def _products(tape: Tape, layer: _Call, result: int, given: Array) -> dict[int, Array]:
    """Return the vector-Jacobian products of a layer by its arguments, by node."""
    arriving = defaultdict[int, Any](float)
    arriving[result] = given
    for id in range(result, layer.first - 1, -1):
        if id in arriving:
            for source, flow in through(tape, id, np.asarray(arriving.pop(id))).items():
                arriving[source] = arriving[source] + flow
    return {id: np.asarray(arriving[id]) for id in layer.given if tape.active[id]}


def _is_method(owner: object, code: CodeType) -> bool:
    function = getattr(type(owner), code.co_name, None)
    return getattr(function, "__code__", None) is code


def _is_same(one: Array, other: Array) -> bool:
    """Return whether two arrays of the same size are equal, or one's transpose is the other."""
    room = _SAME * float(np.max(np.abs(other), initial=0.0))
    turned = (one, one.T) if one.ndim == other.ndim == 2 else (one,)
    return any(bool(np.all(np.abs(own.reshape(other.shape) - other) <= room)) for own in turned)


def _is_multiple(one: Array, other: Array) -> bool:
    own = one.reshape(other.shape)
    factor = float(np.sum(own * other)) / float(np.sum(other * other))
    return bool(factor) and _is_same(own, factor * other)
