"""Turns each call of NumPy in a recorded run into a node of the tape, and its result.

`forms` knows a function's form in the registry's operations; `standins` the functions that become
several calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.recording import complexes, forms, standins
from gradtui.recording.algebra import ALGEBRA
from gradtui.recording.array import Recorded, plain
from gradtui.recording.convolutions import CONVOLUTIONS
from gradtui.recording.moving import moved
from gradtui.recording.opaque import opaque
from gradtui.recording.recorder import Recorder
from gradtui.recording.sparse import given, is_sparse
from gradtui.recording.special import BACKS
from gradtui.recording.subclasses import as_kind
from gradtui.recording.tape import Back, Form, form

Array = NDArray[Any]
_MASKS = (np.ndarray, list)
_LISTS = frozenset({list, tuple})
_UFUNCS = 1 << 10
_COMPLEX = frozenset({complexes.Complex, complex, np.complex64, np.complex128})


class _Ufunc(Struct, frozen=True):
    """What is known of a universal function."""

    name: str
    form: Form | None
    elementwise: bool
    exact: bool
    back: Back | None
    """Its vector-Jacobian product, if that is known without a form."""
    contracts: bool
    """Whether it works on more than single elements, and is no matrix product."""


@lru_cache(_UFUNCS)
def _known(ufunc: np.ufunc) -> _Ufunc:
    core = ufunc.signature is not None
    name = "@" if ufunc.__name__ == "matmul" else ufunc.__name__
    return _Ufunc(name, forms.ELEMENTWISE.get(name), not core, name in forms.EXACT,
                  BACKS.get(name), core and name != "@")  # fmt: skip


class CallRecorder(Recorder):
    """Records the calls of one run."""

    @property
    def _has_complex(self) -> bool:
        """Whether there are complex numbers, for which most programs need not be searched."""
        return bool(self.tape.imaginary)

    def constant(self, value: Any) -> Any:
        """Return a new array of the program's in a form that takes part in the recording."""
        if type(value) is np.ndarray and value.dtype.kind == "c":
            return complexes.constant(self, value)
        return super().constant(value)

    def passed(self, value: Any) -> Any:
        """Return another argument: one of SciPy's sparse matrices takes part."""
        return given(self, value) if is_sparse(value) else value

    def parted(
        self, name: str, compute: Callable[..., Any], operands: Sequence[Any], value: Array, *,
        elementwise: bool,
    ) -> Any:  # fmt: skip
        """Return a result of complex numbers, recorded as two calls."""
        parts = [
            self.result(f"{name}.{part}", lambda *own, part=part: getattr(compute(*own), part),
                        operands, getattr(value, part), None, elementwise=elementwise)
            for part in ("real", "imag")
        ]  # fmt: skip
        return complexes.Complex(*parts)

    def joined(self, made: Array, value: Any) -> Any:
        """Return an array of complex numbers, `made` of nested ones."""
        return complexes.joined(self, made, value)

    def cast(self, compute: Callable[..., Any], array: Recorded) -> Any:
        """Return the elements as numbers of another type."""
        value = compute(plain(np.ndarray.view(array, np.ndarray)))
        if value.dtype.kind == "c":
            return complexes.Complex(array.copy(), self.constant(np.zeros(array.shape)))
        if value.dtype == object:
            return standins.objects(value, array)
        if value.dtype == array.dtype:
            return self.moving(compute, (array,), {})
        return self.result("astype", compute, [array], value, form("1*a"), elementwise=True,
                           exact=np.can_cast(array.dtype, value.dtype))  # fmt: skip

    def viewed(self, array: Recorded, kind: type, source: Recorded) -> Any:
        """Return a view of a `source` as an array of another class."""
        return as_kind(array, kind, source)

    def moving(
        self, function: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]
    ) -> Any:
        """Record a call that only moves elements, by its effect on their positions."""
        own = [np.ndarray.view(array, np.ndarray) if isinstance(array, Recorded) else plain(array)
               for array in args]  # fmt: skip
        value = function(*own, **plain(dict(options)))
        return moved(self, function, args, options, value)

    def ufunc(
        self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """Record a call of a universal function or one of its methods."""
        if not _COMPLEX.isdisjoint(map(type, inputs)):
            return complexes.of_ufunc(self, ufunc, method, inputs, options)
        out = options.pop("out", ())
        if method == "__call__" and not options and not _has_lists(inputs):  # by far the most
            result = self._elementwise(ufunc, inputs, options, out[0] if out else None)
            return self.put(result, out) if out and result is not out[0] else result
        if method == "at":
            standins.at(self, ufunc, *inputs)
            return None
        if _has_lists(inputs):
            inputs = tuple([self._listed(one) for one in inputs])
        if method == "outer":
            return ufunc(*standins.crossed(*inputs), **options)
        if method == "__call__" and isinstance(options.get("where", True), _MASKS):
            result = standins.where_told(self, ufunc, inputs, options, out[0] if out else None)
        elif method == "__call__":
            result = self._elementwise(ufunc, inputs, options, out[0] if out else None)
        else:
            result = self._folded(ufunc, method, inputs, options)
        return self.put(result, out) if out and result is not out[0] else result

    def _listed(self, value: Any) -> Any:
        """Return an operand, as an array if it is a list."""
        return standins.array(self, value) if isinstance(value, list | tuple) else value

    def _elementwise(
        self, ufunc: np.ufunc, inputs: tuple[Any, ...], options: dict[str, Any], out: Any
    ) -> Any:
        known = _known(ufunc)
        value = ufunc(*[plain(one) for one in inputs], **options)
        if ufunc.nout > 1:
            return tuple(
                self.result(known.name, _output(ufunc, at, options), inputs, one, None,
                            elementwise=True)
                for at, one in enumerate(value)
            )  # fmt: skip
        if known.contracts:
            return standins.contracted(self, known.name, ufunc, inputs, value)
        compute = (lambda *args: ufunc(*args, **options)) if options else ufunc
        held = out if out is not None and self.is_written(out, value) else None
        return self.result(known.name, compute, inputs, value, known.form,
                           elementwise=known.elementwise, exact=known.exact, out=held,
                           back=known.back)  # fmt: skip

    def _folded(
        self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """Record reduce, accumulate or reduceat."""
        array, *rest = inputs
        name = f"{ufunc.__name__}.{method}"
        axis = rest[0] if rest else options.get("axis", 0)
        told = {"axis": axis, "keepdims": bool(options.get("keepdims", False))}
        plainly = options.get("where", True) is True and _no_start(options.get("initial"))
        if method == "reduce" and plainly:
            return forms.reduction(self, ufunc.__name__, array, told)
        if method == "accumulate" and name == "add.accumulate":
            return standins.cumsum(array, axis)
        own = plain(list(inputs))

        def compute(a: Array) -> Any:
            return getattr(ufunc, method)(a, *own[1:], **options)

        return self.result(name, compute, [array], compute(own[0]), None)

    def function(self, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Record a call of another function of NumPy."""
        name = forms.name_of(function)
        if self._has_complex and complexes.holds_complex((args, options)):
            return complexes.of_function(self, name, function, args, options)
        if name in ("all", "any") and isinstance(args[0], Recorded):
            self.tape.agreed(name, np.asarray(plain(args[0])), self.node_of(args[0]))
        if name in standins.MUTATORS:
            return standins.MUTATORS[name](self, *args, **options)
        options = dict(options)
        out = options.pop("out", None)
        return self.put(self._called(name, function, args, options), out)

    def _called(
        self, name: str, function: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        if name == "full_like":
            return standins.filled(self, function, args, {**options, "subok": False})
        if name in forms.LIKE:
            return self.constant(function(*plain(args), **plain(options), subok=False))
        for table in (forms.CALLS, standins.STAND_INS, ALGEBRA, CONVOLUTIONS):
            if name in table:
                result = table[name](self, *args, **options)
                if result is not NotImplemented:
                    return result
        if name in forms.MOVING:
            return self.moving(function, args, options)
        if name in forms.COMPOSITE:
            return function._implementation(*args, **options)
        return opaque(self, name, function, args, options)


def _has_lists(inputs: tuple[Any, ...]) -> bool:
    return not _LISTS.isdisjoint(map(type, inputs))


def _no_start(initial: Any) -> bool:
    return initial is None or initial is np._NoValue


def _output(ufunc: np.ufunc, at: int, options: Mapping[str, Any]) -> Callable[..., Any]:
    return lambda *args: ufunc(*args, **options)[at]
