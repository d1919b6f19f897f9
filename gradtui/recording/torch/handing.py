"""Custom functions that hand a tensor on, all of it or the elements that they choose.

The first exist only for its gradient; the others jump where they choose another element.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from msgspec import Struct
from torch import Tensor
from torch.autograd.function import FunctionCtx

from gradtui.recording.recorder import Array
from gradtui.recording.torch.run import has_own_setup
from gradtui.recording.torch.tensors import array_of, is_known, tensor_of

Custom = type[torch.autograd.Function]

_SEED, _LARGE = 20_240_229, 1e4
_KEPT = "_gradtui_kept"
_SPARE = 32
"""How many more custom functions than twice those in use there are before any are let go."""
_most = _SPARE
_TRIES = 5
"""Orders of the elements that tell whether others are chosen."""
_SIZES = (1e-6, 1.0, 1e6)
"""How large the adjoints are that tell what a function does to them."""


class Handed(Struct, frozen=True, eq=False):
    """A custom function that hands on one of its arguments."""

    custom: Custom
    at: int
    """The place of that argument."""
    given: Sequence[Any]
    """The arguments of its first call."""
    whole: bool
    """Whether it hands on all elements; it sets the others to 0."""

    def left_out(self) -> Array:
        """Return the argument with 0 in place of the elements that it hands on.

        Raises what the user's code does.
        """
        value = self.given[self.at]
        return np.where(self._kept(value), 0.0, array_of(value))

    def chooses(self) -> bool:
        """Return whether it chooses the elements by their own sizes, unlike dropout or a ReLU.

        Of numbers of one sign it keeps some, and others if they are in another order.
        """
        value = self.given[self.at].abs()
        value = torch.where(value == 0, value.max(), value)
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(_SEED)
            orders = [torch.randperm(value.numel()) for _ in range(_TRIES)]
            try:
                found = [self._kept(value.flatten()[one].reshape(value.shape)) for one in orders]
            except Exception:  # what the user's code raises for numbers that it is not made for
                return False
        partly = all(one.any() and not one.all() for one in found)
        return partly and any(np.any(one != found[0]) for one in found)

    def _kept(self, value: Tensor) -> Array:
        args = copied(self.given)
        args[self.at] = value.clone()
        with torch.random.fork_rng(devices=()), torch.no_grad():
            torch.manual_seed(_SEED)
            output = self.custom.apply(*args)
        return np.asarray(array_of(output) != 0)

    def adjoints(self) -> Sequence[tuple[Array, Array]]:
        """Return adjoints of several sizes, each with what the function makes of it.

        There are none if it cannot be called again.
        """
        found = [self._gradients(size, [self.at]) for size in _SIZES]
        return [(drawn, own) for drawn, (own,) in filter(None, found)]

    def adds(self) -> bool:
        """Return whether it has a gradient for an argument that it does not hand on."""
        others = [at for at, one in enumerate(self.given) if at != self.at and _is_float(one)]
        found = self._gradients(1.0, others) if others else None
        return found is not None and any(np.any(one) for one in found[1])

    def _gradients(self, size: float, places: Sequence[int]) -> tuple[Array, list[Array]] | None:
        """Return an adjoint of a size, and the gradients that are made of it for arguments."""
        args = copied(self.given)
        wanted = [args[at].requires_grad_() for at in places]
        with torch.random.fork_rng(devices=()), torch.enable_grad():
            torch.manual_seed(_SEED)
            try:
                output = self.custom.apply(*args)
                drawn = size * torch.randn_like(output)
                found = torch.autograd.grad(output, wanted, drawn, allow_unused=True)
            except Exception:  # what the user's code raises out of its context
                return None
        own = [0 * one if grad is None else grad for one, grad in zip(wanted, found, strict=True)]
        return np.array(array_of(drawn)), [np.array(array_of(one.detach())) for one in own]


@contextmanager
def handing_on() -> Iterator[Mapping[Custom, Handed]]:
    """Yield the custom functions that hand on the same argument whenever they are called.

    They hand on all of it, or set some of its elements to 0.
    """
    found, others = dict[Custom, Handed](), set[Custom]()
    with ExitStack() as stack:
        for custom, forward in [(one, one.forward) for one in customs()]:
            heard = partial(_heard, custom, forward, found, others)
            stack.enter_context(replaced(custom, "forward", heard))
        yield found


@contextmanager
def passing_on(functions: Mapping[Custom, Handed]) -> Iterator[None]:
    """Let custom functions that hand a tensor on pass the gradient of what they do."""
    with ExitStack() as stack:
        for custom, handed in functions.items():
            name = backward_of(custom)
            passed = partial(_passed, custom, getattr(custom, name), handed)
            stack.enter_context(replaced(custom, name, passed))
            if not handed.whole:
                half = "setup_context" if has_own_setup(custom) else "forward"
                noted = partial(_noted, getattr(custom, half), half == "forward")
                stack.enter_context(replaced(custom, half, noted))
        yield


def customs() -> Sequence[Custom]:
    """Return the user's own custom functions.

    Code that makes one anew in each call leaves those of earlier calls behind, which are let go
    from time to time.
    """
    global _most
    found = _below(torch.autograd.Function.__subclasses__())
    if len(found) > _most:
        found.clear()
        gc.collect()
        found = _below(torch.autograd.Function.__subclasses__())
        _most = _SPARE + 2 * len(found)
    return found


def _below(kinds: Sequence[Custom]) -> list[Custom]:
    """Return the user's among some kinds and all below these."""
    found = list[Custom]()
    for custom in kinds:
        if custom.__module__.partition(".")[0] != "torch":
            found.append(custom)
        if below := custom.__subclasses__():  # few have any, of more than a hundred of PyTorch's
            found += _below(below)
    return found


