"""The view of the graph: whole names, the wires that a line gets wrong, and the loss beyond it."""

from __future__ import annotations

import re

import pytest

from gradtui.tui.panels import graph as graph_panel
from gradtui.tui.panels.graph import GraphPanel

NET = """z = X @ W1 + b1
h = tanh(z)
yhat = h @ w2
e = yhat - y
L = mean(e**2)"""
GIVEN = {
    "data": "X = [[1.0, 2.0], [0.5, -1.0], [-1.5, 0.3]]\ny = [1.0, 0.0, 2.0]",
    "parameters": "W1 = [[0.3, -0.2], [0.1, 0.4]]\nb1 = [0.0, 0.1]\nw2 = [0.7, -0.5]",
}
WRONG = '''
[backward]
code = """
de = e / 3
dw2 = h.T @ de
dh = outer(de, w2)
dz = dh * (1 + h**2)
dW1 = X.T @ dz
db1 = sum(dz, axis=0)
"""
'''
BOXES = re.compile(r"[A-Za-z]\w* (?:\[|-?\d|·)")
"""A name with the beginning of its value."""


@pytest.fixture
def net(write):
    return write(NET, **GIVEN, more=WRONG)


def graph(t) -> list[str]:
    """Return the rows of the graph, in its border."""
    panel = t.debugger.query_one(GraphPanel)
    region = panel.region
    return [row[: region.right] for row in t.rows[region.y : region.bottom]]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_wires_that_a_line_gets_wrong_come_into_view(terminal, net, size):
    async with terminal(net, size) as t:
        await t.press("1")
        for mark in ("e [3] ━✗ mean", "z [3×2] ━✗ ×[3×2]"):
            await t.press("f2")
            rows = "\n".join(graph(t)).replace("─", "━")
            assert mark in rows, rows
        assert t.session.frame.selected == t.session.frame.graph.names["z"]


async def test_a_graph_that_fits_stays_whole_wherever_the_cursor_goes(terminal, net):
    async with terminal(net, (200, 60)) as t:
        panel = t.debugger.query_one(GraphPanel)
        assert panel._layout.width <= panel.size.width
        for key in ("f2", *"jjjjjjjj", "f2"):
            await t.press(key)
            assert panel.left == 0 and any("W1 [2×2]" in row for row in graph(t))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_names_are_whole_wherever_the_view_goes(terminal, write, size):
    """Where the view begins, a box is whole, or has a sign of the cut."""
    async with terminal(write(NET, **GIVEN), size) as t:
        for key in ("", *"kkkkkkkk", *"jjjjjjjj"):
            await t.press(*([key] if key else []))
            panel = t.debugger.query_one(GraphPanel)
            layout, left = panel._layout, panel.left
            assert not any(box.x < left < box.x + box.width for box in layout.boxes.values())


async def test_a_box_that_is_cut_at_its_blank_has_a_sign_too(terminal, net):
    async with terminal(net, (120, 40)) as t:
        await t.press("g", "1")
        panel = t.debugger.query_one(GraphPanel)
        box = panel._layout.boxes[t.session.frame.graph.names["W1"]]
        panel.left = box.x + 2  # " [2×2]" is left of "W1 [2×2]"
        panel.redraw()
        await t.pilot.pause()
        (row,) = [row for row in graph(t) if "[2×2] ─" in row]
        assert row.startswith("│ …[2×2] ─")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_loss_beyond_the_edge_stands_where_it_hides_no_wire(terminal, size):
    async with terminal("transformer_block", size) as t:
        panel = t.debugger.query_one(GraphPanel)
        rows = graph(t)
        for row in [row for row in rows if "…▶ L" in row]:
            before = row[2 : row.index("…▶ L")].rstrip()
            assert row[row.index("…▶ L") - 2 :].startswith("  "), row
            assert before == "" or len(before) < panel.size.width - 20
        panel._place_of_loss = lambda frame, layout: None
        panel.redraw()
        await t.pilot.pause()
        bare = graph(t)
        for row, plain in zip(rows, bare, strict=True):
            kept = plain.rstrip(" │").rstrip()
            assert row.startswith(kept), (row, plain)
        if size[1] > 50:
            assert any("…▶ L" in row for row in rows)


async def test_free_cells_of_a_drawing_are_looked_for_once(terminal, monkeypatch):
    looked, is_free = [], graph_panel.is_free
    monkeypatch.setattr(graph_panel, "is_free", lambda *at: looked.append(at) or is_free(*at))
    async with terminal("transformer_block", (120, 40)) as t:
        t.debugger.query_one(GraphPanel).redraw()
    assert looked and len(looked) == len(set(looked))


async def test_a_graph_that_would_be_cut_by_a_little_has_shorter_numbers(terminal, write):
    code = "yhat = X @ w + b\ne = yhat - y\nL = mean(e**2)"
    given = {"data": GIVEN["data"], "parameters": "w = [0.7, -0.5]\nb = 0.0"}
    claims = '[backward]\ncode = """\nde = 2*e/3\ndw = X.T @ de\ndb = de\n"""'
    async with terminal(write(code, **given, more=claims), (120, 40)) as t:
        rows = graph(t)
        assert any(row.rstrip(" │").endswith("▶ L 4.2175") for row in rows)
        assert not any("…" in row for row in rows) and "> " not in rows[-1]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_gradient_goes_on_into_the_blanks_behind_its_box(terminal, size):
    async with terminal("two_weights", size) as t:
        await t.press(*["n"] * 7)
        graph = t.debugger.query_one("#graph")
        shown = " ".join("".join(text for text, _ in row) for row in graph.visible_rows()).split()
        assert {"-0.002624", "-0.003937", "-0.001312"} <= {text.strip("│") for text in shown}
