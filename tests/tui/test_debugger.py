"""User stories: keys in; session state and visible text out."""

from __future__ import annotations

import random
import re

import pytest

from gradtui.tui import app


async def test_a_newcomer_sees_every_local_derivative_and_the_gradients(terminal):
    async with terminal("two_weights") as t:
        text = t.text
        for part in ("w1 1", "w2 2", "ŷ 8", "e 3", "L 9", "×2", "×3", "×1", "×6"):
            assert part in text
        assert "∂L/∂w2 = ∂L/∂e · ∂e/∂ŷ · ∂ŷ/∂w2" in text
        assert "= 6 · 1 · 3 = 18" in text
        assert re.search(r"w2 +2 +18 +18 ✓", text)
        assert "21.6333" in text
        assert "1 - 0.05·12 = 0.4" in text
        assert "step 0/12" in text


async def test_next_and_back_walk_through_the_lesson_and_return(terminal):
    async with terminal("two_weights") as t:
        first = t.text
        await t.press("n")
        assert t.session.step == 1
        assert "L 0.81 ▼" in t.text
        assert "-5.4" in t.text
        await t.press("right", "l")
        assert t.session.step == 3
        assert "L 0.006561" in t.text
        await t.press("N", "h", "left")
        assert t.session.step == 0
        assert t.text == first


async def test_stepping_into_shows_nothing_before_it_is_computed(terminal):
    async with terminal("two_weights") as t:
        await t.press("F", "F")
        assert t.session.position == 0
        assert "nothing computed yet" in t.text
        assert "ŷ ·" in t.text
        assert "18" not in "\n".join(t.rows[2:13])
        await t.press("s")
        assert "ŷ = w1·x1 + w2·x2 = 1·2 + 2·3 = 8" in t.text
        await t.press("s", "s")
        assert "L = e² = 3² = 9" in t.text
        await t.press("s", "s")
        assert "L → e  ∂L/∂L · ∂L/∂e = 1 · 6 = 6" in t.text
        await t.press("s", "s", "s")
        assert "ŷ → w2  ∂L/∂ŷ · ∂ŷ/∂w2 = 6 · 3 = 18" in t.text
        assert "backward done" in t.text
        await t.press("s")
        assert "w1 ← 1 - 0.05·12 = 0.4" in t.text
        await t.press("s", "s")
        assert t.session.step == 1
        assert "step 1 begins" in t.text


async def test_into_and_undo_are_inverse_on_the_screen(terminal):
    async with terminal("five_parcels", (200, 60)) as t:
        await t.press("F", "F", "x")
        seen = []
        for _ in range(12):
            seen.append(t.text)
            await t.press("s")
        for before in reversed(seen):
            await t.press("S")
            assert t.text == before


async def test_a_finding_takes_the_selection_with_it_and_leaves_it_to_the_cursor(terminal):
    async with terminal("grad_missing_slope") as t:
        await t.press("k", "k", "f2")
        assert not t.session.selection.pinned
        seen = t.session.selection.node
        await t.press("s")
        assert t.session.selection.node != seen


async def test_escape_leaves_an_input_and_keys_are_commands_again(terminal):
    async with terminal("two_weights") as t:
        await t.press("slash", "n", "n", "escape", "n")
        assert t.session.step == 1


