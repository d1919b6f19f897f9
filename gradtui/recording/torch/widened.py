"""Double precision for code that refuses or leaves it: beneath its tensors there are wider ones.

The code sees tensors of its own types; what it computes is computed once more in double precision,
and that is recorded and judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, UntypedStorage

from gradtui.recording.library import World
from gradtui.recording.recorder import Array
from gradtui.recording.torch.calls import Operation, is_floating
from gradtui.recording.torch.recorder import TensorRecorder
from gradtui.recording.torch.storages import Hearing, room
from gradtui.recording.torch.tensors import stored

_WIDE = torch.float64
_UNSET = frozenset({"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"})
"""Operators that leave memory as it happens to be."""


class Unseen(Exception):
    """Something other than an operator wrote into a tensor, as NumPy's functions may.

    Or its bits are read, which are others in double precision.
    """


class _Held:
    """The memory of a tensor, and what is beneath it."""

    def __init__(self, own: Tensor, wide: Tensor) -> None:
        """Take all of both memories."""
        self.wide = wide
        self._own = own  # kept, so that no other memory comes to lie there
        self.note()

    def note(self) -> None:
        """Note that an operator may have written into the memory."""
        self._bytes = stored(self._own.untyped_storage()).copy()

    def is_intact(self) -> bool:
        """Return whether nothing else has written into it."""
        return np.array_equal(stored(self._own.untyped_storage()), self._bytes)


class Widened(Hearing):
    """A world in which code computes twice: in its own types, and beneath in double precision."""

    def __init__(self, world: World) -> None:
        """`world` is the one of the wide tensors."""
        super().__init__(self)
        self._world = world
        self._memories: dict[int, _Held] = {}
        """Start of a tensor's memory -> that memory, and what is beneath it."""
        self._deaf = False
        """Whether operators are executed as they are, for a while."""

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Compute as usual for a while, with nothing beneath and nothing recorded."""
        world, before, self._deaf = self._world, self._deaf, True
        try:
            with world.unheard() if isinstance(world, TensorRecorder) else nullcontext():
                yield
        finally:
            self._deaf = before

    @contextmanager
    def resizing(self, storage: UntypedStorage, kept: int) -> Iterator[None]:
        """Forget what is beneath a storage that changes its size."""
        self._memories.pop(storage.data_ptr(), None)
        yield

    def taking(self, array: Array) -> Any:
        """Return an array as a tensor; it is in double precision."""
        return self._world.taking(array)

    def narrowed(self, wide: Tensor, dtype: torch.dtype) -> Tensor:
        """Return a tensor of another type, with the given one beneath it."""
        with self.unheard():
            own = wide.detach().to(dtype, copy=True)
        self._put(own, wide)
        return own

    def giving(self, value: Any) -> Any:
        """Return what is beneath a tensor, as an array."""
        return self._world.giving(self.beneath(value) if is_floating(value) else value)

    def beneath(self, tensor: Tensor) -> Tensor:
        """Return the wide tensor beneath another; raises Unseen."""
        with self.unheard(), torch.no_grad():
            if not tensor.numel():
                return tensor.detach().to(_WIDE)
            start = tensor.untyped_storage().data_ptr()
            if start not in self._memories:
                whole = _whole(tensor)
                self._memories[start] = _Held(whole, whole.to(_WIDE, copy=True))
            held = self._memories[start]
            if not held.is_intact():
                raise Unseen
            found = held.wide.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
        return found.requires_grad_(tensor.requires_grad)

    def hear(self, operator: Any, types: Any, args: Any = (), options: Any = None) -> Any:
        """Execute an operator in its own types, and beneath."""
        if self._deaf:
            return operator(*args, **(options or {}))
        call = Operation(operator, args, options or {})
        if call.name == "view" and call["dtype"] is not None:
            raise Unseen
        written = [call.values[at] for at in call.signature.written]
        wide = call.called([self._widened(one) for one in call.values])
        if any(isinstance(one, Tensor) and not is_floating(one) for one in written):
            return wide  # whole numbers are the same in both
        with self.unheard():
            own = call.called(call.values)
        self._note(call.values)  # all: some operators write into what they do not tell
        if written:
            for one in written if call.draws else ():
                self._drawn_alike(one, self.beneath(one))
            return own
        many = isinstance(own, tuple | list)
        pairs = zip(own, wide, strict=True) if many else [(own, wide)]
        found = [self._paired(call, one, other) for one, other in pairs]
        return type(own)(found) if many else found[0]

    def _paired(self, call: Operation, own: Any, wide: Any) -> Any:
        """Return a result with the wide one beneath it; what is not rounded is the wide one."""
        if not is_floating(own):
            return wide
        if call.draws:
            self._drawn_alike(own, wide)
        if call.name in _UNSET:
            with self.unheard():
                own.fill_(torch.nan)  # so that what is written into it is seen to be
        if own.numel() and own.untyped_storage().data_ptr() not in self._memories:
            self._put(own, wide if wide.dtype is _WIDE else wide.to(_WIDE))
        elif call.signature.views and not self._is_beneath(own, wide):
            with self.unheard():
                own = own.clone()  # a detached one, which no gradient passes
            self._put(own, wide)
        return own

    def _note(self, values: Sequence[Any]) -> None:
        for one in values:
            if isinstance(one, list | tuple):
                self._note(one)
            elif is_floating(one) and one.untyped_storage().data_ptr() in self._memories:
                self._memories[one.untyped_storage().data_ptr()].note()

    def _drawn_alike(self, own: Tensor, wide: Tensor) -> None:
        with self.unheard():
            own.copy_(wide)
        self._note([own])

    def _put(self, own: Tensor, wide: Tensor) -> None:
        """Note what is beneath a tensor, in memory that is laid out alike."""
        with self.unheard():
            whole, base = _whole(own), _whole(wide)
            alike = wide.stride() == own.stride() and base.numel() == whole.numel()
            if not alike:
                base = torch.zeros(whole.numel(), dtype=_WIDE)
        if not alike:
            base.as_strided(own.shape, own.stride(), own.storage_offset()).copy_(wide)
        self._memories[own.untyped_storage().data_ptr()] = _Held(whole, base)

    def _is_beneath(self, own: Tensor, wide: Tensor) -> bool:
        if not own.numel():
            return True
        base = self._memories[own.untyped_storage().data_ptr()].wide
        return base.untyped_storage().data_ptr() == wide.untyped_storage().data_ptr()

    def _widened(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)([self._widened(one) for one in value])
        if isinstance(value, torch.dtype):
            return _WIDE if value.is_floating_point else value
        return self.beneath(value) if is_floating(value) else value


# If defined in the class it would be wrapped, which loads PyTorch's compiler for seconds.
Widened.__torch_dispatch__ = Widened.hear


def _whole(tensor: Tensor) -> Tensor:
    """Return all of a tensor's memory."""
    count = room(tensor.untyped_storage()) // tensor.element_size()
    return tensor.detach().as_strided((count,), (1,), 0)
