"""NumPy's name in the user's modules, for the length of a run: what it makes takes part.

NumPy itself is unchanged, and so are all modules of libraries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial, wraps
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from numpy.lib import stride_tricks

from gradtui.recording import masked, matrices, standins
from gradtui.recording.array import Composite, Recorded, plain, recorder_of
from gradtui.recording.foreign import foreign
from gradtui.recording.forms import ELEMENTWISE
from gradtui.recording.holdings import replaced
from gradtui.recording.imports import importing
from gradtui.recording.kinds import SCALARS
from gradtui.recording.listed import Joining, functions_of
from gradtui.recording.modules import is_users
from gradtui.recording.recorder import Recorder
from gradtui.recording.subclasses import in_place_of, recorded_class

_MAKING = (
    "zeros", "ones", "empty", "eye", "identity", "linspace", "arange", "logspace",
    "geomspace", "tri", "zeros_like", "ones_like", "empty_like", "full_like",
    "diag", "loadtxt", "vander", "hanning", "hamming",
)  # fmt: skip
_TAKING = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray")
_MODULES = ("linalg", "fft")
"""Modules of NumPy's functions; one may be imported only when asked for."""
_SCALARS = ("float64", "double", "float32", "single", "float16", "half", "longdouble")
_MATH = {
    "exp": "exp", "log2": "log2", "log10": "log10", "log1p": "log1p",
    "expm1": "expm1", "sqrt": "sqrt", "tanh": "tanh", "sin": "sin", "cos": "cos", "tan": "tan",
    "pow": "power", "fabs": "absolute", "sinh": "sinh", "cosh": "cosh",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "radians": "radians", "degrees": "degrees",
    "exp2": "exp2", "cbrt": "cbrt", "fmod": "fmod", "copysign": "copysign",
}  # fmt: skip


_POINTWISE = ("erf", "erfc", "gamma", "lgamma")
"""Functions of `math` without an equivalent in NumPy."""
_DRAWING = (
    "rand", "randn", "random", "random_sample", "ranf", "sample", "normal", "uniform",
    "standard_normal", "binomial", "choice", "exponential", "laplace", "beta", "gamma",
    "permutation", "randint",
)  # fmt: skip


DETACHING = re.compile(r"detach|stop_?grad|no_?grad")
"""What the name of a function says that detaches its argument."""


class Replaced(ModuleType):
    """A module with some functions replaced by ours."""

    def __init__(self, module: ModuleType, functions: Mapping[str, Any]) -> None:
        super().__init__(module.__name__, module.__doc__)
        self.__dict__.update(functions)
        self.__dict__["_module"] = module

    def __getattr__(self, name: str) -> Any:
        own, module = self.__dict__, self.__dict__["_module"]
        found = getattr(module, name)
        if name in vars(module):  # not what a module makes when it is asked, such as a warning
            own[name] = found
        return found

    def __dir__(self) -> list[str]:
        return dir(self.__dict__["_module"])


@contextmanager
def rebound(
    recorder: Recorder, function: Callable[..., Any], kinds: Mapping[str, Any]
) -> Iterator[None]:
    """Let the values of the user's modules and objects take part in a recording.

    Names of NumPy make arrays that take part, and arrays take part themselves, because `X.dot(W)`
    of a plain X would go unnoticed.  `function` is the one to be called: its module is the user's
    wherever it is; `kinds` are replacements of Python's names.  Everything is restored.
    """
    numpy, maths = _of_numpy(recorder), _of_math(recorder)
    instead: dict[int, Any] = {id(getattr(np, name)): own for name, own in numpy.items()}
    instead |= {id(getattr(math, name)): own for name, own in maths.items()}
    if kinds:
        numpy |= {name: SCALARS[getattr(np, name)] for name in _SCALARS}
        instead |= {id(real): own for real, own in SCALARS.items()}
    numpy["random"] = Replaced(np.random, _of_random(recorder))
    instead |= {id(np.random): numpy["random"]}
    strides = _of_strides(recorder)
    instead |= {id(getattr(stride_tricks, name)): own for name, own in strides.items()}
    tricks = Replaced(stride_tricks, strides)
    numpy["lib"] = Replaced(np.lib, {"stride_tricks": tricks})
    instead |= {id(np.lib): numpy["lib"], id(stride_tricks): tricks}
    for module in (vars(np)[name] for name in _MODULES if name in vars(np)):
        own = functions_of(module)
        instead |= {id(getattr(module, name)): one for name, one in own.items()}
        numpy[module.__name__.rpartition(".")[2]] = instead[id(module)] = Replaced(module, own)
    if (masking := vars(np).get("ma")) is not None:
        numpy["ma"] = instead[id(masking)] = Replaced(masking, masked.functions_of(masking))
    instead |= {id(np): Replaced(np, numpy), id(math): Replaced(math, maths)}
    taking_part = partial(_taking_part, recorder, instead)
    with replaced(function, taking_part, kinds), importing(function, taking_part):
        yield