async def test_the_command_line_knows_every_command_and_suggests(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        await t.type("goto 4")
        await t.press("enter")
        assert t.session.step == 4
        await t.press("colon")
        await t.type("nxet")
        await t.press("enter")
        assert "no command is called 'nxet'; did you mean 'next'?" in t.text
        await t.press("colon")
        await t.type("next 3")
        await t.press("enter")
        assert "next takes nothing after it" in t.text
        assert t.session.step == 4


async def test_play_runs_to_the_last_step_and_stops(terminal):
    async with terminal("one_weight") as t:
        await t.press("p")
        await t.until(lambda: t.debugger.pace._playing._timer is None)
        assert t.session.step == 5


async def test_control_c_stops_playing_before_it_quits(terminal, monkeypatch):
    monkeypatch.setattr(app, "_TWICE", 60.0)  # a busy machine may take a while between two keys
    async with terminal("two_weights") as t:
        await t.press("space", "ctrl+c")
        assert "stopped: press Ctrl+C again to quit" in t.text and t.app.return_value is None
        await t.press("ctrl+c")
        assert t.app.return_value == 0


async def test_zoom_shows_one_panel_and_escape_all_again(terminal):
    async with terminal("two_weights") as t:
        await t.press("3", "z")
        assert "3 Chain" in t.text and "1 Graph" not in t.text
        await t.press("6")
        assert "6 Loss" in t.text and "─ 3 Chain" not in t.text
        await t.press("escape")
        assert "1 Graph" in t.text and "7 Notes" in t.text


async def test_tab_goes_round_the_panels_and_arrows_still_step(terminal):
    async with terminal("two_weights") as t:
        for _ in range(7):
            await t.press("tab")
            step = t.session.step
            await t.press("right")
            assert t.session.step == step + 1
        assert t.app.focused is not None and t.app.focused.id == "graph"


async def test_a_small_terminal_keeps_graph_gradient_and_loss(terminal):
    async with terminal("two_weights", (80, 24)) as t:
        text = t.text
        assert "1 Graph" in text and "2 Gradient" in text and "6 Loss" in text
        assert "─ 3 Chain" not in text
        assert "×3" in text and "18 ✓" in text
        await t.press("3")
        assert "= 6 · 1 · 3 = 18" in t.text
        await t.press("escape")
        assert "1 Graph" in t.text


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 10), (200, 60), (300, 100)])
async def test_any_size_shows_what_it_can(terminal, size):
    async with terminal("five_parcels", size) as t:
        await t.press("n", "x", "s", "z", "z", "t")
        assert t.session.step == 1
        assert all(len(row) <= size[0] for row in t.rows)
        if size[0] >= 20:
            assert "w [" in t.text


async def test_resizing_and_zooming_leave_the_same_screen(terminal):
    async with terminal("five_parcels") as t:
        await t.press("n", "s")
        before = t.text
        await t.pilot.resize_terminal(50, 12)
        await t.press("z", "z")
        await t.pilot.resize_terminal(200, 60)
        await t.press("2", "z", "escape", "1")
        await t.pilot.resize_terminal(120, 40)
        await t.pilot.pause()
        assert t.text == before


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("before", ["", "M", "L", "e"])
async def test_switching_zooming_and_resizing_in_any_order_leave_the_same_frame(
    terminal, seed, before
):
    async with terminal("grad_missing_factor") as t:
        await t.press("n", "n", "s")
        if before == "e":
            t.debugger.trials.what_if("lr 0.1")
        elif before:
            await t.press(before)
        await t.press("5")
        await t.settled()
        shown, frame = t.text, t.session.frame
        moves = [("comma", "full_stop"), ("x", "x"), ("z", "z"), ("X", "X"), ("t", "t"),
                 (50, 12), (200, 60), (80, 24), ("f3", "f3"), ("tab", "shift+tab")]  # fmt: skip
        random.Random(seed).shuffle(moves)
        for move in moves:
            if isinstance(move[0], int):
                await t.pilot.resize_terminal(*move)
            else:
                await t.press(*move)
        await t.pilot.resize_terminal(120, 40)
        await t.press("5")
        t.debugger.say(frame.message)
        await t.settled()
        assert t.text == shown
        now = t.session.frame
        assert (now.step, now.position, now.selected) == (
            frame.step,
            frame.position,
            frame.selected,
        )


async def test_a_run_that_overflows_shows_inf_and_goes_on(terminal):
    async with terminal("five_parcels_rate_1_5") as t:
        await t.press("right_curly_bracket", "right_curly_bracket")
        assert t.session.step == 200
        assert "nan" in t.text or "inf" in t.text
        await t.press("t", "s", "x", "S", "g")
        assert "0.72884" in t.text


