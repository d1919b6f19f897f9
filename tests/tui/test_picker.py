"""The picker: search, open, refuse, leave."""

from __future__ import annotations

import asyncio

import pytest
from textual.events import Key
from textual.widgets import OptionList

from gradtui.scenario.bundled import find_scenario, list_bundled
from gradtui.tui import lean
from gradtui.tui.compositing import LeanCompositor
from gradtui.tui.help import Help
from gradtui.tui.narrowed import NarrowedList
from gradtui.tui.picker import Picker


def shown(t):
    """Return the names of the scenarios in the list, in its order."""
    return [option.id for option in t.app.screen.query_one(OptionList).options if option.id]


async def test_it_lists_every_bundled_scenario_in_the_lessons_order(terminal):
    async with terminal(None, (120, 140)) as t:
        text = t.text
        entries = list_bundled()
        assert shown(t) == ["course", *(entry.name for entry in entries)]
        assert all(f" {entry.title} " in text for entry in entries)
        assert text.index(" 1 One weight ") < text.index(" one_weight ")
        assert text.index(" one_weight ") < text.index(" 2 Two weights ")
        assert text.index(" More runs ") < text.index(" More gradients by hand ")


async def test_search_narrows_by_title_name_and_tag_and_enter_opens(terminal):
    async with terminal(None) as t:
        await t.type("rate 3")
        assert shown(t)[0] == "two_weights_rate_3"
        assert "five_parcels_adam" not in shown(t)
        await t.press("enter")
        assert t.session.problem.title == "Two weights, a rate of 3"


async def test_a_list_that_another_character_leaves_as_it_is_stays_and_begins_at_the_top(terminal):
    async with terminal(None) as t:
        options = t.app.screen.query_one(OptionList)
        await t.type("gradien")
        before, first = list(options.options), options.highlighted
        await t.press(*["down"] * 30)
        assert options.highlighted != first and options.scroll_offset.y
        await t.type("t")
        assert [a is b for a, b in zip(before, options.options, strict=True)] == [True] * len(
            before
        )
        assert options.highlighted == first and not options.scroll_offset.y


async def test_the_rows_of_a_narrowed_list_are_made_in_turns(terminal, monkeypatch):
    made, turns = [], []
    later, render = lean.in_turns, NarrowedList.render_line

    async def counted(work):
        before = len(made)
        await later(work)
        turns.append(len(made) - before)

    monkeypatch.setattr(lean, "in_turns", counted)
    monkeypatch.setattr(NarrowedList, "render_line", lambda *a: made.append(0) or render(*a))
    async with terminal(None) as t:
        made.clear()
        turns.clear()
        await t.type("ad")
        assert made and len(made) == sum(turns)


async def test_arrows_choose(terminal):
    async with terminal(None) as t:
        await t.press("down", "down", "down", "up", "enter")
        assert t.session.problem.title == "Two weights, one parcel"


