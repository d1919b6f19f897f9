"""A mode of PyTorch's in which a recorder hears of every operator."""

from __future__ import annotations

from typing import Any

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
