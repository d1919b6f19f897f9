"""Gradients given as numbers: compared at step 0, and explained by changes that give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.text import element_text, number, shape_said
from gradtui.diagnosis.backward.corners import Corners
from gradtui.diagnosis.backward.material import as_tree
from gradtui.diagnosis.backward.trial import ROUNDED, SHAKES, TOLERANCE, rounded
from gradtui.diagnosis.changes import small_edits
from gradtui.diagnosis.edits import Editable, EditKind, Pool, Tweak
from gradtui.diagnosis.finding import Finding
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind, Node, needed_for
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.printer import spell
from gradtui.engine.reverse import adjoints_from
from gradtui.engine.rounding import FLOAT64, Shaken
from gradtui.language.parser import Number, Tree
from gradtui.language.trees import NOWHERE
from gradtui.scenario.problem import Problem

Array = NDArray[np.float64]

_TYPES = ((8, 2.0**-7, 1e-1), (11, 2.0**-10, 2e-2), (24, 2.0**-23, 1e-3))
"""Digits of bfloat16, float16 and float32, with their eps and the least difference that counts."""
_TOLD_APART = 16
"""With this many numbers, having only the digits of a short type is no coincidence."""
_SIMPLE = 3
"""With this many digits fewer than a type's, numbers may be whole or simple fractions instead."""
_RULES: Mapping[EditKind, str] = {
    EditKind.DROP_FACTOR: "missing-factor",
    EditKind.DROP_TERM: "missing-term",
    EditKind.DROP_CALL: "wrong-point",
    EditKind.REPLACE: "wrong-variable",
    EditKind.TRANSPOSE: "transposed",
    EditKind.AXIS: "wrong-axis",
    EditKind.POWER: "missing-factor",
    EditKind.FUNCTION: "wrong-point",
    EditKind.OPERATOR: "sign",
    EditKind.NEGATE: "sign",
    EditKind.SCALE: "constant-factor",
}
"""The change of the true expression -> the rule of the mistake."""


class Given(Struct, frozen=True, eq=False):
    """The gradient of one parameter: the given one and the true one."""

    name: str
    target: int
    """The parameter's node."""
    value: Array
    true: Array
    tolerated: Array
    """The largest difference that does not count, in the shape of `true`."""

    def fits(self, value: Array, most: float = 1.0) -> bool:
        """Return whether a gradient, at most `most` times as large, is the given one."""
        with np.errstate(invalid="ignore"):
            return value.shape == self.value.shape and bool(
                np.all(np.abs(value - self.value) <= most * self.tolerated)
            )


class Mistake(Struct, frozen=True, eq=False):
    """A change of one step of the true backward pass that gives the numbers."""

    rule: str
    text: str
    cost: float
    edit: Tweak
    within: tuple[tuple[str, str], ...]
    """The named edges of the step."""


class Numbers(Struct, frozen=True, eq=False):
    """The verdict on gradients given as numbers."""

    compared: int
    """The number of gradients compared."""
    tolerance: float
    """The least difference that counts, relative to an element."""
    findings: tuple[Finding, ...]
    """The causes."""
    inherited: tuple[str, ...]
    """The other claims that are wrong because of them."""
    uncompared: tuple[str, ...]
    """Those whose true gradient is not finite at the start."""


def judge_numbers(problem: Problem) -> Numbers:
    """Compare the gradients that a file claims at step 0 with the true ones."""
    sheet = _Sheet(problem)
    told = [one for one in sheet.given if np.all(np.isfinite(one.true))]
    left = [one for one in told if not one.fits(one.true)]
    found, inherited = list[Finding](), list[str]()
    for names, steps in sheet.shared([one.name for one in left]):
        spoilt = [one for one in left if one.name in names]
        if len(spoilt) < len(names):
            continue
        mistakes = [one for step in steps for one in sheet.mistakes(step, spoilt)]
        if mistakes or len(spoilt) == 1:
            left = [one for one in left if one not in spoilt]
            found.append(_finding(problem, spoilt, sorted(mistakes, key=lambda one: one.cost)))
            inherited += names[1:]
    lost = tuple(one.name for one in sheet.given if one not in told)
    found += [_untold(problem, name) for name in lost]
    return Numbers(len(told), sheet.tolerance, tuple(found), tuple(inherited), lost)


