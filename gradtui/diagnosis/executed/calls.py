"""How the user's update is called: a function of arrays, or a method of parameters by name.

Judges nothing.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place
from gradtui.diagnosis.executed.layers import Layers
from gradtui.diagnosis.executed.setting import ALSO, Setting
from gradtui.diagnosis.executed.signatures import arguments_of, parameters_of
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.recording.functions import function_of, line_of_definition, name_of
from gradtui.recording.kept import Kept
from gradtui.recording.run import unheard

Array = NDArray[Any]
Arrays = dict[str, Array]

_STATES = ("state", "config")
_NAMES = ("param_name", "name", "key")
_SEVERAL = ("params", "parameters", "grads", "gradients")
_GRADIENTS = (*_SEVERAL[2:], "g", "grad", "gradient", "dw", "dW", "dx")
_METHOD = "update"
_LAYERS = 4
_KEY = re.compile(r"d?(W|w|b|weights?|bias|gamma|beta)|d?[A-Za-z_]+\d+")
"""Keys of parameters, or of gradients, in public code."""


class NotMovedError(Exception):
    """The result of an update cannot be the new parameters; the text says why."""


_WRAPPED = (
    "for one with step(), `gradtui help optimizers` shows the lines that put params and grads "
    "where it reads them"
)


class UnknownArgumentError(InputError):
    """An update asks for an argument that it is not given, in one form or in all."""


class Update(Struct, frozen=True, eq=False):
    """The user's update as given, which can be started any number of times."""

    given: Any
    """A function, a method, a class with a method `update`, or an object that has one."""
    setting: Setting
    form: int = 0
    """How it takes parameters: 0 one at a time, 1 and 2 as mappings, with the gradient of W at W
    or at dW, 3 as lists, 4 as a mapping of layers with W1, b1, W2 and so on, and dW1."""
    outside: bool = False
    """Whether it keeps state outside its arguments and objects, which each run restores."""
    alone: bool = False
    """Whether that state belongs to one parameter."""

    @property
    def name(self) -> str:
        """Its name in messages."""
        return name_of(self.given)

    @property
    def place(self) -> Place | None:
        """The place of its code."""
        function = self.function(self.given)
        code = getattr(function_of(function), "__code__", None)
        return None if code is None else Place(line_of_definition(code), file=code.co_filename)

    @property
    def takes_rate(self) -> bool:
        """Whether it takes the rate from gradtui."""
        return self.takes("lr")

    def takes(self, name: str) -> bool:
        """Whether it takes the rate, or a constant, from gradtui, by whatever name."""
        given = self.given if inspect.isclass(self.given) else self.called
        own = parameters_of(given).keys()
        return "config" in own or not own.isdisjoint((name, *ALSO.get(name, ())))

    def knows(self, name: str) -> bool:
        """Whether it has a constant by this name, that it takes or that its object keeps."""
        return self.takes(name) or (self.has_rate and hasattr(self.kept, name))

    @property
    def called(self) -> Callable[..., Any]:
        """The function, or the method of the given object itself."""
        return self.function(self.given)

    @staticmethod
    def function(one: Any) -> Callable[..., Any]:
        """Return the callable of an object that takes weights and gradients."""
        found: Callable[..., Any] = getattr(one, _METHOD, one)
        return found

    @property
    def kept(self) -> Any:
        """The object that keeps the update's state; None for a function."""
        if inspect.isclass(self.given) or hasattr(self.given, _METHOD):
            return self.given
        owner = getattr(self.given, "__self__", None)
        if owner is not None and not inspect.ismodule(owner) and not inspect.isclass(owner):
            return owner
        plain = inspect.isroutine(self.given) or isinstance(self.given, partial)
        return None if plain else self.given

    @property
    def has_rate(self) -> bool:
        """Whether it is an object, with a rate of its own."""
        return self.kept is not None and not inspect.isclass(self.kept)

    def started(self, lr: float) -> Callable[..., Any]:
        """Return the function or the method, of a new object if it has one."""
        owner = self.kept
        if owner is None:
            return self.called
        if inspect.isclass(owner):
            owner = owner(**self._made_with(owner, lr))
        else:
            owner = copy.deepcopy(owner)
        named = getattr(self.given, "__name__", "") if inspect.ismethod(self.given) else ""
        return getattr(owner, named) if named else self.function(owner)

    def _made_with(self, given: Any, lr: float) -> dict[str, float]:
        """Return the arguments of a class; raises InputError if it needs others."""
        values, spare = self.setting.by_name(lr), self.setting.defaults()
        found, own = dict[str, float](), arguments_of(given)
        for one in parameters_of(given).values():
            spread = one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
            needed = one.default is one.empty and not spread
            if one.name in values:
                found[one.name] = values[one.name]
            elif needed and one.name in spare:
                found[one.name] = spare[one.name]
            elif needed and one.name in own:  # a base may be given it by the class
                raise InputError(f"{self.name} needs '{one.name}', which is unknown here: "
                                 "give an object instead", file=self.name)  # fmt: skip
        return found


