"""User stories of the lens, the Jacobian, the list and folding: keys in; state and text out."""

from __future__ import annotations

import re

import pytest
from textual.events import MouseDown, MouseMove, MouseUp

from gradtui.debugger.steps import Level
from gradtui.explain.spans import line_text

MLP = """
title = "A classifier"
[data]
X = [[0.5, -1.2], [1.1, 0.4], [-0.3, 0.8]]
y = [0, 1, 1]
[parameters]
W = [[0.2, -0.4, 0.1], [0.3, 0.1, -0.6]]
V = [[0.3, -0.2], [-0.1, 0.4], [0.6, 0.1]]
[model]
code = '''
H = relu(X@W)
S = H@V
L = cross_entropy(S, y)
'''
[optimizer]
name = "sgd"
lr = 0.1
[run]
steps = 3
"""


@pytest.fixture
def classifier(tmp_path):
    file = tmp_path / "classifier.toml"
    file.write_text(MLP, encoding="utf-8")
    return str(file)


async def test_the_lens_shows_a_weight_through_one_parcel_number_by_number(terminal):
    async with terminal("five_parcels") as t:
        await t.press("L")
        assert "element of w [2]:" in t.text
        await t.type("1 row 2")
        await t.press("enter")
        text = t.text
        assert "L ← e[2] ← ŷ[2] ← w[1]" in text
        assert "ŷ[2] = X[2,0]·w[0] + X[2,1]·w[1] = 4·0.8 + 5·1.5 = 10.7" in text
        assert "∂L/∂e[2] = 2·e[2]/5 = 0.48" in text
        assert "∂L/∂w[1] = ∂L/∂ŷ[2] · X[2,1] = 0.48 · 5 = 2.4" in text
        assert "product 0.48 · 1 · 5 = 2.4" in text
        assert "Σ over 5 rows = 1.32 - 0.2 + 2.4 - 0.142 - 0.49 = 2.888 ✓" in text


async def test_under_the_lens_keys_choose_element_and_row_and_it_survives_steps(terminal):
    async with terminal("five_parcels") as t:
        await t.press("L", "enter")
        assert (t.session.selection.lens.index, t.session.selection.lens.row) == ((0,), 0)
        await t.press("j", "greater_than_sign", "greater_than_sign")
        assert (t.session.selection.lens.index, t.session.selection.lens.row) == ((1,), 2)
        await t.press("n")
        assert t.session.step == 1
        assert "L ← e[2] ← ŷ[2] ← w[1]" in t.text
        await t.press("less_than_sign", "k")
        assert (t.session.selection.lens.index, t.session.selection.lens.row) == ((0,), 1)
        await t.press("less_than_sign", "less_than_sign")
        assert t.session.selection.lens.row == 4
        await t.press("escape")
        assert t.session.selection.lens is None
        assert "3 Chain" in t.text and "Σ over" not in t.text


async def test_inside_a_step_the_lens_shows_only_what_is_computed(terminal):
    async with terminal("five_parcels") as t:
        await t.press("L", "enter", "F", "F")
        assert "ŷ[0] = X[0,0]·w[0] + X[0,1]·w[1] = not reached yet" in t.text
        assert "6.1" not in "\n".join(t.rows[10:25])
        await t.press("s")
        assert "= 2·0.8 + 3·1.5 = 6.1" in t.text
        assert "∂L/∂e[0] = 2·e[0]/5 = not reached yet" in t.text
        await t.press("f", "f")
        assert "Σ over 5 rows" in t.text


async def test_the_lens_follows_a_weight_to_every_output(terminal, classifier):
    async with terminal(classifier, (120, 60)) as t:
        await t.press("L")
        await t.type("W[1,0] row 1")
        await t.press("enter")
        text = t.text
        assert "L ← S[2 elements] ← H[1,0] ← W[1,0]" in text
        assert "∂L/∂H[1,0] = the sum of 2 ways" in text
        assert "by S[1,0] = ∂L/∂S[1,0] · V[0,0]" in text
        assert "∂L/∂S[1,1] = (softmax(S)[1,1] - 1)/3" in text
        assert "∂L/∂W[1,0] = ∂L/∂H[1,0] · (X @ W)[1,0] > 0" not in text
        assert "✓" in text
        await t.press("x")
        assert t.session.selection.lens is not None
        assert "(X @ W)[1,0] = X[1,0]·W[0,0] + X[1,1]·W[1,0]" in t.text


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("2", "w is 2: its elements go up to 1"),
        ("0,1", "w is 2: its elements go up to 1"),
        ("first", "no node is called 'first'; an element is numbers such as 1, or 3,1"),
        ("1 row 5", "there is no row 5: expected one below 5"),
        ("1.5", "'1.5' is not an element"),
    ],
)
async def test_a_wrong_element_is_refused_in_words(terminal, typed, message):
    async with terminal("five_parcels") as t:
        await t.press("L", *("full_stop" if c == "." else "space" if c == " " else
                             "comma" if c == "," else c for c in typed), "enter")  # fmt: skip
        assert message in t.text
        assert t.session.selection.lens is None


