"""Lists that are narrowed while one types: once for keys that come together."""

import subprocess
import sys

from textual.events import Key
from textual.widgets import Input

import gradtui.tui.help as help
import gradtui.tui.picker as picker
from gradtui.tui.prompt import Prompt

FAR = "a long text that someone pasted or typed very quickly"


def counted(monkeypatch, module, name):
    """Count the calls of a function of a module."""
    calls, real = [], getattr(module, name)

    def call(*args, **options):
        calls.append(args)
        return real(*args, **options)

    monkeypatch.setattr(module, name, call)
    return calls


def type_at_once(t, text, *more):
    """Have all keys waiting before the first is read."""
    names = {" ": "space", "_": "underscore"}
    for key in (*text, *more):
        t.app.post_message(Key(names.get(key, key), key if len(key) == 1 else None))


async def test_the_picker_searches_once_for_keys_that_come_together(terminal, monkeypatch):
    searches = counted(monkeypatch, picker, "search")
    async with terminal(None) as t:
        type_at_once(t, FAR)
        await t.until(lambda: searches and searches[-1][1] == FAR)
        assert len(searches) < len(FAR) / 2


async def test_enter_after_fast_keys_opens_what_they_found(terminal):
    async with terminal(None) as t:
        type_at_once(t, "rate 3", "enter")
        await t.until(lambda: t.app._debugger is not None)
        assert t.session.problem.title == "Two weights, a rate of 3"


async def test_arrows_after_fast_keys_move_in_what_they_found(terminal):
    async with terminal(None) as t:
        type_at_once(t, "two_weights", "down")
        t.app.screen.action_move(0)
        await t.pilot.pause(0.2)
        chosen = t.app.screen._chosen_id()
        assert "two_weights" in chosen and chosen != "two_weights"


async def test_the_help_searches_once_for_keys_that_come_together(terminal, monkeypatch):
    searches = counted(monkeypatch, help, "help_lines")
    async with terminal("one_weight") as t:
        await t.press("question_mark", "slash")
        type_at_once(t, FAR)
        await t.until(lambda: searches[-1][2] == FAR)
        assert len({wanted for _, _, wanted in searches}) < len(FAR) / 2


async def test_the_help_makes_its_lines_once(terminal, monkeypatch):
    made = counted(monkeypatch, help, "help_lines")
    async with terminal("one_weight") as t:
        await t.press("question_mark", "j", "k", "n")
        assert len({args[0] for args in made}) == len(made)


async def test_a_prompt_completes_once_for_keys_that_come_together(terminal, monkeypatch):
    made = []
    real = Prompt._show_words
    monkeypatch.setattr(Prompt, "_show_words", lambda prompt: made.append(1) or real(prompt))
    async with terminal("one_weight") as t:
        await t.press("colon")
        before = len(made)
        type_at_once(t, "watch w")
        await t.until(lambda: t.app.screen.query_one(Input).value == "watch w")
        await t.pilot.pause(0.2)
        assert 1 <= len(made) - before <= 3


async def test_a_refusal_stays_where_a_list_was_still_to_come(terminal):
    async with terminal("one_weight") as t:
        await t.press("b")
        type_at_once(t, "loss > > 3", "enter")
        await t.pilot.pause(0.3)
        assert "^" in t.text and "expected" in t.text


def test_a_key_in_the_picker_does_not_wait_for_numpy(tmp_path):
    code = """
import asyncio, sys
from gradtui.base.terminal import ANY
from gradtui.tui.app import GradtuiApp
async def main():
    app = GradtuiApp(None, ANY)
    async with app.run_test() as pilot:
        await pilot.press("a", "down")
        assert "numpy" not in sys.modules
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
