"""Custom functions that hand a tensor on unchanged, and exist only for its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor

from gradtui.recording.torch.run import has_own_setup

_HANDED = "_gradtui_handed"


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
        setattr(ctx, _HANDED, _index(args, output))
        return output

    def set_up(ctx: Any, inputs: Any, output: Any) -> None:
        custom_setup(ctx, inputs, output)
        setattr(ctx, _HANDED, _index(inputs, output))

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


def _index(args: Any, output: Any) -> tuple[int | None, int]:
    """Return the place of the argument that is the output, and the number of arguments."""
    at = next((i for i, one in enumerate(args) if _is_same(one, output)), None)
    return at, len(args)


def _is_same(one: Any, other: Any) -> bool:
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return False
    return one is other or (
        one.layout is torch.strided and other.layout is torch.strided
        and one.shape == other.shape and one.stride() == other.stride()
        and one.data_ptr() == other.data_ptr() and bool(one.numel())
    )  # fmt: skip
