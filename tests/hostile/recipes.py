"""Hostile files that no text can state: archives, pickles, links, pipes, devices, saved sessions.

A recipe makes its files in a folder and returns the scenario to open, or what is no scenario.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import socket
import struct
import warnings
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np

from hostile.base import ARRAYS, BASE, COLUMNS, MEASURED, SOURCE

Recipe = Callable[[Path], Path]
RECIPES: dict[str, Recipe] = {}
SAVED: dict[str, Callable[[Path], bytes]] = {}


def npy(array: object, old: bytes = b"", new: bytes = b"") -> bytes:
    """Return an array as NumPy writes it, something in its header replaced."""
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asanyarray(array), version=(1, 0))
    raw = out.getvalue()
    assert old in raw
    length = struct.unpack("<H", raw[8:10])[0]
    header = raw[10 : 10 + length].replace(old, new)
    return raw[:8] + struct.pack("<H", len(header)) + header + raw[10 + length :]


TWO = npy([1.0, 2.0])


def npz(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice
        with zipfile.ZipFile(out, "w", compression) as archive:
            for name, content in members:
                archive.writestr(name, content)
    return out.getvalue()


def with_x(content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    return npz(("x.npy", content), ("y.npy", TWO), compression=compression)


def patched(raw: bytes, at: int, change: bytes) -> bytes:
    return raw[:at] + change + raw[at + len(change) :]


def _encrypted() -> bytes:
    raw = with_x(TWO)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw = patched(raw, raw.index(signature) + offset, b"\x01")
    return raw


def _lying() -> bytes:
    raw = with_x(npy(np.zeros(4), b"(4,)", b"(6,)"))
    at = raw.index(b"PK\x01\x02") + 24
    return patched(raw, at, struct.pack("<I", struct.unpack_from("<I", raw, at)[0] + 16))


def _overlapping() -> bytes:
    """Both names in the directory are of the same member."""
    raw = with_x(TWO)
    second = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
    return patched(raw, second + 42, b"\0\0\0\0")


class _Harm:
    """An object whose unpickling ends the program."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (77,)


def _wrong_crc() -> bytes:
    raw = npz(("x.npy", TWO), ("y.npy", TWO), compression=zipfile.ZIP_STORED)
    return patched(raw, raw.index(TWO) + len(TWO) - 9, b"\x55")


_BOMB = npy(np.zeros(2), b"(2,)", b"(134217728,)")[:-16] + bytes(20_000_000)
_OBJECTS = TWO[:-16].replace(b"'<f8'", b"'|O' ") + pickle.dumps(_Harm())
_NPZ: dict[str, Callable[[], bytes]] = {
    "pickle": lambda: pickle.dumps(_Harm()),
    "npz_header_of_4_gb": lambda: with_x(TWO[:6] + b"\x02\x00\xff\xff\xff\xff" + TWO[8:]),
    "npz_deep_header": lambda: with_x(npy([1.0, 2.0], b"'<f8'", b"-" * 9000 + b"1")),
    "npz_member_above": lambda: npz(("../x.npy", b"?"), ("x.npy", TWO), ("y.npy", TWO)),
    "npz_encrypted": _encrypted,
    "npz_wrong_crc": _wrong_crc,
    "npz_big_endian": lambda: with_x(npy(np.array([1.0, 2.0], ">f8"))),
    "npz_scalar": lambda: with_x(npy(1.0)),
    "npz_empty": lambda: b"",
    "npz_bomb_bzip2": lambda: with_x(_BOMB, zipfile.ZIP_BZIP2),
    "npz_bomb_lzma": lambda: with_x(_BOMB, zipfile.ZIP_LZMA),
    "npz_bomb_deflate": lambda: with_x(_BOMB),
    "npz_lying_size": _lying,
    "npz_objects": lambda: with_x(_OBJECTS),
    "npz_text": lambda: with_x(npy(["\x1b[2J", "b"])),
    "npz_structured": lambda: with_x(npy(np.zeros(2, "i4,f8"))),
    "npz_overlapping": _overlapping,
    "npz_ten_thousand_members": lambda: npz(*((f"a{i}", b"") for i in range(3000))),
    "npz_hostile_names": lambda: npz(("\x1b]0;a\x07\u202ex.npy", TWO), ("y.npy", TWO)),
    "npz_twice": lambda: npz(("x.npy", TWO), ("y.npy", TWO), ("x", TWO)),
    "npz_nan": lambda: with_x(npy([1.0, np.nan])),
    "npz_code_in_header": lambda: with_x(npy([1.0, 2.0], b"'<f8'", b"__import__('os').abort()")),
    "npz_negative_shape": lambda: with_x(npy([1.0, 2.0], b"(2,)", b"(-2,)")),
    "npz_huge_shape": lambda: with_x(npy([1.0, 2.0], b"(2,)", b"(" + b"9" * 4000 + b",)")),
    "npz_prefix": lambda: bytes(1_000_000) + with_x(TWO),
    "npz_comment": lambda: with_x(TWO)[:-2] + b"\xff\xff" + b"\x1b" * 65535,
    "npz_first_half": lambda: with_x(TWO)[: len(with_x(TWO)) // 2],
}


def _archive_recipe(make: Callable[[], bytes]) -> Recipe:
    def recipe(folder: Path) -> Path:
        (folder / "a.npz").write_bytes(make())
        return _scenario(folder, ARRAYS)

    return recipe


RECIPES |= {name: _archive_recipe(make) for name, make in _NPZ.items()}


def recipe(make: Recipe) -> Recipe:
    """Enter a recipe under its own name."""
    RECIPES[make.__name__] = make
    return make


def _scenario(folder: Path, text: str = BASE) -> Path:
    path = folder / "case.toml"
    path.write_text(text)
    return path


@recipe
def toml_utf16(folder: Path) -> Path:
    path = folder / "case.toml"
    path.write_bytes(BASE.encode("utf-16"))
    return path


@recipe
def toml_carriage_returns(folder: Path) -> Path:
    path = folder / "case.toml"
    path.write_bytes(BASE.replace("\n", "\r").encode())
    return path


@recipe
def npz_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "a.npz")
    return _scenario(folder, ARRAYS)


