"""Saves the present state of the user's tensors and modules, and restores it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import finalize

import torch
from torch import Tensor

from gradtui.recording.kept import Kept
from gradtui.recording.torch import storages

_Module = torch.nn.Module
_LARGEST = 1 << 24
"""From this size in elements on, a tensor is taken to be data, which nothing writes."""
_SPARSE = (torch.sparse_coo, torch.sparse_csr)
_WIDENING = (torch.strided, torch.sparse_coo)
"""The layouts whose tensors can be converted in place."""
_SINGLE = (torch.float32, torch.float16, torch.bfloat16)


class _Held:
    """One tensor of the program's, with its content."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor, self.own = tensor, tensor.data
        self.widened = False
        self._bare = tensor.grad is None
        self._copy = tensor.detach().clone()
        self._version = tensor._version
        self._required = tensor.requires_grad

    def widen(self) -> None:
        """Convert its numbers to double precision."""
        self.tensor.data = self.own.to(torch.float64)
        self.widened, self._version = True, self.tensor._version

    def rewind(self) -> None:
        """Restore its content, and take away a gradient that it had not."""
        self._release()
        if self._bare:
            self.tensor.grad = None
        if self._is_changed():
            if self.tensor.shape != self._copy.shape:  # as `out=` resizes it
                self.tensor.data = self.own.to(self.tensor.dtype, copy=self.widened)
            with torch.no_grad():
                self.tensor.copy_(self._copy)
            self._version = self.tensor._version

    def _is_changed(self) -> bool:
        """Return whether its content is another one.

        PyTorch counts what it writes itself, not what NumPy writes into the same memory.
        """
        tensor = self.tensor
        if tensor._version != self._version or tensor.layout is not torch.strided:
            return tensor._version != self._version
        return tensor.is_cpu and not torch.equal(tensor, self._copy.to(tensor.dtype))

    def _release(self) -> None:
        """Make it a leaf again: edited code may return it from a custom function.

        PyTorch before 2.3 cannot do so with a view.
        """
        if self.tensor.grad_fn is None:
            return
        if not self.tensor._is_view():
            self.tensor.detach_()
        elif hasattr(torch.utils, "swap_tensors"):
            torch.utils.swap_tensors(self.tensor, self.tensor.detach())
        else:
            return
        self.tensor.requires_grad_(self._required)

    def put_back(self) -> None:
        """Restore it completely."""
        self._release()
        if self._bare:
            self.tensor.grad = None
        if self.widened:
            self.tensor.data = self.own
        else:
            self.rewind()


class TensorsKept(Kept):
    """Everything reachable through the user's names, including tensors and modules."""

    def __init__(self, function: Callable[..., Any], *, double: bool) -> None:
        """`double` tells whether tensors are in double precision until they are restored."""
        self._tensors: dict[int, _Held] = {}
        self._default, self._threads = torch.get_default_dtype(), torch.get_num_threads()
        # Checked code is small: threads would wait for one another, and sum in another order.
        torch.set_num_threads(1)
        storages.keep()
        self._let_go = finalize(self, storages.let_go)
        super().__init__(function)
        self._note(getattr(function, "__self__", function))
        if double:
            torch.set_default_dtype(torch.float64)
            for held in self._tensors.values():
                if held.tensor.dtype in _SINGLE and held.tensor.layout in _WIDENING:
                    held.widen()

    def _note(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            self._note_tensor(value)
        elif isinstance(value, _Module):
            for tensor in (*_Module.parameters(value), *_Module.buffers(value)):
                self._note_tensor(tensor)
        return super()._note(value)

    def _note_tensor(self, tensor: Tensor) -> None:
        sparse = tensor.layout in _SPARSE
        size = tensor._nnz() if sparse else tensor.numel()
        if size <= _LARGEST and (sparse or tensor.layout is torch.strided) and tensor.is_leaf:
            self._tensors.setdefault(id(tensor), _Held(tensor))

    def rewind(self) -> None:
        """Let another run begin like the first, with the same numbers in the program's tensors."""
        super().rewind()
        for held in self._tensors.values():
            held.rewind()

    def put_back(self) -> bool:
        """Restore everything; return whether anything other than generators had changed."""
        self._let_go()
        changed = super().put_back()
        torch.set_default_dtype(self._default)
        torch.set_num_threads(self._threads)
        for held in self._tensors.values():
            held.put_back()
        return changed
