"""Targets over PyTorch's tensors: custom functions, modules, halves of layers.

Tensors that require a gradient are judged, or else all with floats.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.diagnosis.recorded.blame.ends import returned
from gradtui.diagnosis.recorded.returned import Gradients, Withheld
from gradtui.diagnosis.recorded.target import (
    Halved,
    Misplaced,
    Misshapen,
    Returned,
    Target,
)
from gradtui.recording.arguments import Part, Path, entry, parts_of, replaced
from gradtui.recording.library import World
from gradtui.recording.run import copied
from gradtui.recording.torch import handing
from gradtui.recording.torch import run as tensors
from gradtui.recording.torch.contexts import Saved
from gradtui.recording.torch.jumping import jumps_sloped
from gradtui.recording.torch.library import PyTorch
from gradtui.recording.torch.placeholders import Placeholder, placeholders
from gradtui.recording.torch.recorder import TensorRecorder
from gradtui.recording.torch.returning import Miscount, Misfit, misshapen, withholding

T = TypeVar("T")

_NOT_NONE = "returned a gradient different than None"
"""What PyTorch says of a gradient for what is no tensor, inside of other code."""
_SEED = 20_240_229


class TensorTarget(Target, frozen=True, eq=False, kw_only=True):
    """Code over tensors; `arguments` has their numbers."""

    given: Mapping[str, Path]
    """The tensors among the arguments, in containers too, by name."""
    judged: tuple[str, ...]
    """The names whose gradients are judged."""
    parameters: tuple[str, ...] = ()
    """The names that are parameters of a module."""
    narrow: Mapping[str, Any] = MappingProxyType({})
    """The types of tensors of code that refuses or leaves wider ones, which are beneath them."""
    passed: Mapping[Any, Any] = MappingProxyType({})
    """The custom functions that pass a gradient unchanged, as they hand on a value."""
    lenient: bool = False
    """Whether a gradient of a wrong shape is as none where it goes no further."""

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
    def differentiating(self) -> Callable[..., Any]:
        """The function that computes the gradients: of the only custom function beside a loss."""
        called = self.called
        names = getattr(called, "__globals__", {})
        beside = [one for one in handing.customs() if _is_named_in(names, one)]
        alone = self.custom is None and self.backward is None and len(beside) == 1
        return beside[0].backward if alone else called

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
    def handing(self) -> AbstractContextManager[Mapping[Any, Any]] | None:
        """It has the functions that hand a value on in the runs in here."""
        return None if self.backward is not None else handing.handing_on()

    def leniently(self) -> Target:
        """Return it with a gradient of a wrong shape as none where it goes no further."""
        return replace(self, lenient=True)

    def passing(self, functions: Mapping[Any, Any]) -> Target:
        """Return it with functions that hand a value on passing its gradient unchanged."""
        return replace(self, passed=functions)

    @property
    def placeholders(self) -> Callable[[World], AbstractContextManager[Any]] | None:
        """It has what is there for a gradient alone, in a recorded run in here."""
        return None if self.backward is not None else _heard

    @property
    def jumping(self) -> AbstractContextManager[Any] | None:
        """Functions that jump have the slopes in here that they claim.

        It has what is heard of them.
        """
        return None if self.backward is not None else jumps_sloped()

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        """The tensors whose gradients are judged."""
        paths = {name: self.given[name] for name in self.judged}
        return {name: Part(path, entry(self.arguments, path)) for name, path in paths.items()}

    def names(self, claimed: Collection[str]) -> Collection[str]:
        """Return the tensors that are judged: a module's own as well, if they get a gradient."""
        own = [one for one in self.parameters if one in claimed]
        return [*self.wanted, *own] if self.wanted else claimed

    def run(self, world: World, arguments: Mapping[str, Any]) -> Returned:
        """Call the code with tensors; raises InputError."""
        with handing.passing_on(self.passed), self._ready(world, arguments) as (inner, own):
            return self._run(inner, own)

    def withheld(self, arguments: Mapping[str, Any]) -> Sequence[Withheld]:
        """Run the code; return the gradients that custom functions return None for."""
        with withholding() as found, self._ready(self.library.world, arguments) as (inner, given):
            self._run(inner, given)
        return [
            Withheld(
                getattr(one.custom, handing.backward_of(one.custom)),
                tensors.forward_of(one.custom),
                [own.name for own in tensors.parameters_of(one.custom, len(one.needed))],
                one.at, one.needed,
                [n for n in self.judged if any(given[n] is leaf for leaf in one.behind)],
            )
            for one in found
        ]  # fmt: skip

    def returned(self, types: Mapping[str, Any]) -> Any:
        """Return what the code returns for its arguments, as tensors of some types."""
        given = self._taken(self.library.world, copied(self.arguments))
        given |= {name: given[name].to(dtype) for name, dtype in types.items()}
        for name in self.case.wrt:
            given[name].requires_grad_()
        return self._called(self.library.world, given)

    def _taken(self, world: World, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with tensors for their numbers."""
        own = {name: world.taking(entry(arguments, path)) for name, path in self.given.items()}
        pairs = {name: tensors.as_complex(own[name]) for name in self.paired}
        return {**arguments, **own, **pairs}

    @contextmanager
    def _ready(
        self, world: World, arguments: Mapping[str, Any]
    ) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield the world in which the code runs, and the arguments as its tensors."""
        assert isinstance(self.library, PyTorch)
        wide: AbstractContextManager[Any] = nullcontext(world)
        with self.library.widening(world) if self.narrow else wide as inner:
            own = self._taken(inner, arguments)
            for name, dtype in self.narrow.items():
                own[name] = inner.narrowed(own[name], dtype)
            yield inner, own

    def halved(self, arguments: Mapping[str, Any]) -> Halved | None:
        """Run the forward half alone; None if the halves cannot be told apart."""
        if self.narrow or self.passed:
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
        return self._as_loss(world, outputs)[0]

    def _as_loss(self, world: World, outputs: Sequence[Any]) -> tuple[Any, list[Any]]:
        """Return the weighted sum of outputs with drawn weights, and these as their gradients."""
        rng, parts = np.random.default_rng(_SEED), [tensors.as_pairs(out) for out in outputs]
        drawn = [rng.normal(size=tensors.shape_of(part)) for part in parts]
        if not self.weighted and [np.size(one) for one in drawn] == [1]:
            drawn = [np.ones_like(drawn[0])]
        weights = [tensors.taken(world, one, part) for one, part in zip(drawn, parts, strict=True)]
        adjoints = [
            tensors.as_complex(weight) if tensors.holds_pairs(out) else weight
            for out, weight in zip(outputs, weights, strict=True)
        ]
        return tensors.total(parts, weights), adjoints

    def _differentiated(self, world: World, given: Mapping[str, Any], loss: Any) -> Returned:
        with misshapen(self.custom, [*given.values()]) as apart:
            try:
                found = tensors.gradients_by_autograd(loss, [given[name] for name in self.judged])
            except Miscount as error:
                raise self._miscounted(error) from None
            except RuntimeError as error:
                if _NOT_NONE not in str(error):
                    raise
                raise InputError(f"PyTorch refuses a gradient: {error}", self.place,
                                 file=self.file) from None  # fmt: skip
        own = dict(zip(self.judged, found, strict=True))
        for one in apart:
            if one.expected is not None:
                own |= self._named(one, given)
        if self.lenient:
            own = {name: given[name] * 0 if one is None else one for name, one in own.items()}
        lacking = {name: given[name] for name in self.judged if own[name] is None}
        for one in apart if lacking else ():
            self._refuse_misplaced(one, lacking, [*given])
        gradients = {
            name: world.giving(tensors.as_pairs(one))
            for name, one in own.items()
            if one is not None
        }
        return Returned(world.giving(loss), gradients, {})

    def _miscounted(self, error: Miscount) -> InputError:
        told = f"the number of gradients that {error.backward.__qualname__} returns is "
        told += f"{error.count}, not {error.expected}: one, or None, for each argument of forward"
        place = returned(error.backward, error.count) or self.place
        return InputError(told, place, file=place.file if place else self.file)

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

        Raises Misshapen if that is only computed from arguments, unless that is to be judged.
        """
        for name, value in given.items():
            if value is misfit.argument:
                return {name: misfit.found} if name in self.judged else {}
        if self.lenient:
            return {}
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
        return self._called(world, given)

    def _called(self, world: World, arguments: Mapping[str, Any]) -> Any:
        """Call the function with arguments that hold tensors, in the way that it takes them."""
        own = {name: arguments[name] for name in self.arguments if name not in self.parameters}
        held = {path: arguments[name] for name, path in self.given.items()}
        return super()._called(world, replaced(own, held))


class ByHand(TensorTarget, frozen=True, eq=False, kw_only=True):
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
            pairs, floats = tensors.as_pairs(raw), parts_of(self.arguments)
            found = Gradients(pairs, self.arguments, floats, self.case.wrt, given)
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
        loss, adjoints = self._as_loss(world, outs)
        passed = adjoints if spread or len(outs) == 1 else [tuple(adjoints)]
        return loss, self.backward(*passed, *cache)


def _heard(world: World) -> AbstractContextManager[Sequence[Placeholder]]:
    assert isinstance(world, TensorRecorder)
    return placeholders(world)


def _is_named_in(names: Mapping[str, Any], custom: Any) -> bool:
    """Return whether a custom function belongs to a module, and is not one that it has replaced."""
    own = getattr(inspect.unwrap(custom.backward), "__globals__", None)
    return own is names and names.get(custom.__name__, custom) is custom
