"""A change that repairs a line -> the rule of the mistake, and the edge that it is on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.source import InputError
from gradtui.diagnosis.backward.hypotheses import Hit
from gradtui.diagnosis.backward.material import behind_of
from gradtui.diagnosis.backward.meaning import Readings
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import Trial, near
from gradtui.diagnosis.edits import EditKind, Tweak
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind, needed_for
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.lowering import lower_tree
from gradtui.engine.ops import OPS
from gradtui.language.parser import Call, Name, Number, Tree
from gradtui.language.trees import Path, names_read, same, subtrees

Array = NDArray[np.float64]


class Context(Struct, frozen=True, eq=False):
    """Everything known of a blamed line."""

    trial: Trial
    readings: Readings
    line: Line
    target: int | None
    """The node of the model whose adjoint the line should hold; None for any other helper."""
    world: Interpreter
    """The values with the other lines repaired."""

    def value(self, tree: Tree) -> Array | None:
        """Return the value at every point of an expression that the line could contain."""
        builder = Builder(self.trial.builder.nodes, simplify=True)
        scope = self.line.scope

        def resolve(name: Name) -> int:
            if name.name not in scope:
                raise InputError(f"'{name.name}' is not defined", name.place)
            return scope[name.name]

        try:
            id = lower_tree(tree, builder, resolve)
        except InputError:
            return None
        return self.world.extended(builder.nodes).value(id)

    def is_constant(self, tree: Tree | None) -> bool:
        """Return whether an expression is a constant number."""
        if tree is None:
            return False
        value = self.value(tree)
        return value is not None and value[0].size == 1 and bool(np.all(value == value[0]))

    def is_given_number(self, tree: Tree) -> bool:
        """Return whether an expression is one number independent of the parameters."""
        if self.is_constant(tree):
            return True
        nodes, scope = self.trial.graph.nodes, self.line.scope
        value = self.value(tree)
        if value is None or value[0].size != 1:
            return False
        read = {scope[name] for name in names_read(tree) if name in scope}
        given = (Kind.DATA, Kind.HYPERPARAMETER, Kind.CONSTANT)
        return all(id < len(nodes) and nodes[id].kind in given for id in read)

    def reads_state(self, tree: Tree | None) -> bool:
        """Return whether an expression reads a value of an earlier step."""
        if tree is None:
            return False
        state = set(self.trial.program.state.values())
        return any(
            isinstance(part, Name) and self.line.scope.get(part.name) in state
            for part in subtrees(tree)
        )

    def edges_of(self, tree: Tree | None) -> list[tuple[int, int]]:
        """Return the (consumer, source) edges of the named graph whose local derivative it is.

        Only edges on the way from the loss to the line's target count.
        """
        value = None if tree is None else self.value(tree)
        found = []
        if value is not None:
            at = self.trial.world
            for (source, root), local in self.trial.reverse.named_local.items():
                if not self._is_above(source):
                    continue
                other = at.value(local)
                if near(value[1:], other[1:], np.abs(other[1:])) and not np.all(other == other[0]):
                    found.append((root, source))
        return found

    def _is_above(self, node: int) -> bool:
        """Return whether a gradient that the line computes flows through a node."""
        if self.target is not None:
            about = {self.target}
        else:
            reached = self.trial.program.dependents([self.line.name])
            lines = (one for one in self.trial.lines if one.name in reached)
            about = {one.target for one in lines if one.target is not None}
        return bool(about & needed_for(self.trial.graph.nodes, [node]))

    def contribution_edges(self, tree: Tree | None) -> list[tuple[int, int]]:
        """Return the (consumer, target) edges whose contribution an expression is."""
        target, trial = self.target, self.trial
        value = None if tree is None else self.value(tree)
        if value is None or target is None:
            return []
        found = []
        for root, flow in trial.flows(target).items():
            if flow.shape != value.shape:
                continue
            size = np.abs(flow[1:])
            for sign in (1.0, -1.0):
                if near(sign * value[1:], flow[1:], size) and np.any(flow):
                    found.append((root, target))
        return found


def rules_of(hit: Hit, context: Context) -> Iterator[str]:
    """Yield the rules for the changes of a hit."""
    for edit in hit.edits:
        yield rule_of(edit, context)
    if hit.scale != 1.0:
        yield "sign" if hit.scale == -1.0 else "constant-factor"


def rule_of(edit: Tweak, context: Context) -> str:
    """Return the rule for the mistake that an edit repairs."""
    match edit.kind:
        case EditKind.NEGATE:
            return "sign"
        case EditKind.SCALE:
            return "constant-factor"
        case EditKind.TRANSPOSE:
            return "transposed"
        case EditKind.AXIS:
            return "wrong-axis"
        case EditKind.REDUCE:
            return "unreduced-broadcast"
        case EditKind.DROP_FACTOR:
            return "constant-factor" if context.is_constant(edit.old) else "extra-factor"
        case EditKind.ADD_FACTOR:
            return "constant-factor" if context.is_constant(edit.new) else "missing-factor"
        case EditKind.DROP_TERM:
            return _dropped_term(edit, context)
        case EditKind.ADD_TERM:
            return "missing-path" if _is_path(edit.new, context) else "missing-term"
        case EditKind.DROP_CALL:
            return _dropped_call(edit)
        case EditKind.REPLACE:
            return _replaced(edit, context)
        case EditKind.POWER:
            return "missing-factor" if edit.new is not None else "extra-factor"
        case EditKind.OPERATOR:
            return _operator(edit, context)
        case EditKind.FUNCTION:
            return "wrong-point"
        case EditKind.REPLACE_FACTOR:
            assert edit.old is not None and edit.new is not None
            if isinstance(edit.old, Number) and isinstance(_unstretched(edit.new), Name):
                return "wrong-variable"
            return _difference(edit.old, edit.new)


def equivalents_of(edit: Tweak, context: Context) -> tuple[str, ...]:
    """Return the other rules that fit the same change."""
    if edit.kind is EditKind.POWER and _is_sum(edit.tree):
        # x**g for x**(g - 1): an extra factor x, or the exponent's own term left out.
        return ("missing-term",)
    if edit.kind is EditKind.REPLACE_FACTOR and isinstance(edit.old, Number):
        # x for 1 is an x where nothing belongs.
        return ("missing-factor", "missing-term")
    summed = part_at(context.line.tree, edit.path[:-1]) if edit.path else None
    if edit.kind is EditKind.ADD_FACTOR and _is_sum(edit.new):
        # dO*(1 - T) is dO - dO*T: the missing factor is also a missing term.
        return ("missing-term",) if _is_sum(summed) or _has_one(edit.new) else ()
    if edit.kind is EditKind.ADD_TERM and edit.new is not None:
        part = part_at(context.line.tree, edit.path)
        return ("missing-factor",) if _is_part(part, edit.new, ("*", "@")) else ()
    return ()


def _has_one(tree: Tree | None) -> bool:
    """Return whether 1 is one of the two terms of a sum."""
    return isinstance(tree, Call) and any(one == Number(1.0, one.place) for one in tree.arguments)


def part_at(tree: Tree, path: Path) -> Tree:
    """Return the part of a tree at a path, or the last part on its way.

    The path of a second edit leads through the replacement made by the first.
    """
    for at in path:
        if not isinstance(tree, Call) or at >= len(tree.arguments):
            break
        tree = tree.arguments[at]
    return tree


def _is_sum(tree: Tree | None) -> bool:
    return isinstance(tree, Call) and tree.function in ("+", "-")


def _difference(old: Tree, new: Tree) -> str:
    """Return the rule for the difference between two factors."""
    old, new = _unstretched(old), _unstretched(new)
    while isinstance(old, Call) and isinstance(new, Call) and old.function == new.function:
        pairs = list(zip(old.arguments, new.arguments, strict=False))
        differing = [at for at, pair in enumerate(pairs) if not same(*pair)]
        if len(differing) != 1 or len(old.arguments) != len(new.arguments):
            break
        old, new = pairs[differing[0]]
    if _is_part(old, new, ("+", "-")) or not any(names_read(old)):
        return "missing-term"
    if _is_part(old, new, ("*", "/", "@")):
        return "missing-factor"
    if _is_part(new, old, ("*", "/", "@")):
        return "extra-factor"
    names = isinstance(old, Name) and isinstance(new, Name)
    return "wrong-variable" if names else "wrong-point"


def _unstretched(tree: Tree) -> Tree:
    while isinstance(tree, Call) and tree.function in ("expand", "T"):
        (tree, *_) = tree.arguments
    return tree


def _is_part(part: Tree | None, whole: Tree | None, operators: tuple[str, ...]) -> bool:
    """Return whether an expression is an operand that `operators` join to another."""
    if part is None or not isinstance(whole, Call) or whole.function not in operators:
        return False
    return any(same(part, one) or _is_part(part, one, operators) for one in whole.arguments)


def _dropped_term(edit: Tweak, context: Context) -> str:
    if context.reads_state(edit.old):
        return "accumulated"
    assert edit.old is not None
    if context.is_constant(part_at(context.line.tree, edit.path)):
        return "constant-factor"
    repeated = any(same(edit.old, part) for part in subtrees(edit.tree))
    if repeated or _is_path(edit.old, context):
        return "double-counted-path"
    return "unexplained"


def _is_path(tree: Tree | None, context: Context) -> bool:
    """Return whether an expression is the whole contribution along one of several edges."""
    return bool(context.contribution_edges(tree))


def _dropped_call(edit: Tweak) -> str:
    assert isinstance(edit.old, Call)
    function = edit.old.function
    if function == "T":
        return "transposed"
    return "wrong-axis" if function in ("sum", "mean", "expand", "max") else "wrong-point"


def _replaced(edit: Tweak, context: Context) -> str:
    if context.reads_state(edit.old):
        return "stale"
    if not isinstance(edit.old, Name) or not isinstance(edit.new, Name):
        return "wrong-variable"
    nodes, scope = context.trial.builder.nodes, context.line.scope
    pair = {scope[edit.old.name], scope[edit.new.name]}
    for id in pair & _ahead(context):
        node = nodes[id]
        if node.kind is Kind.OPERATION and _is_curve(node.op) and set(node.inputs) == pair - {id}:
            return "wrong-point"
    return "wrong-variable"


def _ahead(context: Context) -> frozenset[int]:
    """Return the nodes that the model computes from a line's target; all for other helpers."""
    trial = context.trial
    if context.target is None:
        return frozenset(range(len(trial.graph.nodes)))
    return behind_of(trial, context.target)


def _is_curve(op: str) -> bool:
    entry = OPS[op]
    return len(entry.operands) == 1 and (entry.elementwise or not entry.reduction)


def _operator(edit: Tweak, context: Context) -> str:
    assert isinstance(edit.tree, Call)
    if edit.tree.function in ("<", ">", "<=", ">=", "=="):
        return "wrong-point"
    right = edit.tree.arguments[1]
    return "constant-factor" if context.is_given_number(right) else "wrong-variable"
