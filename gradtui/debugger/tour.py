"""Taking a session through its scenario's lesson: ticking goals, reading answers."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from gradtui.base.source import InputError, Place
from gradtui.base.text import shape_text
from gradtui.debugger.asides import refusal, right_side
from gradtui.debugger.guide import UNTOLD, Guide, gradient_at, known_at
from gradtui.debugger.series import LOSS, RATE, Evaluator, Series, value_of
from gradtui.debugger.session import Session
from gradtui.debugger.steps import Level
from gradtui.engine.observables import observed, read_expression
from gradtui.scenario.bundled import lesson_after
from gradtui.scenario.lesson import Goal, Question

if TYPE_CHECKING:
    from gradtui.scenario.settings import Change

OFF = "the lesson is off; `:lesson` begins it again"
SKIPPED = "skipped; {lesson-back} goes back to it"
DONE_FOR = "skipped, and done for you; {lesson-back} goes back to it"
_COMMA = r"[-+−]?\d+([, ]\d+)+(\.\d+)?"
_SIGNS = str.maketrans({"−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "²": "**2", "³": "**3"})
"""Signs on the screen -> signs of the language."""
_NAME = r"\b[A-Za-z_]\w*"
_AHEAD = "this is not computed yet: work it out from what is"
_NEAR = 10
"""How many steps away a number is still looked for, which was asked for at one step."""
_FAR = 10_000
"""The same for a rate, which costs little."""


def begin(session: Session) -> None:
    """Begin the scenario's lesson, if it has one, before anything of the first step is computed."""
    if session.problem.lessons and session.guide is None and not session.unguided:
        if session.step == 0:
            session.position = 0
        session.guide = Guide(session.problem.lessons)
        enter(session, 0)


def resume(session: Session, guide: Guide, place: int, since: int) -> None:
    """Continue a lesson at its place; `since` is the step at which that place was entered."""
    session.guide = guide
    guide.enter(place, min(since, session.step))
    _arrive(session, guide)


def leave(session: Session) -> None:
    """Leave the lesson, so that nothing is hidden."""
    session.guide, session.unguided = None, True
    session.seek(session.step)
    session.message = OFF


def enter(session: Session, place: int) -> None:
    """Go to a lesson by its number."""
    guide = session.guide
    assert guide is not None
    guide.enter(place, session.step)
    _arrive(session, guide)


def skip(session: Session) -> str:
    """Take the cursor where the present task leads, so that the next part speaks of what is there.

    Return what was done about it, with the names of bindings; empty if nothing was left to do.
    """
    guide = session.guide
    assert guide is not None
    goal = None if guide.lesson is None else guide.lesson.goal
    if goal is None or guide.place in guide.ticked or _is_reached(session):
        return ""
    structure = session.structure
    node = session.problem.graph.names.get(goal.name, 0)
    match goal.done:
        case "view":
            return SKIPPED
        case "step":
            session.seek(goal.step)
        case "updated":
            session.position = structure.order.end
        case "selected":
            session.selection.select(node)
        case "computed":
            session.position = max(session.position, structure.value_at.get(node, 0))
        case "backward":
            there = gradient_at(structure, session.problem.graph, node)
            session.position = max(session.position, there)
    return DONE_FOR


def _arrive(session: Session, guide: Guide) -> None:
    guide.reached(_is_reached(session))
    if guide.lesson is None:
        guide.following = lesson_after(session.problem.path)
    here = session.step, session.position
    session.position = session.position  # a question may hold the cursor back
    if (session.step, session.position) < here:
        session.message = "back to the moment before the one that shows the answer"


def look(session: Session) -> None:
    """Tick the present lesson and go on if its goal has just been reached."""
    guide = session.guide
    if guide is not None and guide.reached(_is_reached(session)):
        guide.ticked.add(guide.place)
        enter(session, guide.place + 1)


