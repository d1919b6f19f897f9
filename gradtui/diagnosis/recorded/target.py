"""The checked part of the user's code: a function with its loss, or the halves of a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property, partial
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.base.text import element_text, shape_text
from gradtui.diagnosis.recorded.returned import Gradients, Withheld
from gradtui.recording.arguments import Part, is_float, parts_of, without_floats
from gradtui.recording.array import plain
from gradtui.recording.complexes import is_complex
from gradtui.recording.functions import function_of, line_of_definition, name_of
from gradtui.recording.library import NUMPY, Library, World
from gradtui.recording.pairs import as_pairs, complex_of, pairs_of, with_zeros
from gradtui.recording.run import Case, case_of

Array = NDArray[Any]
_SEED = 20_240_229
_GRADIENTS = ("g", "grad", "grads", "gradients", "dw")
_INPUTS = ("x", "X", "h", "z")
"""What a layer takes, whose g is a gain."""


class Returned(Struct, frozen=True, eq=False):
    """The results of one run: the loss, and the gradients by the names of the arguments."""

    loss: Any
    gradients: Mapping[str, Any]
    left_out: Mapping[str, str]
    """The name of an uncompared returned gradient -> the reason."""


class Halved(Struct, frozen=True, eq=False):
    """The backward half of a run whose forward half is done."""

    again: Callable[[], Returned]
    """Runs it once more."""
    is_intact: Callable[[], bool]
    """Returns whether what the forward half saved is as it was."""


class Misshapen(Exception):
    """A function within the user's code returns a gradient of a wrong shape."""

    def __init__(
        self, name: str, hand: Sequence[int], true: Sequence[int],
        backward: Callable[..., Any], at: int,
    ) -> None:  # fmt: skip
        """`name` and `at` are the function's own argument, `hand` and `true` the shapes."""
        super().__init__(name)
        self.name, self.hand, self.true = name, tuple(hand), tuple(true)
        self.backward, self.at = backward, at


class Misplaced(Exception):
    """A function returns the gradient of one argument in the place of another, which has none."""

    def __init__(self, names: Sequence[str], other: str, backward: Callable[..., Any], at: int):
        """`names` get no gradient; `other`, at the place `at`, gets what it cannot have."""
        super().__init__(other)
        self.names, self.other, self.backward, self.at = tuple(names), other, backward, at


