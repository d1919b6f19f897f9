"""Expressions over a run: text -> the nodes it needs, and its value at many steps at once.

A breakpoint's condition and a watch are written in the language of the model, over its names and
those of a hand-written backward pass, step, loss, lr, grad, norm, prev; of a classifier accuracy
and confusion; and `validation_…`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.base.source import InputError, Place, did_you_mean, nearest
from gradtui.base.text import shape_text
from gradtui.engine.builder import Builder
from gradtui.engine.classifier import MEASURES, find_classifier, lower_measure
from gradtui.engine.graph import Kind, Node
from gradtui.engine.lowering import lower_tree
from gradtui.engine.ops import FUNCTIONS
from gradtui.engine.program import StepProgram
from gradtui.engine.shapes import Shape
from gradtui.engine.vectorized import Vectorized
from gradtui.language.operators import COMPARISONS
from gradtui.language.parser import Call, Name, Tree, parse_expression
from gradtui.language.refusals import Context

Array = NDArray[np.float64]
EXAMPLES = ("max(abs(grad)) > 100", "norm > 1", "loss > prev", "abs(loss - prev) < 1e-9*loss")
"""Conditions offered as examples."""
WATCHES = ("loss - prev", "norm", "max(abs(grad))", "lr*norm")
"""Expressions offered as examples."""
_RUN_NAMES = ("step", "loss", "lr", "grad", "norm", "prev")
_OF_RUNS = ("grad", "prev")
"""Functions of expressions over a run, besides those of the language."""
_VALIDATION = "validation_"
LARGEST = 4_000_000
"""Most numbers that an expression computes at a step."""
_DEEPEST = 16
"""Most steps that an expression looks back."""
_FEW = 8
"""Fewer parameters are named in a message."""
_LANGUAGE = Context(functions=FUNCTIONS, elements=True)
_NO_MORE: Mapping[str, Shape] = MappingProxyType({})
_NORM = "a*sqrt(sum((g/a)**2))"


class _Past(Struct, frozen=True):
    """A value of the previous step."""

    leaf: int
    node: int
    """The node whose value it is, one step later."""


class Observable(Struct, frozen=True, eq=False, dict=True):
    """An expression, ready to be evaluated over the steps of a run."""

    text: str
    nodes: tuple[Node, ...]
    root: int
    reads: tuple[tuple[int, int], ...]
    """(leaf, node of the step program) for each value that it needs."""
    step: int | None
    """The leaf of the step's number."""
    past: tuple[_Past, ...]
    depth: int
    """The number of steps that it looks back: it has no value in that many first steps of a run."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape at one step."""
        return self.nodes[self.root].shape

    @property
    def needs(self) -> tuple[int, ...]:
        """The nodes of the step program whose values it needs."""
        return tuple(node for _, node in self.reads)

    @property
    def size(self) -> int:
        """Numbers that it computes at a step."""
        return sum(math.prod(node.shape) for node in self.nodes)

    def values(self, rows: Array, first: int) -> Array:
        """Return its value at consecutive steps from `first` on, (n, *shape).

        `rows` holds the values it needs of each step, flat, (n, numbers).  Values before the first
        step are NaN.
        """
        program, width = self._program, rows.shape[1]
        if len(program.slices) > len(self.reads):
            more = program.slices[-1].stop - width
            rows = np.column_stack([rows, np.full((len(rows), more), np.nan)])
        if self.step is not None:
            rows[:, width] = np.arange(first, first + len(rows))
        for past, part in zip(self.past, program.slices[-len(self.past) :], strict=False):
            (values,) = program.at([past.node], rows)
            part.of(rows)[1:] = values[:-1]
        return program.at([self.root], rows)[0]

    @cached_property
    def _program(self) -> Vectorized:
        step = [] if self.step is None else [self.step]
        past = [past.leaf for past in self.past]
        return Vectorized(self.nodes, [*(leaf for leaf, _ in self.reads), *step, *past])


def read_expression(
    text: str, program: StepProgram, more: Mapping[str, Shape] = _NO_MORE
) -> Observable:
    """Return the expression of a text over a run; raises InputError with a place in the text.

    `more` has the shapes of further values by name, whose nodes follow those of the program; their
    names take precedence.
    """
    tree = parse_expression(text, context=_LANGUAGE)
    reader = _Reader(program, more)
    found = reader.observable(text.strip(), reader.lower(tree))
    if found.size > LARGEST:
        raise InputError(
            f"too large: {found.size:,} numbers at a step, the limit is {LARGEST:,}", tree.place
        )
    return found


def observe_node(node: int, program: StepProgram, *, gradient: bool = False) -> Observable:
    """Return the expression of a node's value, or of its gradient, independent of names."""
    reader = _Reader(program, _NO_MORE)
    name = program.nodes[node].name
    root = reader.adjoint(node, name) if gradient else reader.leaf(node, name)
    return reader.observable(name, root)