async def test_a_file_is_opened_by_its_path(terminal, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'title = "Mine"\n[parameters]\nw = 3.0\n[model]\ncode = "L = w**2"\n'
        '[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )
    async with terminal(None) as t:
        t.app.screen.query_one("Input").value = str(file)
        await t.press("enter")
        assert t.session.problem.title == "Mine"


async def test_a_broken_file_shows_its_error_and_the_app_lives_on(terminal, tmp_path):
    file = tmp_path / "broken.toml"
    file.write_text('title = "Mine"\n[parameters]\nw = 3.0\n[model]\ncode = "L = v**2"\n'
                    '[optimizer]\nname = "sgd"\nlr = 0.1\n')  # fmt: skip
    async with terminal(None, (200, 40)) as t:
        t.app.screen.query_one("Input").value = str(file)
        await t.press("enter")
        assert "error: 'v' is not defined" in t.text
        assert 'code = "L = v**2"' in t.text
        assert "^" in t.text
        await t.press("escape")
        await t.press("enter")
        assert t.session.problem.title == "One weight, one parcel"


async def test_a_search_finds_pages_of_the_manual_which_open_over_the_picker(terminal):
    async with terminal(None) as t:
        await t.type("dropout")
        assert "In the manual" in t.text and "Dropout leaves out" in t.text
        await t.press("enter")
        assert isinstance(t.app.screen, Help)
        assert "PYTORCH: autograd functions" in t.text
        await t.press("escape")
        assert isinstance(t.app.screen, Picker)
        await t.press("escape")
        assert "dropout" not in t.text and "One weight, one parcel" in t.text


async def test_a_mistyped_word_is_named_with_the_right_one(terminal):
    async with terminal(None) as t:
        await t.type("softmx")
        assert "Nothing has this word; softmax:" in t.text
        await t.press("enter")
        assert t.session.problem.title == "A softmax classifier"


async def test_nothing_found_is_said_and_escape_clears_then_leaves(terminal):
    async with terminal(None) as t:
        await t.type("zzz")
        assert "no scenario matches" in t.text and "Enter opens a file" in t.text
        await t.press("enter")
        assert isinstance(t.app.screen, Picker)
        assert "no file and no bundled scenario" in t.text
        await t.press("escape")
        assert "One weight, one parcel" in t.text
        await t.press("escape")
        assert t.app.return_value == 0


@pytest.mark.parametrize("turns", range(6))
async def test_leaving_while_the_picker_comes_up_is_no_error(terminal, turns):
    async with terminal("one_weight") as t:
        t.app.post_message(Key("o", "o"))
        for _ in range(turns):
            await asyncio.sleep(0)
        t.app.exit(0)
    assert t.app.return_value == 0


async def test_what_is_chosen_twice_at_once_is_opened_once(terminal):
    async with terminal("two_weights") as t:
        await t.press("o")
        for _ in range(2):
            t.app.screen.query_one(OptionList).action_select()
        t.app.post_message(Key("enter", "\r"))
        await t.pilot.pause()
        assert t.session.problem.title == "One weight, one parcel"


async def test_what_was_chosen_is_opened_though_the_list_is_narrowed_since(terminal):
    async with terminal("two_weights") as t:
        await t.press("o")
        picker, listed = t.app.screen, t.app.screen.query_one(OptionList)
        name, at = "five_parcels", listed.get_option_index("five_parcels")
        chosen = OptionList.OptionSelected(listed, listed.get_option_at_index(at), at)
        await t.type("zzz")
        picker.post_message(chosen)
        await t.pilot.pause()
        assert t.session.problem.path == find_scenario(name)


async def test_code_is_told_to_be_opened_from_the_shell(terminal):
    async with terminal(None) as t:
        await t.pilot.press(*"net", "full_stop", *"py")
        await t.until(lambda: "opened from the shell  gradtui net.py:case" in t.text)
    async with terminal("two_weights") as t:
        await t.press("colon")
        await t.pilot.press(*"open", "space", *"net", "full_stop", *"py", "colon", *"fit", "enter")
        await t.until(lambda: "opened from the shell: gradtui net.py:fit" in t.text)


@pytest.mark.parametrize(("width", "about"), [(80, False), (120, True)])
async def test_a_narrow_row_has_no_start_of_a_sentence(terminal, width, about):
    async with terminal(None, (width, 24)) as t:
        await t.press(*"one_weight")
        (row,) = (row for row in t.rows if " One weight, one parcel " in row)
        assert row.rstrip(" │").endswith(" one_weight") is not about
        assert ("Predict delivery hours" in row) == about


async def test_what_is_searched_is_read_before_a_search(terminal):
    async with terminal(None) as t:
        while not all("prose" in vars(entry) for entry in t.app.screen.entries):
            await asyncio.sleep(0.01)


async def test_it_is_painted_as_a_whole_once_when_it_opens(terminal, monkeypatch):
    painted = []
    render = LeanCompositor.render_full_update
    monkeypatch.setattr(
        LeanCompositor, "render_full_update", lambda *a, **o: painted.append(0) or render(*a, **o)
    )
    async with terminal("two_weights") as t:
        painted.clear()
        await t.press("o")
        assert isinstance(t.app.screen, Picker)
        assert len(painted) == 1
