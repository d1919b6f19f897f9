"""The program in rows: the model's lines, then the hand-written ones, with their values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import Place
from gradtui.base.text import cell_width, clean, clip, shape_text
from gradtui.debugger.frame import Frame
from gradtui.debugger.steps import Compute, Flow, Move, Seed, Written
from gradtui.debugger.wording import wording_of
from gradtui.engine.graph import Node, Statement
from gradtui.explain import called
from gradtui.explain.byhand import SIGNS, claimed_node, hand_line, hand_line_mark, line_mark
from gradtui.explain.code_rows import Shown, code_rows
from gradtui.explain.own_line import own_line
from gradtui.explain.spans import Span, TextRow, folded, line
from gradtui.explain.symbols import label
from gradtui.explain.update import move_told
from gradtui.explain.values import UNKNOWN, forms, summary
from gradtui.language.parser import Assignment

_NAMES, _CELLS = 8, 20
"""Most columns and classes that are named, and the cells of a name."""
_SIDES = 12
"""Cells of a row for its number, its marks and what is between."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Section(Struct, frozen=True):
    title: str
    lines: Sequence[Statement | Assignment]


def program_rows(
    frame: Frame, width: int, start: int = 0, stop: int | None = None, spare: int = 0
) -> list[TextRow]:
    """Return the rows of lines `start` to `stop`: as in the file, with their values."""
    lines = program_lines(frame, width, start, spare)
    return list(chain.from_iterable(islice(lines, None if stop is None else stop - start)))


def program_lines(
    frame: Frame, width: int, start: int = 0, spare: int = 0, half: called.Half | None = None
) -> Iterator[list[TextRow]]:
    """Yield the rows of each line of the program, or of a half of it, made as they are taken.

    Code that is wider than its row goes on in up to `spare` more rows; that of the line at the
    cursor, or of the selected one, in as many as it needs.
    """
    if frame.problem.call is not None:
        yield from _source_lines(frame, width, start, spare, half)
        return
    digits = max(len(str(s.lines[-1].place.line)) for s in _sections(frame))
    for section, index in _entries(frame, start):
        if index < 0:
            yield [line((clip(section.title, width), "heading"))]
            continue
        entry = section.lines[index]
        if isinstance(entry, Statement):
            shown = _statement(frame, index)
        elif section.lines is _backward(frame):
            shown = _backward_line(frame, index)
        else:
            shown = _update_line(frame, index)
        made = code_rows(frame, entry.place, shown, digits, width, spare)
        spare -= len(made) - 1
        yield made


def program_length(frame: Frame, half: called.Half | None = None) -> int:
    """Return the number of rows of the program, or of a half of it."""
    if frame.problem.call is not None:
        return len(called.shown_rows(frame, half))
    return sum(len(s.lines) + bool(s.title) for s in _sections(frame))


def given_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return the shapes of the arrays that the program starts from; empty if all are numbers.

    Arrays from a file are followed by the names of their columns, or of their classes.
    """
    given = list[Span]()
    for node in (*frame.graph.data, *frame.graph.parameters):
        if node.shape:
            names = _names_of(frame, node)
            text = f"{label(frame, node.id)} [{shape_text(node.shape)}]"
            given.append((f"{text}{':' if names else ''}  ", "dim"))
            given += [(f"{name}  ", "name") for name in names]
    return folded(("given  ", "dim"), given, width) if given else []


def _names_of(frame: Frame, node: Node) -> list[str]:
    """Return the names of an array's columns, or of the classes that its numbers stand for."""
    words = wording_of(node.name, frame.problem)
    names = [f"{at} {name}" for at, name in enumerate(words.classes)] or [*words.columns]
    if names == [node.name]:
        return []
    shown = [clip(clean(name), _CELLS) for name in names[:_NAMES]]
    return shown if len(names) <= _NAMES else [*shown, f"… {len(names) - _NAMES:,} more"]


def current_row(frame: Frame, half: called.Half | None = None) -> int:
    """Return the row of the line at the cursor, from 0; -1 for none."""
    if frame.problem.call is not None:
        return called.current_source_row(frame, half)
    match frame.now:
        case Compute(node) | Seed(node):
            return frame.structure.line_of.get(node, -1)
        case Flow(_, target):
            return frame.structure.line_of.get(target, -1)
        case Written(index):
            return len(frame.graph.statements) + 1 + index
        case Move():
            return _row_of_chosen_update(frame)
    return -1


