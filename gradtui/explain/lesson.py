"""The present step of a lesson in rows: the task, the remark, the progress."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby

from gradtui.base.text import cell_width, clean, clip, paragraphs, wrap
from gradtui.debugger.asides import HINT_KEY
from gradtui.debugger.frame import Frame
from gradtui.debugger.guide import Progress
from gradtui.explain.spans import Role, Span, TextRow, line

_BINDING = re.compile(r"(\{[a-z0-9-]+\})")
_FORMULA = re.compile(r"[^ \n]+(?: [-−+=<>·] [^ \n]+)+")
_STEP = re.compile(r"\bat step (?=\d)")
_SHORT = 20
"""The longest formula that is kept in one row, in characters."""
_HELD = "\N{NO-BREAK SPACE}"
_NAME = 20
HIDDEN = "hidden until you answer"
"""The text in place of an open question's answer."""


def lesson_title(progress: Progress, width: int) -> str:
    """Return the title with the number of the step, and a sign for each step if they fit."""
    place = "done" if progress.lesson is None else f"{progress.place + 1} of {progress.count}"
    title = f"Lesson · {place}"
    signs = "".join(
        "✓" if at in progress.ticked else "▸" if at == progress.place else "○"
        for at in range(progress.count)
    )
    whole = f"{title} · {signs}"
    return whole if cell_width(whole) <= width else title


def lesson_rows(frame: Frame, width: int, fill: Callable[[str], str]) -> list[TextRow]:
    """Return the present step of the lesson, wrapped; empty without a lesson.

    `fill` replaces the names of bindings by keys.
    """
    progress = frame.lesson
    if progress is None:
        return []
    rows = list[TextRow]()
    if progress.branch:
        shown = clip(clean(progress.branch), _NAME)
        rows += _wrapped(f"branch {shown}: the lesson speaks of the original run", width)
    if progress.lesson is None:
        return [*rows, *_wrapped(fill(_ended(progress)), width), ()]
    told = [row for part in paragraphs(progress.lesson.text) for row in _task(part, width, fill)]
    ink: Role = "good" if progress.place in progress.ticked else "local"
    said = [line((text, ink)) for text in _folded(fill(progress.said), width) if progress.said]
    asked = _asked(frame, progress)
    keys = _keys(progress)
    how = _wrapped(fill(keys), width) if keys else []
    # the remark on an answer, and how to go on, must be visible on the lowest screen, too
    if said:  # who has answered once knows how
        return [*rows, *asked, *said, *([] if progress.asking else how), *told, ()]
    return [*rows, *told, *asked, *how, ()]


def keys_named(progress: Progress) -> list[str]:
    """Return the bindings whose keys the present text of the lesson names, in its order."""
    lesson = progress.lesson
    named = _BINDING.findall(_ended(progress) if lesson is None else lesson.text)
    return [name[1:-1] for name in named]


def _asked(frame: Frame, progress: Progress) -> list[TextRow]:
    question = None if progress.lesson is None else progress.lesson.question
    if question is None:
        return []
    from gradtui.explain.predictions import asked_text

    answered: Span = ("✓ ", "good") if progress.place in progress.ticked else ("· ", "dim")
    sign: Span = ("? ", "now") if progress.asking else answered
    asked = f"{asked_text(frame, question)} = {'?' if progress.asking else ''}"
    return [line(sign, (asked.removesuffix(" = "), "now"))]


def _task(text: str, width: int, fill: Callable[[str], str]) -> list[TextRow]:
    """Return a paragraph wrapped, with the keys that it names standing out."""
    shown = [(fill(part), bool(at % 2)) for at, part in enumerate(_BINDING.split(text))]
    whole = "".join(part for part, _ in shown)
    inks: list[Role] = ["heading" if key else "plain" for part, key in shown for _ in part]
    rows, start = list[TextRow](), 0
    for row in _folded(whole, width):
        start = whole.find(row.lstrip(), start)
        if start < 0:  # a character that is shown as another
            return [line(row) for row in _folded(whole, width)]
        own = ["plain"] * (len(row) - len(row.lstrip())) + inks[start : start + len(row.lstrip())]
        parts = groupby(zip(row, own, strict=True), lambda pair: pair[1])
        rows.append(line(*(("".join(char for char, _ in part), ink) for ink, part in parts)))
        start += len(row.lstrip())
    return rows


def _folded(text: str, width: int) -> list[str]:
    """Return a text as rows, none of which ends inside a short formula."""
    held = _FORMULA.sub(
        lambda found: found[0].replace(" ", _HELD) if len(found[0]) <= _SHORT else found[0],
        _STEP.sub(f"at{_HELD}step{_HELD}", text),
    )
    return [row.replace(_HELD, " ") for row in wrap(held, width)]


def _wrapped(text: str, width: int) -> list[TextRow]:
    return [line((row, "dim")) for row in wrap(text, width)]


def _keys(progress: Progress) -> str:
    if progress.asking:
        what = "answer" if progress.hinted else "hint"
        how = f"type a number, or {{unfold}} and an expression · {HINT_KEY} {what}"
        return f"{how} · {{lesson-back}} back" if progress.place else how
    if progress.already:
        return "already done: {unfold} goes on"
    # after the first step the footer says it
    return "" if progress.place else "{unfold} to go on · {command}lesson off leaves it"


def _ended(progress: Progress) -> str:
    told = "This is the end of the lesson. "
    if progress.questions == 1:
        told += f"The prediction was {'' if progress.right else 'not '}right the first time. "
    elif progress.questions > 1:
        told += f"{progress.right} of {progress.questions} predictions right the first time. "
    if progress.following:
        told += f"{{unfold}} opens the next one of the course: {clean(progress.following)}. "
    else:
        told += "{open} lists the course and what is done of it. "
    return told + "{lesson-back} goes back into it."
