"""One call of an operator of PyTorch: its arguments by name, and repeating the call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from msgspec import Struct
from torch import Tensor

from gradtui.recording.slopes import Flows, Untold
from gradtui.recording.tape import Array, Back
from gradtui.recording.torch.tensors import array_of, complex_of, is_complex, is_known, tensor_of

_OPERATORS = 4096
_SMALL = 1 << 20
"""Largest integer tensor, in elements, that is copied, because it may be written later."""

Slot = tuple[int, int | None]
"""The place of an operand in the arguments, and in the list there."""
Pick = Callable[[Any, list[Any]], Any]
"""Picks an array from what a call returns, and the arguments that it was called with."""


class Signature(Struct, frozen=True):
    """An operator and its arguments."""

    name: str
    """Its name, without the mark of an in-place operator."""
    native: bool
    """Whether it is one of PyTorch's own."""
    names: tuple[str, ...]
    by_keyword: tuple[bool, ...]
    defaults: tuple[Any, ...]
    written: tuple[int, ...]
    """The arguments it writes into."""
    views: bool
    """Whether its result is a view of an argument."""
    drawn: bool
    """Whether it may draw random numbers."""
    pointwise: bool


@lru_cache(_OPERATORS)
def signature_of(operator: Any) -> Signature:
    """Return what an operator's schema tells."""
    name = str(operator.overloadpacket.__name__)
    schema = operator._schema
    arguments = schema.arguments
    infos = [one.alias_info for one in schema.returns]
    return Signature(
        name[:-1] if name.endswith("_") and not name.endswith("__") else name,
        operator.namespace in ("aten", "prims"),
        tuple(one.name for one in arguments),
        tuple(bool(one.kwarg_only) for one in arguments),
        tuple(one.default_value for one in arguments),
        tuple(
            at for at, one in enumerate(arguments)
            if one.alias_info is not None and one.alias_info.is_write
        ),
        any(info is not None and not info.is_write for info in infos),
        torch.Tag.nondeterministic_seeded in operator.tags,
        torch.Tag.pointwise in operator.tags,
    )  # fmt: skip


class Operation:
    """One call of an operator, with all its arguments."""

    def __init__(self, operator: Any, args: Sequence[Any], options: dict[str, Any]) -> None:
        self.operator, self.signature = operator, signature_of(operator)
        self.name, self.is_native = self.signature.name, self.signature.native
        names, defaults = self.signature.names, self.signature.defaults
        self.values: list[Any] = [
            args[at] if at < len(args) else options.get(name, defaults[at])
            for at, name in enumerate(names)
        ]

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers; with no dropout, attention does not."""
        return self.signature.drawn and self["dropout_p"] != 0

    @property
    def is_complex(self) -> bool:
        """Whether some arguments are complex."""
        return any(is_complex(self.value(slot)) for slot in self.slots())

    def __getitem__(self, name: str) -> Any:
        """Return an argument; None if it takes none of this name."""
        names = self.signature.names
        return self.values[names.index(name)] if name in names else None

    def at(self, name: str) -> Slot:
        """Return the place of an argument."""
        return self.signature.names.index(name), None

    def slots(self) -> list[Slot]:
        """Return the places of all tensors of floats, except those that are only written."""
        found: list[Slot] = []
        for at, value in enumerate(self.values):
            if self.signature.names[at] == "out":
                continue
            if isinstance(value, Tensor):
                found += [(at, None)] if is_number(value) else []
            elif isinstance(value, list | tuple):
                found += [(at, i) for i, one in enumerate(value) if is_number(one)]
        return found

    def value(self, slot: Slot) -> Any:
        """Return the argument at a place."""
        at, inside = slot
        return self.values[at] if inside is None else self.values[at][inside]

    def called(self, values: Sequence[Any]) -> Any:
        """Call the operator with other arguments."""
        told = zip(self.signature.names, self.signature.by_keyword, values, strict=True)
        named = {name: value for name, keyword, value in told if keyword}
        plain = [v for v, keyword in zip(values, self.signature.by_keyword, strict=True)
                 if not keyword]  # fmt: skip
        return self.operator(*plain, **named)

    def filled(self, slots: Sequence[Slot], given: Sequence[Any]) -> list[Any]:
        """Return the arguments with some replaced; no tensor is one of the call's own."""
        values = [list(one) if isinstance(one, list | tuple) else one for one in self.values]
        for (at, inside), one in zip(slots, given, strict=True):
            if inside is None:
                values[at] = one
            else:
                values[at][inside] = one
        return values

    def frozen(self) -> Operation:
        """Return the call with copies of its integer and boolean tensors."""
        own = Operation.__new__(Operation)
        own.operator, own.signature = self.operator, self.signature
        own.name, own.is_native = self.name, self.is_native
        own.values = [_frozen(one) for one in self.values]
        return own


