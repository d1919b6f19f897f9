"""`[[lesson]]`: the things that a scenario asks its reader to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.engine.graph import Kind
from gradtui.engine.observables import read_expression
from gradtui.engine.program import StepProgram
from gradtui.scenario.bindings import BINDINGS
from gradtui.scenario.lesson import VIEWS, Goal, Lesson, Question
from gradtui.scenario.positions import Positions, StringMap
from gradtui.scenario.references import read_references
from gradtui.scenario.schema import LessonTable

GOALS = (
    "computed(NAME)", "backward(NAME)", "updated()", "step >= N", "selected(NAME)",
    "view(NAME)", "answered()",
)  # fmt: skip
"""Forms of `done`."""
_CALL = re.compile(r"(computed|backward|selected|view)\(\s*(\w+)\s*\)")
_STEP = re.compile(r"step\s*>=\s*(\d{1,8})")
_KEY = re.compile(r"\{([\w-]+)\}")


def read_lessons(
    tables: Sequence[LessonTable], program: StepProgram, positions: Positions
) -> tuple[Lesson, ...]:
    """Return the lessons of a scenario; raises InputError with a place in its file."""
    found, reached = [], 0
    for at, table in enumerate(tables):
        for key, text in (("text", table.text), ("hint", table.hint)):
            _check_keys(text, positions.string_lines(("lesson", at, key)))
        goal, question = None, None
        if table.done is not None:
            place = positions.value(("lesson", at, "done"))
            goal = _read_goal(table.done, program, place)
            if goal is not None and table.ask is not None:
                raise InputError("a question is done when it is answered()", place)
            if goal is None and table.ask is None:
                raise InputError("answered() needs a question: give 'ask' too", place)
        if table.ask is not None:
            place = positions.value(("lesson", at, "ask"))
            question = _read_question(table, program, reached, place)
        elif table.hint or table.step is not None:
            key = "hint" if table.hint else "step"
            raise InputError(f"'{key}' belongs to a question: give 'ask' too",
                             positions.key(("lesson", at, key)))  # fmt: skip
        reached = max(reached, 0 if goal is None else goal.step)
        found.append(Lesson(table.text, goal, question))
    return tuple(found)


def _check_keys(text: str, stands: StringMap) -> None:
    """Refuse `{binding}` with a name that no key has; `stands` says where the text stands."""
    for row, line in enumerate(text.split("\n")):
        for found in _KEY.finditer(line):
            name = found[1]
            if name not in BINDINGS:
                raise InputError(
                    f"'{name}' is not the name of a key" + did_you_mean(name, BINDINGS),
                    stands.place(row, found.start(1), len(name)),
                )


def _read_goal(text: str, program: StepProgram, place: Place) -> Goal | None:
    """Return the goal; None for an answer."""
    text = text.strip()
    if text in ("updated()", "answered()"):
        return Goal("updated") if text == "updated()" else None
    if step := _STEP.fullmatch(text):
        return Goal("step", step=int(step[1]))
    called = _CALL.fullmatch(text)
    if called is None:
        raise InputError(f"'done' is one of {', '.join(GOALS)}", place)
    done, name = called.groups()
    known: Sequence[str] = VIEWS if done == "view" else tuple(program.graph.names)
    if name not in known:
        what = "is not a view" if done == "view" else "is not a name of the model"
        raise InputError(f"'{name}' {what}" + did_you_mean(name, known), place)
    return Goal(done, name)  # type: ignore[arg-type]


def _read_question(
    table: LessonTable, program: StepProgram, reached: int, place: Place
) -> Question:
    """Return the question; `reached` is the step to which the parts before it lead."""
    assert table.ask is not None
    text, question = table.ask.strip(), None
    graph = program.graph
    shapes = {name: graph.nodes[node].shape for name, node in graph.names.items()}
    try:
        question = _element(text, shapes, program)
        if question is None:
            read = read_expression(text, program)
            if read.shape or read.depth:
                raise InputError("expected one number of one step, for example grad(w[0])")
            question = Question(text, read.needs, observable=read)
    except InputError as error:
        raise InputError(f"'ask': {error.message}", place) from None
    given = all(
        node < len(graph.nodes) and graph.nodes[node].kind is not Kind.OPERATION
        for node in question.needs
    )
    if given and (table.step is None or not question.needs):
        raise InputError("'ask': this is known from the start; a weight is asked for at a 'step'",
                         place)  # fmt: skip
    return Question(
        text, question.needs, question.name, question.gradient, question.index,
        question.observable, reached if table.step is None else table.step,
        table.step is not None, table.hint,
    )  # fmt: skip


def _element(
    text: str, shapes: Mapping[str, tuple[int, ...]], program: StepProgram
) -> Question | None:
    """Return the question for an element of a value or a gradient, or None."""
    try:
        found = list(read_references(text, shapes, ()))
    except InputError:
        return None
    if len(found) != 1 or (found[0].index is None and shapes[found[0].name]):
        return None
    one = found[0]
    node: int | None = program.graph.names[one.name]
    if one.gradient:
        node = program.reverse.adjoint.get(program.graph.names[one.name])
    if node is None:
        return None
    return Question(text, (node,), one.name, one.gradient, one.index or ())
