"""The tape of one training step: every value, local derivative, contribution and adjoint of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.graph import Edge
from gradtui.engine.indices import Index, aligned
from gradtui.engine.length import length
from gradtui.engine.moves import Moves
from gradtui.engine.ops import OPS
from gradtui.engine.program import StepProgram
from gradtui.engine.shapes import Shape

Array = NDArray[Any]


class Tape(Struct, frozen=True, eq=False, dict=True):
    """One recorded step.  All arrays are read-only."""

    step: int
    program: StepProgram
    recorded: Sequence[Any]
    """The value of each node of the program, by id; None for those of `moves`, and within the
    validation's model."""
    batch: NDArray[np.intp] | None = None
    """The rows of the data that the step uses; None if it uses all."""
    moves: Moves | None = None
    """Computes the omitted parts of the updates."""

    @cached_property
    def numbers(self) -> int:
        """The number of numbers it holds, without counting views twice."""
        array = np.ndarray  # looked up once, not for each of ten thousands of numbers
        arrays = [value for value in self.recorded if type(value) is array]
        held = {id(base): base.size for base in map(_base, arrays)}
        return len(self.recorded) - len(arrays) + sum(held.values())

    def value(self, node: int) -> Array:
        """Return the value of a node, in its shape."""
        value = self.recorded[node]
        if value is None and self.moves is not None:
            (value,) = self.moves.values(self.recorded, [node])
        return _frozen(value, self.program.nodes[node].shape)

    def element(self, node: int, index: Index) -> float:
        """Return the element of the value of a node that broadcasting puts at `index`."""
        shape, held = self.program.nodes[node].shape, self.recorded[node]
        index = aligned(index, shape)
        if getattr(held, "shape", None) == shape:
            return float(held[index])
        if held is None and self.moves is not None:
            if (node, index) not in self._elements:
                found = self.moves.elements(self.recorded, node, index)
                self._elements.update(((id, index), float(one)) for id, one in found.items())
            return self._elements[node, index]
        return float(self.value(node)[index])

    def leading(self, node: int, count: int) -> Array:
        """Return the first `count` elements of the value of a node, flat, or all of them."""
        if self.recorded[node] is None and self.moves is not None:
            block: Array = self.moves.leading(self.recorded, node, count)
            return block.reshape(-1)[:count]
        held = self.recorded[node]
        known = getattr(held, "shape", None) == self.program.nodes[node].shape
        first: Array = (held if known else self.value(node)).flat[:count]
        return first

    @cached_property
    def _elements(self) -> dict[tuple[int, Index], float]:
        """The elements of the updates requested so far."""
        return {}

    @cached_property
    def measured(self) -> dict[tuple[int, Index], float]:
        """The central differences measured so far, by parameter and element."""
        return {}

    def adjoint(self, node: int) -> Array:
        """Return dLoss/dnode in the node's shape, zeros if no path leads to the loss."""
        return self._derivative(self.program.reverse.adjoint.get(node), node)

    def contribution(self, edge: Edge) -> Array:
        """Return the contribution along an edge, in its source's shape."""
        source = self.program.nodes[edge[0]].inputs[edge[1]]
        return self._derivative(self.program.reverse.contribution.get(edge), source)

    def local(self, edge: Edge) -> Array | None:
        """Return the local derivative of an edge between operations.

        None if the edge is not elementwise.  That of a reduction has the operand's shape, or is one
        number if all elements are equal.
        """
        return self._local(self.program.reverse.local.get(edge), edge[0])

    def named_local(self, source: int, root: int) -> Array | None:
        """Return ∂root/∂source of one statement; None if that is not elementwise."""
        return self._local(self.program.reverse.named_local.get((source, root)), root)

    def named_contribution(self, source: int, operations: Sequence[int]) -> Array:
        """Return the contribution of one statement's operations to a node, in its shape."""
        nodes = self.program.nodes
        edges = [
            (op, slot)
            for op in operations
            for slot, operand in enumerate(nodes[op].inputs)
            if operand == source
        ]
        found = [self.contribution(edge) for edge in edges]
        if len(found) == 1:
            return found[0]
        with np.errstate(all="ignore"):
            total = sum(found, start=np.zeros(nodes[source].shape))
        return _frozen(total, nodes[source].shape)

    def gradient(self, position: int) -> Array:
        """Return dLoss/dparameter of the parameter at this position."""
        parameter = self.program.updates[position].parameter
        return _frozen(
            self.recorded[self.program.gradients[position]], self.program.nodes[parameter].shape
        )

    def driving(self, position: int) -> Array:
        """Return the gradient that moves the parameter at this position, before clipping."""
        parameter = self.program.updates[position].parameter
        return _frozen(
            self.recorded[self.program.driving[position]], self.program.nodes[parameter].shape
        )

    @property
    def rate(self) -> float:
        """The learning rate of the step."""
        return float(self.recorded[self.program.lr])

    @property
    def validation_loss(self) -> float | None:
        """The loss on the validation data before the update; None without such data."""
        validation = self.program.validation
        return None if validation is None else float(self.recorded[validation.loss])

    @property
    def gradient_norm(self) -> float:
        """The norm of the whole gradient vector."""
        return length([self.gradient(i) for i in range(len(self.program.updates))])

    @property
    def driving_norm(self) -> float:
        """The norm of the gradients that move the parameters."""
        return length([self.driving(i) for i in range(len(self.program.updates))])

    def _derivative(self, id: int | None, node: int) -> Array:
        shape = self.program.nodes[node].shape
        return _frozen(0.0 if id is None else self.recorded[id], shape)

    def _local(self, id: int | None, target: int) -> Array | None:
        if id is None:
            return None
        value, node = np.asarray(self.recorded[id]), self.program.nodes[target]
        of_operand = value.ndim > 0 and OPS[node.op].reduction
        return _frozen(value, value.shape if of_operand else node.shape)


def _base(value: Array) -> Array:
    """Return the array that owns the memory of a value."""
    return value if not isinstance(value.base, np.ndarray) else value.base


def _frozen(value: Any, shape: Shape) -> Array:
    array: Array = np.asarray(value)
    # Broadcasting to the same shape takes ten times as long as comparing shapes.
    array = array.view() if array.shape == shape else np.broadcast_to(array, shape)
    array.flags.writeable = False
    return array
