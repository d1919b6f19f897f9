"""User stories: what if, branches, sweeps, other values over the steps."""

from __future__ import annotations

import re

import pytest

import gradtui

KEYS = {" ": "space", ".": "full_stop", "=": "equals_sign", "[": "left_square_bracket",
        "]": "right_square_bracket", "(": "left_parenthesis", ")": "right_parenthesis",
        "_": "underscore", "-": "minus", ",": "comma", ":": "colon"}  # fmt: skip


async def typed(t, text):
    await t.press(*(KEYS.get(char, char) for char in text))


async def test_without_another_branch_the_key_that_makes_one_is_said(terminal):
    async with terminal("two_weights") as t:
        await t.press("full_stop")
        assert "no other branch: e makes one" in t.text


async def test_another_rate_from_step_3_is_compared_with_the_run_it_left(terminal):
    async with terminal("two_weights") as t:
        await t.press("n", "n", "n", "e")
        assert "what if from step 3:" in t.text
        await typed(t, "lr 0.07")
        await t.press("enter")
        assert "branch 'lr 0.07' from step 3" in t.text
        await t.press("n", "n")
        # e shrinks by 1 - 26·lr at each step: three times by -0.3, then twice by -0.82 or -0.3
        assert t.session.frame.loss == pytest.approx((3 * 0.3**3 * 0.82**2) ** 2)
        assert "branch lr 0.07" in t.rows[0] and "lr 0.07" in t.rows[0]
        assert "● lr 0.07 0.002966" in t.text and "─ original 5.314e-5" in t.text
        await t.press("comma")
        assert (t.session.step, t.session.frame.branch) == (5, "original")
        assert "branch 'original': the run of the file" in t.text
        assert t.session.frame.loss == pytest.approx(9 * 0.3**10)
        await t.press("full_stop")
        assert "branch 'lr 0.07' from step 3" in t.text


async def test_the_present_value_of_a_setting_is_no_completion(terminal):
    async with terminal("five_parcels") as t:
        await t.press("e")
        await t.until(lambda: re.search(r"w\[0\] 0.8\s+w\[1\] 1.5", t.text))
        await typed(t, "lr ")
        await t.until(lambda: "now: 0.05" in t.text)
        assert "Tab" not in t.text


async def test_tab_completes_and_an_error_shows_its_place_until_it_is_mended(terminal):
    async with terminal("two_weights") as t:
        await t.press("e")
        await t.until(lambda: "Tab: lr 0.05  optimizer sgd" in t.text)
        await typed(t, "opt")
        await t.press("tab")
        await typed(t, "ad")
        await t.until(lambda: "Tab: adagrad  adam  adamw" in t.text)
        await typed(t, "m")
        await t.press("enter")
        rows = t.rows
        (asked,) = [y for y, row in enumerate(rows) if row.startswith("what if")]
        assert rows[asked].endswith("optimizer adm")
        assert rows[asked + 1].endswith("^^^ unknown optimizer 'adm'; did you mean 'adam'?")
        assert rows[asked + 1].index("^") == rows[asked].index("adm")
        await t.press("left", "a", "enter")
        assert t.session.problem.optimizer == "adam"
        assert "m (mean of g) and v (mean of g²) start at 0" in t.text


async def test_the_table_compares_names_removes_and_switches(terminal):
    async with terminal("two_weights") as t:
        for change in ("lr 0.01", "w1 = 0.3"):
            await t.press("e")
            await typed(t, change)
            await t.press("enter")
        await t.press("n", "T")
        table = t.rows
        assert any("lr 0.01" in row and "original 0" in row for row in table)
        assert any("w1 = 0.3 (here)" in row and "lr 0.01 0" in row for row in table)
        # e = 3, 3 and 1.6 at step 0, and 1 - 26·lr of that at step 1
        assert any("original" in row and "0.81 " in row for row in table)
        assert any("lr 0.01" in row and "4.9284 " in row for row in table)
        assert any("w1 = 0.3" in row and "1.40186 " in row for row in table)
        await t.press("k", "enter")
        assert t.session.frame.branch == "lr 0.01" and t.session.step == 1
        await t.press("T", "r")
        await t.until(lambda: "name of 'lr 0.01':" in t.text)
        await t.press(*["backspace"] * 7)
        await typed(t, "slow")
        await t.press("enter")
        await t.until(lambda: "Branches at step 1" in t.text)
        await t.press("j", "x", "escape")
        assert [branch.name for branch in t.session.branches] == ["original", "slow"]
        await t.press("comma")
        assert t.session.frame.branch == "original"


async def test_the_table_has_the_branches_of_the_file_that_was_loaded_while_it_opened(terminal):
    async with terminal("two_weights") as t:
        await t.press("e")
        await typed(t, "lr 0.01")
        debugger = t.debugger
        await t.press("enter", "T")
        debugger.show_session(gradtui.load("two_weights"))
        await t.press("x")
        await t.until(lambda: "lr 0.01" not in t.text)
        await t.press("x", "enter")
        assert [branch.name for branch in t.session.branches] == ["original"]
        assert t.session.branches.current.name == "original"


async def test_the_runs_of_a_sweep_go_with_the_file_that_they_are_of(terminal):
    async with terminal("two_weights") as t:
        debugger = t.debugger
        debugger.trials.sweep("lr 0.01 0.02")
        debugger.trials.list_sweep()
        await t.pilot.pause()
        debugger.show_session(gradtui.load("two_weights"))
        await t.press("enter")
        assert [branch.name for branch in debugger.session.branches] == ["original"]


