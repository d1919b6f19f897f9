"""One call of the user's code in rows: the source of its functions, with the lines' values."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.base.text import DIGITS, cell_width, clean, clip
from gradtui.debugger.folds import Fold, fold_of, run_at
from gradtui.debugger.frame import Frame
from gradtui.debugger.steps import Compute, Flow, Seed, Written
from gradtui.explain.byhand import SIGNS, Mark, claim_mark
from gradtui.explain.spans import Span
from gradtui.explain.symbols import cursor_role, gradient_of
from gradtui.explain.values import UNKNOWN, forms, summary
from gradtui.scenario.problem import Executed, Problem

_CALLS = 8
Half = Literal["forward", "backward"]
"""A part of the rows: the forward pass with what calls it, or the backward pass."""


class SourceRow(Struct, frozen=True):
    """A heading, or a line of an executed function."""

    place: Place
    heading: str = ""
    line: bool = False
    """Whether a statement that computed, assigned or called something begins here."""
    first: int = 0
    """The first line of the function."""
    half: Half = "forward"
    fold: Fold | None = None
    """The loop that is folded into this line, its header."""


@lru_cache(_CALLS)
def source_rows(problem: Problem) -> tuple[SourceRow, ...]:
    """Return the executed functions line by line, in the order in which they began.

    Functions that only call others come last; of successive comments only the first is there.
    """
    assert problem.call is not None
    scopes: dict[tuple[str, tuple[int, int]], list[Executed]] = {}
    for line in problem.call.lines:
        scopes.setdefault((line.place.file, line.scope), []).append(line)
    rows: list[SourceRow] = []
    latest = max((line.began for line in problem.call.lines if line.nodes), default=-1)
    for (file, (first, last)), lines in sorted(scopes.items(), key=_began):
        starts = {line.place.line for line in lines}
        turn = _turn(lines)
        heading = f"{lines[0].function}, {os.path.basename(file)}"
        words = _passes(lines)
        half: Half = "backward" if _is_backward(lines, latest) else "forward"
        title = clean(f"{heading}: {words}" if words else heading)
        rows.append(SourceRow(Place(first, file=file), title, half=half))
        for number in _told(problem.texts[file], first, last, starts):
            place = Place(number, file=file)
            if number == turn:
                after = [line for line in lines if line.place.line >= turn]
                half = "backward" if _began_after(after, latest) else "forward"
                title = clean(f"{heading}: backward")
                rows.append(SourceRow(place, title, first=first, half=half))
            rows.append(SourceRow(place, line=number in starts, first=first, half=half))
    return tuple(rows)


@lru_cache(_CALLS)
def _folded(problem: Problem, folds: frozenset[Fold]) -> tuple[SourceRow, ...]:
    """Return the rows of a call without those that folded loops hide."""
    headers = {fold[:2]: fold for fold in folds}
    found, function, last = list[SourceRow](), -1, 0
    for row in source_rows(problem):
        if row.first == function and row.place.line <= last:
            continue
        fold = None if row.heading else headers.get((row.place.file, row.place.line))
        function, last = (-1, 0) if fold is None else (row.first, fold[2])
        found.append(row if fold is None else replace(row, fold=fold))
    return tuple(found)


def shown_rows(frame: Frame, half: Half | None = None) -> tuple[SourceRow, ...]:
    """Return the rows of a call, or of a half of it, each folded loop as one."""
    return _of_half(frame.problem, frame.folds, half)


@lru_cache(_CALLS)
def _of_half(problem: Problem, folds: frozenset[Fold], half: Half | None) -> tuple[SourceRow, ...]:
    rows = _folded(problem, folds) if folds else source_rows(problem)
    return rows if half is None else tuple(row for row in rows if row.half == half)


@lru_cache(_CALLS)
def _numbered(
    problem: Problem, folds: frozenset[Fold], half: Half | None
) -> Mapping[tuple[str, int, int], int]:
    """Return the number of each row, by its file, the first line of its function, and its line."""
    return {
        (row.place.file, row.first, row.place.line): at
        for at, row in enumerate(_of_half(problem, folds, half))
        if row.line or row.fold
    }


def _told(texts: Sequence[str], first: int, last: int, starts: Collection[int]) -> Iterator[int]:
    """Yield the lines of a function, without empty ones and without comments after another."""
    before = False
    for number in range(first, last + 1):
        text = texts[number - 1].strip()
        comment = not text or text.startswith("#")
        if number in starts or not comment:
            before = False
            yield number
        elif not before and any(map(str.isalnum, text)):
            before = True
            yield number


def _began(scope: tuple[tuple[str, tuple[int, int]], list[Executed]]) -> tuple[bool, int]:
    computing = [line.began for line in scope[1] if line.computes]
    return not computing, min(computing or [line.began for line in scope[1]])


def _passes(lines: Sequence[Executed]) -> str:
    """Return the passes of the computing lines of a function."""
    kinds = {line.backward for line in lines if line.computes}
    if _turn(lines) or kinds == {False}:
        return "forward"
    return "forward and backward" if len(kinds) > 1 else "backward" if kinds else ""


def _is_backward(lines: Sequence[Executed], latest: int) -> bool:
    """Return whether a function only computes gradients, or is called only for them."""
    kinds = {line.backward for line in lines if line.computes}
    return kinds == {True} if kinds else _began_after(lines, latest)


def _began_after(lines: Sequence[Executed], latest: int) -> bool:
    """Return whether all lines began after the `latest` one that the loss depends on."""
    return all(line.began > latest for line in lines)


def _turn(lines: Sequence[Executed]) -> int:
    """Return the line at which the backward pass begins in a function; 0 without one."""
    ahead = [line.place.line for line in lines if line.computes and not line.backward]
    back = [line.place.line for line in lines if line.backward]
    both = ahead and any(line.computes and line.backward for line in lines)
    return min(back) if both and min(back) > max(ahead) else 0


def current_line(frame: Frame) -> int:
    """Return the line of the call at the cursor; -1 for none."""
    call = frame.problem.call
    assert call is not None
    match frame.now:
        case Written(index):
            return index
        case Compute(node) | Flow(_, node) | Seed(node):
            at = frame.structure.line_of.get(node, -1)
            root = frame.graph.statements[at].root if at >= 0 else -1
            return call.computing.get(root, -1)
    return -1


def current_source_row(frame: Frame, half: Half | None = None) -> int:
    """Return the row at the cursor, from 0; -1 for none."""
    return -1 if frame.problem.call is None else _row_of(frame, current_line(frame), half)


def selected_row(frame: Frame, half: Half) -> int:
    """Return the row of a half that computes the selected node, from 0; -1 for none."""
    call = frame.problem.call
    return -1 if call is None else _row_of(frame, call.computing.get(frame.selected, -1), half)


def _row_of(frame: Frame, index: int, half: Half | None) -> int:
    call = frame.problem.call
    if call is None or index < 0:
        return -1
    line = call.lines[index]
    fold = fold_of(line, frame.folds)
    file, number = fold[:2] if fold is not None else (line.place.file, line.place.line)
    rows = _numbered(frame.problem, frame.folds, half)
    return rows.get((file, line.scope[0], number), -1)


def fold_values(frame: Frame, fold: Fold) -> tuple[str, str]:
    """Return which rounds of a folded loop are done, and the same in fewer cells."""
    call = frame.problem.call
    assert call is not None
    run = run_at(frame.structure, call, fold, frame.position)
    if run is None:
        return UNKNOWN, UNKNOWN
    done = bisect_right(run.rounds, frame.position)
    number = run.total if frame.position >= run.last else str(done)
    told = f"{number} of {run.total}"
    return f"rounds 1 to {told}" if number != "1" else f"round {told}", told


def fold_text(fold: Fold) -> str:
    """Return how many lines of the file a folded loop hides, as a comment of its header."""
    hidden = fold[2] - fold[1]
    return f" …  # {hidden} line{'s' if hidden != 1 else ''}"


def pinned_place(frame: Frame) -> Place | None:
    """Return the line that computes the selected node, if the cursor is elsewhere.

    At a backward line that is the line whose gradient it computes.
    """
    call = frame.problem.call
    index = -1 if call is None else call.computing.get(frame.selected, -1)
    if call is None or index < 0 or not (frame.apart or isinstance(frame.now, Written)):
        return None
    place = call.lines[index].place
    return Place(place.line, file=place.file)


def shown_line(frame: Frame, place: Place) -> int | None:
    """Return the execution of a source line to show: the last one before the cursor.

    None if it has not been executed yet.
    """
    from gradtui.debugger.assigned import is_done

    call = frame.problem.call
    assert call is not None
    times = call.at.get((place.file, place.line), ())
    done = (at for at in reversed(times) if is_done(call, at, frame.structure, frame.position))
    return next(done, None)


def round_before(frame: Frame) -> range:
    """Return the lines of the previous round of the innermost loop around the cursor.

    Their values are shown until the cursor reaches them again.
    """
    assert frame.problem.call is not None
    lines, start = frame.problem.call.lines, current_line(frame)
    own = lines[start].rounds if start >= 0 else ()
    if not own:
        return range(0)
    depth = len(own)
    while start and lines[start - 1].rounds[:depth] == own:
        start -= 1
    first, before = start, lines[start - 1].rounds if start else ()
    while len(before) >= depth and first and lines[first - 1].rounds[:depth] == before[:depth]:
        first -= 1
    return range(first, start)


def is_from_before(frame: Frame, place: Place) -> bool:
    """Return whether a line holds what it computed in an earlier call of its function, or round.

    A line below the cursor's in its function is still to be executed.
    """
    call, index = frame.problem.call, current_line(frame)
    if call is None or index < 0:
        return False
    here = call.lines[index]
    first, last = here.scope
    return place.file == here.place.file and max(first, here.place.line + 1) <= place.line <= last


def line_values(frame: Frame, at: int, width: int) -> tuple[str, ...]:
    """Return a line's assigned values, or its value of the model, in ever fewer cells.

    The last form, in which arrays are their shapes, is within half of a width.
    """
    assert frame.problem.call is not None
    line = frame.problem.call.lines[at]
    if line.assigned:
        single = len(line.assigned) == 1
        named = [("" if single else f"{clean(name)} ", value) for name, value in line.assigned]
    else:
        named = [("", frame.tape.value(node)) for node in line.nodes[-1:]]
    told = [(name, _forms(value)) for name, value in named]
    most = max((len(found) for _, found in told), default=0)
    *longer, last = (
        "  ".join(name + found[min(form, len(found) - 1)] for name, found in told)
        for form in range(max(1, most))
    )
    return *longer, clip(last, width // 2)


def _forms(value: Any) -> tuple[str, ...]:
    if isinstance(value, str | bool):
        return (_text(value),)
    return forms(np.asarray(value, dtype=np.float64))


def _text(value: Any) -> str:
    if isinstance(value, str | bool):
        return clean(repr(value))
    return summary(np.asarray(value, dtype=np.float64))


def line_mark(frame: Frame, at: int) -> Mark:
    """Return whether a line of the backward pass assigns the right value, if known."""
    assert frame.problem.call is not None
    claims = frame.problem.call.lines[at].claims
    if claims is None:
        return "none"
    name = frame.graph.nodes[claims].name
    return claim_mark(frame, name, name) if name in frame.claims else "right"


def is_found(frame: Frame, place: Place, last: int = 0) -> bool:
    """Return whether an error was found in a line, or from it to the `last` line."""
    return any(
        one.place.file == place.file and place.line <= one.place.line <= (last or place.line)
        for one in frame.known.findings
        if one.severity == "error" and one.place is not None
    )


def claimed_text(frame: Frame, at: int) -> str:
    """Return the gradient that a backward line computes, such as ∂L/∂h; empty if unknown."""
    assert frame.problem.call is not None
    claims = frame.problem.call.lines[at].claims
    return "" if claims is None else gradient_of(frame, claims)


def place_text(frame: Frame, width: int | None = None) -> str:
    """Return the place of the cursor: `lossFun line 15, t = 3 of 25`; empty without one.

    In a width the class of the function is left out, then its name, then the rounds of the loops.
    """
    if frame.problem.call is None:
        return ""
    index = current_line(frame)
    if index < 0:
        return ""
    line = frame.problem.call.lines[index]
    place = f"line {line.place.line}"
    whole = ", ".join([f"{line.function} {place}", *line.rounds])
    method = line.function.rpartition(".")[2]
    texts = map(clean, (whole, ", ".join([f"{method} {place}", *line.rounds]),
                        ", ".join([place, *line.rounds]), f"{method} {place}", place))  # fmt: skip
    return next((text for text in texts if width is None or cell_width(text) <= width), "")


def called_spans(frame: Frame, index: int) -> Iterator[str | Span]:
    """Yield a line's value, and the gradient that it is."""
    assert frame.problem.call is not None
    line = frame.problem.call.lines[index]
    yield f"{place_text(frame)}  ", "dim"
    for number, (name, value) in enumerate(line.assigned):
        yield "  " if number else ""
        yield clean(name), cursor_role(frame)
        yield f" = {_text(value)}" if name else _text(value)
    claimed = claimed_text(frame, index)
    if claimed:
        mark = line_mark(frame, index)
        yield "  "
        yield SIGNS[mark]
        yield f"  {claimed} = ", "dim"
        assert line.claims is not None
        yield summary(frame.tape.adjoint(line.claims), DIGITS), "gradient"