def is_floating(value: Any) -> bool:
    """Return whether a value is a tensor of floats that can be recorded."""
    return is_known(value) and value.dtype.is_floating_point


def is_number(value: Any) -> bool:
    """Return whether a value is a tensor of floats or complex numbers that can be recorded."""
    return is_floating(value) or is_complex(value)


def _frozen(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_frozen(one) for one in value]
    if isinstance(value, Tensor):
        return value.clone() if not is_floating(value) and value.numel() <= _SMALL else value
    return value


def computing(operation: Operation, slots: Sequence[Slot], pick: Pick) -> Callable[..., Array]:
    """Return a call as a function of the operands at some places alone.

    `pick` returns the wanted result from the returned values and the arguments.
    """
    own = operation.frozen()
    kinds = [_kind(own.value(slot)) for slot in slots]

    def compute(*arrays: Array) -> Array:
        given = [_operand(array, kind) for array, kind in zip(arrays, kinds, strict=True)]
        values = own.filled(slots, given)
        with torch.no_grad():
            returned = own.called(_apart(values, own.signature.written))
        return np.array(array_of(pick(returned, values)))

    return compute


def differentiating(operation: Operation, slots: Sequence[Slot], pick: Pick) -> Back:
    """Return PyTorch's own vector-Jacobian product of a call.

    It tells nothing by arguments that PyTorch does not differentiate by, as running statistics are.
    """
    own = operation.frozen()
    kinds = [_kind(own.value(slot)) for slot in slots]

    def back(operands: Sequence[Array], arriving: Array, wanted: tuple[bool, ...]) -> Flows:
        try:
            return product(operands, arriving, wanted)
        except RuntimeError:
            return tuple(alone(operands, arriving, at) if want else None
                         for at, want in enumerate(wanted))  # fmt: skip

    def alone(operands: Sequence[Array], arriving: Array, at: int) -> Array | None:
        try:
            return product(operands, arriving, tuple(one == at for one in range(len(slots))))[at]
        except RuntimeError:
            return None

    def product(operands: Sequence[Array], arriving: Array, wanted: tuple[bool, ...]) -> Flows:
        given = [_operand(array, kind) for array, kind in zip(operands, kinds, strict=True)]
        leaves = [one.requires_grad_() for one, want in zip(given, wanted, strict=True) if want]
        with torch.enable_grad():
            values = _apart(own.filled(slots, given), own.signature.written)
            out = pick(own.called(values), values)
            if not out.requires_grad:
                raise Untold(own.name)
            # As a number: for an adjoint of another shape PyTorch loads its compiler for seconds.
            out = torch.view_as_real(out.resolve_conj()) if out.is_complex() else out
            total = (out * tensor_of(np.asarray(arriving, np.float64)).to(out.dtype)).sum()
        try:
            found = iter(torch.autograd.grad(total, leaves, allow_unused=True))
        except RuntimeError as error:  # such as of singular vectors, whose phases only cancel later
            raise Untold(own.name) from error
        return tuple(_flow(next(found), array) if want else None
                     for array, want in zip(operands, wanted, strict=True))  # fmt: skip

    return back


def _flow(found: Tensor | None, operand: Array) -> Array:
    if found is None:
        return np.zeros(operand.shape)
    return np.array(array_of(found), np.float64)


def entry(at: int) -> Pick:
    """Return what picks one of several results."""
    return lambda returned, values: returned[at]


def argument(at: int) -> Pick:
    """Return what picks an argument, into which a call writes its result."""
    return lambda returned, values: values[at]


def whole(returned: Any, values: list[Any]) -> Any:
    """Return the only result."""
    return returned


def _apart(values: list[Any], written: Sequence[int]) -> list[Any]:
    """Return arguments with copies of the written ones."""
    for at in written:
        if isinstance(values[at], Tensor):
            values[at] = values[at].clone()
    return values


def _kind(value: Any) -> Any:
    return value.dtype if isinstance(value, Tensor) else type(value)


def _operand(array: Array, kind: Any) -> Any:
    if isinstance(kind, torch.dtype):
        return complex_of(array, kind) if kind.is_complex else tensor_of(array, kind)
    number = float(np.asarray(array).reshape(-1)[0])
    return int(number) if kind in (int, bool) and number.is_integer() else number
