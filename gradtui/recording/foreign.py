"""Functions of libraries with arrays of their own: recorded as the calls that they are.

In there, recording arrays would silently lose all or a part of their recording.  What is known of
a function stands in a table; others are opaque.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from inspect import Parameter, Signature, isroutine, signature
from types import ModuleType
from typing import Any

import numpy as np

from gradtui.recording.array import Composite, plain, recorder_of
from gradtui.recording.convolutions import SIGNALS
from gradtui.recording.distributions import Distribution, is_distribution
from gradtui.recording.functions import asked
from gradtui.recording.listed import Listing, listed
from gradtui.recording.opaque import opaque, overwritten
from gradtui.recording.recorder import Recorder
from gradtui.recording.solvers import MOVING, SOLVERS
from gradtui.recording.sparse import given, is_sparse, making
from gradtui.recording.special import FUNCTIONS

LIBRARIES = ("scipy", "sklearn")
_KNOWN: Mapping[str, Callable[..., Any]] = {**FUNCTIONS, **SIGNALS, **SOLVERS}


class _Module(ModuleType):
    """A module of such a library, whose functions record their calls."""

    def __init__(self, recorder: Recorder, module: ModuleType) -> None:
        super().__init__(module.__name__, module.__doc__)
        self.__dict__.update(_recorder=recorder, _module=module)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        return foreign(own["_recorder"], getattr(own["_module"], name))

    def __dir__(self) -> list[str]:
        return dir(self.__dict__["_module"])


def foreign(recorder: Recorder, value: Any) -> Any:
    """Return the recording replacement of a module or function of such a library, else itself."""
    if isinstance(value, ModuleType):
        return _Module(recorder, value) if _is_librarys(value.__name__) else value
    if is_distribution(value):
        return Distribution(recorder, value)
    if isinstance(value, np.ufunc):
        return Listing(value)
    if is_sparse(value):
        return making(recorder, value) if isinstance(value, type) else given(recorder, value)
    named = _is_librarys(asked(value, "__module__")) and isroutine(value)
    # Those of LAPACK name no module.
    if not named and type(value).__name__ != "fortran":
        return value
    library, part = [*(value.__module__ if named else "scipy.linalg").split("."), ""][:2]
    name = str(getattr(value, "__name__", "fortran")).removeprefix("function ")
    known = f"{part}.{name}"

    def call(*args: Any, **options: Any) -> Any:
        values = (*args, *options.values())
        # A caller of the user's functions, such as an optimizer, is no function of numbers.
        if recorder_of(values) is None or any(callable(one) for one in values):
            return given(recorder, value(*plain(args), **plain(options)))
        real = not any(isinstance(one, Composite) for one in values)
        if known in MOVING and real:
            return recorder.moving(value, args, options)
        if known in _KNOWN and real:
            result = _by_rule(recorder, known, value, args, options)
            if result is not NotImplemented:
                return result
        return opaque(recorder, f"{library}.{name}", value, args, options)

    return call


def _by_rule(
    recorder: Recorder, known: str, function: Any, args: Sequence[Any], options: Mapping[str, Any]
) -> Any:
    """Return the result of a known function; its rule takes SciPy's names for the arguments."""
    names = _signature(function)
    try:
        told = dict(names.bind(*args, **options).arguments)
    except TypeError:
        return NotImplemented  # so that the user sees SciPy's own message
    for name, one in names.parameters.items():
        if one.kind is Parameter.VAR_KEYWORD:
            told |= told.pop(name, {})
    overwrites = any([bool(told.pop(name, False)) for name in ("overwrite_a", "overwrite_b")])
    result = _KNOWN[known](recorder, **{name: listed(one) for name, one in told.items()})
    if overwrites and result is not NotImplemented:
        overwritten(recorder, known, function, args, options)
    return result


@lru_cache
def _signature(function: Callable[..., Any]) -> Signature:
    return signature(function)


def _is_librarys(module: Any) -> bool:
    return isinstance(module, str) and module.partition(".")[0] in LIBRARIES
