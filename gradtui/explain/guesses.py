"""The numbers that common mistakes give instead of a number to predict.

None of them reveals what the learner has still to find out: a number that comes later than the
answer, or a factor that is the whole answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import numpy as np
from msgspec.structs import replace

from gradtui.base.text import element_text, number
from gradtui.debugger.frame import Frame
from gradtui.debugger.guide import is_close
from gradtui.engine.graph import Kind
from gradtui.engine.indices import Index
from gradtui.engine.observables import observed
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.tape import Tape
from gradtui.explain.residual import without_truth
from gradtui.explain.slips import Guess, of_count, of_hand, of_point, of_rate, of_step_sizes
from gradtui.explain.symbols import gradient_of, in_names, label, partial
from gradtui.scenario.lesson import Question

_SIGN = "the size is right, the sign is wrong"
_WRITTEN = "w = w - lr*g"
"""The optimizer's line whose step is the rate times the gradient."""
_MOST = 64
"""The most elements of a weight whose gradients are tried in another's step."""
_ADAM = frozenset({"m", "v", "mhat", "vhat"})
"""The names that Adam's lines assign besides the weight."""


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
        yield -truth, _SIGN
        yield from _of_parts(frame, question)
        yield from _of_step_before(question, before)
        yield from _of_steps(frame, question, elsewhere)
        rate = question.text == "lr"  # which a schedule may well make a tenth
        yield from of_rate(frame, truth, before) if rate else of_point(truth)
        return
    node = frame.graph.names[question.name]
    if question.gradient:
        yield -truth, _SIGN
        share = without_truth(frame, (node, question.index))
        if share is not None:
            yield share, "the truth is still to be subtracted from the share"
        yield from of_hand(frame, node, question.index)
        yield from _of_gradient(frame, node, truth)
    elif frame.graph.nodes[node].kind is Kind.PARAMETER and before is not None:
        yield from _of_update(frame, node, question.index, before)
        yield -truth, _SIGN
    else:
        yield -truth, _SIGN
        yield from _of_value(frame, node, question.index)
    yield from _of_elements(frame, node, question)
    yield from _of_step_before(question, before)
    if question.gradient:
        yield from _of_sizes(frame, node, truth)
    yield from _of_steps(frame, question, elsewhere)
    yield from _of_others(frame, node, question, before)
    if frame.graph.nodes[node].kind is Kind.PARAMETER and not question.gradient:
        yield from of_step_sizes(frame, _old_number(question, before), truth, before)
    yield from of_point(truth)


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
        if len(factors) > 1:
            yield from _of_path(frame, path, factors, alone=len(paths) == 1)
    if len(paths) > 1:
        yield multiplied, "that is the product of the paths: add them"
    if frame.graph.nodes[node].kind is not Kind.PARAMETER:
        return
    rate = float(frame.tape.value(frame.tape.program.lr))
    step = "that is the step of the update, the rate times the gradient"
    yield rate * truth, step
    yield -rate * truth, step


def _of_path(
    frame: Frame, path: tuple[int, ...], factors: list[float], *, alone: bool
) -> Iterator[Guess]:
    """Yield the results of one path with a wrong factor."""
    names = [partial(frame, target, source) for source, target in pairwise(path)]
    product = math.prod(factors)
    for cut in range(1, len(factors)):
        left = " · ".join(names[:cut][::-1])
        value = number(math.prod(factors[:cut]))
        rest = f"that is {gradient_of(frame, path[cut])}; " if alone else ""
        word = "factor" if cut == 1 else "product"
        yield math.prod(factors[cut:]), f"{rest}the {word} {left} = {value} is missing"
    for at, (name, factor) in enumerate(zip(names, factors, strict=True)):
        others = math.prod(factors[:at] + factors[at + 1 :])
        shown = f"{name} = {number(factor)}"
        yield others, f"the factor {shown} is missing"
        yield product * factor, f"the factor {shown} is there twice"
        if factor:
            yield others / factor, f"multiply by {shown}, do not divide by it"
        yield factor, f"that is the local derivative {name} alone: the chain continues"
    yield sum(factors), "that is the sum of the local derivatives: along a path they multiply"


