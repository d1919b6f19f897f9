"""NumPy's matrices, `np.matrix`, that record: always of two axes, with `*` for their product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradtui.recording import standins
from gradtui.recording.array import Recorded, plain
from gradtui.recording.recorder import Recorder

_FOLDS = frozenset({"sum", "mean", "prod", "std", "var", "max", "min", "amax", "amin", "any", "all",
                    "argmax", "argmin", "ptp"})  # fmt: skip
"""Functions that keep the axis that they go along."""
_PLAIN = frozenset({
    "where", "einsum", "tensordot", "bincount", "outer", "inner", "vdot", "select", "choose",
    "interp", "histogram", "shape", "size", "ndim",
})  # fmt: skip
"""Functions whose results are no matrices."""


class Matrix(Recorded):
    """A matrix of a recorded run."""

    _kind = np.matrix

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        inputs, options = _arrays(inputs), _arrays(options)
        found = super().__array_ufunc__(ufunc, method, *inputs, **options)
        return tuple(map(as_matrix, found)) if isinstance(found, tuple) else as_matrix(found)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        name = function.__name__
        if name in _FOLDS and isinstance(args[0], Matrix):
            axis = args[1] if len(args) > 1 else options.get("axis")
            options = options if axis is None else {**options, "keepdims": True}
        found = super().__array_function__(function, types, _arrays(args), _arrays(options))
        return found if name in _PLAIN else as_matrix(found)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        column = isinstance(key, tuple) and len(key) > 1 and np.ndim(key[1]) == 0
        upright = column and not isinstance(key[1], slice) and key[1] is not None
        return as_matrix(found, upright=upright)

    def __setitem__(self, key: Any, value: Any) -> None:
        value = _arrays(value)
        if np.ndim(value) == 2 and np.ndim(plain(self)[plain(key)]) == 1:
            value = np.reshape(value, -1)  # a row or column, as one is got
        super().__setitem__(key, value)

    def __mul__(self, other: Any) -> Any:
        return np.multiply(self, other) if np.ndim(other) == 0 else np.dot(self, _rows(other))

    def __rmul__(self, other: Any) -> Any:
        return np.multiply(other, self) if np.ndim(other) == 0 else np.dot(_rows(other), self)

    def __imul__(self, other: Any) -> Any:
        self[...] = self * other
        return self

    def __pow__(self, power: Any) -> Any:  # type: ignore[override]
        if not isinstance(power, int | np.integer) or power < 1:
            return as_matrix(np.linalg.matrix_power(self, power))
        found = self
        for _ in range(int(power) - 1):
            found = found * self
        return found

    def item(self, *at: Any) -> Any:
        """Return one element, which is still recorded if it is a float."""
        return self.A.item(*at)

    @property
    def A(self) -> Any:
        """It as an array."""
        return np.ndarray.view(self, Recorded)

    @property
    def A1(self) -> Any:
        """Its elements row by row, in an array of one axis."""
        return self.A.reshape(-1)

    @property
    def I(self) -> Any:  # noqa: E743
        """Its inverse."""
        return np.linalg.inv(self)

    H = property(np.transpose)


def as_matrix(value: Any, *, upright: bool = False) -> Any:
    """Return a recording array as a matrix, one of one axis as a row or column; others as is."""
    if type(value) is Recorded and value.ndim == 1:
        value = value.reshape((-1, 1) if upright else (1, -1))
    return np.ndarray.view(value, Matrix) if type(value) is Recorded and value.ndim == 2 else value


def _arrays(value: Any) -> Any:
    """Return nested values with matrices replaced by arrays on the same memory."""
    if type(value) is Matrix:
        return np.ndarray.view(value, Recorded)
    if type(value) in (list, tuple):
        return type(value)([_arrays(one) for one in value])
    return {name: _arrays(one) for name, one in value.items()} if type(value) is dict else value


def _rows(value: Any) -> Any:
    """Return an operand of a product, of one axis as a row."""
    return np.reshape(value, (1, -1)) if np.ndim(value) == 1 else value


def _shaped(name: str) -> Callable[..., Any]:
    method = getattr(Recorded, name)
    return lambda self, *args, **options: as_matrix(method(self, *args, **options))


for _name in ("reshape", "ravel", "flatten", "copy", "take", "repeat", "compress", "astype"):
    setattr(Matrix, _name, _shaped(_name))
for _name, _attribute in {"getA": "A", "getA1": "A1", "getI": "I", "getT": "T"}.items():
    setattr(Matrix, _name, lambda self, own=_attribute: getattr(self, own))


class _Kind(type):
    """The metaclass of a class that passes for `np.matrix`."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, np.matrix)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, np.matrix)


def making(recorder: Recorder) -> dict[str, Any]:
    """Return the functions of NumPy that make matrices, by name."""

    def made(value: Any, dtype: Any = None, copy: bool = False) -> Any:
        if not recorder.tape.open:
            return np.matrix(plain(value), dtype, copy)
        own = np.asarray(np.matrix(plain(value), dtype))
        if isinstance(value, Recorded):
            value = np.ndarray.view(value.copy() if copy else value, Recorded).reshape(own.shape)
            return as_matrix(value.astype(own.dtype) if value.dtype != own.dtype else value)
        if isinstance(value, list | tuple):
            return as_matrix(np.reshape(standins.array(recorder, value), own.shape))
        return as_matrix(recorder.constant(own.copy() if copy else own))

    class _Matrix(metaclass=_Kind):
        """The replacement of `np.matrix` in the user's code."""

        def __new__(cls, data: Any, dtype: Any = None, copy: bool = True) -> Any:
            return made(data, dtype, copy)

    found: dict[str, Any] = {
        "matrix": _Matrix,
        "asmatrix": lambda data, dtype=None: made(data, dtype),
        "mat": lambda data, dtype=None: made(data, dtype),
        "bmat": lambda parts: as_matrix(np.block(parts)),
    }
    return {name: one for name, one in found.items() if hasattr(np, name)}
