"""Opaque calls, for which the registry has nothing: recorded as they are, and called again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np

from gradtui.recording.array import Composite, Recorded, plain
from gradtui.recording.recorder import Recorder

_POINTWISE = frozenset({"round", "around", "nan_to_num", "fix", "sinc", "i0", "real", "angle"})
"""Opaque functions that are elementwise."""


def opaque(
    recorder: Recorder, name: str, function: Any, args: Sequence[Any], options: Mapping[str, Any],
    *, pointwise: bool = False,
) -> Any:  # fmt: skip
    """Record an opaque call; a result without floats is a constant, as is what is no array."""
    call = _Opaque(recorder, name, function, args, options)
    value, places, compute = call.value, call.places, call.compute
    pointwise |= name in _POINTWISE
    parts = value if isinstance(value, tuple | list) else (value,)
    if not all(isinstance(one, np.ndarray | Number) for one in parts):
        return value  # such as the order in which a product is best computed
    if not isinstance(value, tuple | list):
        return recorder.result(name, compute, places, value, None, elementwise=pointwise)
    # What is told of a part in whole numbers, such as a rank, does not hold for the others.
    names = [f"{name}(...)[{at}]" if np.asarray(one).dtype.kind in "iu" else name
             for at, one in enumerate(value)]  # fmt: skip
    many = [
        recorder.result(names[at], lambda *args, at=at: compute(*args)[at], places, one, None)
        for at, one in enumerate(value)
    ]
    if isinstance(value, list) or not hasattr(value, "_fields"):
        return type(value)(many)
    made = tuple.__new__(type(value), many)
    if hasattr(value, "__dict__"):  # SciPy's have attributes beside their parts
        vars(made).update(vars(value))
    return made


def overwritten(
    recorder: Recorder, name: str, function: Any, args: Sequence[Any], options: Mapping[str, Any]
) -> None:
    """Record what a call writes into its arrays, apart from its result."""
    _Opaque(recorder, name, function, args, options)


class _Opaque:
    """An opaque call, whose function only ever writes into copies of the recorded arrays."""

    def __init__(
        self, recorder: Recorder, name: str, function: Any, args: Sequence[Any],
        options: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.places: list[Any] = []
        """The recorded arrays among its arguments."""
        self._function = function
        self._shaped = _emptied(list(args), self.places), _emptied(dict(options), self.places)
        before = plain(self.places)
        self._orders = ["F" if np.isfortran(np.asarray(one)) else "C" for one in before]
        """Of arrays in memory, by which it depends whether a function of SciPy writes into them."""
        self.value, after = self._called(*before)
        for at, array in enumerate(self.places):
            if type(array) is Recorded and not _is_same(before[at], after[at]):
                left = recorder.result(name, lambda *values, at=at: self._called(*values)[1][at],
                                       self.places, after[at], None)  # fmt: skip
                recorder.write(array, left)

    def compute(self, *values: Any) -> Any:
        """Return the result for values of the recorded arrays."""
        return self._called(*values)[0]

    def _called(self, *values: Any) -> tuple[Any, list[Any]]:
        """Return the result, and what the call leaves of the values."""
        own = [
            np.array(one, order=order) if isinstance(one, np.ndarray) else one  # type: ignore[call-overload]
            for one, order in zip(values, self._orders, strict=True)
        ]
        given = iter(own)
        args, options = (_filled(part, given) for part in self._shaped)
        return self._function(*args, **options), own


def _is_same(before: Any, after: Any) -> bool:
    return np.array_equal(before, after, equal_nan=np.asarray(before).dtype.kind in "fc")


class _Slot:
    """The place of a recorded array in the arguments of a call."""


_HERE, _BOTH = _Slot(), _Slot()
"""The place of a single one, and of real and imaginary parts."""


def _emptied(value: Any, places: list[Any]) -> Any:
    if isinstance(value, Recorded):
        places.append(value)
        return _HERE
    if isinstance(value, Composite):
        places += value.parts
        return _BOTH if value.parts else value.plain()
    if type(value) in (list, tuple):
        return type(value)([_emptied(one, places) for one in value])
    if type(value) is dict:
        return {name: _emptied(one, places) for name, one in value.items()}
    return value


def _filled(value: Any, given: Any) -> Any:
    if value is _HERE:
        return next(given)
    if value is _BOTH:
        return next(given) + 1j * next(given)
    if type(value) in (list, tuple):
        return type(value)([_filled(one, given) for one in value])
    if type(value) is dict:
        return {name: _filled(one, given) for name, one in value.items()}
    return value
