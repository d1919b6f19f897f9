"""SciPy's sparse matrices in a recorded run: their products with recorded arrays are known.

Inside SciPy, these would lose their recording, as NumPy does not ask them there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.recording.array import Composite, plain, recorder_of
from gradtui.recording.kinds import Kind
from gradtui.recording.matrices import as_matrix
from gradtui.recording.recorder import Recorder

Array = NDArray[Any]


class Sparse(Composite):
    """A sparse matrix or array of a recorded run, of numbers that depend on nothing recorded."""

    parts = ()
    __array_ufunc__ = None  # so that arrays leave their operators to it
    # The class that SciPy returns without a recording, for `isinstance`.
    __class__ = property(lambda self: type(self.plain()))

    def __init__(self, recorder: Recorder, own: Any) -> None:
        self.__dict__.update(_recorder=recorder, _own=own)

    def plain(self) -> Any:
        """Return it as SciPy has it."""
        return self.__dict__["_own"]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.plain(), name)
        if not callable(found):
            return self._given(found)
        return lambda *args, **options: self._given(found(*plain(args), **plain(options)))

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.plain(), name, plain(value))

    def __getitem__(self, key: Any) -> Any:
        return self._given(self.plain()[plain(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        self.plain()[plain(key)] = plain(value)

    def __len__(self) -> int:
        return len(self.plain())

    def __iter__(self) -> Iterator[Any]:
        return map(self._given, self.plain())

    def __bool__(self) -> bool:
        return bool(self.plain())

    def __repr__(self) -> str:
        return repr(self.plain())

    def __reduce__(self) -> Any:
        return self.plain().__reduce__()

    def dot(self, other: Any) -> Any:
        """Return the product with a matrix, a vector or a number."""
        own = self.plain()
        return self._product(other, own.dot, lambda arriving: own.T @ arriving)

    def __matmul__(self, other: Any) -> Any:
        own = self.plain()
        return self._product(other, own.__matmul__, lambda arriving: own.T @ arriving)

    def __rmatmul__(self, other: Any) -> Any:
        own = self.plain()
        return self._product(other, own.__rmatmul__, lambda arriving: arriving @ own.T)

    def __mul__(self, other: Any) -> Any:
        return self.dot(other) if self._multiplies(other) else self._given(self.plain() * other)

    def __rmul__(self, other: Any) -> Any:
        own = plain(other)
        return other @ self if self._multiplies(other) else self._given(own * self.plain())

    def _multiplies(self, other: Any) -> bool:
        """Return whether `*` is the product of matrices, as it is for `scipy.sparse.spmatrix`."""
        kinds = {kind.__name__ for kind in type(self.plain()).__mro__}
        return "spmatrix" in kinds and np.ndim(other) > 0

    def _product(
        self, other: Any, compute: Callable[..., Any], through: Callable[[Array], Array]
    ) -> Any:
        """Return a product, recorded if the other factor is."""
        recorder = self.__dict__["_recorder"]
        value = compute(plain(other))
        if recorder_of((other,)) is None or not isinstance(value, np.ndarray):
            return self._given(value)

        def back(
            values: Sequence[Array], arriving: Array, wanted: tuple[bool, ...]
        ) -> tuple[Array, ...]:
            return (through(arriving),)

        found = recorder.result("sparse.dot", compute, [other], value, None, back=back)
        return as_matrix(found) if isinstance(other, np.matrix) else found

    def _given(self, value: Any) -> Any:
        return given(self.__dict__["_recorder"], value)


def _operation(name: str) -> Callable[..., Any]:
    function = getattr(operator, name)

    def operation(self: Sparse, *others: Any) -> Any:
        return self._given(function(self.plain(), *plain(others)))

    return operation


def _reflected(name: str) -> Callable[..., Any]:
    function = getattr(operator, name)
    return lambda self, other: self._given(function(plain(other), self.plain()))


for _name in ("add", "sub", "truediv", "pow", "neg", "abs", "eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Sparse, f"__{_name}__", _operation(f"__{_name}__"))
for _name in ("add", "sub", "truediv"):
    setattr(Sparse, f"__r{_name}__", _reflected(_name))


def given(recorder: Recorder, value: Any) -> Any:
    """Return what SciPy made of plain numbers in a form that takes part in the recording."""
    if type(value) in (list, tuple):
        return type(value)([given(recorder, one) for one in value])
    if not recorder.tape.open:
        return value
    if is_sparse(value):
        return Sparse(recorder, value)
    if type(value) is np.matrix:
        return as_matrix(recorder.constant(np.asarray(value)))
    return recorder.constant(value) if np.isrealobj(value) else value


def is_sparse(value: Any) -> bool:
    """Return whether a value is one of SciPy's sparse matrices or arrays, or such a class."""
    kind = value if isinstance(value, type) else type(value)
    return str(kind.__module__).startswith("scipy.sparse") and hasattr(kind, "tocsr")


class _Making(Kind):
    """The metaclass of a class that passes for one of SciPy's, and whose objects take part."""

    recorder: Recorder

    def __call__(cls, *args: Any, **options: Any) -> Any:
        return given(cls.recorder, cls.real(*plain(args), **plain(options)))


def making(recorder: Recorder, kind: type) -> Any:
    """Return the replacement of a class of sparse matrices in the user's code."""
    return _Making(kind.__name__, (), {"real": kind, "recorder": recorder})