def update_of(given: Any, setting: Setting) -> Update:
    """Return an update in the form in which it takes parameters; raises InputError.

    Exceptions of the user's code pass through if it fails in every form.
    """
    update = Update(given, setting)
    if not callable(update.called) or (inspect.isclass(given) and not hasattr(given, _METHOD)):
        what = update.name if callable(given) else f"a value of type {type(given).__name__}"
        wrap = f": {_WRAPPED}" if callable(getattr(given, "step", None)) else ""
        raise InputError(f"{what} cannot be given: expected step(w, g, state), or a class or an "
                         f"object with update(params, grads){wrap}",
                         file=update.name)  # fmt: skip
    check_signature(update)
    return _formed(update)


def check_signature(update: Update) -> None:
    """Raise InputError if an update asks for an unknown argument."""
    try:
        parameters = arguments_of(update.called)
    except (TypeError, ValueError) as error:
        raise InputError(f"{update.name} cannot be called: {error}", file=update.name) from None
    names = list(parameters)
    if inspect.isclass(update.given):
        names = names[1:]
    if len(names) < 2 and not any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        place = update.place
        raise InputError(
            f"{update.name} takes no weights and gradients: expected step(w, g, state)", place,
            file=place.file if place else update.name,
        )  # fmt: skip


def _formed(update: Update) -> Update:
    """Return an update in the first form in which it moves something, or else fails least badly.

    One that keeps state outside its arguments may move only one parameter.
    """
    failed: Exception | None = None
    still: Update | None = None
    kept = Kept(update.called)
    for alone in (False, True):
        outside = False
        for form in _order(update):
            found = replace(update, form=form, alone=alone)
            try:
                with unheard():
                    _try(found)
            except NotMovedError:
                own = kept.put_back()
                still, outside = still or replace(found, outside=own), outside or own
            except InputError as error:
                if not isinstance(error, UnknownArgumentError):
                    raise
                failed = failed or error
            except Exception as error:
                own = kept.put_back()
                failed, outside = failed or error, outside or own
            else:
                return replace(found, outside=kept.put_back())
        if not outside:
            break
    if still is not None:
        return still
    assert failed is not None
    if isinstance(failed, KeyError) and failed.args and _KEY.fullmatch(str(failed.args[0])):
        raise _lacks(update, failed) from failed
    raise failed


def _lacks(update: Update, error: KeyError) -> InputError:
    """Return the error that an update reads a parameter by an unknown key."""
    place = update.place
    return InputError(
        f"{update.name} reads {error.args[0]!r}: a dict of parameters is given with the keys W and "
        "b and their gradients at W and b, or at dW and db, or with W1, b1 and dW1, db1, and then "
        "a state with dW1 and db1, all 0; for others, give def step(w, g, state, lr), which calls "
        "it with dicts of your own",
        place, file=place.file if place else update.name,
    )  # fmt: skip


def _try(update: Update) -> None:
    """Move two parameters, or one, by two updates."""
    start = {"W": np.full((2, 3), 0.5), "b": np.full(3, -0.25)}
    if update.alone:
        del start["b"]
    run = Run(update, start, update.setting.lr)
    for _ in range(2):
        run.step({name: 1.0 + value for name, value in start.items()})


def _order(update: Update) -> Sequence[int]:
    """Return the forms, most likely first."""
    several = any(name in _SEVERAL for name in arguments_of(update.called))
    return (1, 3, 2, _LAYERS, 0) if several else (0, 1, 3, 2)


