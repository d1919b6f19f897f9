"""Every lesson of a bundled scenario can be walked to its end by doing what its texts say."""

import math
import re
from collections.abc import Callable, Iterator

import pytest

import gradtui
from gradtui.debugger import tour
from gradtui.debugger.digits import digits_of
from gradtui.debugger.guide import HELD, Guide, is_close, shown_at
from gradtui.debugger.session import Session
from gradtui.explain.guesses import moved_by
from gradtui.explain.lesson import lesson_rows
from gradtui.explain.predictions import way_text
from gradtui.scenario.bundled import list_bundled, read_chapters
from gradtui.scenario.lesson import Goal, Question
from gradtui.tui.keys import DEFAULTS
from gradtui.tui.lessons import judge

LESSONS = [entry.name for entry in list_bundled() if entry.has_lesson]
MOST = 40
"""Presses of a key that one step of a lesson may take."""
SMALLEST = {False: ((36, 10), (76, 7)), True: ((76, 7),)}
"""Columns and rows of the panel on a screen of 80×24, without and with a part by hand.

That of 76×7 is below a lens or a Jacobian.
"""
ELSEWHERE = {"●": "panel-6", "lr·λ": "panel-4"}
"""What a text may speak of that no screen of 80×24 shows at once -> the key of its panel."""
_BINDING = re.compile(r"\{([a-z0-9-]+)\}")
_LOSS = re.compile(r"\bL(?: =| is(?: still)?| stays at) ([\d.,]*\d(?:e-?\d+)?)(?!²)\b")
"""The loss that a text names."""


def select(session: Session, goal: Goal) -> None:
    session.selection.select(session.problem.graph.names[goal.name])


Move = Callable[[Session, Goal], object]
MOVES: dict[str, Move] = {
    "next": lambda session, goal: session.move(1),
    "back": lambda session, goal: session.move(-1),
    "into": lambda session, goal: session.into(),
    "out": lambda session, goal: session.back(),
    "finish": lambda session, goal: session.finish(),
    "restart": lambda session, goal: session.restart(),
    "ten": lambda session, goal: session.move(10),
    "hundred": lambda session, goal: session.move(100),
    "first": lambda session, goal: session.first(),
    "last": lambda session, goal: session.last(),
    "goto": lambda session, goal: session.seek(goal.step),
    "down": lambda session, goal: session.selection.select_next(),
    "up": lambda session, goal: session.selection.select_next(-1),
    "input": lambda session, goal: session.selection.select_input(),
    "consumer": lambda session, goal: session.selection.select_consumer(),
    "find": select,
    "lens": lambda session, goal: session.selection.look(),
    "jacobian": lambda session, goal: session.selection.show_jacobian(),
    "operations": lambda session, goal: session.toggle_level(),
    "surface": lambda session, goal: session.surface.show(),
}
"""What the keys that a text may name do."""


def walk(session: Session) -> Iterator[Guide]:
    """Do what each step of the lesson says; yield where each begins."""
    tour.begin(session)
    guide = session.guide
    assert guide is not None
    while guide.lesson is not None:
        place, lesson = guide.place, guide.lesson
        yield guide
        if guide.question is not None:
            guide.answer(right=True)
        if lesson.goal is None:
            tour.enter(session, place + 1)
        else:
            press(session, guide, lesson.goal)
        assert guide.place == place + 1, f"{place + 1}: {lesson.text}"


def press(session: Session, guide: Guide, goal: Goal) -> None:
    """Press each key that the text names until the goal is reached, or it is of no more use."""
    assert guide.lesson is not None
    place = guide.place
    for binding in _BINDING.findall(guide.lesson.text):
        for _ in range(MOST if binding in MOVES else 0):
            MOVES[binding](session, goal)
            tour.look(session)
            if guide.place > place:
                return


