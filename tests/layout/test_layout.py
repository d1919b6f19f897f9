"""The drawing of a graph: exact pictures, and every drawn line traced back to a wire."""

import random
from collections.abc import Iterable, Sequence
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.base.text import cell_width, pad
from gradtui.layout import (
    Box,
    BoxRow,
    Label,
    Layout,
    Piece,
    Rect,
    Stroke,
    Wire,
    lay_out,
    light,
    paint,
)
from layout.tracing import Graph, Pair, cells, follow, graphs, leaving, targets


class Drawing:
    """A graph written as `name value gradient <- input label, …` a line, laid out and painted."""

    def __init__(self, source: str, room: int | None = None) -> None:
        self.rows: list[list[str]] = []
        self.labels: dict[Pair, str] = {}
        self.keys: dict[str, int] = {}
        for line in source.strip().splitlines():
            head, _, inputs = line.partition("<-")
            name, *values = head.split()
            key = self.keys[name] = len(self.rows)
            indent = " " * (len(name) + 1)
            self.rows.append([" ".join([name, *values[:1]]), *(indent + v for v in values[1:])])
            for part in filter(None, map(str.strip, inputs.split(","))):
                other, *label = part.split()
                self.labels[self.keys[other], key] = " ".join(label)
        boxes = [Box(k, max(map(cell_width, r)), len(r)) for k, r in enumerate(self.rows)]
        wires = [Wire(*pair, cell_width(text)) for pair, text in self.labels.items()]
        self.layout = lay_out(boxes, wires, room=room)

    def pairs(self, *names: str) -> list[Pair]:
        return [(self.keys[a], self.keys[b]) for a, b in (name.split("→") for name in names)]

    def window(
        self, rows: range, x0: int, x1: int, lit: Iterable[Pair] = (), *, ascii: bool = False
    ) -> list[str]:
        shine = light(self.layout, lit)
        return [
            "".join(
                self.text(piece)
                for piece in paint(
                    self.layout, y, x0, x1, self.labels.__getitem__, shine, ascii=ascii
                )
            )
            for y in rows
        ]

    def text(self, piece: Piece) -> str:
        if not isinstance(piece, BoxRow):
            return piece.text
        row = pad(self.rows[piece.key][piece.row], self.layout.boxes[piece.key].width)
        return row[piece.skip : piece.skip + piece.width]

    def picture(self, *lit: str, ascii: bool = False) -> str:
        rows = range(self.layout.height)
        lines = self.window(rows, 0, self.layout.width, self.pairs(*lit), ascii=ascii)
        return "\n".join(line.rstrip() for line in lines)


def assert_picture(drawn: str, expected: str) -> None:
    assert drawn == dedent(expected).strip("\n"), "\n" + drawn


TWO_WEIGHTS = """
w1 0.4 -3.6
w2 1.1 -5.4
ŷ 4.1 -1.8 <- w1 ×2, w2 ×3
e -0.9 -1.8 <- ŷ ×1
L 0.81 1 <- e ×-1.8
"""


def test_inputs_merge_before_the_arrow_and_a_chain_is_one_straight_row() -> None:
    assert_picture(
        Drawing(TWO_WEIGHTS).picture(),
        """
        w1 0.4  ──×2──╮
           -3.6       ├──▶ ŷ 4.1  ──×1──▶ e -0.9 ──×-1.8──▶ L 0.81
        w2 1.1  ──×3──╯      -1.8           -1.8              1
           -5.4
        """,
    )


@pytest.mark.parametrize(("room", "width"), [(None, 58), (58, 58), (57, 51), (9, 51)])
def test_a_drawing_that_is_too_wide_has_shorter_lines(room: int | None, width: int) -> None:
    drawn = Drawing(TWO_WEIGHTS, room)
    assert drawn.layout.width == width
    if width == 51:
        assert_picture(
            drawn.picture(),
            """
            w1 0.4  ─×2─╮
               -3.6     ├─▶ ŷ 4.1  ─×1─▶ e -0.9 ─×-1.8─▶ L 0.81
            w2 1.1  ─×3─╯     -1.8         -1.8            1
               -5.4
            """,
        )


def test_a_diamond_opens_and_closes_around_its_middle_row() -> None:
    assert_picture(
        Drawing("x 2 4\na 1 1 <- x ×2\nb 3 1 <- x ×3\nc 4 1 <- a ×1, b ×1").picture(),
        """
              ╭──×2──▶ a 1 ──×1──╮
        x 2 ──┤          1       ├──▶ c 4
          4   ╰──×3──▶ b 3 ──×1──╯      1
                         1
        """,
    )


RESIDUAL = "x 2 4\nh 1 1 <- x ×0.5\nr 3 1 <- x ×1, h ×1\nL 9 1 <- r ×6"


def test_a_skip_connection_runs_below_the_straight_main_line() -> None:
    assert_picture(
        Drawing(RESIDUAL).picture(),
        """
        x 2 ──┬──×0.5──▶ h 1 ──×1──┬──▶ r 3 ──×6──▶ L 9
          4   │            1       │      1           1
              ╰────────────────×1──╯
        """,
    )


