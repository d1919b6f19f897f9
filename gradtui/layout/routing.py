"""The rows of lanes and the order of trunks between two layers. Knows no absolute positions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from math import inf
from operator import itemgetter

from msgspec import Struct

from gradtui.layout.geometry import Pair, Parts
from gradtui.layout.layers import Lane, Node

_LOOK_BACK = 30
"""Most trunks that a new one may be inserted left of, which bounds the time in wide layers."""


class Trunk(Struct, frozen=True, eq=False):
    """The vertical line that joins a node's port to its lanes on one side."""

    node: Node
    rows: list[int]
    """Rows of its lanes, from top to bottom."""
    top: int
    bottom: int


def choose_lanes(left: Iterable[Node], right: Iterable[Node]) -> list[Lane]:
    """Choose the rows of the lanes between two layers; return the lanes from top to bottom.

    As many as possible go straight; then each of the others takes the free row nearest to its
    target or, if its target's lanes have no room left, asks for an extra row in the drawing.
    """
    ports = {node.row: node for node in left if node.outgoing}
    groups: list[list[Lane]] = []
    hopes: dict[Lane, int] = {}
    for target in right:
        hopes.update(_straight_rows(target, ports))
        group = target.incoming
        if len(group) > 1:
            group = sorted(group, key=lambda lane: (hopes.get(lane, inf), lane.source.place))
        groups.append(group)
    lanes = [lane for group in groups for lane in group]
    straight = _longest_rising([(hopes[lane], lane) for lane in lanes if lane in hopes])
    for lane in straight:
        lane.row = hopes[lane]
    _fit_bent_lanes(groups, straight, ports)
    return sorted(lanes, key=lambda lane: (lane.row, lane.extra))


def _straight_rows(target: Node, ports: Mapping[int, Node]) -> dict[Lane, int]:
    """Return, for a target's lanes that have one, the row on which the lane is straight.

    Rows on which another source leaves are excluded, so that trunks can have any order.
    """
    rows: dict[Lane, int] = {}
    for lane in target.incoming:
        source = lane.source
        if len(target.incoming) == 1 and ports.get(target.row, source) is source:
            rows[lane] = target.row
        elif len(source.outgoing) == 1 or source.row == target.row:
            rows[lane] = source.row
    return rows


def _longest_rising(lanes: Sequence[tuple[int, Lane]]) -> list[Lane]:
    """Return the longest sequence of lanes whose rows strictly rise.

    Patience sorting: `tails` has, for each length, the end of the subsequence that ends lowest.
    """
    tails: list[int] = []
    previous: list[int | None] = []
    for index, (row, _) in enumerate(lanes):
        length = bisect_left(tails, row, key=lambda tail: lanes[tail][0])
        previous.append(tails[length - 1] if length else None)
        tails[length : length + 1] = [index]
    rising: list[Lane] = []
    at = tails[-1] if tails else None
    while at is not None:
        rising.append(lanes[at][1])
        at = previous[at]
    return rising[::-1]


def _fit_bent_lanes(
    groups: Iterable[Sequence[Lane]], straight: Sequence[Lane], ports: Mapping[int, Node]
) -> None:
    """Choose the rows of the lanes that are not straight, the groups of each target in order."""
    settled = set(straight)
    above, extra, passed = -inf, 0, 0
    for group in groups:
        taken = {lane.row for lane in group if lane in settled}
        passed += len(taken)
        below = straight[passed].row if passed < len(straight) else inf
        bent = [lane for lane in group if lane not in settled]
        for lane in sorted(bent, key=lambda lane: lane.source.place):
            row = _nearest_free_row(lane, above, below, taken, ports)
            if row is None:
                extra += 1
                lane.row, lane.extra = int(above), extra
            else:
                lane.row = row
                taken.add(row)
        if taken:
            above, extra = max(taken), 0


def _nearest_free_row(
    lane: Lane, above: float, below: float, taken: Container[int], ports: Mapping[int, Node]
) -> int | None:
    """Return the free row between two others that is nearest to the lane's target, if any."""
    source, goal = lane.source, lane.target.row

    def is_free(row: int) -> bool:
        return row not in taken and ports.get(row, source) is source

    def bend(row: int) -> tuple[int, int]:
        from_source, to_target = abs(row - source.row), abs(row - goal)
        return from_source + 2 * to_target, from_source

    up = down = int(min(max(goal, above + 1), below - 1))
    while not is_free(up):
        up -= 1
    while not is_free(down):
        down += 1
    return min((row for row in (up, down) if above < row < below), key=bend, default=None)


