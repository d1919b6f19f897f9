"""Reads untrusted files, with checks of size, kind, folder and UTF-8. Knows no file format."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from gradtui.base.memory import grown, lifted
from gradtui.base.source import InputError, Place
from gradtui.base.text import clip

SCENARIO_LIMIT = 1_000_000
DATA_LIMIT = 32_000_000
ARRAYS_LIMIT = 72_000_000
"""Bytes of an NPZ file, which has no text to parse."""

_NAME_LIMIT = 1024
_SHOWN = 80
_CHUNK = 1 << 18
_MARKS = {
    b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16",
}  # fmt: skip
"""Byte order marks; that of UTF-32 begins with one of UTF-16."""


def _flags(*names: str) -> int:
    """Return the named flags of `os.open` combined, without those that this system lacks."""
    together = os.O_RDONLY
    for name in names:
        together |= getattr(os, name, 0)
    return together


_FILE = _flags("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
_FOLDER = _flags("O_DIRECTORY", "O_CLOEXEC")
_NO_LINK = _flags("O_NOFOLLOW")

_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a named pipe"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)
_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file: a part of its path is not a folder",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ELOOP: "is a symbolic link that cannot be followed",
    errno.ENXIO: "is a socket or a device, not a file",
    errno.ENAMETOOLONG: "the file name is too long",
}


def reason_of(error: OSError) -> str:
    """Return why a file cannot be read, in words."""
    return _REASONS.get(error.errno or 0) or (error.strerror or "cannot be read").lower()


def read_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the bytes of the regular file at `path`; raises `InputError` if over `limit` bytes."""
    try:
        return _read(lambda: os.open(path, _FILE), limit)
    except InputError as error:
        raise InputError(error.message, file=str(path)) from None


def read_text(path: str | os.PathLike[str], limit: int) -> str:
    """Return the UTF-8 text of the file at `path`, without a byte order mark.

    Raises `InputError` if it is over `limit` bytes, blank, or not UTF-8 (at its first bad byte).
    """
    return decode_text(read_bytes(path, limit), str(path))


def read_beside(
    scenario: str | os.PathLike[str],
    name: str,
    limit: int,
    place: Place | None = None,
    what: str = "data file",
) -> bytes:
    """Return the bytes of the file `name`, which must be inside the folder of `scenario`.

    Raises `InputError` at `place`, where the scenario gives the name; it names no file and says
    that `what` could not be read.
    """
    try:
        folder, parts = _resolve(os.path.dirname(os.fspath(scenario)), name)
        return _read(lambda: _open_below(folder, parts), limit)
    except InputError as error:
        raise InputError(f"{what} '{clip(name, _SHOWN)}': {error.message}", place) from None


def decode_text(raw: bytes, file: str) -> str:
    """Return `raw` as text without a byte order mark; raises `InputError` if blank or not UTF-8."""
    mark = next((kind for mark, kind in _MARKS.items() if raw.startswith(mark)), None)
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        kind = mark or f"byte 0x{raw[error.start]:02x}"
        raise _undecodable(raw, error.start, kind, file) from None
    if "\0" in text:
        # UTF-16 without a byte order mark often is valid UTF-8 with a NUL after each letter.
        raise _undecodable(raw, raw.index(b"\0"), "a NUL byte, as in UTF-16", file)
    if not text.strip():
        raise InputError("the file is empty", file=file)
    return text


def _undecodable(raw: bytes, at: int, found: str, file: str) -> InputError:
    start = raw.rfind(b"\n", 0, at) + 1
    end = raw.find(b"\n", at)
    shown = raw[start : end if end >= 0 else len(raw)].decode(errors="replace")
    place = Place(raw.count(b"\n", 0, at) + 1, len(raw[start:at].decode()) + 1)
    message = f"not UTF-8: found {found}; save the file as UTF-8"
    return InputError(message, place, file=file, source_line=shown.removesuffix("\r"))


def leads_out(name: str) -> bool:
    """Return whether a file's name, as written, leads out of its folder."""
    return os.path.isabs(name) or Path(os.path.normpath(name)).parts[:1] == ("..",)


def _resolve(folder: str, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the real folder and the real, link-free path of `name` below it."""
    if "\0" in name:
        raise InputError("a file name cannot hold a NUL character")
    if len(name) > _NAME_LIMIT:
        raise InputError(_REASONS[errno.ENAMETOOLONG])
    outside = InputError("lies outside the scenario's folder; move or copy it there")
    if leads_out(name):
        raise outside
    try:
        root = os.path.realpath(folder)
        below = Path(os.path.realpath(os.path.join(root, name))).relative_to(root)
    except ValueError:
        raise outside from None
    except FileNotFoundError:  # the working directory has vanished
        raise InputError(_REASONS[errno.ENOENT]) from None
    if not below.parts:
        raise InputError("is a folder, not a file")
    return root, below.parts


def _open_below(folder: str, parts: tuple[str, ...]) -> int:
    """Return a descriptor of the file `parts` below `folder`, following no link.

    The path was resolved before, so a link found here is new, and is refused.
    """
    if os.open not in os.supports_dir_fd:
        return os.open(os.path.join(folder, *parts), _FILE)
    at = os.open(folder, _FOLDER)
    try:
        for part in parts[:-1]:
            deeper = os.open(part, _FOLDER | _NO_LINK, dir_fd=at)
            os.close(at)
            at = deeper
        return os.open(parts[-1], _FILE | _NO_LINK, dir_fd=at)
    finally:
        os.close(at)


def _read(open_file: Callable[[], int], limit: int) -> bytes:
    """Return the contents behind the descriptor from `open_file`; errors name no file."""
    try:
        descriptor = open_file()
        try:
            return _read_descriptor(descriptor, limit)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InputError(reason_of(error)) from None
    except ValueError:
        raise InputError("is not a usable file name") from None


def _read_descriptor(descriptor: int, limit: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        kind = next((text for is_kind, text in _KINDS if is_kind(status.st_mode)), "is special")
        raise InputError(f"{kind}, not a file")
    most, size = grown(limit), status.st_size
    if size > most:
        raise InputError(
            f"too large: {_size(size)}; the limit is {_size(most)}{lifted(size, limit)}"
        )
    chunks: list[bytes] = []
    left = most + 1
    while left > 0 and (chunk := os.read(descriptor, min(left, _CHUNK))):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        # Its size was smaller: the file has grown, or its file system reports no sizes.
        raise InputError(f"too large: the limit is {_size(most)}")
    return b"".join(chunks)


def _size(count: int) -> str:
    """Return a number of bytes in words: `32 MB`, or `1,000,001 bytes`."""
    megabytes, rest = divmod(count, 1_000_000)
    return f"{megabytes} MB" if megabytes and not rest else f"{count:,} bytes"
