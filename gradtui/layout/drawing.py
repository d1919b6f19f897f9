"""The whole drawing, column by column from the left. Knows no choice of rows and no characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count, pairwise

from msgspec import Struct

from gradtui.layout.geometry import (
    Box,
    Layout,
    Made,
    Pair,
    Parts,
    Rect,
    Row,
    RowLine,
    Step,
    TrunkColumn,
    TrunkLine,
    Wire,
)
from gradtui.layout.layers import Lane, Node, build_layers
from gradtui.layout.placing import order_layers, place_rows
from gradtui.layout.routing import (
    Trunk,
    arrange_arriving,
    arrange_leaving,
    choose_lanes,
    find_trunks,
    number_rows,
)

_LINK, _SHORT_LINK = 2, 1
"""Cells of plain line after each part of a channel: `──┬──×2──╮──▶`, `─┬─×2─╮─▶` where tight."""
_BLANK = 1
"""Cells between a box and a line."""
_COLUMN = 2
"""Cells from one trunk to the next: trunks take every other column."""


class _Joint(Struct, frozen=True):
    """A trunk as drawn."""

    x: int
    trunk: int
    """Number of the line along its column."""
    port: int
    """Number of the line from it to its node."""


class Plan(Struct, frozen=True, eq=False):
    """The layer and the row of each node, independent of the widths of the boxes."""

    layers: Sequence[Sequence[Node]]
    channels: Sequence[Sequence[Lane]]
    height: int
    """Rows of the drawing."""


def lay_out(
    boxes: Sequence[Box], wires: Sequence[Wire], *, gap: int = 0, room: int | None = None
) -> Layout:
    """Return the drawing of a graph whose `boxes` are in evaluation order.

    `gap` is the number of blank rows between two boxes of a layer; lines are shorter in a drawing
    that would be wider than `room` cells.
    """
    return finish(draw(finish(plan(boxes, wires, gap=gap)), room))


def finish(parts: Parts[Made]) -> Made:
    """Do all parts of some work; return its result."""
    while True:
        try:
            next(parts)
        except StopIteration as stop:
            made: Made = stop.value
            return made


def plan(boxes: Sequence[Box], wires: Sequence[Wire], *, gap: int = 0) -> Parts[Plan]:
    """Place the nodes of a graph; the plan can be drawn for any room."""
    layers = yield from build_layers(boxes, wires)
    yield from order_layers(layers)
    yield from place_rows(layers, gap)
    channels = []
    for left, right in pairwise(layers):
        channels.append(choose_lanes(left, right))
        yield
    return Plan(layers, channels, (yield from number_rows(layers, channels)))


def draw(plan: Plan, room: int | None = None) -> Parts[Layout]:
    """Draw a plan, with shorter lines if it is wider than `room` cells."""
    boxes = sum(max(node.width for node in layer) for layer in plan.layers)
    if room is not None and boxes > room:
        return (yield from _draw(plan, _SHORT_LINK))
    drawn = yield from _draw(plan, _LINK)
    if room is None or drawn.width <= room:
        return drawn
    return (yield from _draw(plan, _SHORT_LINK))


def _draw(plan: Plan, link: int) -> Parts[Layout]:
    draft = _Draft(plan.height, link)
    for index, layer in enumerate(plan.layers):
        if index:
            draft.add_channel(plan.layers[index - 1], plan.channels[index - 1], layer)
        draft.add_layer(layer)
        yield
    return draft.finish()


class _Draft:
    """A drawing in the making: `x` is the first column not yet drawn."""

    def __init__(self, height: int, link: int) -> None:
        self.x = 0
        self.link = link
        self.boxes: dict[int, Rect] = {}
        self.slots: dict[Pair, Rect] = {}
        self.columns: list[tuple[int, ...]] = []
        self.rows = [Row() for _ in range(height)]
        self.trunks: list[TrunkColumn] = []
        self.steps: list[Step] = []
        self.last_steps: dict[Pair, int] = {}
        self.steps_to_passages: dict[Node, int] = {}
        self.numbers = count()
        self.lines: list[tuple[int, RowLine]] = []
        """The lines of a channel, with their rows."""

    def add_layer(self, layer: Sequence[Node]) -> None:
        """Draw the boxes of a layer."""
        keys: list[int] = []
        for node in layer:
            node.exit = self.x
            if node.key is not None:
                node.exit += node.width + _BLANK
                keys.append(node.key)
                self.boxes[node.key] = Rect(self.x, node.row, node.width, node.height)
                for row in range(node.row, node.row + node.height):
                    self.rows[row].boxes.append((self.x, node.key))
        self.columns.append(tuple(keys))
        self.x += max(node.width for node in layer)

    def add_channel(
        self, left: Sequence[Node], lanes: Sequence[Lane], right: Sequence[Node]
    ) -> None:
        """Draw the channel between two layers: trunks, slots for labels, trunks, arrows."""
        self.x += _BLANK + self.link
        trunks = find_trunks(left, leaving=True)
        starts = self._draw_trunks(trunks, arrange_leaving(trunks), leaving=True)
        slot_x, widest_slot = self.x, max(lane.slot for lane in lanes)
        if widest_slot:
            self.x += widest_slot + self.link
        trunks = find_trunks(right, leaving=False)
        columns = arrange_arriving(trunks)
        arrow_x = self.x + self._extent(columns)
        layer_x = arrow_x + 1 + _BLANK
        for node in right:
            node.entry = layer_x if node.is_passage else arrow_x
        stops = self._draw_trunks(trunks, columns, leaving=False)
        self.x = layer_x
        for lane in lanes:
            self._draw_lane(lane, starts.get(lane.source), stops.get(lane.target))
            if lane.wire:
                self.slots[lane.wire] = Rect(slot_x, lane.row, lane.slot, 1)
                self.rows[lane.row].slots.append((slot_x, lane.wire))
        for row, line in sorted(self.lines):  # those of the channels before are to their left
            self.rows[row].lines.append(line)
        self.lines.clear()

    def finish(self) -> Layout:
        """Return the layout."""
        return Layout(
            width=self.x,
            height=len(self.rows),
            boxes=self.boxes,
            slots=self.slots,
            columns=tuple(self.columns),
            rows=self.rows,
            trunks=self.trunks,
            steps=self.steps,
            last_steps=self.last_steps,
        )

    def _draw_trunks(
        self, trunks: Sequence[Trunk], columns: Mapping[Node, int], *, leaving: bool
    ) -> dict[Node, _Joint]:
        """Draw trunks from `x` on, and the line that joins each to its node's port."""
        by_x: dict[int, list[TrunkLine]] = {}
        joints: dict[Node, _Joint] = {}
        for trunk in trunks:
            node, x = trunk.node, self.x + _COLUMN * columns[trunk.node]
            number = next(self.numbers)
            by_x.setdefault(x, []).append(TrunkLine(trunk.top, trunk.bottom, number))
            if leaving:
                port = self._draw_line(node.row, node.exit, x, arrow=False)
            else:
                port = self._draw_line(node.row, x, node.entry, arrow=not node.is_passage)
            joints[node] = _Joint(x, number, port)
        self.trunks += [TrunkColumn(x, sorted(lines)) for x, lines in sorted(by_x.items())]
        self.x += self._extent(columns)
        return joints

    def _draw_lane(self, lane: Lane, start: _Joint | None, stop: _Joint | None) -> None:
        """Draw a lane between its trunks, or between the ports if it has none."""
        source, target = lane.source, lane.target
        first = start.x if start else source.exit
        last = stop.x if stop else target.entry
        arrow = not stop and not target.is_passage
        lines = [self._draw_line(lane.row, first, last, arrow=arrow)]
        spans: list[tuple[int, Pair]] = []
        for joint, node in ((start, source), (stop, target)):
            if joint:
                lines.append(joint.port)
                spans.append((joint.trunk, (min(lane.row, node.row), max(lane.row, node.row))))
        index = len(self.steps)
        self.steps.append(Step(tuple(lines), tuple(spans), self.steps_to_passages.get(source)))
        if lane.wire:
            self.last_steps[lane.wire] = index
        else:
            self.steps_to_passages[target] = index

    def _draw_line(self, row: int, first: int, last: int, *, arrow: bool) -> int:
        number = next(self.numbers)
        self.lines.append((row, RowLine(first, last, number, arrow)))
        return number

    def _extent(self, columns: Mapping[Node, int]) -> int:
        """Return the cells that trunks take, and the line after them."""
        return _COLUMN * max(columns.values()) + 1 + self.link if columns else 0
