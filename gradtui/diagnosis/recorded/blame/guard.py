"""Protects the values of the user's program while edited code runs."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.diagnosis.recorded.blame.definitions import tree_of
from gradtui.diagnosis.recorded.blame.trees import nodes_of
from gradtui.recording.functions import function_of
from gradtui.recording.modules import modules_of


@contextmanager
def guarded(arrays: Sequence[NDArray[Any]], run: Callable[[], object]) -> Iterator[None]:
    """Make arrays that `run` leaves unchanged read-only, because edited code may write to them.

    Arrays that every run writes are its own.  Those over memory that NumPy could not make writable
    again, such as a tensor's, get their numbers back in the end.
    """
    before = [array.copy() for array in arrays]
    run()
    kept = [
        (array, own)
        for array, own in zip(arrays, before, strict=True)
        if array.flags.writeable and np.array_equal(array, own, equal_nan=own.dtype.kind in "fc")
    ]
    # A view can be made writable only after its base.
    shut = sorted((one for one, _ in kept if _is_numpys(one)), key=lambda one: len(_bases(one)))
    for array in shut:
        array.flags.writeable = False
    try:
        yield
    finally:
        for array in shut:
            array.flags.writeable = True
        for array, own in kept:
            if not _is_numpys(array):
                array[...] = own


def attributes_filled(function: Callable[..., Any]) -> frozenset[str]:
    """Return the attributes into whose arrays the files of a function's modules write.

    A run with a mistake need not write into all of them, but one with the right edit may.
    """
    files = {str(names.get("__file__")) for names in modules_of(function)}
    code = getattr(function_of(function), "__code__", None)
    files |= {code.co_filename} if code is not None else set()
    return frozenset(name for file in files for name in _filled(file))


def _filled(file: str) -> Iterator[str]:
    with suppress(SyntaxError):
        for node in nodes_of(tree_of("".join(linecache.getlines(file)))):
            match node:
                case ast.Subscript(ast.Attribute(attr=name), ctx=ast.Store()):
                    yield name


def _bases(array: NDArray[Any]) -> Sequence[NDArray[Any]]:
    """Return an array with the one that it is a view of, and so on."""
    found = [array]
    while isinstance(found[-1].base, np.ndarray):
        found.append(found[-1].base)
    return found


def _is_numpys(array: NDArray[Any]) -> bool:
    """Return whether the memory of an array is NumPy's own, or another's that may be written."""
    base: Any = _bases(array)[-1].base
    try:
        return base is None or not memoryview(base).readonly
    except TypeError:
        return False
