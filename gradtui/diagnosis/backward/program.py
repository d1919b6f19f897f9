"""A hand-written backward pass on the nodes of its model: what each line reads and claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gradtui.diagnosis.spelling import subtrees
from gradtui.engine.expression import Assignment, Name, Tree
from gradtui.engine.graph import Builder, Graph, Kind, Node
from gradtui.engine.lowering import lower_tree
from gradtui.engine.shapes import Shape
from gradtui.source import InputError, Place, did_you_mean
from gradtui.text import shape_text


class Line(Struct, frozen=True, eq=False):
    """One line of the program."""

    name: str
    tree: Tree
    place: Place
    node: int
    """The node of its value; where that does not fit, of the leaf that stands for it."""
    target: int | None
    """The node of the model whose adjoint it claims to be; None for a helper."""
    scope: Mapping[str, int]
    """What it can read: name -> node."""
    misfit: str = ""
    """Why its value cannot be what it claims: shapes."""

    @property
    def reads(self) -> frozenset[str]:
        """The names it reads."""
        return frozenset(part.name for part in subtrees(self.tree) if isinstance(part, Name))


class Program(Struct, frozen=True, eq=False):
    """All lines, lowered."""

    lines: tuple[Line, ...]
    nodes: tuple[Node, ...]
    """The model's, its backward pass's and the program's."""
    state: Mapping[str, int]
    """Name that keeps last step's value -> the leaf of that value."""

    def line(self, name: str) -> Line | None:
        """Return the line that assigns a name."""
        return next((line for line in self.lines if line.name == name), None)


def lower_program(
    graph: Graph,
    nodes: Sequence[Node],
    program: Sequence[Assignment],
    claims: Mapping[str, str],
    state: Mapping[str, Shape],
) -> Program:
    """Return a hand-written backward pass on the nodes of a model.

    A claim whose shapes do not fit is kept, with what is wrong; raises InputError where a helper's
    do not, or where a name is not known.
    """
    shapes = dict(state)
    while True:
        lowered = _lower(graph, nodes, program, claims, shapes)
        kept = {line.name: lowered.nodes[line.node].shape for line in lowered.lines}
        wider = {
            name: kept[name] for name, shape in shapes.items() if kept.get(name, shape) != shape
        }
        if not wider or any(len(shape) < len(shapes[name]) for name, shape in wider.items()):
            return lowered
        shapes.update(wider)


def _lower(
    graph: Graph,
    nodes: Sequence[Node],
    program: Sequence[Assignment],
    claims: Mapping[str, str],
    state: Mapping[str, Shape],
) -> Program:
    builder = Builder(nodes)
    names = dict(graph.names)
    leaves = {name: builder.leaf(Kind.STATE, name, shape) for name, shape in state.items()}
    names |= leaves
    lines, assigned = [], set(graph.names)
    for line in program:
        if line.name in assigned:
            raise InputError(f"'{line.name}' is a name of the model or assigned above: a name is "
                             "assigned once", line.place)  # fmt: skip
        scope = dict(names)
        target = graph.names[claims[line.name]] if line.name in claims else None
        node, misfit = _value(builder, line, scope, target)
        lines.append(Line(line.name, line.value, line.place, node, target, scope, misfit))
        names[line.name] = node
        assigned.add(line.name)
    return Program(tuple(lines), tuple(builder.nodes), leaves)


def _value(
    builder: Builder, line: Assignment, scope: Mapping[str, int], target: int | None
) -> tuple[int, str]:
    """Append a line's value; a leaf of the right shape and a message where a claim's do not fit."""

    def resolve(name: Name) -> int:
        if name.name not in scope:
            raise InputError(f"'{name.name}' is not defined" + did_you_mean(name.name, scope),
                             name.place)  # fmt: skip
        return scope[name.name]

    for part in subtrees(line.value):
        if isinstance(part, Name):
            resolve(part)
    first = len(builder.nodes)
    try:
        root = lower_tree(line.value, builder, resolve)
    except InputError as error:
        if target is None:
            raise
        return _stand_in(builder, line, target), error.message
    if builder.nodes[root].name or root < first:
        root = builder.apply("identity", (root,), place=line.value.place)
    shape = builder.nodes[root].shape
    if target is not None and shape != builder.nodes[target].shape:
        wanted = shape_text(builder.nodes[target].shape)
        return _stand_in(builder, line, target), f"its shape is {shape_text(shape)}, not {wanted}"
    builder.rename(root, line.name, line.place)
    return root, ""


def _stand_in(builder: Builder, line: Assignment, target: int) -> int:
    return builder.leaf(Kind.STATE, f"{line.name} as it should be", builder.nodes[target].shape)