def _row_of_chosen_update(frame: Frame) -> int:
    """Return the row of the line of the update whose finding the cursor went to; -1 for none."""
    update = frame.problem.update
    lines = () if update is None else update.program
    chosen = [at for at, line in enumerate(lines) if _chosen(frame, line, update=True)]
    return program_length(frame) - len(lines) + chosen[0] if chosen else -1


def current_place(frame: Frame) -> Place:
    """Return the place of the line in view: the cursor's, else the selected node's."""
    if frame.problem.call is not None:
        at = called.current_line(frame)
        at = frame.problem.call.computing.get(frame.selected, -1) if at < 0 else at
        return frame.problem.call.lines[at].place if at >= 0 else frame.problem.rate_place
    row = current_row(frame)
    if row < 0:
        row = frame.structure.line_of.get(frame.selected, -1)
    place = frame.graph.nodes[frame.selected].place
    if row >= 0:
        section, index = next(_entries(frame, row))
        place = section.lines[index].place
    return place or Place(1)


def _source_lines(
    frame: Frame, width: int, start: int, spare: int, half: called.Half | None
) -> Iterator[list[TextRow]]:
    """Yield the rows of each line of the functions of a call, as in their files."""
    past = called.round_before(frame)
    source, here = called.shown_rows(frame, half), called.current_source_row(frame, half)
    pinned = called.pinned_place(frame)
    digits = max(len(str(row.place.line)) for row in source)
    for at, row in islice(enumerate(source), start, None):
        if row.heading:
            yield [line((clip(row.heading, width), "heading"))]
            continue
        shown = _source_row(frame, row, width, past)
        shown = replace(shown, here=at == here, selected=row.line and row.place == pinned)
        made = code_rows(frame, row.place, shown, digits, width, spare)
        spare -= len(made) - 1
        yield made


def _source_row(frame: Frame, row: called.SourceRow, width: int, past: range) -> Shown:
    """Return the parts of a line of a function, or of a loop that is folded into one."""
    text = _dedented(frame.problem.texts[row.place.file], row.first, row.place.line)
    found = _found(frame, row.place)
    if row.fold is not None:
        code = text.partition("#")[0].rstrip()
        longer, shorter = called.fold_values(frame, row.fold)
        value = longer if cell_width(code) + len(longer) + _SIDES <= width else shorter
        wrong = called.is_found(frame, row.place, row.fold[2])
        mark = SIGNS["wrong" if wrong else "none"]
        return Shown(code + called.fold_text(row.fold), (value,), mark, chosen=found)
    index = called.shown_line(frame, row.place) if row.line else None
    if index is None:
        if row.line:
            return Shown(text, (UNKNOWN,), SIGNS["none"], chosen=found)
        return Shown(text, (), None, chosen=found)
    wrong = called.is_found(frame, row.place)
    mark = SIGNS["wrong" if wrong else called.line_mark(frame, index)]
    right = called.line_mark(frame, index) == "right"
    # Wrong in another round: this round's value does not show it.
    true = "" if wrong and right else called.claimed_text(frame, index)
    if wrong and (own := own_line(frame, row.place)) is not None:
        true = own.brief
    before = index in past or called.is_from_before(frame, row.place)
    return Shown(
        text, called.line_values(frame, index, width), mark, chosen=found, true=true, past=before
    )


def _dedented(texts: Sequence[str], first: int, number: int) -> str:
    """Return a line of a function without the indentation of the whole function."""
    head, text = (texts[at - 1].expandtabs() for at in (first, number))
    return text[len(head) - len(head.lstrip()) :].rstrip()


def _found(frame: Frame, place: Place) -> bool:
    """Return whether the cursor went to a finding of this line of a call."""
    if frame.known.chosen is None:
        return False
    found = frame.known.findings[frame.known.chosen].place
    return found is not None and (found.file, found.line) == (place.file, place.line)


def _sections(frame: Frame) -> list[_Section]:
    """Return the parts of the program; all except the model have a heading."""
    sections = [_Section("", frame.graph.statements)]
    for what, hand in (("backward", frame.problem.backward), ("update", frame.problem.update)):
        if hand is not None and hand.program:
            other = hand.file != frame.problem.path
            title = f"{what}, by hand" + (f": {os.path.basename(hand.file)}" if other else "")
            sections.append(_Section(clean(title), hand.program))
    return sections


