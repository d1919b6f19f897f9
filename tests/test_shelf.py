"""The places where sessions were left, and their file."""

from __future__ import annotations

import os

import platformdirs
import pytest

import gradtui
import gradtui.shelf
from gradtui.landmarks import Landmark
from gradtui.saved import Saved, SavedBranch, SavedBreakpoint, SavedFix, Snapshot, encode_saved
from gradtui.shelf import Shelf, described
from gradtui.source import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(gradtui.shelf, "user_state_path", lambda *names, **options: tmp_path)
    return tmp_path / "sessions"


def shelf_of(session):
    shelf = Shelf(session.problem)
    shelf.begin(session.problem, session.step)
    shelf.find()
    return shelf


def test_what_is_put_away_is_found_by_the_next(folder):
    session = gradtui.load("two_weights")
    shelf = shelf_of(session)
    assert not shelf.look(session) and shelf.write() == "" and not folder.exists()
    session.seek(3)
    assert shelf.look(session) and shelf.write() == ""
    assert not shelf.look(session)
    other = shelf_of(gradtui.load("two_weights"))
    assert [place.step for place in other.places] == [3] and other.same
    assert not other.look(gradtui.load("two_weights"))
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
    place = Snapshot(9, Landmark(2, ()), "named", ("w1", -1))
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


def test_a_folder_that_cannot_be_made_is_told_and_the_place_stays(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(
        gradtui.shelf, "user_state_path", lambda *names, **options: tmp_path / "file"
    )
    session = gradtui.load("two_weights")
    shelf = shelf_of(session)
    session.seek(5)
    assert shelf.look(session)
    assert shelf.write() == "the session cannot be saved: not a directory"
    shelf.put(session)
    assert shelf.places[0].step == 5


def test_the_folder_is_that_of_the_platform():
    assert gradtui.shelf.user_state_path is platformdirs.user_state_path


def test_a_place_is_described_by_what_was_made_there():
    place = Snapshot(1200, Landmark(2, ()), "named", ("w1", -1))
    assert described(place) == "at step 1,200"
    branch = SavedBranch("a", 0, 1, "lr 1")
    place = Snapshot(
        3, Landmark(2, ()), "named", ("w1", -1),
        branches=(branch, branch, SavedBranch("b", 0, 1, "drive hand", drives=True)),
        breakpoints=(SavedBreakpoint("1"),), watches=("a", "b"),
        fixes=(SavedFix("f", 1, 1, "a", "b"),),
    )  # fmt: skip
    assert (
        described(place) == "at step 3 with 2 branches, 1 breakpoint, 2 watches, 1 fix not written"
    )
