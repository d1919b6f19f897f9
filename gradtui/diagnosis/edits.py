"""Small changes of an expression, one by one: what a person may have left out, added or mistaken.

Knows no gradient.  Each change is given as a part of the tree and what stands there instead, and
can be lowered to a node without lowering the whole expression again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.engine.builder import Builder, MisfitError
from gradtui.engine.graph import Kind
from gradtui.engine.lowering import lower_call, lower_tree
from gradtui.engine.ops import OPS
from gradtui.engine.shapes import Shape
from gradtui.language.parser import Call, Name, Number, Tree, WholeNumbers
from gradtui.language.trees import NOWHERE, Path, replaced


class EditKind(Enum):
    """What an edit does to an expression."""

    NEGATE = "negate"
    SCALE = "scale"
    """Multiply or divide by a number, or put another number in its place."""
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
"""Changes that put something in."""


class Edit(Struct, frozen=True):
    """One change of an expression."""

    kind: EditKind
    path: Path
    tree: Tree
    """What stands at `path` instead."""
    old: Tree | None = None
    """The part that is gone."""
    new: Tree | None = None
    """The part that is new."""


class Pool(Struct, frozen=True):
    """What may be put into an expression."""

    names: Mapping[str, int]
    """Name -> node, of all that can be read at this place."""
    factors: Sequence[Tree] = ()
    terms: Sequence[Tree] = ()
    numbers: Mapping[float, Tree] = MappingProxyType({})
    """Numbers that may be missing or too many -> how they are written: the size of the batch."""


class Editable:
    """An expression whose parts have been lowered, so that an edit costs little."""

    def __init__(self, tree: Tree, builder: Builder, names: Mapping[str, int]) -> None:
        self.tree = tree
        self.builder = builder
        self.names = names
        self.parts: dict[Path, Tree] = {}
        self.ids: dict[Path, int] = {}
        self._known: dict[int, tuple[Call, int | None]] = {}
        """id() of a tree that has been lowered -> the tree, so that it lives, and its node."""
        self.lowered = 0
        """How many calls and names were lowered: what all edits have taken so far."""
        self._lower_parts()

    @property
    def root(self) -> int:
        """The node of the whole expression."""
        return self.ids[()]

    def shape(self, path: Path) -> Shape:
        """Return the shape of a part, () where it has no value."""
        return self.builder.nodes[self.ids[path]].shape if path in self.ids else ()

    def lower(self, edit: Edit) -> int | None:
        """Return the node of the edited expression; None where the shapes do not fit."""
        if isinstance(edit.new, Call) and self.node_of(edit.new) is None:
            return None
        try:
            node = self._lowered(edit.tree)
            for depth in range(len(edit.path) - 1, -1, -1):
                node = self._parent(edit.path[:depth], edit.path[depth], node)
        except InputError:
            return None
        return node

    def node_of(self, tree: Tree) -> int | None:
        """Return the node of a tree in these names; None where the shapes do not fit."""
        if not isinstance(tree, Call):
            return self._lowered_or_none(tree)
        if id(tree) not in self._known:
            self._known[id(tree)] = (tree, self._lowered_or_none(tree))
        return self._known[id(tree)][1]

    def hole(self, shape: Shape) -> Name:
        """Return a name that stands for any value of a shape, with a node of its own."""
        return Name(f"%{self.builder.leaf(Kind.HYPERPARAMETER, '', shape)}", NOWHERE)

    def edited(self, edit: Edit) -> Tree:
        """Return the whole edited tree."""
        return edited(self.tree, edit)

    def _lower_parts(self) -> None:
        """Append the nodes of all parts; those whose shapes do not fit have none."""
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
        """Append the operation at `path` on the nodes of its arguments, `id` for number `at`."""
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
        """Return the node of a call that has been lowered before."""
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
    """Return a whole tree as an edit leaves it."""
    return replaced(tree, edit.path, edit.tree)


def _is_literal(tree: Tree) -> bool:
    match tree:
        case Number() | WholeNumbers() | Call("neg", (Number(),)):
            return True
        case _:
            return False
