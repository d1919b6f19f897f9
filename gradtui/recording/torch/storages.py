"""The memory of tensors whose storage a program resizes, such as to free what it can recompute.

No memory is given back while such a program is examined: arrays may lie in it, and edited code may
still use it. What a program has freed is not a number.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Protocol

from torch import UntypedStorage
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

_FREED = 0xFF
"""The bytes of freed memory: in each type of floats, they are not a number."""
_resize, _nbytes = UntypedStorage.resize_, UntypedStorage.nbytes


class Listener(Protocol):
    """Who knows the content of memory."""

    def resizing(self, storage: UntypedStorage, kept: int) -> AbstractContextManager[None]:
        """Follow a change of a storage: only its first `kept` bytes stay as they are."""


listeners: list[Listener] = []
_keeping = 0
_sizes: dict[int, tuple[StorageWeakRef, int]] = {}
"""A storage -> its size in bytes as the program knows it; held so weakly that it is still let go.

Not an attribute of the storage: PyTorch 2.1 makes another object of it each time.
"""


def room(storage: UntypedStorage) -> int:
    """Return the size in bytes of the memory that a storage has."""
    return _nbytes(storage)


@contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """Tell a listener of every storage that changes its size."""
    listeners.append(listener)
    try:
        yield
    finally:
        listeners.remove(listener)


class Hearing(TorchDispatchMode):
    """A mode of PyTorch's in which a listener is told of storages that change their size."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._resizing = heard(listener)

    def __enter__(self) -> Any:
        self._resizing.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._resizing.__exit__(*error)


def keep() -> None:
    """Keep the memory of every storage from now on, until as many calls of `let_go`."""
    global _keeping
    _keeping += 1
    if _keeping == 1:
        UntypedStorage.resize_ = _resized
        UntypedStorage.nbytes = _shown


def let_go() -> None:
    """Let storages be resized as before."""
    global _keeping
    _keeping -= 1
    if not _keeping:
        _sizes.clear()
        del UntypedStorage.resize_, UntypedStorage.nbytes


def _shown(storage: UntypedStorage) -> int:
    """Return the size of a storage as the program knows it."""
    found = _sizes.get(storage._cdata)
    return room(storage) if found is None else found[1]


def _is_resizable(storage: UntypedStorage) -> bool:
    asked = getattr(storage, "resizable", None)  # PyTorch 2.1 does not tell
    return asked is None or asked()


def _resized(storage: UntypedStorage, size: int) -> Any:
    """Resize a storage for the program; its memory only grows."""
    before = _shown(storage)
    if size == before:
        return storage
    if size < 0 or not _is_resizable(storage) or storage.device.type != "cpu":
        return _resize(storage, size)
    kept = min(size, before)
    with ExitStack() as stack:
        for listener in listeners:
            stack.enter_context(listener.resizing(storage, kept))
        if size > room(storage):
            _resize(storage, size)
        _sizes[storage._cdata] = StorageWeakRef(storage), size
        spare = room(storage) - kept
        ctypes.memset(storage.data_ptr() + kept, _FREED, spare)
    return storage