def backward_of(custom: Custom) -> str:
    """Return the name of a custom function's backward half, for which PyTorch takes two."""
    return "backward" if custom.vjp is torch.autograd.Function.vjp else "vjp"


@contextmanager
def replaced(custom: Custom, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """Let a custom function have another function for a half."""
    before = vars(custom).get(name)
    setattr(custom, name, staticmethod(function))
    try:
        yield
    finally:
        if before is None:
            delattr(custom, name)
        else:
            setattr(custom, name, before)


def _heard(
    custom: Custom, forward: Callable[..., Any], found: dict[Custom, Handed],
    others: set[Custom], *given: Any,
) -> Any:  # fmt: skip
    """Return what a forward half does, and note whether it hands an argument on."""
    apart = has_own_setup(custom)
    args = given if apart else given[1:]
    before, output = copied(args), forward(*given)
    again = forward if apart else partial(forward, context_for(args))
    at = None if custom in others else _index(before, args, output, again)
    whole = at is not None
    at = at if whole or custom in others else _index_of_part(before, output)
    if at is None or (custom in found and found[custom].at != at):
        others.add(custom)
        found.pop(custom, None)
    elif custom not in found or (found[custom].whole and not whole):
        found[custom] = Handed(custom, at, before, whole)
    return output


def _passed(
    custom: Custom, backward: Callable[..., Any], handed: Handed, ctx: Any, *adjoints: Any
) -> Any:
    if getattr(ctx, "_forward_cls", None) is not custom:
        return backward(ctx, *adjoints)  # for a subclass, which may do something else
    own = adjoints[0] if handed.whole else adjoints[0] * tensor_of(getattr(ctx, _KEPT))
    return tuple(own if i == handed.at else None for i in range(len(ctx.needs_input_grad)))


def _noted(half: Callable[..., Any], forward: bool, ctx: Any, *given: Any) -> Any:
    """Return what a half does that saves, and note which elements are handed on."""
    returned = half(ctx, *given)
    output = array_of(returned if forward else given[1])
    setattr(ctx, _KEPT, np.asarray(output != 0, output.dtype))
    return returned


def copied(args: Sequence[Any]) -> list[Any]:
    """Return arguments with copies of the tensors, into which a function may write."""
    return [one.detach().clone() if isinstance(one, Tensor) else one for one in args]


def _index(
    before: Sequence[Any], args: Sequence[Any], output: Any, again: Callable[..., Any]
) -> int | None:
    """Return the place of the argument that is the output; None if none is.

    Its numbers are those `before` the call.  One on other memory is handed on, too, if the forward
    pass run `again` hands on any other numbers.
    """
    for i, (own, one) in enumerate(zip(before, args, strict=True)):
        if _is_equal(own, output) and (_is_same(one, output) or _is_copied(i, before, again)):
            return i
    return None


def _index_of_part(before: Sequence[Any], output: Any) -> int | None:
    """Return the place of the argument of which the output has the elements that are not 0."""
    for i, one in enumerate(before):
        alike = isinstance(one, Tensor) and isinstance(output, Tensor) and one.shape == output.shape
        if alike and is_known(output) and one.dtype == output.dtype and _is_float(one):
            kept = output != 0
            if bool(kept.any()) and torch.equal(output[kept], one[kept]):
                return i
    return None


def context_for(args: Sequence[Any]) -> FunctionCtx:
    """Return a context with which a forward half runs outside of autograd."""
    ctx = FunctionCtx()
    ctx.needs_input_grad = (True,) * len(args)
    return ctx


def _is_copied(at: int, args: Sequence[Any], again: Callable[..., Any]) -> bool:
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(_SEED)
        drawn = [_drawn(one) for one in args]
        given = drawn[at].clone()
        try:
            return _is_equal(again(*drawn), given)
        except Exception:  # what the user's code raises for numbers that it is not made for
            return False


def _drawn(value: Any) -> Any:
    """Return large numbers of both signs in place of a float, or of a tensor of floats."""
    if isinstance(value, float):
        return _LARGE * torch.randn(()).item()
    if isinstance(value, Tensor) and (value.is_floating_point() or value.is_complex()):
        return _LARGE * torch.randn_like(value.detach())
    return value


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _is_equal(one: Any, other: Any) -> bool:
    return (
        isinstance(one, Tensor) and isinstance(other, Tensor) and one.dtype == other.dtype
        and bool(one.numel()) and torch.equal(one, other)
    )  # fmt: skip


def _is_same(one: Any, other: Any) -> bool:
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return False
    return one is other or (
        one.layout is torch.strided and other.layout is torch.strided
        and one.shape == other.shape and one.stride() == other.stride()
        and one.data_ptr() == other.data_ptr() and bool(one.numel())
    )  # fmt: skip
