"""PyTorch's `einsum`, noted as one computation beside the operators that it executes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import _VF, Tensor

from gradtui.recording.contractions import labels_of, note
from gradtui.recording.torch.recorder import TensorRecorder
from gradtui.recording.torch.tensors import is_whole


@contextmanager
def contracting(recorder: TensorRecorder) -> Iterator[None]:
    """Tell a recorder of each call of `torch.einsum`, which calls a private module of PyTorch's."""
    before = _VF.einsum

    def einsum(subscripts: str, operands: Sequence[Tensor], **options: Any) -> Tensor:
        if not recorder.tape.open:
            return before(subscripts, operands, **options)
        nodes = [recorder.operand(one) for one in operands]
        found: Tensor = before(subscripts, operands, **options)
        node = recorder.known(found)
        labels = labels_of(subscripts, [tuple(one.shape) for one in operands])
        if node is None or labels is None or found.is_complex():  # whose parts are an axis more
            return found
        if note(recorder.tape, labels, nodes, node) and is_whole(found):
            recorder.hold(found, node)  # its views are then views of the whole result
        return found

    _VF.einsum = einsum
    try:
        yield
    finally:
        _VF.einsum = before