async def test_text_from_a_file_is_neither_markup_nor_escape(terminal, tmp_path):
    file = tmp_path / "odd.toml"
    file.write_text(
        'title = "w[0] [bold red]x[/] \\u001b]0;pwned\\u0007"\n'
        'notes = "[@click=app.quit]a[/] \\u202ez"\n'
        '[parameters]\nw = 1.0\n[model]\ncode = "L = w**2"\n[labels]\nw = "w[i] [dim]"\n'
        '[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )
    async with terminal(str(file)) as t:
        text = t.text
        assert "w[0] [bold red]x[/] \\x1b]0;pwned\\x07" in text
        assert "[@click=app.quit]a[/] \\u202ez" in text
        assert "w[i] [dim]" in text
        assert not set(text) & {"\x1b", "\x07", "\u202e"}


async def test_a_parameter_that_the_loss_ignores_is_found(terminal, tmp_path):
    file = tmp_path / "unused.toml"
    file.write_text(
        'title = "t"\n[parameters]\nw = 1.0\nv = 2.0\n[model]\ncode = "L = w**2"\n'
        '[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )
    async with terminal(str(file)) as t:
        assert "disconnected" in t.text
        await t.press("j")
        assert "no path leads to the loss" in t.text


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_view_of_a_high_graph_is_filled_by_the_boxes_in_it(terminal, size):
    async with terminal("transformer_block", size) as t:
        assert "g1 [4]" in "".join(t.rows[2:4])
        shown = [row for row in t.rows if " [4]" in row or "[6×4]" in row]
        assert len(shown) >= 6
        await t.press(*"jjjj")
        assert "g1 [4]" in "".join(t.rows[2:4])


async def test_a_long_chain_opens_steps_and_follows_the_cursor(terminal, tmp_path):
    lines = ["a0 = w*1.001"] + [f"a{i} = a{i - 1}*1.001" for i in range(1, 400)]
    file = tmp_path / "chain.toml"
    file.write_text(
        'title = "chain"\n[parameters]\nw = 1.0\n[model]\ncode = """\n' + "\n".join(lines)
        + '\n"""\n[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )  # fmt: skip
    async with terminal(str(file)) as t:
        await t.press("F", "f")
        assert "a399" in t.text
        await t.press("F", "F", "s")
        assert "a0 1.001" in t.text


async def test_the_help_names_every_command_and_closes(terminal):
    async with terminal("two_weights") as t:
        await t.press("question_mark")
        assert "next training step" in t.text
        await t.press("escape", "f1", "q")
        assert t.debugger
        await t.press("n")
        assert t.session.step == 1


async def test_batches_and_the_validation_are_on_the_screen_and_the_same_going_back(terminal):
    async with terminal("plateau_schedule") as t:
        first = t.text
        assert "Program · rows 20 36 7 10 " in first
        assert "loss 0.789  ● validation 3.285" in first
        assert "validation L 3.28505" in t.rows[0]
        await t.press("n")
        assert "rows 26 0 22 14" in t.text and "rows 20 36 7 10" not in t.text
        await t.press("N")
        assert "rows 20 36 7 10" in t.text and "lr 0.02 " in t.rows[0]
        t.debugger.pace.go_to("44")
        await t.pilot.pause()
        assert "lr 0.002 " in t.rows[0]
        await t.press("N")
        assert "lr 0.02 → 0.002 at step 44 " in t.text


async def test_keys_where_no_panel_has_room(terminal):
    async with terminal("two_weights", (1, 1)) as opened:
        await opened.press("tab", "z", "n", "pagedown", "tab", "7")
        assert opened.session.step == 1


async def test_an_expression_on_the_command_line_with_a_wrong_name_can_be_mended(terminal):
    async with terminal("grad_missing_factor", size=(80, 24)) as t:
        await t.press("colon")
        assert "such as grad(w1)" in t.text
        await t.type("grad(w)")
        await t.press("enter")
        assert "print: grad(w)" in t.text and "did you mean 'w1' or 'w2'?" in t.text


async def test_a_key_without_a_meaning_is_told_to_have_none(terminal):
    async with terminal("two_weights") as t:
        await t.press("Q")
        assert "Q does nothing here: ? lists the keys" in t.text
        await t.press("n")
        assert "does nothing here" not in t.text
        await t.press("escape")
        assert "does nothing here" not in t.text
