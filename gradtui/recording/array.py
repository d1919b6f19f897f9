"""Recording arrays: an ndarray that tells its recorder of every operation on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.memory import Memory
from gradtui.recording.tape import Index, Tape

Array = NDArray[Any]


class Recording(Protocol):
    """The receiver of all operations on recording arrays."""

    tape: Tape
    listing: bool
    """Whether lists made of arrays hold recorded numbers."""

    def ufunc(
        self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """Record a universal function."""

    def function(self, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Record another function."""

    def moving(
        self, function: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]
    ) -> Any:
        """Record a call that only moves elements."""

    def cast(self, compute: Callable[..., Any], array: Recorded) -> Any:
        """Record a change of the type of numbers."""

    def viewed(self, array: Recorded, kind: type, source: Recorded) -> Any:
        """Return a view of a `source` as an array of another class."""

    def get_item(self, array: Recorded, key: Any) -> Any:
        """Return elements of an array."""

    def set_item(self, array: Any, key: Any, value: Any) -> None:
        """Set elements of an array."""

    def whole(self, name: str, array: Recorded, value: int) -> int:
        """Return a whole number that an array becomes."""

    def convert(self, array: Recorded) -> None:
        """Note that a number leaves the recording."""

    def node_of(self, value: Any) -> int:
        """Return the node of an operand's present value."""


_view = np.ndarray.view
_TOLD = frozenset({np.shape, np.ndim, np.size})
"""Functions that only tell of an array, which are called often."""


_LISTED = 10_000
"""Most elements that are recorded one by one."""


