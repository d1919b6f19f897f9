"""The numbers that common mistakes give instead of a number to predict.

None of them reveals what the learner has still to find out: a number that comes later than the
answer, or a factor that is the whole answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
from msgspec.structs import replace

from gradtui.base.text import element_text, number
from gradtui.debugger.frame import Frame
from gradtui.debugger.guide import is_close
from gradtui.engine.graph import Kind
from gradtui.engine.indices import Index
from gradtui.engine.observables import observed
from gradtui.engine.tape import Tape
from gradtui.explain.counts import counts, of_sum, reached
from gradtui.explain.residual import without_truth
from gradtui.explain.slips import Guess, of_count, of_hand, of_rate, of_step_sizes
from gradtui.explain.symbols import gradient_of, in_names, label, partial
from gradtui.explain.wrong_steps import of_update
from gradtui.scenario.lesson import Question

SIGN = "the size is right, the sign is wrong"


def guesses(
    frame: Frame,
    question: Question,
    truth: float,
    before: Tape | None,
    elsewhere: Mapping[int, float],
) -> Iterator[Guess]:
    """Yield the numbers of mistakes, the likeliest first.

    `before` is the previous step's tape, and `elsewhere` has the number at other steps.
    """
    if not question.name:
        yield -truth, SIGN
        yield from _of_parts(frame, question)
        yield from _of_step_before(question, before)
        yield from _of_steps(frame, question, elsewhere)
        if question.text == "lr":
            yield from of_rate(frame, truth, before)
        return
    node = frame.graph.names[question.name]
    if question.gradient:
        yield -truth, SIGN
        share = without_truth(frame, (node, question.index))
        if share is not None:
            yield share, "the truth is still to be subtracted from the share"
            yield 2 * share - truth, "the truth is to be subtracted from the share, not added"
        yield from of_hand(frame, node, question.index)
        yield from _of_gradient(frame, node, truth)
    elif frame.graph.nodes[node].kind is Kind.PARAMETER and before is not None:
        yield from of_update(frame, node, question.index, before)
        yield -truth, SIGN
    else:
        yield -truth, SIGN
        yield from _of_value(frame, node, question.index)
    yield from _of_elements(frame, node, question)
    yield from _of_step_before(question, before)
    if question.gradient:
        yield from _of_sizes(frame, node, truth)
    yield from _of_steps(frame, question, elsewhere)
    yield from _of_others(frame, node, question, before)
    if frame.graph.nodes[node].kind is Kind.PARAMETER and not question.gradient:
        yield from of_step_sizes(frame, _old_number(question, before), truth, before)


def moved_by(question: Question, truth: float, before: Tape | None) -> float:
    """Return the difference of a number from that of the previous step; inf without one."""
    old = _old_number(question, before)
    return math.inf if old is None else abs(truth - old)


def _old_number(question: Question, before: Tape | None) -> float | None:
    """Return the number at the previous step; None without one."""
    if before is None or question.observable is not None:
        return None
    return float(before.value(question.needs[0])[question.index])


def _of_parts(frame: Frame, question: Question) -> Iterator[Guess]:
    """Yield the operands of an expression's last operation."""
    read = question.observable
    assert read is not None
    values = [[frame.tape.value(node) for node in question.needs]]
    for part in read.nodes[read.root].inputs:
        if read.nodes[part].shape == () and read.nodes[part].op != "constant":
            with np.errstate(all="ignore"):
                value = float(observed(replace(read, root=part), values, frame.step))
            yield value, f"that is only a part of {question.text}"


def _of_step_before(question: Question, before: Tape | None) -> Iterator[Guess]:
    """Yield the old number."""
    old, read = _old_number(question, before), question.observable
    if before is not None and read is not None:
        with np.errstate(all="ignore"):
            values = [[before.value(node) for node in question.needs]]
            old = float(observed(read, values, before.step))
    if before is not None and old is not None:
        yield old, f"that is the number at the previous step, {before.step:,}"


