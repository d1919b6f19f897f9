"""The input in the last row: what is typed reaches it however fast it comes."""

from __future__ import annotations

import asyncio

import pytest
from textual._compositor import Compositor
from textual.events import Key, MouseDown, MouseMove, MouseUp, Paste

from gradtui.base.source import InputError
from gradtui.tui.commands import COMMANDS
from gradtui.tui.panels.base import Panel
from gradtui.tui.picker import Picker
from gradtui.tui.prompt import Prompt

CHARACTERS = {"colon": ":", "space": " ", "slash": "/"}
CALLED = {character: key for key, character in CHARACTERS.items()}


async def at_once(t, *keys: str) -> None:
    """Press keys before any of them is answered, as a slow link hands them over."""
    for key in keys:
        t.app.post_message(Key(key, CHARACTERS.get(key, key if len(key) == 1 else None)))
    await t.pilot.pause()


async def test_what_is_typed_while_the_input_opens_is_in_it(terminal):
    async with terminal("two_weights") as t:
        await at_once(t, "colon", *"zoq")
        assert ":zoq" in t.rows[-2]
        await at_once(t, "escape")
        await at_once(t, "colon", *"goto", "space", "7", "enter")
        assert t.session.step == 7


async def reached(condition):
    """Wait until something holds, while a panel does not answer."""
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


async def test_an_escape_of_before_does_not_close_it_however_busy_the_panel_is(terminal):
    async with terminal("two_weights") as t:
        await t.press("M")
        panel = t.debugger.query_one("#loss")
        assert panel.has_focus
        held = asyncio.Event()
        panel.call_later(held.wait)
        t.app.post_message(Key("escape", "\x1b"))
        await reached(lambda: panel.message_queue_size)
        t.debugger.set_focus(t.debugger.query_one("#graph"))
        for key in ("colon", *"zoq"):
            t.app.post_message(Key(key, CHARACTERS.get(key, key)))
        await reached(lambda: not t.app.message_queue_size)
        held.set()
        await t.pilot.pause()
        assert ":zoq" in t.rows[-2]


async def test_what_is_pasted_while_the_input_opens_is_in_its_place_in_it(terminal):
    async with terminal("two_weights") as t:
        for event in (Key("colon", ":"), Key("z", "z"), Paste("oq"), Key("x", "x")):
            t.app.post_message(event)
        await t.pilot.pause()
        assert ":zoqx" in t.rows[-2]


async def test_keys_after_enter_are_commands_again(terminal):
    async with terminal("two_weights") as t:
        await at_once(t, "colon", *"goto", "space", "5", "enter", "n", "n")
        assert t.session.step == 7
        await at_once(t, "b", *"nonsense", "enter", "x")
        assert ": nonsensex" in t.text  # the cursor is behind what is wrong


