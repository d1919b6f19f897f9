"""The present step of a lesson in rows: the task, the remark, the progress."""

from __future__ import annotations

from collections.abc import Callable

from gradtui.base.text import clean, paragraphs, wrap
from gradtui.debugger.frame import Frame
from gradtui.debugger.guide import Progress
from gradtui.explain.predictions import asked_text
from gradtui.explain.spans import Span, TextRow, line

HIDDEN = "hidden until you answer"
"""The text in place of an open question's answer."""


def lesson_title(progress: Progress) -> str:
    """Return the title with the number of the step."""
    if progress.lesson is None:
        return "Lesson · done"
    return f"Lesson · {progress.place + 1} of {progress.count}"


def lesson_rows(frame: Frame, width: int, fill: Callable[[str], str]) -> list[TextRow]:
    """Return the present step of the lesson, wrapped; empty without a lesson.

    `fill` replaces the names of bindings by keys.
    """
    progress = frame.lesson
    if progress is None:
        return []
    ticks: list[Span] = [
        ("✓" if at in progress.ticked else "▸" if at == progress.place else "·",
         "good" if at in progress.ticked else "now" if at == progress.place else "dim")
        for at in range(progress.count)
    ]  # fmt: skip
    rows = [line(*ticks)] if progress.count <= width else []
    if progress.lesson is None:
        return [*rows, *_wrapped(fill(_ended(progress)), width), ()]
    told = [
        line(text)
        for paragraph in paragraphs(fill(progress.lesson.text))
        for text in wrap(paragraph, width)
    ]
    said = [line(text) for text in wrap(progress.said, width)] if progress.said else []
    asked = _asked(frame, progress)
    # the remark on an answer must be visible on the lowest screen, too
    rows += [*asked, *said, *told] if said else [*told, *asked]
    return [*rows, *_wrapped(fill(_keys(progress)), width), ()]


def _asked(frame: Frame, progress: Progress) -> list[TextRow]:
    question = None if progress.lesson is None else progress.lesson.question
    if question is None:
        return []
    sign: Span = ("? ", "now") if progress.asking else ("✓ ", "good")
    asked = f"{asked_text(frame, question)} = {'?' if progress.asking else ''}"
    return [line(sign, (asked.removesuffix(" = "), "now"))]


def _wrapped(text: str, width: int) -> list[TextRow]:
    return [line((row, "dim")) for row in wrap(text, width)]


def _keys(progress: Progress) -> str:
    return _going(progress) + ("" if progress.place else " · {command}lesson off leaves it")


def _going(progress: Progress) -> str:
    if progress.asking:
        return "{unfold} to answer, then a number or an expression · {lesson-back} back"
    so = "this is already so: " if progress.already else ""
    return so + "{unfold} to go on · {lesson-back} back"


def _ended(progress: Progress) -> str:
    told = "This is the end of the lesson. "
    if progress.questions:
        told += f"{progress.right} of {progress.questions} predictions right the first time. "
    if progress.following:
        told += f"{{unfold}} opens the next one of the course: {clean(progress.following)}. "
    return told + "{lesson-back} goes back into it."
