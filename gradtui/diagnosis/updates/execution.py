"""Runs the program of an update on many sequences of gradients at once. Knows nothing of rules.

Every operation is compiled by itself, from the registry, and cached: so thousands of programs that
differ in one place cost no compilation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.updates.probes import Probes
from gradtui.engine.builder import Builder
from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.graph import Kind
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.lowering import lower_tree
from gradtui.engine.ops import OPS
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Assignment, Call, Name, Number, Option, Tree, WholeNumbers
from gradtui.language.trees import NOWHERE

Array = NDArray[Any]
Memo = dict[int, "Value"]
"""Identity of a tree -> its value, for trees that outlive it."""


class Value(Struct, frozen=True, eq=False):
    """Numbers with leading axes (sequences, hypotheses), and the shape of one of them."""

    array: Array
    shape: Shape = ()


Move = Callable[[str, Value], Value]
"""What rounding may do to the result of an operation."""


def _scalar(value: float) -> Value:
    return Value(np.asarray(value, dtype=np.float64))


def with_line(program: UpdateProgram, index: int, value: Tree, name: str = "") -> UpdateProgram:
    """Return a program with another right-hand side in one line, and another name if given."""
    old = program.lines[index]
    line = replace(old, value=value, name=name or old.name)
    return replace(program, lines=(*program.lines[:index], line, *program.lines[index + 1 :]))


def with_state(program: UpdateProgram, name: str, initial: float) -> UpdateProgram:
    """Return a program with another first value of something it keeps."""
    return replace(program, state={**program.state, name: initial})


def elementwise(program: UpdateProgram) -> bool:
    """Whether every number of a parameter is moved by its own gradient alone."""
    calls = [call for line in program.lines for call in calls_in(line.value)]
    values = map(np.ravel, program.state.values())
    uniform = all(value.size and np.all(value == value[0]) for value in values)
    return uniform and all(c.function in OPS and OPS[c.function].elementwise for c in calls)


def calls_in(tree: Tree) -> Iterator[Call]:
    """Yield the operations of a tree."""
    pending = [tree]
    while pending:
        part = pending.pop()
        if isinstance(part, Call):
            yield part
            pending.extend(part.arguments)


def first_values(program: UpdateProgram, probes: Probes) -> dict[str, Value]:
    """Return all that a program may read at its first step."""
    names = {"w": Value(probes.w, probes.shape)}
    for name, initial in program.state.items():
        start = np.broadcast_to(np.asarray(initial, dtype=np.float64), probes.w.shape)
        names[name] = Value(start, probes.shape)
    for name, constant in probes.constants.items():
        names[name] = _scalar(constant)
    return names


def at_step(names: dict[str, Value], probes: Probes, step: int) -> dict[str, Value]:
    """Return `names` with what is new at a step: the gradient, the rate, the time."""
    fresh = {
        "g": Value(probes.g[step], probes.shape),
        "lr": Value(probes.lr[step]),
        "t": _scalar(step + 1),
    }
    return {**names, **fresh}


def run_lines(
    lines: Iterable[Assignment],
    names: Mapping[str, Value],
    state: Collection[str],
    move: Move | None = None,
) -> dict[str, Value]:
    """Return all names after some lines; w and the state keep the parameter's shape."""
    scope, shape = dict(names), names["w"].shape
    for line in lines:
        value = evaluate(line.value, scope, {}, move)
        kept = line.name == "w" or line.name in state
        scope[line.name] = fitted(value, shape) if kept else value
    return scope


def fitted(value: Value, shape: Shape) -> Value:
    """Return a value broadcast to the shape of a parameter; raises InputError."""
    if value.shape == shape:
        return value
    lead = value.array.ndim - len(value.shape)
    before, own = value.array.shape[:lead], value.array.shape[lead:]
    array = value.array.reshape(before + (1,) * (len(shape) - len(own)) + own)
    try:
        return Value(np.broadcast_to(array, before + shape), shape)
    except ValueError:
        raise InputError("the result does not have the shape of the parameter") from None


def run(
    program: UpdateProgram, probes: Probes, move: Move | None = None
) -> Iterator[tuple[dict[str, Value], ...]]:
    """Yield the names before and after each step; `move` is done to the result of an operation."""
    names = first_values(program, probes)
    kept = ("w", *program.state)
    for step in range(len(probes.g)):
        before = at_step(names, probes, step)
        with np.errstate(all="ignore"):
            after = run_lines(program.lines, before, program.state, move)
        names = {**names, **{name: after[name] for name in kept}}
        yield before, after


def trajectory(program: UpdateProgram, probes: Probes, move: Move | None = None) -> Iterator[Array]:
    """Yield w after each step."""
    for _, after in run(program, probes, move):
        yield np.broadcast_to(after["w"].array, probes.w.shape)


def evaluate(tree: Tree, names: Mapping[str, Value], memo: Memo, move: Move | None = None) -> Value:
    """Return the value of a tree; `memo` holds and receives those of its parts.

    A memo holds for one line of one step: a name may mean something else in the next.
    """
    pending: list[Tree | tuple[Call]] = [tree]
    done: list[Value] = []
    while pending:
        part = pending.pop()
        match part:
            case Name(name):
                done.append(names[name])
            case Number(value):
                done.append(_scalar(value))
            case WholeNumbers():
                done.append(_scalar(0))
            case Call():
                known = memo.get(id(part))
                if known is not None:
                    done.append(known)
                    continue
                pending.append((part,))
                pending.extend(reversed(part.arguments))
            case (call,):
                arity = len(call.arguments)
                operands = done[len(done) - arity :]
                del done[len(done) - arity :]
                result = _apply(call, operands)
                memo[id(call)] = result = result if move is None else move(call.function, result)
                done.append(result)
    return done[0]


_Operand = Shape | float | WholeNumbers


def _apply(call: Call, operands: Sequence[Value]) -> Value:
    key: list[_Operand] = []
    given: list[Array] = []
    for argument, operand in zip(call.arguments, operands, strict=True):
        match argument:
            case Number(value):
                key.append(value)
            case Call("neg", (Number(value),)):  # it may be a whole number, as in reshape(g, -1)
                key.append(-value)
            case WholeNumbers():
                key.append(argument)
            case _:
                key.append(operand.shape)
                given.append(operand.array)
    function, shape = _kernel(call.function, call.options, tuple(key))
    return Value(function(*given)[0], shape)


@lru_cache(maxsize=4096)
def _kernel(
    function: str, options: tuple[tuple[str, Option], ...], operands: tuple[_Operand, ...]
) -> tuple[Any, Shape]:
    """Return one operation as a function of its operands that are no literals, and its shape."""
    builder, leaves = Builder(), dict[str, int]()
    arguments: list[Tree] = []
    for slot, operand in enumerate(operands):
        if isinstance(operand, float):
            arguments.append(Number(operand, NOWHERE))
        elif isinstance(operand, WholeNumbers):
            arguments.append(operand)
        else:
            name = f"a{slot}"
            leaves[name] = builder.leaf(Kind.DATA, name, operand)
            arguments.append(Name(name, NOWHERE))
    call = Call(function, tuple(arguments), options, NOWHERE)
    root = lower_tree(call, builder, lambda name: leaves[name.name])
    batched = list(leaves.values())
    compiler = Compiler(builder.nodes, {}, Mode.BATCH, "float64")
    return compiler.evaluate(batched, [root], batched), builder.nodes[root].shape
