"""Boxes and wires as layers of nodes joined by lanes. Knows no order in a layer and no cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from gradtui.layout.geometry import Box, Pair, Parts, Wire

_TOGETHER = 100
"""Boxes, or wires, that are drawn into the layers at a time."""
_MANY = 20_000
"""Parts of a drawing above which boxes move to save some."""


class Node(Struct, eq=False):
    """A box, or the passage of long wires through a layer (no key)."""

    layer: int
    key: int | None = None
    width: int = 0
    height: int = 1
    incoming: list[Lane] = field(default_factory=list)
    outgoing: list[Lane] = field(default_factory=list)
    sources: list[Node] = field(default_factory=list)
    """The nodes in the previous layer that lead here."""
    targets: list[Node] = field(default_factory=list)
    """The nodes in the next layer that this leads to."""
    place: int = 0
    """Index in its layer, 0 the top."""
    row: int = 0
    """Its first row, at which lines enter and leave."""
    entry: int = 0
    """The column at which lines enter: that of the arrow's head, for a box."""
    exit: int = 0
    """The column at which lines leave."""

    def __repr__(self) -> str:
        return f"Node({self.layer}, {self.key})"  # a dataclass's repr of neighbours never ends

    @property
    def is_passage(self) -> bool:
        """Whether it is a passage, without a box."""
        return self.key is None


class Lane(Struct, eq=False):
    """The row on which a wire, or the wires of a passage, cross from one layer to the next."""

    source: Node
    target: Node
    wire: Pair | None = None
    """The wire that ends at `target`; None if `target` is a passage."""
    slot: int = 0
    """Cells reserved for the label."""
    row: int = 0
    extra: int = 0
    """The number of the row inserted below `row`; 0 is `row` itself."""


def build_layers(boxes: Sequence[Box], wires: Sequence[Wire]) -> Parts[list[list[Node]]]:
    """Return the layers of nodes, joined by lanes, with passages for wires over several layers."""
    layer_of = _rank([box.key for box in boxes], [(w.source, w.target) for w in wires])
    yield
    layers: list[list[Node]] = [[] for _ in range(1 + max(layer_of.values(), default=-1))]
    nodes: dict[int, Node] = {}
    for number, box in enumerate(boxes):
        if number % _TOGETHER == 0:
            yield
        nodes[box.key] = node = Node(layer_of[box.key], box.key, box.width, box.height)
        layers[node.layer].append(node)
    position = {key: index for index, key in enumerate(nodes)}
    # Nearer targets first, so that a long wire prolongs the passages its source already has.
    ordered = sorted(wires, key=lambda wire: (position[wire.source], layer_of[wire.target]))
    farthest = dict(nodes)
    for number, wire in enumerate(ordered):
        if number % _TOGETHER == 0:
            yield
        source, target = farthest[wire.source], nodes[wire.target]
        while source.layer < target.layer - 1:
            passage = Node(source.layer + 1)
            layers[passage.layer].append(passage)
            _connect(Lane(source, passage))
            farthest[wire.source] = source = passage
        _connect(Lane(source, target, (wire.source, wire.target), wire.slot))
    return layers


def _connect(lane: Lane) -> None:
    lane.source.outgoing.append(lane)
    lane.source.targets.append(lane.target)
    lane.target.incoming.append(lane)
    lane.target.sources.append(lane.source)


def count_parts(keys: Sequence[int], pairs: Sequence[Pair]) -> int:
    """Return the number of boxes, passages and wires of a drawing.

    Time and memory grow with it; `keys` and `pairs` are those of the boxes and the wires.
    """
    return len(keys) + len(pairs) + _count_passages(_rank(keys, pairs), pairs)


def _count_passages(layer_of: Mapping[int, int], pairs: Sequence[Pair]) -> int:
    farthest = dict(layer_of)
    for source, target in pairs:
        farthest[source] = max(farthest[source], layer_of[target])
    return sum(max(0, last - layer_of[key] - 1) for key, last in farthest.items())


def _rank(keys: Sequence[int], pairs: Sequence[Pair]) -> dict[int, int]:
    """Return the layer of each box: its longest path, or a later layer if that costs nothing.

    A box whose inputs have no other consumer (above all a source) goes next to its consumer.
    Where the drawing would have very many parts, so does any other box that saves some by that.
    """
    inputs: dict[int, list[int]] = {key: [] for key in keys}
    consumers: dict[int, list[int]] = {key: [] for key in keys}
    assert len(inputs) == len(keys), "box keys must differ"
    assert len(set(pairs)) == len(pairs), "one wire for a pair"
    for source, target in pairs:
        assert source in inputs and target in inputs, "wires must join boxes"
        inputs[target].append(source)
        consumers[source].append(target)
    layer_of: dict[int, int] = {}
    movable: dict[int, bool] = {}
    for key, sources in inputs.items():
        assert all(source in layer_of for source in sources), "boxes must be in evaluation order"
        layer_of[key] = 1 + max((layer_of[source] for source in sources), default=-1)
        movable[key] = all(movable[source] and len(consumers[source]) == 1 for source in sources)
    for key in reversed(inputs):
        if movable[key] and consumers[key]:
            layer_of[key] = min(layer_of[consumer] for consumer in consumers[key]) - 1
    if len(keys) + len(pairs) + _count_passages(layer_of, pairs) > _MANY:
        _shorten(layer_of, inputs, consumers)
    return layer_of


def _shorten(
    layer_of: dict[int, int],
    inputs: Mapping[int, Sequence[int]],
    consumers: Mapping[int, Sequence[int]],
) -> None:
    """Move boxes towards their consumers where that adds no passages for their inputs.

    A box saves a passage with each layer that it moves; each input that no other box leads so far
    needs one more.
    """
    reach = {key: max((layer_of[c] for c in found), default=0) for key, found in consumers.items()}
    for key in reversed(layer_of):
        if not consumers[key]:
            continue
        latest = min(layer_of[consumer] for consumer in consumers[key]) - 1
        ends = sorted(reach[source] for source in inputs[key])[:2]
        layer_of[key] = max(layer_of[key], min([latest, *ends[1:]]))
        for source in inputs[key]:
            reach[source] = max(reach[source], layer_of[key])
