"""A repaired line -> findings: which rule, which edge, which factor, the corrected line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from gradtui.diagnosis.backward.blame import Repair
from gradtui.diagnosis.backward.hypotheses import Hit, find_hits, pool_for, scaled
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.rules import Context, rules_of
from gradtui.diagnosis.backward.trial import Trial
from gradtui.diagnosis.edits import Editable, Pool
from gradtui.diagnosis.spelling import spell, subtrees
from gradtui.engine.expression import Call, Number, Tree, parse_expression
from gradtui.engine.graph import Builder, Node
from gradtui.engine.unparse import formula
from gradtui.source import InputError

Array = NDArray[np.float64]

_MOST = 40
_LONGEST = 90


class Explanation(Struct, frozen=True, eq=False):
    """Why one line is wrong."""

    repair: Repair
    hits: tuple[Hit, ...]
    """The changes that repair it, the nearest first."""
    context: Context
    truth: str
    """The line as its model's derivatives would have it, or nothing."""
    pool: Pool

    def fixes(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield corrected lines, the best first."""
        name, tree = self.repair.line.name, self.repair.line.tree
        for hit in self.hits[:6]:
            whole = scaled(hit.tree, hit.scale, self.pool.numbers)
            yield f"{name} = {spell(whole, tree, lines)}"
        if self.truth:
            yield f"{name} = {self.truth}"

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that fit, the nearest first; two bugs in one line give two for the first."""
        found: dict[str, None] = {}
        for hit in self.hits:
            for rule in rules_of(hit, self.context):
                found.setdefault(rule)
        return tuple(found) or ("unexplained",)


def explain(
    trial: Trial, readings: Readings, repairs: Sequence[Repair], repair: Repair
) -> Explanation:
    """Return what is wrong with one line, the other repairs taken for granted."""
    line = repair.line
    others = [one for one in repairs if one is not repair]
    world = trial.world.replacing({one.line.node: one.value for one in others})
    truth = ""
    target = repair.target
    if target is None:
        assert repair.edit is not None
        pool = pool_for(trial, line, [], [])
        hits = [Hit((repair.edit,), _edited(trial, repair), 0.0)]
        return Explanation(repair, tuple(hits), Context(trial, readings, line, world), "", pool)
    scales = {one.line.name: one.scale for one in others}
    factors, terms = list[Tree](), list[Tree]()
    value = world.value(line.node)
    constant = bool(np.all(value == value[0]))
    for upstream in (readings.upstream(line), readings.before(line)):
        builder, root = readings.true_step(line, target, repair.scale, scales, upstream)
        expected = _as_tree(builder.nodes, root, line)
        if expected is not None:
            truth = spell(expected)
            factors += _factors(expected) if not constant else [expected, *_factors(expected)]
            terms += _terms(expected)
    behind = _behind(trial, target)
    factors += _locals(trial, line, behind)
    for tree in _statements(trial, line, behind):
        factors += _factors(tree)
        terms += [tree, *_terms(tree)]
    pool = pool_for(trial, line, _distinct(factors), _distinct(terms))
    size = np.maximum(np.abs(repair.value), abs(repair.scale) * trial.size(target))
    hits = find_hits(trial, line, world, repair.value, size, pool)
    return Explanation(repair, tuple(hits), Context(trial, readings, line, world), truth, pool)


def _edited(trial: Trial, repair: Repair) -> Tree:
    assert repair.edit is not None
    expression = Editable(
        repair.line.tree, Builder(trial.builder.nodes, simplify=True), repair.line.scope
    )
    return expression.edited(repair.edit)


def _as_tree(nodes: Sequence[Node], root: int, line: Line, *, written: bool = False) -> Tree | None:
    """Return a node's expression in the names that a line can read; None where it has no text.

    With `written` the root is written out even where it has a name.
    """
    names = {id: name for name, id in line.scope.items()}

    def show(node: Node) -> str | None:
        return names.get(node.id)

    try:
        if root in names and not written:
            return parse_expression(names[root])
        return parse_expression(formula(nodes, root, show))
    except InputError:
        return None


def _factors(tree: Tree) -> list[Tree]:
    """Return what is multiplied in an expression."""
    return [
        argument
        for part in subtrees(tree)
        if isinstance(part, Call) and part.function in ("*", "/", "@")
        for argument in part.arguments
    ]


def _terms(tree: Tree) -> list[Tree]:
    """Return what is added in an expression."""
    return [
        argument
        for part in subtrees(tree)
        if isinstance(part, Call) and part.function in ("+", "-")
        for argument in part.arguments
    ]


def _behind(trial: Trial, target: int) -> frozenset[int]:
    """Return a node and all that are computed from it."""
    behind = {target}
    for node in trial.graph.nodes:
        if any(source in behind for source in node.inputs):
            behind.add(node.id)
    return frozenset(behind)


def _locals(trial: Trial, line: Line, behind: frozenset[int]) -> list[Tree]:
    """Return the local derivatives of the edges behind a value, in the names of the model."""
    found = list[Tree]()
    for (source, root), local in trial.reverse.named_local.items():
        if source in behind and root in behind:
            tree = _as_tree(trial.reverse.nodes, local, line)
            if tree is not None:
                found.append(tree)
    return found


def _statements(trial: Trial, line: Line, behind: frozenset[int]) -> list[Tree]:
    """Return the expressions of the model's statements behind a value."""
    found = list[Tree]()
    for statement in trial.graph.statements:
        node = trial.graph.nodes[statement.root]
        if statement.root in behind and node.inputs:
            tree = _as_tree(trial.graph.nodes, statement.root, line, written=True)
            if tree is not None:
                found.append(tree)
    return found


def _distinct(trees: Sequence[Tree]) -> list[Tree]:
    """Return the trees that differ, the shortest first, without numbers and very long ones."""
    texts: dict[str, Tree] = {}
    for tree in (*map(_without_numbers, trees), *trees):
        if not isinstance(tree, Number):
            texts.setdefault(spell(tree), tree)
    short = sorted(texts, key=len)
    return [texts[text] for text in short if len(text) <= _LONGEST][:_MOST]


def _without_numbers(tree: Tree) -> Tree:
    """Return a product without its numeric factors."""
    if not isinstance(tree, Call) or tree.function not in ("*", "/", "@"):
        return tree
    left, right = map(_without_numbers, tree.arguments)
    if _is_number(right) and tree.function != "@":
        return left
    if _is_number(left) and tree.function == "*":
        return right
    return replace(tree, arguments=(left, right))


def _is_number(tree: Tree) -> bool:
    return all(
        isinstance(part, Number) or (isinstance(part, Call) and part.function in ("*", "/", "neg"))
        for part in subtrees(tree)
    )
