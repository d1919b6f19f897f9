import errno
import os
import socket
from pathlib import Path

import pytest

from gradtui.base.source import InputError, Place
from gradtui.scenario import reading
from gradtui.scenario.reading import decode_text, read_beside, read_bytes, read_text


def refused(call, *arguments) -> InputError:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return caught.value


def test_a_file_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"x" * 1000)
    assert read_bytes(path, 1000) == b"x" * 1000
    error = refused(read_bytes, path, 999)
    assert (
        error.message
        == "too large: 1,000 bytes; the limit is 999 bytes. GRADTUI_MEMORY=2 allows it"
    )
    assert error.file == str(path)


def test_the_scenario_limit_is_one_megabyte(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"#" * 1_000_001)
    message = refused(read_text, path, reading.SCENARIO_LIMIT).message
    assert message == "too large: 1,000,001 bytes; the limit is 1 MB. GRADTUI_MEMORY=2 allows it"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_file_that_hides_its_size_is_still_limited():
    message = refused(read_bytes, "/proc/self/status", 10).message
    assert message == "too large: the limit is 10 bytes"


def test_a_missing_file_is_named(tmp_path):
    error = refused(read_bytes, tmp_path / "no\x1b.toml", 10)
    assert error.message == "no such file"
    assert "no\\x1b.toml:1:1: error: no such file" in str(error)


def test_what_is_no_regular_file_is_refused_by_kind(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)
        server.bind("socket")
        os.chdir(here)
        assert "is a socket" in refused(read_bytes, tmp_path / "socket", 10).message
    assert refused(read_bytes, tmp_path, 10).message == "is a folder, not a file"
    assert refused(read_bytes, tmp_path / "pipe", 10).message == "is a named pipe, not a file"
    assert refused(read_bytes, "/dev/zero", 10).message == "is a device, not a file"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "permission denied"),
        (errno.EIO, "input/output error"),
        (errno.ENAMETOOLONG, "the file name is too long"),
    ],
)
def test_an_error_of_the_system_is_said_in_words(monkeypatch, number, reason):
    def fail(*_arguments, **_options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fail)
    assert refused(read_bytes, "a.toml", 10).message == reason


@pytest.mark.parametrize("name", ["", "x" * 5000, "nul\0", "\ud800", "a.toml/b"])
def test_an_impossible_name_is_refused(tmp_path, name):
    (tmp_path / "a.toml").write_bytes(b"x")
    refused(read_bytes, f"{tmp_path}/{name}", 10)
    refused(read_beside, tmp_path / "a.toml", name, 10)


def test_a_byte_order_mark_is_not_part_of_the_text():
    assert decode_text("\ufeffé = 1\r\n".encode(), "a") == "é = 1\r\n"


@pytest.mark.parametrize(
    ("raw", "place", "found", "line"),
    [
        (b"a = 1\nb = \xe9", Place(2, 5), "byte 0xe9", "b = \ufffd"),
        ("é\r\né€".encode() + b"\xff\r\nx", Place(2, 3), "byte 0xff", "é€\ufffd"),
        (b"\xef\xbb\xbfab\xc3", Place(1, 3), "byte 0xc3", "ab\ufffd"),
        (b"\xed\xa0\x80", Place(1, 1), "byte 0xed", "\ufffd\ufffd\ufffd"),
        ("a = 1".encode("utf-16"), Place(1, 1), "UTF-16", None),
        ("a = 1".encode("utf-32"), Place(1, 1), "UTF-32", None),
        ("a = 1".encode("utf-16-le"), Place(1, 2), "a NUL byte, as in UTF-16", None),
    ],
)
def test_bytes_that_are_not_utf8_are_placed(raw, place, found, line):
    error = refused(decode_text, raw, "a.toml")
    assert error.message == f"not UTF-8: found {found}; save the file as UTF-8"
    assert (error.place, error.file) == (place, "a.toml")
    assert line is None or error.source_line == line


@pytest.mark.parametrize("raw", [b"", b" \r\n\t\n", b"\xef\xbb\xbf"])
def test_a_blank_file_is_empty(tmp_path, raw):
    (tmp_path / "a.toml").write_bytes(raw)
    assert refused(read_text, tmp_path / "a.toml", 10).message == "the file is empty"


