"""The order of the nodes in each layer, and their rows. Knows no columns and no lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise, repeat
from math import floor
from operator import attrgetter

from gradtui.layout.geometry import Parts
from gradtui.layout.layers import Node

_SWEEPS = 7
"""Sweeps over the layers, to order and to place them; the first and last for rows go backward."""
_FREE, _LOOSE, _PASSAGE, _MAIN = 1e-3, 1.0, 1e3, 1e6
"""Weights that decide which node yields when several want a row: the main line stays straight."""
_MOST_LANES = 8
"""Most rows that a box with many inputs keeps from a passage beside it."""

_PLACE, _ROW = attrgetter("place"), attrgetter("row")

_Wish = tuple[float, float]
"""The row a node wants, and how much it matters."""
_Mains = Sequence[Node]
"""The neighbours whose rows count."""
_Block = tuple[float, float, float, int]
"""Nodes that move as one: their mean row, their sums of weight × row and of weights, their number.
"""


def order_layers(layers: list[list[Node]]) -> Parts[None]:
    """Order each layer so that few wires cross: barycentres in both directions, the best kept."""
    for layer in layers:
        _number_places(layer)
    best, fewest = [layer[:] for layer in layers], (yield from _count_all_crossings(layers))
    still = 0
    for sweep in range(_SWEEPS):
        if not fewest or still == 2:
            break
        backward, moved = _goes_backward(sweep), False
        for layer in reversed(layers) if backward else layers:
            moved |= _sort(layer, backward=backward)
            yield
        still = 0 if moved else still + 1
        crossings = yield from _count_all_crossings(layers)
        if crossings < fewest:
            best, fewest = [layer[:] for layer in layers], crossings
    for layer, nodes in zip(layers, best, strict=True):
        layer[:] = nodes
        _number_places(layer)


def place_rows(layers: list[list[Node]], gap: int) -> Parts[None]:
    """Choose rows: chains straight, nodes centred on their inputs, long wires level."""
    offsets: list[list[int]] = []
    sides: tuple[list[list[_Mains]], list[list[_Mains]]] = [], []
    for layer in layers:
        offsets.append(_offsets(layer, gap))
        for backward, mains in enumerate(sides):
            mains.append([_main(node, backward=bool(backward)) for node in layer])
        yield
    for sweep in range(_SWEEPS):
        backward = _goes_backward(sweep)
        placed = [*zip(layers, sides[backward], offsets, strict=True)]
        for layer, neighbours, distances in reversed(placed) if backward else placed:
            wishes = map(_wish, layer, neighbours, repeat(sweep))
            for node, row in zip(layer, _settle(wishes, distances), strict=True):
                node.row = row
            yield


def _goes_backward(sweep: int) -> bool:
    return sweep % 2 == 0


def _number_places(layer: Iterable[Node]) -> None:
    for place, node in enumerate(layer):
        node.place = place


def _sort(layer: list[Node], *, backward: bool) -> bool:
    """Sort a layer by the mean place of its neighbours and return whether that moved any.

    Nodes without neighbours keep their places.
    """
    if len(layer) == 1:
        return False
    nodes, means = list[Node](), list[float]()
    for node in layer:
        neighbours = node.targets if backward else node.sources
        if len(neighbours) == 1:  # as most have: sorting takes most of the time of a drawing
            nodes.append(node)
            means.append(neighbours[0].place)
        elif neighbours:
            nodes.append(node)
            means.append(sum(map(_PLACE, neighbours)) / len(neighbours))
    if means == sorted(means):
        return False
    places = [node.place for node in nodes]
    for place, at in zip(places, sorted(range(len(means)), key=means.__getitem__), strict=True):
        layer[place] = node = nodes[at]
        node.place = place
    return True


def _count_all_crossings(layers: Iterable[Sequence[Node]]) -> Parts[int]:
    total = 0
    for layer in layers:
        total += _count_crossings(layer)
        yield
    return total


def _count_crossings(layer: Sequence[Node]) -> int:
    """Return how often the wires from a layer to the next one cross."""
    if len(layer) == 1:
        return 0
    ends = list[int]()
    for node in layer:
        if len(node.targets) == 1:
            ends.append(node.targets[0].place)
        else:
            ends += sorted(map(_PLACE, node.targets))
    total, highest, seen = 0, -1, list[int]()
    for end in ends:
        if end >= highest:
            seen.append(end)
            highest = end
        else:
            at = bisect_right(seen, end)
            total += len(seen) - at
            seen.insert(at, end)
    return total


def _offsets(layer: Iterable[Node], gap: int) -> list[int]:
    """Return the rows of a layer's nodes packed as closely as allowed, from row 0."""
    distances = (_distance(above, below, gap) for above, below in pairwise(layer))
    return list(accumulate(distances, initial=0))