def read_answer(text: str, session: Session) -> float:
    """Return the number that a text gives as an answer to the open question.

    It is a number, or an expression in the names known at the cursor.  Raises InputError with a
    place in the text.
    """
    whole = Place(1, 1, max(1, len(text)))
    if re.fullmatch(_COMMA, text.strip()):
        raise InputError(
            "write a number with a point, no commas or spaces, such as -3.6 or 1000", whole
        )
    structure, program = session.structure, session.problem.trainer.program
    written = _as_typed(right_side(text), session)
    _refuse_gradients_ahead(written, session, whole)
    try:
        read = read_expression(written, program)
    except InputError as error:
        if why := refusal(right_side(text), session.problem.graph.names):
            raise InputError(why, whole) from None
        place = error.place if len(written) == len(text) else whole
        raise InputError(error.message, place) from None
    if read.shape:
        raise InputError(f"expected one number, this has shape {shape_text(read.shape)}", whole)
    if read.depth or any(
        known_at(structure, program, node) > session.position for node in read.needs
    ):
        raise InputError(_AHEAD, whole)
    tape = session.tape(session.step)
    with np.errstate(all="ignore"):
        values = [[tape.value(node) for node in read.needs]]
        found = float(observed(read, values, session.step))
    if not math.isfinite(found):
        raise InputError(f"expected a number, this is {found}", whole)
    return found


def check_change(session: Session, change: Change) -> None:
    """Refuse to drive by the true gradients before the lesson's last question is answered.

    They show what is right where the lines by hand are wrong.
    """
    problem, guide = session.problem, session.guide
    swaps = change.problem(problem).drive != problem.drive
    if swaps and guide is not None and guide.untold:
        raise InputError(UNTOLD, Place(1, 1, max(1, len(change.text))))


def numbers_elsewhere(session: Session, question: Question) -> dict[int, float]:
    """Return the number in question at steps near its own in the file's run; a rate far and wide.

    Left out are those from the step on at which the lesson asks for it again, and, for a number of
    the first step, those of the steps that nobody has taken by then.
    """
    problem, root = session.branches.root.problem, session.branches.root
    asked = [one.question for one in problem.lessons if one.question is not None]
    again = [one.step for one in asked if one.text == question.text and one.step > question.step]
    rate = question.text == "lr"
    away = _FAR if rate else _NEAR
    first, last = max(0, question.step - away), max(problem.steps, question.step)
    last = min([last, question.step + away, *(step - 1 for step in again)])
    if not (rate or question.step):
        return {}
    series = Series(question.text, "expression")
    if rate:
        series = RATE
    elif question.name:
        node = problem.graph.names[question.name]
        index = question.index or None
        series = value_of(problem, node, index, gradient=question.gradient)
    root.history.advance(max(0, last + 1 - root.history.known))
    steps = [step for step in range(first, last + 1) if step != question.step]
    found = zip(steps, Evaluator().values(root, series, steps), strict=True)
    return {step: value for step, value in found if math.isfinite(value)}


def _refuse_gradients_ahead(written: str, session: Session, whole: Place) -> None:
    """Refuse `dw2`, the gradient of w2, as long as that is to be worked out."""
    problem = session.problem
    names, backward = problem.graph.names, problem.backward
    claims = {} if backward is None else backward.claims
    for name in re.findall(_NAME, written):
        target = claims.get(name, name[1:] if name[0] == "d" else "")
        if name in names or target not in names:
            continue
        if gradient_at(session.structure, problem.graph, names[target]) > session.position:
            raise InputError(_AHEAD, whole)
        if name not in claims:
            raise InputError(f"'{name}' is not defined: write grad({target})", whole)


def _as_typed(text: str, session: Session) -> str:
    """Return an answer in the language: its signs, and names instead of labels."""
    problem = session.problem
    for name in problem.graph.names:
        label = problem.label(name)
        if not label.isascii():
            text = text.replace(label, name)
    return text.translate(_SIGNS)


def _is_reached(session: Session) -> bool:
    guide = session.guide
    assert guide is not None
    goal = None if guide.lesson is None else guide.lesson.goal
    return goal is not None and reached(goal, session, guide.since)


def reached(goal: Goal, session: Session, since: int) -> bool:
    """Return whether a session has reached a goal; `since` is the step at which it began."""
    structure, position = session.structure, session.position
    later = session.step > since
    match goal.done:
        case "step":
            return session.step >= goal.step
        case "updated":
            return later or position >= structure.order.end
        case "view":
            return _viewed(goal.name, session)
    node = session.problem.graph.names[goal.name]
    if goal.done == "selected":
        return session.selection.node == node
    if goal.done == "computed":
        return position >= structure.value_at.get(node, 0)
    return position >= gradient_at(structure, session.problem.graph, node)


def _viewed(name: str, session: Session) -> bool:
    match name:
        case "surface":
            return session.surface.window is not None
        case "lens":
            return session.selection.lens is not None
        case "jacobian":
            return session.selection.jacobian is not None
        case "operations":
            return session.level is Level.OPERATIONS
    return session.surface.window is None and session.curves.plot.series == (LOSS,)
