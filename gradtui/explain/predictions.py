"""Explains wrong predictions: the common mistake behind the number, and the way to the right one.

The frame is that of the step in question.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType

from msgspec.structs import replace

from gradtui.base.ascii import spell
from gradtui.base.text import number
from gradtui.debugger.digits import EXACT, Digits
from gradtui.debugger.frame import Frame
from gradtui.debugger.guide import is_close
from gradtui.engine.graph import Kind
from gradtui.engine.indices import Index
from gradtui.engine.lens import Lens, trace
from gradtui.engine.tape import Tape
from gradtui.explain.elements import factor, forward_formulas, local_formulas
from gradtui.explain.guesses import SIGN, guesses, moved_by, number_text
from gradtui.explain.misread import of_operations
from gradtui.explain.residual import residual_sides
from gradtui.explain.slips import Guess, of_point
from gradtui.explain.symbols import (
    all_scalar,
    in_names,
    in_numbers,
    partial,
)
from gradtui.explain.update import arithmetic
from gradtui.scenario.lesson import Question

_LONG = 80
"""Longest formula, in characters; longer ones are left out."""
_ROUNDED = 1e-3
"""The relative error of an expression in which rounded numbers were typed."""
_VALUE = "that is the value of"
"""What is said of a number that is that of a name."""
_UNTOLD = Digits()
_ROWS = 6
"""Most rows whose parts are summed one by one."""


def asked_text(frame: Frame, question: Question, here: int | None = None) -> str:
    """Return a question as text: `∂L/∂w2`, `ŷ`, `w1 at step 1`.

    `here` is the step of the cursor, if that is not the frame's.
    """
    text = number_text(frame, question)
    apart = question.step != (frame.step if here is None else here)
    return f"{text} at step {question.step:,}" if question.stepped or apart else text


def mistake_text(
    frame: Frame,
    question: Question,
    given: float,
    truth: float,
    before: Tape | None,
    elsewhere: Mapping[int, float] = MappingProxyType({}),
    digits: Digits = _UNTOLD,
) -> str:
    """Return the mistake behind a wrong prediction; empty if no common mistake gives it.

    `before` is the tape of the previous step, if there is one, `elsewhere` has the number at other
    steps, and `digits` are those typed.
    """
    step = moved_by(question, truth, before)
    near = sorted(elsewhere, key=lambda at: (abs(elsewhere[at] - given), abs(at - question.step)))
    elsewhere = {at: elsewhere[at] for at in near[:1] if digits.tell(given, elsewhere[at])}

    def is_it(value: float) -> bool:
        rounded = digits.count or math.isclose(given, value, rel_tol=_ROUNDED)
        return (
            bool(rounded)
            and is_close(given, value, step)
            and digits.tell(given, value, written=True)
        )

    def told(found: Iterable[Guess]) -> Guess:
        """Return the guess that gives the number, or else the first that gives it rounded."""
        near: Guess = math.nan, ""
        for value, text in found:
            if not math.isfinite(value) or is_close(value, truth, step):
                continue
            if math.isclose(given, value, rel_tol=EXACT):
                return value, text
            if not near[1] and is_it(value):
                near = value, text
        return near

    said = _either(
        given, told(guesses(frame, question, truth, before, elsewhere)),
        told(of_operations(frame, question)),
    )  # fmt: skip
    if not said and question.text != "lr":  # a schedule may well make the rate a tenth
        said = told(of_point(truth))[1]
    if said:
        return spell(said) if frame.problem.ascii else said
    if is_close(given, truth, step) and not digits.agree(given, truth):
        return "near, but not the number to the digits typed"
    return ""


def _either(given: float, found: Guess, operation: Guess) -> str:
    """Return what a number may be: something else, or its own line with another operation."""
    said, line = found[1], operation[1]
    exact = [math.isclose(given, one[0], rel_tol=EXACT) for one in (found, operation)]
    if not line or exact == [True, False]:
        return said
    if said in ("", SIGN) or exact == [False, True]:
        return line
    if said.startswith(_VALUE):
        return f"{said}, or {line.removeprefix('that is ')}"
    return said


def way_text(
    frame: Frame, question: Question, before: Tape | None = None, here: int | None = None
) -> str:
    """Return the way to the number in question, in names and in numbers, without the number.

    `before` is the tape of the previous step, which moved a weight in question, and `here` the
    step of the cursor, if that is not the frame's.
    """
    head = asked_text(frame, question, here)
    if not question.name:
        return head
    node = frame.graph.names[question.name]
    if question.gradient:
        sides = (
            residual_sides(frame, (node, question.index))
            or _products(frame, node)
            or _along(frame, node, question.index)
        )
    elif frame.graph.nodes[node].kind is Kind.PARAMETER:
        sides = [] if before is None else [_update(frame, before, node, question.index)]
    elif question.index:
        statement = frame.structure.statement_of.get(node)
        element = node, question.index
        sides = [] if statement is None else [*forward_formulas(frame, statement, element)]
    elif frame.graph.nodes[node].kind is Kind.OPERATION:
        sides = [in_names(frame, node), in_numbers(frame, node) if all_scalar(frame, node) else ""]
    else:
        sides = []
    shown = [side for side in sides if side and len(side) <= _LONG]
    return " = ".join(dict.fromkeys([head, *shown]))


def _products(frame: Frame, node: int) -> list[str]:
    """Return the products of local derivatives, and these in numbers; empty for a tensor."""
    products = []
    for path in frame.paths(node):
        factors = frame.factors(path)
        if factors is None or len(factors) == 1:
            return []
        symbols = " · ".join(partial(frame, b, a) for a, b in list(pairwise(path))[::-1])
        products.append((symbols, " · ".join(_signed(factor) for factor in factors[::-1])))
    return [" + ".join(part) for part in zip(*products, strict=True)]


def _along(frame: Frame, node: int, index: Index) -> list[str]:
    """Return the local derivatives on the path from an element to the loss, without ones.

    If it acts on several rows, these are the terms of the rows' sum.
    """
    found = trace(frame.tape, frame.jacobians, frame.steps_from, Lens(node, index, 0))
    parts = [float(found.rows.contributions[row]) for row in found.rows.touched]
    parts = [part for part in parts if part]
    if len(parts) != 1:
        text = " + ".join(map(number, parts)).replace("+ -", "- ")
        return [text] if 1 < len(parts) <= _ROWS else []
    product = math.prod(link.terms[0].local for link in found.links)
    if found.left or not (found.is_chain and is_close(product, found.gradient)):
        return []
    names, numbers = [], []
    for link in reversed(found.links):
        term = link.terms[0]
        shown, own = local_formulas(frame, term.statement, term.target, link.element)
        if not shown:
            return []
        if term.local != 1.0:
            names.append(shown)
            numbers.append(own or number(term.local))
    alone = len(names) == 1
    if alone and numbers[0] == number(found.gradient):
        numbers = []  # the result itself
    sides = (names, numbers)
    return [" · ".join(factor(part, alone=alone) for part in side) for side in sides]


def _update(frame: Frame, before: Tape, node: int, index: Index) -> str:
    """Return the last line of the update that moved an element, with numbers."""
    updates = before.program.updates
    place = [update.parameter for update in updates].index(node)
    return arithmetic(replace(frame, tape=before), place, updates[place].result, index)


def _signed(factor: float) -> str:
    return f"({number(factor)})" if factor < 0 else number(factor)
