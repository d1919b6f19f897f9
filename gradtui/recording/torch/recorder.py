"""A run over tensors: each operator that PyTorch executes as a node of the tape.

Knows the place of elements in memory, and so needs no view operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradtui.recording.array import Recorded, plain
from gradtui.recording.calls import CallRecorder
from gradtui.recording.memory import Memory, dense
from gradtui.recording.tape import Array
from gradtui.recording.torch import moves, storages
from gradtui.recording.torch.bends import bends
from gradtui.recording.torch.calls import (
    Operation,
    Pick,
    Slot,
    argument,
    computing,
    differentiating,
    entry,
    is_floating,
    is_number,
    whole,
)
from gradtui.recording.torch.choices import note_choices
from gradtui.recording.torch.forms import EXACT, FORMS, MAKING, NAMES, WHOLE, Written
from gradtui.recording.torch.quantised import quantised
from gradtui.recording.torch.sparse import SparseTensors, is_sparse
from gradtui.recording.torch.tensors import (
    array_of,
    bits_of,
    is_held,
    is_known,
    is_whole,
    laid_out,
    stored,
    tensor_of,
)
from gradtui.recording.torch.within import is_within


class TensorRecorder(CallRecorder):
    """Records PyTorch's operations on a tape."""

    def __init__(self, *, by_autograd: bool) -> None:
        """`by_autograd` tells whether detached tensors, and those without gradient, take none."""
        super().__init__()
        self._by_autograd = by_autograd
        self._memories: dict[int, Memory] = {}
        """Start of a tensor's memory -> the origin of its elements."""
        self._sparse = SparseTensors(self)
        self._left: list[Any] = []
        """Memory that tensors have left for other memory, or none."""
        self._stopped: dict[int, int] = {}
        """Node -> its constant, used if no gradient passes."""
        self._latest: Tensor | None = None
        """The tensor that the call before this one has made or written."""
        self._taken: dict[float, int] = {}
        """Number -> the latest of the elements that it was as they were taken, if they are active.
        """
        self._converting: tuple[str, int] | None = None
        """The line that has last taken an element of a tensor as a number."""

    def taking(self, array: Array) -> Any:
        """Return an array as a tensor that takes part."""
        with self.unheard():
            tensor = tensor_of(plain(array)).clone()  # on memory that may be resized
        if isinstance(array, Recorded):
            self.hold(tensor, self.node_of(array))
        return tensor

    def giving(self, value: Any) -> Any:
        """Return a tensor as an array that takes part."""
        if not is_known(value):
            return value
        return self.wrap(self.node(value), np.array(array_of(value)))

    def known(self, value: Any) -> int | None:
        """Return the node of a value that takes part; None for other values."""
        if is_held(value) and self._memory(value) is not None:
            return self.node(value)
        return super().known(value)

    def node(self, tensor: Tensor) -> int:
        """Return the node of a tensor's present value."""
        if tensor.is_conj() or tensor.is_neg():
            return self._turned(tensor)
        memory = self._memory(tensor)
        if memory is not None:
            return memory.read(laid_out(tensor))
        return self._adopted_node(tensor)

    def _turned(self, tensor: Tensor) -> int:
        """Return the node of a tensor whose memory holds its conjugate, or its negative."""
        with self.unheard():
            conjugate = tensor.is_conj()
            held = tensor.conj() if conjugate else torch._neg_view(tensor)
            value = np.array(array_of(tensor))
        signs = self.tape.leaf(np.array([1.0, -1.0] if conjugate else -1.0, value.dtype))
        return self.tape.call("conj" if conjugate else "negative", np.multiply,
                              [self.node(held), signs], value, moves.TIMES,
                              elementwise=True, exact=True)  # fmt: skip

    def _memory(self, tensor: Tensor) -> Memory | None:
        memory = self._memories.get(tensor.untyped_storage().data_ptr())
        return memory if memory is not None and memory.holds_numbers(bits_of(tensor)) else None

    def _adopted_node(self, tensor: Tensor) -> int:
        """Return the node of a tensor from outside: a constant of the run."""
        if not tensor.numel():
            return self.tape.leaf(np.array(array_of(tensor)))
        whole = tensor
        if not is_whole(tensor):
            count = storages.room(tensor.untyped_storage()) // tensor.element_size()
            whole = tensor.detach().as_strided((count,), (1,), 0)
        node = self.tape.leaf(np.array(array_of(whole)))
        self.hold(whole, node)
        memory = self._memory(tensor)
        return node if memory is None else memory.read(laid_out(tensor))

    def hold(self, tensor: Tensor, node: int) -> None:
        """Note that a tensor that fills its memory holds the value of a node."""
        if tensor.numel():
            memory = Memory(self.tape, laid_out(tensor), node)
            self._memories[tensor.untyped_storage().data_ptr()] = memory

    @contextmanager
    def resizing(self, storage: torch.UntypedStorage, kept: int) -> Iterator[None]:
        """Follow a change of a storage: only its first `kept` bytes stay as they are."""
        memory = self._memories.pop(storage.data_ptr(), None)
        if memory is not None:
            memory.release()
        yield
        if memory is not None:
            self._memories[storage.data_ptr()] = memory.resized(stored(storage), kept)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Record nothing for a while."""
        before, self.tape.open = self.tape.open, False
        try:
            yield
        finally:
            self.tape.open = before

    def dispatched(self, operator: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
        """Execute an operator and record it."""
        if not self.tape.open:
            return operator(*args, **options)
        call = Operation(operator, args, options)
        latest, self._latest = self._latest, None
        if any(is_sparse(one) for one in call.values):
            return self._sparse.dispatched(call)
        if call.signature.written:
            return self._write(call)
        if call.signature.views:
            return self._viewed(call, latest)
        inputs = _tensors(call.values)
        returned = call.called(call.values)
        if is_sparse(returned):
            self._sparse.made(call, returned)
            return returned
        if call.name == "_local_scalar_dense":
            self._convert(self.node(inputs[0]))
            return returned
        return self._results(call, inputs, returned)

    def _viewed(self, call: Operation, latest: Tensor | None) -> Any:
        """Execute a view operator; a detached result no longer takes part.

        `latest` is what the call before it has made.
        """
        returned = call.called(call.values)
        if call.name == "detach" and self._by_autograd and is_number(returned):
            node = self.known(returned)
            if node is not None and self.tape.active[node] and not is_within():
                made = returned.clone()
                if not _is_saved(call["self"], latest):
                    self.tape.stopped.add(self._adopted_node(made))
                return made
        return returned

    def _results(self, call: Operation, inputs: Sequence[Tensor], returned: Any) -> Any:
        """Record the results of a call, which may be several tensors."""
        many = isinstance(returned, tuple | list)
        found = []
        for at, one in enumerate(returned if many else [returned]):
            if not is_held(one):
                found.append(one)
                continue
            pick: Pick = entry(at) if many else whole
            if not is_whole(one):
                one = one.contiguous() if one.numel() else one
            if one.numel() and self._memory(one) is None:
                self.hold(one, self._node_of_result(call, at, pick, one, {}))
            found.append(one)
        self._latest = found[0] if is_held(found[0]) else None
        return type(returned)(found) if many else found[0]

    def _node_of_result(
        self, call: Operation, at: int, pick: Pick, result: Tensor, before: Mapping[Slot, int]
    ) -> int:
        """Return the new node of a result; `before` are operands that the call has written."""
        found = dict(before)

        def operand(slot: Slot) -> int:
            if slot not in found:
                found[slot] = self.operand(call.value(slot))
            return found[slot]

        value = array_of(result.clone() if before else result)
        if at == 0:  # what follows, such as the places of largest numbers, is seldom used
            note_choices(call, value, self.tape, self.node)
        if not is_number(result) and result.ndim == 0:
            return self.tape.leaf(np.array(value))
        slots = call.slots()
        if call.draws and call.name == "native_dropout" and at == 0:
            return self._dropped(call, value)
        making = call.draws or call.name in MAKING
        if making or not slots:
            return self.tape.leaf(dense(value))
        if self._is_constant():
            return self._constant(call, dense(value))
        plain = is_floating(result) and not call.is_complex
        if at == 0 and plain:
            moved = moves.moved(call, [operand(slot) for slot in slots], slots, value, self.tape)
            known = quantised(call, operand, value, self.tape) if moved is None else moved
            if known is not None:
                return known
        written = self._form(call) if at == 0 and plain else None
        if written is not None:
            slots = [call.at(name) for name in written.operands]
        elementwise = written.elementwise if written else call.signature.pointwise and plain
        native = call.is_native and is_number(result) and written is None
        if at == 0 and call.is_native:
            self._bent(call, operand)
        return self.tape.call(
            NAMES.get(call.name, call.name).lstrip("_"),
            computing(call, slots, pick),
            [operand(slot) for slot in slots],
            dense(value),
            written.form if written else None,
            elementwise=elementwise,
            exact=call.name in EXACT,
            back=differentiating(call, slots, pick) if native else None,
        )

    def _bent(self, call: Operation, operand: Callable[[Slot], int]) -> None:
        """Note on which sides of the bends of a call its operands are."""
        for bend in bends(call, lambda name: self.tape.value(operand(call.at(name)))):
            moving = [id for slot in call.slots() if self.tape.active[id := operand(slot)]]
            if moving:
                inputs = moving[0], None
                self.tape.chosen(call.name, bend.left, bend.right, inputs, bend.sides)

    def _form(self, call: Operation) -> Written | None:
        writing = FORMS.get(call.name)
        if writing is None and call["dim"] is None and "dim" not in call.signature.names:
            writing = WHOLE.get(call.name)
        written = writing(call) if writing is not None and call.is_native else None
        usable = written is not None and all(
            isinstance(call[name], int | float) or is_known(call[name]) for name in written.operands
        )
        return written if usable else None

    def operand(self, value: Any) -> int:
        """Return the node of an operand, a constant if autograd passes it no gradient."""
        if not isinstance(value, Tensor):
            return self._node_of_number(value)
        node = self.node(value)
        if not self._by_autograd or not self.tape.active[node] or value.requires_grad:
            return node
        if not torch.is_grad_enabled() or is_within():
            return node
        if node not in self._stopped:
            self._stopped[node] = self.tape.leaf(self.tape.value(node))
            self.tape.stopped.add(self._stopped[node])
        return self._stopped[node]

    def _node_of_number(self, value: float) -> int:
        """Return the node of a number: where it was an element's, as `x.item()` is, of that."""
        node = self._taken.get(value) if self._is_custom(value) else None
        if node is None:
            return self.tape.number(value)
        return self.tape.moved((node,), np.zeros((), np.intp))

    def _convert(self, node: int) -> None:
        """Note that an element of a tensor is taken as a number."""
        self.tape.converted.append(node)
        self._converting = self.tape.line
        if self.tape.active[node]:
            self._taken[float(self.tape.value(node).reshape(-1)[0])] = node

    def _is_custom(self, value: float) -> bool:
        """Return whether a number may be one that a custom function has taken from a tensor.

        A whole one is, if the same line has just taken it: others may have the same value.
        """
        if not self.tape.converted or (self._by_autograd and not is_within()):
            return False
        return value % 1 != 0 or self.tape.line == self._converting

    def _is_constant(self) -> bool:
        """Return whether the present computation takes no part in any gradient."""
        return self._by_autograd and not torch.is_grad_enabled() and not is_within()

    def _constant(self, call: Operation, value: Array) -> int:
        """Return the node of a result that takes no part in any gradient."""
        nodes = [self.known(call.value(slot)) for slot in call.slots()]
        found = self.tape.leaf(value)
        if any(id is not None and (self.tape.active[id] or id in self.tape.stopped)
               for id in nodes):  # fmt: skip
            self.tape.stopped.add(found)
        return found

    def _dropped(self, call: Operation, value: Array) -> int:
        """Return the node of a result with randomly drawn elements set to 0."""
        node = self.node(call["input"])
        with np.errstate(all="ignore"):
            given = self.tape.value(node)
            kept = np.where(given == 0, 0.0, value / given).astype(value.dtype)
        return self.tape.call("multiply", np.multiply, [node, self.tape.leaf(kept)], dense(value),
                              moves.TIMES, elementwise=True)  # fmt: skip

    def _write(self, call: Operation) -> Any:
        """Execute an operator that writes into its arguments, and record their new values."""
        targets = [call.values[at] for at in call.signature.written]
        if call.name == "set":
            # Kept, so that no other tensor comes to lie in memory that is known.
            self._left += [one.untyped_storage() for one in targets]
            return call.called(call.values)
        if len(targets) != 1 or not is_held(targets[0]) or not targets[0].numel():
            return self._write_several(call)
        (target,), (at,) = targets, call.signature.written
        self.node(target)
        memory = self._memory(target)
        if memory is None:
            return self._write_several(call)
        before = {slot: self.operand(call.value(slot)) for slot in call.slots()}
        source = call["src"] if call.name == "copy" else None
        cast = None if source is None or source.dtype != target.dtype else self.operand(source)
        memory.release()
        returned = call.called(call.values)
        if cast is not None:
            node = cast
        elif call.name in ("zero", "fill") and isinstance(call["value"], int | float | None):
            node = self.tape.number(float(call["value"] or 0.0))
        else:
            node = self._node_of_result(call, 0, argument(at), target.contiguous(), before)
        memory.write(memory.positions(laid_out(target)), node)
        self._latest = target
        return returned

    def _write_several(self, call: Operation) -> Any:
        """Execute an operator that writes into several tensors, which become constants."""
        found = _tensors([call.values[at] for at in call.signature.written])
        known = [one for one in found if is_held(one) and one.numel()]
        for one in known:
            memory = self._memory(one)
            if memory is not None:
                memory.release()
        returned = call.called(call.values)
        for one in known:
            memory = self._memory(one)
            if memory is not None:
                memory.write(memory.positions(laid_out(one)),
                             self.tape.leaf(np.array(array_of(one))))  # fmt: skip
        return returned


def _tensors(values: Sequence[Any]) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += [one for one in value if isinstance(one, Tensor)]
    return found


def _is_saved(tensor: Any, latest: Tensor | None) -> bool:
    """Return whether autograd itself detaches what a call has just made, as for exp's slope."""
    saves = hasattr(type(tensor.grad_fn), "_saved_result")
    return saves and latest is not None and tensor.data_ptr() == latest.data_ptr()
