"""What a wrong line of code that was run assigns in this call, beside the true gradient."""

from __future__ import annotations

import re

import numpy as np
from msgspec import Struct

from gradtui.base.source import Place
from gradtui.base.text import clean, element_text, number
from gradtui.debugger.frame import Frame
from gradtui.engine.indices import Index
from gradtui.explain.called import is_found, shown_line
from gradtui.explain.symbols import gradient_of

_INDEX = r"\[[^\]]*\]"


class OwnLine(Struct, frozen=True):
    """The number in which what a line assigns differs most from the gradient that its name says."""

    name: str
    node: int
    index: Index
    value: float
    true: float

    @property
    def brief(self) -> str:
        """`[4,3] is 0.231, true 0`."""
        place = element_text("", self.index)
        return f"{place} is {number(self.value, 4)}, true {number(self.true, 4)}".lstrip()

    def told(self, frame: Frame) -> str:
        """Return `dz1[4,3] is 0.231, the true ∂L/∂z1[4,3] is 0`."""
        own = element_text(clean(self.name), self.index)
        true = element_text(gradient_of(frame, self.node), self.index)
        return f"{own} is {number(self.value)}, the true {true} is {number(self.true)}"

    def is_told_in(self, message: str) -> bool:
        """Return whether a message has both numbers."""
        words = {word.rstrip(".") for word in re.findall(r"[-+\w.]+", re.sub(_INDEX, "", message))}
        return {number(self.value), number(self.true)} <= words


def own_line(frame: Frame, place: Place | None) -> OwnLine | None:
    """Return what a wrong line assigns; None before it does, or where its gradient is not known."""
    call = frame.problem.call
    if call is None or place is None or not place.file or not is_found(frame, place):
        return None
    at = shown_line(frame, place)
    if at is None or not call.lines[at].assigned:
        return None
    name, held = call.lines[at].assigned[0]
    node = _meant(frame, at, name)
    if node is None or isinstance(held, str | bool):
        return None
    value, true = np.asarray(held, np.float64), np.asarray(frame.tape.adjoint(node), np.float64)
    if value.shape != true.shape or not value.size:
        return None
    with np.errstate(all="ignore"):
        apart = np.nan_to_num(np.abs(value - true), nan=np.inf)
        if not np.max(apart) > 1e-6 * np.max(np.abs(true)):
            return None
    index = tuple(map(int, np.unravel_index(int(np.argmax(apart)), value.shape)))
    return OwnLine(name, node, index, float(value[index]), float(true[index]))


def _meant(frame: Frame, at: int, name: str) -> int | None:
    """Return the node whose whole gradient a line assigns, by its name or else by its numbers.

    A name that is assigned more than once in a shape may hold parts of gradients; that of an
    argument is another's.
    """
    call, graph = frame.problem.call, frame.graph
    assert call is not None
    line = call.lines[at]
    shape = np.shape(line.assigned[0][1])
    held = (value for one in call.lines for own, value in one.assigned if own == name)
    times = sum(np.shape(value) == shape for value in held)
    times += sum(name == one.name for one in call.given)
    nodes: list[int] = []
    if times == 1 and name.startswith("d"):
        nodes = [
            node
            for own, node in graph.names.items()
            if own.partition("#")[0].removesuffix("(") == name[1:]
            and graph.nodes[node].shape == shape
        ]
    return nodes[0] if len(nodes) == 1 else line.claims
