"""What is copied and saved: the text on the clipboard, the files, and what the screen says."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import platformdirs
import pytest


async def test_the_selected_number_is_copied_with_its_gradient(terminal, state_folder):
    async with terminal("illustration") as t:
        await t.press("j", "y")
        assert t.app.clipboard == "w2 = 0.5\n∂L/∂w2 = -4"
        assert (state_folder / "copied.txt").read_text("utf-8") == t.app.clipboard + "\n"
        assert "copied w2 and ∂L/∂w2; in " in t.text and "copied.txt" in t.text


async def test_under_the_lens_it_is_the_element_with_all_digits(terminal):
    async with terminal("five_parcels") as t:
        await t.press("n", "L", "1", "enter")
        t.session.selection.look("w[1]")
        await t.press("y")
        value, slope = t.app.clipboard.split("\n")
        assert value.startswith("w[1] = ") and slope.startswith("∂L/∂w[1] = ")
        assert float(value.split(" = ")[1]) == t.session.frame.parameters["w"][1]
        assert float(slope.split(" = ")[1]) == t.session.frame.gradients["w"][1]


async def test_an_array_is_copied_as_nested_lists(terminal):
    async with terminal("softmax_classifier") as t:
        await t.press("y")
        value, _ = t.app.clipboard.split("\n")
        assert value.startswith("W1 = [[")
        assert json.loads(value.split(" = ")[1]) == t.session.frame.parameters["W1"].tolist()
        assert "copied W1 and ∂L/∂W1; in " in t.text


async def test_what_is_not_computed_is_not_copied(terminal, state_folder):
    async with terminal("illustration") as t:
        await t.press("j", "j", "F", "F", "y")
        assert t.app.clipboard == "" and "there is nothing to copy" in t.text
        assert not (state_folder / "copied.txt").exists()
        await t.press("s", "y")
        assert t.app.clipboard == "ŷ = 2"


async def test_with_the_focus_on_the_findings_the_finding_is_copied(terminal):
    async with terminal("update_uphill") as t:
        await t.until(lambda: t.session.investigation.judgement)
        await t.press("7", "y")
        (finding,) = t.session.investigation.judgement.findings
        assert "[update-sign]" in t.app.clipboard
        assert t.app.clipboard.endswith(f"fix: {finding.fix}")
        assert "copied the finding; in " in t.text


async def test_a_picture_is_saved_and_never_overwritten(terminal, state_folder):
    async with terminal("illustration") as t:
        await t.press("n", "M", "Y")
        assert "picture in " in t.text and "illustration-step1.svg" in t.text
        await t.press("Y")
        assert "illustration-step1-2.svg" in t.text
        names = sorted(path.name for path in state_folder.iterdir() if path.is_file())
        assert names == ["illustration-step1-2.svg", "illustration-step1.svg"]
        picture = (state_folder / "illustration-step1.svg").read_text("utf-8")
        shown = "".join(ElementTree.fromstring(picture).itertext()).replace("\xa0", " ")
        assert "6 Surface  w1, w2" in shown and "L 1.4884" in shown
        assert "picture in" not in shown


@pytest.mark.parametrize("key", ["y", "Y"])
async def test_a_folder_that_cannot_be_written_is_told(terminal, monkeypatch, key):
    def refuse(*names, **options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("platformdirs.user_state_path", refuse)
    async with terminal("illustration") as t:
        await t.press(key)
        assert "could be written: read-only file system" in t.text


async def test_where_no_file_can_be_written_the_screen_says_why(terminal, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(
        platformdirs, "user_state_path", lambda name, **options: tmp_path / "file" / name
    )
    async with terminal("illustration") as t:
        await t.press("y")
        assert "no file could be written: not a directory" in t.text
        assert t.app.clipboard.startswith("w1 = ")
        await t.press("Y")
        assert "no picture could be written: not a directory" in t.text
