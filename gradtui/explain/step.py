"""One step in rows: the header, and the present moment."""

from __future__ import annotations

import numpy as np

from gradtui.base.text import DIGITS, SHORT, cell_width, clean, clip, number
from gradtui.debugger.frame import Frame
from gradtui.debugger.steps import Compute, Flow, Move, Pass, Seed, Written
from gradtui.explain.beside import WHOLE, worked_out, written_spans
from gradtui.explain.called import called_spans, place_text
from gradtui.explain.kinks import kink_notes
from gradtui.explain.residual import residual_text
from gradtui.explain.spans import Span, TextRow, aligned, line, line_width
from gradtui.explain.symbols import cursor_role, gradient_of, label, partial, rule_text
from gradtui.explain.update import arithmetic
from gradtui.explain.values import UNKNOWN, summary

_WIDE = 112
_DRIVE_SHOWN = 96
_BRANCH_CELLS = 18
_NARROW, _GAP, _NAME_CELLS = 42, 2, 12
_LOSS_CELLS = 9
"""Cells of most losses."""
MORE = 40
"""From this width on what is cut says how all of it is shown."""
_DETAILS = 2
"""The detail with which the state is told in full."""
_BEGINS = "start"
"""The short word where nothing is computed yet."""
_PASS_WORDS = {
    Pass.FORWARD: "forward",
    Pass.BACKWARD: "backward",
    Pass.UPDATE: "update",
}


def header(frame: Frame, width: int) -> TextRow:
    """Return the first row of the screen: scenario, optimizer, step, pass, loss."""
    problem = frame.problem
    name = " gradtui " if width >= _DRIVE_SHOWN else ""  # a narrow row has room for the title only
    branch = f"  branch {clip(frame.branch, _BRANCH_CELLS)}" if frame.branch else ""
    room, right = 0, line()
    for detail in range(_DETAILS, -1, -1):
        right = _state(frame, width, detail)
        room = width - len(name) - _GAP - 1 - line_width(right)
        if cell_width(clean(problem.title) + branch) + _growth(frame) <= room:
            break
    fixes = len(problem.patches)
    many = f"{fixes} fixes" if fixes > 1 else "fix"
    said = f"{many} applied, not written" if width >= _DRIVE_SHOWN else f"{many} not written"
    unwritten: list[Span] = [(said, "bad"), ("  ", "plain")] if fixes else []
    room -= sum(cell_width(text) for text, _ in unwritten)
    if branch and room < cell_width(branch) + _BRANCH_CELLS:
        # Without room for both, the branch matters more than the title.
        name, branch = " ", clip(branch[2:], max(0, room + len(name)))
        room = 0
    title = clip(problem.title, max(0, room - cell_width(branch)))
    gap = " " if title or fixes else ""
    left = line((name, "heading"), gap, *unwritten, title, (branch, "selected"))
    return aligned(left, right, width)


def _state(frame: Frame, width: int, detail: int) -> TextRow:
    """Return optimizer, rate, step, pass and loss; with less detail in fewer cells."""
    problem, gap = frame.problem, " " * (3 if detail == _DETAILS else 2)
    loss = clip(label(frame, frame.graph.loss), _NAME_CELLS)
    drive = f"  drive {problem.drive}" if not problem.undriven and width >= _DRIVE_SHOWN else ""
    moved = "by hand" if problem.drive == "hand" and not drive else problem.optimizer
    moved = f"{moved}{gap[1:]}" if detail else ""
    least = _DRIVE_SHOWN if problem.patches else 60  # a narrower screen has no room for both
    parts: list[Span] = [
        (f"{moved}lr {number(frame.tape.rate)}{drive}{gap}" if width >= least else "", "dim"),
        (f"step {frame.step:,}/{problem.steps:,}", "heading"),
    ]
    if problem.call is not None:
        parts = [("one call", "heading")]
    parts.append((f"{gap}{_pass_text(frame, brief=detail < _DETAILS)}", "plain"))
    if not frame.computed(frame.graph.loss):
        return line(*parts, (f"{gap}{loss} {UNKNOWN}  ", "dim"), " ")
    told = number(frame.loss, DIGITS if detail else SHORT)
    parts += [(f"{gap}{loss} {told}", "value"), _trend(frame)]
    if width >= _WIDE and problem.call is None:
        from gradtui.explain.classes import accuracy_text

        accuracy = accuracy_text(frame)  # that of the step, as the loss before it
        parts.append((f"  {accuracy}" if accuracy else "", "value"))
    if width >= _WIDE and frame.validation_loss is not None:
        parts.append((f"  validation {loss} {number(frame.validation_loss)}", "local"))
    return line(*parts, " ")


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


