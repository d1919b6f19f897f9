"""A run as a table for people: the columns that fit a terminal, or the requested ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError, Place
from gradtui.base.text import cell_width, clean, compact, element_text, pad
from gradtui.debugger.inspection import Inspected, read_inspected
from gradtui.engine.classifier import find_classifier
from gradtui.engine.tape import Tape
from gradtui.explain.values import LISTED
from gradtui.scenario.problem import Problem

_SIGNED, _PLAIN, _PART = 13, 12, 8
"""Cells of `-1.23457e-308`, of such a positive number, of a share of 1."""
_LEAST = 8
"""Fewest cells of a column: `-1.2e-10`."""
_MOST = 100
"""Most expressions in a request."""


class Column(Struct, frozen=True):
    """One column."""

    name: str
    read: Callable[[Tape], float]
    cells: int = _SIGNED

    @property
    def width(self) -> int:
        """Its cells."""
        return max(self.cells, cell_width(self.name))


class RunTable(Struct, frozen=True):
    """Columns besides the step's number."""

    columns: Sequence[Column]
    left_out: int
    """The number of columns without room."""
    _digits: int

    @property
    def width(self) -> int:
        """The cells of a row."""
        return self._digits + sum(1 + column.width for column in self.columns)

    def head(self) -> str:
        """Return the names of the columns."""
        return self._row("step", [column.name for column in self.columns])

    def row(self, tape: Tape) -> str:
        """Return the numbers of a step."""
        return self._row(f"{tape.step:,}", [compact(c.read(tape), c.width) for c in self.columns])

    def _row(self, step: str, cells: Sequence[str]) -> str:
        padded = (
            pad(cell, column.width, right=True)
            for cell, column in zip(cells, self.columns, strict=True)
        )
        return " ".join([step.rjust(self._digits), *padded])


def fitting_table(problem: Problem, last: int, width: int) -> RunTable:
    """Return loss, rate and gradient norm, then other columns of a run that fit into `width`."""
    digits = max(len("step"), len(f"{last:,}"))
    columns = [*_measures(problem), *_elements(problem)]
    shown, used = 0, digits
    for column in columns:
        used += 1 + column.width
        shown += shown < 1 or used <= width
    numbers = sum(math.prod(node.shape) for node in problem.graph.parameters)
    listed = sum(min(LISTED, math.prod(node.shape)) for node in problem.graph.parameters)
    return RunTable(columns[:shown], len(columns) - shown + 2 * (numbers - listed), digits)


def chosen_table(text: str, problem: Problem, last: int, width: int) -> RunTable:
    """Return the columns of a comma-separated text; raises InputError with a place in it.

    Where they are wider than `width`, their numbers have fewer digits.
    """
    columns: list[Column] = []
    for at, part in _parts(text):
        try:
            found = read_inspected(part, problem)
        except InputError as error:
            raise _moved(error, text, at) from None
        if found.observable.depth:
            raise InputError("a column is of one step: prev looks back", Place(1, at + 1),
                             source_line=text)  # fmt: skip
        if math.prod(found.shape) > LISTED:
            raise InputError(f"{math.prod(found.shape):,} columns: at most {LISTED} of an array",
                             Place(1, at + 1, len(part)), source_line=text)  # fmt: skip
        columns += _columns_of(found)
    digits = max(len("step"), len(f"{last:,}"))
    room = (width - digits) // len(columns) - 1
    cells = max(_LEAST, min(_SIGNED, room))
    return RunTable([replace(one, cells=min(one.cells, cells)) for one in columns], 0, digits)


def _moved(error: InputError, text: str, by: int) -> InputError:
    """Return the error of a part of a text, moved to its place in the whole."""
    place = error.place or Place(1)
    return InputError(error.message, place._replace(column=place.column + by), source_line=text)


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield the parts of a text between commas outside brackets, each with its start."""
    depth = start = count = 0
    for at, char in enumerate(f"{text},"):
        depth += (char in "([") - (char in ")]")
        if char == "," and (depth <= 0 or at == len(text)):
            part, count = text[start:at], count + 1
            before = len(part) - len(part.lstrip())
            if not part.strip() or count > _MOST:
                said = f"more than {_MOST} columns" if part.strip() else "expected a column: w"
                raise InputError(said, Place(1, start + before + 1), source_line=text)
            yield start + before, part.strip()
            start = at + 1


def _columns_of(found: Inspected) -> list[Column]:
    def read(index: tuple[int, ...], tape: Tape) -> float:
        return float(found.value(tape.step, lambda step: tape)[index])

    return [
        Column(clean(element_text(found.text, index)), lambda tape, i=index: read(i, tape))  # type: ignore[misc]
        for index in np.ndindex(found.shape)
    ]


def _measures(problem: Problem) -> Iterator[Column]:
    """Yield the columns that sum up a step, its loss first."""
    program = problem.trainer.program
    yield Column("loss", lambda tape: float(tape.value(problem.graph.loss)))
    yield Column("lr", lambda tape: tape.rate, _PLAIN)
    yield Column("grad_norm", lambda tape: tape.driving_norm, _PLAIN)
    checked, nodes = program.validation, problem.graph.nodes
    if checked is not None:
        yield Column("validation_loss", lambda tape: float(tape.value(checked.loss)))
    classified = {
        "validation_accuracy": checked is not None and checked.classifier is not None,
        "accuracy": find_classifier(nodes, range(len(nodes))) is not None,
    }
    for name, there in classified.items():
        if there and name not in problem.graph.names:
            (column,) = _columns_of(read_inspected(name, problem))
            yield Column(name, column.read, _PART)


def _elements(problem: Problem) -> Iterator[Column]:
    """Yield the first numbers of each parameter, then those of its gradient."""
    parameters = problem.graph.parameters
    for prefix in ("", "d"):
        for at, node in enumerate(parameters):
            for index in _first(node.shape):
                name = clean(element_text(f"{prefix}{node.name}", index))
                if prefix:
                    yield Column(name, lambda tape, at=at, i=index: float(tape.driving(at)[i]))  # type: ignore[misc]
                else:
                    yield Column(name, lambda tape, id=node.id, i=index: tape.element(id, i))  # type: ignore[misc]


def _first(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for at, index in enumerate(np.ndindex(shape)):
        if at == LISTED:
            return
        yield index
