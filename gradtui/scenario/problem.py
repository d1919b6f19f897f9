"""A loaded scenario: the model as a graph, its numbers, and the facts it states. Knows no TOML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import Place, report
from gradtui.engine.graph import Graph
from gradtui.engine.lowered import Row
from gradtui.engine.trainer import Trainer
from gradtui.language.parser import Assignment
from gradtui.scenario.lesson import Lesson

Array = NDArray[Any]
Drive = Literal["hand", "autodiff"]
"""What moves the weights: hand-written lines, or the true gradients and the optimizer."""


class Fact(Struct, frozen=True):
    """A number, or an array of numbers, that a scenario expects."""

    step: int
    kind: str
    """`loss`, `gradients`, `parameters` or `values`."""
    name: str
    expected: Any
    """A number or nested lists of them."""
    tolerance: float
    """Relative."""
    place: Place

    @property
    def target(self) -> str:
        """Its subject, for example `gradients.w1`."""
        return f"{self.kind}.{self.name}" if self.name else self.kind


class Expectation(Struct, frozen=True):
    """A finding that a scenario expects."""

    rule: str
    name: str | None
    """The target that the finding must have; None for any."""
    step: int | None
    """The step that it must have; None for any."""
    place: Place

    @property
    def target(self) -> str:
        """Its subject, for example `finding.dead-relu`."""
        return f"finding.{self.rule}"


class Notice(Struct, frozen=True):
    """Something odd in a scenario that does not make it unusable."""

    message: str
    place: Place


class Handwritten(Struct, frozen=True, eq=False):
    """A hand-written backward pass: a program, or numbers for step 0."""

    program: tuple[Assignment, ...]
    """Its lines, in order; empty for numbers."""
    claims: Mapping[str, str]
    """Assigned name -> the name of the model whose gradient it claims to be."""
    state: Mapping[str, Array]
    """Name of the state -> its value before the first step."""
    numbers: Mapping[str, Array]
    """Parameter -> its gradient at step 0, if there is no program."""
    file: str
    """The file that the lines are in: the scenario, or the Python file it names."""
    lines: tuple[str, ...]
    """The text of that file."""
    intermediate: Mapping[str, str] = {}
    """Name that a function assigns but does not return -> whose gradient its name claims."""
    given: Mapping[str, str] = {}
    """Parameter of a function that begins in the middle of the pass -> whose gradient it is."""
    place: Place | None = None
    """Where the scenario names the file of the numbers."""
    digits: int = 53
    """Binary digits of the numbers' type, of the shortest if there are several."""

    @property
    def claimed(self) -> frozenset[str]:
        """The names of the model whose gradients it gives, as lines or as numbers."""
        return frozenset((*self.claims.values(), *self.numbers))

    def moves(self, graph: Graph) -> bool:
        """Return whether its lines can move weights: whether one claims a parameter's gradient."""
        claimed = set(self.claims.values())
        return any(parameter.name in claimed for parameter in graph.parameters)


class HandUpdate(Struct, frozen=True, eq=False):
    """A hand-written update, run for every parameter.

    It may read w, g, t, lr, the optimizer's constants and the state.
    """

    program: tuple[Assignment, ...]
    """Its lines, in order."""
    state: Mapping[str, Array]
    """Name of the state -> its first value, broadcast to each parameter."""
    state_places: Mapping[str, Place]
    """Where each first value stands in the file of the lines."""
    constants: Mapping[str, float]
    """The optimizer's, defaults included."""
    file: str
    """The file that the lines are in."""
    lines: tuple[str, ...]
    """The text of that file."""
    other_places: Mapping[str, Place] = {}
    """Where each first value stands in the scenario, where the lines are in another file."""


class Executed(Struct, frozen=True, eq=False):
    """One execution of one line of the user's code."""

    place: Place
    last: int
    """The last line of the statement, which may span several."""
    function: str
    scope: tuple[int, int]
    """The first and the last line of the body of its function."""
    rounds: tuple[str, ...]
    """The rounds of the loops around it: `t = 3 of 25`."""
    nodes: tuple[int, ...]
    """The values of the model that it computed, in that order."""
    assigned: tuple[tuple[str, Any], ...]
    """(name, value) of each assignment: an array, a number or a short text.

    The name is empty where a line of the backward pass computes a value without one."""
    computes: bool
    """Whether the loss, or a gradient that is returned, depends on what it computes itself."""
    backward: bool
    """Whether it belongs to the backward pass: the loss does not depend on it."""
    began: int
    """How many lines started before it: a line that calls a function ends after the function's."""
    waits: bool = False
    """Whether it computes nothing itself, only in the functions that it calls."""
    claims: int | None = None
    """The node of the model whose gradient it assigns, where that is known."""
    loops: tuple[tuple[int, int], ...] = ()
    """The loops of its function around it, outermost first: header, and last line of the body."""

    @property
    def name(self) -> str:
        """The first value that it assigned, or nothing."""
        return self.assigned[0][0] if self.assigned else ""


class Given(Struct, frozen=True, eq=False):
    """An argument of one of the user's functions in one call of it."""

    name: str
    value: Array
    line: int
    """The number of the executed line that began next."""