class Target(Struct, frozen=True, eq=False, dict=True):
    """The user's code with its arguments."""

    function: Callable[..., Any]
    """The user's function, or the forward half of a layer."""
    backward: Callable[..., Any] | None
    arguments: Mapping[str, Any]
    """The arguments, in the function's order."""
    case: Case
    signature: inspect.Signature
    """The function's signature."""
    library: Library = NUMPY
    """The library that the code computes with."""
    paired: frozenset[str] = frozenset()
    """The arguments that are complex: their numbers are pairs, along a last axis."""
    weighted: bool = True
    """Whether a result that is one number is multiplied by another, as a loss may be."""
    scale: float = 1.0
    sign: float = 1.0
    """By what gradients of complex numbers are multiplied, and then their imaginary parts, to be
    the slopes by both parts: 2 if they are the derivatives by the conjugates, as many write."""

    @property
    def name(self) -> str:
        """The code's name in messages."""
        return name_of(self.function)

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        """The arrays of floats and the numbers among the arguments, in containers too, by name."""
        return parts_of(self.arguments)

    def spelled(self, name: str, element: Sequence[int]) -> str:
        """Return an element of a part as it is written in code."""
        if name in self.paired and element:
            name, element = f"{name}.{('real', 'imag')[element[-1]]}", element[:-1]
        return element_text(name, element)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The parts that the decorator names, if any."""
        wrt = self.case.wrt
        return tuple(n for n, part in self.parts.items() if n in wrt or part.path[0] in wrt)

    def leniently(self) -> Target:
        """Return it with what would be refused, such as a gradient of a wrong shape, as none."""
        return self

    def names(self, claimed: Collection[str]) -> Collection[str]:
        """Return the parts that are judged, of which the code returns gradients for some."""
        return self.wanted or claimed

    @property
    def called(self) -> Callable[..., Any]:
        """The function called last, whose module's names belong to the program."""
        return self.backward or self.function

    @property
    def differentiating(self) -> Callable[..., Any]:
        """The function that computes the gradients."""
        return self.called

    @property
    def returns_loss(self) -> bool:
        """Whether the function called last returns the loss first, and gradients after it."""
        return self.backward is None

    @property
    def deliberate(self) -> bool:
        """Whether code that only passes on its input must exist for its gradient."""
        return False

    @property
    def unweighted(self) -> Target | None:
        """The same, whose loss is its result if that is one number; None if it always is that."""
        known = self.returns_loss or not self.weighted
        return None if known else replace(self, weighted=False)

    @property
    def exact(self) -> bool:
        """Whether a gradient must have the very shape of its argument."""
        return False

    @property
    def handing(self) -> AbstractContextManager[Mapping[Any, Any]] | None:
        """It has the functions that hand a value on in the runs in here.

        None if the code cannot have any.
        """
        return None

    def passing(self, functions: Mapping[Any, Any]) -> Target:
        """Return it with functions that hand a value on passing its gradient unchanged."""
        raise NotImplementedError

    @property
    def placeholders(self) -> Callable[[World], AbstractContextManager[Any]] | None:
        """It has what is there for a gradient alone, in a recorded run in here.

        None if the code cannot have any.
        """
        return None

    @property
    def jumping(self) -> AbstractContextManager[Any] | None:
        """Functions that jump have the slopes in here that they claim.

        It has what is heard of them; None if the code cannot have any.
        """
        return None

    @property
    def place(self) -> Place | None:
        """The place of the code; for a layer, of its backward half."""
        return _place_of(self.called)

    def halved(self, arguments: Mapping[str, Any]) -> Halved | None:
        """Run the forward half alone; None if the halves cannot be told apart."""
        return None

    def withheld(self, arguments: Mapping[str, Any]) -> Sequence[Withheld]:
        """Run the code; return the gradients that functions within it return None for."""
        return ()

    def run(self, world: World, arguments: Mapping[str, Any]) -> Returned:
        """Call the code with the arrays of a world; raises InputError.

        Exceptions of the user's code pass through.
        """
        given = {**arguments, **{one: complex_of(arguments[one]) for one in self.paired}}
        if self.backward is not None:
            loss, raw = self._of_layer(world, given)
        else:
            loss, raw = self._of_case(world, given)
        own = self._matched(raw) if self.paired else self.arguments
        try:
            raw = as_pairs(raw, self.scale, self.sign) if self.paired else raw
            parts = self.parts if own is self.arguments else parts_of(own)
            gradients = Gradients(raw, own, parts, self.case.wrt, arguments)
        except InputError as error:
            raise InputError(error.message, self.place, file=self.file) from None
        found = {
            name: with_zeros(value, self.arguments[name].shape) if name in self.paired else value
            for name, value in gradients.found.items()
        }
        return Returned(loss, found, gradients.left_out)

    @property
    def of_any_notion(self) -> frozenset[str]:
        """The arguments whose gradients may follow any notion of those by complex numbers."""
        return self.paired

    def by(self, scale: float, sign: float) -> Target:
        """Return it with another notion of the gradients of complex numbers."""
        return replace(self, scale=scale, sign=sign)

    def _matched(self, raw: Any) -> Mapping[str, Any]:
        """Return the arguments that returned values may be the gradients of."""
        values = raw if isinstance(raw, list | tuple) else [raw]
        if isinstance(raw, Mapping) or len(self.paired) == len(self.arguments):
            return self.arguments
        whole = [is_complex(one) for one in values]
        if all(whole) and len(values) == len(self.paired):
            return {name: one for name, one in self.arguments.items() if name in self.paired}
        if not any(whole):
            return {name: one for name, one in self.arguments.items() if name not in self.paired}
        return self.arguments

    def _called(self, world: World, arguments: Mapping[str, Any]) -> Any:
        """Call the function with arguments by name, in the way that it takes them."""
        rest, given, named = dict(arguments), list[Any](), dict[str, Any]()
        for name, parameter in self.signature.parameters.items():
            match parameter.kind:
                case parameter.VAR_KEYWORD:
                    named |= rest
                case parameter.VAR_POSITIONAL:
                    given += rest.pop(name)
                case parameter.KEYWORD_ONLY:
                    named[name] = rest.pop(name)
                case _:
                    given.append(rest.pop(name))
        function, fixed = self.function, list[Any]()
        while isinstance(function, partial):  # arrays inside it take part, too
            fixed = [world.taking(one) if is_float(one) else one for one in function.args] + fixed
            function = function.func
        return function(*fixed, *given, **named)

    def _of_case(self, world: World, arguments: Mapping[str, Any]) -> tuple[Any, Any]:
        returned = self._called(world, arguments)
        if inspect.iscoroutine(returned):
            returned.close()  # else Python warns that it was never awaited
            raise InputError(f"{self.name} is async: give a function that awaits it and returns "
                             "what it returns", self.place, file=self.file)  # fmt: skip
        pair = isinstance(returned, tuple | list) and len(returned) >= 2
        if not pair or (len(returned) > 2 and any(isinstance(one, dict) for one in returned[1:])):
            what = "no pair" if not pair else f"{len(returned)} values, some of them dicts"
            raise InputError(f"{self.name} returns {what}: expected `return loss, gradients`",
                             self.place, file=self.file)  # fmt: skip
        loss = returned[0]
        number = np.asarray(plain(loss))
        if number.size != 1 or number.dtype.kind not in "fiu":
            shape = f", and it has the shape {shape_text(number.shape)}" if number.ndim else ""
            raise InputError(
                f"{self.name} returns no scalar loss: the first value that it returns must be "
                "one number"
                f"{shape}", self.place, file=self.file,
            )  # fmt: skip
        return loss, returned[1] if len(returned) == 2 else returned[1:]

    def _of_layer(self, world: World, arguments: Mapping[str, Any]) -> tuple[Any, Any]:
        assert self.backward is not None
        outs, cache, spread = self._forward(self._called(world, arguments))
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
            if not self.weighted and len(outs) == drawn.size == 1:
                drawn = np.ones_like(drawn)
            loss = loss + np.sum(out * drawn)
            adjoints.append(world.taking(drawn.copy()))
        given = adjoints if spread or len(outs) == 1 else [tuple(adjoints)]
        return loss, self.backward(*given, *cache)

    def _forward(self, returned: Any) -> tuple[list[Any], list[Any], bool]:
        """Return outputs, the further arguments of the backward half, and how gradients are passed.

        They are passed one by one if it takes as many arguments as the forward half returns.
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
        if not isinstance(out, tuple) and isinstance(cache, tuple) and count == 1 + len(cache) > 2:
            return [out], list(cache), False
        return list(out) if isinstance(out, tuple) else [out], [cache], False

    @property
    def file(self) -> str:
        """The file of the code."""
        return self.place.file if self.place is not None else self.name


def target_of(
    function: Any, backward: Any, args: Sequence[Any], arrays: Mapping[str, Any]
) -> Target:
    """Return the target of a check; raises InputError for an unusable call."""
    signature, arguments = bound_arguments(function, args, arrays)
    paired = frozenset(name for name, value in arguments.items() if is_complex(value))
    arguments |= {name: pairs_of(arguments[name]) for name in paired}
    target = Target(function, backward, arguments, case_of(function), signature, paired=paired)
    name, parts = target.name, target.parts
    tops = {part.path[0] for part in parts.values()}
    unknown = [one for one in target.case.wrt if one not in parts and one not in tops]
    if unknown:
        raise InputError(f"wrt: '{unknown[0]}' is no argument of {name} that is an array of floats",
                         target.place, file=target.file)  # fmt: skip
    if not parts:
        raise InputError(
            f"there is nothing to judge: no argument of {name} is an array of floats"
            f"{without_floats(arguments)}", target.place, file=target.file,
        )  # fmt: skip
    return target


def _takes_gradients(function: Any) -> bool:
    """Return whether a function's first two arguments are called weights and their gradients."""
    weights, gradients = [*inspect.signature(function).parameters, "", ""][:2]
    gain = gradients == "g" and weights in _INPUTS
    return gradients in (*_GRADIENTS, f"d{weights}") and not gain


