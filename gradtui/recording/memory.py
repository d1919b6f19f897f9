"""The origin of each element of a block of memory, through all views and writes.

A view is known by its place in memory alone, so views need no recording; a write changes only the
positions that it writes.  So `x[i] += y` in a loop costs only the elements it touches.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.tape import Array, Index, Tape

_Key = tuple[int, tuple[int, ...], tuple[int, ...]]


class Memory:
    """The memory of one array that NumPy allocated, with the nodes that its elements come from."""

    def __init__(self, tape: Tape, owner: Array, node: int) -> None:
        """Take the array `owner`, plain and dense in memory, which has the value of `node`."""
        self.tape, self._owner, self._node = tape, owner, node

    # Most memories never need these, and there is one for each result.
    version = 0
    """The number of writes."""
    _nodes: NDArray[np.intp] | None = None
    """The node that each element comes from, once some were written."""
    _elements: Index | None = None
    """The position of each element in that node's value."""
    _entire: _Key | None = None
    """The place of the owner among the positions."""
    _placed: _Key | None = None
    _everywhere: Index | None = None

    @cached_property
    def _seen(self) -> dict[_Key, int]:
        """The nodes of the places that were read since the last write."""
        return {}

    @property
    def _whole(self) -> _Key:
        """The owner's place, which most arrays never need."""
        if self._placed is None:
            self._placed = _key(self._owner)
        return self._placed

    def holds(self, array: Array) -> bool:
        """Return whether any array is a view of this memory, of its type of number."""
        at = array.__array_interface__["data"][0]
        start = self._whole[0]
        inside = start <= at < start + max(1, self._owner.nbytes)
        return inside and array.dtype == self._owner.dtype

    def is_typed(self, view: Array) -> bool:
        """Return whether a view of this memory is of its type of number."""
        return view.dtype == self._owner.dtype

    def holds_numbers(self, dtype: np.dtype[Any]) -> bool:
        """Return whether a view of this memory with some type of number is of its own."""
        return dtype == self._owner.dtype

    def read(self, view: Array) -> int:
        """Return the node of a view's present value."""
        return self.read_at(self.positions(view))

    def read_at(self, positions: Index) -> int:
        """Return the node of the present value of a view with some positions."""
        key = place(positions)
        if self._nodes is None:
            if self._entire is None:
                self._entire = place(self.positions(self._owner))
            if key == self._entire:
                return self._node
        node = self._seen.get(key)
        if node is None:
            node = self._seen[key] = self.gather(positions)
        return node

    def gather(self, positions: Index) -> int:
        """Return the node of the elements at some positions of the memory."""
        if self._elements is None and self._owner.flags.c_contiguous:
            elements = positions
        else:
            whole = self._order() if self._elements is None else self._elements
            elements = whole[positions]
        if self._nodes is None:
            return self.tape.moved((self._node,), elements)
        nodes = self._nodes[positions]
        first = nodes.item(0) if nodes.size else self._node
        if not np.count_nonzero(nodes != first):
            return self.tape.moved((first,), elements)
        sources, which = _distinct(nodes)
        sizes = [math.prod(self.tape.shape(int(id))) for id in sources]
        starts = np.concatenate([[0], np.cumsum(sizes)])[which]
        return self.tape.moved(tuple(map(int, sources)), elements + starts)

    def release(self) -> None:
        """Prepare the memory for a write: its present content stays the value of its node."""
        if self._nodes is None:
            self.tape.keep(self._node, self._owner)

    def write(self, positions: Index, node: int) -> None:
        """Note that positions of the memory hold a node's elements, broadcast to their shape."""
        if positions.size == self._owner.size and self._is_whole(positions, node):
            self._node, self._nodes, self._elements = node, None, None
            self._seen.clear()
            self.version += 1
            return
        if self._nodes is None or self._elements is None:
            self._elements = self._order()
            self._nodes = np.full(self._elements.shape, self._node, np.intp)
        shape = self.tape.shape(node)
        count, counted = math.prod(shape), self._everywhere
        if counted is None or counted.size < count:
            counted = np.arange(count, dtype=np.intp)
        elements = counted[:count].reshape(shape[max(0, len(shape) - positions.ndim) :])
        self._nodes[positions] = node
        self._elements[positions] = elements
        self._seen.clear()
        if shape == positions.shape and positions.base is self._everywhere is not None:
            self._seen[place(positions)] = node
        self.version += 1

    def resized(self, bytes: Array, kept: int) -> Memory:
        """Return the memory once it has other bytes, of which only the first ones are as before.

        It must have been released.  What is new is not a number.
        """
        size, wide = self._owner.size, self._owner.itemsize
        owner = bytes[: bytes.size // wide * wide].view(self._owner.dtype)
        before = self.gather(np.arange(size, dtype=np.intp))
        kind = self.tape.value(before).dtype
        freed = self.tape.leaf(np.full(1, np.nan if kind.kind == "f" else 0, kind))
        places = np.full(owner.size, size, np.intp)
        places[: kept // wide] = np.arange(kept // wide)
        return Memory(self.tape, owner, self.tape.moved((before, freed), places))

    def _is_whole(self, positions: Index, node: int) -> bool:
        """Return whether the positions are all of the owner's, and the node has its shape."""
        own = self._owner
        if not (positions.shape == own.shape == self.tape.shape(node) and own.flags.c_contiguous):
            return False
        start = self._everywhere
        return start is not None and _key(positions) == _key(start[: own.size].reshape(own.shape))

    def positions(self, view: Array) -> Index:
        """Return the positions of a view's elements in the memory, in its shape."""
        if not view.size:  # PyTorch does not tell where nothing lies
            return np.empty(view.shape, np.intp)
        at, shape, strides = _key(view)
        if self._everywhere is None:
            self._everywhere = np.arange(max(1, self._owner.size), dtype=np.intp)
        wide, size = self._everywhere.itemsize, self._owner.itemsize
        steps = strides if size == wide else tuple([step // size * wide for step in strides])
        first = (at - self._whole[0]) // size * wide
        return np.ndarray(shape, np.intp, self._everywhere, first, steps)

    def _order(self) -> Index:
        """Return for each element of the memory its position in the owner, row by row."""
        count = self._owner.size
        if self._owner.flags.c_contiguous:
            return np.arange(count, dtype=np.intp)
        order = np.empty(count, np.intp)
        order[self.positions(self._owner).reshape(-1)] = np.arange(count, dtype=np.intp)
        return order


def _distinct(nodes: NDArray[np.intp]) -> tuple[NDArray[np.intp], Index]:
    """Return the distinct ones of some nodes in their order, and the place of each among these."""
    least = int(nodes.min())
    spread = int(nodes.max()) - least + 1
    if spread > nodes.size:
        sources, which = np.unique(nodes, return_inverse=True)
        return sources, which.reshape(nodes.shape)
    own = nodes - least  # nothing is sorted, which takes long for large arrays
    places = np.zeros(spread, np.intp)
    places[own] = 1
    sources = np.flatnonzero(places)
    places[sources] = np.arange(sources.size)
    return sources + least, places[own]


def place(positions: Index) -> _Key:
    """Return a key that positions share only with those of the same elements in the same order."""
    first = positions.item(0) if positions.size else 0
    return first, positions.shape, positions.strides


def _key(array: Array) -> _Key:
    return array.__array_interface__["data"][0], array.shape, array.strides


def dense(value: Any) -> Array:
    """Return a value as a plain array that fills its memory: itself if it does."""
    array = np.asarray(value)
    fills = array.flags.forc or _fills(array)
    return array if fills else np.ascontiguousarray(array)


def _fills(array: Array) -> bool:
    steps = sorted(zip(array.strides, array.shape, strict=True))
    expected = array.itemsize
    for step, size in steps:
        if size > 1 and step != expected:
            return False
        expected *= size
    return True
