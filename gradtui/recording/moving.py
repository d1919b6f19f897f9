"""Calls that move elements: recorded by their effect on the positions of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.array import Recorded, plain
from gradtui.recording.opaque import opaque
from gradtui.recording.recorder import Recorder

Array = NDArray[Any]


class _Positions:
    """The elements of several values, numbered; 0 stands for an inserted number."""

    def __init__(self, recorder: Recorder, filling: float) -> None:
        self._recorder = recorder
        self.nodes = [recorder.tape.number(filling)]
        self._next = 1

    def numbered(self, value: Any, *, numbers: bool = False) -> Any:
        """Return nested arguments with floats replaced by their positions."""
        if isinstance(value, list | tuple):
            return type(value)([self.numbered(one, numbers=numbers) for one in value])
        array = isinstance(value, np.ndarray) and value.dtype.kind == "f"
        if (
            array
            or isinstance(value, float | np.floating)
            or (numbers and isinstance(value, int | np.number))
        ):
            return self._number(value)
        return plain(value)

    def _number(self, value: Any) -> Any:
        shape = np.shape(plain(value))
        count = int(np.prod(shape, dtype=int))
        first, self._next = self._next, self._next + count
        self.nodes.append(self._recorder.node_of(value))
        numbers = np.arange(first, first + count, dtype=np.intp).reshape(shape)
        if not isinstance(value, np.ndarray) or value.flags.c_contiguous:
            return numbers
        # It may be read in the order of memory.
        own = np.empty_like(plain(value), np.intp, subok=False)
        own[...] = numbers
        return own


def moved(
    recorder: Recorder,
    function: Callable[..., Any],
    args: Sequence[Any],
    options: Mapping[str, Any],
    value: Any,
    *,
    numbers: bool = False,
) -> Any:
    """Record a call with this result, which consists of elements of its arguments and zeros.

    A view stays one; several results are recorded one by one.  If the result does not consist of
    the elements, the call is opaque.
    """
    if isinstance(value, list | tuple):
        views = [_view(recorder, args, one) for one in value]
        if all(view is not None for view in views):
            return type(value)(views)
    else:
        view = _view(recorder, args, value)
        if view is not None:
            return view
    filling, told = _filling(options)
    positions = _Positions(recorder, filling)
    own = [positions.numbered(one, numbers=numbers) for one in args]
    index = function(*own, **{name: positions.numbered(one) for name, one in told.items()})
    many = isinstance(value, list | tuple)
    pairs = zip(index, value, strict=True) if many else [(index, value)]
    found = [_gathered(recorder, positions.nodes, at, one) for at, one in pairs]
    if any(one is None for one in found):
        name = getattr(function, "__name__", "array")
        return opaque(recorder, name, function, args, options)
    return type(value)(found) if many else found[0]


def _view(recorder: Recorder, args: Sequence[Any], value: Any) -> Any:
    """Return a result as a view of an argument; None if it is not one."""
    if isinstance(value, np.ndarray) and value.size:
        for array in _arrays(args):
            if array._memory is not None and array._memory.holds(value):
                return recorder.view(value, array)
    return None


def _arrays(values: Any) -> list[Recorded]:
    found: list[Recorded] = []
    for value in values:
        if isinstance(value, Recorded):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += _arrays(value)
    return found


def _filling(options: Mapping[str, Any]) -> tuple[float, dict[str, Any]]:
    """Return the inserted number, and the options with its position instead."""
    options = dict(options)
    for name in ("constant_values", "fill_value"):
        given = options.get(name)
        if isinstance(given, int | float | np.number):
            options[name] = 0
            return float(given), options
    return 0.0, options


def _gathered(recorder: Recorder, nodes: list[int], index: Any, value: Any) -> Any:
    """Return a result made of the elements at these positions; None if it is not."""
    held = np.asarray(value)
    if held.dtype.kind != "f":
        return recorder.constant(value)
    index = np.asarray(index)
    if index.size and index.min() > 0:
        nodes, index = nodes[1:], index - 1
    node = recorder.tape.moved(nodes, index.astype(np.intp, copy=False))
    same = np.array_equal(recorder.tape.value(node), held, equal_nan=True)
    return recorder.wrap(node, value) if same else None