async def test_a_scalar_needs_no_question(terminal):
    async with terminal("two_weights") as t:
        await t.press("L")
        assert "∂L/∂w2 = ∂L/∂ŷ · x2 = 6 · 3 = 18" in t.text


async def test_selecting_another_node_moves_the_lens_to_it(terminal):
    async with terminal("five_parcels") as t:
        await t.press("L", "enter", "u", "greater_than_sign")
        assert t.session.problem.graph.nodes[t.session.selection.lens.node].name == "yhat"
        assert "∂L/∂ŷ[0] = ∂L/∂e[0] · 1 = 0.44" in t.text


async def test_a_small_terminal_gives_the_lens_the_graphs_place(terminal):
    async with terminal("five_parcels", (80, 24)) as t:
        await t.press("L", "enter")
        assert "3 Lens" in t.text and "─ 1 Graph" not in t.text
        assert "∂L/∂w[0] = ∂L/∂ŷ[0] · X[0,0] = 0.44 · 2 = 0.88" in t.text
        assert "< > row" in t.rows[-1]
        await t.press("escape")
        assert "1 Graph" in t.text and "3 Lens" not in t.text
        await t.press("n")
        assert t.session.step == 1


async def test_the_jacobian_stands_with_its_product_below(terminal):
    async with terminal("five_parcels") as t:
        await t.press("m")
        text = t.text
        assert "3 Jacobian" in text
        assert "∂ŷ/∂w   ŷ is 5, w is 2: a matrix of 5×2" in text
        assert "ŷ[2]     4     5" in text
        assert "∂L/∂w[1] = 0.44·3 + (-0.2)·1 + 0.48·5 + (-0.284)·0.5 + (-0.196)·2.5 = 2.888" in text
        await t.press("m")
        assert "3 Chain" in t.text


async def test_the_jacobians_of_a_node_come_one_after_the_other(terminal, classifier):
    async with terminal(classifier) as t:
        await t.press("slash", "S", "enter", "m")
        assert "∂S/∂H" in t.text and "1 of 2, m for the next" in t.text
        await t.press("m")
        assert "∂S/∂V" in t.text
        await t.press("escape")
        assert "3 Chain" in t.text


