"""Custom functions that hand a tensor on unchanged, and exist only for its gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from gradtui.recording.torch.run import has_own_setup

_HANDED = "_gradtui_handed"
_SEED, _LARGE = 20_240_229, 1e4


@contextmanager
def handing_on() -> Iterator[set[str]]:
    """Let custom functions that hand a tensor on pass its gradient unchanged; yield their names."""
    found = set[str]()
    with ExitStack() as stack:
        for custom in customs():
            stack.enter_context(_passing(custom, found))
        yield found


def customs(
    base: type[torch.autograd.Function] = torch.autograd.Function,
) -> Iterator[type[torch.autograd.Function]]:
    """Yield the user's own custom functions."""
    for custom in base.__subclasses__():
        if custom.__module__.partition(".")[0] != "torch":
            yield custom
        yield from customs(custom)


@contextmanager
def _passing(custom: type[torch.autograd.Function], found: set[str]) -> Iterator[None]:
    forward, backward = custom.forward, custom.backward

    def heard(ctx: Any, *args: Any) -> Any:
        output = forward(ctx, *args)
        setattr(ctx, _HANDED, _index(args, output, partial(forward, context_for(args))))
        return output

    def set_up(ctx: Any, inputs: Any, output: Any) -> None:
        custom_setup(ctx, inputs, output)
        setattr(ctx, _HANDED, _index(inputs, output, forward))

    def passed(ctx: Any, *adjoints: Any) -> Any:
        at, count = getattr(ctx, _HANDED)
        if at is None:
            return backward(ctx, *adjoints)
        found.add(custom.__qualname__)
        return tuple(adjoints[0] if i == at else None for i in range(count))

    custom_setup = custom.setup_context
    own = {"setup_context": set_up} if has_own_setup(custom) else {"forward": heard}
    before = dict(vars(custom))
    for name, half in (*own.items(), ("backward", passed)):
        setattr(custom, name, staticmethod(half))
    try:
        yield
    finally:
        for name in (*own, "backward"):
            if name in before:
                setattr(custom, name, before[name])
            else:
                delattr(custom, name)


def _index(args: Sequence[Any], output: Any, again: Callable[..., Any]) -> tuple[int | None, int]:
    """Return the place of the argument that is the output, and the number of arguments.

    An equal one is handed on, too, if the forward pass run `again` hands on any other numbers.
    """
    for i, one in enumerate(args):
        if _is_same(one, output) or (_is_equal(one, output) and _is_copied(i, args, again)):
            return i, len(args)
    return None, len(args)


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