def _distance(above: Node, below: Node, gap: int) -> int:
    """Return the distance in rows to the next node; boxes with many inputs leave room for lanes."""
    if not (above.is_passage or below.is_passage):
        return above.height + gap
    if not (above.incoming and below.incoming):
        return above.height
    lanes = len(above.incoming) + len(below.incoming) - 1
    return max(above.height, min(lanes, _MOST_LANES))


def _main(node: Node, *, backward: bool) -> Sequence[Node]:
    """Return the neighbours whose rows count: computed boxes, or else all.

    For a passage, the passage that continues it, if any.
    """
    neighbours = node.targets if backward else node.sources
    if node.is_passage:
        return [other for other in neighbours if other.is_passage][:1]
    return [o for o in neighbours if o.incoming and not o.is_passage] or neighbours


def _wish(node: Node, main: Sequence[Node], sweep: int) -> _Wish:
    """Return the row that suits a node's main neighbours best, and its weight.

    Backward sweeps use its consumers, forward ones its inputs.  Late sweeps keep what has been
    reached: the ends of long wires, nodes that cannot be level with a shared input; the last
    moves sources only.
    """
    backward = _goes_backward(sweep)
    late = sweep >= _SWEEPS - 3
    neighbours = node.targets if backward else node.sources
    if not neighbours:
        return node.row, _FREE
    if sweep == _SWEEPS - 1 and node.incoming:
        return node.row, _MAIN
    if node.is_passage:
        if main:
            return main[0].row, _PASSAGE
        return node.row if late else neighbours[0].row, _LOOSE
    if late and not backward and len(main) == 1 and _feeds_several_boxes(main[0]):
        return node.row, _MAIN
    weight = _MAIN if node.incoming else _LOOSE
    if len(main) == 1:
        return main[0].row, weight
    rows = sorted(map(_ROW, main))
    return (rows[(len(rows) - 1) // 2] + rows[len(rows) // 2]) / 2, weight


def _feeds_several_boxes(source: Node) -> bool:
    """Return whether a node feeds more than one box of the next layer."""
    return sum(not target.is_passage for target in source.targets) > 1


def _settle(wishes: Iterable[_Wish], offsets: Sequence[int]) -> list[int]:
    """Return rows near the wishes, at least as far apart as the offsets.

    Least squares: with the offsets subtracted, the rows only have to be non-decreasing (isotonic
    regression), so a node that wants to be above the previous block is pooled with it.
    """
    blocks: list[_Block] = []
    for (row, weight), offset in zip(wishes, offsets, strict=True):
        weighted_row, size = weight * (row - offset), 1
        mean = weighted_row / weight
        while blocks and blocks[-1][0] > mean:
            _, row_above, weight_above, size_above = blocks.pop()
            weighted_row += row_above
            weight += weight_above
            size += size_above
            mean = weighted_row / weight
        blocks.append((mean, weighted_row, weight, size))
    shifts = [floor(mean + 0.5) for mean, _, _, size in blocks for _ in range(size)]
    return [shift + offset for shift, offset in zip(shifts, offsets, strict=True)]