def _of_sizes(frame: Frame, node: int, truth: float) -> Iterator[Guess]:
    """Yield the results of a sum for a mean, a mean of a mean, and a wrongly derived square."""
    nodes, reached = frame.graph.nodes, _reached(frame, node)
    squared = any(
        nodes[id].op == "**" and nodes[nodes[id].inputs[1]].value == 2.0 for id in reached
    )
    counts = _counts(frame, reached)
    for count in sorted(counts - {2} if squared else counts):
        yield truth * count, f"that is {_of_sum(frame, count)}"
        yield truth / count, f"that has an extra division by {count:,}"
        yield from of_count(frame, truth, count)
    if squared:
        yield (
            truth / 2,
            "that is half of it: a factor 2 is missing, such as the one in a square's derivative",
        )
    yield truth * 2, "that is twice as much: there is an extra factor 2"


def _reached(frame: Frame, node: int) -> set[int]:
    """Return the nodes that are computed from a node, directly or not."""
    reached = {node}
    for later in frame.graph.nodes:
        if reached.intersection(later.inputs):
            reached.add(later.id)
    return reached - {node}


def _counts(frame: Frame, nodes: Iterable[int]) -> set[int]:
    """Return over how many values nodes take means."""
    return {_averaged(frame, node) for node in nodes} - {0, 1}


def _of_sum(frame: Frame, count: int) -> str:
    """Return what a gradient is that was not divided by the count of a mean."""
    loss = frame.graph.loss
    whole = f"{label(frame, loss)} is" if _averaged(frame, loss) == count else "the loss takes"
    return f"the gradient of the sum; {whole} a mean: divide by {count:,}"


def _averaged(frame: Frame, node: int) -> int:
    """Return the number of values that a node averages; 0 if it takes no mean."""
    nodes = frame.graph.nodes
    found = nodes[node]
    if found.op == "mean":
        return math.prod(nodes[found.inputs[0]].shape) // max(1, math.prod(found.shape))
    return math.prod(nodes[found.inputs[1]].shape) if found.op == "cross_entropy" else 0


def _of_update(frame: Frame, node: int, index: Index, before: Tape) -> Iterator[Guess]:
    """Yield the results of a wrong update: wrong direction, without the rate, the step alone."""
    program = before.program
    place = [update.parameter for update in program.updates].index(node)
    update = program.updates[place]
    name = element_text(label(frame, node), index)
    old, new = (float(before.value(id)[index]) for id in update.state[0])
    slope = float(np.broadcast_to(before.value(update.gradient), before.value(node).shape)[index])
    rate = float(before.value(program.lr))
    yield old, f"that is {name} before the step: it is still to be moved"
    yield from _of_other_rules(frame, place, index, before)
    gradient = element_text(gradient_of(frame, node), index)
    uphill = f"that goes uphill: subtract lr·{gradient}, do not add it"
    moves = math.isclose(new, old - rate * slope, rel_tol=1e-12)
    plain = len(update.state) == 1 and (frame.problem.update is None or moves)
    yield 2 * old - new, uphill if plain else "that is the step the other way round"
    yield new - old, f"that is the step itself: add it to {number(old)}"
    yield old - new, f"that is the step itself: subtract it from {number(old)}"
    yield slope, f"that is the gradient: the question asks for the new {name}"
    if plain:
        yield from _of_other_gradients(frame, place, index, before)
    if rate:
        yield old + (new - old) / rate, f"the rate {number(rate)} is missing"
        yield old - rate, "the gradient is missing: the step is the rate · the gradient"
        yield old - rate * old, f"that is {name} less the rate · {name}: the gradient moves it"


