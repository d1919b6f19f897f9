"""Any value of a step by an expression: an array of the model, a gradient, a computation.

The language is that of watches; besides, a name may be a label or what a line of the user's own
code assigned, `dw` means grad(w) unless something is called dw, and brackets pick an element or a
row: `W[0,1]`, `grad(W)[2]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.text import shape_text
from gradtui.debugger.assigned import OwnNames
from gradtui.debugger.session import Session
from gradtui.debugger.wording import Wording, wording_of
from gradtui.engine.observables import (
    Array,
    Observable,
    observe_node,
    observe_value,
    observed,
    read_expression,
)
from gradtui.engine.tape import Tape
from gradtui.scenario.problem import Problem
from gradtui.scenario.references import as_shown

Pick = tuple[int | slice, ...]
_PICKED = re.compile(r"(?P<of>.+?)\s*\[(?P<parts>[-0-9:,\s]*)\]\s*", re.DOTALL)
_PART = re.compile(r"(-?[0-9]{1,9})|(-?[0-9]{0,9})\s*:\s*(-?[0-9]{0,9})")
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
_SLOPE = re.compile(r"grad\s*\(\s*(?P<of>.+?)\s*\)|[d∂](?P<alone>.+)", re.DOTALL)

_Found = tuple[Observable, tuple[Array, ...]]
"""An expression, and the values that it needs beside those of the tape."""


class Inspected(Struct, frozen=True, eq=False):
    """An expression ready to be evaluated at any step."""

    text: str
    """The expression as written."""
    shape: tuple[int, ...]
    observable: Observable
    _pick: Pick
    _own: tuple[Array, ...] = ()
    """The values that it needs beside those of the tape."""

    def value(self, step: int, tape: Callable[[int], Tape]) -> Array:
        """Return its value at a step; `tape` returns the tape of a step.

        Raises InputError if it looks back beyond the first step.
        """
        first = step - self.observable.depth
        if first < 0:
            raise InputError("there is no step before", Place(1, 1), source_line=self.text)
        tapes = map(tape, range(first, step + 1))
        rows = [[self._value(one, node) for node in self.observable.needs] for one in tapes]
        return np.asarray(observed(self.observable, rows, first)[self._pick])

    def _value(self, tape: Tape, node: int) -> Array:
        own = node - len(tape.program.nodes)
        return tape.value(node) if own < 0 else self._own[own]


def read_inspected(text: str, problem: Problem, own: OwnNames | None = None) -> Inspected:
    """Return the expression that a text is; raises InputError with a place in the text.

    `own` are the names of the user's code, where it is one call of that.
    """
    text, pick = text.strip(), Pick()
    try:
        found = _named(text, problem, own)
        picked = None if found else _PICKED.fullmatch(text)
        of = picked["of"] if picked and _picks(picked["parts"]) else ""
        found = found or _named(of, problem, own)
        if picked and of and (found or _is_one(of)):
            found = found or _computed(of, problem, own)
            at = picked.start("parts") - 1
            pick = _pick(picked["parts"], found[0].shape, Place(1, at + 1, len(text) - at))
        whole, values = found or _computed(text, problem, own)
        shape = np.broadcast_to(0.0, whole.shape)[pick].shape
        return Inspected(text, shape, whole, pick, values)
    except InputError as error:
        raise InputError(error.message, error.place, source_line=text) from None


def inspect(text: str, session: Session) -> Array:
    """Return a text's value at a session's cursor; raises InputError with a place in the text."""
    own = OwnNames(session.problem, session.structure, session.position)
    return read_inspected(text, session.problem, own).value(session.step, session.tape)


def whole_data(text: str, problem: Problem) -> Array | None:
    """Return all rows of the data that a text names, if a step sees only a batch of them."""
    node = as_shown(problem.graph.names, problem).get(text.strip())
    return None if node is None else problem.trainer.whole(node)


def wording(text: str, problem: Problem) -> Wording:
    """Return the words that belong to the value of a text: of data, or of counts of classes."""
    node = as_shown(problem.graph.names, problem).get(text.strip())
    name = text.strip() if node is None else problem.graph.nodes[node].name
    return wording_of(name, problem)


def is_value(text: str, session: Session) -> bool:
    """Return whether a text stands for a value at a session's step."""
    try:
        inspect(text, session)
    except InputError:
        return False
    return True


def _named(text: str, problem: Problem, own: OwnNames | None) -> _Found | None:
    """Return what is meant by a name, a label, or the gradient of either; else None."""
    names, program = as_shown(problem.graph.names, problem), problem.trainer.program
    if text in names and (own is None or not own.assigns(text)):
        return observe_node(names[text], program), ()
    assigned = None if own is None else own.find(text)
    if assigned is not None:
        return observe_value(text, assigned.value.shape, program), (assigned.value,)
    if match := _SLOPE.fullmatch(text):
        name = match["of"] or match["alone"]
        lines = () if program.hand is None else program.hand.lines
        if name in names and text not in {one.line.name for one in lines}:
            return observe_node(names[name], program, gradient=True), ()
    return None


def _computed(text: str, problem: Problem, own: OwnNames | None) -> _Found:
    """Return an expression of the language; raises InputError with a place in the text."""
    program, values = problem.trainer.program, {} if own is None else own.values
    if values and "#" in text:
        at = text.index("#")
        raise InputError("what stands after '#' would be a comment: a name such as z#2 stands "
                         "alone, or before brackets", Place(1, at + 1))  # fmt: skip
    dotted = _DOTTED.fullmatch(text)
    if dotted and (near := did_you_mean(text, values)):
        raise InputError(f"'{text}' is not defined{near}", Place(1, 1, len(text)))
    shapes = {name: value.shape for name, value in values.items()}
    return read_expression(text, program, shapes), tuple(values.values())


def _picks(parts: str) -> bool:
    """Return whether brackets pick by numbers, which the language itself, with ranges, does not."""
    return any(part.strip().lstrip("-").isdigit() for part in parts.split(","))


def _is_one(text: str) -> bool:
    """Return whether the text before brackets is a name, a call or in parentheses, not a sum."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and not (char.isalnum() or char in "_.)'#"):
            return False
        if depth == 0 and char == ")" and at < len(text) - 1:
            return False
    return depth == 0


def _pick(parts: str, shape: tuple[int, ...], place: Place) -> Pick:
    """Return the index that brackets mean; raises InputError at `place` if it does not fit."""
    pick: list[int | slice] = []
    for part in parts.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise InputError("expected an index such as [2,1], [0] or [1:3, 0], from 0", place)
        number, start, stop = match.groups()
        ends = (int(end) if end else None for end in (start, stop))
        pick.append(slice(*ends) if number is None else int(number))
    sizes = zip(pick, shape, strict=False)
    outside = any(isinstance(one, int) and not -size <= one < size for one, size in sizes)
    if outside or len(pick) > len(shape):
        upto = ",".join(str(size - 1) for size in shape)
        has = f"its elements go up to [{upto}]" if shape else "it is one number"
        raise InputError(f"this has shape {shape_text(shape)}: {has}", place)
    return tuple(pick)
