"""Files are written all at once: the old one or the new one, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys

import pytest

import gradtui.base.files
from gradtui.base.files import ChangedError, sweep, write_file


@pytest.fixture(params=["nameless", "named"])
def way(request, monkeypatch, tmp_path):
    """Both ways of writing: with a file that has no name until it is complete, and without."""
    if request.param == "named":
        monkeypatch.setattr(gradtui.base.files, "_NAMELESS", 0)
    else:
        try:
            os.close(os.open(tmp_path, os.O_TMPFILE | os.O_WRONLY))
        except (AttributeError, OSError):
            pytest.skip("no files without a name here")
    return request.param


def test_a_file_is_made_and_replaced(tmp_path, way):
    file = tmp_path / "a"
    write_file(file, b"one")
    assert file.read_bytes() == b"one"
    write_file(file, b"two")
    assert file.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a"]


def test_a_new_file_never_replaces_another(tmp_path, way):
    file = tmp_path / "a"
    write_file(file, b"one", new=True)
    with pytest.raises(FileExistsError):
        write_file(file, b"two", new=True)
    assert file.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]


def test_a_new_file_never_replaces_one_that_was_made_meanwhile(tmp_path, monkeypatch, way):
    def make(file):
        tmp_path.joinpath("a").write_bytes(b"other")

    monkeypatch.setattr(gradtui.base.files, "sweep", make)
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "a", b"two", new=True)
    assert (tmp_path / "a").read_bytes() == b"other"
    assert os.listdir(tmp_path) == ["a"]


def test_a_new_file_needs_no_links(tmp_path, monkeypatch):
    def refuse(*names, **options):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write_file(tmp_path / "a", b"one", new=True)
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "a", b"two", new=True)
    assert (tmp_path / "a").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_has_changed_stays(tmp_path, way):
    file = tmp_path / "a"
    file.write_bytes(b"one")
    write_file(file, b"two", instead_of=b"one")
    with pytest.raises(ChangedError):
        write_file(file, b"three", instead_of=b"one")
    assert file.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a"]


def test_the_mode_stays_and_a_link_is_followed(tmp_path, way):
    file, link = tmp_path / "a", tmp_path / "b"
    file.write_bytes(b"one")
    file.chmod(0o640)
    link.symlink_to("a")
    write_file(link, b"two")
    assert link.is_symlink() and file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    write_file(tmp_path / "c", b"", mode=0o600)
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600


@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file_is_not_replaced_by_one(tmp_path, way, linked):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    with pytest.raises(OSError, match="not a file"):
        write_file(link if linked else pipe, b"new")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe"]


def test_a_write_protected_file_stays(tmp_path, monkeypatch):
    file = tmp_path / "a"
    file.write_bytes(b"one")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anything
    with pytest.raises(PermissionError, match="write-protected"):
        write_file(file, b"two")
    assert file.read_bytes() == b"one"


@pytest.mark.parametrize("call", ["open", "fsync", "fchmod", "replace"])
def test_an_error_at_any_point_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, way, call):
    file = tmp_path / "a"
    file.write_bytes(b"one")

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        with pytest.raises(OSError, match="No space left"):
            write_file(file, b"two")
    assert file.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]


def test_what_a_disk_reports_once_is_not_lost(tmp_path, monkeypatch, way):
    reported = iter([OSError(errno.EIO, "Input/output error")])
    sync = os.fsync

    def fail_once(descriptor):
        for error in reported:
            raise error
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(OSError, match="Input/output error"):
        write_file(tmp_path / "a", b"one")
    assert os.listdir(tmp_path) == []


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path, way):
    file = tmp_path / "a"
    file.write_bytes(b"one")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_file(file, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]


KILLED = """
import os, signal, sys
import gradtui.base.files as w
path, way = sys.argv[1:]
if way == "named":
    w._NAMELESS = 0

def die_at(last):
    calls = 0
    def dying(function):
        def call(*arguments, **options):
            nonlocal calls
            calls += 1
            if calls == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)
        return call
    for name in ("open", "fchmod", "fsync", "link", "access", "replace", "unlink", "close"):
        setattr(os, name, dying(getattr(os, name)))

for last in range(1, 99):
    open(path, "wb").write(b"old")
    child = os.fork()
    if child == 0:
        die_at(last)
        w.write_file(path, b"new" * 1000)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    left = len(os.listdir(os.path.dirname(path))) - 1
    print(status, open(path, "rb").read()[:4].decode(), left)
    w.write_file(path, b"next")
    assert len(os.listdir(os.path.dirname(path))) == 1
    if status == 0:
        break
"""


def test_a_kill_at_any_moment_leaves_one_or_the_other_and_the_next_write_no_litter(tmp_path, way):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "a"), way]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    kills = [line.split() for line in output.splitlines()]
    assert [status for status, _, _ in kills] == ["9"] * (len(kills) - 1) + ["0"]
    contents = [found for _, found, _ in kills]
    assert contents == ["old"] * contents.count("old") + ["newn"] * contents.count("newn")
    assert contents.count("old") > 3 and contents.count("newn") > 3
    if way == "nameless":  # it has a name only between the last two calls
        assert sum(left != "0" for _, _, left in kills) == 1


def test_what_a_living_process_writes_is_not_swept(tmp_path):
    alive, dead, other = f".gradtui-{os.getpid()}-1", ".gradtui-4194305-1", ".gradtui-notes"
    for name in (alive, dead, other):
        (tmp_path / name).write_bytes(b"")
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([alive, other])
