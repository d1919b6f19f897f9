"""Second derivatives that autograd loses, without a word, within custom functions.

What a backward half computes from a value that autograd does not follow there, such as one that
the forward half has saved, is a constant to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction

from gradtui.recording.torch.recorder import TensorRecorder
from gradtui.recording.torch.tensors import is_held


@contextmanager
def lasting(recorder: TensorRecorder) -> Iterator[None]:
    """Have backward halves return gradients that depend on arguments wherever these can be
    differentiated once more.
    """
    backward, tape = BackwardCFunction.apply, recorder.tape

    def apply(ctx: Any, *adjoints: Any) -> Any:
        first = len(tape)
        found = backward(ctx, *adjoints)
        if not torch.is_grad_enabled() or not tape.open:
            return found
        tape.derived.update(range(first, len(tape)))
        several = isinstance(found, tuple)
        kept = tuple(_kept(recorder, one) for one in (found if several else (found,)))
        return kept if several else kept[0]

    BackwardCFunction.apply = apply
    try:
        yield
    finally:
        BackwardCFunction.apply = backward


def _kept(recorder: TensorRecorder, gradient: Any) -> Any:
    """Return a gradient as one that requires one, if it depends on an argument."""
    if not is_held(gradient) or gradient.requires_grad:
        return gradient
    node = recorder.known(gradient)
    if node is None or not recorder.tape.active[node]:
        return gradient
    return gradient.detach().requires_grad_().clone()  # no leaf: the code may write to it
