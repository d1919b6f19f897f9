"""Arrays of complex numbers that record: two recording arrays, of real and imaginary parts.

What is done to them is done to the parts, so that only real numbers have derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gradtui.recording.array import Composite, plain, recorder_of
from gradtui.recording.forms import MOVING
from gradtui.recording.opaque import opaque
from gradtui.recording.recorder import Recorder
from gradtui.recording.standins import MUTATORS, array

_MOST_FACTORS = 6
"""Highest power that is written as a product."""
_LINEAR = MOVING | {"sum", "mean", "cumsum", "diff", "trace", "fftshift", "ifftshift"}
"""Functions that do to each part what they do to the whole."""
_PUT_IN = {"append": 1, "insert": 2}
"""Of these, the functions that take numbers where others take indices: the place of those."""
_PRODUCTS = frozenset({
    "dot", "inner", "outer", "linalg.outer", "tensordot", "einsum", "kron", "cross", "convolve",
})  # fmt: skip
"""Functions that are linear in each of their arrays."""


class Complex(Composite, NDArrayOperatorsMixin):
    """An array of complex numbers of a recorded run; after the run it gives plain ones."""

    def __init__(self, re: Any, im: Any) -> None:
        self.parts = re, im
        recorder = recorder_of((im,))
        if recorder is not None:
            recorder.tape.imaginary.add(recorder.node_of(im))

    # The class that NumPy returns without a recording, for `isinstance`.
    __class__ = property(lambda self: np.ndarray if self.ndim else np.complex128)

    def plain(self) -> Any:
        """Return it as an array of NumPy's, or a complex number."""
        re, im = plain(self.parts)
        return re + 1j * im

    @property
    def real(self) -> Any:
        """The real parts, which may be written."""
        return self.parts[0]

    @real.setter
    def real(self, value: Any) -> None:
        self.parts[0][...] = value

    @property
    def imag(self) -> Any:
        """The imaginary parts, which may be written."""
        return self.parts[1]

    @imag.setter
    def imag(self, value: Any) -> None:
        self.parts[1][...] = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return np.shape(self.parts[0])

    @property
    def ndim(self) -> int:
        """The number of its axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of its elements."""
        return int(np.size(self.parts[0]))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its numbers."""
        return np.result_type(np.asarray(plain(self.parts[0])).dtype, np.complex64)

    @property
    def T(self) -> Complex:
        """It with its axes in reverse order."""
        return Complex(*[np.transpose(one) for one in self.parts])

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        recorder = recorder_of((*inputs, *options.get("out", ())))
        if recorder is not None:
            return recorder.ufunc(ufunc, method, inputs, options)
        return getattr(ufunc, method)(*plain(inputs), **plain(options))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        recorder = recorder_of((args, options))
        if recorder is not None:
            return recorder.function(function, args, options)
        return function(*plain(args), **plain(options))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.plain(), dtype)

    def __getitem__(self, key: Any) -> Any:
        return Complex(*[one[key] for one in self.parts])

    def __setitem__(self, key: Any, value: Any) -> None:
        self.parts[0][key], self.parts[1][key] = real_of(value), imag_of(value, number=True)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[at] for at in range(len(self)))

    def __complex__(self) -> complex:
        return complex(self.plain())

    def __repr__(self) -> str:
        return repr(self.plain())

    def __str__(self) -> str:
        return str(self.plain())

    def __format__(self, spec: str) -> str:
        return format(self.plain(), spec)

    def conj(self) -> Any:
        """Return the conjugates."""
        return np.conjugate(self)

    conjugate = conj

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        """Return the elements as numbers of another type."""
        if np.dtype(dtype).kind != "c":
            return self.real.astype(dtype, *args, **options)
        kind = np.finfo(dtype).dtype
        return Complex(*[one.astype(kind, *args, **options) for one in self.parts])

    def item(self, *at: Any) -> Any:
        """Return one element."""
        return Complex(*[one.item(*at) for one in self.parts])

    def tolist(self) -> Any:
        """Return plain numbers."""
        return self.plain().tolist()

    def fill(self, value: Any) -> None:
        """Set every element."""
        self[...] = value


def _method(name: str) -> Callable[..., Any]:
    """Return a method that each part has, too."""

    def method(self: Complex, *args: Any, **options: Any) -> Any:
        return Complex(*[getattr(one, name)(*args, **options) for one in self.parts])

    return method


def _function(name: str) -> Callable[..., Any]:
    return lambda self, *args, **options: getattr(np, name)(self, *args, **options)


for _name in ("reshape", "ravel", "flatten", "copy", "take", "repeat", "compress", "transpose",
              "swapaxes", "squeeze", "diagonal"):  # fmt: skip
    setattr(Complex, _name, _method(_name))
for _name in ("sum", "mean", "cumsum", "dot", "trace", "prod"):
    setattr(Complex, _name, _function(_name))


def constant(recorder: Recorder, value: Any) -> Complex:
    """Return complex numbers of the program's in a form that takes part in the recording."""
    return Complex(*[recorder.constant(np.array(one)) for one in (value.real, value.imag)])


