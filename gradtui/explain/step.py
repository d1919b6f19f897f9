"""One step in rows: the header, what is done now, the gradient vector, the update, the program."""

from __future__ import annotations

import re

import numpy as np

from gradtui.explain.spans import Line, Role, Span, aligned, columns, line, line_width
from gradtui.explain.symbols import (
    all_scalar,
    gradient_of,
    in_names,
    in_numbers,
    label,
    partial,
    update_in_numbers,
)
from gradtui.explain.training import effective_row, schedule_rows
from gradtui.explain.values import UNKNOWN, Array, elements, summary, unlisted
from gradtui.frame import Frame
from gradtui.moments import Compute, Flow, Move, Pass, Seed
from gradtui.text import cell_width, clean, clip, compact, number, paragraphs, wrap

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WIDE = 112
_NARROW, _GAP, _NAME_CELLS = 42, 2, 12
_PASS_WORDS = {
    Pass.START: "nothing computed yet",
    Pass.FORWARD: "forward",
    Pass.BACKWARD: "backward",
    Pass.UPDATE: "update",
}


def header(frame: Frame, width: int) -> Line:
    """Return the first row of the screen: scenario, optimizer, step, pass, loss."""
    problem = frame.problem
    word, loss = _PASS_WORDS[frame.where], clip(label(frame, frame.graph.loss), _NAME_CELLS)
    if frame.where is not Pass.START:
        word += " done" if frame.pass_done else " …"
    rate = number(frame.tape.rate)
    parts: list[Span] = [
        (f"{problem.optimizer}  lr {rate}   " if width >= 60 else "", "dim"),
        (f"step {frame.step}/{problem.steps}", "heading"),
        (f"   {word}", "plain"),
    ]
    if frame.computed(frame.graph.loss):
        parts.append((f"   {loss} {number(frame.loss)}", "value"))
        parts.append(_trend(frame))
        if frame.validation_loss is not None and width >= _WIDE:
            parts.append((f"  validation {number(frame.validation_loss)}", "local"))
    else:
        parts.append((f"   {loss} {UNKNOWN}  ", "dim"))
    right = line(*parts, " ")
    room = width - sum(len(text) for text, _ in right) - 12
    name = " gradtui " if width >= 60 else " "
    left = line((name, "heading"), " ", clip(problem.title, max(0, room)))
    return aligned(left, right, width)


def _trend(frame: Frame) -> Span:
    if frame.step == 0 or frame.step >= len(frame.losses):
        return ("  ", "plain")
    before = frame.losses[frame.step - 1]
    if not np.isfinite(frame.loss):
        return (" !", "bad")
    if frame.loss == before:
        return (" =", "dim")
    return (" ▼", "good") if frame.loss < before else (" ▲", "bad")


def now_line(frame: Frame) -> Line:
    """Return what the cursor's moment did, as a sentence with its numbers."""
    match frame.now:
        case None:
            return line(("now  ", "dim"), f"step {frame.step} begins: no value is computed yet")
        case Compute(node):
            return line(("now  ", "dim"), *_computed(frame, node))
        case Seed(node):
            return line(("now  ", "dim"), (f"{gradient_of(frame, node)} = 1", "now"),
                        ("  the backward pass starts at the loss", "dim"))  # fmt: skip
        case Flow(source, target):
            return line(("now  ", "dim"), *_flowed(frame, source, target))
        case Move(position):
            return line(("now  ", "dim"), *_moved(frame, position))


def _computed(frame: Frame, node: int) -> list[str | Span]:
    value = frame.tape.value(node)
    parts: list[str | Span] = []
    if frame.graph.nodes[node].name:
        parts += [(label(frame, node), "now"), " = "]
    result, formula = summary(value, 6), in_names(frame, node)
    if formula != result:
        parts += [(formula, "now"), " = "]
    numbers = in_numbers(frame, node) if all_scalar(frame, node) else result
    if numbers not in (formula, result):
        parts += [numbers, " = "]
    return [*parts, (result, "value")]


def _flowed(frame: Frame, source: int, target: int) -> list[str | Span]:
    flow, local = frame.edge_contribution(source, target), frame.edge_local(source, target)
    arriving = frame.tape.adjoint(target)
    parts: list[str | Span] = [
        (f"{label(frame, target)} → {label(frame, source)}", "now"),
        "  ",
    ]
    if local is not None:
        parts += [gradient_of(frame, target), " · ", partial(frame, target, source), " = "]
        parts += [summary(arriving, 6), " · ", (summary(local, 6), "local"), " = "]
    parts.append((summary(flow, 6), "gradient"))
    if frame.gradient_state(source) == "partial":
        parts.append(("  more paths add to it", "dim"))
    elif len(frame.structure.consumers.get(source, ())) > 1:
        parts += ["  sum ", (summary(frame.gradient(source), 6), "gradient")]
    return parts


