"""Tensors as arrays of NumPy's on the same memory, and arrays as tensors.

Both use the memory alone, so that PyTorch's and NumPy's versions need not match.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, UntypedStorage
from torch._C._functorch import is_functorch_wrapped_tensor

from gradtui.recording.memory import dense
from gradtui.recording.torch.storages import room

Array = NDArray[Any]

_TYPES = {
    torch.float64: "<f8", torch.float32: "<f4", torch.float16: "<f2", torch.int64: "<i8",
    torch.int32: "<i4", torch.int16: "<i2", torch.int8: "|i1", torch.uint8: "|u1",
    torch.bool: "|b1",
}  # fmt: skip
_DTYPES = {np.dtype(text): dtype for dtype, text in _TYPES.items()}
_COMPLEX = {torch.complex128: "<f8", torch.complex64: "<f4"}
"""Types of complex numbers, which are pairs of floats here, with the type of these."""
_NARROW = torch.bfloat16
"""Types without a counterpart in NumPy."""
_BITS = {dtype: np.dtype(text) for dtype, text in _TYPES.items()}
_OTHER = np.dtype("<u2")


class _Memory:
    """The memory of a tensor, in NumPy's array interface."""

    def __init__(self, tensor: Tensor, kind: str) -> None:
        self.storage = tensor.untyped_storage()  # kept alive, even if the tensor leaves it
        size = tensor.element_size()
        self.__array_interface__ = {
            "version": 3,
            "typestr": kind,
            "shape": tuple(tensor.shape),
            "strides": tuple([step * size for step in tensor.stride()]),
            "data": (tensor.data_ptr(), False),
        }


class _Pairs(_Memory):
    """The memory of a tensor of complex numbers, as pairs of floats."""

    def __init__(self, tensor: Tensor, kind: str) -> None:
        super().__init__(tensor, kind)
        size = tensor.element_size() // 2
        shown = self.__array_interface__
        shown["shape"] = (*tensor.shape, 2)
        shown["strides"] = (*[step * 2 * size for step in tensor.stride()], size)


class _Bytes:
    """All of a storage's memory, in NumPy's array interface."""

    def __init__(self, storage: UntypedStorage) -> None:
        self.storage = storage
        self.__array_interface__ = {
            "version": 3, "typestr": "|u1", "shape": (room(storage),),
            "data": (storage.data_ptr(), False),
        }  # fmt: skip


def is_known(value: Any) -> bool:
    """Return whether a value is a tensor of numbers on the host, laid out like NumPy's arrays.

    One inside of `vmap`, or of another transform of functions, has no memory of its own.
    """
    return (
        isinstance(value, Tensor)
        and value.layout is torch.strided
        and value.is_cpu
        and (value.dtype in _TYPES or value.dtype is _NARROW)
        and not is_functorch_wrapped_tensor(value)
    )


def is_complex(value: Any) -> bool:
    """Return whether a value is such a tensor of complex numbers."""
    return (
        isinstance(value, Tensor)
        and value.dtype in _COMPLEX
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not is_functorch_wrapped_tensor(value)
    )


def is_held(value: Any) -> bool:
    """Return whether a value is a tensor of numbers, complex ones among them."""
    return is_known(value) or is_complex(value)


def laid_out(tensor: Tensor) -> Array:
    """Return an array on a tensor's memory, which tells the places of its elements.

    Numbers without a type in NumPy are read as their bits, complex ones as pairs along a last axis.
    """
    if tensor.dtype in _COMPLEX:
        return np.asarray(_Pairs(tensor, _COMPLEX[tensor.dtype]))
    return np.asarray(_Memory(tensor, _TYPES.get(tensor.dtype, "<u2")))


def stored(storage: UntypedStorage) -> Array:
    """Return an array of the bytes of a storage, on its memory."""
    return np.asarray(_Bytes(storage))


def bits_of(tensor: Tensor) -> np.dtype[Any]:
    """Return the type of the array on a tensor's memory."""
    if tensor.dtype in _COMPLEX:
        return np.dtype(_COMPLEX[tensor.dtype])
    return _BITS.get(tensor.dtype, _OTHER)


def kind_of(tensor: Tensor) -> np.dtype[Any]:
    """Return NumPy's type for a tensor's numbers."""
    return np.dtype(_TYPES.get(tensor.dtype, "<f4"))


def array_of(tensor: Tensor) -> Array:
    """Return a tensor's numbers, on its own memory if NumPy has their type."""
    if tensor.dtype is _NARROW:
        return laid_out(tensor.detach().to(torch.float32))
    return laid_out(tensor.resolve_neg().resolve_conj())


def tensor_of(array: Array, dtype: torch.dtype | None = None) -> Tensor:
    """Return a tensor of an array's numbers on memory of its own."""
    own = np.array(array, order="C", copy=True)
    if own.size:
        made = torch.frombuffer(own, dtype=_DTYPES[own.dtype]).reshape(own.shape)
    else:
        made = torch.empty(own.shape, dtype=_DTYPES[own.dtype])
    return made if dtype is None else made.to(dtype)


def complex_of(pairs: Array, dtype: torch.dtype) -> Tensor:
    """Return the tensor of complex numbers that pairs of floats are."""
    return torch.view_as_complex(tensor_of(np.asarray(pairs, np.float64))).to(dtype)


def arrays_in(value: Any) -> Any:
    """Return nested values with plain arrays for tensors."""
    if is_known(value):
        return array_of(value)
    if isinstance(value, tuple | list):
        return type(value)([arrays_in(one) for one in value])
    return value


def is_whole(tensor: Tensor) -> bool:
    """Return whether a tensor fills its memory."""
    if room(tensor.untyped_storage()) != tensor.numel() * tensor.element_size():
        return False
    return tensor.is_contiguous() or dense_in_memory(tensor)


def dense_in_memory(tensor: Tensor) -> bool:
    """Return whether each place of a tensor's memory is one of its elements."""
    array = laid_out(tensor)
    return dense(array) is array
