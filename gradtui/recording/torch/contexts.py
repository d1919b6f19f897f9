"""What the calls of custom functions have saved for their backward halves."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction

_PLAIN = (bool, int, float, str, type(None), torch.dtype, torch.device, torch.Size)


class Saved:
    """What all calls of custom functions that a loss comes from have saved."""

    def __init__(self, loss: Tensor, given: list[Tensor]) -> None:
        """`given` are other tensors whose content matters."""
        self._own = [(ctx, dict(vars(ctx))) for ctx in contexts(loss)]
        held = [one for ctx, own in self._own for one in (*ctx.saved_tensors, *_flat(own.values()))]
        self.is_simple = all(isinstance(one, (Tensor, *_PLAIN)) for one in held)
        """Whether they hold nothing that may change unnoticed."""
        tensors = [one for one in (*held, *given) if isinstance(one, Tensor)]
        self._versions = [(one, one._version) for one in tensors]

    def is_intact(self) -> bool:
        """Put their attributes back; return whether no tensor was written."""
        for ctx, own in self._own:
            vars(ctx).clear()
            vars(ctx).update(own)
        return all(tensor._version == version for tensor, version in self._versions)


def contexts(loss: Tensor) -> list[Any]:
    """Return the contexts of all calls of custom functions that a loss comes from."""
    found, seen, pending = list[Any](), set[Any](), [loss.grad_fn]
    while pending:
        node = pending.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if isinstance(node, BackwardCFunction):
            found.append(node)
        pending += [other for other, _ in node.next_functions]
    return found


def _flat(values: Any) -> list[Any]:
    """Return values with those of tuples in place of these."""
    return [one for value in values
            for one in (_flat(value) if type(value) is tuple else [value])]  # fmt: skip
