"""A hand-written line beside the truth: its value, the true one, and whether it is right."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.debugger.frame import Frame
from gradtui.engine.handwritten import HandLine
from gradtui.explain.byhand import SIGNS, Mark, claimed_node, hand_line, hand_line_mark
from gradtui.explain.spans import Span, TextRow, folded, line
from gradtui.explain.symbols import (
    all_scalar,
    cursor_role,
    gradient_of,
    in_names,
    in_numbers,
    in_shapes,
)
from gradtui.explain.values import summary, table
from gradtui.language.trees import names_read

_VERDICTS: dict[Mark, str] = {
    "right": "right",
    "wrong": "wrong in this line",
    "inherited": "wrong only because of another line",
    "noted": "not what its name says, but right for the weights",
    "unknown": "unknown: the loss or the true gradient is not finite",
    "none": "",
}
_OF_HELPERS: dict[Mark, str] = {"none": "a helper", "right": "a helper of right gradients"}
"""The words for a line that claims nothing itself."""
_NOT_YET: dict[Mark, str] = {"right": "right at this step", "wrong": "wrong at this step"}
"""The same while the line to blame is not yet known."""


WHOLE = 3
"""The most detail for a moment; each level below leaves out the least important, down to 0."""


def worked_out(frame: Frame, node: int, detail: int = WHOLE) -> list[str | Span]:
    """Return a node's expression in names, in numbers, and its value, each if it adds something.

    With less detail the numbers are left out, then the names, then digits of the value.
    """
    value = frame.tape.value(node)
    parts: list[str | Span] = []
    result, formula = summary(value, _digits(detail)), in_names(frame, node)
    if detail > 1 and formula != result:
        parts += [(formula, "local"), " = "]
    numbers = in_numbers(frame, node) if all_scalar(frame, node) else in_shapes(frame, node)
    if detail == WHOLE and numbers not in (formula, result):
        parts += [numbers, " = "]
    return [*parts, (result, "value")]


def _verdict(frame: Frame, mark: Mark) -> str:
    known = frame.known.judgement is not None
    if mark == "noted" and frame.problem.call is not None:
        return "not the true one, as the note tells"
    return _VERDICTS[mark] if known else _NOT_YET.get(mark, _VERDICTS[mark])


def written_spans(frame: Frame, index: int, detail: int = WHOLE) -> list[str | Span]:
    """Return a hand-written line's value beside the true one.

    Without any detail, the program shows the line and a sign the verdict.
    """
    own, mark = hand_line(frame, index), hand_line_mark(frame, index)
    place: Span = (f"line {own.line.place.line}  " if detail else "", "dim")
    parts: list[str | Span] = [place, (own.line.name, cursor_role(frame))]
    if own.written is None:
        parts.append(f" has no value: {own.misfit}")
    else:
        parts += [" = ", *worked_out(frame, own.written, detail)]
    parts += ["  ", SIGNS[mark]]
    target = claimed_node(frame, index)
    if target is not None and (detail or mark != "right"):
        parts.append((f"  true {gradient_of(frame, target)} = ", "dim"))
        parts.append((summary(frame.tape.adjoint(target), _digits(detail)), "gradient"))
    if not detail:
        return parts
    said = _verdict(frame, mark)
    if target is None and mark in _OF_HELPERS:
        said = _OF_HELPERS[mark]
    return [*parts, (f"  {said}", "dim")]


def _digits(detail: int) -> int:
    return 6 if detail else 3


def beside_rows(frame: Frame, width: int = 80) -> list[TextRow]:
    """Return the hand-written lines done so far that claim the selected node's gradient."""
    rows: list[TextRow] = []
    for index, own in _claiming(frame):
        mark = hand_line_mark(frame, index)
        shown: list[str | Span] = [own.misfit]
        if own.written is not None:
            shown = [f"{own.line.name} = ", *worked_out(frame, own.written)]
        verdict, number = _verdict(frame, mark), own.line.place.line
        said = f"  {', '.join(filter(None, [verdict, f'line {number}']))}"
        if mark == "inherited":
            said = f"  line {number}: wrong only because of {_culprits(frame, own.line.name)}"
        parts = line(*shown, "  ", SIGNS[mark], (said, "dim"))
        rows += folded(("by hand  ", "dim"), parts, width)
    return rows


def _culprits(frame: Frame, name: str) -> str:
    """Return `line 25`: the lines found wrong that a line computes from."""
    judgement, hand = frame.known.judgement, frame.problem.backward
    reads, reached = dict[str, set[str]](), {name}
    for one in hand.program if hand is not None else ():
        reads.setdefault(one.name, set()).update(names_read(one.value))
    pending = [name]
    while pending:
        fresh = reads.get(pending.pop(), set()) - reached
        reached |= fresh
        pending += fresh
    lines = {
        finding.line
        for finding in (judgement.findings if judgement is not None else ())
        if finding.of_gradient
        and finding.severity == "error"
        and finding.line
        and finding.target in reached
    }
    word = "lines" if len(lines) > 1 else "line"
    return f"{word} {' and '.join(map(str, sorted(lines)))}" if lines else "another line"


def wrong_tables(frame: Frame) -> list[TextRow]:
    """Return the arrays that the wrong ones of these lines hold, number by number."""
    rows: list[TextRow] = []
    for index, own in _claiming(frame):
        if own.written is None or hand_line_mark(frame, index) not in ("wrong", "inherited"):
            continue
        value, head = frame.tape.value(own.written), f"{own.line.name} = "
        rows += [
            line(head if at == 0 else " " * len(head), (text, "bad"))
            for at, text in enumerate(table(value) if value.shape else ())
        ]
    return rows


def _claiming(frame: Frame) -> Iterator[tuple[int, HandLine]]:
    hand = frame.tape.program.hand
    for index, own in enumerate(hand.lines if hand else ()):
        if claimed_node(frame, index) == frame.selected and frame.written(index):
            yield index, own
