"""What the backward half of a custom function returns, before PyTorch refuses a wrong shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from torch import Tensor


@contextmanager
def misshapen(
    custom: type[torch.autograd.Function] | None, given: Sequence[Any]
) -> Iterator[dict[int, Tensor]]:
    """Let a custom function return gradients of wrong shapes, which PyTorch takes for None.

    Yields them by the place of their argument among the `given` ones.
    """
    found = dict[int, Tensor]()
    if custom is None:
        yield found
        return
    backward, before = custom.backward, vars(custom).get("backward")

    @wraps(backward)
    def heard(ctx: Any, *adjoints: Any) -> Any:
        returned = backward(ctx, *adjoints)
        parts = returned if isinstance(returned, tuple) else (returned,)
        off = {at: one for at, one in enumerate(parts) if not _fits(one, given[at : at + 1])}
        found.update(off)
        return tuple(None if at in off else one for at, one in enumerate(parts))

    custom.backward = staticmethod(heard)
    try:
        yield found
    finally:
        if before is None:
            del custom.backward
        else:
            custom.backward = before


def _fits(gradient: Any, given: Sequence[Any]) -> bool:
    """Return whether PyTorch takes a gradient for that of an argument, perhaps by a sum."""
    if not isinstance(gradient, Tensor) or not given or not isinstance(given[0], Tensor):
        return True
    shape = tuple(given[0].shape)
    own = tuple(gradient.shape)[max(0, gradient.ndim - len(shape)) :]
    return len(own) == len(shape) and all(
        n in (1, size) for n, size in zip(shape, own, strict=True)
    )