async def test_a_sweep_is_drawn_judged_and_made_a_branch(terminal):
    async with terminal("two_weights", (200, 60)) as t:
        await typed(t, ":sweep lr 0.001 0.05 0.0769 0.1 1.5")
        await t.press("enter")
        assert "5 runs from step 0 to 12, together" in t.text
        await t.until(lambda: "1.5 ▲" in t.text)
        assert "6 Sweep of lr" in t.text
        await t.until(lambda: "together: ▼ still falls, ✓ converges, ~ oscillates" in t.text)
        assert "▲ diverges; i lists ends" in t.text
        for part in ("─ 0.001 ▼", "● 0.05 ✓", "× 0.0769 ~", "+↑0.1 ▲", "o↑1.5 ▲"):
            assert part in t.text
        await t.press("i")
        for part in ("converges", "oscillates", "diverges", "still falls", "loss at 12"):
            assert part in t.text
        await t.press("j", "j", "j", "enter")
        assert t.session.frame.branch == "lr 0.1"
        assert t.session.branches.sweep is None
        await t.press("n")
        assert t.session.frame.loss == pytest.approx(9 * 1.6**2)


async def test_views_log_scale_and_range_live_in_the_session(terminal):
    async with terminal("two_weights") as t:
        await t.press("v")
        assert "6 |∇|" in t.text
        await t.press("V")
        await typed(t, "w1 grad(w1)")
        await t.press("enter", "n")
        assert "6 w1 ∂L/∂w1" in t.text and "─ w1 0.4  ● ∂L/∂w1 -3.6" in t.text
        await t.press("t")
        await typed(t, ":range 2 8")
        await t.press("enter")
        assert "w1 ∂L/∂w1, log scale, steps 2-8" in t.text
        before = t.text
        await t.pilot.resize_terminal(80, 24)
        await t.press("z", "z", "comma", "full_stop", "n", "N")
        await t.pilot.resize_terminal(120, 40)
        await t.press("escape")
        await t.press("n", "N")
        assert t.session.curves.plot.range == (2, 8) and t.session.curves.plot.log
        assert [r for r in t.rows if "log scale" in r] == [
            r for r in before.split("\n") if "log scale" in r
        ]


async def test_r_asks_which_steps_are_drawn(terminal):
    async with terminal("two_weights") as t:
        await t.press("r", "enter")
        assert t.session.curves.plot.range is None
        await t.press("r")
        await typed(t, "10 50")
        await t.press("enter")
        assert t.session.curves.plot.range == (10, 50) and t.session.step == 0
        await t.press("r", "enter")
        assert t.session.curves.plot.range is None and "all steps are drawn" in t.text


async def test_the_other_drive_is_drawn_beside_this_one(terminal):
    async with terminal("update_uphill", (200, 60)) as t:
        await t.press("n", "n", "D")
        assert "● autodiff" in t.text and "─↑hand" in t.text
        await t.press("D")
        assert t.session.frame.branch == "hand"
        await t.press("q")
        assert t.app._exit


async def test_leaving_asks_where_there_are_branches(terminal):
    async with terminal("two_weights") as t:
        await t.press("e")
        await typed(t, "lr 0.01")
        await t.press("enter", "q")
        asked = "quit?  Enter quits and keeps branch 'lr 0.01': U brings it back   Esc stays"
        assert asked in t.text
        await t.press("escape", "n")
        assert "quit?" not in t.text and t.session.step == 1
        await t.press("q", "q")
        assert t.app._exit


async def test_a_second_change_says_on_which_branch_it_builds(terminal):
    async with terminal("two_weights") as t:
        t.debugger.trials.what_if("lr 0.01")
        await t.press("n", "e")
        assert "what if from step 1 of branch 'lr 0.01':" in t.text


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
async def test_every_size_shows_which_curve_is_which(terminal, size):
    async with terminal("two_weights", size) as t:
        for rate in ("0.01", "0.07"):
            await t.press("e")
            await typed(t, f"lr {rate}")
            await t.press("enter")
        await t.until(lambda: not t.session.curves.unfinished)
        for part in ("× lr 0.07", "─ original", "● lr 0.01"):
            assert part in t.text
        assert "branch lr 0.07" in t.rows[0]


@pytest.mark.parametrize(
    ("name", "rates"),
    [
        ("five_parcels", "lr 0.0005 0.005 0.02 0.05 0.1"),  # stable up to 0.06807
        ("five_parcels_adam", "lr 0.02 0.05 0.2 1 2 5"),  # stable up to 2.797
        (
            "five_parcels_cosine",
            "lr 0.001 0.01 0.05 0.068 0.1 1.5",
        ),  # the rate changes with the step
        ("update_sgd", "lr 0.001 0.01 0.05 0.1 1.5"),  # moved by hand
    ],
)
async def test_a_sweep_is_offered_around_the_largest_stable_rate(terminal, name, rates):
    async with terminal(name, (80, 24)) as t:
        await t.press("n", "i")
        assert f": {rates}" in t.text


async def test_enter_takes_the_example_that_stands_in_the_input(terminal):
    async with terminal("five_parcels", (80, 24)) as t:
        await t.press("V")
        assert "follow: w[0] grad(w[0]) lr" in t.text and "Enter draws these" in t.text
        await t.press("enter")
        assert "w[0] ∂L/∂w[0] lr" in t.debugger.query_one("#loss").border_title
        await t.press("i")
        assert "Enter tries each of these values" in t.text
        await t.press("enter")
        assert t.session.branches.sweep is not None and "0.0005" in t.text
        await t.press("w", "down")
        assert "watch: loss - prev" not in t.text
        await t.press("up", "enter")
        assert t.session.breakpoints.watches