def is_known(session: Session, question: Question, step: int) -> bool:
    """Return whether the answer to a question shows at the cursor."""
    if session.step != step:
        return session.step > step
    program = session.problem.trainer.program
    return shown_at(question, session.structure, program) <= session.position


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_can_be_walked_to_its_end(name):
    session = gradtui.load(name)
    for guide in walk(session):
        question = guide.question
        if question is None:
            continue
        step = question.step
        assert session.message != HELD, f"{question.text} was shown before it is asked for"
        assert not is_known(session, question, step)
        session.history.advance(max(0, step + 1 - session.history.known))
        assert math.isfinite(guide.truth(question, session.tape(step)))
    assert session.guide is not None
    assert session.guide.ticked >= {
        at for at, lesson in enumerate(session.guide.lessons) if lesson.goal or lesson.question
    }


@pytest.mark.parametrize("name", LESSONS)
def test_a_text_names_keys_that_there_are_and_fits_the_smallest_screen(name):
    session = gradtui.load(name)
    tour.begin(session)
    guide = session.guide
    assert guide is not None
    for place, lesson in enumerate(guide.lessons):
        assert set(_BINDING.findall(lesson.text)) <= DEFAULTS.keys()
        assert lesson.text.count("{") == len(_BINDING.findall(lesson.text))
        guide.enter(place, 0)
        for columns, rows in SMALLEST[session.problem.by_hand]:
            found = lesson_rows(session.frame, columns, lambda text: _BINDING.sub("s", text))
            assert len(found) - 1 <= rows, lesson.text
        if lesson.question is not None:
            assert lesson.question.hint and "{" not in lesson.question.hint


def rounded(text: str, value: float) -> bool:
    """Return whether a number as text is a value rounded to its digits."""
    told = text.replace(",", "")
    mantissa, _, exponent = told.partition("e")
    last = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(float(told) - value) <= 0.501 * last


@pytest.mark.parametrize("name", LESSONS)
def test_the_loss_in_a_text_is_that_of_the_step_where_it_is_read(name):
    session = gradtui.load(name)
    for guide in walk(session):
        assert guide.lesson is not None
        loss = float(session.tape(session.step).value(session.problem.graph.loss))
        for told in _LOSS.findall(guide.lesson.text.replace("\n", " ")):
            assert rounded(told, loss), f"L = {loss} at step {session.step}: {guide.lesson.text}"


@pytest.mark.parametrize("name", LESSONS)
def test_a_branch_that_a_text_proposes_begins_where_there_is_something_to_see(name):
    session = gradtui.load(name)
    for guide in walk(session):
        assert guide.lesson is not None
        names = _BINDING.findall(guide.lesson.text)
        if "what-if" in names and session.step:
            assert "first" in names[: names.index("what-if")], guide.lesson.text


def test_there_are_lessons_and_most_of_them_ask():
    asking = [
        name for name in LESSONS
        if any(lesson.question for lesson in gradtui.load(name).problem.lessons)
    ]  # fmt: skip
    assert len(asking) > len(LESSONS) / 2 > 2


@pytest.mark.parametrize("name", LESSONS)
def test_a_question_is_about_the_step_to_which_the_parts_before_it_lead(name):
    session = gradtui.load(name)
    for guide in walk(session):
        question = guide.question
        if question is not None and not question.stepped:
            assert question.step == session.step, guide.lesson


def judged(session: Session, typed: float) -> Guide:
    """Answer the open question as the screen does."""
    guide = session.guide
    assert guide is not None
    guide.said = judge(session, guide, repr(typed))
    return guide


@pytest.mark.parametrize("name", LESSONS)
def test_steps_ahead_at_the_start_change_no_answer(name):
    session, truths = gradtui.load(name), dict[int, float]()
    for guide in walk(session):
        question = guide.question
        if question is not None:
            session.history.advance(max(0, question.step + 1 - session.history.known))
            truths[guide.place] = guide.truth(question, session.tape(question.step))
    session = gradtui.load(name)
    tour.begin(session)
    for _ in range(2):
        session.move(1)
        tour.look(session)
    for place, truth in truths.items():
        tour.enter(session, place)
        question = session.guide.question if session.guide is not None else None
        assert question is not None and not is_known(session, question, question.step)
        assert judged(session, truth).said.startswith("Right: ")


