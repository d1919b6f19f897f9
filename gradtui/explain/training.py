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


def schedule_rows(frame: Frame, width: int, digits: int) -> list[TextRow]:
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
    best = number(old["best"], digits)
    if new["best"] != old["best"]:
        verdict = f"better than {best}" if np.isfinite(old["best"]) else "the first"
    else:
        limit = int(watch.constants["patience"])
        waited = int(old["waited"]) + 1
        verdict = f"best {best}, {waited} in a row not better, patience {limit}"
    indent: Span = (" " * len(head[0]), "plain")
    texts = wrap(f"{what} {number(seen, digits)}: {verdict}", max(12, width - len(head[0])))
    rows = [line(indent if index else head, text) for index, text in enumerate(texts)]
    if new["lr"] != old["lr"] and frame.problem.trainer.program.lr not in frame.untold_moves:
        before, after = number(old["lr"], digits), number(new["lr"], digits)
        change = f"lr {before} → {after} at step {frame.step + 1:,}"
        rows += [
            line(indent, (text, "now")) for text in wrap(change, max(12, width - len(head[0])))
        ]
    return rows
