"""What is checked of the user's code: a function with its loss, or the two halves of a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.base.text import shape_text
from gradtui.diagnosis.recorded.returned import gradients_by_name
from gradtui.recording.array import plain
from gradtui.recording.run import Case, case_of

Array = NDArray[Any]
Taking = Callable[[Array], Any]
_SEED = 20_240_229


class Returned(Struct, frozen=True, eq=False):
    """What one run gives: the loss, and the gradients by the names of the arguments."""

    loss: Any
    gradients: Mapping[str, Any]


class Target(Struct, frozen=True, eq=False):
    """The user's code and the arguments that it is given."""

    function: Callable[..., Any]
    """What the user wrote, the forward half of a layer."""
    backward: Callable[..., Any] | None
    arguments: Mapping[str, Any]
    """In the order of the function's own."""
    case: Case

    @property
    def name(self) -> str:
        """What the code is called in messages."""
        return str(getattr(self.function, "__qualname__", type(self.function).__name__))

    @property
    def floats(self) -> tuple[str, ...]:
        """The arguments that are arrays of floats."""
        return tuple(name for name, value in self.arguments.items() if is_float(value))

    @property
    def place(self) -> Place | None:
        """Where the code begins, of a layer its backward half."""
        function = inspect.unwrap(self.backward or self.function)
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        return None if code is None else Place(code.co_firstlineno, file=code.co_filename)

    def run(self, taking: Taking, arguments: Mapping[str, Any]) -> Returned:
        """Call the code; `taking` makes an array of ours one that takes part.  Raises InputError.

        Exceptions of the user's code pass through.
        """
        if self.backward is not None:
            loss, raw = self._of_layer(taking, arguments)
        else:
            loss, raw = self._of_case(arguments)
        try:
            gradients = gradients_by_name(raw, self.arguments, self.case.wrt)
        except InputError as error:
            raise InputError(error.message, self.place, file=self.file) from None
        return Returned(loss, gradients)

    def _of_case(self, arguments: Mapping[str, Any]) -> tuple[Any, Any]:
        returned = self.function(**arguments)
        if not isinstance(returned, tuple | list) or len(returned) < 2:
            raise InputError(
                f"{self.name} returns no pair: expected `return loss, gradients`", self.place,
                file=self.file,
            )  # fmt: skip
        loss = returned[0]
        number = np.asarray(plain(loss))
        if number.size != 1 or number.dtype.kind not in "fiu":
            shape = f", but has the shape {shape_text(number.shape)}" if number.ndim else ""
            raise InputError(
                f"{self.name} returns no scalar loss: what it returns first must be one number"
                f"{shape}", self.place, file=self.file,
            )  # fmt: skip
        return loss, returned[1] if len(returned) == 2 else returned[1:]

    def _of_layer(self, taking: Taking, arguments: Mapping[str, Any]) -> tuple[Any, Any]:
        assert self.backward is not None
        outs, cache, spread = self._forward(self.function(**arguments))
        rng = np.random.default_rng(_SEED)
        loss: Any = 0.0
        adjoints = []
        for out in outs:
            if not is_float(plain(out)) and not isinstance(out, float):
                raise InputError(
                    f"{self.name} returns no array of floats as its output", self.place,
                    file=self.file,
                )  # fmt: skip
            drawn = np.asarray(rng.normal(size=np.shape(out)), dtype=np.asarray(plain(out)).dtype)
            loss = loss + np.sum(out * drawn)
            adjoints.append(taking(drawn.copy()))
        given = adjoints if spread or len(outs) == 1 else [tuple(adjoints)]
        return loss, self.backward(*given, *cache)

    def _forward(self, returned: Any) -> tuple[list[Any], list[Any], bool]:
        """Return outputs, what follows their gradients to the backward half, and how these go.

        They go one by one where it takes as many arguments as the forward half returns.
        """
        assert self.backward is not None
        if not isinstance(returned, tuple):
            return [returned], [], False
        count = _positional(self.backward)
        if count == 1:
            return list(returned), [], False
        if len(returned) > 2 and count == len(returned):
            return list(returned[:-1]), [returned[-1]], True
        out, cache = returned if len(returned) == 2 else (returned[:-1], returned[-1])
        return list(out) if isinstance(out, tuple) else [out], [cache], False

    @property
    def file(self) -> str:
        """The file that the code is in."""
        return self.place.file if self.place is not None else self.name


def target_of(
    function: Any, backward: Any, args: Sequence[Any], arrays: Mapping[str, Any]
) -> Target:
    """Return what is to be checked; raises InputError where it cannot be called so."""
    name = str(getattr(function, "__qualname__", type(function).__name__))
    try:
        bound = inspect.signature(function).bind(*args, **arrays)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} cannot be called with these arguments: {error}",
                         file=name) from None  # fmt: skip
    bound.apply_defaults()
    arguments = dict[str, Any]()
    for parameter in bound.signature.parameters.values():
        value = bound.arguments[parameter.name]
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments |= value
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            if value:
                raise InputError(f"{name} takes arguments that have no name", file=name)
        else:
            arguments[parameter.name] = value
    case = case_of(function)
    target = Target(function, backward, arguments, case)
    unknown = [one for one in case.wrt if one not in target.floats]
    if unknown:
        raise InputError(f"wrt: '{unknown[0]}' is no argument of {name} that is an array of floats",
                         target.place, file=target.file)  # fmt: skip
    if not target.floats:
        raise InputError(
            f"there is nothing to judge: no argument of {name} is an array of floats"
            f"{_instead(arguments)}", target.place, file=target.file,
        )  # fmt: skip
    return target


def is_float(value: Any) -> bool:
    """Return whether a value is an array of floats."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _positional(function: Callable[..., Any]) -> int:
    """Return how many positional arguments a function needs."""
    needed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return sum(1 for one in parameters if one.kind in needed and one.default is one.empty)


def _instead(arguments: Mapping[str, Any]) -> str:
    """Return what to give instead of what is no array."""
    for name, value in arguments.items():
        if isinstance(value, int | float | np.floating) and not isinstance(value, bool):
            return f"; {name} is a number: give np.array({float(value)!r})"
        if isinstance(value, dict | list | tuple):
            kind = type(value).__name__
            return f"; {name} is a {kind}: write a case that takes its arrays one by one"
    return ""
