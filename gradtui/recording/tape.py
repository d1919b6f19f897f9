"""The tape of one run: every value, its inputs, and the user's line that computed it.

Knows no NumPy function by name, and nothing of gradients.  An element moved by a view, a slice or
an index keeps its origin: rearranging is one kind of node, with a constant index, and so is its
transpose.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from copy import copy
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.engine.kinks import keeps_range
from gradtui.recording.choices import Choice, Level, apart, signs_of
from gradtui.recording.places import Places

Array = NDArray[Any]
Index = NDArray[np.intp]
Shape = tuple[int, ...]

COMPARISONS = frozenset({"greater", "greater_equal", "less", "less_equal"})
"""NumPy's names of the comparisons by size."""
FLAT = frozenset({
    "round", "around", "rint", "sign", "floor", "ceil", "trunc", "fix", "heaviside",
    "floor_divide",
})  # fmt: skip
"""Functions that are flat except for jumps."""
MOST_BYTES = 1 << 30
"""Most memory for all values of a run; several runs are kept at a time."""


class TooLarge(Exception):
    """A run computed more values than can be kept."""


class Form(Struct, frozen=True):
    """A call as an expression of the registry's operations in the operands a, b, c."""

    text: str
    options: tuple[tuple[str, Any], ...] = ()
    """Axes and flags named in the text."""


Back = Callable[[Sequence[Array], Array, tuple[bool, ...]], tuple[Array | None, ...]]
"""Operands, the result's adjoint, and the wanted operands -> the contribution to each."""


class Leaf(Struct, frozen=True):
    """A value from outside: an argument, data, a number, a draw."""

    name: str
    """The name of the argument; empty for a constant of the run."""
    place: Place | None


class Call(Struct, frozen=True, eq=False):
    """One call of a NumPy function."""

    name: str
    compute: Callable[..., Any]
    """The function of the operands alone."""
    inputs: tuple[int, ...]
    form: Form | None
    """None if it is opaque: the registry has nothing for it."""
    elementwise: bool
    exact: bool
    """Whether it rounds nothing: it chooses elements, or only changes signs."""
    place: Place | None
    back: Back | None = None
    """The vector-Jacobian product of a call without a form, if it is known."""


class Moved(Struct, frozen=True, eq=False):
    """Rearranged elements of earlier values."""

    inputs: tuple[int, ...]
    index: Index
    """In the shape of the result: positions in the concatenated elements of the inputs."""
    place: Place | None


class Added(Struct, frozen=True, eq=False):
    """Zeros to which the elements of one value are added at the positions `index`."""

    inputs: tuple[int]
    index: Index
    """In the shape of the input."""
    shape: Shape
    place: Place | None


class Contraction(Struct, frozen=True):
    """What several nodes compute as one: a product of arrays along axes named by letters."""

    subscripts: str
    inputs: tuple[int, ...]


Node = Leaf | Call | Moved | Added
_SLOTS = "abcdefgh"
_TELLING = frozenset({"isfinite", "isnan", "isinf", "isclose"})
"""Functions that tell whether numbers are as they should be."""