class Run:
    """One run of an update from initial weights, with a state of its own."""

    def __init__(self, update: Update, weights: Mapping[str, Array], lr: float) -> None:
        self._update, self._lr, self._t = update, lr, 0
        self.weights: Arrays = {name: np.array(value) for name, value in weights.items()}
        self._call = update.started(lr)
        self._takes = arguments_of(self._call)
        self._named = any(name in _NAMES for name in self._takes)
        self._known, self._spare = update.setting.by_name(lr), update.setting.defaults()
        alone = update.form == 0 and not self._named and update.kept is not None
        self._calls = {
            name: update.started(lr) if alone else self._call for name in weights
        }  # fmt: skip
        self._states: dict[str, dict[str, Any]] = {name: self._fresh() for name in (*weights, "")}
        self._layers = Layers(self.weights) if update.form == _LAYERS else None

    def _fresh(self) -> dict[str, Any]:
        """Return an empty state; a `config` holds the rate and the given constants."""
        if "config" in self._takes:
            return dict(self._known)
        return {}

    @property
    def held(self) -> Sequence[Any]:
        """Everything that the update keeps: its states, and its objects."""
        owners = [getattr(call, "__self__", None) for call in self._calls.values()]
        layers = [] if self._layers is None else self._layers.states
        return [
            *self._states.values(),
            *layers,
            *(vars(one) for one in owners if hasattr(one, "__dict__")),
        ]

    def step(self, gradients: Mapping[str, Array]) -> None:
        """Move the weights by one update; raises NotMovedError if nothing is returned."""
        self._t += 1
        before = {name: value.copy() for name, value in self.weights.items()}
        own = {name: np.array(value) for name, value in gradients.items()}
        match self._update.form:
            case 0:
                found = {name: self._array(name, own[name]) for name in own}
            case 1:
                found = dict(self._mapping(dict(self.weights), own))
            case 4 if self._layers is not None:
                given = self._layers.weights(self.weights), self._layers.gradients(own)
                found = self._layers.found(self._returned(self._call, *given, ""), given[0])
            case 2:
                marked = {f"d{name}": value for name, value in own.items()}
                found = dict(self._mapping(dict(self.weights), marked))
            case _:
                values = self._list(list(self.weights.values()), list(own.values()))
                found = dict(zip(own, values, strict=True))
        self.weights = {name: _fitting(name, found[name], before[name]) for name in before}
        if self._t == 1 and all(np.array_equal(self.weights[n], before[n]) for n in before):
            raise NotMovedError("it neither returns new weights nor changes them in place")

    def _array(self, name: str, gradient: Array) -> Any:
        w = self.weights[name]
        returned = self._returned(self._calls[name], w, gradient, name)
        if isinstance(returned, tuple) and returned:
            if len(returned) > 1 and isinstance(returned[1], dict):
                self._states[name] = returned[1]
            returned = returned[0]
        return w if returned is None else returned

    def _mapping(self, weights: Arrays, gradients: Arrays) -> Mapping[str, Any]:
        returned = self._returned(self._call, weights, gradients, "")
        if isinstance(returned, tuple) and returned:
            returned = returned[0]
        same = isinstance(returned, Mapping) and returned.keys() >= self.weights.keys()
        return returned if same else weights

    def _list(self, weights: list[Any], gradients: list[Array]) -> list[Any]:
        returned = self._returned(self._call, weights, gradients, "")
        if isinstance(returned, tuple) and returned and isinstance(returned[0], list):
            returned = returned[0]
        count = len(self.weights)
        same = isinstance(returned, list | tuple) and len(returned) == count
        return list(returned) if same else weights

    def _returned(self, call: Callable[..., Any], w: Any, g: Any, name: str) -> Any:
        """Call the update with weights, gradients, and the arguments that it asks for by name."""
        found, first = dict[str, Any](), list[Any]()
        known, spare = {"t": self._t, **self._known}, self._spare
        states = [self._states[name]] if self._layers is None else list(self._layers.states)
        for one in self._takes.values():
            needed = one.default is one.empty
            if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
                continue
            if one.name in known:
                found[one.name] = known[one.name]
            elif needed and one.name in spare:
                found[one.name] = spare[one.name]
            elif needed and one.name in _NAMES:
                found[one.name] = name
            elif len(first) < 2:
                first.append(one)
            elif states and (needed or one.name in _STATES):
                found[one.name] = states.pop(0)
            elif needed:
                raise self._asks(one.name)
        given = [w, g]
        if [one.name in _GRADIENTS for one in first] == [True, False]:
            given = [g, w]
        if len(first) < 2 or first[1].kind is first[1].POSITIONAL_ONLY:
            return call(*given, **found)
        return call(**{one.name: value for one, value in zip(first, given, strict=True)}, **found)

    def _asks(self, name: str) -> UnknownArgumentError:
        update = self._update
        place = update.place
        known = ", ".join(OPTIMIZERS[update.setting.optimizer].complete({}))
        return UnknownArgumentError(
            f"{update.name} asks for '{name}': there are w, g, one state, t, lr and the constants "
            f"of {update.setting.optimizer} ({known})", place,
            file=place.file if place else update.name,
        )  # fmt: skip


def _fitting(name: str, found: Any, before: Array) -> Array:
    """Return new weights as an array; raises NotMovedError if they are not one."""
    if callable(found):
        raise InputError("it returns a function: give that instead", file="check_update")
    try:
        value = np.asarray(found)
    except ValueError as error:
        raise NotMovedError(f"its result for {name or 'w'} is not an array: {error}") from None
    if value.dtype.kind not in "fiub":
        raise NotMovedError(f"its result for {name or 'w'} is not an array of numbers")
    if value.shape != before.shape:
        raise NotMovedError(f"weights of shape {before.shape} have the shape {value.shape} "
                            "after it")  # fmt: skip
    return value
