"""Any value whole, in a table over the screen."""

import numpy as np

DATA = "X = " + str((np.arange(1200.0).reshape(40, 30) / 8).tolist())
MODEL = "yhat = X@w\nL = mean(yhat**2)"
PARAMETERS = "w = { shape = [30], init = 'ones' }"


async def test_the_selected_value_opens_whole(terminal, write):
    async with terminal(write(MODEL, PARAMETERS, DATA)) as t:
        await t.press("P", "enter")
        assert "w [30]  all 1" in t.text and "rows 0-" in t.text
        await t.press("escape")
        assert "rows 0-" not in t.text


async def test_data_and_gradients_are_walked_to_their_last_number(terminal, write):
    async with terminal(write(MODEL, PARAMETERS, DATA), size=(80, 24)) as t:
        await t.press(":", *"print X", "enter")
        assert "X [40×30]  0 to 150" in t.text
        assert "149.875" not in t.text
        await t.press("G", *">" * 20)
        last = next(row for row in t.text.splitlines() if "149.875" in row)
        assert " 39 " in last and "-39 of 40" in t.text and "-29 of 30" in t.text
        await t.press("q", ":", *"dw", "enter")
        assert "dw [30]" in t.text, "the command line takes an expression alone"


async def test_a_vector_is_shown_to_its_last_number_and_keys_only_where_they_move(terminal, write):
    async with terminal("five_parcels", size=(80, 24)) as t:
        await t.press("P", "ctrl+u", *"y", "enter")
        assert "│ 0      5 " in t.text and "│ 4    6.8 " in t.text
        assert "rows 0-4 of 5   Esc closes" in t.text
    async with terminal(write(MODEL, PARAMETERS, DATA), size=(80, 24)) as t:
        await t.press("P", "enter")
        assert "of 30   PgDn > G more  Esc closes" in t.text
        await t.press("G")
        assert "│ 29 " in t.text and "-29 of 30" in t.text


async def test_a_number_is_a_message(terminal):
    async with terminal("two_weights") as t:
        await t.press(":", *"w1*x1 + w2*x2", "enter")
        assert "w1*x1 + w2*x2 = 8" in t.text
        await t.press(":", *"w1*", "enter")
        assert "print: w1*" in t.text and "the line ends early" in t.text


async def test_an_error_stays_in_the_input(terminal):
    async with terminal("five_parcels") as t:
        await t.press("P", "ctrl+u", *"X[7]", "enter")
        assert "its elements go up to [4,1]" in t.text


async def test_data_from_a_csv_file_have_the_names_of_its_columns(terminal):
    async with terminal("iris", (80, 24)) as t:
        await t.press("slash", "X", "enter", "P", "enter")
        assert "sepal_length   sepal_width  petal_length   petal_width" in t.text
        await t.press("a", "G")
        assert "sepal_length   sepal_width  petal_length   petal_width" in t.text


async def test_of_minibatches_the_rows_of_the_step_are_shown_or_all_of_them(terminal):
    async with terminal("minibatches", (80, 60)) as t:
        rows = t.session.tape(0).batch
        await t.press(":", *"print X", "enter")
        assert "X [4×2]  0.9 to 3.7  rows of this step's batch: 4 of 40" in t.text
        assert "rows 0-3 of 4   a all rows  Esc closes" in t.text
        await t.press("a")
        assert "X [40×2]" in t.text and "all rows, ▸ this step's batch" in t.text
        assert "rows 0-39 of 40   a the batch" in t.text
        assert all(f"▸{row} " in t.text for row in rows)
        await t.press("a")
        assert "rows 0-3 of 4" in t.text
        await t.press("q", ":", *"print ŷ", "enter")
        assert "all rows" not in t.text, "only the batch has predictions"
