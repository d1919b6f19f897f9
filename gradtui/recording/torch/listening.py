"""A mode of PyTorch's in which a recorder hears of every operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.backends import cuda

from gradtui.recording.torch import storages
from gradtui.recording.torch.recorder import TensorRecorder


class Listening(storages.Hearing):
    """Tells a recorder of every operator that PyTorch executes in this thread."""

    def __init__(self, recorder: TensorRecorder) -> None:
        super().__init__(recorder)
        self._recorder = recorder

    def hear(self, operator: Any, types: Any, args: Any = (), options: Any = None) -> Any:
        """Execute an operator and record it."""
        return self._recorder.dispatched(operator, args, options or {})


# If defined in the class it would be wrapped, which loads PyTorch's compiler for seconds.
Listening.__torch_dispatch__ = Listening.hear


@contextmanager
def in_parts() -> Iterator[None]:
    """Have PyTorch compute attention by products and a softmax, not by one fused operator.

    These switches govern the CPU's fused operators, too, whatever their module is called.
    """
    switches = [
        (cuda.flash_sdp_enabled, cuda.enable_flash_sdp),
        (cuda.mem_efficient_sdp_enabled, cuda.enable_mem_efficient_sdp),
    ]
    mha = getattr(torch.backends, "mha", None)  # PyTorch 2.1 has none
    if mha is not None:
        switches.append((mha.get_fastpath_enabled, mha.set_fastpath_enabled))
    before = [(switch, enabled()) for enabled, switch in switches]
    for switch, _ in before:
        switch(False)
    try:
        yield
    finally:
        for switch, enabled in before:
            switch(enabled)