async def test_a_large_jacobian_is_its_rule_and_shapes(terminal, tmp_path):
    file = tmp_path / "large.toml"
    file.write_text(
        'title = "Large"\n[parameters]\nW = { shape = [5, 5], init = "ones" }\n[model]\n'
        'code = """\nZ = W@W\nL = mean(Z)\n"""\n[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )
    async with terminal(str(file)) as t:
        await t.press("m")
        assert "a matrix of 25×25" in t.text
        assert "a matrix is written out up to 16×16; P shows it whole, L one element" in t.text
        await t.press("P")
        assert "∂Z/∂W [5×5×25]" in t.text and "rows: elements of Z, columns: of W" in t.text
        assert any(re.search(r"│ +0,0 +0,1 +0,2 ", row) for row in t.rows)
        first = next(row for row in t.rows if re.search(r"│ 0,0 ", row))
        # every element of Z sums five products of ones, two of which hold W[0,0]
        assert re.findall(r"\d+", first)[2:9] == ["2", "1", "1", "1", "1", "1", "0"]


async def test_the_list_has_a_row_a_node_and_follows_selection_and_search(terminal, classifier):
    async with terminal(classifier) as t:
        await t.press("X", "x")
        assert "Graph, a list of 6" in t.text
        assert any("name" in row and "computed by" in row and "shape" in row for row in t.rows)
        (row,) = [row for row in t.rows if " relu " in row and "[3×3]" in row]
        await t.press("slash", *"relu", "enter")
        (row,) = [row for row in t.rows if " relu " in row and "[3×3]" in row]
        assert "›" in row
        await t.press("X")
        assert "Graph of operations" in t.text


async def test_enter_unfolds_one_line_and_folds_it_again(terminal, classifier):
    async with terminal(classifier) as t:
        named = t.text
        await t.press("slash", "H", "enter")
        before = t.text
        await t.press("enter")
        assert t.session.level is Level.OPERATIONS
        drawn = [t.session.problem.graph.nodes[id].op for id in t.session.structure.nodes]
        assert drawn == ["parameter", "parameter", "@", "relu", "@", "cross_entropy"]
        await t.press("enter")
        assert t.session.level is Level.NAMED
        assert t.text == before != named
        await t.press("d", "enter")
        assert "there is nothing to unfold in W" in t.text


async def test_what_a_prompt_opens_has_the_keys_that_scroll(terminal):
    async with terminal("softmax_classifier") as t:
        await t.press("L", "enter")
        assert "W1[0,0] [2×4]   row 0" in t.text
        await t.press("pagedown")
        assert "W1[0,0] [2×4]   row 0" not in t.text


async def test_the_panels_show_the_numbers_of_the_parameter_that_is_looked_at(terminal):
    async with terminal("transformer_block") as t:
        gradient, update = (t.app.screen.query_one(f"#{name}") for name in ("gradient", "update"))

        def first_names():
            assert line_text(gradient.visible_rows()[0]).split()[0] == "value", "titles stay"
            assert line_text(update.visible_rows()[0]).startswith("lr·λmax"), "this row does too"
            found = gradient.visible_rows()[1], update.visible_rows()[1]
            return [line_text(row).split()[0] for row in found]

        assert "E[0,0]" in line_text(gradient.visible_rows()[1])
        await t.press("slash", *"Wv", "enter")
        assert t.session.message == "" and gradient.top > 0
        assert first_names() == ["Wv[0,0]", "Wv[0,0]"]
        top = gradient.top
        await t.press("n")
        assert gradient.top == top, "it stays where it is, step after step"
        await t.press("L")
        await t.type("Wq[2,1]")
        await t.press("enter")
        assert first_names() == ["Wq[2,1]", "Wq[2,1]"]


async def test_a_drag_selects_nothing_for_there_is_no_key_to_copy_it(terminal):
    async with terminal("two_weights") as t:
        await t.press("question_mark")
        for event, place in ((MouseDown, (5, 8)), (MouseMove, (60, 12)), (MouseUp, (60, 12))):
            t.app.post_message(event(None, *place, 0, 0, 1, False, False, False))
            await t.pilot.pause()
        assert not t.app.screen.selections


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_view_that_another_one_covers_comes_forward_with_one_key(terminal, size):
    async with terminal("five_parcels", size) as t:
        await t.press("M", "L", "enter")
        assert t.debugger.has_class("-close") and "3 Lens" in t.text
        await t.press("M")
        assert t.debugger.has_class("-map") and "lowest" in t.text
        await t.press("L", "enter")
        assert t.debugger.has_class("-close") and "3 Lens" in t.text
        await t.press("M", "M")
        assert t.session.surface.window is None and t.session.selection.lens is not None


async def test_v_on_a_map_without_two_features_says_why_it_does_nothing(terminal):
    async with terminal("five_parcels") as t:
        await t.press("M", "v")
        assert "no map of the data: it needs two features" in t.text


async def test_a_title_ends_with_the_number_of_a_batchs_rows_not_with_a_cut_through_it(terminal):
    async with terminal("embeddings_adam") as t:
        title = next(row for row in t.rows if "5 Program" in row)
        assert re.search(r"─ 5 Program · rows [0-9 ]+ … \(8\) ─", title)


@pytest.mark.parametrize(("name", "keys"), [("ravine", "nM"), ("absolute_error", "GM")])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_lowest_in_view_is_below_what_its_row_and_the_path_show(
    terminal, name, keys, size
):
    async with terminal(name, size) as t:
        await t.press(*keys)
        told = re.search(r"★ lowest in view (\S+)", t.text)
        if told is None:  # where there is no room for it
            assert size == (80, 24)
            return
        loss = {"ravine": lambda a, b: 500 * a**2 + b**2 / 2}.get(name)
        if loss is None:
            assert float(told[1]) < 0.1175
        else:
            at = re.search(r"at (\S+), (\S+)", t.text)
            assert float(told[1]) <= loss(0.0, float(at[2])) * 1.001
