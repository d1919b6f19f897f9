import re

import pytest

from gradtui.debugger.steps import Level


async def test_finish_goes_pass_by_pass_and_restart_back(terminal):
    async with terminal("two_weights") as t:
        await t.press("F", "F")
        places = []
        for _ in range(4):
            await t.press("f")
            places.append((t.session.step, t.session.position))
        assert places == [(0, 3), (0, 8), (0, 10), (1, 3)]
        for expected in [(1, 0), (0, 8), (0, 3), (0, 0)]:
            await t.press("F")
            assert (t.session.step, t.session.position) == expected


async def test_selection_moves_the_chain_rule_and_survives_steps(terminal):
    async with terminal("two_weights") as t:
        await t.press("k")
        assert "= 6 · 1 · 2 = 12" in t.text
        await t.press("n")
        assert "= (-1.8) · 1 · 2 = -3.6" in t.text
        await t.press("u")
        assert "∂L/∂ŷ = ∂L/∂e · ∂e/∂ŷ" in t.text
        await t.press("d")
        assert "∂L/∂w1" in t.text


async def test_the_chain_rule_follows_the_cursor_until_a_node_is_selected(terminal):
    async with terminal("two_weights") as t:
        await t.press("S")
        assert "ŷ → w1" in t.rows[-3] and "∂L/∂w1 = ∂L/∂e · ∂e/∂ŷ · ∂ŷ/∂w1" in t.text
        await t.press("j", "s")
        assert t.session.selection.pinned
        assert "ŷ → w2" in t.rows[-3] and re.search(r"33▸ ŷ", t.text)
        await t.press("u", "u")
        assert "∂L/∂e = 2·e" in t.text and re.search(r"34› e", t.text)
        await t.press("escape")
        assert not t.session.selection.pinned and "∂L/∂w2 = " in t.text


async def test_operations_and_back_to_names(terminal):
    async with terminal("two_weights") as t:
        await t.press("x")
        assert t.session.level is Level.OPERATIONS
        assert "Graph of operations" in t.text
        assert "* 2" in t.text and "* 6" in t.text
        await t.press("x")
        assert t.session.level is Level.NAMED
        assert "* 6" not in t.text


async def test_the_question_for_an_element_says_what_may_be_typed_and_what_follows(terminal):
    async with terminal("softmax_classifier", (80, 24)) as t:
        await t.press("L")
        assert "element of W1 [2×4]: 0,0" in t.text and "such as 0,1 or 0,1 row" in t.text
        assert "j k go to other elements, < > to other rows, Esc leaves" in t.text
        await t.press("enter", "j", "greater_than_sign")
        assert t.session.selection.lens.index == (0, 1) and t.session.selection.lens.row == 1


async def test_search_selects_a_node_by_its_label(terminal):
    async with terminal("two_weights") as t:
        await t.press("slash")
        assert "/a name, also of data, or an operation such as tanh" in t.text
        await t.type("yhat")
        await t.press("enter")
        assert t.session.problem.graph.nodes[t.session.selection.node].name == "yhat"
        await t.press("slash")
        await t.type("nosuch")
        await t.press("enter")
        assert "no node is called 'nosuch'" in t.text


async def test_wrong_axes_are_refused_where_they_are_typed(terminal):
    async with terminal("softmax_classifier") as t:
        await t.press("M", "A", *"zz", "enter")
        assert "surface over: zz" in t.text and "^^ no parameter is called 'zz'" in t.text
        await t.press("backspace", "backspace", *"b1", "enter")
        assert "surface over" not in t.text and "b1[0] →" in t.text


async def test_what_may_be_typed_is_said_where_a_value_stands_in_the_input(terminal):
    async with terminal("five_parcels", (80, 24)) as t:
        await t.press("P")
        assert "Enter shows this, or another expression, such as grad(w)" in t.text
        await t.press("escape", "A")
        assert "surface over: w[0] w[1]" in t.text
        assert "such as w[0] w[1], for a map of the loss" in " ".join(t.text.split())
        await t.press("escape", "J")
        assert "go to step: 0 to 12, or a later one" in t.text


@pytest.mark.parametrize(
    ("name", "typed", "index"),
    [("five_parcels", "1 row 1", (1,)), ("softmax_classifier", "0,1 row 1", (0, 1))],
)
async def test_the_element_that_is_given_as_an_example_can_be_looked_at(
    terminal, name, typed, index
):
    async with terminal(name, (120, 40)) as t:
        await t.press("L")
        said = " ".join(t.text.split())
        assert f"such as {typed.partition(' ')[0]} or {typed}; there" in said
        await t.press(*["backspace"] * 8)
        await t.press(*("space" if char == " " else char for char in typed), "enter")
        lens = t.session.selection.lens
        assert lens is not None and (lens.index, lens.row) == (index, 1)


@pytest.mark.parametrize(("size", "said"), [((80, 24), True), ((120, 40), False)])
async def test_data_that_no_panel_shows_are_said_to_be_in_one(terminal, size, said):
    async with terminal("five_parcels", size=size) as t:
        await t.press("slash", "X", "enter")
        assert "X is data, 5×2: read by ŷ" in t.text
        assert ("; panel 3 shows its numbers" in t.text) is said
        await t.press("slash", "e", "enter")
        assert "shows its numbers" not in t.text