def _of_steps(frame: Frame, question: Question, elsewhere: Mapping[int, float]) -> Iterator[Guess]:
    """Yield the number in question at other steps."""
    name = "the rate" if question.text == "lr" else number_text(frame, question)
    for step, value in elsewhere.items():
        if value:
            yield value, f"that is {name} at step {step:,}"


def number_text(frame: Frame, question: Question) -> str:
    """Return the number in question as text, without its step: `∂L/∂w2`, `ŷ`, `lr`."""
    if not question.name:
        return question.text
    node = frame.graph.names[question.name]
    text = gradient_of(frame, node) if question.gradient else label(frame, node)
    return element_text(text, question.index)


def _of_gradient(frame: Frame, node: int, truth: float) -> Iterator[Guess]:
    """Yield the results of the chain rule with a wrong factor or path."""
    paths, multiplied = frame.paths(node), 1.0
    for path in paths:
        factors = frame.factors(path)
        if factors is None:
            multiplied = math.nan
            break
        multiplied *= math.prod(factors)
        if len(paths) > 1:
            way = " → ".join(label(frame, id) for id in path)
            said = f"that is the path {way} alone: add the other paths"
            yield math.prod(factors), said
        if len(factors) > 1 and len(paths) == 1:
            yield from _of_parts_of_path(frame, path, factors)
        if len(factors) > 1:
            yield from _of_path(frame, path, factors, truth - math.prod(factors))
    if len(paths) > 1:
        yield multiplied, "that is the product of the paths: add them"
    if frame.graph.nodes[node].kind is not Kind.PARAMETER:
        return
    rate = float(frame.tape.value(frame.tape.program.lr))
    step = "that is the step of the update, the rate times the gradient"
    yield rate * truth, step
    yield -rate * truth, step


def _of_parts_of_path(frame: Frame, path: tuple[int, ...], factors: list[float]) -> Iterator[Guess]:
    """Yield the products along the end of the only path, and the factors by themselves."""
    names = [partial(frame, target, source) for source, target in pairwise(path)]
    for cut in range(1, len(factors)):
        left = " · ".join(names[:cut][::-1])
        value = number(math.prod(factors[:cut]))
        rest = f"that is {gradient_of(frame, path[cut])}; "
        word = "factor" if cut == 1 else "product"
        yield math.prod(factors[cut:]), f"{rest}the {word} {left} = {value} is missing"
    for name, factor in zip(names, factors, strict=True):
        yield factor, f"that is the local derivative {name} alone: the chain continues"
    yield sum(factors), "that is the sum of the local derivatives: along a path they multiply"


def _of_path(
    frame: Frame, path: tuple[int, ...], factors: list[float], rest: float
) -> Iterator[Guess]:
    """Yield the gradients with a wrong factor in one path; `rest` is what the others add."""
    names = [partial(frame, target, source) for source, target in pairwise(path)]
    product = math.prod(factors)
    for at, (name, factor) in enumerate(zip(names, factors, strict=True)):
        others = math.prod(factors[:at] + factors[at + 1 :])
        shown = f"{name} = {number(factor)}"
        yield rest + others, f"the factor {shown} is missing"
        yield rest + product * factor, f"the factor {shown} is there twice"
        if factor:
            yield rest + others / factor, f"multiply by {shown}, do not divide by it"


def _of_sizes(frame: Frame, node: int, truth: float) -> Iterator[Guess]:
    """Yield the results of a sum for a mean, a mean of a mean, and a wrongly derived square."""
    nodes, later = frame.graph.nodes, reached(frame, node)
    squared = any(nodes[id].op == "**" and nodes[nodes[id].inputs[1]].value == 2.0 for id in later)
    means = counts(frame, later)
    for count in sorted(means - {2} if squared else means):
        yield truth * count, f"that is {of_sum(frame, count)}"
        yield truth / count, f"that has an extra division by {count:,}"
        yield from of_count(frame, truth, count)
    if squared:
        yield (
            truth / 2,
            "that is half of it: a factor 2 is missing, such as the one in a square's derivative",
        )
        yield -truth / 2, "a factor 2 is missing, and the sign is wrong"
    yield truth * 2, "that is twice as much: there is an extra factor 2"


