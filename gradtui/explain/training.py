"""A training step's surroundings: its batch, the validation, the rate's schedule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradtui.base.text import number, wrap
from gradtui.debugger.frame import Frame
from gradtui.explain.spans import Span, TextRow, line
from gradtui.explain.values import UNKNOWN

_ROWS = 8
"""Most rows of a batch listed."""


def part_text(rows: int, of: int) -> str:
    """Return the words for the rows of a batch, in a table that shows no others."""
    return f"rows of this step's batch: {rows:,} of {of:,}"


def batch_text(frame: Frame, width: int = 1000) -> str:
    """Return `rows 3 0 · epoch 4, batch 2/2`, or as many whole rows as fit a width.

    It is empty if the step uses all data.
    """
    batches, rows = frame.problem.trainer.batches, frame.tape.batch
    if batches is None or rows is None:
        return ""
    epoch, index = divmod(frame.step, batches.per_epoch)
    place = f"epoch {epoch + 1}, batch {index + 1}/{batches.per_epoch}"
    listed = [_rows_text(rows, count) for count in range(min(_ROWS, len(rows)), 0, -1)]
    texts = [f"{listed[0]} · {place}", *listed]
    return next((text for text in texts if len(text) <= width), texts[-1])


def _rows_text(rows: NDArray[np.intp], count: int) -> str:
    """Return the first rows of a batch, and their number if there are more."""
    more = f" … ({len(rows):,})" if len(rows) > count else ""
    return f"rows {' '.join(map(str, rows[:count]))}{more}"


def schedule_rows(frame: Frame, width: int) -> list[TextRow]:
    """Return the state of a schedule that watches the loss, and the next rate."""
    watch = frame.problem.trainer.program.watch
    if watch is None:
        return []
    head: Span = (f"{watch.schedule.name}  ", "name")
    if frame.position < frame.order.backward:
        return [line(head, (UNKNOWN, "dim"))]
    old = {name: float(frame.tape.value(node)) for name, node, _ in watch.state}
    new = {name: float(frame.tape.value(node)) for name, _, node in watch.state}
    validated = frame.tape.validation_loss
    seen = frame.loss if validated is None else validated
    what = "loss" if validated is None else "validation loss"
    if new["best"] != old["best"]:
        verdict = f"better than {number(old['best'])}" if np.isfinite(old["best"]) else "the first"
    else:
        limit = int(watch.constants["patience"])
        waited = int(old["waited"]) + 1
        verdict = f"best {number(old['best'])}, {waited} in a row not better, patience {limit}"
    indent: Span = (" " * len(head[0]), "plain")
    texts = wrap(f"{what} {number(seen)}: {verdict}", max(12, width - len(head[0])))
    rows = [line(indent if index else head, text) for index, text in enumerate(texts)]
    if new["lr"] != old["lr"] and frame.problem.trainer.program.lr not in frame.untold_moves:
        change = f"lr {number(old['lr'])} → {number(new['lr'])} at step {frame.step + 1:,}"
        rows += [
            line(indent, (text, "now")) for text in wrap(change, max(12, width - len(head[0])))
        ]
    return rows


def _divisor(frame: Frame, position: int) -> int | None:
    """Return the node whose root divides the rate; None without one."""
    program = frame.problem.trainer.program
    if program.moved_by_hand:
        return None
    return dict(program.updates[position].lines).get(program.dynamics.second)


def own_rate(
    frame: Frame, position: int, index: tuple[int, ...], digits: int
) -> tuple[str, ...] | None:
    """Return the arithmetic of one element's own rate, its result, and the move it causes.

    None if the optimizer does not divide the rate.
    """
    program = frame.problem.trainer.program
    update = program.updates[position]
    divisor = _divisor(frame, position)
    if divisor is None:
        return None
    eps = next(value for node, value in program.constants if program.nodes[node].name == "eps")
    squares = frame.tape.element(divisor, index)
    with np.errstate(all="ignore"):
        own = frame.tape.rate / (np.sqrt(squares) + eps)
        moved = frame.tape.element(update.result, index)
        step = moved - frame.tape.element(update.parameter, index)
    divided = f"sqrt({number(squares, digits)}) + {number(eps)}"
    return (
        f"{number(frame.tape.rate)}/({divided})", number(float(own), digits), number(step, digits)
    )  # fmt: skip