def _entries(frame: Frame, start: int) -> Iterator[tuple[_Section, int]]:
    """Yield (section, line of it) for each row from `start` on; line -1 is the heading."""
    for section in _sections(frame):
        first = -1 if section.title else 0
        size = len(section.lines) - first
        for index in range(first + min(start, size), len(section.lines)):
            yield section, index
        start = max(0, start - size)


def _backward(frame: Frame) -> Sequence[Assignment]:
    return frame.problem.backward.program if frame.problem.backward else ()


def _statement(frame: Frame, index: int) -> Shown:
    statement, problem = frame.graph.statements[index], frame.problem
    known = frame.computed(statement.root)
    values = forms(frame.tape.value(statement.root)) if known else (UNKNOWN,)
    values = _told_apart(values, frame.graph.statements, index, label(frame, statement.root))
    source = _source(problem.texts[problem.file_of(statement.place)], statement.place)
    text = _NAME.sub(lambda match: problem.label(match[0]), source)
    match frame.now:
        case Compute(node) | Flow(_, node) | Seed(node):
            here = frame.structure.line_of.get(node, -1) == index
        case _:
            here = False
    selected = frame.structure.line_of.get(frame.selected, -1) == index
    return Shown(text, values, None, here, selected=selected and frame.apart)


def _backward_line(frame: Frame, index: int) -> Shown:
    backward, own, known = frame.problem.backward, hand_line(frame, index), frame.written(index)
    assert backward is not None
    mark = hand_line_mark(frame, index) if known or frame.known.judgement else "none"
    if own.written is None:
        values: tuple[str, ...] = ("no value",)
    else:
        values = forms(frame.tape.value(own.written)) if known else (UNKNOWN,)
    values = _told_apart(values, backward.program, index, own.line.name)
    true = ""
    target = claimed_node(frame, index)
    if known and target is not None and mark in ("wrong", "inherited"):
        true = f"true {summary(frame.tape.adjoint(target))}"
    here = isinstance(frame.now, Written) and frame.now.index == index
    text = _source(backward.lines, own.line.place)
    return Shown(text, values, SIGNS[mark], here, _chosen(frame, own.line, update=False), true)


def _told_apart(
    values: tuple[str, ...], lines: Sequence[Statement | Assignment], index: int, name: str
) -> tuple[str, ...]:
    """Return the values of one name of a line, after the name if the line assigns others too."""
    beside = (*lines[max(0, index - 1) : index], *lines[index + 1 : index + 2])
    if all(other.place.line != lines[index].place.line for other in beside):
        return values
    return tuple(f"{name} {value}" for value in values)


def _update_line(frame: Frame, index: int) -> Shown:
    update, program = frame.problem.update, frame.tape.program
    assert update is not None
    entry = update.program[index]
    values: tuple[str, ...] = ()
    if frame.problem.drive == "hand":
        moves = [u for u in program.updates if u.parameter == frame.selected] or program.updates
        known = frame.position >= frame.order.backward and move_told(frame, moves[0].parameter)
        moved = moves[0].lines[index][1]
        values = forms(frame.tape.value(moved)) if known else (UNKNOWN,)
    mark = SIGNS[line_mark(frame, entry.place.line, update=True)]
    text = _source(update.lines, entry.place)
    return Shown(text, values, mark, False, _chosen(frame, entry, update=True))


def _chosen(frame: Frame, entry: Assignment, *, update: bool) -> bool:
    """Return whether the cursor went to a finding of a line of an update, or of a gradient."""
    if frame.known.chosen is None:
        return False
    finding = frame.known.findings[frame.known.chosen]
    meant = finding.of_update if update else finding.of_gradient
    return meant and finding.line == entry.place.line


def _source(texts: Sequence[str], place: Place) -> str:
    """Return a line of code as in the file, with continued lines joined."""
    parts: list[str] = []
    depth = 0
    for text in islice(texts, place.line - 1, None):
        code = text.partition("#")[0].strip()
        depth += sum(code.count(mark) for mark in "([") - sum(code.count(mark) for mark in ")]")
        parts.append(code)
        if depth <= 0:
            break
    if len(parts) == 1:
        return texts[place.line - 1].strip()
    return " ".join(filter(None, parts)).replace("( ", "(").replace(" )", ")")
