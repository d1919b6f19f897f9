"""What NumPy and SciPy do not check themselves, while the user's code is run edited.

NumPy 2.4 reads past its own arrays where `at` is given values of more axes than what it indexes,
`as_strided` lets code write past them, and SciPy's products of sparse matrices take indices as
they are, as edited code may do: the process would end.  A range whose step becomes an eps, or an
array of a list that holds itself, fills the memory, in one call that nothing can end.  What an
array holds that is made without values, and so what a run gives, is another each time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib import stride_tricks
from numpy.typing import NDArray

from gradtui.recording.holdings import Holdings
from gradtui.recording.names import Replaced

_NAMES = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "logical_or")
_LONGEST = 1 << 26
"""Most numbers of a range."""
Checking = tuple[Any, str, Callable[..., Any]]
"""The owner of a function, its name, and one that checks more."""
_CHECKING = "check_format"
"""The method that tells of compressed indices whether they fit."""


class _Ufunc:
    """A function of NumPy's whose `at` refuses what NumPy does not."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self._ufunc = ufunc

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._ufunc(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ufunc, name)

    def at(self, array: Any, indices: Any, *values: Any) -> None:
        """Do it where the values have no more axes than what they are for."""
        if values and np.ndim(values[0]) > np.ndim(array[indices]):
            raise ValueError("the values have more axes than what is indexed")
        self._ufunc.at(array, indices, *values)


def _as_strided(x: Any, *args: Any, **options: Any) -> Any:
    """Return the view if all of it lies in the memory that its array's owner has."""
    made = stride_tricks.as_strided(x, *args, **options)
    owner = x
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    (first, last), (low, high) = _bounds(made), _bounds(owner)
    if made.size and (first < low or last > high):
        raise ValueError("the view reaches beyond its array")
    return made


def _arange(*args: Any, **options: Any) -> Any:
    """Return the range if it is no longer than one that an edit can be meant to make."""
    names = ("start", "stop", "step") if len(args) > 1 else ("stop",)
    given = {"start": 0, "step": 1, **dict(zip(names, args, strict=False)), **options}
    ends: list[Any] = [given.get(name) for name in ("start", "stop", "step")]
    start, stop, step = ends
    numbers = all(isinstance(one, int | float | np.number) for one in ends)
    if numbers and step and abs(stop - start) > _LONGEST * abs(step):
        raise ValueError("the range is too long")
    return np.arange(*args, **options)


def _looking(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes arrays, but none of a list that holds itself."""

    def made(*args: Any, **options: Any) -> Any:
        _look_into(args[0] if args else None, [])
        return make(*args, **options)

    return made


def _empty(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes arrays without values, as NumPy does, but always the same.

    What nobody stores in them is wrong: not a number, or 0 where there is no such thing.
    """

    def made(*args: Any, **options: Any) -> Any:
        array = make(*args, **options)
        if array.dtype.kind in "fc":
            array.fill(np.nan)
        elif array.dtype.kind in "iub":
            array.fill(0)
        return array

    return made


def _look_into(values: Any, around: list[Any]) -> None:
    """Raise ValueError if a list, which stands in others, holds itself or one of those."""
    if type(values) is list:
        if any(one is values for one in around):
            raise ValueError("the list holds itself")
        for one in values:
            if type(one) is list:
                _look_into(one, [*around, values])


def _bounds(array: NDArray[Any]) -> tuple[int, int]:
    """Return the addresses of an array's first byte and behind its last."""
    start = array.__array_interface__["data"][0]
    ways = [(size - 1) * step for size, step in zip(array.shape, array.strides, strict=True)]
    below, above = (sum(bound(0, way) for way in ways) for bound in (min, max))
    return start + below, start + above + array.itemsize


class _Formats:
    """SciPy's compressed matrices, which check their indices once they are made."""

    def __init__(self) -> None:
        """Do nothing if the program does not use them."""
        sparse = sys.modules.get("scipy.sparse")
        classes = getattr(sparse, "csr_matrix", object).__mro__
        self._owner = next((one for one in classes if _CHECKING in vars(one)), None)
        self._usual: Any = getattr(self._owner, _CHECKING, None)

    def check(self) -> None:
        """Have them check all."""
        usual = self._usual

        def whole(matrix: Any, full_check: bool = True) -> None:
            usual(matrix, True)

        if self._owner is not None:
            setattr(self._owner, _CHECKING, whole)

    def put_back(self) -> None:
        """Have them check what they do otherwise."""
        if self._owner is not None:
            setattr(self._owner, _CHECKING, self._usual)


class Checked:
    """NumPy's names that a function can reach, which check while this is entered.

    It is entered for each run of edited code: after one, what the program keeps is restored, its
    names too, and recorded runs have names of their own.
    """

    def __init__(self, function: Callable[..., Any], others: Sequence[Checking] = ()) -> None:
        """`others` are functions of other libraries."""
        self._others = [(*one, getattr(*one[:2])) for one in others]
        own: dict[str, Any] = {name: _Ufunc(getattr(np, name)) for name in _NAMES}
        own |= {"arange": _arange, "array": _looking(np.array), "asarray": _looking(np.asarray)}
        own |= {"empty": _empty(np.empty), "empty_like": _empty(np.empty_like)}
        instead: dict[int, Any] = {id(getattr(np, name)): one for name, one in own.items()}
        tricks = Replaced(stride_tricks, {"as_strided": _as_strided})
        library = Replaced(np.lib, {"stride_tricks": tricks})
        instead |= {id(stride_tricks.as_strided): _as_strided, id(stride_tricks): tricks}
        instead |= {id(np.lib): library, id(np): Replaced(np, {**own, "lib": library})}
        self._holdings = Holdings(lambda value: instead.get(id(value), value))
        self._holdings.replace(function)
        self._holdings.put_back()
        self._formats = _Formats()

    def __enter__(self) -> None:
        self._holdings.replace_again()
        self._formats.check()
        for owner, name, checking, _ in self._others:
            setattr(owner, name, checking)

    def __exit__(self, *error: object) -> None:
        for owner, name, _, own in self._others:
            setattr(owner, name, own)
        self._formats.put_back()
        self._holdings.put_back()
