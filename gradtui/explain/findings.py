"""Findings, watches and the scenario's notes, in rows of one panel."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gradtui.base.text import DIGITS, cell_width, clean, clip, number, paragraphs, wrap
from gradtui.debugger.breakpoints import Watched
from gradtui.debugger.frame import Frame
from gradtui.explain.byhand import SIGNS
from gradtui.explain.spans import Role, Span, TextRow, folded, line, line_width
from gradtui.explain.values import summary
from gradtui.scenario.rules import GRADIENT_RULES, UPDATE_RULES

if TYPE_CHECKING:
    from gradtui.diagnosis.judgement import Judgement
from gradtui.diagnosis.finding import Finding

_ALIGNED, _COMMENT = r" {3,}#", r"\s+#.*"

_FAR = 10.0
"""The times of the other run's loss at which a branch is far worse."""

SEVERITIES: dict[str, Span] = {
    "error": ("✗", "bad"),
    "warning": ("▲", "bad"),
    "info": ("i", "dim"),
}
"""Severity -> its sign."""


def notes_title(frame: Frame) -> str:
    """Return the title of the panel."""
    parts = [
        *(["Watches"] if frame.watched else []),
        *(["Findings"] if frame.problem.by_hand or frame.known.findings else []),
    ]
    return " · ".join(parts) or "Notes"


def notes_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return the watches, the findings, the scenario's notices, then its notes, wrapped."""
    problem = frame.problem
    if frame.asking:
        return []
    rows = watch_rows(frame, width)
    if frame.lesson is not None and frame.lesson.untold:
        return rows
    rows += findings_rows(frame, width) + _run_rows(frame, width)
    rows += _notice_rows(frame, width) + _told_apart(frame, width)
    if not problem.notes.strip() or (frame.lesson is not None and frame.lesson.lesson is not None):
        return rows  # a lesson in progress is read instead
    rows.append(())
    for paragraph in paragraphs(problem.notes):
        rows += [line(text) for text in wrap(paragraph, width)]
    return rows


def _notice_rows(frame: Frame, width: int) -> list[TextRow]:
    if not frame.problem.notices:
        return []
    from gradtui.explain.outcome import unsaid

    return [
        line(("▲ " if first else "  ", "bad"), text)
        for notice in unsaid(frame.problem.notices, frame.known.findings)
        for first, text in _marked(wrap(notice.message, width - 2))
    ]


def _told_apart(frame: Frame, width: int) -> list[TextRow]:
    """Return accuracy and confusion of a classifier, wrapped; no rows for another model."""
    from gradtui.explain.classes import class_rows

    if frame.problem.call is not None:
        return []
    rows: list[TextRow] = []
    for row in class_rows(frame, width):
        first, *others = row
        if line_width(row) <= width:
            rows.append(row)
        elif others:
            rows += folded(first, others, width)
        else:
            rows += [line((part, first[1])) for part in wrap(first[0], width)]
    return rows


def watch_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return the watches, each with its value at this step."""
    rows = []
    for watched in frame.watched:
        value = watch_value(watched)
        role: Role = "dim" if watched.value is None else "value"
        name = clip(clean(watched.text), max(8, width - cell_width(value) - 3))
        rows.append(line((name, "name"), (" = ", "dim"), (value, role)))
    return [*rows, ()] if rows else []


def watch_value(watched: Watched) -> str:
    """Return the value of a watch at this step, or why it has none."""
    return watched.trouble if watched.value is None else summary(watched.value, DIGITS)


def findings_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return the findings of the hand-written code and of the run, wrapped to a width."""
    judgement = frame.known.judgement
    rows = _comparing_rows(frame, width)
    for index, finding in enumerate(frame.known.findings):
        rows += _finding_rows(frame, index, finding, width)
    if frame.known.comparing:
        return rows
    if frame.known.silenced:
        rows.append(line((f"{frame.known.silenced} silenced by a comment", "dim")))
    right = 0 if judgement is None else _right(judgement, frame)
    if right:
        many = f"{right} claims" if right > 1 else "one claim"
        rows.append(line(SIGNS["right"], f" {many} compared and right"))
    if judgement is not None and frame.problem.call is None:
        from gradtui.explain.outcome import left_out

        told = left_out(frame.problem)
        rows += _under(SEVERITIES["warning"], wrap(told, width - 2), "plain") if told else []
    if judgement is not None and judgement.inherited:
        names = f"wrong only because of another line: {', '.join(judgement.inherited)}"
        rows += _under(SIGNS["inherited"], wrap(names, width - 2), "plain")
    return rows


