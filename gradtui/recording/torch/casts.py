"""Casts of tensors to shorter types of floats: they are seen, or made to change nothing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from gradtui.recording.torch.calls import Operation

_HALF = frozenset({torch.float16, torch.bfloat16})


class Halving(TorchDispatchMode):
    """A mode in which it is seen whether any operator's result is in half precision."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = False

    def hear(self, operator: Any, types: Any, args: Any = (), options: Any = None) -> Any:
        """Execute an operator."""
        found = operator(*args, **(options or {}))
        several = found if isinstance(found, tuple | list) else [found]
        self.seen |= any(isinstance(one, Tensor) and one.dtype in _HALF for one in several)
        return found


class Uncast(TorchDispatchMode):
    """A mode in which operators that are told a type of floats compute in double precision."""

    def hear(self, operator: Any, types: Any, args: Any = (), options: Any = None) -> Any:
        """Execute an operator."""
        call = Operation(operator, args, options or {})
        return call.called([_wide(one) for one in call.values])


# If defined in the classes they would be wrapped, which loads PyTorch's compiler for seconds.
Halving.__torch_dispatch__ = Halving.hear
Uncast.__torch_dispatch__ = Uncast.hear


def _wide(value: Any) -> Any:
    floats = isinstance(value, torch.dtype) and value.is_floating_point
    return torch.float64 if floats else value
