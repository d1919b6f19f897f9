"""Sparse tensors, recorded as the dense ones that they represent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from gradtui.recording.tape import Index, Tape
from gradtui.recording.torch.calls import Operation
from gradtui.recording.torch.tensors import array_of, is_known, tensor_of

_ALIKE = ("clone", "detach", "alias")
"""Operators whose result has the same values at the same places."""
_COALESCED = ("_coalesce", "coalesce")
"""Operators whose result has the sum of all values at a place."""
_DENSE = {"_sparse_addmm": torch.ops.aten.addmm.default}
"""Operators of sparse matrices -> those of dense ones."""
_Key = tuple[int, int, tuple[int, ...]]


class Recording(Protocol):
    """The recorder of dense tensors."""

    tape: Tape

    def node(self, tensor: Tensor) -> int:
        """Return the node of a tensor's value."""

    def hold(self, tensor: Tensor, node: int) -> None:
        """Note that a tensor holds the value of a node."""

    def dispatched(self, operator: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
        """Execute an operator and record it."""


def is_sparse(value: Any) -> bool:
    """Return whether a value is a sparse tensor of floats that can be recorded."""
    return (
        isinstance(value, Tensor)
        and value.layout is torch.sparse_coo
        and value.dtype.is_floating_point
        and value.device.type == "cpu"
    )


def dense(value: Any) -> Any:
    """Return a sparse tensor as a dense one; other values as they are."""
    return value.to_dense() if is_sparse(value) else value


class SparseTensors:
    """The sparse tensors of one run."""

    def __init__(self, recorder: Recording) -> None:
        self._recorder = recorder
        self._known: dict[_Key, tuple[Tensor, int, int]] = {}
        """Place in memory -> the tensor, kept alive, and the nodes of the dense one and its values.

        A saved tensor comes back as another one on the same memory.
        """

    def made(self, call: Operation, result: Tensor) -> None:
        """Note a sparse tensor made from dense ones."""
        tape, source = self._recorder.tape, call["values"]
        if is_known(source):
            values = self._recorder.node(source)
            node = tape.added(values, _places(result), tuple(result.shape))
            self._known[_key(result)] = result, node, values
        elif is_known(call["self"]):
            self._note(result, self._recorder.node(call["self"]))

    def dispatched(self, call: Operation) -> Any:
        """Execute an operator on a sparse tensor, and record it on the dense one."""
        given = next(one for one in call.values if is_sparse(one))
        if call.name in ("_values", "values"):
            return self._held(call.called(call.values).clone(), self._entry(given)[2])
        if call.name in ("_to_dense", "to_dense"):
            return self._held(call.called(call.values), self._entry(given)[1])
        returned = call.called(call.values)
        if not isinstance(returned, Tensor) or not returned.dtype.is_floating_point:
            return returned
        if call.name in _ALIKE:
            self._known[_key(returned)] = returned, *self._entry(given)[1:]
            return returned
        if call.name in _COALESCED:
            self._note(returned, self._entry(given)[1])
            return returned
        if call.name == "sparse_mask":
            self._masked(returned, given)
            return returned
        try:
            found = self._on_dense(call)
        except (RuntimeError, NotImplementedError):
            return returned  # central differences tell that something is missing
        if not is_sparse(returned):
            return found
        self._note(returned, self._recorder.node(found))
        return returned

    def _on_dense(self, call: Operation) -> Any:
        values = [self._dense(one) if is_sparse(one) else one for one in call.values]
        told = zip(call.signature.names, call.signature.by_keyword, values, strict=True)
        options = {name: value for name, keyword, value in told if keyword}
        plain = [value for value, keyword in zip(values, call.signature.by_keyword, strict=True)
                 if not keyword]  # fmt: skip
        operator = _DENSE.get(call.name, call.operator)
        return self._recorder.dispatched(operator, plain, options)

    def _dense(self, tensor: Tensor) -> Tensor:
        node = self._entry(tensor)[1]
        return self._held(tensor_of(self._recorder.tape.value(node), tensor.dtype), node)

    def _held(self, tensor: Tensor, node: int) -> Tensor:
        self._recorder.hold(tensor, node)
        return tensor

    def _masked(self, result: Tensor, source: Tensor) -> None:
        """Note what is read at places that may repeat, so that it has each value as often."""
        tape, places = self._recorder.tape, _places(result)
        values = tape.moved((self._entry(source)[1],), places)
        self._known[_key(result)] = result, tape.added(values, places, tuple(result.shape)), values

    def _entry(self, tensor: Tensor) -> tuple[Tensor, int, int]:
        """Return the entry of a tensor; one from outside is a constant."""
        key = _key(tensor)
        if key not in self._known:
            tape = self._recorder.tape
            values = tape.leaf(np.array(array_of(tensor.detach()._values())))
            node = tape.added(values, _places(tensor), tuple(tensor.shape))
            self._known[key] = tensor, node, values
        return self._known[key]

    def _note(self, tensor: Tensor, node: int) -> None:
        values = self._recorder.tape.moved((node,), _places(tensor))
        self._known[_key(tensor)] = tensor, node, values


def _key(tensor: Tensor) -> _Key:
    return (
        tensor._values().untyped_storage().data_ptr(),
        tensor._indices().untyped_storage().data_ptr(),
        tuple(tensor.shape),
    )


def _places(tensor: Tensor) -> Index:
    """Return the positions of a tensor's values in the dense one, in the shape of the values."""
    at, shape = array_of(tensor._indices()), tuple(tensor.shape)
    count = len(at)
    rest = math.prod(shape[count:])
    first = np.ravel_multi_index(tuple(at), shape[:count]) if count else np.zeros(1, np.intp)
    found = first[:, None] * rest + np.arange(rest)
    return np.ascontiguousarray(found.reshape(tuple(tensor._values().shape)))
