"""The first row of the screen: scenario, branch, optimizer, step, pass and loss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.text import DIGITS, SHORT, cell_width, clean, clip, number
from gradtui.debugger.frame import Frame
from gradtui.debugger.steps import Pass
from gradtui.explain.spans import Span, TextRow, aligned, line, line_width
from gradtui.explain.symbols import label
from gradtui.explain.values import UNKNOWN

_WIDE, _MEDIUM, _RATE_SHOWN = 112, 96, 60
_BRANCH_CELLS, _NAME_CELLS = 18, 12
_GAP = 2
_LOSS_CELLS = 9
"""Cells of most losses."""
_FULL = 2
"""The detail with which the state is told in full."""
_BEGINS = "start"
"""The short word where nothing is computed yet."""
_PASS_WORDS = {
    Pass.FORWARD: "forward",
    Pass.BACKWARD: "backward",
    Pass.UPDATE: "update",
}


class _Form(Struct, frozen=True):
    """What the row tells: whole parts are left out, the least important first."""

    detail: int = _FULL
    ours: bool = True
    """Whether our name begins it; a narrow row has room for the title only."""
    title: bool = True
    """Whether the title is whole; else it has the room that is left."""
    applied: bool = True
    """Whether unwritten fixes are said to be applied."""
    drive: bool = True
    accuracy: bool = True
    validation: bool = True
    rate: bool = True
    fixes: bool = True


def header(frame: Frame, width: int) -> TextRow:
    """Return the first row of the screen: scenario, optimizer, step, pass, loss."""
    title = clean(frame.problem.title)
    branch = f"  branch {clip(frame.branch, _BRANCH_CELLS)}" if frame.branch else ""
    right, name, fixes, room = line(), "", "", 0
    for form in _forms(frame, width):
        right, fixes = _state(frame, width, form), _unwritten(frame, form)
        name = " gradtui " if form.ours else ""
        room = width - _GAP - 1 - line_width(right) - cell_width(branch + fixes)
        whole = len(name) + cell_width(title) if form.title else 0
        if whole + _growth(frame) <= room:
            break
    if branch and room < len(name) + _BRANCH_CELLS:
        # Without room for both, the branch matters more than the title.
        name = title = ""
        branch = clip(branch[2:], max(0, room + cell_width(branch)))
    else:
        title = _begun(title, max(0, room - len(name)))
    gap = " " if title or fixes or branch else ""
    left = line((name, "heading"), gap, (fixes, "bad"), title, (branch, "selected"))
    return aligned(left, right, width)


def _forms(frame: Frame, width: int) -> Iterator[_Form]:
    """Yield the forms of the row, from the fullest to the shortest."""
    wide = width >= _MEDIUM
    for detail in (_FULL, 1) if wide else ():
        yield _Form(detail)
    for detail in range(1 if wide else _FULL, -1, -1):
        yield _Form(detail, ours=False, applied=wide)
    if not frame.branch:
        return  # of a title that is too long, the beginning is enough
    form = _Form(ours=False, title=False, applied=wide)
    yield form
    for part in ("applied", "drive", "accuracy", "validation"):
        form = replace(form, **{part: False})
        yield form
    for detail in range(_FULL - 1, -1, -1):
        form = replace(form, detail=detail)
        yield form
    for part in ("rate", "fixes"):
        form = replace(form, **{part: False})
        yield form


def _state(frame: Frame, width: int, form: _Form) -> TextRow:
    """Return optimizer, rate, step, pass, loss and scores."""
    problem, gap = frame.problem, " " * (3 if form.detail == _FULL else 2)
    loss = clip(label(frame, frame.graph.loss), _NAME_CELLS)
    drive = ""
    if form.drive and not problem.undriven and width >= _MEDIUM:
        drive = f"  drive {problem.drive}"
    moved = "by hand" if problem.drive == "hand" and not drive else problem.optimizer
    moved = f"{moved}{gap[1:]}" if form.detail else ""
    least = _MEDIUM if problem.patches else _RATE_SHOWN  # narrower, there is no room for both
    parts: list[Span] = []
    if form.rate and width >= least:
        parts.append((f"{moved}lr {number(frame.tape.rate)}{drive}{gap}", "dim"))
    parts.append((f"step {frame.step:,}/{problem.steps:,}", "heading"))
    if problem.call is not None:
        parts = [("one call", "heading")]
    parts.append((f"{gap}{_pass_text(frame, brief=form.detail < _FULL)}", "plain"))
    if not frame.computed(frame.graph.loss):
        return line(*parts, (f"{gap}{loss} {UNKNOWN}  ", "dim"), " ")
    told = number(frame.loss, DIGITS if form.detail else SHORT)
    parts += [(f"{gap}{loss} {told}", "value"), _trend(frame)]
    if width >= _WIDE:
        parts += _scores(frame, loss, form)
    return line(*parts, " ")


def _scores(frame: Frame, loss: str, form: _Form) -> list[Span]:
    """Return a classifier's accuracy, and the loss on the data of the validation."""
    scores: list[Span] = []
    if form.accuracy and frame.problem.call is None:
        from gradtui.explain.classes import accuracy_text

        accuracy = accuracy_text(frame)  # that of the step, as the loss before it
        scores.append((f"  {accuracy}" if accuracy else "", "value"))
    if form.validation and frame.validation_loss is not None:
        scores.append((f"  validation {loss} {number(frame.validation_loss)}", "local"))
    return scores


def _unwritten(frame: Frame, form: _Form) -> str:
    """Return how many fixes are not in the file; empty without any."""
    count = len(frame.problem.patches)
    fixes = f"{count} fixes" if count > 1 else "fix"
    applied = " applied," if form.applied else ""
    return f"{fixes}{applied} not written  " if count and form.fixes else ""


def _begun(title: str, room: int) -> str:
    """Return the title or its beginning, at the end of which no number is cut."""
    shown = clip(title, room)
    head, _, last = shown.removesuffix("…").rpartition(" ")
    cut = shown != title and any(char.isdigit() for char in last)
    return f"{head}…" if cut and head else shown


def _growth(frame: Frame) -> int:
    """Return by how many cells the state grows at other moments, so that its form stays there."""
    if frame.where is Pass.START:
        return 0  # where it is told in words of its own
    step, loss = f"{frame.step:,}", UNKNOWN
    if frame.computed(frame.graph.loss):
        loss = number(frame.loss)
    longest = len(f"{frame.problem.steps:,}"), _LOSS_CELLS, len("backward done")
    shown = step, loss, _pass_text(frame, brief=True)
    return sum(max(0, most - len(text)) for most, text in zip(longest, shown, strict=True))


def _pass_text(frame: Frame, *, brief: bool) -> str:
    """Return the pass at the cursor and whether it is done; briefly, where none has begun."""
    if frame.where is Pass.START:
        return _BEGINS if brief else "nothing computed yet"
    word = _PASS_WORDS[frame.where]
    return f"{word} done" if frame.pass_done else f"in {word}"


def _trend(frame: Frame) -> Span:
    if frame.step == 0 or frame.step >= len(frame.drawn.losses):
        return ("  ", "plain")
    before = frame.drawn.losses[frame.step - 1]
    if not np.isfinite(frame.loss):
        return (" !", "bad")
    if frame.loss == before:
        return (" =", "dim")
    return (" ▼", "good") if frame.loss < before else (" ▲", "bad")
