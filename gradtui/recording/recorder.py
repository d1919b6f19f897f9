"""The arrays of a recorded run: their nodes, and reads and writes of their elements.

Knows no function of NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.array import Number, Recorded, Recording, Scalar, plain
from gradtui.recording.memory import Memory, dense, place
from gradtui.recording.tape import COMPARISONS, FLAT, Back, Form, Index, Tape, form

Array = NDArray[Any]

_BASIC = frozenset({int, slice, type(None), type(...)})
KINDS = "fbiu"
"""Kinds of numbers that take part: floats, booleans, integers."""


class Recorder(Recording):
    """Records operations on arrays on a tape."""

    def __init__(self) -> None:
        self.tape = Tape()
        self.listing = True
        self._adopted: dict[int, tuple[Array, Array, int]] = {}
        """id of a plain array -> the array, its former value, its node."""
        self._written: dict[int, Memory] = {}
        """id of a plain array that recorded values were written into -> its memory."""

    def argument(self, name: str, value: Array) -> Recorded:
        """Return an argument of the function in a form that records from here on."""
        array = np.array(value, order="K", copy=True)
        return self._array(self.tape.leaf(array, name), array)

    def passed(self, value: Any) -> Any:
        """Return another argument of the function in a form that takes part in the recording."""
        return value

    def constant(self, value: Any) -> Any:
        """Return a new array of the program's in a form that takes part in the recording."""
        if type(value) is not np.ndarray or value.dtype.kind not in KINDS:
            return value
        array = dense(value)
        return self._array(self.tape.leaf(array), array)

    def taking(self, array: Array) -> Any:
        """Return one of our arrays in a form that the user's code takes and that takes part."""
        return self.constant(array)

    def giving(self, value: Any) -> Any:
        """Return a result of the user's code as an array of NumPy's."""
        return value

    def known(self, value: Any) -> int | None:
        """Return the node of a value that takes part; None for other values."""
        return self.node_of(value) if isinstance(value, Recorded) else None

    def node_of(self, value: Any) -> int:
        """Return the node of an operand's present value."""
        if isinstance(value, Recorded):
            memory = value._memory
            if memory is not None and memory.tape is self.tape and memory.is_typed(value):
                version, node = value._read
                if version != memory.version:
                    node = memory.read_at(_positions(memory, value))
                    value._read = memory.version, node
                return node
            value = plain(value)
        if isinstance(value, bool | int | float | np.number | np.bool_):
            return self.tape.number(value)
        memory = self._memory_of(value)
        if memory is not None:
            return memory.read(value)
        return self._adopt(np.asarray(value))

    def _memory_of(self, array: Any) -> Memory | None:
        """Return the memory of an array, if it is known."""
        if isinstance(array, Recorded):
            memory = array._memory
            return memory if memory is not None and memory.is_typed(array) else None
        if self._written and isinstance(array, np.ndarray):
            owner = id(_owner(array))
            memory = self._written.get(owner)
            if memory is not None and memory.holds(array):
                if np.array_equal(self.tape.value(memory.read(array)), array, equal_nan=True):
                    return memory
                del self._written[owner]  # written since, unnoticed
        return None

    def _adopt(self, value: Array) -> int:
        """Return the node of a plain array's present value: a constant of the run."""
        known = self._adopted.get(id(value))
        if known is not None and known[0] is value and np.array_equal(known[1], value):
            return known[2]
        held = value.copy()
        node = self.tape.leaf(held)
        self._adopted[id(value)] = (value, held, node)
        return node

    def wrap(self, node: int, value: Any) -> Any:
        """Return the result of a call in the form that the user's code continues with."""
        if isinstance(value, np.floating | float):
            array = np.asarray(value)
            scalar = array.view(Scalar if isinstance(value, np.floating) else Number)
            scalar._recorder, scalar._memory = self, Memory(self.tape, array, node)
            scalar._read = 0, node
            return scalar
        if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
            return self._array(node, dense(value))
        return value

    def _array(self, node: int, array: Array) -> Recorded:
        recorded = array.view(Recorded)
        recorded._recorder, recorded._memory = self, Memory(self.tape, array, node)
        recorded._read = 0, node
        return recorded

    def whole(self, name: str, array: Recorded, value: int) -> int:
        """Return a whole number that an array becomes."""
        self._levelled(name, [array], value)
        return value

    def convert(self, array: Recorded) -> None:
        """Note that a number leaves the recording."""
        self.tape.converted.append(self.node_of(array))

    def result(
        self,
        name: str,
        compute: Callable[..., Any],
        operands: Sequence[Any],
        value: Any,
        written: Form | None,
        *,
        elementwise: bool = False,
        exact: bool = False,
        out: Any = None,
        back: Back | None = None,
    ) -> Any:
        """Record a call and return its result, a constant if it has no floats or booleans."""
        array = value if type(value) is np.ndarray else np.asarray(value)
        kind = array.dtype.kind
        if name in COMPARISONS:
            self._chosen(name, operands)
        elif kind in "iu" or name in FLAT:
            self._levelled(name, operands, array)
        if kind == "c":
            return self.parted(name, compute, operands, array, elementwise=elementwise)
        if kind != "f" and (kind not in KINDS or array.ndim == 0):
            if kind == "b":
                self.tape.compared += [
                    self.node_of(one) for one in operands if isinstance(one, Recorded)
                ]
            return value
        inputs = [self.node_of(one) for one in operands]
        node = self.tape.call(
            name, compute, inputs, array, written, elementwise=elementwise, exact=exact, back=back
        )
        if out is None:
            return self.wrap(node, value)
        own, memory = np.ndarray.view(out, np.ndarray), out._memory
        memory.release()
        own[...] = value
        memory.write(_positions(memory, out), node)
        return out

    def _levelled(self, name: str, operands: Sequence[Any], value: Any) -> None:
        """Note a result in whole numbers or steps, if it depends on an argument."""
        known = [self.node_of(one) for one in operands if isinstance(one, Recorded)]
        if any(self.tape.active[id] for id in known):
            self.tape.levelled(name, value)

    def _chosen(self, name: str, operands: Sequence[Any]) -> None:
        """Note a comparison by size, if a side depends on an argument."""
        left, right = operands
        nodes = [self.node_of(one) if isinstance(one, Recorded) else None for one in operands]
        moving = [id if id is not None and self.tape.active[id] else None for id in nodes]
        if moving != [None, None]:
            self.tape.chosen(name, plain(left), plain(right), (moving[0], moving[1]))

    def parted(
        self, name: str, compute: Callable[..., Any], operands: Sequence[Any], value: Array, *,
        elementwise: bool,
    ) -> Any:  # fmt: skip
        """Return a result of complex numbers, which are not recorded."""
        return value

    def joined(self, made: Array, value: Any) -> Any:
        """Return an array of complex numbers, `made` of nested ones, which are not recorded."""
        return made

    def is_written(self, out: Any, value: Any) -> bool:
        """Return whether a result can be written into an array as it is."""
        if type(out) is not Recorded or type(value) is not np.ndarray:
            return False
        memory = out._memory
        typed = value.dtype == out.dtype == np.float64
        return typed and value.shape == out.shape and memory is not None and memory.is_typed(out)

    def get_item(self, array: Recorded, key: Any) -> Any:
        """Return elements of an array."""
        own, memory = plain(array), self._memory_of(array)
        value = np.ndarray.__getitem__(own if isinstance(own, np.ndarray) else np.asarray(own), key)
        kind = type(value)
        if memory is None or (kind is not np.ndarray and np.asarray(value).dtype.kind != "f"):
            return value
        at = _positions(memory, array)[key]
        if kind is not np.ndarray or not _is_basic(key):
            return self.wrap(memory.gather(np.asarray(at)), value)
        view = self.view(value, array)
        view._at = at
        return view

    def view(self, value: Array, like: Recorded) -> Recorded:
        """Return a view of an array, which records like it."""
        view = value.view(Recorded)
        view._recorder, view._memory = self, like._memory
        return view

    def set_item(self, array: Any, key: Any, value: Any) -> None:
        """Set elements of an array."""
        memory = self._memory_of(array)
        if memory is None:
            np.ndarray.view(array, np.ndarray)[key] = plain(value)
            return
        positions = np.asarray(_positions(memory, array)[key])
        if isinstance(value, Recorded) and value._memory is memory and _is_basic(key):
            own = _positions(memory, value)
            if own.shape == positions.shape and place(own) == place(positions):
                return  # `x[i] += y` ends with x[i] set to itself
        target = np.ndarray.view(array, np.ndarray)
        node = self._cast_to(target.dtype, value)
        memory.release()
        target[key] = plain(value)
        memory.write(positions, node)

    def _cast_to(self, dtype: np.dtype[Any], value: Any) -> int:
        """Return the node of a value converted to an array's type."""
        if dtype == np.float64:
            return self.node_of(value)
        if dtype.kind != "f":
            return self.tape.leaf(np.asarray(plain(value)).astype(dtype))
        node = self.node_of(value)
        held = self.tape.value(node)
        if held.dtype == dtype or held.dtype.kind != "f":
            return node

        def cast(one: Array) -> Array:
            return one.astype(dtype)

        return self.tape.call("astype", cast, [node], cast(held), form("1*a"), elementwise=True)

    def write(self, array: Any, value: Any) -> None:
        """Write a result into the array that the user's code passed as `out`."""
        if not isinstance(array, Recorded) and self._memory_of(array) is None:
            owner = _owner(array)
            if isinstance(owner, np.ndarray) and owner.dtype.kind == "f":
                node = self.tape.leaf(owner.copy())
                self._written[id(owner)] = Memory(self.tape, owner, node)
        if getattr(value, "shape", None) != array.shape:
            np.broadcast_to(plain(value), array.shape)
        self.set_item(array, ..., value)

    def put(self, result: Any, out: Any) -> Any:
        """Return a result, in the array passed as `out` if there is one."""
        target = out[0] if isinstance(out, tuple) and out else out
        if target is None or (isinstance(out, tuple) and not out):
            return result
        self.write(target, result)
        return target


def _positions(memory: Memory, array: Array) -> Index:
    """Return the positions of an array's elements in its memory."""
    if not isinstance(array, Recorded):
        return memory.positions(array)
    at = array._at
    if at is None or at.shape != array.shape:
        at = array._at = memory.positions(array)
    return at


def _is_basic(key: Any) -> bool:
    """Return whether an index picks a view: by whole numbers and slices alone."""
    kind = type(key)
    if kind in _BASIC:
        return True
    if kind is tuple:
        return all([_is_basic(one) for one in key])
    if isinstance(key, np.ndarray):
        return key.ndim == 0 and key.dtype.kind in "iu"
    return isinstance(key, int | np.integer) and kind is not bool


def _owner(array: Any) -> Any:
    """Return the array that owns the memory of a view."""
    while isinstance(array, np.ndarray) and isinstance(array.base, np.ndarray):
        array = array.base
    return array