def _of_other_gradients(frame: Frame, place: int, index: Index, before: Tape) -> Iterator[Guess]:
    """Yield the results of a plain step with the gradient of a sum, or of another weight."""
    program = before.program
    update, rate = program.updates[place], float(before.value(program.lr))
    old = float(before.value(update.parameter)[index])
    for at, other in enumerate(program.updates):
        whole = before.value(other.parameter)
        slopes = np.broadcast_to(before.value(other.gradient), whole.shape)
        text = gradient_of(frame, other.parameter)
        for element in np.ndindex(whole.shape) if whole.size <= _MOST else ():
            if (at, element) != (place, index):
                said = f"that is the step with {element_text(text, element)}"
                yield old - rate * float(slopes[element]), said
    slope = float(
        np.broadcast_to(before.value(update.gradient), before.value(update.parameter).shape)[index]
    )
    for count in sorted(_counts(frame, _reached(frame, update.parameter))):
        yield old - rate * slope * count, f"that is the step with {_of_sum(frame, count)}"


def _of_other_rules(frame: Frame, place: int, index: Index, before: Tape) -> Iterator[Guess]:
    """Yield the results of other update rules, or of another gradient."""
    program, problem = before.program, frame.problem
    update = program.updates[place]
    shape = before.value(update.parameter).shape

    def read(node: int) -> float:
        return float(np.broadcast_to(before.value(node), shape)[index])

    old, rate = read(update.parameter), float(before.value(program.lr))
    plain = old - rate * read(update.gradient)
    adam = {line: read(node) for line, node in update.lines if line in _ADAM}
    if problem.update is not None:
        does = "line says" if len(update.lines) == 1 else "lines say"
        yield plain, f"that is the step of {_WRITTEN}: do what the {does}"
        yield from _of_adam(old, rate, adam)
    elif adam.keys() == _ADAM:
        title = OPTIMIZERS[program.optimizer].title
        yield plain, f"that is a plain step: {title} divides it by the gradient's size"
        yield from _of_adam(old, rate, adam)
    elif len(update.state) > 1:
        if problem.update is None and program.optimizer == "sgd":
            velocity = read(update.state[1][1])
            yield velocity, "that is the velocity: the question asks for the weight that it moves"
        yield plain, "that is the step without the memory of earlier gradients"
    true = program.gradients[place]
    if not true:
        return
    step = old - rate * read(true)
    if program.clip is not None:
        yield step, "that is the step before the gradient is clipped"
    elif program.driving[place] != true:
        yield step, "that is the step with the true gradient: the run follows the lines by hand"


def _of_adam(old: float, rate: float, kept: Mapping[str, float]) -> Iterator[Guess]:
    """Yield the results of Adam's step with one part forgotten."""
    if kept.keys() != _ADAM or min(kept["v"], kept["vhat"]) <= 0:
        return
    m, v, mhat, vhat = (kept[name] for name in ("m", "v", "mhat", "vhat"))
    yield old - rate * m / math.sqrt(v), "m and v are still to be divided by 1 - β**t"
    yield old - rate * m / math.sqrt(vhat), "m is still to be divided by 1 - β1**t"
    yield old - rate * mhat / math.sqrt(v), "v is still to be divided by 1 - β2**t"
    yield old - rate * mhat / vhat, "the root is missing: the step is divided by √v̂, not by v̂"
    yield old - rate * mhat, "that is the rate · m̂: it is still to be divided by √v̂"
    yield old - rate * m, "that is the rate · m: it is still to be divided by √v̂"


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
        yield 2 * float(frame.tape.value(base)), said
    for count in sorted(_counts(frame, own)):
        yield whole * count, f"that is summed over all {count:,}: the mean divides by {count:,}"


def _of_elements(frame: Frame, node: int, question: Question) -> Iterator[Guess]:
    """Yield the other elements of the array in question, and those of its neighbours."""
    if not question.index:
        return
    whole = frame.tape.adjoint(node) if question.gradient else frame.tape.value(node)
    text = gradient_of(frame, node) if question.gradient else label(frame, node)
    for index in np.ndindex(whole.shape):
        if index != question.index:
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


def _of_slopes(frame: Frame, node: int, question: Question, tape: Tape) -> Iterator[Guess]:
    """Yield gradients of numbers; of one that comes later, do not say which."""
    nodes = frame.graph.nodes
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
