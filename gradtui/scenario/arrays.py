"""Numbers written in a scenario: names, nested lists, shapes. Knows no other files."""

from __future__ import annotations

import math
import re
from collections.abc import Sized
from typing import Any

from gradtui.base.source import InputError
from gradtui.base.text import clip, number, shape_text
from gradtui.engine.shapes import MAX_RANK
from gradtui.language.tokens import MAX_NAME
from gradtui.scenario.positions import Positions
from gradtui.scenario.problem import Array, read_only
from gradtui.scenario.scanner import Path

MAX_NAMES = 1_000
"""Most names in one table: each is a value that a step computes with."""
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_count(path: Path, names: Sized, positions: Positions) -> None:
    """Refuse a table of values with too many of them."""
    if len(names) > MAX_NAMES:
        table = ".".join(map(str, path))
        raise InputError(f"[{table}] has {len(names):,} names: the limit is {MAX_NAMES:,}",
                         positions.key(path))  # fmt: skip


def check_name(path: Path, positions: Positions) -> None:
    """Refuse a key of a table of values that cannot be a name of the model."""
    name = str(path[-1])
    if not _IDENTIFIER.fullmatch(name) or len(name) > MAX_NAME or name.startswith("__"):
        raise InputError(f"'{clip(name, 80)}' cannot be a name of the model: expected letters, "
                         f"digits and _, not a digit or __ first, at most {MAX_NAME}",
                         positions.key(path))  # fmt: skip


def read_array(path: Path, value: Any, positions: Positions, *, columns: bool = False) -> Array:
    """Return a number or nested lists of numbers as an array; refuses anything else.

    `columns` says that strings would be allowed if the table named a file.
    """
    axes = len(_check_numbers(path, value, positions, columns))
    if axes > MAX_RANK:
        raise InputError(f"{axes} axes: the limit is {MAX_RANK}", positions.value(path))
    return read_only(value)


def _check_numbers(path: Path, value: Any, positions: Positions, columns: bool) -> tuple[int, ...]:
    """Return the shape of nested lists; refuses ragged or empty ones and anything but numbers."""
    if isinstance(value, list):
        if not value:
            raise InputError("an empty list has no numbers", positions.value(path))
        shapes = [
            _check_numbers((*path, i), item, positions, columns) for i, item in enumerate(value)
        ]
        for index, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise InputError(
                    f"the lists are ragged: expected {shape_text(shapes[0])} as in the first "
                    f"element, got {shape_text(shape)}",
                    positions.value((*path, index)),
                )
        return (len(value), *shapes[0])
    if fault := _fault(value, columns):
        raise InputError(fault, positions.value(path))
    return ()


def _fault(value: Any, columns: bool) -> str:
    """Return why a TOML value is not a finite number, or nothing."""
    if isinstance(value, str):
        hint = ": strings name columns only where the table has a `file`" if columns else ""
        return f"expected a number, got text{hint}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"expected a number, got {kind_of(value)}"
    return "" if math.isfinite(value) else f"expected a finite number, got {number(value)}"


def kind_of(value: Any) -> str:
    """Return what to call a TOML value that is not a number."""
    names = {bool: "true or false", dict: "a table", list: "a list", str: "text"}
    return names.get(type(value), "a date or time")