def bound_arguments(
    function: Any, args: Sequence[Any], arrays: Mapping[str, Any],
    signature: inspect.Signature | None = None, *, defaults: bool = True,
) -> tuple[inspect.Signature, dict[str, Any]]:  # fmt: skip
    """Return how a function takes its arguments, and these by name; raises InputError.

    `signature` replaces an uninformative one of its own; without `defaults`, missing arguments are
    left out.
    """
    name, place = name_of(function), _place_of(function)
    file = place.file if place else name
    try:
        signature = signature or inspect.signature(function)
        bound = signature.bind(*args, **arrays)
    except ValueError:
        own = getattr(function, "__name__", name)
        why = f"{own} does not tell which arguments it takes: check a function of your own that "
        raise InputError(f"{why}calls it, as `lambda x: {own}(x)`", place, file=own) from None
    except TypeError as error:
        why = f"{name} cannot be called with these arguments: {error}"
        if not args and not arrays and "missing" in why:
            why = f"{name} needs values for its arguments: defaults, as `def {name}(W=W0)`, or in "
            why += f"Python gradtui.check({name}, W=W0): {error}"
            if _takes_gradients(function):
                why = f"{name} takes weights and gradients, as an update does: in Python, "
                why += f'gradtui.check_update({name}, "adam", lr=0.01) compares it'
        raise InputError(why, place, file=file) from None
    if defaults:
        bound.apply_defaults()
    arguments = dict[str, Any]()
    for parameter in signature.parameters.values():
        if parameter.name not in bound.arguments:
            continue
        value = bound.arguments[parameter.name]
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments |= value
        else:
            arguments[parameter.name] = value
    return signature, arguments


def _positional(function: Callable[..., Any]) -> int:
    """Return the number of positional arguments that a function needs."""
    needed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return sum(1 for one in parameters if one.kind in needed and one.default is one.empty)


def _place_of(function: Callable[..., Any]) -> Place | None:
    """Return where a function begins, or the function that makes a class's objects."""
    made = vars(function).get("__init__") if isinstance(function, type) else function_of(function)
    code = getattr(made, "__code__", None)
    return None if code is None else Place(line_of_definition(code), file=code.co_filename)
