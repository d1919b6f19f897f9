"""The places where sessions were left, and their file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from threading import Event

import platformdirs
import pytest

import gradtui
import gradtui.saving.store
from gradtui.base.source import InputError
from gradtui.saving.anchors import Anchor
from gradtui.saving.format import (
    Saved,
    SavedBranch,
    SavedBreakpoint,
    SavedFix,
    Snapshot,
    encode_saved,
)
from gradtui.saving.store import Shelf, described


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(gradtui.saving.store, "user_state_path", lambda *names, **options: tmp_path)
    return tmp_path / "sessions"


def shelf_of(session):
    shelf = Shelf(session.problem)
    shelf.begin(session, session.step)
    shelf.find()
    return shelf


def test_what_is_put_away_is_found_by_the_next(folder):
    session = gradtui.load("connected")
    shelf = shelf_of(session)
    assert not shelf.look(session) and shelf.write() == "" and not folder.exists()
    session.seek(3)
    assert shelf.look(session) and shelf.write() == ""
    assert not shelf.look(session)
    other = shelf_of(gradtui.load("connected"))
    assert [place.step for place in other.places] == [3] and other.same
    assert not other.look(gradtui.load("connected"))
    assert list(shelf_of(gradtui.load("one_weight")).places) == []
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600 and folder.stat().st_mode & 0o777 == 0o700


def test_the_last_three_places_are_kept(folder):
    for step in (1, 2, 3, 4):
        session = gradtui.load("two_weights")
        shelf = shelf_of(session)
        session.seek(step)
        shelf.look(session)
        assert shelf.write() == ""
    assert [place.step for place in shelf_of(gradtui.load("two_weights")).places] == [4, 3, 2]


def file_of(folder, session):
    session.seek(1)
    shelf = shelf_of(session)
    session.seek(2)
    shelf.look(session)
    shelf.write()
    (file,) = folder.iterdir()
    return file


def test_a_file_about_another_scenario_is_left_out(folder):
    session = gradtui.load("two_weights")
    file = file_of(folder, session)
    place = Snapshot(9, Anchor(2, ()), "named", ("w1", -1))
    file.write_bytes(encode_saved(Saved("/etc/passwd", "", (place,))))
    assert list(shelf_of(gradtui.load("two_weights")).places) == []


@pytest.mark.parametrize("kind", ["folder", "pipe", "bytes", "huge"])
def test_what_is_no_session_is_one_clean_error(folder, kind):
    file = file_of(folder, gradtui.load("two_weights"))
    file.unlink()
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "bytes":
        file.write_bytes(b"\xff\x00\x1b[2J")
    else:
        with file.open("wb") as stream:
            stream.truncate(1 << 40)
    with pytest.raises(InputError) as error:
        shelf_of(gradtui.load("two_weights"))
    assert str(error.value).isprintable()


WATCHED = """
import os, sys
from pathlib import Path
import gradtui, gradtui.saving.store
from gradtui.debugger.session import Session
from gradtui.saving.snapshot import Resumption
from gradtui.scenario.load import load_problem
from gradtui.saving.store import Shelf

folder, scenario = Path(sys.argv[1]), sys.argv[2]
gradtui.saving.store.user_state_path = lambda *names, **options: folder
opened, other = [], []

def hook(event, arguments):
    if event == "open":
        opened.append(str(arguments[0]))
    elif event.split(".")[0] in ("import", "socket", "subprocess", "shutil", "urllib", "pickle") \\
            or event in ("os.system", "os.exec", "os.posix_spawn", "os.fork"):
        other.append((event, str(arguments[0])[:80]))

def resume():
    problem = load_problem(scenario)
    shelf = Shelf(problem)
    shelf.begin(Session(problem), 0)
    shelf.find()
    resumption = Resumption(load_problem(scenario), shelf.places[0])
    while resumption.run(1.0):
        pass
    resumption.session.frame
    return len(resumption.lost)