class Call(Struct, frozen=True, eq=False, dict=True):
    """One call of the user's code, which no update follows."""

    lines: tuple[Executed, ...]
    """The executed lines, in the order in which they ended."""
    given: tuple[Given, ...] = ()
    """The arrays that its functions were called with, in the order of the calls."""

    def done_with(self, at: int) -> int:
        """Return the line whose end finishes a line: itself, or the last that it waits for."""
        while at and self.lines[at].waits:
            at -= 1
        return at

    @cached_property
    def computing(self) -> Mapping[int, int]:
        """Value of the model -> which line computed it."""
        return {node: at for at, line in enumerate(self.lines) for node in line.nodes}

    @cached_property
    def at(self) -> Mapping[tuple[str, int], tuple[int, ...]]:
        """(file, line) -> all its executions."""
        found: dict[tuple[str, int], list[int]] = {}
        for at, line in enumerate(self.lines):
            found.setdefault((line.place.file, line.place.line), []).append(at)
        return {place: tuple(times) for place, times in found.items()}


class Patch(Struct, frozen=True):
    """A hand-written line that was replaced in memory."""

    file: str
    place: Place
    """Where it begins."""
    before: str
    """The statement as it was."""
    after: str
    """The statement as it is now."""
    base: tuple[str, ...]
    """The lines of the file before it was replaced."""

    @property
    def name(self) -> str:
        """What the statement assigns."""
        return assigned_by(self.before)


def assigned_by(statement: str) -> str:
    """Return the name that a statement assigns, without its type hint."""
    return statement.partition("=")[0].partition(":")[0].rstrip("+-*/@ \t").strip()


class Problem(Struct, frozen=True, eq=False):
    """A scenario, ready to train."""

    path: str
    """The file it came from."""
    files: tuple[str, ...]
    """The paths of all its files, data files included."""
    texts: Mapping[str, tuple[str, ...]]
    """The lines of each of its files, by the file's name."""
    title: str
    about: str
    tags: tuple[str, ...]
    notes: str
    labels: Mapping[str, str]
    """Name -> how it is shown."""
    values: Mapping[str, Array]
    """The data and the initial parameters by name, read-only; with batches, those of step 0."""
    model: tuple[Assignment, ...]
    """The lines of the model."""
    trainer: Trainer
    optimizer: str
    steps: int
    """The run's length in steps; stepping may go beyond it."""
    facts: tuple[Fact, ...]
    expected: tuple[Expectation, ...]
    """The expected findings."""
    notices: tuple[Notice, ...]
    backward: Handwritten | None
    """The hand-written backward pass."""
    update: HandUpdate | None
    """The hand-written update."""
    drive: Drive
    rate_place: Place
    """The line of the file that gives the learning rate."""
    build: Callable[[Drive], Trainer]
    """Make the trainer for a drive."""
    tables: Mapping[str, Any]
    """The tables of the file that changes apply to, by name."""
    revised: Callable[[Mapping[str, Any]], Problem]
    """Make the same problem with other tables; raises InputError if one does not fit."""
    headings: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """The names of the columns of data from a CSV file."""
    classes: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """The names of the classes of labels that are words in a CSV file, by their numbers."""
    lessons: tuple[Lesson, ...] = ()
    """The steps of the lesson, in order."""
    ascii: bool = False
    """Whether names and texts are in ASCII."""
    changed: str = ""
    """The settings of the rate that differ from the file, in words."""
    call: Call | None = None
    """The recorded call of the user's code; None for a scenario, which trains."""
    patches: tuple[Patch, ...] = ()
    """The lines that differ from the files, in the order in which they were replaced."""

    @property
    def by_hand(self) -> bool:
        """Whether anything is hand-written."""
        return self.backward is not None or self.update is not None

    @property
    def undriven(self) -> str:
        """Why nothing that is hand-written can move the weights; empty if it can."""
        if not self.by_hand:
            return "nothing is written by hand here"
        if self.update is not None or (self.backward and self.backward.moves(self.graph)):
            return ""
        return "no line of [backward] claims the gradient of a weight"

    @property
    def graph(self) -> Graph:
        """The model."""
        return self.trainer.program.graph

    @property
    def lr(self) -> float:
        """The base learning rate."""
        return self.trainer.lr

    def label(self, name: str) -> str:
        """Return how a name is shown."""
        return self.labels.get(name, "").strip() or name

    def driven_by(self, drive: Drive) -> Problem:
        """Return the same problem with another drive."""
        return replace(self, drive=drive, trainer=self.build(drive))

    def resumed(self, step: int, row: Row, steps: int) -> Problem:
        """Return a problem whose step 0 is `step` of this one, at the state `row`."""
        return replace(self, trainer=self.trainer.resumed(step, row), steps=steps)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the scenario file."""
        return self.texts[self.path]

    def file_of(self, place: Place) -> str:
        """Return the name of the file that a place is in."""
        return place.file or self.path

    def line_at(self, place: Place) -> str:
        """Return the text of the line that a place is in."""
        return self.texts[self.file_of(place)][place.line - 1]

    def describe(self, notice: Notice) -> str:
        """Return a notice as a compiler's warning."""
        place = notice.place
        return report(self.file_of(place), place, "warning", notice.message, self.line_at(place))


def read_only(value: Any, dtype: str = "float64") -> Array:
    """Return a value as a read-only array of its own."""
    array: Array = np.array(value, dtype=dtype)
    array.flags.writeable = False
    return array
