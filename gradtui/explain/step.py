"""The present moment of a step in a sentence, and the message of a command."""

from __future__ import annotations

from gradtui.base.text import DIGITS, cell_width, clean, clip
from gradtui.debugger.frame import Frame
from gradtui.debugger.steps import Compute, Flow, Move, Seed, Written
from gradtui.explain.beside import WHOLE, worked_out, written_spans
from gradtui.explain.byhand import SIGNS
from gradtui.explain.called import called_spans, is_found, place_text
from gradtui.explain.kinks import kink_notes
from gradtui.explain.own_line import own_line
from gradtui.explain.residual import residual_text
from gradtui.explain.spans import Span, TextRow, aligned, line, line_width
from gradtui.explain.symbols import cursor_role, gradient_of, label, partial, rule_text
from gradtui.explain.update import arithmetic
from gradtui.explain.values import summary

MORE = 40
"""From this width on what is cut says how all of it is shown."""


def message_row(message: str, width: int, more: str = "") -> TextRow:
    """Return the message of the last command, cut to one row so that the rest stays in view.

    Behind one that is cut stands `more`, which says how all of it is shown.
    """
    text = clean(" ".join(message.splitlines()))
    if cell_width(text) <= width - 2 or width < MORE:
        return line((f" {clip(text, width - 2)} ", "now"))
    shown = clip(text, width - 5 - cell_width(more))
    return aligned(line((f" {shown} ", "now")), line((f"{more} ", "dim")), width)


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
            return [*called_spans(frame, index), *_accused(frame, index)]
        case Written(index):
            return written_spans(frame, index, detail)
        case Move(position):
            return _moved(frame, position, detail)


def _accused(frame: Frame, index: int) -> list[str | Span]:
    """Return what a wrong line of called code should hold, where no claim of its own says so."""
    assert frame.problem.call is not None
    executed = frame.problem.call.lines[index]
    if executed.claims is not None or not is_found(frame, executed.place):
        return []
    found = own_line(frame, executed.place)
    return ["  ", SIGNS["wrong"], f"  {found.told(frame)}" if found else ""]


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
