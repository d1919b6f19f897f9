"""Accuracy and confusion of a classifier, on the rows of a step and of the validation."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from gradtui.base.text import cell_width, number
from gradtui.debugger.frame import Frame
from gradtui.debugger.wording import NO_WORDS, Wording, predicted_classes
from gradtui.engine.classifier import Classifier, find_classifier
from gradtui.engine.graph import Graph
from gradtui.engine.observables import Observable, observed, read_expression
from gradtui.engine.program import StepProgram
from gradtui.engine.tape import Tape
from gradtui.explain.arrays import NOTES, Grid
from gradtui.explain.spans import Span, TextRow, line, line_width
from gradtui.explain.values import Array

_GRAPHS = 8
"""Most models whose classes are remembered."""
_VALUES = 8
"""Most values that are remembered: those of a step have several readers."""
_MOST = 12
"""Most classes whose confusion is listed."""
_TIES = "a row with equal scores counts in part for each"
"""Where a count is no whole number."""


def class_rows(frame: Frame, width: int = 80) -> list[TextRow]:
    """Return accuracy and confusion, of the validation if there is one, else of the step.

    A model that is no classifier has no rows.
    """
    program = frame.tape.program
    found = {"": _classifier(frame.graph)}
    if program.validation is not None:
        found["validation_"] = program.validation.classifier
    told = {
        prefix: one
        for prefix, one in found.items()
        if one is not None and frame.graph.names.keys().isdisjoint(_names(prefix))
    }
    rows = [_accuracy(frame, prefix, one) for prefix, one in told.items()]
    if any(line_width(row) > width for row in rows):
        rows = [_accuracies(frame, told)]
    if any(_has_ties(frame, prefix) for prefix in told):
        rows.append(line((_TIES, "dim")))
    return rows + (_confusion(frame, max(told), width) if told else [])


def accuracy_text(frame: Frame) -> str:
    """Return the accuracy on the step's rows, `accuracy 0.83`; empty unless it is a classifier."""
    if _classifier(frame.graph) is None or "accuracy" in frame.graph.names:
        return ""
    return f"accuracy {number(float(_value(frame.tape, 'accuracy')), 3)}"


@lru_cache(_GRAPHS)
def _classifier(graph: Graph) -> Classifier | None:
    return find_classifier(graph.nodes, range(len(graph.nodes)))


def _names(prefix: str) -> tuple[str, str]:
    return f"{prefix}accuracy", f"{prefix}confusion"


def _accuracy(frame: Frame, prefix: str, classifier: Classifier) -> TextRow:
    name = f"{prefix}accuracy"
    accuracy = float(_value(frame.tape, name))
    count = math.prod(frame.tape.program.nodes[classifier.labels].shape)
    whose = "" if prefix else " of this step"
    many = number(round(accuracy * count, 6)) if math.isfinite(accuracy) else "?"
    told = f"   {many} of {count:,} rows{whose}"
    return line((name, "name"), " = ", (number(accuracy), "value"), (told, "dim"))


def _accuracies(frame: Frame, prefixes: Iterable[str]) -> TextRow:
    """Return all accuracies in one row, for a narrow panel."""
    spans: list[Span] = []
    for prefix in prefixes:
        name = ", in validation " if prefix and spans else f"{prefix}accuracy "
        value = float(_value(frame.tape, f"{prefix}accuracy"))
        spans += [(name, "name"), (number(value, 3), "value")]
    return tuple(spans)


def _confusion(frame: Frame, prefix: str, width: int) -> list[TextRow]:
    """Return the number of rows of each true class predicted as each class, if these are few."""
    confusion = _value(frame.tape, f"{prefix}confusion")
    if len(confusion) > _MOST:
        return []
    words = predicted_classes(frame.problem)
    numbered = Wording((), tuple(f"{at} {word}" for at, word in enumerate(words)))
    whose = "  of the validation" if prefix else ""
    wordings = Wording(words, words), numbered, NO_WORDS  # all the same without words
    made = {one: _table(confusion, one, width) for one in dict.fromkeys(wordings)}
    tables = [made[one] for one in wordings]
    noted = [_noted(table, whose) if fits else [] for fits, table in tables]
    beside = [rows if rows and line_width(rows[0]) <= width else [] for rows in noted]
    fits, table = tables[1]
    note = NOTES["confusion"]
    owned = f"validation: {note}" if prefix else note
    above = [line((owned if cell_width(owned) <= width else note, "dim")), *table]
    # The names are worth a row for the note, but not beside a lesson, which needs it.
    named = bool(words) and fits and frame.lesson is None
    return beside[0] or beside[1] or (above if named else beside[2] or above)


def _noted(table: list[TextRow], whose: str) -> list[TextRow]:
    """Return a table of confusion with what its rows and columns are beside its own first rows."""
    head, first, *counts = table
    return [(*head, (f"  {NOTES['confusion']}", "dim")), (*first, (whose, "dim")), *counts]


def _table(confusion: Array, wording: Wording, width: int) -> tuple[bool, list[TextRow]]:
    """Return whether a confusion table has room for all columns, and its rows."""
    grid = Grid(confusion, wording=wording)
    rows = grid.window(0, len(confusion) + 1, 0, width - 2)
    return grid.fitting(width - 2) >= len(confusion), [line("  ", *row) for row in rows]


def _has_ties(frame: Frame, prefix: str) -> bool:
    """Return whether rows are predicted as several classes, so that they count in part."""
    confusion = _value(frame.tape, f"{prefix}confusion")
    return bool(np.any(confusion != np.round(confusion)) and np.all(np.isfinite(confusion)))


@lru_cache(_VALUES)
def _value(tape: Tape, text: str) -> Array:
    found = _expression(text, tape.program)
    rows = [[tape.value(node) for node in found.needs]]
    return np.asarray(observed(found, rows, tape.step))


@lru_cache(_GRAPHS)
def _expression(text: str, program: StepProgram) -> Observable:
    return read_expression(text, program)
