"""Where the boxes and wires of a graph stand, left to right. Knows no values and no screen.

`lay_out` computes the geometry once for a graph, from reserved sizes, so the picture stands still
while its numbers change; `light` chooses wires to draw heavy; `paint` gives a row of a window.

Between two layers a wire leaves its source, may turn in the source's trunk, runs along a *lane*, a
row of its own that holds its label, may turn in the target's trunk, and ends in an arrow.  Lanes
lie in the order of their targets, so lines cross at the sources' trunks only.  A wire over several
layers goes through *passages*, shared by all the long wires of its source.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby, pairwise
from math import floor, inf
from operator import itemgetter
from statistics import median
from typing import Any, TypeVar

from gradtui.text import cell_width, clip

Pair = tuple[int, int]
"""Source and target of a wire; also first and last row of a span."""
_Joint = tuple[int, int, int]
"""Column of a trunk, its number, and the number of the line to its node's port."""
Item = TypeVar("Item", bound=tuple[Any, ...])

_LINK = 2
"""Cells of plain line after each part of a channel: `──┬──×2──╮──▶`."""
_SWEEPS = 7
"""Of the layers, to order them and to place them; the first and last for rows go backward."""
_FREE, _LOOSE, _PASSAGE, _MAIN = 1e-3, 1.0, 1e3, 1e6
"""What yields to what when nodes want the same rows: the main line stays straight."""
_UP, _DOWN, _LEFT, _RIGHT = 27, 9, 3, 1
"""A cell's arms: a digit of base 3 for each direction, 0 none, 1 light, 2 heavy."""
_GLYPHS = (
    " ─━──╼━╾━│╭┍╮┬┮┑┭┯┃┎┏┒┰┲┓┱┳"  # no arm up: down none, light, heavy
    "│╰┕╯┴┶┙┵┷│├┝┤┼┾┥┽┿╽┟┢┧╁╆┪╅╈"  # light up
    "┃┖┗┚┸┺┛┹┻╿┞┡┦╀╄┩╃╇┃┠┣┨╂╊┫╉╋"  # heavy up
)
_HEAVY = [any(mask // arm % 3 == 2 for arm in (_UP, _DOWN, _LEFT, _RIGHT)) for mask in range(81)]
_ASCII = " " + "-" * 8 + "".join("+" if mask % _DOWN else "|" for mask in range(9, 81))


@dataclass(frozen=True, slots=True)
class Box:
    """A node to place, and the cells reserved for its text."""

    key: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Wire:
    """An edge to draw, and the cells reserved for its label (0: none)."""

    source: int
    target: int
    slot: int


@dataclass(frozen=True, slots=True)
class Rect:
    """A place on the drawing, in cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class BoxRow:
    """The visible part of one row of a box; the caller has its text."""

    x: int
    width: int
    key: int
    row: int
    """Row inside the box, 0 the first."""
    skip: int
    """Cells of the box hidden left of the window."""


@dataclass(frozen=True, slots=True)
class Label:
    """The visible part of a wire's label."""

    x: int
    text: str
    wire: Pair
    lit: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A run of line characters and blanks."""

    x: int
    text: str
    lit: bool


Piece = BoxRow | Label | Line


@dataclass(frozen=True, slots=True)
class Light:
    """What to draw heavy, in the drawing's own terms; made by `light`."""

    lines: frozenset[int] = frozenset()
    spans: Mapping[int, Pair] = field(default_factory=dict)
    """Lit rows of each trunk: always one interval, for every wire's part has the trunk's port."""


@dataclass(slots=True)
class _Row:
    """What stands in one row; each list is sorted by its first member, a column."""

    boxes: list[tuple[int, int]] = field(default_factory=list)
    slots: list[tuple[int, Pair]] = field(default_factory=list)
    lines: list[tuple[int, int, int, bool]] = field(default_factory=list)
    """First and last column, number, and whether it ends in an arrow."""


@dataclass(frozen=True, slots=True)
class _Step:
    """The part of a wire between two layers: what lights up with it, and the step before it."""

    lines: tuple[int, ...]
    spans: tuple[tuple[int, Pair], ...]
    before: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The geometry of a drawing, in cells."""

    width: int
    height: int
    boxes: Mapping[int, Rect]
    slots: Mapping[Pair, Rect]
    """The label's place of each wire."""
    columns: tuple[tuple[int, ...], ...]
    """Keys of the boxes of each layer, top to bottom."""
    _rows: list[_Row] = field(repr=False)
    _trunks: list[tuple[int, list[tuple[int, int, int]]]] = field(repr=False)
    """Column, and its trunks from top to bottom: first row, last row, number."""
    _steps: list[_Step] = field(repr=False)
    _ends: Mapping[Pair, int] = field(repr=False)
    """The last step of each wire."""


@dataclass(slots=True, eq=False)
class _Node:
    """A box, or the passage of long wires through a layer (no key)."""

    layer: int
    key: int | None = None
    width: int = 0
    height: int = 1
    place: int = 0
    row: int = 0
    x: int = 0
    """Where lines leave it."""
    ins: list[_Lane] = field(default_factory=list)
    outs: list[_Lane] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Lane:
    """The row on which a wire, or the wires of a passage, cross from one layer to the next."""

    source: _Node
    target: _Node
    wire: Pair | None = None
    slot: int = 0
    row: int = 0
    extra: int = 0
    """Which of the rows to be put in below `row`; 0 is `row` itself."""


@dataclass(frozen=True, slots=True, eq=False)
class _Trunk:
    """The vertical line that joins a node's port to its lanes on one side."""

    node: _Node
    rows: list[int]
    low: int
    high: int


def lay_out(boxes: Sequence[Box], wires: Sequence[Wire], *, gap: int = 0) -> Layout:
    """Return the drawing of a graph whose `boxes` are in evaluation order.

    `gap` is the number of blank rows between two boxes of a layer.
    """
    layers = _connect(boxes, wires)
    _order(layers)
    _place(layers, gap)
    channels = [_thread(left, right) for left, right in pairwise(layers)]
    height = _number_rows(layers, channels)
    draft = _Draft(height)
    for index, layer in enumerate(layers):
        if index:
            draft.join(layers[index - 1], channels[index - 1], layer)
        draft.add(layer)
    return draft.finish()


def light(layout: Layout, wires: Iterable[Pair]) -> Light:
    """Return the emphasis that draws `wires` heavy from end to end."""
    lines: set[int] = set()
    spans: dict[int, Pair] = {}
    seen: set[int] = set()
    for wire in wires:
        index: int | None = layout._ends[wire]
        while index is not None and index not in seen:
            seen.add(index)
            step = layout._steps[index]
            lines.update(step.lines)
            for trunk, (low, high) in step.spans:
                first, last = spans.get(trunk, (low, high))
                spans[trunk] = min(first, low), max(last, high)
            index = step.before
    return Light(frozenset(lines), spans)


def paint(
    layout: Layout,
    y: int,
    x0: int,
    x1: int,
    label: Callable[[Pair], str],
    lit: Light | None = None,
    *,
    ascii: bool = False,
) -> list[Piece]:
    """Return what row `y` shows from column `x0` up to `x1`: pieces that cover it without a gap.

    `label` gives the text of a wire's label; where that is shorter than its slot, the line goes on.
    """
    if not 0 <= y < layout.height:
        return [Line(x0, " " * (x1 - x0), False)] if x0 < x1 else []
    chars, owners = _trace(layout, y, x0, x1, lit or Light(), ascii=ascii)
    row = layout._rows[y]
    for x, key in _visible(row.boxes, x0, x1):
        rect = layout.boxes[key]
        low, high = max(x, x0), min(x + rect.width, x1)
        if low < high:
            shown = BoxRow(low, high - low, key, y - rect.y, low - x)
            owners[low - x0 : high - x0] = [shown] * (high - low)
    for x, wire in _visible(row.slots, x0, x1):
        text = clip(label(wire), layout.slots[wire].width)
        low, high = max(x, x0), min(x + cell_width(text), x1)
        if low < high:
            name = Label(low, _crop(text, low - x, high - x), wire, owners[low - x0] is True)
            owners[low - x0 : high - x0] = [name] * (high - low)
    pieces: list[Piece] = []
    x = x0
    for owner, cells in groupby(zip(owners, chars, strict=True), key=itemgetter(0)):
        text = "".join(char for _, char in cells)
        pieces.append(Line(x, text, owner) if isinstance(owner, bool) else owner)
        x += len(text)
    return pieces


def _trace(
    layout: Layout, y: int, x0: int, x1: int, lit: Light, *, ascii: bool
) -> tuple[list[str], list[bool | BoxRow | Label]]:
    """Return the line characters of a row's cells, and whether each is lit."""
    arms = [0] * (x1 - x0)
    ends: set[int] = set()
    heads: set[int] = set()
    for first, last, number, head in _visible(layout._rows[y].lines, x0, x1):
        weight = 2 if number in lit.lines else 1
        for x in range(max(first, x0), min(last + 1, x1)):
            arms[x - x0] += weight * (_LEFT * (x > first) + _RIGHT * (x < last))
        ends.update((first, last))
        if head:
            heads.add(last)
    table = _ASCII if ascii else _GLYPHS
    chars = [table[mask] for mask in arms]
    for x, spans in _visible(layout._trunks, x0, x1):
        index = bisect_right(spans, y, key=itemgetter(0)) - 1
        if x < x0 or index < 0 or spans[index][1] < y:
            continue
        low, high, number = spans[index]
        first, last = lit.spans.get(number, (y, y))
        arms[x - x0] += _UP * (low < y) * (1 + (first < y <= last))
        arms[x - x0] += _DOWN * (y < high) * (1 + (first <= y < last))
        chars[x - x0] = table[arms[x - x0]]
        if low < y < high and arms[x - x0] % _DOWN:
            chars[x - x0] = _joint(arms[x - x0], chars[x - x0], joined=x in ends, ascii=ascii)
    for x in heads:
        if x0 <= x < x1:
            chars[x - x0] = ">" if ascii else "▶"
    return chars, [_HEAVY[mask] for mask in arms]


def _joint(mask: int, char: str, *, joined: bool, ascii: bool) -> str:
    """Return the character of a trunk's cell with lines beside it: a dot where four arms join.

    So `┼` always is a crossing; ASCII has no dot, and there the trunk passes over the line.
    """
    four = mask % _DOWN > 2 and mask % _LEFT
    if ascii:
        return char if joined else "|"
    return "●" if joined and four else char


def _visible(items: list[Item], x0: int, x1: int) -> Iterator[Item]:
    """Yield the items that may show in a window, of a sorted list that at most touch each other."""
    index = max(bisect_right(items, x0, key=itemgetter(0)) - 2, 0)
    while index < len(items) and items[index][0] < x1:
        yield items[index]
        index += 1


def _crop(text: str, start: int, stop: int) -> str:
    """Return some cells of a text; half of a wide character shows as a blank."""
    cells: list[str] = []
    for char in text:
        width = cell_width(char)
        if width:
            cells += [char, ""][:width]
        elif cells:
            cells[-1] += char
    shown = cells[start:stop]
    if shown and not shown[0]:
        shown[0] = " "
    if shown and cells[stop : stop + 1] == [""]:
        shown[-1] = " "
    return "".join(shown)


def _rank(boxes: Sequence[Box], wires: Sequence[Wire]) -> dict[int, int]:
    """Return the layer of each box: the longest path to it, but late where that costs nothing.

    A box whose inputs serve nothing else (a source above all) stands next to its first consumer.
    """
    inputs: dict[int, list[int]] = {box.key: [] for box in boxes}
    consumers: dict[int, list[int]] = {box.key: [] for box in boxes}
    for wire in wires:
        inputs[wire.target].append(wire.source)
        consumers[wire.source].append(wire.target)
    assert len(inputs) == len(boxes), "box keys must differ"
    assert len({(w.source, w.target) for w in wires}) == len(wires), "one wire for a pair"
    layer: dict[int, int] = {}
    free: dict[int, bool] = {}
    for key, sources in inputs.items():
        assert all(s in layer for s in sources), "boxes must be in evaluation order"
        layer[key] = 1 + max((layer[s] for s in sources), default=-1)
        free[key] = all(free[s] and len(consumers[s]) == 1 for s in sources)
    for key in reversed(inputs):
        if free[key] and consumers[key]:
            layer[key] = min(layer[c] for c in consumers[key]) - 1
    return layer


def _connect(boxes: Sequence[Box], wires: Sequence[Wire]) -> list[list[_Node]]:
    """Return the layers of nodes, joined by lanes, with passages for wires over several layers."""
    assert {key for w in wires for key in (w.source, w.target)} <= {box.key for box in boxes}
    rank = _rank(boxes, wires)
    nodes = {box.key: _Node(rank[box.key], box.key, box.width, box.height) for box in boxes}
    layers: list[list[_Node]] = [[] for _ in range(1 + max(rank.values(), default=-1))]
    for node in nodes.values():
        layers[node.layer].append(node)
    position = {key: index for index, key in enumerate(nodes)}
    here = dict(nodes)
    for wire in sorted(wires, key=lambda w: (position[w.source], rank[w.target])):
        source, target = here[wire.source], nodes[wire.target]
        while source.layer < target.layer - 1:
            passage = _Node(source.layer + 1)
            layers[passage.layer].append(passage)
            _join(_Lane(source, passage))
            here[wire.source] = source = passage
        _join(_Lane(source, target, (wire.source, wire.target), wire.slot))
    return layers


def _join(lane: _Lane) -> None:
    lane.source.outs.append(lane)
    lane.target.ins.append(lane)


def _order(layers: list[list[_Node]]) -> None:
    """Order each layer so that few wires cross: barycentres, right and left, the best kept."""
    for layer in layers:
        for place, node in enumerate(layer):
            node.place = place
    best, fewest = [layer[:] for layer in layers], _crossings(layers)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        for layer in reversed(layers) if sweep % 2 == 0 else layers:
            _sort(layer, backward=sweep % 2 == 0)
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [layer[:] for layer in layers], crossings
    for layer, nodes in zip(layers, best, strict=True):
        layer[:] = nodes
        for place, node in enumerate(layer):
            node.place = place


def _sort(layer: list[_Node], *, backward: bool) -> None:
    """Sort a layer by the mean place of its neighbours; nodes without any keep their places."""
    means: dict[_Node, float] = {}
    for node in layer:
        near = (
            [i.target.place for i in node.outs] if backward else [i.source.place for i in node.ins]
        )
        if near:
            means[node] = sum(near) / len(near)
    places = [node.place for node in means]
    for place, node in zip(places, sorted(means, key=means.__getitem__), strict=True):
        layer[place] = node
        node.place = place


def _crossings(layers: list[list[_Node]]) -> int:
    total = 0
    for layer in layers:
        seen: list[int] = []
        for node in layer if len(layer) > 1 else ():
            places = [lane.target.place for lane in node.outs]
            total += sum(len(seen) - bisect_right(seen, place) for place in places)
            for place in places:
                insort(seen, place)
    return total


def _settle(wishes: Sequence[tuple[float, float]], gaps: Sequence[int]) -> list[int]:
    """Return rows near the wishes (row, weight), each at least its gap below the one before.

    Least squares: neighbours that want to be closer are pooled and moved as one.
    """
    blocks: list[tuple[float, float, int]] = []
    offsets: list[int] = []
    for (row, weight), gap in zip(wishes, gaps, strict=True):
        offsets.append((offsets[-1] if offsets else 0) + gap)
        total, count = weight * (row - offsets[-1]), 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / weight:
            above = blocks.pop()
            total, weight, count = total + above[0], weight + above[1], count + above[2]
        blocks.append((total, weight, count))
    shifts = [floor(t / w + 0.5) for t, w, count in blocks for _ in range(count)]
    return [shift + offset for shift, offset in zip(shifts, offsets, strict=True)]


def _wish(node: _Node, sweep: int) -> tuple[float, float]:
    """Return the row a node wants for its neighbours' sake, and how much it matters.

    Even sweeps look at what it feeds, odd ones at its inputs.  Late ones keep what is reached: the
    ends of long wires, nodes that cannot be level with an input they share; the last moves sources.
    """
    backward, late = sweep % 2 == 0, sweep >= _SWEEPS - 3
    near = [lane.target for lane in node.outs] if backward else [lane.source for lane in node.ins]
    if not near or (sweep == _SWEEPS - 1 and node.ins):
        return node.row, _MAIN if near else _FREE
    if node.key is None:
        along = [other.row for other in near if other.key is None]
        if along:
            return along[0], _PASSAGE
        return node.row if late else near[0].row, _LOOSE
    main = [other for other in near if other.key is not None and other.ins] or near
    if late and not backward and len(main) == 1 and _branches(main[0]):
        return node.row, _MAIN
    return median([other.row for other in main]), _MAIN if node.ins else _LOOSE


def _branches(node: _Node) -> bool:
    return sum(lane.wire is not None for lane in node.outs) > 1


def _place(layers: list[list[_Node]], gap: int) -> None:
    """Choose rows: chains straight, a node amid its inputs, long wires level."""
    gaps = [[0] + [_distance(*pair, gap) for pair in pairwise(layer)] for layer in layers]
    for sweep in range(_SWEEPS):
        for index in range(len(layers)) if sweep % 2 else reversed(range(len(layers))):
            wishes = [_wish(node, sweep) for node in layers[index]]
            for node, row in zip(layers[index], _settle(wishes, gaps[index]), strict=True):
                node.row = row


def _distance(above: _Node, below: _Node, gap: int) -> int:
    """Return the rows from one node to the next; boxes of many inputs leave room for the lanes."""
    if above.key is None or below.key is None:
        lanes = len(above.ins) + len(below.ins) - 1 if above.ins and below.ins else 0
        return max(above.height, min(lanes, 8))
    return above.height + gap


def _thread(left: list[_Node], right: list[_Node]) -> list[_Lane]:
    """Choose the rows of the lanes between two layers; return the lanes from top to bottom.

    As many as possible go straight; then each other takes the free row nearest to its target, or,
    where its target's lanes have no room left, asks for an extra row in the drawing.
    """
    ports = {node.row: node for node in left if node.outs}
    groups = [
        sorted(node.ins, key=lambda lane: (_straight(lane, ports), lane.source.place))
        for node in right
    ]
    lanes = [lane for group in groups for lane in group]
    rows = [_straight(lane, ports) for lane in lanes]
    kept = _rising(rows)
    low, extra, start = -inf, 0, 0
    for group in groups:
        stop = start + len(group)
        inside = range(bisect_left(kept, start), bisect_left(kept, stop))
        taken = {int(rows[kept[index]]): lanes[kept[index]] for index in inside}
        high = rows[kept[inside.stop]] if inside.stop < len(kept) else inf
        for row, lane in taken.items():
            lane.row = row
        settled = set(taken.values())
        for lane in sorted(set(group) - settled, key=lambda lane: lane.source.place):
            free = _nearest(lane, low, high, taken, ports)
            if free is None:
                extra += 1
                lane.row, lane.extra = int(low), extra
            else:
                lane.row = free
                taken[free] = lane
        if taken:
            low, extra = max(taken), 0
        start = stop
    return sorted(lanes, key=lambda lane: (lane.row, lane.extra))


def _straight(lane: _Lane, ports: dict[int, _Node]) -> float:
    """Return the row that saves a lane corners; infinite if there is none.

    A row on which another source leaves is out: so the sources' trunks may stand in any order.
    """
    source, target = lane.source, lane.target
    if len(target.ins) == 1 and ports.get(target.row, source) is source:
        return target.row
    return source.row if len(source.outs) == 1 or source.row == target.row else inf


def _rising(rows: Sequence[float]) -> list[int]:
    """Return the indices of a longest strictly rising subsequence of the finite rows."""
    tails: list[int] = []
    before: list[int] = []
    for index, row in enumerate(rows):
        length = bisect_left(tails, row, key=rows.__getitem__) if row < inf else -1
        before.append(tails[length - 1] if length > 0 else -1)
        if length >= 0:
            tails[length : length + 1] = [index]
    kept, index = [], tails[-1] if tails else -1
    while index >= 0:
        kept.append(index)
        index = before[index]
    return kept[::-1]


def _nearest(
    lane: _Lane, low: float, high: float, taken: Container[float], ports: dict[int, _Node]
) -> int | None:
    """Return the free row between two others that is nearest to the lane's target."""
    source, goal = lane.source, lane.target.row
    up = down = min(max(goal, low + 1), high - 1)
    while up in taken or ports.get(int(up), source) is not source:
        up -= 1
    while down in taken or ports.get(int(down), source) is not source:
        down += 1
    free = [row for row in (up, down) if low < row < high]
    if not free:
        return None
    return int(
        min(free, key=lambda r: (abs(r - source.row) + 2 * abs(r - goal), abs(r - source.row)))
    )


def _number_rows(layers: list[list[_Node]], channels: list[list[_Lane]]) -> int:
    """Put in the extra rows, make the first row 0 and return the number of rows."""
    nodes = [node for layer in layers for node in layer]
    lanes = [lane for channel in channels for lane in channel]
    extras: dict[int, int] = {}
    for lane in lanes:
        extras[lane.row] = max(lane.extra, extras.get(lane.row, 0))
    top = min([node.row for node in nodes] + [lane.row for lane in lanes], default=0)
    rows = sorted(extras)
    moved = [0, *accumulate(extras[row] for row in rows)]
    for node in nodes:
        node.row += moved[bisect_left(rows, node.row)] - top
    for lane in lanes:
        lane.row += moved[bisect_left(rows, lane.row)] - top + lane.extra
    return max([n.row + n.height for n in nodes] + [lane.row + 1 for lane in lanes], default=0)


def _trunks(nodes: Iterable[_Node], *, leaving: bool) -> list[_Trunk]:
    """Return the trunks needed on one side of a layer; a lone lane on its port's row needs none."""
    trunks = []
    for node in nodes:
        rows = sorted(lane.row for lane in (node.outs if leaving else node.ins))
        if rows and (rows[0] != node.row or rows[-1] != node.row):
            trunks.append(_Trunk(node, rows, min(rows[0], node.row), max(rows[-1], node.row)))
    return trunks


def _arrange_leaving(trunks: list[_Trunk]) -> dict[_Node, int]:
    """Return a column for each source's trunk, overlapping ones apart, ordered to cross little."""
    ordered: list[_Trunk] = []
    for trunk in trunks:
        total = best = at = 0
        for back, other in enumerate(reversed(ordered[-30:]), 1):
            total += _cuts(trunk, other) - _cuts(other, trunk)
            if total < best:
                best, at = total, back
        ordered.insert(len(ordered) - at, trunk)
    columns: dict[_Node, int] = {}
    filled: list[list[Pair]] = []
    for trunk in ordered:
        column = len(filled)
        while column and not _meets(filled[column - 1], trunk):
            column -= 1
        if column == len(filled):
            filled.append([])
        insort(filled[column], (trunk.low, trunk.high))
        columns[trunk.node] = column
    return columns


def _cuts(left: _Trunk, right: _Trunk) -> int:
    """Return how often two sources' lines cross if the one's trunk stands left of the other's."""
    inside = bisect_right(left.rows, right.high) - bisect_left(left.rows, right.low)
    return max(inside, 0) + (left.low <= right.node.row <= left.high)


def _meets(spans: list[Pair], trunk: _Trunk) -> bool:
    """Return whether a trunk overlaps any of the sorted, disjoint spans."""
    index = bisect_right(spans, trunk.high, key=itemgetter(0))
    return index > 0 and spans[index - 1][1] >= trunk.low


def _arrange_arriving(trunks: list[_Trunk]) -> dict[_Node, int]:
    """Return a column for each target's trunk, top to bottom, such that nothing crosses.

    Lanes lie in the order of the targets, so only trunks bent to the same side can overlap.
    """
    columns = {trunk.node: 0 for trunk in trunks}
    for above, below in pairwise([t for t in trunks if t.high > t.node.row]):
        if below.low <= above.high:
            columns[below.node] = columns[above.node] + 1
    for below, above in pairwise([t for t in reversed(trunks) if t.low < t.node.row]):
        if below.low <= above.high:
            columns[above.node] = columns[below.node] + 1
    return columns


class _Draft:
    """A drawing in the making: column by column from the left."""

    def __init__(self, height: int) -> None:
        self.x = 0
        self.boxes: dict[int, Rect] = {}
        self.slots: dict[Pair, Rect] = {}
        self.columns: list[tuple[int, ...]] = []
        self.rows = [_Row() for _ in range(height)]
        self.count = 0
        self.trunks: list[tuple[int, list[tuple[int, int, int]]]] = []
        self.steps: list[_Step] = []
        self.ends: dict[Pair, int] = {}
        self.arrivals: dict[_Node, int] = {}
        """The step that enters each passage."""

    def add(self, layer: list[_Node]) -> None:
        """Draw the boxes of a layer."""
        for node in layer:
            node.x = self.x
            if node.key is not None:
                node.x += node.width + 1
                self.boxes[node.key] = Rect(self.x, node.row, node.width, node.height)
                for row in range(node.row, node.row + node.height):
                    self.rows[row].boxes.append((self.x, node.key))
        self.columns.append(tuple(node.key for node in layer if node.key is not None))
        self.x += max(node.width for node in layer)

    def join(self, left: list[_Node], lanes: list[_Lane], right: list[_Node]) -> None:
        """Draw what lies between two layers."""
        self.x += 1 + _LINK
        trunks = _trunks(left, leaving=True)
        starts = self._raise(trunks, _arrange_leaving(trunks), {n: n.x for n in left})
        slot_x, slot = self.x, max(lane.slot for lane in lanes)
        self.x += slot + _LINK if slot else 0
        trunks = _trunks(right, leaving=False)
        columns = _arrange_arriving(trunks)
        head_x = self.x + _extent(columns)
        goals = {node: head_x + 2 * (node.key is None) for node in right}
        stops = self._raise(trunks, columns, goals)
        self.x += 2
        for lane in lanes:
            self._step(lane, starts, stops, goals[lane.target])
            if lane.wire:
                self.slots[lane.wire] = Rect(slot_x, lane.row, lane.slot, 1)
                self.rows[lane.row].slots.append((slot_x, lane.wire))

    def _raise(
        self, trunks: list[_Trunk], columns: dict[_Node, int], ports: dict[_Node, int]
    ) -> dict[_Node, _Joint]:
        """Draw trunks from here on, and the line that joins each to its node's port."""
        by_column: dict[int, list[tuple[int, int, int]]] = {}
        joints: dict[_Node, _Joint] = {}
        for trunk in trunks:
            node, x = trunk.node, self.x + 2 * columns[trunk.node]
            by_column.setdefault(x, []).append((trunk.low, trunk.high, self.count))
            first, last = sorted((x, ports[node]))
            head = x < ports[node] and node.key is not None
            joints[node] = x, self.count, self._line(node.row, first, last, head=head)
        self.trunks += sorted((x, sorted(spans)) for x, spans in by_column.items())
        self.x += _extent(columns)
        return joints

    def _line(self, row: int, first: int, last: int, *, head: bool) -> int:
        self.count += 1
        self.rows[row].lines.append((first, last, self.count, head))
        return self.count

    def _step(
        self,
        lane: _Lane,
        starts: dict[_Node, _Joint],
        stops: dict[_Node, _Joint],
        goal: int,
    ) -> None:
        """Draw a lane between its trunks, or the ports where there are none."""
        start, stop = starts.get(lane.source), stops.get(lane.target)
        first, last = start[0] if start else lane.source.x, stop[0] if stop else goal
        head = not stop and lane.target.key is not None
        lines, spans = [self._line(lane.row, first, last, head=head)], []
        for joint, node in ((start, lane.source), (stop, lane.target)):
            if joint:
                low, high = sorted((lane.row, node.row))
                spans.append((joint[1], (low, high)))
                lines.append(joint[2])
        step = _Step(tuple(lines), tuple(spans), self.arrivals.get(lane.source))
        self.steps.append(step)
        if lane.wire:
            self.ends[lane.wire] = len(self.steps) - 1
        else:
            self.arrivals[lane.target] = len(self.steps) - 1

    def finish(self) -> Layout:
        """Return the layout."""
        for row in self.rows:
            row.lines.sort()
        return Layout(
            self.x,
            len(self.rows),
            self.boxes,
            self.slots,
            tuple(self.columns),
            self.rows,
            self.trunks,
            self.steps,
            self.ends,
        )


def _extent(columns: Mapping[_Node, int]) -> int:
    """Return the cells that trunks take, every other column, and the line after them."""
    return 2 * max(columns.values()) + 1 + _LINK if columns else 0