class Tape:
    """Everything that one run of a function computed; nodes in the order of creation."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.active: list[bool] = []
        """Whether a node depends on an argument, so that a gradient can pass it."""
        self.arguments: dict[str, int] = {}
        self.converted: list[int] = []
        """Nodes that were turned into plain numbers, in that order."""
        self.compared: list[int] = []
        """Nodes of single numbers that were compared, by which the code may decide."""
        self.choices: list[Choice] = []
        """Comparisons of what depends on an argument."""
        self.levels: list[Level] = []
        """Results in whole numbers or steps of what depends on an argument."""
        self.contractions: dict[int, Contraction] = {}
        """Result -> the contraction that was called."""
        self.open = True
        self.stopped: set[int] = set()
        """The nodes that are detached: they depend on an argument but take no gradient."""
        self.imaginary: set[int] = set()
        """Nodes that are the imaginary parts of complex numbers."""
        self.derived: set[int] = set()
        """Nodes of backward passes in the run that can be differentiated once more."""
        self._values: list[Array | None] = []
        self._shapes: list[Shape] = []
        self.whole: set[int] = set()
        """Numbers of the program that are integers, as sizes are; their values are floats."""
        self._numbers: dict[tuple[float, bool], int] = {}
        self._places = Places()
        self.bytes = 0
        """The memory of the values."""

    def __len__(self) -> int:
        return len(self.nodes)

    def leaf(self, value: Array, name: str = "") -> int:
        """Append a value from outside and return its id."""
        id = self._append(Leaf(name, self._places.current()), value, bool(name))
        if name:
            self.arguments[name] = id
        return id

    @property
    def line(self) -> tuple[str, int] | None:
        """The file and the line of the user's code that runs now."""
        place = self._places.current()
        return None if place is None else (place.file, place.line)

    def number(self, value: float | np.number[Any] | np.bool_) -> int:
        """Append (or share) a number of the program, an integer or not."""
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        key = float(value), whole
        if key not in self._numbers:
            self._numbers[key] = self._append(Leaf("", None), np.asarray(key[0]), False)
            self.whole |= {self._numbers[key]} if whole else set()
        return self._numbers[key]

    def call(
        self,
        name: str,
        compute: Callable[..., Any],
        inputs: Sequence[int],
        value: Array,
        form: Form | None = None,
        *,
        elementwise: bool = False,
        exact: bool = False,
        back: Back | None = None,
    ) -> int:
        """Append a call with its result and return its id."""
        active = value.dtype.kind == "f" and any([self.active[id] for id in inputs])
        node = Call(
            name, compute, tuple(inputs), form, elementwise, exact, self._places.current(), back
        )
        return self._append(node, value, active)

    def chosen(
        self, name: str, left: Array, right: Array, inputs: tuple[int | None, int | None],
        sides: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Append a comparison by size; `inputs` are None where a side depends on no argument."""
        differences = np.subtract(left, right, dtype=np.float64)
        still = next((np.asarray(one) for one, id in zip((left, right), inputs, strict=True)
                      if id is None), None)  # fmt: skip
        bound = None if still is None or not still.size else (float(still.min()),
                                                              float(still.max()))  # fmt: skip
        self.choices.append(
            Choice(name, signs_of(differences), still is not None and keeps_range(still),
                   differences.ndim == 0, len(self.nodes), self._places.current(), inputs, bound,
                   apart(differences), sides)
        )  # fmt: skip

    def levelled(self, name: str, value: Any) -> None:
        """Append a result in whole numbers or steps of what depends on an argument."""
        told, leaves = hash(np.add(value, 0).tobytes()), isinstance(value, int)  # no -0
        self.levels.append(Level(name, len(self.nodes), self._places.current(), told, leaves))

    def agreed(self, name: str, mask: Array, id: int) -> None:
        """Append whether `all` or `any` of a mask, a node, hold, by which the code may choose.

        Where none do for `all`, or all for `any`, the comparison itself tells as much.
        """
        held = {bool(mask.all()), bool(mask.any())}
        if mask.size and held != {name == "any"} and self._compares(id):
            sign = 1 if (mask.any() if name == "any" else mask.all()) else -1
            self.choices.append(Choice(name, frozenset({sign}), False, False, len(self.nodes),
                                       self.nodes[id].place))  # fmt: skip

    def _compares(self, id: int) -> bool:
        """Return whether a mask comes from comparisons of what depends on an argument."""
        found = [id]
        for one in found:
            node = self.nodes[one]
            if self.active[one]:
                return True
            if isinstance(node, Moved) or (
                isinstance(node, Call)
                and node.name not in _TELLING
                and self.value(one).dtype.kind == "b"
            ):
                found += [source for source in node.inputs if source not in found]
        return False

    def moved(self, inputs: Sequence[int], index: Index) -> int:
        """Append rearranged elements of `inputs`, or the input itself if nothing is rearranged."""
        if len(inputs) == 1 and index.shape == self.shape(inputs[0]) and _in_order(index):
            return inputs[0]
        node = Moved(tuple(inputs), index, self._places.current())
        active = any([self.active[id] for id in inputs])
        return self._appended(node, None, active, index.shape, index.nbytes)

    def added(self, source: int, index: Index, shape: Shape) -> int:
        """Append zeros with the elements of `source` added at `index`."""
        node = Added((source,), index, shape, self._places.current())
        return self._appended(node, None, self.active[source], shape, index.nbytes)

    def with_active(self, more: Set[int]) -> Tape:
        """Return the tape with more nodes open to gradients, and their dependents."""
        found = copy(self)
        own = found.active = list(self.active)
        for id, node in enumerate(self.nodes):
            inputs = () if isinstance(node, Leaf) else node.inputs
            if not own[id] and any([own[source] for source in inputs]):
                own[id] = self.value(id).dtype.kind == "f"
            own[id] |= id in more
        return found

    def holding(self, operands: Collection[tuple[int, int]]) -> Tape:
        """Return the tape with some operands as values from outside, which no gradient reaches.

        Each is a call with the position of the operand.
        """
        found = copy(self)
        found.nodes, found.active = list(self.nodes), list(self.active)
        found._values, found._shapes = list(self._values), list(self._shapes)
        for id, at in operands:
            node = found.nodes[id]
            assert isinstance(node, Call)
            inputs = list(node.inputs)
            inputs[at] = found._append(Leaf("", None), self.value(inputs[at]), False)
            found.nodes[id] = replace(node, inputs=tuple(inputs))
        return found

    def sources(self, *ids: int) -> list[int]:
        """Return nodes with everything they are computed from, in the order of the run."""
        found = set(ids)
        for earlier in range(max(ids, default=-1), -1, -1):
            node = self.nodes[earlier]
            if earlier in found and not isinstance(node, Leaf):
                found.update(node.inputs)
        return sorted(found)

    def shape(self, id: int) -> Shape:
        """Return the shape of a node's value."""
        return self._shapes[id]

    def value(self, id: int) -> Array:
        """Return a node's value, read-only by agreement."""
        held = self._values[id]
        return self._computed(id) if held is None else held

    def _computed(self, id: int) -> Array:
        """Return a value that is not kept; it may be the last one of a long row of such."""
        missing, pending, made = set[int](), [id], dict[int, Array]()

        def known(one: int) -> Array:
            held = self._values[one]
            return made[one] if held is None else held

        while pending:
            one = pending.pop()
            node = self.nodes[one]
            if one not in missing and self._values[one] is None and not isinstance(node, Leaf):
                missing.add(one)
                pending += node.inputs
        for one in sorted(missing):
            made[one] = evaluate(self.nodes[one], known)
        return made[id]

    def keep(self, id: int, value: Array) -> None:
        """Keep a copy of a node's value whose memory is about to be written."""
        held = self._values[id]
        if held is not None and np.may_share_memory(held, value):
            self._values[id] = held.copy()

    def _append(self, node: Node, value: Array, active: bool) -> int:
        return self._appended(node, value, active, value.shape, value.nbytes)

    def _appended(
        self, node: Node, value: Array | None, active: bool, shape: Shape, bytes: int
    ) -> int:
        self.bytes += bytes
        if self.bytes > MOST_BYTES:
            raise TooLarge
        self.nodes.append(node)
        self.active.append(active)
        self._values.append(value)
        self._shapes.append(shape)
        return len(self.nodes) - 1


def evaluate(node: Node, value: Callable[[int], Array]) -> Array:
    """Return a node's value, given the values of others; not for leaves."""
    match node:
        case Moved(inputs, index):
            if len(inputs) == 1:
                return value(inputs[0]).reshape(-1)[index]
            return np.concatenate([value(id).reshape(-1) for id in inputs])[index]
        case Added(inputs, index, shape):
            source = value(inputs[0])
            total = np.zeros(shape, source.dtype)
            np.add.at(total.reshape(-1), index.reshape(-1), source.reshape(-1))
            return total
        case Call():
            return np.asarray(node.compute(*[value(id) for id in node.inputs]))
        case Leaf():
            raise AssertionError("a leaf's value is given")


def operands(count: int) -> str:
    """Return the names of a number of operands in the text of a form."""
    return _SLOTS[:count]


def form(text: str, options: Mapping[str, Any] = MappingProxyType({})) -> Form:
    """Return a form with hashable options."""
    return Form(text, tuple(sorted(options.items())))


def _in_order(index: Index) -> bool:
    count = index.size
    if count and (index.item(0), index.item(count - 1)) != (0, count - 1):
        return False
    return not np.count_nonzero(index.reshape(-1) != np.arange(count))
