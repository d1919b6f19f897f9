"""The debugger: a cursor over (training step, position in the step). Knows no screen."""

from __future__ import annotations

import operator
from collections import OrderedDict
from functools import cache

from gradtui.engine.history import History
from gradtui.engine.tape import Tape
from gradtui.frame import Frame
from gradtui.moments import Level, Schedule, translate
from gradtui.scenario.problem import Problem
from gradtui.structure import Structure, build_structure

_TAPES = 32
MAX_STEP = 10_000_000
"""The last step that can be asked for."""


class Session:
    """A problem being stepped through.

    The cursor is (`step`, `position`): `position` moments of the training step `step` are done, out
    of its schedule at the present level.
    """

    def __init__(self, problem: Problem, history: History | None = None) -> None:
        self.problem = problem
        self.history = history or History(problem.trainer)
        self.level = Level.NAMED
        self.message = ""
        self._step = 0
        self._structure = cache(lambda level: build_structure(problem.trainer.program, level))
        self._tapes: OrderedDict[int, Tape] = OrderedDict()
        self.position = self.schedule.backward
        self.selected = problem.graph.parameters[0].id

    @property
    def step(self) -> int:
        """The training step that the cursor stands in."""
        return self._step

    @property
    def schedule(self) -> Schedule:
        """The moments of a step at the present level."""
        return self.structure.schedule

    @property
    def structure(self) -> Structure:
        """The nodes and edges at the present level."""
        found: Structure = self._structure(self.level)
        return found

    @property
    def frame(self) -> Frame:
        """What there is to show at the cursor."""
        tape = self._tape(self._step)
        self._ensure_loss()
        return Frame(
            self.problem, tape, self.structure, self.position, self.selected,
            self.history.losses, self.history.validation_losses, self.message,
        )  # fmt: skip

    def seek(self, step: int) -> None:
        """Go to a training step, its forward and backward pass done.

        Raises TypeError if `step` is not a whole number.
        """
        step = operator.index(step)
        self.message = ""
        if step < 0:
            self.message = "this is the first step"
        elif step > MAX_STEP:
            self.message = f"step {MAX_STEP:,} is the last that can be asked for"
        self._step = min(max(step, 0), MAX_STEP)
        self.position = self.schedule.backward

    def move(self, steps: int) -> None:
        """Go some training steps forward, or back where negative."""
        self.seek(self._step + steps)

    def first(self) -> None:
        """Go to the first step."""
        self.seek(0)

    def last(self) -> None:
        """Go to the last step of the file's run."""
        self.seek(self.problem.steps)

    def into(self) -> None:
        """Do the next moment: a value, a contribution, the move of a parameter."""
        self.message = ""
        if self.position < self.schedule.end:
            self.position += 1
        elif self._step == MAX_STEP:
            self.message = f"step {MAX_STEP:,} is the last that can be asked for"
        else:
            self._step, self.position = self._step + 1, 0

    def back(self) -> None:
        """Undo the last moment."""
        self.message = ""
        if self.position > 0:
            self.position -= 1
        elif self._step > 0:
            self._step, self.position = self._step - 1, self.schedule.end
        else:
            self.message = "this is the start of the run"

    def finish(self) -> None:
        """Go on to the end of the present pass, or through the next one if it is done."""
        self.message = ""
        if self.position == self.schedule.end:
            self.into()
            if self.message:
                return
        self.position = min(b for b in self.schedule.boundaries if b > self.position)

    def restart(self) -> None:
        """Go back to the start of the present pass, or through the one before it."""
        if self.position == 0:
            self.back()
            if self.message:
                return
        self.message = ""
        self.position = max(b for b in self.schedule.boundaries if b < self.position)

    def toggle_level(self) -> None:
        """Change between the named graph and that of the operations."""
        self.message = ""
        before = self.schedule
        self.level = Level.OPERATIONS if self.level is Level.NAMED else Level.NAMED
        self.position = translate(self.position, before, self.schedule)
        if self.selected not in self.structure.nodes:
            self.selected = self._statement_root(self.selected)

    def select(self, node: int) -> None:
        """Select a node of the present level's graph."""
        if node in self.structure.nodes:
            self.selected = node

    def select_next(self, by: int = 1) -> None:
        """Select the next node in evaluation order, or one before where `by` is negative."""
        nodes = self.structure.nodes
        self.selected = nodes[(nodes.index(self.selected) + by) % len(nodes)]

    def select_input(self) -> None:
        """Select the first node that the selected one is computed from."""
        self.selected = next(iter(self.structure.inputs.get(self.selected, ())), self.selected)

    def select_consumer(self) -> None:
        """Select the first node that is computed from the selected one."""
        self.selected = next(iter(self.structure.consumers.get(self.selected, ())), self.selected)

    def find(self, text: str) -> bool:
        """Select the next node whose name or operation contains `text`; False if there is none."""
        nodes, graph = self.structure.nodes, self.problem.graph
        start = nodes.index(self.selected)
        for node in (*nodes[start + 1 :], *nodes[: start + 1]):
            found = graph.nodes[node]
            label = self.problem.label(found.name)
            if any(text.lower() in t.lower() for t in (found.name, found.op, label) if t):
                self.selected = node
                return True
        self.message = f"no node is called '{text}'"
        return False

    def _tape(self, step: int) -> Tape:
        if step not in self._tapes:
            self._tapes[step] = self.history.tape(step)
            if len(self._tapes) > _TAPES:
                self._tapes.popitem(last=False)
        self._tapes.move_to_end(step)
        return self._tapes[step]

    def _ensure_loss(self) -> None:
        """Know the losses up to the present step."""
        missing = self._step + 1 - self.history.known
        if missing > 0:
            self.history.advance(missing)

    def _statement_root(self, node: int) -> int:
        for statement in self.problem.graph.statements:
            if node in statement.operations:
                return statement.root
        return self.problem.graph.loss