def test_a_late_bias_stands_just_left_of_its_consumer() -> None:
    assert_picture(
        Drawing("b 2 4\nx 1 1\nu 3 1 <- x ×2\nv 3 1 <- u ×5\nw 1 1 <- v ×1, b ×1").picture(),
        """
                                b 2 ──×1──╮
                                  4       │
        x 1 ──×2──▶ u 3 ──×5──▶ v 3 ──×1──┴──▶ w 1
          1           1           1              1
        """,
    )


SHARED = """
w1 1 1
w2 1 1
x1 1 1
x2 1 1
w3 1 1
w4 1 1
p 1 1 <- w1 ×1, w2 ×2, x1 ×3, x2 ×4
q 1 1 <- x1 ×5, x2 ×6, w3 ×7, w4 ×8
"""


def test_shared_inputs_fit_between_straight_wires_and_a_crossing_is_no_junction() -> None:
    assert_picture(
        Drawing(SHARED).picture(),
        """
        w1 1 ───────×1──╮
           1            │
        w2 1 ───────×2──┤
           1   ╭────×3──●──▶ p 1
        x1 1 ──┤        │      1
           1   │ ╭──×4──╯
        x2 1 ──┼─┴──×6──╮
           1   ╰────×5──●──▶ q 1
        w3 1 ───────×7──┤      1
           1            │
        w4 1 ───────×8──╯
           1
        """,
    )


def test_ascii_uses_dashes_bars_and_plus_signs_only() -> None:
    drawn = Drawing("a 1\nb 2\nc 3\np 1 <- a 1, b 2, c 3\nq 1 <- a 4, c 5").picture(ascii=True)
    assert_picture(
        drawn,
        """
                +--3--+
        b 2 ----|--2--+
        a 1 --+-|--1--+--> p 1
        c 3 --|-+--5--+--> q 1
              +----4--+
        """,
    )


def test_the_lit_path_is_heavy_with_junctions_of_mixed_weight() -> None:
    assert_picture(
        Drawing(TWO_WEIGHTS).picture("w1→ŷ", "ŷ→e"),
        """
        w1 0.4  ━━×2━━┓
           -3.6       ┡━━▶ ŷ 4.1  ━━×1━━▶ e -0.9 ──×-1.8──▶ L 0.81
        w2 1.1  ──×3──╯      -1.8           -1.8              1
           -5.4
        """,
    )
    assert_picture(
        Drawing(RESIDUAL).picture("x→r"),
        """
        x 2 ━━┱──×0.5──▶ h 1 ──×1──┲━━▶ r 3 ──×6──▶ L 9
          4   ┃            1       ┃      1           1
              ┗━━━━━━━━━━━━━━━━×1━━┛
        """,
    )


def test_pieces_say_what_they_are() -> None:
    drawing = Drawing("w 0.4 -3.6\nL 4 1 <- w ×2")
    pieces = paint(drawing.layout, 0, 0, 20, lambda _: "×2", light(drawing.layout, [(0, 1)]))
    assert pieces == [
        BoxRow(0, 6, 0, 0, 0),
        Stroke(6, " ", False),
        Stroke(7, "━━", True),
        Label(9, "×2", (0, 1), True),
        Stroke(11, "━━▶", True),
        Stroke(14, " ", False),
        BoxRow(15, 3, 1, 0, 0),
        Stroke(18, "  ", False),
    ]


def test_a_label_is_clipped_to_its_slot_and_the_line_fills_the_rest() -> None:
    drawn = lay_out([Box(0, 1, 1), Box(1, 1, 1)], [Wire(0, 1, 5)])

    def middle(text: str, x1: int = 9) -> str:
        return "".join(
            p.text
            for p in paint(drawn, 0, 2, x1, lambda _: text)
            if p.x >= 4
            if not isinstance(p, BoxRow)
        )

    assert drawn.slots == {(0, 1): Rect(4, 0, 5, 1)}
    assert middle("×2") == "×2───"
    assert middle("×123456") == "×123…"
    assert middle("数字") == "数字─"
    assert middle("数字", 7) == "数 "


def test_columns_list_the_boxes_as_they_stand() -> None:
    drawn = Drawing(TWO_WEIGHTS + "b 1 1\nM 1 1 <- L ×1, b ×1").layout
    assert drawn.columns == ((0, 1), (2,), (3,), (4, 5), (6,))


def test_parts_without_a_connection_and_empty_graphs_are_drawn() -> None:
    assert lay_out([], []).height == 0
    assert paint(lay_out([], []), 0, 0, 3, str) == [Stroke(0, "   ", False)]
    assert Drawing("a 1").picture() == "a 1"
    assert_picture(
        Drawing("a 1\nb 2\nc 3\nd 4 <- b").picture(),
        """
        a 1
        b 2 ──▶ d 4
        c 3
        """,
    )


