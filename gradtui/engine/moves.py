"""The arithmetic of the updates element by element, which a tape computes only on demand.

A large tensor's update takes many equally large arrays, of which few elements are viewed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.graph import Kind, needed_for
from gradtui.engine.indices import Index, aligned
from gradtui.engine.ops import OPS
from gradtui.engine.program import StepProgram

FEW = 4_000
"""Up to this many numbers of an array, all are computed about as quickly as one."""
_Function = Callable[..., tuple[Any, ...]]


class Moves:
    """Computes the elementwise operations on large arrays in a program's updates."""

    def __init__(self, program: StepProgram, compiler: Compiler) -> None:
        self._nodes = program.nodes
        self._compiler = compiler
        self.nodes = left_out_of_tapes(program) if compiler.mode is Mode.ARRAY else frozenset[int]()
        """The nodes of these operations, without those on few numbers."""
        self._function = cache(self._compile)
        self._others = frozenset(range(len(program.nodes))) - self.nodes

    def values(self, recorded: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
        """Return the values of some nodes, as a step computes them.

        `recorded` holds those of all nodes but these, by id.
        """
        given, evaluate = self._function(tuple(id for id in wanted if id in self.nodes))
        found = iter(evaluate(*(recorded[id] for id in given)))
        return [next(found) if id in self.nodes else recorded[id] for id in wanted]

    def elements(self, recorded: Sequence[Any], id: int, index: Index) -> dict[int, Any]:
        """Return one element of a node's value, and of all its inputs."""
        # Everything for one element is about as quick as a part of it.
        wanted = tuple(sorted(needed_for(self._nodes, [id], self._others) & self.nodes))
        given, evaluate = self._function(wanted)
        found = evaluate(*(self._cut(recorded[one], one, index) for one in given))
        return {one: np.reshape(value, ()) for one, value in zip(wanted, found, strict=True)}

    def leading(self, recorded: Sequence[Any], id: int, count: int) -> Any:
        """Return a node's value up to its first `count` elements or some more, as a block."""
        shape, stop = self._nodes[id].shape, list[int]()
        for axis, size in enumerate(shape):
            stop.append(min(size, -(-count // math.prod(shape[axis + 1 :]))))
        given, evaluate = self._function((id,))
        (found,) = evaluate(*(self._part(recorded[one], one, stop) for one in given))
        return np.broadcast_to(found, tuple(stop))

    def _cut(self, value: Any, id: int, index: Index) -> Any:
        """Return the element of a value that acts on an element of an update, as an array."""
        shape = self._nodes[id].shape
        if not shape:
            return value
        place = tuple(slice(at, at + 1) for at in aligned(index, shape))
        return np.broadcast_to(value, shape)[place]

    def _part(self, value: Any, id: int, stop: Sequence[int]) -> Any:
        """Return the elements of a value that act on a block at the start of an update."""
        shape = self._nodes[id].shape
        if not shape:
            return value
        place = tuple(slice(0, end) for end in stop[len(stop) - len(shape) :])
        return np.broadcast_to(value, shape)[place]

    def _compile(self, wanted: tuple[int, ...]) -> tuple[tuple[int, ...], _Function]:
        """Return the input nodes, and a function of their values."""
        needed = needed_for(self._nodes, wanted, self._others)
        given = tuple(
            id
            for id in sorted(needed - self.nodes)
            if self._nodes[id].kind is not Kind.CONSTANT and id not in self._compiler.fixed
        )
        return given, self._compiler.evaluate(given, wanted)


def left_out_of_tapes(program: StepProgram) -> frozenset[int]:
    """Return the elementwise operations on large arrays that follow from the gradients alone."""
    nodes = program.nodes
    gradients = {update.gradient for update in program.updates}
    watched = () if program.watch is None else [new for _, _, new in program.watch.state]
    hand = () if program.hand is None else [line.node for line in program.hand.lines]
    written = () if program.hand is None else [line.written for line in program.hand.lines]
    others = {*gradients, *watched, *hand, *written, *range(len(program.reverse.nodes))} - {None}
    before = needed_for(nodes, [id for id in others if id is not None])
    moves = needed_for(nodes, [new for _, new in program.state]) - before
    return frozenset(
        id
        for id in moves
        if nodes[id].kind is Kind.OPERATION
        and OPS[nodes[id].op].elementwise
        and math.prod(nodes[id].shape) > FEW
    )