lost = resume()  # modules are loaded by now
sys.addaudithook(hook)
assert resume() == lost
(session,) = (folder / "sessions").iterdir()
print(lost, other, sorted(set(opened) - {scenario, str(session)}))
"""
HOSTILE = ("/etc/passwd", "../secret.csv", "secret.csv", "file:///etc/passwd", "__import__('os')")


def test_nothing_that_a_session_names_is_opened_or_run(folder, tmp_path):
    scenario = tmp_path / "m.toml"
    scenario.write_text(Path(gradtui.load("grad_missing_factor").problem.path).read_text("utf-8"))
    for name in ("secret.csv", "passwd"):
        (tmp_path / name).write_text("secret")
    session = gradtui.load(str(scenario))
    file = file_of(folder, session)
    line = next(i for i, row in enumerate(session.problem.lines, 1) if row == "dw2 = dyhat")
    forged = 'dw2 = dyhat\n"""\n[data]\nfile = "secret.csv"\n[x]\ny = """'
    fixes = [
        *(SavedFix(name, line, 1, "dw2 = dyhat", "dw2 = 0") for name in HOSTILE),
        SavedFix("m.toml", line, 1, "dw2 = dyhat", forged),
    ]
    place = Snapshot(
        1, Anchor(2, ()), "operations", ("/etc/passwd", 0), surface="/etc/passwd",
        followed="open('secret.csv')", watches=HOSTILE,
        breakpoints=tuple(map(SavedBreakpoint, HOSTILE)),
        branches=(
            *(SavedBranch(text, 0, 1, text) for text in HOSTILE),
            *(SavedBranch("fixed", 0, 0, "", fix=fix) for fix in fixes),
        ),
    )  # fmt: skip
    file.write_bytes(encode_saved(Saved(str(scenario), "", (place,))))
    command = [sys.executable, "-c", WATCHED, str(tmp_path), str(scenario)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert output == "14 [] []\n"


def test_a_folder_that_cannot_be_made_is_told_and_the_place_stays(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(
        gradtui.saving.store, "user_state_path", lambda *names, **options: tmp_path / "file"
    )
    session = gradtui.load("two_weights")
    shelf = shelf_of(session)
    session.seek(5)
    assert shelf.look(session)
    assert shelf.write() == "the session cannot be saved: not a directory"
    shelf.put(session)
    assert shelf.places[0].step == 5


def test_a_folder_that_cannot_be_looked_into_is_one_clean_error(tmp_path, monkeypatch):
    far = tmp_path / ("a" * 300)
    monkeypatch.setattr(gradtui.saving.store, "user_state_path", lambda *names, **options: far)
    session = gradtui.load("two_weights")
    with pytest.raises(InputError, match="the file name is too long"):
        shelf_of(session)
    shelf = Shelf(session.problem)
    shelf.begin(session, 0)
    session.seek(1)
    assert shelf.look(session)
    assert shelf.write() == "the session cannot be saved: file name too long"


def test_the_folder_is_that_of_the_platform():
    assert gradtui.saving.store.user_state_path is platformdirs.user_state_path


def test_a_place_is_described_by_what_was_made_there():
    place = Snapshot(1200, Anchor(2, ()), "named", ("w1", -1))
    assert described(place) == "at step 1,200"
    branch, fix = SavedBranch("a", 0, 1, "lr 1"), SavedFix("f", 1, 1, "a", "b")
    place = Snapshot(
        3, Anchor(2, ()), "named", ("w1", -1),
        branches=(
            branch, branch, SavedBranch("b", 0, 1, "drive hand", drives=True),
            SavedBranch("fix a", 0, 0, "b", fix=fix),
        ),
        breakpoints=(SavedBreakpoint("1"),), watches=("a", "b"),
    )  # fmt: skip
    assert (
        described(place) == "at step 3 with 2 branches, 1 fix not written, 1 breakpoint, 2 watches"
    )


def test_a_session_afresh_shares_what_is_known_of_its_run_and_its_text():
    session = gradtui.load("five_parcels")
    session.seek(7)
    session.break_at("3")
    fresh = session.afresh()
    assert fresh.history is session.history and fresh.structure is session.structure
    assert (fresh.step, fresh.breakpoints.conditions) == (0, ())
    assert session.investigation.judgement == fresh.investigation.judgement


def test_the_digest_of_a_large_scenario_is_computed_aside(folder, monkeypatch):
    session = gradtui.load("connected")
    session.seek(3)
    shelf = shelf_of(gradtui.load("connected"))
    shelf.look(session)
    shelf.write()
    go, digest = Event(), gradtui.saving.store.digest_of
    monkeypatch.setattr(
        gradtui.saving.store, "digest_of", lambda problem: go.wait(60) and digest(problem)
    )
    other = shelf_of(gradtui.load("connected"))
    assert [place.step for place in other.places] == [3] and not other.compared
    go.set()
    assert other.same and other.compared


def test_a_digest_that_failed_aside_fails_where_it_is_asked_for(folder, monkeypatch):
    session = gradtui.load("connected")
    monkeypatch.setattr(gradtui.saving.store, "digest_of", lambda problem: 1 / 0)
    monkeypatch.setattr(threading, "excepthook", lambda failure: None)
    shelf = shelf_of(session)
    with pytest.raises(ZeroDivisionError):
        shelf.look(session)
