"""Graphs that take long to draw: a list stands in for them, and the screen lives meanwhile."""

from __future__ import annotations

import pytest

import gradtui.tui.drawings
from gradtui.layout import Box, Wire, count_parts, finish, plan
from gradtui.tui.drawings import Drawings
from gradtui.tui.panels.graph import GraphPanel

CHAIN = "\n".join(["h0 = w*x", *(f"h{i} = tanh(w*h{i - 1})" for i in range(1, 700)), "L = h699**2"])
"""699 lines of two operations: 2 + 2*699 + 2 operations, in as many layers."""
FAN = "\n".join(
    [*(f"h{i} = tanh(w*x)" for i in range(200)), f"L = {' + '.join(f'h{i}' for i in range(200))}"]
)
"""A sum of 200 terms: each is drawn where it is added, not where it could be at the earliest."""


@pytest.fixture
def few(monkeypatch):
    """Draw small graphs only."""
    monkeypatch.setattr(gradtui.tui.drawings, "_MOST", 1_000)
    monkeypatch.setattr(gradtui.tui.drawings, "_AT_ONCE", 500)


@pytest.mark.parametrize(
    ("wires", "parts"),
    [
        ([(0, 1), (1, 2)], 3 + 0 + 2),
        ([(0, 1), (1, 2), (0, 2)], 3 + 1 + 3),
        ([(0, 1), (1, 2), (2, 3), (0, 2), (0, 3)], 4 + 2 + 5),
    ],
)
def test_the_parts_of_a_drawing_are_its_boxes_passages_and_wires(wires, parts):
    keys = [*range(max(target for _, target in wires) + 1)]
    assert count_parts(keys, wires) == parts
    planned = finish(plan([Box(key, 5, 2) for key in keys], [Wire(*wire, 3) for wire in wires]))
    assert sum(map(len, planned.layers)) + len(wires) == parts


def test_a_large_drawing_is_made_in_parts(session_of):
    chain, drawings = session_of(CHAIN).frame, Drawings()
    assert drawings.is_drawn(chain) and drawings.drawing(chain, 80) is None
    assert drawings.rows(chain) is None
    parts = 1
    while drawings.go_on(0.0):
        parts += 1
    made = drawings.drawing(chain, 80)
    assert made is not None and drawings.rows(chain) == made.layout.height
    assert parts > 500  # a layer is placed and drawn at a time


def test_what_is_added_one_by_one_is_drawn_there_and_takes_few_wires():
    """600 steps of a loop that read the same two parameters, each step's loss added to a sum."""
    wires, last, total = [], 0, 0
    for step in range(600):
        a, b, h, e = (4 * step + 2 + at for at in range(4))
        wires += [(0, a), (1, b), (a, h), (b, h), (h, e)]
        wires += [(last, a), (total, e)] if step else []
        last, total = h, e
    count = 2 + 4 * 600
    assert count_parts(range(count), wires) < 6 * count


def test_a_drawing_that_is_larger_still_is_not_made(session_of, few):
    fan, drawings = session_of(FAN), Drawings()
    fan.toggle_level()
    assert not drawings.is_drawn(fan.frame) and drawings.drawing(fan.frame, 80) is None
    assert not drawings.go_on(0.0)


async def test_a_list_stands_in_for_a_drawing_while_it_is_made(terminal, write):
    async with terminal(write(CHAIN)) as t:
        t.debugger.action_run("operations")
        title = t.debugger.query_one("#graph").border_title
        t.debugger.action_run("next")
        assert t.session.step == 1
        await t.until(lambda: not t.debugger.query_one(GraphPanel)._going_on)
        assert str(title).endswith("Graph, a list of 1,401 while it is drawn")
        assert "1 Graph of operations" in t.text


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
async def test_where_no_drawing_can_be_had_the_list_has_the_surroundings_below(
    terminal, write, size, few
):
    async with terminal(write(FAN), size) as t:
        await t.press("x")
        assert "Graph, a list of 600, drawn around the cursor" in t.text
        assert "computed by" in t.text and "▶ h1 1" in t.text
        await t.press("slash", *"h150", "enter")
        rows = [row for row in t.rows if "▶ h150" in row]
        assert rows and t.session.frame.graph.nodes[t.session.selection.node].name == "h150"
        await t.press("X")
        assert "Graph, a list of 600 ─" in t.text and "▶ h150" not in t.text


async def test_the_mouse_selects_in_the_list_and_in_the_drawing_below(terminal, write, few):
    async with terminal(write(FAN)) as t:
        await t.press("x")
        graph = t.debugger.query_one(GraphPanel)
        y = next(y for y, row in enumerate(t.rows) if " parameter " in row) + 2
        await t.pilot.click(graph, offset=(5, y - graph.region.y))
        assert t.session.selection.node == t.session.frame.graph.names["h0"]
        await t.until(lambda: any("› h0" in row for row in t.rows))
        y = next(y for y, row in enumerate(t.rows) if "▶ * 6" in row)
        x = t.rows[y].index("* 6")
        await t.pilot.click(graph, offset=(x - graph.region.x, y - graph.region.y))
        assert t.session.frame.graph.nodes[t.session.selection.node].op == "*"


def test_what_is_around_a_node_is_what_it_is_made_of_and_what_it_is_for(session_of):
    session = session_of(CHAIN)
    structure, names = session.structure, session.frame.graph.names
    near = structure.around(names["h5"], 6)
    assert near == tuple(sorted(names[n] for n in ("w", "h3", "h4", "h5", "h6", "h7")))
    assert names["w"] in structure.around(names["w"], 3)
    assert len(structure.around(names["w"], 3)) == 3


def test_the_graph_of_the_names_is_bounded_too(session_of):
    """Each of these names is read in the last line: wires over 450 layers, 450²/2 passages."""
    names = " + ".join(f"h{i}" for i in range(450))
    lines = ["h0 = w*x", *(f"h{i} = h{i - 1}*w" for i in range(1, 450)), f"L = {names}"]
    frame = session_of("\n".join(lines)).frame
    assert not Drawings().is_drawn(frame)


async def test_the_loss_stands_at_the_edge_where_the_drawing_goes_on_beyond_it(terminal):
    async with terminal("softmax_classifier", (120, 40)) as t:
        graph = t.debugger.query_one(GraphPanel)
        assert graph.size.width < graph._layout.width
        (row,) = (y for y, text in enumerate(t.rows) if "…▶ L 1.161" in text)
        assert t.rows[row + 1][: graph.region.right].split()[-2] == "1"
        await t.pilot.click(graph, offset=(t.rows[row].index("L 1.161"), row - graph.region.y))
        loss = t.session.frame.graph.loss
        assert t.session.frame.selected == loss
        await t.until(lambda: "…▶ L" not in t.text)  # the view has moved to it
        assert "─▶ L 1.161" in t.text
        await t.press("k")
        assert "p [12×3]" in t.text
    async with terminal("softmax_classifier", (200, 60)) as t:
        assert "▶ L 1.161" in t.text and "…▶ L" not in t.text