def _untold(problem: Problem, name: str) -> Finding:
    place = problem.backward.place if problem.backward is not None else None
    return Finding(
        rule="not-compared",
        severity="error",
        target=name,
        line=place.line if place is not None else None,
        message=f"the gradient of {name} is not compared: by reverse mode the true one is not "
        "finite at the start",
        evidence={},
        place=place,
    )


class _Sheet:
    """The model and its true backward pass at step 0, with what is given."""

    def __init__(self, problem: Problem) -> None:
        program, hand = problem.trainer.program, problem.backward
        assert hand is not None
        self.graph, self.reverse = program.graph, program.reverse
        leaves = {
            node.id: np.asarray(problem.values[node.name], dtype=np.float64)[None]
            for node in (*self.graph.parameters, *self.graph.data)
        }
        self.builder = Builder(self.reverse.nodes, simplify=True)
        self.world = Interpreter(self.builder.nodes, leaves, 1)
        self.leaves = leaves
        numbers = {name: np.asarray(value, np.float64) for name, value in hand.numbers.items()}
        eps, self.tolerance = _precision(numbers, hand.digits)
        self._shaken = [
            Shaken(self.world, leaves, np.random.default_rng(seed), eps) for seed in range(SHAKES)
        ]
        self.given = [self._given(name, value, self.tolerance) for name, value in numbers.items()]
        adjoints = {
            f"d{self.graph.nodes[id].name}": adjoint
            for id, adjoint in self.reverse.adjoint.items()
            if id < self.graph.loss and self.graph.nodes[id].name
        }
        self._names = {**adjoints, **self.graph.names}
        self._numbers = _sizes(self.graph.nodes)

    def _given(self, name: str, value: Array, tolerance: float) -> Given:
        target = self.graph.names[name]
        adjoint = self.reverse.adjoint.get(target)
        root = self.builder.constant(0.0) if adjoint is None else adjoint
        shape = self.graph.nodes[target].shape
        true = np.broadcast_to(self.world.value(root)[0], shape)
        room = tolerance * np.abs(true)
        given = Given(name, target, value, true, room)
        if given.fits(true):
            return given
        for world in self._shaken:
            spread = np.abs(world.value(root)[0] - true)
            room = np.fmax(room, ROUNDED * spread)
        given = Given(name, target, value, true, room)
        if value.shape == shape and not given.fits(true):
            wrong = ~(np.abs(value - true) <= room)
            corners = Corners(self.world, self.leaves, self.graph)
            if corners.excuse(target, root, value, true, wrong):
                return Given(name, target, value, true, np.where(wrong, np.inf, room))
        return given

    def shared(self, wrong: Sequence[str]) -> list[tuple[tuple[str, ...], list[int]]]:
        """Return groups of names that one wrong step spoils, the largest first, with those steps.

        A step is the value of the model whose gradient it computes, the nearest first.
        """
        groups: dict[tuple[str, ...], list[int]] = {}
        for node in self.graph.nodes:
            below = needed_for(self.graph.nodes, [node.id])
            names = tuple(one.name for one in self.given if one.target in below)
            if names and node.name and set(names) <= set(wrong) and node.id != self.graph.loss:
                groups.setdefault(names, []).append(node.id)
        return sorted(groups.items(), key=lambda item: -len(item[0]))

    def mistakes(self, step: int, spoilt: Sequence[Given]) -> Iterator[Mistake]:
        """Yield the changes of one step that give the numbers of all `spoilt` names."""
        adjoint = self.reverse.adjoint.get(step)
        if adjoint is None:
            return
        name = self.graph.nodes[step].name
        scope = {key: id for key, id in self._names.items() if id != adjoint}
        tree = as_tree(self.reverse.nodes, adjoint, scope, written=True)
        if tree is None:
            return
        expression = Editable(tree, self.builder.nodes, scope)
        builder, shape = expression.builder, self.graph.nodes[step].shape
        changed = builder.leaf(Kind.HYPERPARAMETER, "changed", shape)
        after = {step: changed}
        if self.graph.nodes[step].kind is Kind.OPERATION:
            after = dict(adjoints_from(builder, self.graph, after))
        at = self.world.extended(builder.nodes)
        for edit in small_edits(expression, Pool(scope, numbers=self._numbers)):
            id = expression.lower(edit)
            if id is None or builder.nodes[id].shape != shape:
                continue
            world = at.replacing({changed: at.value(id)})
            if all(one.fits(world.value(after[one.target])[0]) for one in spoilt):
                text = f"d{name} = {spell(expression.edited(edit))} instead of {spell(tree)}"
                yield Mistake(self._rule(edit, step), text, edit.cost, edit, self._edges(step))

    def _edges(self, step: int) -> tuple[tuple[str, str], ...]:
        """Return the named edges through which the loss depends on a value."""
        nodes = self.graph.nodes
        return tuple(
            (nodes[one.root].name, nodes[step].name)
            for one in self.graph.statements
            if any(step in nodes[op].inputs for op in one.operations)
        )

    def _rule(self, edit: Tweak, step: int) -> str:
        if edit.kind is EditKind.DROP_FACTOR and isinstance(edit.old, Number):
            return "constant-factor"
        if edit.kind is EditKind.DROP_TERM and len(self._edges(step)) > 1:
            return "missing-path"
        return _RULES[edit.kind]