def number_rows(layers: Sequence[Sequence[Node]], channels: Sequence[Sequence[Lane]]) -> Parts[int]:
    """Insert the extra rows, make the first row 0, and return the number of rows."""
    extras: dict[int, int] = {}
    tops = [min(node.row for node in nodes) for nodes in layers]
    yield
    tops += [min(lane.row for lane in lanes) for lanes in channels]
    top = min(tops, default=0)
    yield
    for lanes in channels:
        for lane in lanes:
            extras[lane.row] = max(lane.extra, extras.get(lane.row, 0))
        yield
    rows = sorted(extras)
    inserted = [0, *accumulate(extras[row] for row in rows)]
    height = 0

    def moved(row: int) -> int:
        return row - top + inserted[bisect_left(rows, row)]

    for nodes in layers:
        for node in nodes:
            node.row = moved(node.row)
            height = max(height, node.row + node.height)
        yield
    for lanes in channels:
        for lane in lanes:
            lane.row = moved(lane.row) + lane.extra
            height = max(height, lane.row + 1)
        yield
    return height


def find_trunks(nodes: Iterable[Node], *, leaving: bool) -> list[Trunk]:
    """Return the trunks needed on one side of a layer; a lone lane on its port's row needs none."""
    trunks: list[Trunk] = []
    for node in nodes:
        lanes = node.outgoing if leaving else node.incoming
        if len(lanes) == 1 and lanes[0].row == node.row:  # as of most nodes
            continue
        rows = sorted(lane.row for lane in lanes)
        if rows and (rows[0] != node.row or rows[-1] != node.row):
            trunks.append(Trunk(node, rows, min(rows[0], node.row), max(rows[-1], node.row)))
    return trunks


def arrange_leaving(trunks: Iterable[Trunk]) -> dict[Node, int]:
    """Return a column for each source's trunk: overlapping ones apart, with few crossings."""
    columns: dict[Node, int] = {}
    filled: list[list[Pair]] = []
    for trunk in _order_to_cross_little(trunks):
        column = len(filled)
        while column and not _overlaps(trunk, filled[column - 1]):
            column -= 1
        if column == len(filled):
            filled.append([])
        insort(filled[column], (trunk.top, trunk.bottom))
        columns[trunk.node] = column
    return columns


def _order_to_cross_little(trunks: Iterable[Trunk]) -> list[Trunk]:
    """Insert each trunk where it costs the fewest crossings, as far right as those allow."""
    ordered: list[Trunk] = []
    for trunk in trunks:
        cost = fewest = moves = 0
        for passed, other in enumerate(reversed(ordered[-_LOOK_BACK:]), 1):
            cost += _count_cuts(trunk, other) - _count_cuts(other, trunk)
            if cost < fewest:
                fewest, moves = cost, passed
        ordered.insert(len(ordered) - moves, trunk)
    return ordered


def _count_cuts(left: Trunk, right: Trunk) -> int:
    """Return how often two sources' lines cross if the first one's trunk is left of the other's."""
    lanes = bisect_right(left.rows, right.bottom) - bisect_left(left.rows, right.top)
    return max(lanes, 0) + (left.top <= right.node.row <= left.bottom)


def _overlaps(trunk: Trunk, spans: Sequence[Pair]) -> bool:
    """Return whether a trunk overlaps any of the sorted, disjoint spans."""
    index = bisect_right(spans, trunk.bottom, key=itemgetter(0))
    return index > 0 and spans[index - 1][1] >= trunk.top


def arrange_arriving(trunks: Sequence[Trunk]) -> dict[Node, int]:
    """Return a column for each target's trunk, top to bottom, without crossings.

    Lanes lie in the order of the targets, so only trunks bent to the same side can overlap.
    """
    columns = {trunk.node: 0 for trunk in trunks}
    bent_down = [trunk for trunk in trunks if trunk.bottom > trunk.node.row]
    for above, below in pairwise(bent_down):
        if below.top <= above.bottom:
            columns[below.node] = columns[above.node] + 1
    bent_up = [trunk for trunk in trunks if trunk.top < trunk.node.row]
    for below, above in pairwise(reversed(bent_up)):
        if below.top <= above.bottom:
            columns[above.node] = columns[below.node] + 1
    return columns