async def test_an_input_that_is_left_before_its_first_paint_is_gone(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        prompt = t.debugger.query_one(Prompt)
        await prompt.remove()
        prompt.refuse(InputError("too late"))  # it waited for the paint
        await t.press("n")
        assert t.session.step == 1


async def test_the_name_of_a_scenario_may_follow_the_key_that_opens_the_picker(terminal):
    async with terminal("two_weights") as t:
        await at_once(t, "o", *"minibatches")
        assert isinstance(t.app.screen, Picker)
        await at_once(t, "enter")
        assert "minibatches" in t.session.problem.path


async def test_of_two_inputs_the_last_one_stays_and_gives_the_keys_back(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        t.debugger.action_run("find")
        await t.pilot.pause()
        assert len(t.debugger.query(Prompt)) == 1
        await t.press("escape", "n")
        assert t.session.step == 1


def mouse(t, event, x, y):
    """Let the mouse do something with its left button."""
    t.app.post_message(event(None, x, y, 0, 0, 1, False, False, False))


async def test_a_press_where_an_input_was_that_is_laid_out_still_is_no_crash(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        prompt = t.debugger.query_one(Prompt)
        x, y = prompt.region.offset
        await prompt.remove()
        assert prompt in [found for found, _ in t.debugger.get_widgets_at(x, y)]
        for column in (x, x + 10):  # its label, its field
            for event in (MouseDown, MouseMove, MouseUp):
                mouse(t, event, column, y)
        await t.pilot.pause()
        await t.press("n")
        assert t.session.step == 1


async def test_a_press_on_an_input_that_is_being_left_does_not_take_the_keys(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        x, y = t.debugger.query_one(Prompt).region.offset
        t.app.post_message(Key("escape", None))
        for event in (MouseDown, MouseUp):
            mouse(t, event, x + 10, y)
        await t.pilot.pause()
        await t.press("n")
        assert t.session.step == 1


async def test_an_input_that_is_left_while_it_is_pressed_lets_go_of_the_mouse(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        x, y = t.debugger.query_one(Prompt).region.offset
        mouse(t, MouseDown, x + 10, y)
        await t.pilot.pause()
        await t.press("escape")
        mouse(t, MouseUp, x + 10, y)
        chain = t.debugger.query_one("#chain")
        x, y = chain.region.offset
        for event in (MouseDown, MouseUp):
            mouse(t, event, x + 2, y + 2)
        await t.pilot.pause()
        assert chain.has_focus
        await t.press("n")
        assert t.session.step == 1


async def test_the_command_line_alone_shows_the_commands_and_completes_them(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        await t.pilot.pause()
        assert any("goto STEP" in r and "J" in r and "go to a step" in r for r in t.rows)
        assert f"{len(COMMANDS) - 18} more" in t.rows[-1] and "Tab completes" in t.rows[-1]
        await t.type("jac")
        await t.press("tab", "enter")
        assert t.session.selection.jacobian is not None


async def test_arrows_choose_from_the_commands_and_go_on_from_there(terminal):
    async with terminal("two_weights", (80, 24)) as t:
        await t.press("colon")
        await t.press("up", "up")
        assert ":help" in t.text and any(row.startswith("▸ help TOPIC") for row in t.rows)
        await t.press("backspace", "backspace", "down")
        assert any(row.startswith("▸ help TOPIC") for row in t.rows)
        await t.press("escape", "colon")
        await t.type("mat")
        assert ":mat" in t.rows[-2]  # no command: a value may have this name


async def test_behind_a_name_stands_what_it_expects(terminal):
    async with terminal("two_weights") as t:
        await t.press("colon")
        await t.type("goto ")
        assert "STEP: go to a step" in t.rows[-1]
        await t.type("7")
        await t.press("enter")
        assert t.session.step == 7


async def test_what_may_follow_does_not_look_like_an_error(terminal):
    async with terminal("two_weights") as t:
        await t.press("e")
        words = t.debugger.query_one("#refusal").styles.color
        await t.type("lr x")
        await t.press("enter")
        assert t.debugger.query_one("#refusal").styles.color != words


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40)])
async def test_a_setting_stands_on_one_row_with_its_present_value(terminal, size):
    async with terminal("two_weights", size) as t:
        await t.press("e")
        for pair in ("lr 0.05", "momentum 0", "nesterov false", "weight_decay 0", "w2 2"):
            assert any(pair in row for row in t.rows[-4:]), (pair, t.rows[-4:])


async def test_the_panels_stay_as_they_are_behind_it(terminal):
    async with terminal("two_weights") as t:
        panels = [*t.debugger.query(Panel)]

        def places():
            return [t.debugger.find_widget(panel) for panel in panels]

        before = places()
        for opening, *keys in ("J12", "/e", "bl", ":st"):
            await at_once(t, CALLED.get(opening, opening), *keys)
            assert t.debugger.query(Prompt)
            assert places() == before  # what differs, its order too, is painted again
            await t.press("escape")
            assert not t.debugger.query(Prompt) and places() == before


async def test_a_prompt_leaves_unpainted_what_it_does_not_cover(terminal, monkeypatch):
    painted = []
    real = Compositor.render_full_update
    monkeypatch.setattr(
        Compositor, "render_full_update", lambda *args, **kw: painted.append(1) or real(*args, **kw)
    )
    async with terminal("one_weight") as t:
        before = len(painted)
        for key in ("colon", "b", "escape", "tab"):
            await t.press(key)
        assert len(painted) == before
