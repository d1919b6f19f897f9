"""[parameters]: the values that training starts from, as numbers or as a shape to fill."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradtui.base.memory import VARIABLE, allowed_memory, memory_text
from gradtui.base.source import InputError, did_you_mean
from gradtui.base.text import clip, number
from gradtui.engine.initialisers import INITIALISERS
from gradtui.scenario.arrays import check_count, check_name, kind_of, read_array
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Array, read_only
from gradtui.scenario.scanner import Path

_BYTES = 100
"""Bytes that a number of the parameters takes at least, with what the optimizer keeps for it."""
MAX_RANK = 8
_MAX_SEED = 2**63 - 1
_KEYS = ("shape", "init", "seed", "scale")


def read_parameters(table: Mapping[str, Any], positions: Positions) -> dict[str, Array]:
    """Return the first value of each parameter; raises InputError."""
    if not table:
        raise InputError("[parameters] is empty: there is nothing to train",
                         positions.key(("parameters",)))  # fmt: skip
    check_count(("parameters",), table, positions)
    found: dict[str, Array] = {}
    left = allowed_memory() // _BYTES
    for name, value in table.items():
        path = ("parameters", name)
        check_name(path, positions)
        if isinstance(value, dict):
            found[name] = _Start(path, value, positions).values(left)
        else:
            found[name] = read_array(path, value, positions)
        left -= found[name].size
    return found


class _Start:
    """`{ shape = [16, 2], init = "he", seed = 0, scale = 1.0 }`."""

    def __init__(self, path: Path, table: Mapping[str, Any], positions: Positions) -> None:
        self.path = path
        self.table = table
        self.positions = positions

    def values(self, limit: int) -> Array:
        """Return the drawn values; refuses more than `limit` of them."""
        for key in self.table:
            if key not in _KEYS:
                hint = did_you_mean(key, _KEYS) or f"; expected one of {', '.join(_KEYS)}"
                raise InputError(f"unknown key '{clip(key, 80)}'{hint}",
                                 self.positions.key((*self.path, key)))  # fmt: skip
        for key in ("shape", "init"):
            if key not in self.table:
                raise InputError(f"a parameter given by its shape lacks '{key}'",
                                 self.positions.key(self.path))  # fmt: skip
        shape, entry = self._shape(limit), INITIALISERS[self._init()]
        seed, scale = self._seed(), self._scale()
        with np.errstate(over="ignore"):
            drawn = entry.values(str(self.path[-1]), shape, seed, scale)
        if not np.all(np.isfinite(drawn)):
            raise self._wrong("scale", f"{number(scale)} is too large: some of the numbers drawn "
                                       "with it are not finite")  # fmt: skip
        return read_only(drawn)

    def _shape(self, limit: int) -> tuple[int, ...]:
        shape = self.table["shape"]
        if not isinstance(shape, list):
            raise self._wrong("shape", f"expected a list such as [16, 2], got {_described(shape)}")
        for index, size in enumerate(shape):
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise self._wrong(
                    "shape", f"expected whole numbers of at least 1, got {_described(size)}", index
                )
        if len(shape) > MAX_RANK:
            raise self._wrong("shape", f"{len(shape)} axes: the limit is {MAX_RANK}")
        if math.prod(shape) > limit:
            allowed = allowed_memory()
            raise self._wrong(
                "shape", f"{math.prod(shape):,} numbers: {memory_text(allowed)} of memory, the "
                f"limit, has room for {allowed // _BYTES:,} in all parameters together; "
                f"{VARIABLE} sets how many GB may be used"
            )  # fmt: skip
        return tuple(shape)

    def _init(self) -> str:
        init = self.table["init"]
        if not isinstance(init, str):
            raise self._wrong("init", f"expected a name in quotes, got {_described(init)}")
        if init not in INITIALISERS:
            known = list(INITIALISERS)
            hint = did_you_mean(init, known) or f"; expected one of {', '.join(known)}"
            raise InputError(f"unknown initialiser '{clip(init, 80)}'{hint}",
                             self.positions.value((*self.path, "init")))  # fmt: skip
        return init

    def _seed(self) -> int:
        seed = self.table.get("seed", 0)
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= _MAX_SEED:
            raise self._wrong("seed", f"expected a whole number from 0, got {_described(seed)}")
        return seed

    def _scale(self) -> float:
        scale = self.table.get("scale", 1.0)
        if isinstance(scale, bool) or not isinstance(scale, int | float):
            raise self._wrong("scale", f"expected a number, got {_described(scale)}")
        if not math.isfinite(scale):
            raise self._wrong("scale", f"expected a finite number, got {number(scale)}")
        return float(scale)

    def _wrong(self, key: str, message: str, *inside: int) -> InputError:
        return InputError(f"{key}: {message}", self.positions.value((*self.path, key, *inside)))


def _described(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value, 17)
    return kind_of(value)