def _taking_part(recorder: Recorder, instead: Mapping[int, Any], value: Any) -> Any:
    own = instead.get(id(value))
    if own is not None:
        return own
    if isinstance(value, np.random.Generator | np.random.RandomState):
        return _Generator(recorder, value)
    if isinstance(value, np.vectorize):
        return standins.vectorized(recorder, value, instead.get(id(value.pyfunc), value.pyfunc))
    if type(value) is np.ndarray:
        return recorder.constant(value) if value.ndim else value
    if isinstance(value, np.ndarray) and recorded_class(type(value)) is not None:
        made = recorder.constant(np.asarray(value))
        return in_place_of(made, value) if isinstance(made, Recorded) else value
    if type(value) is np.matrix:
        return matrices.as_matrix(recorder.constant(np.asarray(value)))
    if isinstance(value, FunctionType) and DETACHING.search(value.__name__) and is_users(value):
        return _detaching(recorder, value)
    return foreign(recorder, value)


def _detaching(recorder: Recorder, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose result is a node of its own, which a copy alone is not."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        made = function(*args, **options)
        recorded = isinstance(made, Recorded) and made.dtype.kind == "f" and recorder.tape.open
        return np.positive(made) if recorded else made

    return call


def _of_numpy(recorder: Recorder) -> dict[str, Any]:
    functions = dict(functions_of(np))
    functions |= {name: _making(recorder, getattr(np, name)) for name in _MAKING}
    for name in _TAKING:
        functions[name] = _taking(recorder, name)
    functions |= matrices.making(recorder)
    functions |= {name: Joining(getattr(np, name)) for name in ("r_", "c_")}
    functions["full"] = _filling(recorder)
    functions["fromiter"] = partial(standins.from_iterable, recorder)
    functions["ndenumerate"] = standins.enumerated
    functions["copy"] = lambda a, *args, **options: functions["array"](a)
    functions["vectorize"] = lambda function, *args, **options: standins.vectorized(
        recorder, np.vectorize(function, *args, **options), function
    )
    return functions


def _of_random(recorder: Recorder) -> dict[str, Any]:
    functions = {name: _making(recorder, getattr(np.random, name)) for name in _DRAWING}
    for name in ("default_rng", "RandomState", "Generator"):
        functions[name] = _generating(recorder, getattr(np.random, name))
    return functions


class _Generator:
    """A generator of random numbers whose arrays take part."""

    def __init__(self, recorder: Recorder, generator: Any) -> None:
        self._recorder, self._generator = recorder, generator

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._generator, name)
        return _making(self._recorder, found) if callable(found) else found


def _generating(recorder: Recorder, function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **options: _Generator(recorder, function(*args, **options))


def _of_strides(recorder: Recorder) -> dict[str, Any]:
    def viewing(function: Callable[..., Any]) -> Callable[..., Any]:
        def view(x: Any, *args: Any, **options: Any) -> Any:
            made = function(plain(x), *args, **options)
            return recorder.view(made, x) if isinstance(x, Recorded) else made

        return view

    names = ("as_strided", "sliding_window_view")
    return {name: viewing(getattr(stride_tricks, name)) for name in names}


def _making(recorder: Recorder, function: Callable[..., Any]) -> Callable[..., Any]:
    def make(*args: Any, **options: Any) -> Any:
        made = function(*args, **options)
        return recorder.constant(made) if recorder.tape.open else made

    return make


def _filling(recorder: Recorder) -> Callable[..., Any]:
    def make(*args: Any, **options: Any) -> Any:
        return standins.filled(recorder, np.full, args, options)

    return make


def _taking(recorder: Recorder, name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def take(value: Any, *args: Any, **options: Any) -> Any:
        if not recorder.tape.open:
            return function(value, *args, **options)
        if name == "asanyarray" and isinstance(value, Recorded) and not (args or options):
            return value
        if isinstance(value, np.ndarray) and not isinstance(value, Recorded | Composite):
            made = function(value, *args, **options)
            return recorder.constant(made) if made is not value else made
        return standins.array(recorder, value, *args, making=function, **options)

    return take


def _of_math(recorder: Recorder) -> dict[str, Any]:
    functions = {
        name: _recording(getattr(math, name), getattr(np, own)) for name, own in _MATH.items()
    }
    for name in _POINTWISE:
        functions[name] = _pointwise(recorder, name, getattr(math, name))
    functions["log"] = _recording(math.log, _log)
    functions["hypot"] = _recording(
        math.hypot, lambda *sides: np.sqrt(np.sum(_array(recorder, sides) ** 2))
    )
    functions["fsum"] = _recording(math.fsum, lambda values: np.sum(_array(recorder, values)))
    functions["dist"] = _recording(
        math.dist, lambda p, q: np.linalg.norm(_array(recorder, p) - _array(recorder, q))
    )
    return functions


def _log(value: Any, base: Any = math.e) -> Any:
    """Return a logarithm to any base: that of NumPy takes a second argument for a result."""
    return np.log(value) if base == math.e else np.log(value) / np.log(base)


def _array(recorder: Recorder, values: Iterable[float]) -> Any:
    return standins.array(recorder, list(values))


def _recording(function: Callable[..., Any], own: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        args = tuple(list(one) if isinstance(one, Iterator) else one for one in args)
        return own(*args) if recorder_of(args) is not None else function(*plain(args))

    return call


def _pointwise(recorder: Recorder, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    compute = np.vectorize(function, otypes=[float])

    def call(value: Any) -> Any:
        if recorder_of((value,)) is None:
            return function(plain(value))
        made, written = np.float64(function(plain(value))), ELEMENTWISE.get(name)
        return recorder.result(name, compute, [value], made, written, elementwise=True)

    return call
