"""What the user's code returns for gradients -> gradients by the names of the arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from gradtui.base.source import InputError, did_you_mean

_WAYS = 10_000


def gradients_by_name(raw: Any, arguments: Mapping[str, Any], wrt: Sequence[str]) -> dict[str, Any]:
    """Return the gradients of arguments that are arrays of floats; raises InputError.

    What is None or absent is left out, and so is what `wrt` does not name, if it names any.
    """
    arrays = [name for name, value in arguments.items() if isinstance(value, np.ndarray)]
    floats = [name for name in arrays if arguments[name].dtype.kind == "f"]
    if isinstance(raw, Mapping):
        found = {_argument(str(key), arguments): value for key, value in raw.items()}
    elif isinstance(raw, tuple | list):
        found = _in_order(raw, arrays, floats, arguments, wrt)
    else:
        found = {(wrt or floats)[0]: raw}
    return {
        name: value for name, value in found.items()
        if value is not None and name in floats and (not wrt or name in wrt)
    }  # fmt: skip


def _argument(key: str, arguments: Mapping[str, Any]) -> str:
    """Return the argument that a key of a mapping stands for: W for W and for dW."""
    if key in arguments:
        return key
    if key.startswith("d") and key.removeprefix("d").removeprefix("_") in arguments:
        return key.removeprefix("d").removeprefix("_")
    raise InputError(f"a gradient is returned for '{key}', which is no argument"
                     + did_you_mean(key, arguments))  # fmt: skip


def _in_order(
    raw: Sequence[Any], arrays: list[str], floats: list[str], arguments: Mapping[str, Any],
    wrt: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    if wrt and len(raw) == len(wrt):
        return dict(zip(wrt, raw, strict=True))
    names = floats if len(raw) <= len(floats) and len(raw) != len(arrays) else arrays
    if len(raw) > len(names):
        many = f"{len(raw)} gradients are returned for {len(names)} arguments that are arrays"
        raise InputError(many)
    if len(raw) < len(names):
        names = _fitting(raw, names, arguments)
    return dict(zip(names, raw, strict=False))


def _fitting(raw: Sequence[Any], names: list[str], arguments: Mapping[str, Any]) -> list[str]:
    """Return the first arguments, or others where the shapes fit these in one way and not those."""

    def fit(chosen: Sequence[str]) -> bool:
        pairs = zip(chosen, raw, strict=True)
        return all(
            value is None or np.shape(arguments[name]) == np.shape(value) for name, value in pairs
        )

    first = names[: len(raw)]
    if fit(first):
        return first
    ways = [way for _, way in zip(range(_WAYS), combinations(names, len(raw)), strict=False)
            if fit(way)]  # fmt: skip
    return list(ways[0]) if len(ways) == 1 else first