def _precision(given: Mapping[str, Array], stored: int) -> tuple[float, float]:
    """Return the eps of the type that computed numbers, and the least difference that counts.

    It is the type in which they are stored, or a shorter one that suffices for all of many numbers.
    """
    values = np.concatenate([value.reshape(-1) for value in given.values()])
    values = np.unique(np.abs(values[np.isfinite(values) & (values != 0)]))
    mantissa, exponent = np.frexp(values)
    whole = (mantissa * 2.0**53).astype(np.int64)
    used = 53 - np.round(np.log2(whole & -whole)).astype(int)
    for digits, eps, tolerance in _TYPES:
        # Whole numbers have few digits, too, but all that the exponent reaches.
        full = np.count_nonzero(used > digits - _SIMPLE)
        many = full >= _TOLD_APART and bool(np.any(exponent < used))
        if stored == digits or (many and used.max() <= digits):
            return eps, tolerance
    return FLOAT64, TOLERANCE


def _sizes(nodes: Sequence[Node]) -> dict[float, Tree]:
    sizes = sorted({float(size) for node in nodes for size in node.shape if size > 1} | {2.0})
    return {size: Number(size, NOWHERE) for size in sizes}


def _finding(problem: Problem, spoilt: Sequence[Given], mistakes: Sequence[Mistake]) -> Finding:
    """Return the finding of gradients that are wrong together."""
    first = spoilt[0]
    text, evidence = _numbers(first)
    constant = _constant_rule(first) if not mistakes else None
    rules = list(dict.fromkeys(one.rule for one in mistakes)) or [constant or "unexplained"]
    if mistakes:
        text += f"; the numbers fit {mistakes[0].text}"
    if len(rules) > 1 and all(one.value.size == 1 for one in spoilt):
        text += "; one number fits several mistakes: give the program, or another step's numbers"
    nearest = mistakes[0] if mistakes else None
    dropped = nearest.edit.old if nearest is not None and nearest.edit is not None else None
    place = problem.backward.place if problem.backward is not None else None
    graph = problem.trainer.program.graph
    return Finding(
        rule=rules[0],
        severity="error",
        target=first.name,
        line=place.line if place is not None else None,
        message=text,
        evidence=evidence,
        edge=(graph.nodes[graph.loss].name, first.name),
        within=nearest.within if nearest is not None and len(nearest.within) == 1 else (),
        factor=None if dropped is None else spell(dropped),
        alternatives=tuple(rules[1:]),
        place=place,
    )


def _numbers(given: Given) -> tuple[str, dict[str, object]]:
    """Return the given and the true value, in words and by name."""
    value, true = given.value, given.true
    if value.shape != true.shape:
        text = shape_said("it", value.shape, true.shape)
        return f"the gradient of {given.name}: {text}", {"misfit": text}
    distance = np.nan_to_num(np.abs(value - true), nan=np.inf)
    at = tuple(int(one) for one in np.unravel_index(int(np.argmax(distance)), true.shape))
    got, wanted = float(value[at]), float(true[at])
    text = (
        f"at step 0 the gradient of {element_text(given.name, at)} is given as {number(got)}, "
        f"the true one is {number(wanted)}"
    )
    return text, {"claimed": got, "true": wanted, "element": list(at)}


def _constant_rule(given: Given) -> str | None:
    """Return the rule for numbers that are a constant times the true ones."""
    value, true = given.value, given.true
    if value.shape != true.shape:
        return None
    with np.errstate(all="ignore"):
        ratio = float(np.sum(value * true) / np.sum(true * true))
    if not np.isfinite(ratio) or not given.fits(ratio * true, max(1.0, abs(ratio))):
        return None
    return "sign" if rounded(ratio) == -1 else "constant-factor"
