"""Glyphs have the arms of their masks, and lit wires are heavy from end to end."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from gradtui.layout import (
    Box,
    Label,
    Wire,
    lay_out,
    paint,
    painting,
)
from layout.tracing import SIDES, Graph, cells, follow, graphs, leaving, read_arms, targets


def test_every_glyph_has_the_arms_of_its_mask() -> None:
    for mask, char in enumerate("".join(painting._GLYPHS)):
        arms = {s: mask // p % 3 for s, p in zip(SIDES, (27, 9, 3, 1), strict=True)}
        arms = {side: weight for side, weight in arms.items() if weight}
        if len(arms) > 1:
            assert read_arms(char) == arms, (char, arms)


@given(graphs(), st.data())
def test_lit_wires_and_no_others_are_heavy_from_end_to_end(
    graph: Graph, data: st.DataObject
) -> None:
    boxes, wires, options = graph
    layout = lay_out(boxes, wires, **options)
    pairs = [(wire.source, wire.target) for wire in wires]
    lit = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    grid = cells(layout)
    with patch.object(painting, "_joint", lambda mask, char, **_: char):
        heavy = cells(layout, lit)
    drawn = set()
    for key, x, y in leaving(layout, grid):
        if read_arms(heavy[x, y])["RIGHT"] == 2:
            drawn |= {(key, t) for t in targets(layout, follow(grid, x, y, heavy))}
    assert drawn == set(lit)


def test_the_lines_of_a_row_are_drawn_once_whatever_its_labels_say() -> None:
    layout = lay_out([Box(0, 1, 1), Box(1, 1, 1)], [Wire(0, 1, 5)])
    before = painting._draw_lines.cache_info().misses
    rows = [paint(layout, 0, 0, layout.width, lambda wire, text=text: text) for text in "12"]
    labels = [[piece.text for piece in row if isinstance(piece, Label)] for row in rows]
    assert labels == [["1"], ["2"]]
    assert painting._draw_lines.cache_info().misses == before + 1
