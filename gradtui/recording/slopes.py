"""The vector-Jacobian product of one call: by the registry's derivatives, or by differences.

The rule of a call is made once for all calls of the same form and shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui.base.source import Place
from gradtui.engine.builder import Builder
from gradtui.engine.compiler import Compiler, Mode
from gradtui.engine.graph import Graph, Kind, Statement
from gradtui.engine.lowering import lower_tree
from gradtui.engine.reverse import flow_through
from gradtui.language.parser import Name, parse_rule
from gradtui.recording.tape import Call, Form, Shape, operands

Array = NDArray[Any]
Flows = tuple[Array | None, ...]
"""The contribution to each operand; None for operands without one."""

_RULES = 4096
_MOST_DIFFERENCES = 5_000
"""Most elements of an opaque call's operands, each of which needs four more calls."""
_STEP = float(np.cbrt(np.finfo(np.float64).eps))


class Untold(Exception):
    """The derivative of a call is unknown."""


def flows(call: Call, values: Sequence[Array], out: Array, arriving: Array,
          wanted: tuple[bool, ...]) -> Flows:  # fmt: skip
    """Return the contributions through a call to the wanted operands."""
    if call.form is None:
        known, differ = _known(call, values, arriving, wanted), _BY_DIFFERENCES[call.elementwise]
        return tuple(
            differ(call, values, at, arriving) if one and known[at] is None else known[at]
            for at, one in enumerate(wanted)
        )
    rule = _rule(call.form, tuple(value.shape for value in values), wanted)
    found = iter(rule(*values, out, arriving))
    got = tuple(next(found) if one else None for one in wanted)
    if not call.elementwise or np.all(arriving):
        return got
    # An adjoint of 0 contributes nothing, even if a slope is infinite.
    idle = arriving == 0
    return tuple(
        np.where(idle, 0.0, flow) if flow is not None and flow.shape == idle.shape else flow
        for flow in got
    )


def _known(call: Call, values: Sequence[Array], arriving: Array, wanted: tuple[bool, ...]) -> Flows:
    """Return the contributions by the call's own product; None for those that it does not tell."""
    if call.back is not None:
        with suppress(np.linalg.LinAlgError):  # at a singular matrix, differences tell
            return call.back(values, arriving, wanted)
    return (None,) * len(values)


@lru_cache(_RULES)
def _rule(
    form: Form, shapes: tuple[Shape, ...], wanted: tuple[bool, ...]
) -> Callable[..., tuple[Array, ...]]:
    """Return a function of operands, result and adjoint that returns the wanted contributions."""
    builder = Builder()
    names = operands(len(shapes))
    leaves = {
        name: builder.leaf(Kind.PARAMETER, name, shape)
        for name, shape in zip(names, shapes, strict=True)
    }

    def resolve(name: Name) -> int:
        return leaves[name.name]

    root = lower_tree(parse_rule(form.text), builder, resolve, dict(form.options))
    operations = tuple(range(root, len(leaves) - 1, -1))
    statement = Statement("out", root, operations, Place(1))
    graph = Graph(tuple(builder.nodes), MappingProxyType(dict(leaves)), (statement,), root)
    back = Builder(graph.nodes, simplify=True)
    seed = back.leaf(Kind.HYPERPARAMETER, "G", graph.nodes[root].shape)
    reached = flow_through(back, graph, statement, seed)
    none = back.constant(0.0)
    targets = [
        back.fit(reached.get(leaves[name], none), shape)
        for name, shape, one in zip(names, shapes, wanted, strict=True)
        if one
    ]
    compiler = Compiler(back.nodes, {}, Mode.ARRAY, "float64")
    return compiler.evaluate([*leaves.values(), root, seed], targets)