@pytest.fixture
def house(tmp_path):
    """Return a scenario beside `data.csv` and `sub/more.csv`, with `secret.csv` outside."""
    folder = tmp_path / "house"
    (folder / "sub").mkdir(parents=True)
    (folder / "data.csv").write_text("inside")
    (folder / "sub" / "more.csv").write_text("deeper")
    (tmp_path / "secret.csv").write_text("secret")
    return folder / "a.toml"


def test_a_data_file_is_read_beside_the_scenario(house, monkeypatch):
    assert read_beside(house, "data.csv", 10) == b"inside"
    assert read_beside(house, "sub/more.csv", 10) == b"deeper"
    assert read_beside(house, "sub/../data.csv", 10) == b"inside"
    monkeypatch.chdir(house.parent)
    assert read_beside("a.toml", "./data.csv", 10) == b"inside"


def test_a_link_that_stays_inside_is_followed(house):
    (house.parent / "link.csv").symlink_to("data.csv")
    (house.parent / "linked").symlink_to("sub")
    assert read_beside(house, "link.csv", 10) == b"inside"
    assert read_beside(house, "linked/more.csv", 10) == b"deeper"


def test_a_scenario_in_a_linked_folder_reads_beside_it(house, tmp_path):
    (tmp_path / "door").symlink_to("house")
    assert read_beside(tmp_path / "door" / "a.toml", "data.csv", 10) == b"inside"


@pytest.mark.parametrize(
    "name", ["../secret.csv", "sub/../../secret.csv", "../house/data.csv", "..", "link", "out/x"]
)
def test_a_data_file_outside_the_folder_is_refused(house, tmp_path, name):
    (house.parent / "link").symlink_to(tmp_path / "secret.csv")
    (house.parent / "out").symlink_to(tmp_path)
    error = refused(read_beside, house, name, 10, Place(3, 8, 5))
    assert "lies outside the scenario's folder" in error.message
    assert (error.place, error.file) == (Place(3, 8, 5), "")


def test_an_absolute_path_is_refused_even_inside(house):
    error = refused(read_beside, house, str(house.parent / "data.csv"), 10)
    assert "outside the scenario's folder" in error.message


def test_other_faults_of_a_data_file_name_it(house):
    (house.parent / "loop").symlink_to("loop")
    os.mkfifo(house.parent / "pipe")
    cases = {
        "no.csv": "data file 'no.csv': no such file",
        "data.csv/x": "data file 'data.csv/x': no such file: a part of its path is not a folder",
        ".": "data file '.': is a folder, not a file",
        "sub": "data file 'sub': is a folder, not a file",
        "pipe": "data file 'pipe': is a named pipe, not a file",
        "loop": "data file 'loop': is a symbolic link that cannot be followed",
    }
    for name, message in cases.items():
        assert refused(read_beside, house, name, 10).message == message
    (house.parent / "data.csv").write_text("x" * 11)
    assert "too large" in refused(read_beside, house, "data.csv", 10).message


@pytest.mark.parametrize("name", ["data.csv", "sub/more.csv"])
def test_a_link_put_there_after_the_check_is_not_followed(house, tmp_path, monkeypatch, name):
    resolve = reading._resolve

    def swap(folder, wanted):
        found = resolve(folder, wanted)
        victim = house.parent / wanted.split("/")[0]
        victim.rename(tmp_path / "moved")
        victim.symlink_to(tmp_path / ("moved" if "/" in wanted else "secret.csv"))
        return found

    monkeypatch.setattr(reading, "_resolve", swap)
    error = refused(read_beside, house, name, 10)
    assert "symbolic link" in error.message or "not a folder" in error.message


def test_no_descriptor_is_left_open(house):
    before = len(os.listdir("/dev/fd"))
    for name in ["data.csv", "sub/more.csv", "sub", "no.csv", "sub/no.csv", "no/no.csv"] * 5:
        try:
            read_beside(house, name, 3 if name == "data.csv" else 10)
        except InputError:
            continue
    assert len(os.listdir("/dev/fd")) == before


def test_a_system_without_folder_descriptors_reads_the_resolved_path(house, monkeypatch):
    monkeypatch.setattr(os, "supports_dir_fd", set())
    assert read_beside(house, "sub/more.csv", 10) == b"deeper"
