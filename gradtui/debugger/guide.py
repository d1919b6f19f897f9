"""The way through a scenario's lesson: what is done of it, and the question that is open.

While a question is open the cursor goes no further than the moment before its answer.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from gradtui.debugger.structure import Structure
from gradtui.engine.graph import Graph
from gradtui.engine.observables import observed
from gradtui.engine.program import StepProgram
from gradtui.engine.tape import Tape
from gradtui.scenario.bundled import Entry
from gradtui.scenario.lesson import Lesson, Question

HELD = "first your answer: this would tell it"
TRIES = 3
"""Answers after which the right one is told."""
_CLOSE = 5e-3
"""Relative: how near a prediction has to come, which is worked out by hand."""


class Progress(Struct, frozen=True):
    """How far a lesson is."""

    lesson: Lesson | None
    """The present one; None after the last."""
    place: int
    """Its number, from 0."""
    count: int
    ticked: frozenset[int]
    """The numbers of those that were done or answered."""
    asking: bool
    """Whether a question is open: what would tell its answer is hidden."""
    untold: bool
    """Whether one is open here or further on: till then findings are its reader's to make."""
    said: str
    """What there is to say of the last answer."""
    questions: int
    right: int
    """Questions that were answered right the first time."""
    following: str
    """What the course has next, after the last."""


class Guide:
    """The place in a lesson."""

    def __init__(self, lessons: tuple[Lesson, ...]) -> None:
        self.lessons = lessons
        self.place = 0
        self.ticked: set[int] = set()
        self.right: set[int] = set()
        """Questions that were answered right the first time."""
        self.answered: set[int] = set()
        self.tries = 0
        self.said = ""
        self.since = 0
        """The step at which the present lesson came up."""
        self.following: Entry | None = None
        """What the course has next, known after the last."""
        self._was = False
        """Whether its goal was reached when it was looked at last."""

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
    def untold(self) -> bool:
        """Whether a question is open, here or further on."""
        return any(
            lesson.question is not None and at >= self.place and at not in self.answered
            for at, lesson in enumerate(self.lessons)
        )

    @property
    def progress(self) -> Progress:
        """How far the lesson is."""
        questions = sum(lesson.question is not None for lesson in self.lessons)
        return Progress(
            self.lesson, self.place, len(self.lessons), frozenset(self.ticked),
            self.question is not None, self.untold, self.said, questions, len(self.right),
            "" if self.following is None else self.following.title,
        )  # fmt: skip

    def enter(self, place: int, step: int) -> None:
        """Go to a lesson by its number, at a training step; what is only read is done then."""
        left = self.lesson
        if left is not None and left.goal is None and left.question is None and place > self.place:
            self.ticked.add(self.place)
        self.place = max(0, min(place, len(self.lessons)))
        self.tries, self.said = 0, ""
        self.since = step

    def reached(self, now: bool) -> bool:
        """Take note of whether the goal is reached; return whether it has just been."""
        new, self._was = now and not self._was, now
        return new and self.place not in self.ticked

    def step_of(self, question: Question) -> int:
        """Return the training step whose number a question asks for."""
        return self.since if question.step is None else question.step

    def truth(self, question: Question, tape: Tape) -> float:
        """Return the number that is asked for; `tape` is that of its step."""
        values = [tape.value(node) for node in question.needs]
        if question.observable is not None:
            return float(observed(question.observable, [values], tape.step))
        return float(values[0][question.index])

    def answer(self, right: bool) -> None:
        """Take note of an answer to the open question."""
        self.tries += 1
        if right and self.tries == 1:
            self.right.add(self.place)
        if right or self.tries >= TRIES:
            self.answered.add(self.place)
        if right:
            self.ticked.add(self.place)

    def limit(
        self, structure_at: Callable[[int], tuple[Structure, StepProgram]]
    ) -> tuple[int, int] | None:
        """Return (step, position) beyond which the answer of the open question would show.

        `structure_at` gives the nodes and the program of a step.
        """
        question = self.question
        if question is None:
            return None
        step = self.step_of(question)
        structure, program = structure_at(step)
        known = shown_at(question, structure, program)
        if known:
            return step, known - 1
        if step == 0:
            return 0, 0
        structure, program = structure_at(step - 1)
        moves = [_moved_at(structure, program.graph, node) for node in question.needs]
        return step - 1, max(moves) - 1


def is_close(given: float, truth: float) -> bool:
    """Return whether a number that was worked out by hand is the true one."""
    return bool(abs(given - truth) <= max(_CLOSE * abs(truth), 1e-12))


def shown_at(question: Question, structure: Structure, program: StepProgram) -> int:
    """Return the position from which an answer shows; 0 for what is known from the start."""
    if question.gradient:
        return gradient_at(structure, program.graph, program.graph.names[question.name])
    return max(known_at(structure, program, node) for node in question.needs)


def known_at(structure: Structure, program: StepProgram, node: int) -> int:
    """Return the position from which a node of the step program is known; 0 for what always is."""
    graph = program.graph
    if node < len(graph.nodes):
        return structure.value_at.get(node, 0)
    # nodes that pass their gradient on unchanged have one adjoint
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