def worked_out(text: str) -> float | None:
    """Return the result of arithmetic as a hint or a way writes it; None for other text."""
    written = text.translate(str.maketrans({"−": "-", "·": "*"})).strip()
    if not re.fullmatch(r"[-+*/().\d ]*\d[-+*/().\d ]*", written):
        return None
    try:
        return float(eval(written))
    except (SyntaxError, TypeError):  # a part of a sentence
        return None


@pytest.mark.parametrize("name", LESSONS)
def test_what_is_right_stays_so_however_many_digits_are_typed(name):
    session = gradtui.load(name)
    tour.begin(session)
    assert session.guide is not None
    for place, lesson in enumerate(session.guide.lessons):
        question = lesson.question
        if question is None:
            continue
        frame, root = session.frame_of_file(question.step), session.branches.root
        before = root.history.tape(question.step - 1) if question.step else None
        truth = session.guide.truth(question, frame.tape)
        moved = moved_by(question, truth, before)
        ways = way_text(frame, question, before).split(" = ")[1:]
        parts = [*ways, *re.split(r"[:;,.](?:\s|$)", question.hint)]
        numbers = [found for part in parts if (found := worked_out(part)) is not None]
        close = [found for found in (truth, *numbers) if is_close(found, truth, moved)]
        for typed in (f"{found:.{digits}g}" for found in close for digits in (3, 4, 6, 12)):
            if is_close(float(typed), truth, moved):
                assert digits_of(typed).agree(float(typed), truth), (place, typed)


@pytest.mark.parametrize("name", LESSONS)
def test_a_text_that_has_something_typed_says_enter(name):
    for lesson in gradtui.load(name).problem.lessons:
        asking = {"goto", "what-if", "lens", "print", "break"} & {*_BINDING.findall(lesson.text)}
        assert "Enter" in lesson.text or not (asking and re.search(r"\btype\b", lesson.text))


@pytest.mark.parametrize("name", LESSONS)
def test_the_key_of_a_panel_comes_with_what_only_that_panel_shows(name):
    problem = gradtui.load(name).problem
    hidden = {**ELSEWHERE, r"\bgraph\b": "panel-1"} if problem.by_hand else ELSEWHERE
    told = ""
    for lesson in problem.lessons:
        told += lesson.text.lower()
        for spoken, key in hidden.items():
            assert not re.search(spoken, lesson.text) or f"{{{key}}}" in told, lesson.text


@pytest.mark.parametrize("name", LESSONS)
def test_a_branch_that_a_text_proposes_is_looked_at_where_it_ends(name):
    for lesson in gradtui.load(name).problem.lessons:
        names = _BINDING.findall(lesson.text)
        assert "what-if" not in names or {"last", "panel-6"} & {*names}, lesson.text


def test_a_lesson_names_no_scenario_that_comes_later_in_the_course_as_known():
    order = [name for chapter in read_chapters() for name in chapter.names]
    for at, name in enumerate(order):
        lessons = gradtui.load(name).problem.lessons
        text = "" if not lessons else lessons[0].text
        for later in order[at + 1 :]:
            assert not re.search(rf"\b{later}\b", text), f"{name}: {text}"


@pytest.mark.parametrize("name", LESSONS)
def test_what_else_a_text_asks_for_comes_before_the_key_that_ends_its_part(name):
    for lesson in gradtui.load(name).problem.lessons:
        names = [key for key in _BINDING.findall(lesson.text) if key != "escape"]
        if lesson.goal is not None:
            assert names[-1] in MOVES, lesson.text
