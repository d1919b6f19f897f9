"""The way through a scenario's lesson: the parts done, and the open question.

While a question is open, the cursor stops before the moment that shows its answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct

from gradtui.debugger.structure import Structure
from gradtui.engine.graph import Graph
from gradtui.engine.observables import observed
from gradtui.engine.program import StepProgram
from gradtui.engine.tape import Tape
from gradtui.scenario.bundled import Entry
from gradtui.scenario.lesson import Lesson, Question

HELD = "answer first: this would show the number"
UNTOLD = "the findings are shown after the lesson's last question"
TRIES = 3
"""Wrong answers after which the right one is told."""
_CLOSE = 5e-3
"""The relative tolerance of a prediction, which is worked out by hand."""
_PART = 0.1
"""The largest error, as a part of the change since the step before."""


class Progress(Struct, frozen=True):
    """The progress of a lesson."""

    lesson: Lesson | None
    """The present one; None after the last."""
    place: int
    """The number of the present one, from 0."""
    count: int
    ticked: frozenset[int]
    """The numbers of those done or answered."""
    asking: bool
    """Whether a question is open, so that its answer is hidden."""
    untold: bool
    """Whether a question is open here or later: until then, findings are left to the learner."""
    untold_values: frozenset[tuple[int, int]]
    """The nodes whose value is asked for here or later, with the step."""
    untold_gradients: frozenset[tuple[str, int]]
    """The names whose gradient is asked for here or later, with the step."""
    told_gradients: frozenset[tuple[str, int]]
    """The names whose gradient was asked for and is told, with the step."""
    said: str
    """The remark on the last answer."""
    questions: int
    right: int
    """Questions answered right at the first try."""
    following: str
    """The next scenario of the course, after the last part."""
    already: bool = False
    """Whether the present goal had been reached before it came up."""
    branch: str = ""
    """The branch that is shown; empty for the file's run, of which the lesson speaks."""
    last_step: bool = False
    """Whether the cursor goes to no later step before the open question is answered."""
    last_moment: bool = False
    """Whether it goes no further at all."""
    hinted: bool = False
    """Whether the hint to the open question has been given."""


