"""A session is kept for the next start, offered there, and never lost to a disk that is full."""

from __future__ import annotations

from pathlib import Path

import pytest

import gradtui.saving.snapshot
import gradtui.saving.store
import gradtui.tui.panels.loss
import gradtui.tui.saving
from gradtui.saving.format import decode_saved
from gradtui.saving.snapshot import Resumption
from gradtui.scenario.bundled import find_scenario


@pytest.fixture
def sessions(state_folder):
    """Return what the files of the sessions hold."""

    def read():
        files = (
            sorted((state_folder / "sessions").glob("*.session")) if state_folder.exists() else []
        )
        return [decode_saved(file.read_bytes()) for file in files]

    return read


@pytest.fixture
def full_disk(monkeypatch):
    """Let no session be written, and return a list that grows by each that was to be."""
    refused = []

    def refuse(*arguments, **options):
        refused.append(arguments)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gradtui.saving.store, "write_file", refuse)
    return refused


async def offered(t) -> None:
    await t.until(lambda: "U resumes" in t.text)


async def run(t, line: str) -> None:
    t.debugger.run_line(line)
    await t.pilot.pause()


async def test_the_next_start_offers_to_resume_and_one_key_goes_there_and_back(terminal):
    async with terminal("connected") as t:
        await t.press("n", "n", "n")
        await run(t, "what-if lr 0.01")
        await run(t, "break loss > prev")
        await t.press("n", "s", "j")
        there = t.text.split("\n")[1:-4]
        assert t.app.save() == ""
    async with terminal("connected") as t:
        await offered(t)
        assert "left at step 4 with 1 branch, 1 breakpoint: U resumes there" in t.text
        assert "U resume" in t.rows[-1]
        before = t.text.split("\n")[1:-4]
        await t.press("U")
        assert "resumed at step 4; U goes back" in t.text
        await t.settled()
        assert t.text.split("\n")[1:-4] == there
        assert t.session.branches.name == "lr 0.01"
        await t.press("U")
        await t.settled()
        assert t.session.step == 0 and t.text.split("\n")[1:-4] == before


async def test_what_was_not_touched_is_not_kept_and_an_offer_stays(terminal, sessions):
    async with terminal("two_weights") as t:
        assert t.app.save() == "" and sessions() == []
        await t.press("n")
        t.app.save()
    (first,) = sessions()
    async with terminal("two_weights") as t:
        await offered(t)
        t.app.save()
    assert sessions() == [first]
    async with terminal("two_weights") as t:
        await offered(t)
        await t.press("n", "n")
        t.app.save()
    (both,) = sessions()
    assert [snapshot.step for snapshot in both.snapshots] == [2, 1]
    async with terminal("two_weights") as t:
        await offered(t)
        await t.press("U", "U")
        assert t.session.step == 1


async def test_a_session_is_saved_while_one_works(terminal, sessions, monkeypatch):
    monkeypatch.setattr(gradtui.tui.saving, "_CALM", 0.01)
    async with terminal("two_weights") as t:
        await t.press("n")
        await t.until(sessions)
        assert sessions()[0].snapshots[0].step == 1


async def test_a_full_disk_is_told_once_and_nothing_is_lost(
    terminal, sessions, monkeypatch, full_disk
):
    monkeypatch.setattr(gradtui.tui.saving, "_CALM", 0.01)
    told = "the session cannot be saved: no space left on device"
    async with terminal("two_weights") as t:
        await t.press("n")
        await t.until(lambda: told in t.text)
        refused = len(full_disk)
        await t.press("n")
        await t.until(lambda: len(full_disk) > refused)
        assert told not in t.text
        assert t.app.save() == told
        monkeypatch.undo()
        assert t.app.save() == ""


async def test_leaving_with_branches_says_if_they_would_be_lost(terminal, full_disk):
    async with terminal("two_weights") as t:
        await run(t, "what-if lr 0.01")
        await t.press("q")
        assert "Enter quits and loses branch 'lr 0.01'   Esc stays" in t.text
        assert "the session cannot be saved: no space left on device" in t.text


@pytest.mark.parametrize("broken", [False, True])
async def test_another_scenario_and_back(terminal, sessions, request, broken):
    if broken:
        request.getfixturevalue("full_disk")
    async with terminal("two_weights") as t:
        await t.press("n", "n")
        await run(t, "open one_weight")
        await t.press("n")
        await run(t, "open two_weights")
        await t.until(lambda: "left at step 2: U resumes there" in t.text)
        await t.press("U")
        assert t.session.step == 2
    assert len(sessions()) == (0 if broken else 2)


async def test_a_damaged_session_is_told_and_left_out(terminal, state_folder):
    async with terminal("two_weights") as t:
        await t.press("n")
        t.app.save()
    (file,) = (state_folder / "sessions").iterdir()
    raw = bytearray(file.read_bytes())
    raw[200] ^= 4
    file.write_bytes(raw)
    (state_folder / "sessions" / ".gradtui-4194305-0").write_bytes(b"left by a kill")
    async with terminal("two_weights") as t:
        told = "nothing is resumed: the saved session is damaged"
        assert told in t.text
        await t.press("n")
        assert told not in t.text
        await t.press("U")
        assert told in t.text
        assert list((state_folder / "sessions").iterdir()) == [file]


