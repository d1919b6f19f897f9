"""Recognises scores whose gradient is the prediction less the truth: (softmax(z) - Y)/n.

That is what softmax, or sigmoid, and cross-entropy come to together, however they are written.  It
is not read off the program but tried: at random scores the backward pass must give just that.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.draws import Stream
from gradtui.engine.graph import Kind, Node, depends_on
from gradtui.engine.kernels import exponentials, one_hot, shares, sigmoid
from gradtui.engine.program import StepProgram
from gradtui.engine.shapes import Shape
from gradtui.engine.tape import Tape

if TYPE_CHECKING:
    from gradtui.engine.interpreter import Interpreter

Array = NDArray[np.float64]
_LARGEST = 30_000
"""Most scores that are tried."""
_POINTS = 2
_PROGRAMS, _SCORES = 2, 500
"""Most programs, and most of their nodes, about which is remembered what holds at every step."""
_TOLERANCE = 1e-9
_LOGARITHMS = frozenset({"log", "log_softmax", "logsumexp", "cross_entropy", "softplus"})
"""The operations of which a cross-entropy has at least one."""


class Residual(Struct, frozen=True):
    """∂L/∂scores = (shares - truth)/count."""

    squash: str
    """The function of the scores that gives the shares: softmax, over the last axis, or sigmoid."""
    shares: int | None
    """The first node of the model that holds the shares; None if none does."""
    truth: int
    """The node of the truth, in the scores' shape, or of labels."""
    classes: int
    """The number of classes if `truth` are labels, else 0."""
    count: int

    def shares_of(self, scores: Array) -> Array:
        """Return the shares."""
        found: Array = _SQUASH[self.squash](scores)
        return found

    def truth_of(self, tape: Tape) -> Array:
        """Return the truth at a step, in the scores' shape."""
        return _truth(tape.value(self.truth), self.classes)


def find_residual(tape: Tape, scores: int) -> Residual | None:
    """Return the rule of a node's gradient if it is a prediction less the truth."""
    program = tape.program
    truths = _truths(program, scores)
    if not truths:
        return None
    nodes = program.graph.nodes
    leaves = {
        node.id: np.broadcast_to(tape.value(node.id), (_POINTS, *node.shape))
        for node in program.nodes
        if node.kind in (Kind.PARAMETER, Kind.DATA, Kind.RECORDED)
    }
    drawn = _drawn(nodes[scores].shape)
    there = _interpreter(program).elsewhere(leaves, _POINTS).replacing({scores: drawn})
    slopes = there.value(program.reverse.adjoint[scores])
    for name, squash in _SQUASH.items():
        found = squash(drawn)
        for truth, classes in truths:
            count = _count(found - _truth(tape.value(truth), classes), slopes)
            if count:
                return Residual(name, _holder(nodes, scores, there, found), truth, classes, count)
    return None


@lru_cache(_PROGRAMS)
def _drawn(shape: Shape) -> Array:
    """Return the random scores that are tried at every step."""
    # Not by NumPy's own generator, whose import the first screen would wait for.
    return Stream(0, "scores").normal(_POINTS * math.prod(shape)).reshape(_POINTS, *shape)


@lru_cache(_PROGRAMS)
def _interpreter(program: StepProgram) -> Interpreter:
    from gradtui.engine.interpreter import Interpreter  # a start without such scores needs none

    return Interpreter(program.nodes, {}, _POINTS)


@lru_cache(_SCORES)
def _truths(program: StepProgram, scores: int) -> list[tuple[int, int]]:
    """Return the nodes that may be the truth, each with the number of classes if it is labels."""
    nodes = program.graph.nodes
    shape = nodes[scores].shape
    logarithms = not _LOGARITHMS.isdisjoint(n.op for n in nodes)
    if scores not in program.reverse.adjoint or np.prod(shape) > _LARGEST or not logarithms:
        return []
    trained = depends_on(nodes, frozenset({Kind.PARAMETER}))
    given = [n for n in nodes if n.id not in trained and n.shape == shape]
    found = [(n.id, 0) for n in given if n.name or n.op == "one_hot"]
    for node in nodes:
        if node.op == "cross_entropy" and node.inputs[0] == scores:
            found.append((node.inputs[1], shape[-1]))
    return found


def _truth(value: Array, classes: int) -> Array:
    found: Array = one_hot(value, classes) if classes else value
    return found


def _count(difference: Array, slopes: Array) -> int:
    """Return the whole number that divides the difference; 0 if none does."""
    if not (np.all(np.isfinite(slopes)) and np.any(slopes)):
        return 0
    largest = np.argmax(np.abs(slopes))
    ratio = float(difference.reshape(-1)[largest] / slopes.reshape(-1)[largest])
    count = round(ratio) if np.isfinite(ratio) else 0
    return count if count > 0 and _near(slopes * count, difference) else 0


def _near(one: Array, other: Array) -> bool:
    """Return whether finite numbers are others, but for rounding."""
    # What np.allclose compares, which takes several times as long at every key.
    apart = np.abs(one - other)
    return bool((apart <= _TOLERANCE + _TOLERANCE * np.abs(other)).all() and np.all(apart < np.inf))


def _holder(nodes: tuple[Node, ...], scores: int, there: Interpreter, wanted: Array) -> int | None:
    """Return the named node that holds the shares."""
    reached = {scores}
    for node in nodes:
        if reached.isdisjoint(node.inputs):
            continue
        reached.add(node.id)
        alike = node.name and node.shape == nodes[scores].shape
        if alike and _near(there.value(node.id), wanted):
            return node.id
    return None


def _softmax(scores: Array) -> Array:
    found: Array = shares(*exponentials(scores, (-1,)))
    return found


_SQUASH = {"softmax": _softmax, "sigmoid": sigmoid}
