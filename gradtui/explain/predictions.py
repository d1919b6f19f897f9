"""What a wrong prediction is: the number that a usual mistake gives, and the way to the right one.

The frame is that of the step whose number is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from gradtui.base.text import element_text, number
from gradtui.debugger.frame import Frame
from gradtui.debugger.guide import is_close
from gradtui.engine.graph import Kind
from gradtui.engine.tape import Tape
from gradtui.explain.symbols import (
    all_scalar,
    gradient_of,
    in_names,
    in_numbers,
    in_shapes,
    label,
    partial,
)
from gradtui.scenario.lesson import Question

Guess = tuple[float, str]
"""(the number that a mistake gives, what it is)."""


def asked_text(frame: Frame, question: Question) -> str:
    """Return how a question is written for its reader: `∂L/∂w2`, `ŷ`, `w1 at step 1`."""
    text = question.text
    if question.name:
        node = frame.graph.names[question.name]
        text = gradient_of(frame, node) if question.gradient else label(frame, node)
        text = element_text(text, question.index)
    return text if question.step is None else f"{text} at step {question.step:,}"


def mistake_text(
    frame: Frame, question: Question, given: float, truth: float, before: Tape | None
) -> str:
    """Return what a wrong prediction is; nothing where no usual mistake gives it.

    `before` is the tape of the step before, if there is one.
    """
    for value, text in _guesses(frame, question, truth, before):
        if math.isfinite(value) and is_close(given, value) and not is_close(value, truth):
            return text
    return ""


def way_text(frame: Frame, question: Question) -> str:
    """Return how the number that is asked for comes about, in names and in numbers, without it."""
    head = asked_text(frame, question)
    if not question.name or question.index:
        return head
    node = frame.graph.names[question.name]
    if not question.gradient:
        if frame.graph.nodes[node].kind is Kind.OPERATION:
            whole = all_scalar(frame, node)
            numbers = in_numbers(frame, node) if whole else in_shapes(frame, node)
            return " = ".join(dict.fromkeys([head, in_names(frame, node), numbers]))
        return head
    products = []
    for path in frame.paths(node):
        factors = frame.factors(path)
        if factors is None:
            return head
        symbols = " · ".join(partial(frame, b, a) for a, b in list(pairwise(path))[::-1])
        products.append((symbols, " · ".join(_signed(factor) for factor in factors[::-1])))
    sides = [" + ".join(part) for part in zip(*products, strict=True)]
    if not sides or sides[0] == head:  # one step to the loss: nothing is multiplied
        return head
    return " = ".join([head, *sides])


def _signed(factor: float) -> str:
    return f"({number(factor)})" if factor < 0 else number(factor)


def _guesses(
    frame: Frame, question: Question, truth: float, before: Tape | None
) -> Iterator[Guess]:
    yield -truth, "the size is right, the sign is wrong"
    if question.name:
        node = frame.graph.names[question.name]
        if question.gradient:
            yield from _of_gradient(frame, node, question.index, truth)
        elif frame.graph.nodes[node].kind is Kind.PARAMETER:
            if before is not None:
                yield from _of_update(frame, node, question.index, before)
        else:
            yield from _of_value(frame, node)
        yield from _of_elements(frame, node, question)
    if before is not None:
        values = [before.value(node) for node in question.needs]
        if question.observable is None and question.index == () and values[0].shape == ():
            yield float(values[0]), f"that is the number of the step before, {before.step:,}"
    yield from _of_counts(frame, truth)
    yield 2 * truth, "that is twice as much: a factor 2 is too many"
    yield truth / 2, "that is half of it: a factor 2 is missing, as that of a square's derivative"
    if question.name:
        yield from _of_others(frame, frame.graph.names[question.name], question)


def _of_gradient(frame: Frame, node: int, index: tuple[int, ...], truth: float) -> Iterator[Guess]:
    """Yield what the chain rule gives with a factor or a path wrong."""
    paths = frame.paths(node)
    for path in paths:
        factors = frame.factors(path)
        if factors is None:
            return
        edges = list(pairwise(path))
        product = math.prod(factors)
        if len(paths) > 1:
            way = " → ".join(label(frame, id) for id in path)
            yield product, f"that is the path {way} alone: add what the other paths bring"
        names = [partial(frame, target, source) for source, target in edges]
        for cut in range(1, len(path)):
            left = " · ".join(names[:cut][::-1])
            value = number(math.prod(factors[:cut]))
            rest = f"that is {gradient_of(frame, path[cut])}; " if len(paths) == 1 else ""
            word = "factor" if cut == 1 else "product"
            yield math.prod(factors[cut:]), f"{rest}the {word} {left} = {value} is missing"
        for at, (name, factor) in enumerate(zip(names, factors, strict=True)):
            others = math.prod(factors[:at] + factors[at + 1 :])
            shown = f"{name} = {number(factor)}"
            yield others, f"the factor {shown} is missing"
            yield product * factor, f"the factor {shown} stands in it twice"
            if factor:
                yield others / factor, f"multiply by {shown}, do not divide by it"
            if len(factors) > 1:
                yield factor, f"that is the local derivative {name} alone: the chain goes on"
        yield sum(factors), "that is the sum of the local derivatives: along a path they multiply"
    trainer = frame.tape
    rate = float(trainer.value(trainer.program.lr))
    step = "that is the step of the update, the rate times the gradient"
    yield rate * truth, step
    yield -rate * truth, step


def _of_update(frame: Frame, node: int, index: tuple[int, ...], before: Tape) -> Iterator[Guess]:
    """Yield what a wrong update gives: the wrong way, without the rate, the step alone."""
    old = float(before.value(node)[index])
    adjoint = before.program.reverse.adjoint.get(node)
    slope = 0.0 if adjoint is None else float(before.value(adjoint)[index])
    rate = float(before.value(before.program.lr))
    name = element_text(label(frame, node), index)
    yield old, f"that is {name} before the step: the update has yet to be taken away"
    yield old + rate * slope, "that goes uphill: the step is taken against the gradient"
    yield old - slope, f"the rate {number(rate)} is forgotten: the step is the rate · the gradient"
    yield rate * slope, f"that is the step itself: take it away from {number(old)}"
    yield -rate * slope, f"that is the step itself: add it to {number(old)}"
    yield old - rate, "the gradient is forgotten: the step is the rate · the gradient"
    yield slope, "that is the gradient: the weight moves against it, times the rate"


def _of_value(frame: Frame, node: int) -> Iterator[Guess]:
    """Yield the parts of the line that computes a value."""
    statement = frame.structure.statement_of.get(node)
    for part in statement.operations if statement is not None else ():
        value = frame.tape.value(part)
        if part != node and value.shape == ():
            yield float(value), f"that is {in_names(frame, part)} alone: the line goes on"


def _of_others(frame: Frame, node: int, question: Question) -> Iterator[Guess]:
    """Yield the numbers of other names: values and gradients."""
    nodes = frame.graph.nodes
    for other in sorted(frame.graph.names.values(), key=lambda id: nodes[id].kind is Kind.DATA):
        value = frame.tape.value(other)
        if value.shape != ():
            continue
        if other != node or question.gradient:
            yield float(value), f"that is the value of {label(frame, other)}"
        if frame.graph.nodes[other].kind is Kind.DATA:
            continue
        if other != node or not question.gradient:
            yield float(frame.tape.adjoint(other)), f"that is {gradient_of(frame, other)}"


def _of_elements(frame: Frame, node: int, question: Question) -> Iterator[Guess]:
    """Yield the other elements of the array whose element is asked for."""
    if not question.index:
        return
    whole = frame.tape.adjoint(node) if question.gradient else frame.tape.value(node)
    text = gradient_of(frame, node) if question.gradient else label(frame, node)
    for index in np.ndindex(whole.shape):
        if index != question.index:
            yield float(whole[index]), f"that is {element_text(text, index)}"


def _of_counts(frame: Frame, truth: float) -> Iterator[Guess]:
    """Yield what a sum in the place of a mean gives, and a mean of a mean."""
    leaves = [node for node in frame.graph.nodes if node.kind is Kind.DATA and node.shape]
    for count in sorted({size for node in leaves for size in node.shape} - {1, 2}):
        yield truth * count, f"that is summed over {count} rows: the mean divides by {count}"
        yield truth / count, f"that is divided by {count} once too often"
