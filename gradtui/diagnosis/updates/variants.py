"""The small changes of one line as nodes, and what the line comes to with each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradtui.diagnosis.updates.line_edits import LineEdit
from gradtui.diagnosis.updates.lowered import Lowered
from gradtui.diagnosis.updates.probes import Array
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.shapes import stretches


class Variants:
    """The changes of one line of a program."""

    def __init__(self, program: Lowered, index: int, edits: Sequence[LineEdit]) -> None:
        self._expression = program.editable(index)
        builder, shape = self._expression.builder, program.shape_of(index)
        self.edits, self.reshaping = list[LineEdit](), list[LineEdit]()
        """Those that leave the line its shape, and those that do not: what reads it would have
        to be lowered again."""
        self._ids = list[int]()
        for edit in edits:
            id = self._expression.lower(edit)
            if id is None:
                continue
            own = builder.nodes[id].shape
            if own != shape and program.is_kept(index) and stretches(own, shape):
                id = builder.fit(id, shape)
            if builder.nodes[id].shape == shape:
                self.edits.append(edit)
                self._ids.append(id)
            else:
                self.reshaping.append(edit)

    def __len__(self) -> int:
        return len(self.edits)

    def value(self, number: int, world: Interpreter) -> Array:
        """Return what the line comes to with one of the changes."""
        return world.extended(self._expression.builder.nodes).value(self._ids[number])

    def values(self, world: Interpreter) -> Iterator[tuple[LineEdit, Array]]:
        """Yield each change, and what the line comes to with it."""
        at = world.extended(self._expression.builder.nodes)
        for edit, id in zip(self.edits, self._ids, strict=True):
            yield edit, at.value(id)
