"""The files of a scenario, and when they count as changed."""

from __future__ import annotations

import os

from gradtui.scenario.files import Watch, changed_since, files_named, files_of


def test_every_file_that_a_scenario_names_is_listed_once():
    raw = {
        "data": {"file": "a.csv"},
        "validation": {"file": "a.csv"},
        "model": {"source": "net.py:forward"},
        "backward": {"source": "net.py:backward"},
    }
    assert files_named(raw, "d/m.toml") == ("d/m.toml", "d/a.csv", "d/net.py")


def test_what_lies_outside_the_folder_is_not_looked_at():
    raw = {"data": {"file": "/srv/a.csv"}, "backward": {"file": "b/../../g.npz"}}
    assert files_named(raw, "d/m.toml") == ("d/m.toml",)


def test_of_an_unusable_scenario_it_is_what_can_be_read(tmp_path):
    path = tmp_path / "m.toml"
    assert files_of(str(path)) == (str(path),)
    path.write_text("[data\n")
    assert files_of(str(path)) == (str(path),)
    path.write_text("data = 3\n[backward]\nfile = 'g.npz'\n[model]\nsource = 5\n")
    assert files_of(str(path)) == (str(path), str(tmp_path / "g.npz"))


def test_a_change_counts_when_it_stands_still(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text("a")
    watch = Watch([str(path), "a\0name"])
    assert not watch.changed()
    path.write_text("ab")
    assert not watch.changed()
    path.write_text("abc")
    assert not watch.changed()
    assert watch.settling
    assert watch.changed()
    assert not watch.changed()
    assert not watch.settling


def test_a_file_put_in_its_place_is_a_change_of_the_same_size_and_time(tmp_path):
    path, other = tmp_path / "m.toml", tmp_path / "new"
    path.write_text("a")
    watch = Watch([str(path)])
    other.write_text("b")
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(other, path)
    assert [watch.changed(), watch.changed()] == [False, True]


def test_an_undone_change_is_none_and_a_new_file_is_watched_from_now_on(tmp_path):
    path, more = tmp_path / "m.toml", tmp_path / "a.csv"
    path.write_text("a")
    watch = Watch([str(path)])
    kept = path.rename(tmp_path / "away")
    assert not watch.changed()
    kept.rename(path)
    assert not watch.changed()
    assert not watch.settling
    more.write_text("x")
    watch.watch([str(path), str(more)])
    assert not watch.changed()
    more.unlink()
    assert [watch.changed(), watch.changed()] == [False, True]


def test_files_whose_lines_are_others_are_told_from_those_that_were_only_written(tmp_path):
    one, other, gone = (str(tmp_path / name) for name in ("a.py", "b.py", "c.py"))
    texts = {file: ("x = 1", "", "y = 2") for file in (one, other, gone)}
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n\r\ny = 2\r\n")
    (tmp_path / "b.py").write_text("x = 1\n\ny = 3\n")
    assert changed_since(texts) == [other, gone]
    assert changed_since({"<stdin>": ("", "")}) == []  # typed text that was not kept
    assert Watch([one, gone]).files == (one, gone)