@pytest.mark.parametrize(
    "wires",
    [
        [Wire(0, 1, 0), Wire(0, 1, 2)],
        [Wire(0, 0, 0)],
        [Wire(1, 0, 0)],
        [Wire(0, 7, 0)],
    ],
    ids=["twice", "to itself", "backward", "to nowhere"],
)
def test_a_malformed_graph_is_refused(wires: list[Wire]) -> None:
    with pytest.raises(AssertionError):
        lay_out([Box(0, 1, 1), Box(1, 1, 1)], wires)


def test_a_chain_of_10000_boxes_is_one_row() -> None:
    size = 10_000
    drawn = lay_out(
        [Box(k, 4, 2) for k in range(size)], [Wire(k, k + 1, 2) for k in range(size - 1)]
    )
    assert drawn.height == 2
    assert drawn.width == size * 4 + (size - 1) * 9
    assert {(r.y, r.x % 13) for r in drawn.boxes.values()} == {(0, 0)}
    assert [
        p.x for p in paint(drawn, 0, 65_000, 65_013, lambda _: "×2") if isinstance(p, BoxRow)
    ] == [65_000]


def test_a_sum_of_2000_inputs_stands_at_their_middle() -> None:
    drawn = lay_out([Box(k, 4, 2) for k in range(2001)], [Wire(k, 2000, 2) for k in range(2000)])
    assert drawn.height == 4000
    assert drawn.boxes[2000].y == 1999
    assert all(slot.y == 2 * source for (source, _), slot in drawn.slots.items())


def assert_traced(layout: Layout, wires: Sequence[Wire]) -> None:
    """Assert that the lines join what the wires join, and each label lies on its own wire."""
    grid = cells(layout)
    reached = {key: follow(grid, x, y) for key, x, y in leaving(layout, grid)}
    drawn = {(key, target) for key, found in reached.items() for target in targets(layout, found)}
    assert drawn == {(wire.source, wire.target) for wire in wires}
    assert set().union(*reached.values()) == set(grid), "a line belongs to no wire"
    for (source, target), slot in layout.slots.items():
        places = {(slot.x + i, slot.y) for i in range(-1, slot.width)}
        assert {grid[place] for place in places} == {"─"}
        assert places <= reached[source]
        assert targets(layout, follow(grid, slot.x - 1, slot.y)) == {target}


@given(graphs())
def test_the_lines_drawn_are_the_wires_given(graph: Graph) -> None:
    boxes, wires, options = graph
    assert_traced(lay_out(boxes, wires, **options), wires)


@pytest.mark.parametrize("seed", range(8))
def test_every_line_of_a_large_tangle_can_be_traced(seed: int) -> None:
    rng = random.Random(seed)
    pairs = sorted({tuple(sorted(rng.sample(range(60), 2))) for _ in range(100)})
    wires = [Wire(a, b, 2) for a, b in pairs]
    assert_traced(lay_out([Box(k, 4, 2) for k in range(60)], wires), wires)


@given(graphs(), st.data(), st.booleans())
def test_a_window_is_cut_from_the_whole(graph: Graph, data: st.DataObject, ascii: bool) -> None:
    boxes, wires, options = graph
    layout = lay_out(boxes, wires, **options)
    y = data.draw(st.integers(0, layout.height - 1))
    x0 = data.draw(st.integers(-3, layout.width + 3))
    x1 = data.draw(st.integers(x0, layout.width + 5))
    whole = tagged(layout, y, -3, layout.width + 5, ascii)
    window = tagged(layout, y, x0, x1, ascii)
    assert window == whole[x0 + 3 : x1 + 3]


def tagged(layout: Layout, y: int, x0: int, x1: int, ascii: bool) -> list[object]:
    """Return what each cell of a row shows: a character and its style, or a cell of a box."""
    shown: list[object] = []
    shine = light(layout, list(layout.slots)[::2])
    for piece in paint(layout, y, x0, x1, lambda pair: f"{pair[0]}×{pair[1]}", shine, ascii=ascii):
        assert piece.x == x0 + len(shown)
        if isinstance(piece, BoxRow):
            shown += [(piece.key, piece.row, piece.skip + i) for i in range(piece.width)]
        else:
            wire = piece.wire if isinstance(piece, Label) else None
            shown += [(char, piece.lit, wire) for char in piece.text]
    return shown


@given(graphs())
def test_the_order_in_which_wires_are_given_does_not_matter(
    graph: Graph,
) -> None:
    boxes, wires, options = graph
    first, second = lay_out(boxes, wires, **options), lay_out(boxes, wires[::-1], **options)
    assert first.boxes == second.boxes
    assert first.slots == second.slots
    assert cells(first) == cells(second)


@given(graphs())
def test_nothing_overlaps(graph: Graph) -> None:
    boxes, wires, options = graph
    layout = lay_out(boxes, wires, **options)
    taken = set(cells(layout))
    for rect in layout.boxes.values():
        own = {(rect.x + i, rect.y + j) for i in range(rect.width) for j in range(rect.height)}
        assert not taken & own
        taken |= own
    assert all(0 <= x < layout.width and 0 <= y < layout.height for x, y in taken)
    slots = [(s.x + i, s.y) for s in layout.slots.values() for i in range(s.width)]
    assert len(set(slots)) == len(slots)
