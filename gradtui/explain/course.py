"""The course in rows: its chapters, the finished lessons, the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradtui.base.text import clean, pad
from gradtui.explain.spans import Span, TextRow, line
from gradtui.scenario.bundled import Chapter, Entry, lessons_of_course

_TITLE, _NAME = 36, 25
DONE: Span = ("✓", "good")
NEXT: Span = ("▸", "selected")
OPEN: Span = ("·", "dim")


def next_lesson(entries: Sequence[Entry], finished: Mapping[str, object]) -> Entry | None:
    """Return the next lesson of the course: the first unfinished one."""
    lessons = lessons_of_course(entries)
    return next((entry for entry in lessons if entry.name not in finished), None)


def mark_of(entry: Entry, finished: Mapping[str, object], upcoming: Entry | None) -> Span:
    """Return the sign of a scenario: finished, next, a lesson still to do, or none."""
    if entry.name in finished:
        return DONE
    if entry is upcoming:
        return NEXT
    return OPEN if entry.has_lesson else (" ", "plain")


def course_title(entries: Sequence[Entry], finished: Mapping[str, object]) -> str:
    """Return the title of the course, with the number of lessons done."""
    lessons = lessons_of_course(entries)
    done = sum(entry.name in finished for entry in lessons)
    return f"{done} of {len(lessons)} lessons done"


def score_text(score: tuple[int, int] | None) -> str:
    """Return the score of a finished lesson, (right, all), in words."""
    if score is None or not score[1]:
        return ""
    return f"{score[0]} of {score[1]} right the first time"


def course_rows(
    chapters: Sequence[Chapter],
    entries: Sequence[Entry],
    finished: Mapping[str, tuple[int, int]],
) -> list[TextRow]:
    """Return the chapters of the course with their scenarios; `finished` has (right, all)."""
    of_name = {entry.name: entry for entry in entries}
    upcoming = next_lesson(entries, finished)
    how = "`gradtui NAME` opens one"
    if upcoming is not None:
        how = f"continue with `gradtui {upcoming.name}`"
    rows = [line((f"The course: {course_title(entries, finished)}; {how}", "heading"))]
    for number, chapter in enumerate((one for one in chapters if one.in_course), 1):
        head = f"{number:2} {chapter.title}"
        rows += [(), line((head, "heading"), (f": {chapter.about}", "plain"))]
        for entry in (of_name[name] for name in chapter.names if name in of_name):
            mark, said = mark_of(entry, finished, upcoming), score_text(finished.get(entry.name))
            name, title = pad(entry.name, _NAME), pad(clean(entry.title), _TITLE)
            rows.append(line("   ", mark, " ", (name, "name"), " ", title, " ", (said, "dim")))
    return rows