class Guide:
    """The place in a lesson."""

    def __init__(self, lessons: tuple[Lesson, ...]) -> None:
        self.lessons = lessons
        self.place = 0
        self.ticked: set[int] = set()
        self.right: set[int] = set()
        """Questions answered right at the first try."""
        self.answered: set[int] = set()
        self._tries: dict[int, int] = {}
        """The number of a question -> how often it was answered."""
        self.said = ""
        self.since = 0
        """The step at which the present part was entered."""
        self.following: Entry | None = None
        """The next scenario of the course, known after the last part."""
        self._was = False
        """Whether its goal was reached at the last look."""

    @property
    def lesson(self) -> Lesson | None:
        """The present lesson; None after the last."""
        return self.lessons[self.place] if self.place < len(self.lessons) else None

    @property
    def question(self) -> Question | None:
        """The question that is open."""
        open_ = self.lesson is not None and self.place not in self.answered
        return self.lesson.question if open_ and self.lesson is not None else None

    @property
    def tries(self) -> int:
        """The number of answers to the present question, those before leaving it included."""
        return self._tries.get(self.place, 0)

    @tries.setter
    def tries(self, count: int) -> None:
        self._tries[self.place] = count

    @property
    def hinted(self) -> bool:
        """Whether the hint to the present question has been given."""
        return self.tries >= TRIES - 1

    @property
    def untold(self) -> bool:
        """Whether a question is open, here or further on."""
        return bool(self._untold)

    @property
    def _untold(self) -> list[Question]:
        return [
            lesson.question
            for at, lesson in enumerate(self.lessons)
            if lesson.question is not None and at >= self.place and at not in self.answered
        ]

    @property
    def progress(self) -> Progress:
        """The progress of the lesson."""
        questions = sum(lesson.question is not None for lesson in self.lessons)
        values = frozenset(
            (node, asked.step)
            for asked in self._untold
            if not asked.gradient
            for node in asked.needs
        )
        gradients = frozenset((one.name, one.step) for one in self._untold if one.gradient)
        told = frozenset(
            (one.name, one.step)
            for at in self.answered
            if (one := self.lessons[at].question) is not None and one.gradient
        )
        return Progress(
            self.lesson, self.place, len(self.lessons), frozenset(self.ticked),
            self.question is not None, self.untold, values, gradients, told, self.said,
            questions, len(self.right),
            "" if self.following is None else self.following.title, self._was,
            hinted=self.hinted,
        )  # fmt: skip

    def enter(self, place: int, step: int) -> None:
        """Go to a part by its number, at a training step; a part that is only read is then done."""
        left = self.lesson
        if left is not None and left.goal is None and left.question is None and place > self.place:
            self.ticked.add(self.place)
        self.place = max(0, min(place, len(self.lessons)))
        self.said = ""
        self.since = step

    def reached(self, now: bool) -> bool:
        """Note whether the goal is reached; return whether it has just become so."""
        new, self._was = now and not self._was, now
        return new and self.place not in self.ticked

    def truth(self, question: Question, tape: Tape) -> float:
        """Return the true number of a question; `tape` is that of its step."""
        values = [tape.value(node) for node in question.needs]
        if question.observable is not None:
            return float(observed(question.observable, [values], tape.step))
        return float(values[0][question.index])

    def answer(self, right: bool) -> None:
        """Note an answer to the open question."""
        self.tries += 1
        if right and self.tries == 1:
            self.right.add(self.place)
        if right or self.tries >= TRIES:
            self.answered.add(self.place)
        if right:
            self.ticked.add(self.place)

    def ask_hint(self) -> bool:
        """Note that a hint is asked for; return whether the answer is told, as it had been given.

        A question that was helped with was not answered right at the first try.
        """
        told = self.hinted
        self.tries = TRIES if told else TRIES - 1
        if told:
            self.answered.add(self.place)
        return told

    def limit(
        self, structure_at: Callable[[int], tuple[Structure, StepProgram]]
    ) -> tuple[int, int] | None:
        """Return the last (step, position) before the answer to the open question shows.

        `structure_at` returns the nodes and the program of a step.
        """
        question = self.question
        if question is None:
            return None
        step = question.step
        structure, program = structure_at(step)
        known = shown_at(question, structure, program)
        if known:
            return step, known - 1
        if step == 0:
            return 0, 0
        structure, program = structure_at(step - 1)
        moves = [_moved_at(structure, program.graph, node) for node in question.needs]
        return step - 1, max(moves) - 1


def is_close(given: float, wanted: float, step: float = math.inf) -> bool:
    """Return whether a number worked out by hand is the wanted one.

    `step` is by how much it differs from the step before, which must not be taken for it.
    """
    near = min(_CLOSE * abs(wanted), _PART * (step or math.inf))
    return bool(abs(given - wanted) <= max(near, 1e-12))


def shown_at(question: Question, structure: Structure, program: StepProgram) -> int:
    """Return the position from which an answer shows; 0 if it is known from the start."""
    if question.gradient:
        return gradient_at(structure, program.graph, program.graph.names[question.name])
    return max(known_at(structure, program, node) for node in question.needs)


def known_at(structure: Structure, program: StepProgram, node: int) -> int:
    """Return the position from which a node of the step program is known; 0 if it always is."""
    graph = program.graph
    if node < len(graph.nodes):
        return structure.value_at.get(node, 0)
    # nodes that pass their gradient on unchanged share one adjoint
    sharing = [of for of, own in program.reverse.adjoint.items() if own == node]
    return min((gradient_at(structure, graph, of) for of in sharing), default=0)


def gradient_at(structure: Structure, graph: Graph, node: int) -> int:
    """Return the position from which the gradient of a node of the graph is known."""
    if node == graph.loss:
        return structure.order.forward + 1
    flows = [structure.flow_at[node, reader] for reader in structure.flows_into.get(node, ())]
    return max(flows, default=structure.order.backward)


def _moved_at(structure: Structure, graph: Graph, node: int) -> int:
    """Return the position from which a weight's next value is known."""
    order = structure.order
    places = {parameter.id: at for at, parameter in enumerate(graph.parameters)}
    return order.backward + places[node] + 1 if node in places else order.end