def observe_value(name: str, shape: Shape, program: StepProgram) -> Observable:
    """Return the expression of a value that is no node of the program, but the one after them."""
    reader = _Reader(program, {name: shape})
    return reader.observable(name, reader.leaf(len(program.nodes), name))


def read_condition(text: str, program: StepProgram) -> Observable:
    """Return a condition: a comparison that gives one number, 1 if it holds.

    A whole number alone means that step.  Raises InputError with a place in the text.
    """
    if text.strip().isascii() and text.strip().isdigit():
        text = f"step == {int(text.strip()[:12])}"
    tree = parse_expression(text, context=_LANGUAGE)
    found = read_expression(text, program)
    if not _compares(tree):
        raise InputError(
            "this holds at every step or at none: expected a comparison, such as loss > 100",
            tree.place,
        )
    if found.shape:
        raise InputError(
            f"this has shape {shape_text(found.shape)}, but a condition is one number: max(…) is "
            "true if any of them is",
            tree.place,
        )
    return found


def _compares(tree: Tree) -> bool:
    pending = [tree]
    while pending:
        part = pending.pop()
        if isinstance(part, Call):
            if part.function in COMPARISONS:
                return True
            pending.extend(part.arguments)
    return False


class _Reader:
    """Lowers an expression, with a leaf for each value that it needs."""

    def __init__(self, program: StepProgram, more: Mapping[str, Shape]) -> None:
        self.program, self.graph = program, program.graph
        self._more = {name: len(program.nodes) + at for at, name in enumerate(more)}
        self._shapes = tuple(more.values())
        self.builder = Builder()
        self.leaves: dict[int, int] = {}
        self.step: int | None = None
        self.past: list[_Past] = []
        self.deepest = 0
        self._depth = 0
        self._of: dict[int, int] = {}
        self._whole: dict[str, int] = {}

    def observable(self, text: str, root: int) -> Observable:
        return Observable(
            text, tuple(self.builder.nodes), root, tuple(self.leaves.items()),
            self.step, tuple(self.past), self.deepest,
        )  # fmt: skip

    def lower(self, tree: Tree) -> int:
        return lower_tree(tree, self.builder, self._name, resolve_call=self._call)

    def _name(self, name: Name) -> int:
        if name.name in self._more:
            return self.leaf(self._more[name.name], name.name)
        if name.name in self.graph.names:
            return self.leaf(self.graph.names[name.name], name.name)
        if name.name in self._written:
            return self.leaf(self._written[name.name], name.name)
        match name.name:
            case "step":
                if self.step is None:
                    self.step = self.builder.leaf(Kind.STATE, "step", ())
                return self.step
            case "loss":
                return self.leaf(self.graph.loss, "loss")
            case "lr":
                return self.leaf(self.program.lr, "lr")
            case "grad":
                return self._gradient()
            case "norm":
                return self._norm()
            case "prev":
                return self._before(Name("loss", name.place), name.place)
        found = self._measure(name)
        if found is not None:
            return found
        if name.name[0] == "d" and name.name[1:] in self.graph.names:
            return self.adjoint(self.graph.names[name.name[1:]], name.name[1:])
        if name.name in FUNCTIONS:
            raise InputError(f"'{name.name}' is a function: write {name.name}(…)", name.place)
        known = [*self.graph.names, *self._more, *self._written, *_RUN_NAMES, *MEASURES]
        if self.program.validation is not None:
            known += [f"{_VALIDATION}{measure}" for measure in ("loss", *MEASURES)]
        raise InputError(
            f"'{name.name}' is not defined"
            + (
                did_you_mean(name.name, known)
                or f": expected a name of the model, or {', '.join(_RUN_NAMES[:-1])} or prev"
            ),
            name.place,
        )

    @cached_property
    def _written(self) -> dict[str, int]:
        """The lines of a hand-written pass, which claim gradients under names of their own."""
        lines = () if self.program.hand is None else self.program.hand.lines
        return {one.line.name: one.written for one in lines if one.written is not None}

    def _measure(self, name: Name) -> int | None:
        """Return the node of a measure of the model, on the step's rows or the validation's."""
        text, checked = name.name.removeprefix(_VALIDATION), self.program.validation
        validated = text != name.name
        if text not in MEASURES and (text != "loss" or not validated):
            return None
        if validated and checked is None:
            raise InputError("there are no validation data here", name.place)
        if validated and checked is not None and text == "loss":
            return self.leaf(checked.loss, name.name)
        nodes = self.graph.nodes
        found = find_classifier(nodes, range(len(nodes)))
        if validated and checked is not None:
            found = checked.classifier
        if found is None:
            raise InputError(f"there is no {text}: no softmax or cross_entropy compares labels "
                             "with scores of that many classes", name.place)  # fmt: skip
        if name.name not in self._whole:
            scores, labels = (self.leaf(node, f"{name.name}{node}") for node in found.nodes)
            self._whole[name.name] = lower_measure(self.builder, text, scores, labels)
        return self._whole[name.name]

    def _call(self, call: Call) -> int | None:
        if call.function == "prev":
            return self._before(_only(call, "an expression, as in prev(norm)"), call.place)
        if call.function != "grad":
            near = nearest(call.function, [*FUNCTIONS, *_OF_RUNS])
            if call.function not in FUNCTIONS and near in _OF_RUNS:
                raise InputError(f"'{call.function}' is not a function of the language; did you "
                                 f"mean '{near}'?", call.place)  # fmt: skip
            return None
        of = _only(call, "a name of the model, as in grad(w)")
        if isinstance(of, Call) and _takes_element(of):
            inside = Call("grad", of.arguments, (), call.place)
            return self.lower(replace(of, arguments=(inside,)))
        names = self.graph.names
        loss = isinstance(of, Name) and of.name == "loss"
        if not isinstance(of, Name) or not (of.name in names or loss):
            hint = did_you_mean(of.name, names) if isinstance(of, Name) else ""
            if isinstance(of, Name) and not hint:
                few = [node.name for node in self.graph.parameters][:_FEW]
                hint = f"; the parameters are {', '.join(few)}" if len(few) < _FEW else ""
            raise InputError("grad takes a name of the model, as in grad(w)" + hint, of.place)
        node = names.get(of.name, self.graph.loss)
        return self.adjoint(node, of.name)

    def leaf(self, node: int, name: str) -> int:
        if node not in self._of:
            leaf = self.builder.leaf(Kind.STATE, name, self._shape(node))
            self._of[node] = leaf
            self.leaves[leaf] = node
        return self._of[node]

    def _shape(self, node: int) -> Shape:
        further = node - len(self.program.nodes)
        return self.program.nodes[node].shape if further < 0 else self._shapes[further]

    def adjoint(self, node: int, name: str) -> int:
        shape = self.program.nodes[node].shape
        found = self.program.reverse.adjoint.get(node)
        if found is None:
            return self.builder.fit(self.builder.constant(0.0), shape)
        return self.builder.fit(self.leaf(found, f"grad({name})"), shape)

    def _gradient(self) -> int:
        """Return all gradients as one vector."""
        if "grad" not in self._whole:
            parts = []
            for parameter in self.graph.parameters:
                node = self.adjoint(parameter.id, parameter.name)
                size = math.prod(parameter.shape)
                parts.append(self.builder.apply("reshape", (node,), {"shape": (size,)}))
            whole = parts[0]
            for part in parts[1:]:
                whole = self.builder.apply("concat", (whole, part))
            self._whole["grad"] = whole
        return self._whole["grad"]

    def _norm(self) -> int:
        """Return the norm of all gradients, computed without overflow of its square."""
        if "norm" not in self._whole:
            gradient = self._gradient()
            apply = self.builder.apply
            largest = apply("max", (apply("abs", (gradient,)),))
            names = {"a": largest, "g": gradient, "big": self.builder.constant(math.inf)}
            text = f"where((a > 0)*(a < big), {_NORM}, a)"
            self._whole["norm"] = lower_tree(
                parse_expression(text), self.builder, lambda name: names[name.name]
            )
        return self._whole["norm"]

    def _before(self, tree: Tree, place: Place) -> int:
        """Return the leaf of an expression's value at the previous step."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InputError(f"prev inside prev: the limit is {_DEEPEST} steps back", place)
        self.deepest = max(self.deepest, self._depth)
        node = self.lower(tree)
        self._depth -= 1
        leaf = self.builder.leaf(Kind.STATE, "prev", self.builder.nodes[node].shape)
        self.past.append(_Past(leaf, node))
        return leaf


def _takes_element(call: Call) -> bool:
    """Return whether a call means brackets that pick one element along some axes."""
    within = call.arguments[0] if call.function == "sum" else call
    return isinstance(within, Call) and ("single", True) in within.options


def _only(call: Call, expected: str) -> Tree:
    if len(call.arguments) != 1 or call.options:
        raise InputError(f"{call.function} takes {expected}", call.place)
    return call.arguments[0]


def observed(observable: Observable, values: Sequence[Sequence[Any]], first: int) -> Array:
    """Return an expression's value at the last of some consecutive steps, in its shape.

    `values` holds, for each step from `first` on, the values of `needs`.
    """
    rows = [
        np.concatenate([np.empty(0), *(np.asarray(v, np.float64).reshape(-1) for v in step)])
        for step in values
    ]
    return np.asarray(observable.values(np.stack(rows), first)[-1])