def is_complex(value: Any) -> bool:
    """Return whether a value is a complex number or an array of some."""
    if isinstance(value, Composite | complex | np.complexfloating):
        return True
    return isinstance(value, np.ndarray) and value.dtype.kind == "c"


def holds_complex(values: Any) -> bool:
    """Return whether nested values hold complex numbers."""
    if type(values) is dict:
        return any(holds_complex(one) for one in values.values())
    if type(values) in (list, tuple):
        return any(holds_complex(one) for one in values)
    return is_complex(values)


def real_of(value: Any) -> Any:
    """Return nested values with real parts in place of complex numbers."""
    if type(value) in (list, tuple):
        return type(value)([real_of(one) for one in value])
    return value.real if is_complex(value) else value


def imag_of(value: Any, *, number: bool = False) -> Any:
    """Return nested values with imaginary parts in place of numbers: 0 for those of real ones.

    What may be an index or an axis is kept, unless it must be a `number`, or stands beside one.
    """
    if type(value) in (list, tuple):
        inside = number or holds_complex(value)
        return type(value)([imag_of(one, number=inside) for one in value])
    if is_complex(value):
        return value.imag
    if isinstance(value, float | np.floating) or (number and np.ndim(value) == 0):
        return 0.0
    if number or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        return np.zeros(np.shape(value))
    return value


def joined(recorder: Recorder, made: Any, value: Any) -> Any:
    """Return what an array of complex numbers is made of, recorded: `made` of nested `value`."""
    if not holds_complex(value) and recorder_of((value,)) is None:
        return constant(recorder, made)
    if type(value) is Complex:
        return value.astype(made.dtype).reshape(made.shape)
    parts = real_of(value), imag_of(value, number=True)
    return Complex(*[np.reshape(array(recorder, one), made.shape) for one in parts])


def of_ufunc(
    recorder: Recorder, ufunc: np.ufunc, method: str, inputs: Sequence[Any],
    options: Mapping[str, Any],
) -> Any:  # fmt: skip
    """Record a universal function of complex numbers, or one of its methods."""
    options = dict(options)
    out = options.pop("out", ())
    name = ufunc.__name__
    if method == "at":
        target, key, value = inputs
        ufunc.at(target.real, key, real_of(value))
        ufunc.at(target.imag, key, imag_of(value, number=True))
        return None
    if method == "reduce" and name == "add":
        found: Any = Complex(*[ufunc.reduce(one, *inputs[1:], **options)
                               for one in inputs[0].parts])  # fmt: skip
    elif method == "outer" and name == "multiply":
        found = _multiplied(ufunc.outer, inputs)
    elif method == "__call__" and not options and name in _UFUNCS:
        found = _UFUNCS[name](*inputs)
    else:
        call = getattr(ufunc, method)
        elementwise = method == "__call__" and ufunc.signature is None
        return opaque(recorder, name, call, inputs, options, pointwise=elementwise)
    if not out:
        return found
    out[0][...] = found
    return out[0]


def of_function(recorder: Recorder, name: str, function: Any, args: Any, options: Any) -> Any:
    """Record another function of complex numbers."""
    if name in MUTATORS:
        target, *rest = args
        function(target.real, *real_of(rest), **real_of(options))
        function(target.imag, *imag_of(rest, number=True), **imag_of(options))
        return None
    if name in _LINEAR:
        put_in = _PUT_IN.get(name)
        im = [imag_of(one, number=at == put_in) for at, one in enumerate(args)]
        parts = (function(*real_of(list(args)), **real_of(dict(options))),
                 function(*im, **imag_of(dict(options))))  # fmt: skip
        if isinstance(parts[0], list | tuple):
            return type(parts[0])([Complex(*pair) for pair in zip(*parts, strict=True)])
        return Complex(*parts)
    if name in _PRODUCTS:
        return _multiplied(lambda *own: function(*own, **options), args)
    if name in _OWN:
        found = _OWN[name](*args, **options)
        if found is not NotImplemented:
            return found
    return opaque(recorder, name, function, args, options)


