"""The comparisons of a run, some of which may be decided otherwise than the numbers do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_RISING = frozenset({"gt", "ge", "__gt__", "__ge__", "greater", "greater_equal", "heaviside"})
_FALLING = frozenset({"lt", "le", "__lt__", "__le__", "less", "less_equal"})


class Comparing(TorchFunctionMode):
    """Sees comparisons, and decides some of them."""

    def __init__(self, decided: Sequence[int] = (), to: bool = True) -> None:
        super().__init__()
        self._decided, self._to = decided, to
        self.margins: list[Tensor] = []
        """How far each comparison is from its jump, above 0 where it holds or becomes 1."""

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        result, name = func(*args, **(kwargs or {})), getattr(func, "__name__", "")
        if name not in _RISING | _FALLING or not isinstance(result, Tensor) or len(args) < 2:
            return result
        other = 0.0 if name == "heaviside" else args[1]
        margin = args[0] - other if name in _RISING else other - args[0]
        self.margins.append(margin.detach())
        decided = len(self.margins) - 1 in self._decided
        return torch.full_like(result, self._to) if decided else result
