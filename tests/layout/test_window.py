"""Where a window begins so that it cuts no box, and where nothing is drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.layout import (
    ENTRY,
    Box,
    Rect,
    Wire,
    around,
    between_boxes,
    cuts_box,
    into_view,
    is_free,
    is_last_before,
    lay_out,
)
from layout.tracing import Graph, cells, graphs

CHAIN = lay_out([Box(key, 9, 2) for key in range(3)], [Wire(0, 1, 4), Wire(1, 2, 4)])


def test_a_window_begins_with_the_line_to_a_box_or_behind_one() -> None:
    first, second, third = (CHAIN.boxes[key] for key in range(3))
    assert between_boxes(CHAIN, 0, 5) == 0
    assert between_boxes(CHAIN, 1, second.x) == first.x + first.width + 1
    assert between_boxes(CHAIN, first.width + 2, second.x) == second.x - 3
    assert between_boxes(CHAIN, second.x, third.x) == second.x + second.width + 1
    assert between_boxes(CHAIN, second.x, second.x + 1) == second.x  # no such column so soon


@given(graphs(), st.data())
def test_a_window_between_boxes_cuts_none(graph: Graph, data: st.DataObject) -> None:
    boxes, wires, options = graph
    layout = lay_out(boxes, wires, **options)
    left = data.draw(st.integers(0, layout.width))
    start = between_boxes(layout, left, layout.width)
    if start != left:
        assert start > left
        assert not any(cuts_box(layout, y, start) for y in range(layout.height))


@given(graphs(), st.data())
def test_what_begins_between_boxes_is_the_first_such_column(
    graph: Graph, data: st.DataObject
) -> None:
    boxes, wires, options = graph
    layout = lay_out(boxes, wires, **options)
    left, last = sorted(data.draw(st.tuples(*[st.integers(0, layout.width)] * 2)))
    layers = [around([layout.boxes[key] for key in keys]) for keys in layout.columns if keys]
    columns = [max(0, place.x - ENTRY) for place in layers]
    columns += [place.x + place.width + 1 for place in layers]
    expected = min((x for x in columns if left <= x <= last), default=left)
    assert between_boxes(layout, left, last) == expected


@given(graphs(), st.data())
def test_only_the_wires_of_the_last_box_are_behind_all_others(
    graph: Graph, data: st.DataObject
) -> None:
    boxes, wires, options = graph
    layout = lay_out(boxes, wires, **options)
    x, key = data.draw(st.integers(0, layout.width)), data.draw(st.sampled_from([*layout.boxes]))
    others = [box for other, box in layout.boxes.items() if other != key]
    assert is_last_before(layout, key, x) == all(box.x + box.width <= x for box in others)


def test_a_box_is_cut_inside_it_only() -> None:
    box = CHAIN.boxes[1]
    cut = [x for x in range(CHAIN.width) if cuts_box(CHAIN, box.y, x)]
    inside = [
        x for place in CHAIN.boxes.values() for x in range(place.x + 1, place.x + place.width)
    ]
    assert cut == sorted(inside)
    assert not cuts_box(CHAIN, -1, box.x + 1) and not cuts_box(CHAIN, CHAIN.height, box.x + 1)


@given(graphs(), st.data())
def test_a_box_is_cut_wherever_it_is(graph: Graph, data: st.DataObject) -> None:
    boxes, wires, options = graph
    layout = lay_out(boxes, wires, **options)
    y, x = data.draw(st.integers(0, layout.height)), data.draw(st.integers(0, layout.width))
    cut = [
        box for box in layout.boxes.values()
        if box.x < x < box.x + box.width and box.y <= y < box.y + box.height
    ]  # fmt: skip
    assert cuts_box(layout, y, x) == bool(cut)


@given(graphs())
def test_a_cell_is_free_where_neither_line_nor_box_is(graph: Graph) -> None:
    boxes, wires, options = graph
    layout = lay_out(boxes, wires, **options)
    grid = cells(layout)
    for y in range(layout.height):
        for x in range(layout.width):
            held = any(
                box.x <= x < box.x + box.width and box.y <= y < box.y + box.height
                for box in layout.boxes.values()
            )
            assert is_free(layout, y, x, x + 1) == (not held and not grid.get((x, y), "").strip())
    assert is_free(layout, layout.height, 0, layout.width) and is_free(layout, -1, 0, 5)


@pytest.mark.parametrize(
    ("start", "first", "last", "moved"),
    [(0, 2, 8, 0), (0, 5, 14, 4), (9, 5, 8, 5), (3, 2, 30, 2)],
)
def test_a_window_moves_as_little_as_possible(
    start: int, first: int, last: int, moved: int
) -> None:
    assert into_view(start, first, last, 10) == moved


def test_places_together_are_one() -> None:
    assert around([Rect(3, 4, 2, 2), Rect(1, 7, 10, 1)]) == Rect(1, 4, 10, 4)