def _multiplied(function: Callable[..., Any], operands: Sequence[Any]) -> Any:
    """Return what is linear in each operand: the sum over all choices of their parts."""
    kinds = [((0, real_of(one)), (1, imag_of(one))) if is_complex(one) else ((0, one),)
             for one in operands]  # fmt: skip
    found: list[Any] = [None, None]
    for chosen in product(*kinds):
        if any(isinstance(one, float) and one == 0.0 for _, one in chosen):
            continue
        power, term = sum(i for i, _ in chosen), function(*[one for _, one in chosen])
        before = found[power % 2]
        if before is None:
            found[power % 2] = -term if power > 1 else term
        else:
            found[power % 2] = before - term if power > 1 else before + term
    # No part is the product of a number that is 0, such as the real part of 1j.
    whole = next((one for one in found if one is not None), None)
    if whole is None:
        return function(*plain(list(operands)))
    return Complex(*[0.0 * whole if one is None else one for one in found])


def _added(function: np.ufunc) -> Callable[..., Any]:
    def call(a: Any, b: Any) -> Any:
        re, shape = function(real_of(a), real_of(b)), np.broadcast_shapes(np.shape(a), np.shape(b))
        im = function(*[imag_of(one, number=True) if is_complex(one) else 0.0 for one in (a, b)])
        return Complex(re, im if np.shape(im) == shape else im + np.zeros(shape))

    return call


def _each(function: np.ufunc) -> Callable[..., Any]:
    return lambda a: Complex(function(a.real), function(a.imag))


def _divided(a: Any, b: Any) -> Any:
    if not is_complex(b):
        return Complex(a.real / b, a.imag / b)
    over = _multiplied(np.multiply, (a, np.conjugate(b)))
    size = b.real * b.real + b.imag * b.imag
    return Complex(over.real / size, over.imag / size)


def _power(a: Any, b: Any) -> Any:
    whole = not is_complex(b) and np.ndim(b) == 0 and float(plain(b)).is_integer()
    if whole and 1 <= b <= _MOST_FACTORS:
        return reduce(np.multiply, [a] * int(b))
    return np.exp(b * np.log(a))


def _exp(a: Any) -> Any:
    size = np.exp(a.real)
    return Complex(size * np.cos(a.imag), size * np.sin(a.imag))


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord is not None:
        return NotImplemented
    squares = x.real * x.real + x.imag * x.imag
    return np.sqrt(np.sum(squares, axis=axis, keepdims=keepdims))


def _where(condition: Any, *branches: Any) -> Any:
    if len(branches) != 2:
        return NotImplemented
    both = real_of(list(branches)), imag_of(list(branches), number=True)
    return Complex(*[np.where(plain(condition), *one) for one in both])


_UFUNCS: Mapping[str, Callable[..., Any]] = {
    "add": _added(np.add),
    "subtract": _added(np.subtract),
    "multiply": lambda *operands: _multiplied(np.multiply, operands),
    "matmul": lambda *operands: _multiplied(np.matmul, operands),
    "divide": _divided,
    "negative": _each(np.negative),
    "positive": _each(np.positive),
    "conjugate": lambda a: Complex(+a.real, -a.imag),
    "absolute": lambda a: np.hypot(a.real, a.imag),
    "square": lambda a: _multiplied(np.multiply, (a, a)),
    "reciprocal": lambda a: _divided(Complex(np.ones(a.shape), np.zeros(a.shape)), a),
    "power": _power,
    "exp": _exp,
    "log": lambda a: Complex(np.log(np.hypot(a.real, a.imag)), np.arctan2(a.imag, a.real)),
}
"""Universal function -> what it is of the parts."""
_OWN: Mapping[str, Callable[..., Any]] = {
    "real": lambda a: a.real,
    "imag": lambda a: a.imag,
    "angle": lambda a, deg=False: NotImplemented if deg else np.arctan2(a.imag, a.real),
    "vdot": lambda a, b: np.dot(np.conjugate(np.ravel(a)), np.ravel(b)),
    "linalg.norm": _norm,
    "where": _where,
    "shape": lambda a: np.shape(real_of(a)),
    "ndim": lambda a: np.ndim(real_of(a)),
    "size": lambda a, axis=None: np.size(real_of(a), axis),
    "iscomplexobj": is_complex,
    "isrealobj": lambda a: not is_complex(a),
}
"""Function -> what it is of the parts."""
