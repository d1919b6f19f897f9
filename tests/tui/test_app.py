"""Events that reach what has another size than is painted, what is not there yet, what has gone."""

from __future__ import annotations

from textual.events import Key, MouseDown, MouseMove, Paste, Resize
from textual.geometry import Size

import gradtui
from gradtui.tui.debugger import Debugger
from gradtui.tui.panels.base import Panel
from gradtui.tui.prompt import Prompt


async def test_a_panel_can_be_pressed_on_before_its_new_rows_are_laid_out(terminal):
    pressed = 0
    async with terminal("two_weights") as t:
        for panel in t.debugger.query(Panel):
            x, rows = panel.region.x + 2, panel.size.height
            panel.styles.border = ("none", "black")
            for y in range(panel.region.y + rows, panel.region.bottom):
                await t.app.on_event(MouseDown(None, x, y, 0, 0, 1, False, False, False))
                pressed += 1
        await t.press("n")
        assert t.session.step == 1
    assert pressed >= 10


async def test_what_comes_when_the_screens_have_gone_is_not_looked_at(terminal):
    async with terminal("two_weights") as t:
        pass
    assert not t.app.screen_stack
    size = Size(80, 24)
    mouse = [kind(None, 5, 5, 0, 0, 1, False, False, False) for kind in (MouseDown, MouseMove)]
    for event in (*mouse, Key("n", "n"), Paste("n"), Resize(size, size)):
        await t.app.on_event(event)


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