def _moved(frame: Frame, position: int) -> list[str | Span]:
    update = frame.problem.trainer.program.updates[position]
    new = frame.tape.value(update.result)
    name = label(frame, update.parameter)
    if new.shape == ():
        return [
            (f"{name} ← ", "now"),
            _arithmetic(frame, position, update.result, ()),
            " = ",
            (summary(new, 6), "value"),
        ]
    return [(f"{name} ← ", "now"), (summary(new, 6), "value")]


def gradient_rows(frame: Frame, width: int = 80) -> list[Line]:
    """Return the gradient vector: value, derivative, central difference, and its norm.

    In a narrow panel numbers are cut to fewer digits, so that all columns stay in view.
    """
    cells = _cells_of_a_number(frame, width)

    def shown(value: float) -> str:
        return compact(value, cells) if width < _NARROW else number(value)

    loss = label(frame, frame.graph.loss)
    table: list[list[Span]] = [
        [("", "dim"), ("value", "dim"), (f"∂{loss}/∂", "dim"), ("central", "dim")]
    ]
    left_out = 0
    for position, node in enumerate(frame.graph.parameters):
        value, gradient, central = (
            frame.tape.value(node.id),
            frame.gradient(node.id),
            frame.central[position],
        )
        left_out += unlisted(value)
        state = frame.gradient_state(node.id)
        for text, index in elements(clip(label(frame, node.id), _NAME_CELLS), value):
            role: Role = "selected" if node.id == frame.selected else "name"
            slope = UNKNOWN if state == "unknown" else shown(float(gradient[index]))
            row: list[Span] = [(text, role), (shown(float(value[index])), "value")]
            row.append((slope + ("…" if state == "partial" else ""), "gradient"))
            row.append(_check(frame, gradient, central, index, cells, known=state == "known"))
            table.append(row)
    whole = all(frame.gradient_state(n.id) == "known" for n in frame.graph.parameters)
    norm = shown(frame.tape.gradient_norm) if whole else UNKNOWN
    table.append([("|∇|", "name"), ("", "plain"), (norm, "gradient")])
    rows = columns(table)
    if left_out:
        rows.insert(-1, line((f"… {left_out:,} more elements", "dim")))
    return rows