class Recorded(np.ndarray):
    """An array of a recorded run; after the run it is a plain array."""

    _recorder: Recording | None = None
    _memory: Memory | None = None
    """The memory that it is a view of; None for an unknown copy."""
    _read: tuple[int, int] = (-1, -1)
    """A version of the memory, with the node of the array's value then."""
    _at: Index | None = None
    """The positions of its elements in the memory, once they are known."""

    def __array_finalize__(self, source: Any) -> None:
        self._recorder = getattr(source, "_recorder", None)
        # A view has its base by now; an array without one has memory of its own.
        self._memory = None if self.base is None else getattr(source, "_memory", None)

    # The class that NumPy returns without a recording, for `isinstance`, which asks often.
    __class__ = property(attrgetter("_kind"))
    _kind: type = np.ndarray

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        recorder = self._recorder
        if recorder is None or not recorder.tape.open:
            recorder = recorder_of((*inputs, *options.get("out", ())))
        if recorder is not None:
            return recorder.ufunc(ufunc, method, inputs, options)
        if options.get("out"):
            options["out"] = plain(options["out"])
        return getattr(ufunc, method)(*plain(inputs), **options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        recorder = None if function in _TOLD else recorder_of((args, options))
        if recorder is not None:
            return recorder.function(function, args, options)
        return function(*plain(args), **plain(options))

    def __getitem__(self, key: Any) -> Any:
        if self._recorder is None or not self._recorder.tape.open:
            return plain(self)[plain(key)]
        return self._recorder.get_item(self, plain(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._recorder is None or not self._recorder.tape.open:
            plain(self)[plain(key)] = plain(value)
        else:
            self._recorder.set_item(self, plain(key), value)

    def __float__(self) -> float:
        if self._recorder is not None and self._recorder.tape.open:
            self._recorder.convert(self)
        return float(plain(self))

    def __int__(self) -> int:
        return self._whole(int)

    def __trunc__(self) -> int:
        return self._whole(math.trunc)

    def __floor__(self) -> int:
        return self._whole(math.floor)

    def __ceil__(self) -> int:
        return self._whole(math.ceil)

    def _whole(self, function: Callable[[Any], int]) -> int:
        value = function(plain(self))
        if self._recorder is None or not self._recorder.tape.open:
            return value
        return self._recorder.whole(function.__name__, self, value)

    def __repr__(self) -> str:
        return repr(plain(self))

    def __str__(self) -> str:
        return str(plain(self))

    def __format__(self, spec: str) -> str:
        return format(plain(self), spec)

    def __round__(self, digits: int | None = None) -> Any:
        return np.round(self, digits or 0)

    def __index__(self) -> int:
        # What round() returns is a whole number for Python, and may be an index or a count.
        if self.ndim == 0 and self.dtype.kind == "f" and (value := float(self)).is_integer():
            return int(value)
        return super().__index__()

    def __reduce__(self) -> Any:
        return plain(self).__reduce__()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __copy__(self) -> Any:
        return self.copy()

    def view(self, *args: Any, **options: Any) -> Any:
        """Return a view of it, as an array of another class or of other numbers."""
        kind = options.pop("type", None)
        if args and isinstance(args[-1], type) and issubclass(args[-1], np.ndarray):
            *args, kind = args  # type: ignore[assignment]
        made = _view(self, *args, **options)
        if kind is None:
            return made
        if self._recorder is None or not self._recorder.tape.open:
            return _view(made, kind)
        return self._recorder.viewed(made, kind, self)

    def item(self, *at: Any) -> Any:
        """Return one element, which is still recorded if it is a float."""
        own = plain(self).item(*at)
        if not isinstance(own, float) or self._recorder is None or not self._recorder.tape.open:
            return own
        flat = _view(self, Recorded).astype(np.float64).reshape(-1)
        if not at:
            return _view(flat[0], Number)
        index = at[0] if len(at) == 1 else at
        places = np.arange(self.size).reshape(self.shape)
        place = int(places[index]) if isinstance(index, tuple) else index
        return _view(flat[place], Number)

    @property
    def flat(self) -> Any:
        """The elements row by row."""
        return self.reshape(-1)

    @flat.setter
    def flat(self, value: Any) -> None:
        self[...] = np.resize(value, self.shape)

    def tolist(self) -> Any:
        """Return nested lists of its numbers, which are still recorded unless there are many."""
        recorder = recorder_of((self,))
        if recorder is None or not recorder.listing or self.size > _LISTED:
            return plain(self).tolist()
        return [one.tolist() for one in self] if self.ndim else self.item()

    def fill(self, value: Any) -> None:
        """Set every element."""
        self[...] = value

    def sort(self, *args: Any, **options: Any) -> None:
        """Sort in place."""
        self[...] = np.sort(self, *args, **options)

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        """Return the elements as numbers of another type."""

        def cast(array: Array) -> Any:
            return array.astype(dtype, *args, **options)

        if self._recorder is None or not self._recorder.tape.open:
            return cast(plain(self))
        return self._recorder.cast(cast, self)


class _Unsized(AttributeError, TypeError):
    """What a number has no length or elements for: `hasattr` asks for one, `len` the other."""


def _unsized(self: Scalar) -> Any:
    raise _Unsized(f"a '{self.__class__.__name__}' has no length")


class Scalar(Recorded):
    """A recorded scalar of NumPy, which nothing changes in place."""

    __class__ = property(attrgetter("dtype.type"))
    __len__ = __iter__ = property(_unsized)

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(float(plain(self)))

    def is_integer(self) -> bool:
        """Return whether it is a whole number."""
        return float(plain(self)).is_integer()


class Number(Scalar):
    """A recorded number that the user's code turned into one of Python's."""

    __class__ = property(attrgetter("_kind"))
    _kind = float


class Composite:
    """A value that takes part in a recording and is no array, of recording arrays or of none."""

    parts: tuple[Any, ...]

    def plain(self) -> Any:
        """Return it as NumPy has it."""
        raise NotImplementedError


def recorder_of(values: Any) -> Recording | None:
    """Return the recorder, still at work, of the first recorded array in nested values."""
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, Recorded):
            if value._recorder is not None and value._recorder.tape.open:
                return value._recorder
        elif isinstance(value, Composite):
            if (found := recorder_of(value.parts)) is not None:
                return found
        elif isinstance(value, list | tuple | dict) and (found := recorder_of(value)) is not None:
            return found
    return None


_PLAIN = frozenset({int, float, bool, str, np.ndarray, np.float64, type(None), type(...)})
"""The classes of most values that hold no recording array."""


def plain(value: Any) -> Any:
    """Return nested values with recording arrays replaced by plain ones on the same memory."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is Recorded:
        return _view(value, np.ndarray)
    if kind is Scalar:
        return _view(value, np.ndarray)[()]
    if kind is Number:
        return _view(value, np.ndarray).item()
    if kind is tuple:
        return tuple([plain(one) for one in value])
    if kind is list:
        return [plain(one) for one in value]
    if kind is dict:
        return {name: plain(one) for name, one in value.items()}
    if kind is slice:
        if type(value.start) in _PLAIN and type(value.stop) in _PLAIN:
            return value
        return slice(*[plain(one) for one in (value.start, value.stop, value.step)])
    if issubclass(kind, Composite):
        return value.plain()
    return _view(value, np.ndarray) if issubclass(kind, Recorded) else value


def _function_method(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Recorded, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    return method


def _moving_method(name: str) -> Callable[..., Any]:
    def method(self: Recorded, *args: Any, **options: Any) -> Any:
        def move(array: Array) -> Any:
            return getattr(array, name)(*plain(args), **options)

        if self._recorder is None or not self._recorder.tape.open:
            return move(plain(self))
        return self._recorder.moving(move, (self,), {})

    return method


def _immutable(name: str) -> Callable[..., Any]:
    def method(self: Scalar, other: Any) -> Any:
        return getattr(np, name)(self, other)

    return method


for _name in ("sum", "prod", "mean", "var", "std", "max", "min", "cumsum", "dot", "clip", "trace",
              "round", "ptp", "cumprod", "argmax", "argmin", "argsort", "any", "all", "nonzero",
              "searchsorted"):  # fmt: skip
    setattr(Recorded, _name, _function_method(_name))
for _name in ("reshape", "ravel", "flatten", "copy", "take", "repeat", "compress"):
    setattr(Recorded, _name, _moving_method(_name))
for _name, _ufunc in {
    "__iadd__": "add", "__isub__": "subtract", "__imul__": "multiply",
    "__itruediv__": "true_divide", "__ifloordiv__": "floor_divide", "__ipow__": "power",
    "__imod__": "remainder",
}.items():  # fmt: skip
    setattr(Scalar, _name, _immutable(_ufunc))