def _comparing_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return what is being done to judge the hand-written code; no rows once it is judged."""
    told = frame.known.comparing
    if told and frame.problem.call is not None:
        told += " Ctrl+C stops"
    if cell_width(told) > width:
        told = told.rpartition(": ")[2]  # what is searched for goes without saying
    return [line((text, "dim")) for text in wrap(told, width)] if told else []


def _right(judgement: Judgement, frame: Frame) -> int:
    """Return the number of claims found right, 0 if there is a finding beyond notes."""
    said = [one for one in judgement.findings if one.severity != "info"]
    if said or judgement.silenced or (judgement.noted and frame.problem.call is None):
        return 0
    return judgement.claims - len(judgement.noted)


def _run_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return the text for a run without findings."""
    if frame.known.comparing:
        return []
    if frame.problem.call is not None:
        return []  # nothing is trained
    if frame.known.run_findings is None:
        return [line(("looking at the run …", "dim"))]
    if frame.known.setback is not None:
        at = frame.known.setback
        much = "far worse" if not at.loss <= _FAR * at.before else "worse"
        said = f"{much} than the run it left: at step {at.step:,} L is {number(at.loss)}"
        return _under(
            SEVERITIES["warning"], wrap(f"{said}, there {number(at.before)}", width - 2), "plain"
        )
    if frame.known.findings or (frame.lesson is not None and frame.lesson.lesson is not None):
        return []  # a lesson in progress needs the room
    return [line(SIGNS["right"], " no findings" + (" in the run" if frame.problem.by_hand else ""))]


def chosen_rows(frame: Frame, width: int) -> tuple[int, int]:
    """Return the first row of the finding that the cursor went to, and the row after it."""
    if frame.known.chosen is None:
        return 0, 0
    sizes = [len(_finding_rows(frame, i, f, width)) for i, f in enumerate(frame.known.findings)]
    above = len(watch_rows(frame, width)) + len(_comparing_rows(frame, width))
    first = above + sum(sizes[: frame.known.chosen])
    return first, first + sizes[frame.known.chosen]


def _finding_rows(frame: Frame, index: int, finding: Finding, width: int) -> list[TextRow]:
    from gradtui.explain.terms import in_terms

    chosen: Role = "selected" if index == frame.known.chosen else "name"
    head = wrap(_closed_up(_head(frame, finding), width - 2), width - 2)
    rows = _under(SEVERITIES[finding.severity], head, chosen)
    if finding.of_update and frame.problem.call is None:
        from gradtui.explain.own_move import own_move

        rows += _numbers(own_move(frame, finding), width)
    rows += [line("  ", text) for text in wrap(finding.message, width - 2)]
    if finding.of_gradient and frame.problem.call is not None:
        from gradtui.explain.own_line import own_line

        found = own_line(frame, finding.place)
        if found is not None and not found.is_told_in(finding.message):
            rows += _numbers(f"here {found.told(frame)}", width)
    terms = in_terms(frame.problem, finding)
    if terms:
        rows += [line("  ", (text, "local")) for text in wrap(terms, width - 2)]
    if finding.fix is not None:
        fixes = (
            wrap(_closed_up(f"fix: {row}", width - 2), width - 2) for row in finding.fix.split("\n")
        )
        rows += [line("  ", (text, "good")) for texts in fixes for text in texts]
    return rows


def _numbers(told: str, width: int) -> list[TextRow]:
    """Return what is told with the numbers of this moment, if anything is."""
    return [line("  ", (text, "value")) for text in wrap(told, width - 2)] if told else []


def _head(frame: Frame, finding: Finding) -> str:
    """Return the hand-written line, or the step of the run with its event."""
    if frame.problem.call is None and finding.rule not in (*GRADIENT_RULES, *UPDATE_RULES):
        where = f" · line {finding.line}" if finding.line else ""
        return f"step {finding.step:,}  {finding.rule}{where}"
    if not finding.line:
        return finding.target
    from gradtui.explain.outcome import finding_place

    place = finding_place(frame.problem, finding)
    own = place.file in ("", frame.problem.path)
    file = "" if own else f"{os.path.basename(place.file)} "
    return f"{file}line {place.line}  {frame.problem.line_at(place).strip()}"


def _closed_up(text: str, width: int) -> str:
    """Return a line of code with its comment close behind, or without it if both do not fit."""
    near = re.sub(_ALIGNED, "  #", text)
    return near if cell_width(near) <= width else re.sub(_COMMENT, "", near)


def _under(sign: Span, texts: list[str], role: Role) -> list[TextRow]:
    """Return wrapped text with a sign before its first row."""
    return [
        line(sign if index == 0 else (" ", "plain"), " ", (text, role))
        for index, text in enumerate(texts)
    ]


def _marked(texts: list[str]) -> list[tuple[bool, str]]:
    return [(index == 0, text) for index, text in enumerate(texts)]