def message_row(message: str, width: int, more: str = "") -> TextRow:
    """Return the message of the last command, cut to one row so that the rest stays in view.

    Behind one that is cut stands `more`, which says how all of it is shown.
    """
    text = clean(" ".join(message.splitlines()))
    if cell_width(text) <= width - 2 or width < MORE:
        return line((f" {clip(text, width - 2)} ", "now"))
    shown = clip(text, width - 5 - cell_width(more))
    return aligned(line((f" {shown} ", "now")), line((f"{more} ", "dim")), width)


def _trend(frame: Frame) -> Span:
    if frame.step == 0 or frame.step >= len(frame.drawn.losses):
        return ("  ", "plain")
    before = frame.drawn.losses[frame.step - 1]
    if not np.isfinite(frame.loss):
        return (" !", "bad")
    if frame.loss == before:
        return (" =", "dim")
    return (" ▼", "good") if frame.loss < before else (" ▲", "bad")


def now_line(frame: Frame, width: int | None = None) -> TextRow:
    """Return the cursor's moment as a sentence with its numbers.

    If it is wider than `width`, steps of the arithmetic are left out, never the result.
    """
    said: TextRow = ()
    for detail in range(WHOLE, -1, -1):
        said = line(("now  ", "dim"), *_said(frame, detail))
        if width is None or line_width(said) <= width:
            break
    return said


def _said(frame: Frame, detail: int) -> list[str | Span]:
    match frame.now:
        case None:
            begins = f"step {frame.step:,}" if frame.problem.call is None else "the call"
            return [f"{begins} begins: no value is computed yet"]
        case Compute(node):
            return [*_at(frame), *_computed(frame, node, detail), *_kinks(frame, node)]
        case Seed(node):
            return [(f"{gradient_of(frame, node)} = 1", cursor_role(frame)),
                    ("  the backward pass starts at the loss", "dim")]  # fmt: skip
        case Flow(source, target):
            return [*_flowed(frame, source, target, detail), *_kinks(frame, target)]
        case Written(index) if frame.problem.call is not None:
            return list(called_spans(frame, index))
        case Written(index):
            return written_spans(frame, index, detail)
        case Move(position):
            return _moved(frame, position, detail)


def _at(frame: Frame) -> list[Span]:
    """Return the place of the cursor in called code."""
    return [] if frame.problem.call is None else [(f"{place_text(frame)}  ", "dim")]


def _kinks(frame: Frame, node: int) -> list[Span]:
    return [part for note in kink_notes(frame, node) for part in (("  ! ", "bad"), (note, "plain"))]


def _computed(frame: Frame, node: int, detail: int) -> list[str | Span]:
    named = bool(frame.graph.nodes[node].name)
    first: list[str | Span] = [(label(frame, node), cursor_role(frame)), " = "] if named else []
    return [*first, *worked_out(frame, node, detail)]


def _flowed(frame: Frame, source: int, target: int, detail: int) -> list[str | Span]:
    flow, local = frame.edge_contribution(source, target), frame.edge_local(source, target)
    arriving = frame.tape.adjoint(target)
    parts: list[str | Span] = [
        (f"{label(frame, target)} → {label(frame, source)}", cursor_role(frame)),
        "  ",
    ]
    if local is not None:
        if detail == WHOLE:
            parts += [gradient_of(frame, target), " · ", partial(frame, target, source), " = "]
        if detail > 1:
            parts += [summary(arriving, DIGITS), " · ", (summary(local, DIGITS), "local"), " = "]
    elif detail > 1:
        rule = rule_text(frame, source, frame.step_to(target))
        parts += [(rule, "local"), " = "]
    taught = residual_text(frame, source) if local is None and detail == WHOLE else ""
    if taught and len(frame.structure.consumers.get(source, ())) == 1:
        parts += [(taught, "local"), " = "]
    parts.append((summary(flow, DIGITS), "gradient"))
    if frame.gradient_state(source) == "partial":
        parts.append(("  more paths add to it", "dim"))
    elif len(frame.structure.consumers.get(source, ())) > 1:
        parts += ["  sum ", (summary(frame.gradient(source), DIGITS), "gradient")]
    return parts


def _moved(frame: Frame, position: int, detail: int) -> list[str | Span]:
    update = frame.problem.trainer.program.updates[position]
    new = frame.tape.value(update.result)
    name = label(frame, update.parameter)
    if new.shape == () and detail > 1:
        return [
            (f"{name} ← ", cursor_role(frame)),
            arithmetic(frame, position, update.result, ()),
            " = ",
            (summary(new, DIGITS), "value"),
        ]
    return [(f"{name} ← ", cursor_role(frame)), (summary(new, DIGITS), "value")]
