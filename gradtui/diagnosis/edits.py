"""Small changes of an expression, one by one: parts that a person left out, added or mistook.

Knows no gradient.  Each change is a part of the tree with its replacement, and can be lowered to a
node without lowering the whole expression again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.engine.builder import Builder, MisfitError
from gradtui.engine.graph import Kind, Node
from gradtui.engine.lowering import lower_call, lower_tree
from gradtui.engine.ops import OPS
from gradtui.engine.printer import spell
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Call, Name, Number, Tree, WholeNumbers
from gradtui.language.trees import NOWHERE, Path, is_call, replaced


class EditKind(Enum):
    """What an edit does to an expression."""

    NEGATE = "negate"
    SCALE = "scale"
    """Multiply or divide by a number, or replace a number."""
    DROP_FACTOR = "drop a factor"
    DROP_TERM = "drop a term"
    DROP_CALL = "drop a function"
    REPLACE = "another name"
    TRANSPOSE = "transpose"
    AXIS = "another axis, sum for mean"
    REDUCE = "sum over an axis"
    POWER = "another power"
    OPERATOR = "another operator"
    FUNCTION = "another function"
    ADD_FACTOR = "put a factor in"
    ADD_TERM = "put a term in"
    REPLACE_FACTOR = "another factor"


INSERTIONS = (EditKind.ADD_FACTOR, EditKind.ADD_TERM, EditKind.REPLACE_FACTOR)
"""Changes that insert something."""


_COST: Mapping[EditKind, float] = {
    EditKind.NEGATE: 1.0,
    EditKind.AXIS: 1.1,
    EditKind.SCALE: 1.2,
    EditKind.TRANSPOSE: 1.3,
    EditKind.REDUCE: 1.3,
    EditKind.DROP_CALL: 1.4,
    EditKind.DROP_FACTOR: 1.15,
    EditKind.DROP_TERM: 1.15,
    EditKind.POWER: 1.6,
    EditKind.OPERATOR: 1.6,
    EditKind.REPLACE: 1.7,
    EditKind.ADD_FACTOR: 2.0,
    EditKind.FUNCTION: 2.2,
    EditKind.ADD_TERM: 2.5,
    EditKind.REPLACE_FACTOR: 3.0,
}
"""How far-fetched edits of a kind are."""
SLOPE = 1.8
"""The cost of putting a unit's slope for the unit, or for another's slope: a likely mistake."""
_DROPPED_MINUS, _TAKEN_FROM = 0.5, 0.1
"""How much likelier it is to drop a minus, and to take something from a new term."""
_LEAST: Mapping[EditKind, float] = {
    **_COST,
    EditKind.NEGATE: _COST[EditKind.NEGATE] - _DROPPED_MINUS,
    EditKind.SCALE: _COST[EditKind.AXIS],
    EditKind.FUNCTION: SLOPE,
    EditKind.ADD_TERM: _COST[EditKind.ADD_TERM] - _TAKEN_FROM,
    EditKind.REPLACE_FACTOR: _COST[EditKind.ADD_FACTOR],
}
"""The lowest cost of an edit of each kind."""
_LONGEST = 80
"""Characters of new text that count as one more step of far-fetchedness."""


class Edit(Struct, frozen=True):
    """A replacement in one place of an expression."""

    path: Path
    tree: Tree
    """The replacement at `path`."""


class Tweak(Edit, frozen=True):
    """One change of an expression, with its kind."""

    kind: EditKind
    old: Tree | None = None
    """The part removed."""
    new: Tree | None = None
    """The part inserted."""

    @property
    def cost(self) -> float:
        """How far-fetched it is: of several that fit, the cheapest is named first."""
        if self.kind is EditKind.NEGATE and not _adds_minus(self):
            return _COST[self.kind] - _DROPPED_MINUS
        if self.kind is EditKind.FUNCTION and _is_slope(self):
            return SLOPE + 0.02 * len(self.path)
        if self.counts_all:
            return _COST[EditKind.AXIS] + 0.02 * len(self.path)
        if self.kind is EditKind.REPLACE_FACTOR and isinstance(self.old, Number):
            cost = _COST[EditKind.ADD_FACTOR]
        elif self.kind is EditKind.ADD_TERM and _is_taken_from(self):
            cost = _COST[self.kind] - _TAKEN_FROM
        else:
            cost = _COST[self.kind]
        new = len(spell(self.new)) if self.new is not None else 0
        return cost + 0.01 * min(new, _LONGEST) + 0.02 * len(self.path)

    @property
    def counts_all(self) -> bool:
        """Whether it puts the number of all elements in place of the length of one axis."""
        sizes = self.new.arguments if isinstance(self.new, Call) else ()
        return (
            self.kind is EditKind.SCALE
            and bool(sizes)
            and all(is_call(one, "shape") for one in sizes)
        )

    @property
    def suits_count(self) -> bool:
        """Whether a count may need it: it takes another axis, or drops a sign or a factor."""
        if is_call(self.new, "shape"):
            return self.kind is not EditKind.ADD_TERM
        return self.new is None and not _adds_minus(self)


def least_cost(*kinds: EditKind) -> float:
    """Return the lowest cost of an edit of some kinds."""
    return min(_LEAST[kind] for kind in kinds)


def _is_slope(edit: Tweak) -> bool:
    """Return whether an edit puts a unit's slope in place of the unit or of another's slope."""
    return is_call(edit.tree, ">") or is_call(edit.new, "-", "*")


def _is_taken_from(edit: Tweak) -> bool:
    """Return whether the old part is subtracted from the new term: the minus of 1 - x remained."""
    return (
        isinstance(edit.tree, Call)
        and edit.tree.function == "-"
        and edit.tree.arguments[0] is edit.new
    )


def _adds_minus(edit: Tweak) -> bool:
    return is_call(edit.tree, "neg")


class Pool(Struct, frozen=True):
    """The names and numbers that may be inserted into an expression."""

    names: Mapping[str, int]
    """Name -> node, for every name readable at this place."""
    factors: Sequence[Tree] = ()
    terms: Sequence[Tree] = ()
    numbers: Mapping[float, Tree] = MappingProxyType({})
    """Numbers that may be missing or superfluous -> their text: the size of the batch."""
    averaged: frozenset[Shape] = frozenset()
    """The shapes of the matrices that the model averages whole."""


class Editable:
    """An expression whose parts have been lowered, so that an edit is cheap."""

    def __init__(self, tree: Tree, nodes: Sequence[Node], names: Mapping[str, int]) -> None:
        """Take an expression and the names that it can read, of some of the `nodes`."""
        self.tree = tree
        self.builder = Builder(nodes, simplify=True)
        self.names = names
        self.parts: dict[Path, Tree] = {}
        self.ids: dict[Path, int] = {}
        self._known: dict[int, tuple[Call, int | None]] = {}
        """id() of a lowered tree -> the tree, which keeps it alive, and its node."""
        self.lowered = 0
        """The number of calls and names lowered: the work of all edits so far."""
        self._lower_parts()

    @property
    def root(self) -> int:
        """The node of the whole expression."""
        return self.ids[()]

    def shape(self, path: Path) -> Shape:
        """Return the shape of a part; () if it has no value."""
        return self.builder.nodes[self.ids[path]].shape if path in self.ids else ()

    def lower(self, edit: Edit) -> int | None:
        """Return the node of the edited expression; None if the shapes do not fit."""
        new = edit.new if isinstance(edit, Tweak) else None
        if isinstance(new, Call) and self.node_of(new) is None:
            return None
        try:
            node = self._lowered(edit.tree)
            for depth in range(len(edit.path) - 1, -1, -1):
                node = self._parent(edit.path[:depth], edit.path[depth], node)
        except InputError:
            return None
        return node

    def node_of(self, tree: Tree) -> int | None:
        """Return the node of a tree in these names; None if the shapes do not fit."""
        if not isinstance(tree, Call):
            return self._lowered_or_none(tree)
        if id(tree) not in self._known:
            self._known[id(tree)] = (tree, self._lowered_or_none(tree))
        return self._known[id(tree)][1]

    def hole(self, shape: Shape) -> Name:
        """Return a placeholder name for a value of a shape, with a node of its own."""
        return Name(f"%{self.builder.leaf(Kind.HYPERPARAMETER, '', shape)}", NOWHERE)

    def edited(self, edit: Edit) -> Tree:
        """Return the whole edited tree."""
        return edited(self.tree, edit)

    def _lower_parts(self) -> None:
        """Append the nodes of all parts; parts whose shapes do not fit have none."""
        pending: list[tuple[Path, Tree, bool]] = [((), self.tree, False)]
        while pending:
            path, tree, ready = pending.pop()
            self.parts[path] = tree
            if isinstance(tree, Call) and not ready:
                pending.append((path, tree, True))
                pending += [((*path, at), one, False) for at, one in enumerate(tree.arguments)]
                continue
            try:
                if isinstance(tree, Call):
                    self.ids[path] = self._parent(path, -1, -1)
                    self._known[id(tree)] = (tree, self.ids[path])
                elif not isinstance(tree, WholeNumbers):
                    self.ids[path] = lower_tree(tree, self.builder, self._resolve)
            except InputError:
                continue

    def _parent(self, path: Path, at: int, id: int) -> int:
        """Append the operation at `path` on its arguments' nodes, with `id` as number `at`."""
        call = self.parts[path]
        assert isinstance(call, Call)
        entry, parts = OPS.get(call.function), list[int | Tree]()
        for index, argument in enumerate(call.arguments):
            if index == at:
                parts.append(id)
            elif _is_literal(argument):
                parts.append(argument)
            elif (*path, index) in self.ids:
                parts.append(self.ids[(*path, index)])
            else:
                raise MisfitError("a part has no value")
        self.lowered += 1
        if entry is not None and len(parts) == len(entry.operands):
            operands = [one if isinstance(one, int) else self._lowered(one) for one in parts]
            self.lowered += len(operands)
            return lower_call(call, tuple(operands), self.builder)
        arguments = (Name(f"%{one}", NOWHERE) if isinstance(one, int) else one for one in parts)
        return lower_tree(replace(call, arguments=tuple(arguments)), self.builder, self._resolve)

    def _lowered_or_none(self, tree: Tree) -> int | None:
        try:
            return self._lowered(tree)
        except InputError:
            return None

    def _lowered(self, tree: Tree) -> int:
        return lower_tree(tree, self.builder, self._resolve, resolve_call=self._resolve_call)

    def _resolve_call(self, call: Call) -> int | None:
        """Return the node of a call lowered before."""
        self.lowered += 1
        known = self._known.get(id(call))
        return known[1] if known is not None else None

    def _resolve(self, name: Name) -> int:
        self.lowered += 1
        if name.name.startswith("%"):
            return int(name.name[1:])
        if name.name not in self.names:
            raise InputError(f"'{name.name}' is not defined", name.place)
        return self.names[name.name]


def edited(tree: Tree, edit: Edit) -> Tree:
    """Return a whole tree with an edit applied."""
    return replaced(tree, edit.path, edit.tree)


def _is_literal(tree: Tree) -> bool:
    match tree:
        case Number() | WholeNumbers() | Call("neg", (Number(),)):
            return True
        case _:
            return False