def _of_value(frame: Frame, node: int, index: Index) -> Iterator[Guess]:
    """Yield the parts of the line that computes a value, and a sum instead of its mean."""
    statement = frame.structure.statement_of.get(node)
    own = statement.operations if statement is not None else ()
    for part in own:
        value = frame.tape.value(part)
        if part != node and value.shape == ():
            yield float(value), f"that is {in_names(frame, part)} alone: the line continues"
    whole = float(frame.tape.value(node)[index])
    found = frame.graph.nodes[node]
    if found.op == "**" and found.shape == () and frame.graph.nodes[found.inputs[1]].value == 2.0:
        base = found.inputs[0]
        name = frame.graph.nodes[base].name
        text = label(frame, base) if name else f"({in_names(frame, base)})"
        said = f"that is {text} doubled, not squared"
        square = float(frame.tape.value(base))
        yield 2 * square, said
        if square < 0 and name:
            yield -square, f"that is the size of {text}: it is still to be squared"
    for count in sorted(counts(frame, own)):
        yield whole * count, f"that is summed over all {count:,}: the mean divides by {count:,}"


def _of_elements(frame: Frame, node: int, question: Question) -> Iterator[Guess]:
    """Yield the other elements of the array in question, and those of its neighbours."""
    if not question.index:
        return
    whole = frame.tape.adjoint(node) if question.gradient else frame.tape.value(node)
    text = gradient_of(frame, node) if question.gradient else label(frame, node)
    for index in np.ndindex(whole.shape):
        if index != question.index and whole[index]:  # 0 is that of many, and of a guess at random
            yield float(whole[index]), f"that is {element_text(text, index)}"


def _of_others(frame: Frame, node: int, question: Question, before: Tape | None) -> Iterator[Guess]:
    """Yield the numbers of other names known by then: values, gradients."""
    nodes = frame.graph.nodes
    parameter = nodes[node].kind is Kind.PARAMETER and not question.gradient
    tape = before if parameter and before is not None else frame.tape
    known = {*frame.graph.names.values()}
    if not question.gradient and not parameter:
        known = {id for id in known if id < node}
    for other in sorted(known, key=lambda id: nodes[id].kind is Kind.DATA):
        index = question.index if nodes[other].shape == nodes[node].shape else ()
        if np.ndim(tape.value(other)) != len(index):
            continue
        value = float(tape.value(other)[index])
        if value and (other != node or question.gradient):
            yield value, f"that is the value of {element_text(label(frame, other), index)}"
    yield from _of_slopes(frame, node, question, tape)
    if tape is not frame.tape:
        for one in frame.graph.parameters:
            if one.id != node and one.shape == nodes[node].shape:
                value = float(frame.tape.value(one.id)[question.index])
                yield value, f"that is where {label(frame, one.id)} goes"


def _of_slopes(frame: Frame, node: int, question: Question, tape: Tape) -> Iterator[Guess]:
    """Yield gradients of numbers; of one that comes later, do not say which.

    Before the first way back nobody has seen a derivative.
    """
    nodes = frame.graph.nodes
    if not (question.gradient or question.step) and frame.position <= frame.order.forward:
        return
    behind = _inputs(frame, node)
    for other in frame.graph.names.values():
        if nodes[other].kind is Kind.DATA or nodes[other].shape or other == frame.graph.loss:
            continue
        slope = float(tape.adjoint(other))
        if is_close(slope, 0.0) or (other == node and question.gradient):
            continue
        if not question.gradient:
            yield slope, "that is a derivative: the question asks for the value"
        elif other in behind:
            yield slope, f"that is a derivative further back than {gradient_of(frame, node)}"
        else:
            yield slope, f"that is {gradient_of(frame, other)}"


def _inputs(frame: Frame, node: int) -> set[int]:
    """Return the nodes that a node is computed from, directly or not."""
    found, pending = set[int](), [node]
    while pending:
        new = set(frame.graph.nodes[pending.pop()].inputs) - found
        found |= new
        pending += new
    return found
