"""Targets over PyTorch's tensors: custom functions, modules, halves of layers.

Tensors that require a gradient are judged, or else all with floats.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.returned import Gradients
from gradtui.diagnosis.recorded.target import (
    Halved,
    Misplaced,
    Misshapen,
    Returned,
    Target,
    bound_arguments,
)
from gradtui.recording.arguments import Part
from gradtui.recording.library import World
from gradtui.recording.run import Case, case_of, copied, unheard
from gradtui.recording.torch import handing
from gradtui.recording.torch import run as tensors
from gradtui.recording.torch.contexts import Saved
from gradtui.recording.torch.library import PyTorch
from gradtui.recording.torch.returning import Misfit, misshapen

T = TypeVar("T")

_SEED = 20_240_229


class TensorTarget(Target, frozen=True, eq=False, kw_only=True):
    """Code over tensors; `arguments` has their numbers."""

    given: tuple[str, ...]
    """The arguments that are tensors."""
    judged: tuple[str, ...]
    """The names whose gradients are judged."""
    parameters: tuple[str, ...] = ()
    """The names that are parameters of a module."""
    narrow: Mapping[str, Any] = MappingProxyType({})
    """The types of tensors of code that refuses wider ones: it computes in those beneath them."""

    @property
    def custom(self) -> Any:
        """The checked custom function; None for another callable."""
        return tensors.function_of(self.function)

    @property
    def name(self) -> str:
        """The code's name in messages."""
        return str(self.custom.__qualname__) if self.custom else super().name

    @property
    def called(self) -> Callable[..., Any]:
        """The function called last, whose module's names belong to the program."""
        function: Callable[..., Any] = self.backward or self.function
        if self.custom is not None:
            function = self.custom.backward
        elif tensors.is_module(function):
            function = function.forward  # type: ignore[attr-defined]
        found: Callable[..., Any] = inspect.unwrap(function)
        return found

    @property
    def returns_loss(self) -> bool:
        """Whether the function called last returns the loss first, and gradients after it."""
        return False

    @property
    def deliberate(self) -> bool:
        """Whether code that only passes on its input must exist for its gradient."""
        return self.custom is not None

    @property
    def exact(self) -> bool:
        """Whether a gradient must have the very shape of its argument, as PyTorch demands."""
        return True

    @property
    def of_any_notion(self) -> frozenset[str]:
        """None: PyTorch has one notion of the gradients of complex numbers."""
        return frozenset()

    @property
    def passing(self) -> AbstractContextManager[Set[str]] | None:
        """Functions that hand a value on pass its gradient unchanged here; it has their names."""
        by_hand = self.custom is not None or self.backward is not None
        return None if by_hand else handing.handing_on()

    @property
    def parts(self) -> Mapping[str, Part]:
        """The tensors whose gradients are judged."""
        return {name: Part((name,), self.arguments[name]) for name in self.judged}

    def names(self, claimed: Collection[str]) -> Collection[str]:
        """Return the tensors that are judged: a module's own as well, if they get a gradient."""
        own = [one for one in self.parameters if one in claimed]
        return [*self.wanted, *own] if self.wanted else claimed

    def run(self, world: World, arguments: Mapping[str, Any]) -> Returned:
        """Call the code with tensors; raises InputError."""
        with self._world(world) as inner:
            own = self._taken(inner, arguments)
            for name, dtype in self.narrow.items():
                own[name] = inner.narrowed(own[name], dtype)
            return self._run(inner, own)

    def _taken(self, world: World, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with tensors for their numbers."""
        own = {name: world.taking(arguments[name]) for name in self.given}
        pairs = {name: tensors.as_complex(own[name]) for name in self.paired}
        return {**arguments, **own, **pairs}

    def _world(self, world: World) -> AbstractContextManager[Any]:
        assert isinstance(self.library, PyTorch)
        return self.library.widening(world) if self.narrow else nullcontext(world)

    def halved(self, arguments: Mapping[str, Any]) -> Halved | None:
        """Run the forward half alone; None if the halves cannot be told apart."""
        if self.narrow:
            return None
        world = self.library.world
        given = self._taken(world, arguments)
        loss = self._weighed(given, partial(self._loss, world, given))
        saved = Saved(loss, [given[name] for name in self.given])
        again = partial(self._weighed, given, partial(self._differentiated, world, given, loss))
        return Halved(again, saved.is_intact) if saved.is_simple else None

    def _run(self, world: World, given: Mapping[str, Any]) -> Returned:
        """Call the code, which autograd differentiates, by the user's custom functions."""
        return self._weighed(
            given, lambda: self._differentiated(world, given, self._loss(world, given))
        )

    def _weighed(self, given: Mapping[str, Any], function: Callable[[], T]) -> T:
        """Return a function's result while a module has the given parameters.

        Its backward half has them, too, which may run parts of the module again.
        """
        if not self.parameters:
            return function()
        weights = {name: given[name] for name in self.parameters}
        return tensors.with_weights(self.function, weights, function)

    def _loss(self, world: World, given: Mapping[str, Any]) -> Any:
        for name in self.judged:
            given[name].requires_grad_()
        outputs = tensors.outputs_of(self._call(world, given))
        if not outputs:
            raise InputError(f"{self.name} returns no tensor that a gradient flows back from",
                             self.place, file=self.file)  # fmt: skip
        return _as_loss(world, outputs)[0]

    def _differentiated(self, world: World, given: Mapping[str, Any], loss: Any) -> Returned:
        with misshapen(self.custom, [*given.values()]) as apart:
            found = tensors.gradients_by_autograd(loss, [given[name] for name in self.judged])
        own = dict(zip(self.judged, found, strict=True))
        for one in apart:
            if one.expected is not None:
                own |= self._named(one, given)
        lacking = {name: given[name] for name in self.judged if own[name] is None}
        for one in apart if lacking else ():
            self._refuse_misplaced(one, lacking, [*given])
        gradients = {
            name: world.giving(tensors.as_pairs(one))
            for name, one in own.items()
            if one is not None
        }
        return Returned(world.giving(loss), gradients, {})

    def _refuse_misplaced(
        self, misfit: Misfit, lacking: Mapping[str, Any], names: Sequence[str]
    ) -> None:
        """Raise Misplaced for what may be the gradient of an argument that gets none."""
        shape = tensors.shape_of(misfit.found)
        meant = [name for name, value in lacking.items() if tensors.shape_of(value) == shape]
        if misfit.expected is None and meant and bool((misfit.found != 0).any()):
            raise Misplaced(meant, names[misfit.at], misfit.custom.backward, misfit.at)

    def _named(self, misfit: Misfit, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a gradient of a wrong shape by the argument it is for.

        Raises Misshapen if that is only computed from arguments.
        """
        for name, value in given.items():
            if value is misfit.argument:
                return {name: misfit.found} if name in self.judged else {}
        custom, shape = misfit.custom, tensors.shape_of(misfit.found) or ()
        names = [one.name for one in tensors.parameters_of(custom)]
        name = names[misfit.at] if misfit.at < len(names) else str(misfit.at)
        assert misfit.expected is not None
        raise Misshapen(name, shape, misfit.expected, custom.backward, misfit.at)

    def _call(self, world: World, given: Mapping[str, Any]) -> Any:
        """Return the code's result for tensors, which a custom function may write into."""
        if self.custom is not None:
            own = [one.clone() if name in self.judged else one for name, one in given.items()]
            return self.custom.apply(*own)
        if tensors.is_module(self.function):
            return self.function(*(given[name] for name in given if name not in self.parameters))
        return self._called(world, given)


class _ByHand(TensorTarget, frozen=True, eq=False, kw_only=True):
    """A function that returns its loss and gradients, or the two halves of a layer."""

    wanting: tuple[str, ...] = ()
    """The tensors that require a gradient."""

    @property
    def exact(self) -> bool:
        """Whether a gradient must have the very shape of its argument."""
        return False

    def halved(self, arguments: Mapping[str, Any]) -> Halved | None:
        """Return None: the code itself runs both."""
        return None

    @property
    def returns_loss(self) -> bool:
        """Whether the function called last returns the loss first, and gradients after it."""
        return self.backward is None

    def _run(self, world: World, given: Mapping[str, Any]) -> Returned:
        for name in self.wanting:
            given[name].requires_grad_()
        loss, raw = self._halves(world, given) if self.backward else self._whole(world, given)
        try:
            found = Gradients(tensors.as_pairs(raw), self.arguments, self.case.wrt, given)
        except InputError as error:
            raise InputError(error.message, self.place, file=self.file) from None
        gradients = {name: world.giving(one) for name, one in found.found.items()}
        return Returned(world.giving(loss), gradients, found.left_out)

    def _whole(self, world: World, given: Mapping[str, Any]) -> tuple[Any, Any]:
        returned = self._called(world, given)
        if not tensors.is_single(returned[0]):
            raise InputError(f"{self.name} returns no scalar loss: the first value that it "
                             "returns must be one number", self.place, file=self.file)  # fmt: skip
        return returned[0], returned[1] if len(returned) == 2 else returned[1:]

    def _halves(self, world: World, given: Mapping[str, Any]) -> tuple[Any, Any]:
        assert self.backward is not None
        outs, cache, spread = self._forward(self._called(world, given))
        if not all(tensors.is_number(out) for out in outs):
            raise InputError(f"{self.name} returns no tensor of floats as its output", self.place,
                             file=self.file)  # fmt: skip
        loss, adjoints = _as_loss(world, outs)
        passed = adjoints if spread or len(outs) == 1 else [tuple(adjoints)]
        return loss, self.backward(*passed, *cache)


def _as_loss(world: World, outputs: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Return the weighted sum of outputs with drawn weights, and these as their gradients."""
    rng, parts = np.random.default_rng(_SEED), [tensors.as_pairs(out) for out in outputs]
    weights = [
        tensors.taken(world, rng.normal(size=tensors.shape_of(part)), part) for part in parts
    ]
    adjoints = [
        tensors.as_complex(weight) if tensors.holds_pairs(out) else weight
        for out, weight in zip(outputs, weights, strict=True)
    ]
    return tensors.total(parts, weights), adjoints


def split_backward(function: Any, args: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """Return the backward half if it is the first of some arguments, and the others.

    A custom function has one of its own: what it takes first may be any function.
    """
    halved = tensors.function_of(function) is None
    if halved and args and callable(args[0]) and not tensors.is_module(args[0]):
        return args[0], args[1:]
    return None, args


def tensor_target(
    function: Any, backward: Any, args: Sequence[Any], arrays: Mapping[str, Any]
) -> Target:
    """Return the target of a check; raises InputError for an unusable call.

    The code is run to find out what it returns, and whether it works in double precision; its
    exceptions pass through.
    """
    custom = tensors.function_of(function)
    module = function if tensors.is_module(function) else None
    name = str(getattr(custom or function, "__qualname__", type(function).__name__))
    signature = None
    if custom is not None:
        signature = inspect.Signature(tensors.parameters_of(custom, len(args)))
    if module is not None:
        signature = inspect.signature(module.forward)
    # A custom function returns one gradient for each argument.
    signature, arguments = bound_arguments(
        function, args, arrays, signature, defaults=custom is None
    )
    weights = {} if module is None else dict(module.named_parameters())
    arguments |= weights
    given = tuple(one for one, value in arguments.items() if tensors.is_given(value))
    wanting = tuple(one for one in given if tensors.wants_gradient(arguments[one]))
    paired = frozenset(one for one in given if tensors.holds_pairs(arguments[one]))
    floats = tuple(one for one in given if one in paired or tensors.holds_floats(arguments[one]))
    case = case_of(function)
    judged = case.wrt or wanting or floats
    unknown = [one for one in case.wrt if one not in floats]
    if unknown or not judged:
        what = f"wrt: '{unknown[0]}' is" if unknown else "there is nothing to judge:"
        raise InputError(f"{what} no argument of {name} that is a tensor of floats"
                         if unknown else f"{what} no argument of {name} is a tensor of floats",
                         file=name)  # fmt: skip
    wrt = case.wrt or tuple(one for one in wanting if one not in weights)
    target = TensorTarget(
        function, backward, {**arguments, **_numbers(arguments, given)}, Case(wrt, case.seed),
        signature, PyTorch(), given=given, judged=judged, parameters=tuple(weights),
        paired=paired,
    )  # fmt: skip
    types = {one: arguments[one].dtype for one in floats if one not in paired}
    by_hand = backward is not None or (
        custom is None and module is None and _returns_gradients(target, types)
    )
    if by_hand:
        target = _ByHand(
            function, backward, target.arguments, Case(case.wrt, case.seed),
            signature, PyTorch(by_autograd=False), given=given, judged=floats, wanting=wanting,
            paired=paired,
        )  # fmt: skip
    return _in_double(target, types)


def _numbers(arguments: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
    return {name: tensors.numbers_of(arguments[name]) for name in given}


@contextmanager
def _tried(target: TensorTarget) -> Iterator[None]:
    """Run the code for its result; its changes are undone."""
    before, kept = target.library.randomness(target.case.seed), target.library.kept(target.called)
    try:
        with unheard():
            yield
    finally:
        before.restore()
        kept.put_back()


def _returns_gradients(target: TensorTarget, types: Mapping[str, Any]) -> bool:
    """Return whether a function returns its loss and gradients for arguments of their own types."""
    with _tried(target):
        given = target._taken(target.library.world, copied(target.arguments))
        given |= {name: given[name].to(dtype) for name, dtype in types.items()}
        for name in target.case.wrt:
            given[name].requires_grad_()
        returned = target._called(target.library.world, given)
    if not isinstance(returned, tuple | list) or len(returned) < 2:
        return False
    loss, raw = returned[0], tensors.as_pairs(returned[1] if len(returned) == 2 else returned[1:])
    if not tensors.is_single(loss):
        return False
    if isinstance(raw, Mapping):
        return True
    parts = raw if isinstance(raw, tuple | list) else [raw]
    shapes = [np.shape(target.arguments[name]) for name in target.judged]
    return len(parts) <= len(shapes) and all(
        one is None or tensors.shape_of(one) == shape
        for one, shape in zip(parts, shapes, strict=False)
    )


def _in_double(target: TensorTarget, narrow: Mapping[str, Any]) -> TensorTarget:
    """Return a target in double precision if its code runs in it, at least beneath its own types.

    `narrow` are these types.
    """
    wide = {
        name: value.astype(np.float64)
        if name in target.given and value.dtype.kind == "f"
        else value
        for name, value in target.arguments.items()
    }
    library = target.library
    assert isinstance(library, PyTorch)
    for own in ({"library": library.in_double()}, {"narrow": narrow}):
        found = replace(target, arguments=wide, **own)
        try:
            with _tried(found):
                found.run(found.library.world, copied(wide))
        except InputError:
            raise
        except Exception:
            continue
        return found
    return target  # unchanged: the user must see any failure
