"""Whether a custom function or a backward pass is being executed."""

from __future__ import annotations

import sys
from types import CodeType

import torch

_WITHIN: frozenset[CodeType] = frozenset(
    one.__code__
    for one in (
        torch.autograd.Function.apply.__func__,
        torch.autograd.grad,
        torch.autograd.backward,
    )
)
"""Code that runs a custom function or a backward pass, whose computations take part."""


def is_within() -> bool:
    """Return whether a custom function or a backward pass is being executed."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code in _WITHIN:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
