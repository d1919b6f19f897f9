"""Keys and colours of the user's own: what the file may say, and that the screen follows it."""

from __future__ import annotations

import os

import pytest
from textual.binding import Binding

from gradtui.base.source import InputError
from gradtui.base.terminal import Display
from gradtui.tui.app import GradtuiApp
from gradtui.tui.breakpoints import BreakpointList
from gradtui.tui.config import Config, read_config
from gradtui.tui.debugger import Debugger
from gradtui.tui.help import Help, help_lines
from gradtui.tui.keys import DEFAULTS, GROUPS, Keys
from gradtui.tui.panels.notes import NotesPanel
from gradtui.tui.picker import Picker
from gradtui.tui.prompt import Prompt
from gradtui.tui.tables import Table


@pytest.fixture
def config(tmp_path):
    """Return what a file of settings with some text is read as."""

    def read(text: str) -> Config:
        file = tmp_path / "config.toml"
        file.write_text(text, encoding="utf-8")
        return read_config(file)

    return read


def test_without_a_file_everything_is_as_it_was(tmp_path):
    assert read_config(tmp_path / "none.toml") == Config()
    (tmp_path / "file").touch()
    assert read_config(tmp_path / "file" / "none.toml") == Config()


def test_a_byte_order_mark_is_no_part_of_the_text(config):
    assert config('\ufefftheme = "light"').theme == config('theme = "light"').theme != ""


def test_a_key_is_given_to_one_binding_and_taken_from_another(config):
    keys = config('[keys]\nnext = "s Right"\n"what-if" = ["e", "Ctrl+T"]').keys
    assert keys.of("next") == ("s", "right") and keys.shown("next") == "s →"
    assert keys.shown("what-if") == "e Ctrl+T"
    assert keys.of("into") == () and keys.first("into") == ":into"
    # In the table of branches s is still the sweep: it never has the keys with the panels.
    assert keys.of("branch-sweep") == ("s",)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('theme = "dork"', "1:9", "there is no theme 'dork'; did you mean 'dark'?"),
        ("theme = 3", "1:9", "expected the name of a theme"),
        ('them = "dark"', "1:1", "did you mean 'theme'?"),
        ('[keys]\nnxt = "n"', "2:1", "did you mean 'next'?"),
        ('[keys]\nnext = "n hyper+x"', "2:11", "no key is called 'hyper+x'"),
        ('[keys]\nnext = ["n", "foo"]', "2:14", "no key is called 'foo'"),
        ('[keys]\nnext = ""', "2:8", "expected the keys of next"),
        ("[keys]\nnext = 5", "2:8", "expected the keys of next"),
        ('[keys]\nnext = "ctrl+c"', "2:9", "Ctrl+C stays what it is: it stops and quits"),
        ('[keys]\nnext = "' + "n " * 21 + '"', "2:49", "too many keys for next: the limit is 20"),
        ('[keys]\nnext = "x"\nback = "y x"', "3:11", "'x' already belongs to next"),
        ("keys = 1", "1:8", "expected a table"),
        ('theme = "dark', "1:14", "string"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(config, text, place, message):
    with pytest.raises(InputError) as caught:
        config(text)
    first = str(caught.value).split("\n")[0]
    assert f"config.toml:{place}: error: " in first and message in first


def test_bytes_that_are_no_text_are_an_error(tmp_path):
    file = tmp_path / "config.toml"
    file.write_bytes(b"theme = 'dark'\n\xff")
    with pytest.raises(InputError, match="UTF-8"):
        read_config(file)


def test_a_named_pipe_and_a_device_are_no_settings_and_are_not_waited_for(tmp_path):
    pipe, device = tmp_path / "pipe.toml", tmp_path / "device.toml"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for file, what in ((pipe, "is a named pipe"), (device, "is a device"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=f"the settings cannot be read: .*{what}"):
            read_config(file)


@pytest.mark.parametrize(
    "owner", [Debugger, Help, BreakpointList, Table, Prompt, Picker, NotesPanel]
)
def test_every_binding_has_an_id_that_the_settings_know(owner):
    for binding in owner.BINDINGS:
        assert isinstance(binding, Binding) and binding.id in DEFAULTS


def test_the_help_names_every_binding_and_the_file():
    text = "\n".join(help_lines(100, Keys()))
    assert "config.toml" in text
    for shortcuts in GROUPS.values():
        assert all(f"({shortcut.id})" in text for shortcut in shortcuts)


async def test_the_screen_follows_the_settings(config):
    import gradtui

    own = config('theme = "light"\n[keys]\nnext = "F6"\nhelp = "H"\nbranches = "ctrl+t"')
    app = GradtuiApp(gradtui.load("connected"), Display(theme=own.theme), own.keys)
    async with app.run_test(size=(120, 40)) as pilot:

        def text() -> str:
            strips = app.screen._compositor.render_strips()
            return "\n".join(strip.text for strip in strips)

        await pilot.press("n")
        assert app.screen.session.step == 0 and not app.current_theme.dark
        await pilot.press("f6")
        assert app.screen.session.step == 1
        assert " F6 N step " in text() and " H help" in text()
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert "Branches at step 1" in text() and "r renames" in text()
        await pilot.press("ctrl+t", "H")
        await pilot.pause()
        assert "F6          next training step" in text()


async def test_f3_changes_the_colours_and_a_name_chooses_others(terminal):
    async with terminal("two_weights") as t:
        assert t.app.current_theme.dark
        await t.press("f3")
        assert t.app.theme == "gradtui-light" and "colours: light" in t.text
        await t.press("f3")
        assert t.app.theme == "gradtui-dark"
        t.debugger.around.choose_theme("nord")
        assert t.app.theme == "nord"
        t.debugger.around.choose_theme("nort")
        assert "did you mean 'nord'?" in t.session.message


async def test_textuals_own_key_asks_where_there_are_branches(terminal):
    async with terminal("two_weights") as t:
        t.debugger.trials.what_if("lr 0.1")
        await t.press("ctrl+q")
        assert "keeps branch 'lr 0.1'" in t.text
        await t.press("n")
        assert not t.app._exit
