"""User stories: keys in; session state and visible text out."""

from __future__ import annotations

import random
import re

import pytest
from textual.events import Key

import gradtui
from gradtui.debugger.steps import Level
from gradtui.tui.debugger import Debugger
from gradtui.tui.prompt import Prompt


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


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        (["G"], 12),
        (["end"], 12),
        (["c"], 12),
        (["G", "g"], 0),
        (["G", "home"], 0),
        (["G", "C"], 0),
        (["right_square_bracket"], 10),
        (["right_curly_bracket"], 100),
        (["right_curly_bracket", "left_square_bracket"], 90),
        (["right_curly_bracket", "left_curly_bracket"], 0),
        (["J", "7", "enter"], 7),
        (["colon", "5", "enter"], 5),
    ],
)
async def test_keys_that_jump(terminal, keys, step):
    async with terminal("two_weights") as t:
        await t.press(*keys)
        assert t.session.step == step
        assert f"step {step}/12" in t.text


async def test_the_first_step_says_that_there_is_none_before(terminal):
    async with terminal("two_weights") as t:
        await t.press("N")
        assert t.session.step == 0
        assert "this is the first step" in t.text


async def test_a_wrong_step_is_refused_and_nothing_moves(terminal):
    async with terminal("two_weights") as t:
        await t.press("n", "J", "x", "enter")
        assert t.session.step == 1
        assert "'x' is not a step" in t.text


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


async def test_a_finding_takes_the_selection_with_it_and_leaves_it_to_the_cursor(terminal):
    async with terminal("grad_missing_slope") as t:
        await t.press("k", "k", "f2")
        assert not t.session.selection.pinned
        seen = t.session.selection.node
        await t.press("s")
        assert t.session.selection.node != seen


async def test_operations_and_back_to_names(terminal):
    async with terminal("two_weights") as t:
        await t.press("x")
        assert t.session.level is Level.OPERATIONS
        assert "Graph of operations" in t.text
        assert "* 2" in t.text and "* 6" in t.text
        await t.press("x")
        assert t.session.level is Level.NAMED
        assert "* 6" not in t.text


async def test_search_selects_a_node_by_its_label(terminal):
    async with terminal("two_weights") as t:
        await t.press("slash")
        await t.type("yhat")
        await t.press("enter")
        assert t.session.problem.graph.nodes[t.session.selection.node].name == "yhat"
        await t.press("slash")
        await t.type("nosuch")
        await t.press("enter")
        assert "no node is called 'nosuch'" in t.text


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


async def test_a_far_step_is_computed_while_the_screen_lives_and_can_be_stopped(terminal):
    async with terminal("five_parcels") as t:
        await t.press("J", *"9000000")
        await t.pilot.press("enter")
        assert "of 9,000,000, Ctrl+C stops" in t.text
        await t.press("ctrl+c")
        assert "stopped" in t.text
        assert t.session.step == 0
        await t.press("J", *"30000", "enter")
        await t.until(lambda: "step 30,000/12" in t.text)


@pytest.mark.parametrize("key", ["G", "c"])
async def test_the_end_of_a_long_run_is_computed_while_the_screen_lives(terminal, write, key):
    path = write("L = sum((w*x)**2)", f"w = {[0.1] * 400}", lr=0.001, steps=9_000_000)
    async with terminal(path) as t:
        for typed in (key, "n"):
            known = t.session.history.known
            await t.pilot.press(typed)
            await t.until(lambda known=known: t.session.history.known > known)
            assert t.session.history.known < 9_000_000
        assert t.session.step < 10


async def test_play_runs_to_the_last_step_and_stops(terminal):
    async with terminal("one_weight") as t:
        await t.press("p")
        await t.until(lambda: t.debugger.pace._playing._timer is None)
        assert t.session.step == 5


async def test_control_c_stops_playing_before_it_quits(terminal):
    async with terminal("two_weights") as t:
        await t.press("space", "ctrl+c")
        assert "stopped" in t.text
        await t.press("ctrl+c")
        assert "press Ctrl+C again to quit" in t.text
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


async def test_another_scenario_opens_without_restarting(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        await t.type("open practice")
        await t.press("enter")
        assert t.session.problem.title == "Pencil and paper"
        assert "Lesson · 1 of" in t.text
        await t.press("colon")
        await t.type("open nosuch")
        await t.press("enter")
        assert "no file and no bundled scenario is called 'nosuch'" in t.text
        assert t.session.problem.title == "Pencil and paper"


async def test_a_key_for_the_screen_before_does_nothing_to_one_that_is_not_there_yet(terminal):
    async with terminal("two_weights") as t:
        coming = Debugger(gradtui.load("practice"), t.app.screen.keys)
        opened = t.app.push_screen(coming)
        assert not coming.is_mounted
        assert not await t.app.run_action("run('find')", coming)
        await opened
        await t.press("slash")
        assert t.app.screen.query(Prompt)


async def test_a_key_after_the_one_that_quits_does_nothing(terminal):
    async with terminal("two_weights") as t:
        debugger = t.app.screen
        t.app.exit(0)
        assert not await t.app.run_action("run('find')", debugger)
    assert t.app.return_code == 0


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
        assert "Program · rows 20 36 7 10 · " in first
        assert "loss 0.789  ● validation 3.285" in first
        assert "validation 3.28505" in t.rows[0]
        await t.press("n")
        assert "rows 26 0 22 14" in t.text and "rows 20 36 7 10" not in t.text
        await t.press("N")
        assert "rows 20 36 7 10" in t.text and "lr 0.02 " in t.rows[0]
        t.debugger.pace.go_to("44")
        await t.pilot.pause()
        assert "lr 0.002 " in t.rows[0]
        await t.press("N")
        assert "lr 0.02 → 0.002 at step 44 " in t.text


async def test_held_keys_share_frames_and_end_at_their_step(terminal, monkeypatch):
    shown = []
    show = Debugger.show_frame
    monkeypatch.setattr(Debugger, "show_frame", lambda self: (shown.append(1), show(self))[1])
    async with terminal("five_parcels") as opened:
        shown.clear()
        for _ in range(100):
            opened.app.post_message(Key("n", "n"))
        await opened.until(lambda: "step 100/12" in opened.rows[0])
        assert opened.session.step == 100
        assert len(shown) < 50


async def test_keys_where_no_panel_has_room(terminal):
    async with terminal("two_weights", (1, 1)) as opened:
        await opened.press("tab", "z", "n", "pagedown", "tab", "7")
        assert opened.session.step == 1
