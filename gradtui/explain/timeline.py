"""The run as one row of steps, with the cursor, the findings and the breakpoints."""

from __future__ import annotations

from gradtui.debugger.frame import Frame
from gradtui.explain.findings import SEVERITIES
from gradtui.explain.spans import Span, TextRow, line, line_width

BREAKPOINT: Span = ("◆", "local")
_FORWARD, _BACKWARD = "forward", "backward"
_LEAST = 8
"""Fewest cells of a timeline worth drawing."""


def timeline(frame: Frame, width: int) -> TextRow:
    """Return the run as a row of steps, with the present one filled and findings marked.

    One call is a row of its moments: forward pass, then backward pass.
    """
    if frame.problem.call is not None:
        return _inside(frame, width)
    last = max(frame.problem.steps, frame.step)
    tail = _tail(frame)
    room = width - line_width(tail) - 1
    if not frame.known.findings and room < last * 3 + 1 < width:
        tail, room = (), width - 1  # the steps matter more than the word
    if room < _LEAST:
        return line((f"{frame.step:,}/{last:,}", "heading"))
    apart = 3 if last * 3 + 1 <= room else 0
    cells: list[Span] = [("─", "dim")] * (last * 3 + 1 if apart else room)

    def cell(step: int) -> int:
        return step * apart if apart else round(step * (room - 1) / last)

    if apart:
        cells[::apart] = [("○", "dim")] * (last + 1)
    for step, mark in _marks(frame):
        if step <= last:
            cells[cell(step)] = mark
    cells[cell(frame.step)] = ("●", "now")
    return line(" ", *_joined(cells), *tail)


def _inside(frame: Frame, width: int) -> TextRow:
    order, tail = frame.order, _tail(frame)
    room = max(_LEAST, width - line_width(tail) - len(_FORWARD) - len(_BACKWARD) - 4)
    ahead = max(1, round(room * order.forward / max(1, order.backward)))
    cells: list[Span] = [("─", "dim")] * room
    cells[min(ahead, room - 1)] = ("┼", "dim")
    at = round(frame.position * (room - 1) / max(1, order.backward))
    cells[min(at, room - 1)] = ("●", "now")
    return line((f" {_FORWARD} ", "dim"), *_joined(cells), (f" {_BACKWARD} ", "dim"), *tail)


def _marks(frame: Frame) -> list[tuple[int, Span]]:
    """Return the marks by step, the more important ones later, to cover others."""
    hits = [
        (int(step), BREAKPOINT)
        for breakpoint in frame.breakpoints
        if breakpoint.enabled
        for step in breakpoint.steps
    ]
    found = [(f.step, SEVERITIES[f.severity]) for f in reversed(frame.known.findings)]
    return hits + found


def _tail(frame: Frame) -> TextRow:
    """Return the end of the row: the number of findings."""
    count = len(frame.known.findings)
    if not count:
        return line((" step " if frame.problem.call is None else "", "dim"))
    sign, role = SEVERITIES[frame.known.findings[0].severity]
    many = f"{count} findings" if count > 1 else "1 finding"
    return line((f" {sign} {many} ", role))


def _joined(cells: list[Span]) -> list[Span]:
    """Return the cells with neighbours of one role joined."""
    joined: list[Span] = []
    for text, role in cells:
        if joined and joined[-1][1] == role:
            joined[-1] = (joined[-1][0] + text, role)
        else:
            joined.append((text, role))
    return joined