def slopes(call: Call, values: Sequence[Array], at: int) -> Array:
    """Return the derivative of an opaque call's result by one operand.

    It has the shape of the result if the call is elementwise, else it is a matrix of (elements of
    the result, elements of the operand).  It comes from central differences where the call's own
    product does not tell it.  Raises Untold for too many.
    """
    wanted = tuple(one == at for one in range(len(values)))
    if call.elementwise:
        wide = np.broadcast_arrays(*values)
        slope = _known(call, wide, np.ones(wide[0].shape), wanted)[at]
        return _slope(call, values, at) if slope is None else slope
    if values[at].size > _MOST_DIFFERENCES:
        raise Untold(call.name)
    rows = [_known(call, values, one, wanted)[at] for one in _single(call.compute(*values))]
    known = [one for one in rows if one is not None]
    if known and len(known) == len(rows):
        return np.stack([one.reshape(-1) for one in known])
    return np.stack([apart.reshape(-1) for _, apart in _columns(call, values, at)], axis=-1)


def _single(value: Any) -> Iterator[Array]:
    """Yield the adjoint of each element of a result alone."""
    shape = np.shape(value)
    for index in np.ndindex(*shape):
        one = np.zeros(shape)
        one[index] = 1.0
        yield one


def _slope(call: Call, values: Sequence[Array], at: int) -> Array:
    return np.asarray(_apart(call, values, at, 1.0) / _distance(values[at]))


def _apart(call: Call, values: Sequence[Array], at: int, ways: Any) -> Array:
    """Return the slope along some ways, times the distance: of fourth order in it.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 25.3.21: a density far from its mean
    bends too much for the second order.
    """
    near, far = (
        _moved(call, values, at, times * ways) - _moved(call, values, at, -times * ways)
        for times in (1.0, 2.0)
    )
    return np.asarray((8 * near - far) / 12)


def _columns(
    call: Call, values: Sequence[Array], at: int
) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Yield the derivative of the result by each element of an operand."""
    steps = _distance(values[at])
    for index, one in zip(np.ndindex(*values[at].shape), _single(values[at]), strict=True):
        yield index, np.asarray(_apart(call, values, at, one) / steps[index])


def _pointwise(call: Call, values: Sequence[Array], at: int, arriving: Array) -> Array:
    """Return the derivative by one operand of an elementwise call."""
    flow = np.where(arriving == 0, 0.0, arriving * _slope(call, values, at))
    return summed_to(flow, values[at].shape)


def summed_to(flow: Array, shape: tuple[int, ...]) -> Array:
    """Return the sum over the axes along which an operand of that shape was broadcast."""
    flow = flow.sum(axis=tuple(range(flow.ndim - len(shape))))
    wide = tuple(at for at, size in enumerate(shape) if size == 1 and flow.shape[at] != 1)
    return np.asarray(flow.sum(axis=wide, keepdims=True))


def _by_elements(call: Call, values: Sequence[Array], at: int, arriving: Array) -> Array:
    """Return the derivative by one operand, moved element by element."""
    if values[at].size > _MOST_DIFFERENCES:
        raise Untold(call.name)
    flow = np.zeros(values[at].shape)
    for index, slope in _columns(call, values, at):
        flow[index] = np.sum(np.where(arriving == 0, 0.0, arriving * slope))
    return flow


_BY_DIFFERENCES = (_by_elements, _pointwise)
"""Contributions by central differences, of other calls and of elementwise ones."""


def _distance(value: Array) -> Array:
    # An infinite operand stays infinite, however far it is moved.
    sizes = np.where(np.isinf(value), 1.0, np.maximum(1.0, np.abs(value)))
    return np.asarray(_STEP * sizes, dtype=np.float64)


def _moved(call: Call, values: Sequence[Array], at: int, sign: Any) -> Array:
    operands = list(values)
    operands[at] = np.asarray(values[at] + sign * _distance(values[at]))
    try:
        return np.asarray(call.compute(*operands), dtype=np.float64)
    except (ArithmeticError, ValueError) as error:  # such as of a matrix that is just singular
        raise Untold(call.name) from error
