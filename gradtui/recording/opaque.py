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
    places: list[Any] = []
    shaped = _emptied(list(args), places), _emptied(dict(options), places)

    def compute(*values: Any) -> Any:
        given = iter(values)
        own = [_filled(part, given) for part in shaped]
        return function(*own[0], **own[1])

    value = compute(*plain(places))
    pointwise |= name in _POINTWISE
    parts = value if isinstance(value, tuple | list) else (value,)
    if not all(isinstance(one, np.ndarray | Number) for one in parts):
        return value  # such as the order in which a product is best computed
    if not isinstance(value, tuple | list):
        return recorder.result(name, compute, places, value, None, elementwise=pointwise)
    many = [
        recorder.result(name, lambda *args, at=at: compute(*args)[at], places, one, None)
        for at, one in enumerate(value)
    ]
    return type(value)(*many) if hasattr(value, "_fields") else type(value)(many)


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
        return _BOTH
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