@recipe
def npz_linked_folder(folder: Path) -> Path:
    (folder / "d").symlink_to("/etc")
    return _scenario(folder, ARRAYS.replace("a.npz", "d/passwd.npz"))


@recipe
def npz_linked_device(folder: Path) -> Path:
    (folder / "a.npz").symlink_to("/dev/zero")
    return _scenario(folder, ARRAYS)


@recipe
def npz_folder(folder: Path) -> Path:
    (folder / "a.npz").mkdir()
    return _scenario(folder, ARRAYS)


@recipe
def npz_swapped(folder: Path) -> Path:
    """What a path is replaced by later has no part in what was opened: see test_reading.py."""
    (folder / "a.npz").write_bytes(with_x(TWO))
    return _scenario(folder, ARRAYS)


@recipe
def csv_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "a.csv")
    return _scenario(folder, COLUMNS)


@recipe
def csv_socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(folder)  # a socket's path is short
        try:
            server.bind("a.csv")
        finally:
            os.chdir(here)
    return _scenario(folder, COLUMNS)


@recipe
def csv_quotes_doubled(folder: Path) -> Path:
    """Ten thousand columns, of which all but two are cells of one quote each."""
    names = ",".join(["x", "y", *(f"c{i}" for i in range(9998))])
    row = "1,2," + ",".join(['""""'] * 9998)
    (folder / "a.csv").write_text("\n".join([names, *[row] * 400]))
    return _scenario(folder, COLUMNS)


def _linked(folder: Path, target: str | Path) -> Path:
    (folder / "a.csv").symlink_to(target)
    return _scenario(folder, COLUMNS)


@recipe
def csv_linked_out(folder: Path) -> Path:
    return _linked(folder, "/etc/hostname")


@recipe
def csv_linked_loop(folder: Path) -> Path:
    return _linked(folder, "a.csv")


@recipe
def csv_linked_chain_out(folder: Path) -> Path:
    (folder / "b.csv").symlink_to("../../../../../../../../etc/hostname")
    return _linked(folder, "b.csv")


@recipe
def csv_linked_inside(folder: Path) -> Path:
    (folder / "b.csv").write_text(MEASURED)
    return _linked(folder, "b.csv")


@recipe
def csv_unreadable_folder(folder: Path) -> Path:
    (folder / "a.csv").write_text(MEASURED)
    return _scenario(folder, COLUMNS.replace("a.csv", "a.csv/a.csv"))


@recipe
def python_linked_out(folder: Path) -> Path:
    (folder / "m.py").symlink_to(os.__file__)
    return _scenario(folder, SOURCE)


@recipe
def python_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "m.py")
    return _scenario(folder, SOURCE)


@recipe
def scenario_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "case.toml")
    return folder / "case.toml"


@recipe
def scenario_folder(folder: Path) -> Path:
    (folder / "case.toml").mkdir()
    return folder / "case.toml"


@recipe
def scenario_loop(folder: Path) -> Path:
    (folder / "case.toml").symlink_to("case.toml")
    return folder / "case.toml"


@recipe
def scenario_device(folder: Path) -> Path:
    (folder / "case.toml").symlink_to("/dev/zero")
    return folder / "case.toml"


@recipe
def scenario_sparse(folder: Path) -> Path:
    with (folder / "case.toml").open("wb") as file:
        file.truncate(1 << 40)
    return folder / "case.toml"


@recipe
def scenario_named_hostile(folder: Path) -> Path:
    path = folder / "\x1b]0;a\x07\u202e[red]\n.toml"
    path.write_text(BASE)
    return path


_KEPT = {
    "scenario": "case.toml", "digest": "", "snapshots": [
        {"step": 3, "moment": [0, None, 0], "level": "named", "node": ["", "", 0]},
    ],
}  # fmt: skip


def _saved(body: bytes, version: bytes = b"1") -> bytes:
    digest = sha256(body).hexdigest().encode()
    return b"gradtui session %b %b\n%b" % (version, digest, body)


def _kept(**changes: object) -> bytes:
    return json.dumps({**_KEPT, **changes}).encode()


SAVED |= {
    "saved_empty": lambda folder: b"",
    "saved_half": lambda folder: _saved(_kept())[:90],
    "saved_flipped": lambda folder: patched(_saved(_kept()), 100, b"\x01"),
    "saved_newer": lambda folder: _saved(_kept(), b"2"),
    "saved_unknown": lambda folder: b"PK\x03\x04" + _saved(_kept()),
    "saved_long_number": lambda folder: _saved(_kept(snapshots=[{"step": 2**63}])),
    "saved_missing": lambda folder: _saved(_kept(snapshots=[{"level": "named"}])),
    "saved_deep": lambda folder: _saved(b"[" * 1_000_000),
    "saved_bomb": lambda folder: _saved(b"\x1f\x8b" + bytes(5_000_000)),
}