async def test_of_a_file_that_has_changed_what_fits_is_resumed(terminal, write):
    path = write("a = w*x\nL = (a - v)**2", "w = 2.0\nv = 1.0")
    async with terminal(path) as t:
        await run(t, "what-if v 0.5")
        await t.press("n")
        t.app.save()
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("v = 1.0", "").replace("a - v", "a - 1"))
    async with terminal(path) as t:
        await offered(t)
        assert "with 1 branch: it has changed since; U resumes what fits" in t.text
        await t.press("U")
        assert "resumed at step 1; branch 'v = 0.5' is left out: nothing is called 'v'" in t.text


async def test_the_flag_resumes_without_asking(terminal):
    async with terminal("two_weights") as t:
        await t.press("n", "n")
        t.app.save()
    async with terminal("two_weights", resume=True) as t:
        await t.until(lambda: t.session.step == 2)
    async with terminal("one_weight", resume=True) as t:
        await t.until(lambda: "no session of this scenario is saved" in t.session.message)


async def test_the_way_to_a_far_step_can_be_stopped(terminal, monkeypatch):
    async with terminal("two_weights") as t:
        t.session.seek(2_000)
        t.app.save()
    run = Resumption.run
    monkeypatch.setattr(
        Resumption, "run",
        lambda resumption, seconds: resumption.session.history.known > 99 or run(resumption, 0.0),
    )  # fmt: skip
    async with terminal("two_weights") as t:
        await offered(t)
        await t.press("U")
        assert "resuming, step " in t.text and "Ctrl+C stops" in t.text
        await t.press("ctrl+c")
        assert "stopped" in t.text and t.session.step == 0


def crash(*arguments, **options):
    raise RuntimeError("it cannot be drawn")


async def test_a_session_that_ends_gradtui_when_it_is_resumed_does_so_once(
    terminal, sessions, state_folder, monkeypatch
):
    async with terminal("two_weights") as t:
        await t.press("n")
        t.app.save()
    with pytest.raises(RuntimeError), monkeypatch.context() as broken:
        async with terminal("two_weights") as t:
            await offered(t)
            broken.setattr(gradtui.tui.panels.loss.LossPanel, "rows_of", crash)
            await t.press("U")
        raise AssertionError("it lives")
    t.app.save()
    async with terminal("two_weights") as t:
        told = (
            "nothing is resumed: the saved session crashed gradtui when it was resumed; it is set"
        )
        assert told in t.text
        await t.press("U")
        assert told in t.text and t.session.step == 0
        await t.press("n")
    kept = sorted(path.suffix for path in (state_folder / "sessions").iterdir())
    assert kept == [".aside"]
    async with terminal("two_weights") as t:
        assert "set aside" not in t.text


async def test_a_session_that_cannot_be_made_again_is_set_aside_at_once(
    terminal, state_folder, monkeypatch, failures
):
    async with terminal("two_weights") as t:
        await t.press("n")
        t.app.save()
    async with terminal("two_weights") as t:
        await offered(t)
        monkeypatch.setattr(gradtui.saving.snapshot.Resumption, "_place", crash)
        await t.press("U")
        assert "the session could not be resumed and it is set aside in" in t.text
        assert t.session.step == 0
    (file,) = (state_folder / "sessions").iterdir()
    assert file.suffix == ".aside"
    failures.clear()


async def test_a_session_that_does_no_harm_is_resumed_any_number_of_times(terminal, state_folder):
    async with terminal("two_weights") as t:
        await t.press("n", "n")
        t.app.save()
    for _ in range(2):
        async with terminal("two_weights") as t:
            await offered(t)
            await t.press("U")
            assert t.session.step == 2
            assert {p.suffix for p in (state_folder / "sessions").iterdir()} == {
                ".session", ".trial",
            }  # fmt: skip
            t.app.save()
        (file,) = (state_folder / "sessions").iterdir()
        assert file.suffix == ".session"


async def test_a_file_that_is_called_like_a_key_is_told_by_its_name(terminal, tmp_path):
    path = tmp_path / "{resume} {break}.toml"
    path.write_bytes(Path(find_scenario("two_weights")).read_bytes())
    async with terminal(str(path)) as t:
        t.debugger.say(f"written: {path.name}")
        assert t.debugger.query_one("Now").render_line(0).text.strip() == (
            "written: {resume} {break}.toml"
        )


async def test_nothing_is_offered_of_a_session_in_which_nothing_was_done(terminal):
    async with terminal("connected") as t:
        await t.press("j")
        assert t.app.save() == ""
    async with terminal("connected") as t:
        await t.settled()
        assert "resumes" not in t.text


async def test_the_first_key_takes_the_offer_back(terminal):
    async with terminal("connected") as t:
        await t.press("n", "n")
        assert t.app.save() == ""
    async with terminal("connected") as t:
        await offered(t)
        await t.press("4")
        assert "resumes" not in t.text