def _cells_of_a_number(frame: Frame, width: int) -> int:
    """Return the cells that leave room for three columns of numbers beside the names."""
    names = max(
        min(_NAME_CELLS, cell_width(label(frame, node.id)))
        + 2 * len(node.shape)
        + (1 if node.shape else 0)
        for node in frame.graph.parameters
    )
    return max(5, min(8, (width - names - 3 * _GAP - 2) // 3))


def _check(
    frame: Frame,
    gradient: Array,
    central: Array | None,
    index: tuple[int, ...],
    cells: int,
    *,
    known: bool,
) -> Span:
    """Return the central difference of one element, marked where it agrees."""
    if not known:
        return (UNKNOWN, "dim")
    if central is None:
        return ("", "dim")
    true, near = float(gradient[index]), float(central[index])
    scale = 1e-8 * max(1.0, abs(frame.loss))
    if not (np.isfinite(true) and np.isfinite(near) and np.isfinite(frame.loss)):
        return (compact(near, cells) + "  ", "dim")
    agrees = abs(true - near) <= 1e-5 * max(abs(true), abs(near)) + scale
    return (compact(near, cells) + (" ✓" if agrees else " ?"), "good" if agrees else "bad")


def update_rows(frame: Frame, width: int = 80) -> list[Line]:
    """Return how the optimizer moves each parameter, line by line of its program, with numbers.

    Where a line is wider than the panel its result comes first, so that it stays in view.
    """
    program = frame.problem.trainer.program
    rows = [line((program.formula, "dim")), *_clip_rows(frame), *schedule_rows(frame, width)]
    whole = frame.position >= frame.schedule.backward
    left_out = 0
    for position, update in enumerate(program.updates):
        new = frame.tape.value(update.result)
        left_out += unlisted(new)
        known = frame.gradient_state(update.parameter) == "known"
        ready = whole if program.clip else known
        for text, index in elements(label(frame, update.parameter), new):
            selected = update.parameter == frame.selected
            done = "✓" if frame.moved(position) else " "
            name: Span = (f"{text}{done} ", "selected" if selected else "name")
            if ready:
                rows += _element_rows(frame, position, index, name, width)
            else:
                rows.append(line(name, (UNKNOWN, "dim")))
    if left_out:
        rows.append(line((f"… {left_out:,} more elements", "dim")))
    return rows


def _clip_rows(frame: Frame) -> list[Line]:
    """Return by how much the gradients are scaled, where the scenario limits their length."""
    clip = frame.problem.trainer.program.clip
    if clip is None:
        return []
    if frame.position < frame.schedule.backward:
        return [line(("clip  ", "name"), (UNKNOWN, "dim"))]
    norm, scale = (float(frame.tape.value(id)) for id in (clip.norm, clip.scale))
    verdict = "all gradients" if scale < 1 else "not clipped: all gradients"
    return [line(("clip  ", "name"), f"|∇| {number(norm)}: {verdict} × ", (number(scale), "value"))]


def _element_rows(
    frame: Frame, position: int, index: tuple[int, ...], name: Span, width: int
) -> list[Line]:
    """Return one element's update: each line of the program with its numbers."""
    update = frame.problem.trainer.program.updates[position]
    role: Role = "value" if frame.moved(position) else "dim"
    rows = []
    for count, (assigned, node) in enumerate(update.lines):
        head = name if count == 0 else (" " * cell_width(name[0]), "plain")
        own = f"{_written(assigned)} = " if len(update.lines) > 1 else ""
        sum_text = _arithmetic(frame, position, node, index)
        value = frame.tape.value(node)
        result: Span = (number(float(value if value.shape == () else value[index])), role)
        row = line(head, own, sum_text, (" = ", "dim"), result)
        if line_width(row) > width:
            row = line(head, own, result, (" = ", "dim"), sum_text)
        rows.append(row)
    return rows + effective_row(frame, position, index, cell_width(name[0]), width, role)


def _written(name: str) -> str:
    """Return an optimizer's name as it is written on paper: `m̂` for `mhat`."""
    return f"{name[0]}\N{COMBINING CIRCUMFLEX ACCENT}" if name.endswith("hat") else name


def _arithmetic(frame: Frame, position: int, result: int, index: tuple[int, ...]) -> str:
    """Return a line of the update with numbers; what earlier lines gave is a number in it."""
    program = frame.problem.trainer.program
    update = program.updates[position]
    known = {update.gradient, *(node for _, node in update.lines if node < result)}

    def read(id: int) -> float:
        value = frame.tape.value(id)
        return float(value if value.shape == () else value[index])

    return update_in_numbers(frame, result, known, read)


def program_rows(frame: Frame, width: int, start: int = 0, stop: int | None = None) -> list[Line]:
    """Return the model's lines `start` to `stop` as they stand in the file, with their values."""
    rows, problem = [], frame.problem
    statements = frame.graph.statements
    digits = len(str(statements[-1].place.line))
    now = current_line(frame)
    for index, statement in enumerate(statements[start:stop], start):
        source = problem.line_at(statement.place).strip()
        code = source.partition("#")[0].rstrip()
        if code.count("(") > code.count(")"):
            source = f"{code} …"  # it goes on over the lines that follow
        text = _NAME.sub(lambda match: problem.label(match[0]), source)
        here = index == now
        known = frame.computed(statement.root)
        value = summary(frame.tape.value(statement.root)) if known else UNKNOWN
        number_of = str(statement.place.line).rjust(digits)
        room = max(4, width - digits - 4 - len(value))
        role: Role = "now" if here else "plain"
        left = line((f"{number_of}{'▸' if here else ' '} ", "now" if here else "dim"),
                    (clip(clean(text), room), role))  # fmt: skip
        rows.append(aligned(left, line((value, "value" if known else "dim")), width))
    return rows


def current_line(frame: Frame) -> int:
    """Return the number of the statement that the cursor stands on, from 0; -1 for none."""
    match frame.now:
        case Compute(node) | Flow(_, node) | Seed(node):
            return frame.structure.line_of.get(node, -1)
    return -1


def timeline(frame: Frame, width: int) -> Line:
    """Return the run as a row of steps, the present one filled in."""
    last = max(frame.problem.steps, frame.step)
    word = " step "
    room = width - len(word) - 1
    if room < 8:
        return line((f"{frame.step}/{last}", "heading"))
    if last * 3 + 1 <= room:
        spans: list[Span] = [(" ", "plain")]
        for step in range(last + 1):
            spans.append(("●", "now") if step == frame.step else ("○", "dim"))
            if step < last:
                spans.append(("──", "dim"))
        return line(*spans, (word, "dim"))
    at = round(frame.step * (room - 1) / last)
    return line(
        (" " + "─" * at, "dim"), ("●", "now"), ("─" * (room - 1 - at), "dim"), (word, "dim")
    )


def notes_rows(frame: Frame, width: int) -> list[Line]:
    """Return the scenario's notices, then its notes, wrapped."""
    problem = frame.problem
    rows = [
        line(("! " if first else "  ", "bad"), text)
        for notice in problem.notices
        for first, text in _marked(wrap(notice.message, width - 2))
    ]
    for paragraph in paragraphs(problem.notes):
        rows += [line(text) for text in wrap(paragraph, width)]
    return rows


def _marked(texts: list[str]) -> list[tuple[bool, str]]:
    return [(index == 0, text) for index, text in enumerate(texts)]
