"""Writes every file that gradtui writes, and knows the folders of its own files.

A kill at any moment leaves either the old file or the new one.  Knows bytes and paths.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_PREFIX = ".gradtui-"
_NAMELESS = getattr(os, "O_TMPFILE", 0)


class ChangedError(OSError):
    """The file does not hold what it was expected to hold."""


def write_file(
    path: str | os.PathLike[str],
    contents: bytes,
    *,
    new: bool = False,
    instead_of: bytes | None = None,
    mode: int = 0o666,
) -> None:
    """Write a file atomically, replacing the one at that path.

    A replaced file keeps its mode and owner; a new one gets `mode`, less the umask.  `new` raises
    FileExistsError if there is a file already; `instead_of` raises ChangedError unless the file
    holds exactly those bytes.  After any other OSError the old file is still there.
    """
    path = os.path.abspath(path) if new else os.path.realpath(path)
    folder = os.path.dirname(path)
    if new and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "File exists")
    before = None if new else _status(path)
    if before is not None and not stat.S_ISREG(before.st_mode):
        raise OSError(errno.EINVAL, "What is there is not a file")  # a device that a link leads to
    if before is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "The file is write-protected")
    sweep(folder)
    temporary = os.path.join(folder, f"{_PREFIX}{os.getpid()}-{os.urandom(4).hex()}")
    try:
        _write_temporary(temporary, contents, before, mode)
        if instead_of is not None:
            with open(path, "rb") as stream:
                if stream.read() != instead_of:
                    raise ChangedError(errno.ESTALE, "The file has changed")
        if new:
            _claim(temporary, path)
        else:
            os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    _sync_folder(folder)


def reason(error: OSError) -> str:
    """Return why a file could not be written, to end a sentence with."""
    return (error.strerror or str(error)).lower()


def sweep(folder: str | os.PathLike[str]) -> None:
    """Remove temporary files that killed processes left in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            process = entry.name.removeprefix(_PREFIX).partition("-")[0]
            if (
                entry.name.startswith(_PREFIX)
                and process.isdecimal()
                and not is_running(int(process))
            ):
                os.unlink(entry.path)


def is_running(process: int) -> bool:
    """Return whether a process with this id is running."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _write_temporary(
    temporary: str, contents: bytes, like: os.stat_result | None, mode: int
) -> None:
    """Write the contents to a temporary file and sync it, with the final mode.

    Where Linux has nameless files it is named last, so that it vanishes if the process dies first.
    """
    nameless = _open_nameless(os.path.dirname(temporary), mode)
    if nameless is not None:
        with nameless:
            _fill(nameless, contents, like)
            if _link(nameless, temporary):
                return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with open(os.open(temporary, flags, mode), "wb") as stream:
        _fill(stream, contents, like)


def _open_nameless(folder: str, mode: int) -> BinaryIO | None:
    """Return a nameless file, or None; opening a named one then reports the reason."""
    if not _NAMELESS:
        return None
    try:
        return open(os.open(folder, _NAMELESS | os.O_WRONLY, mode), "wb")
    except OSError:
        return None


def _link(nameless: BinaryIO, path: str) -> bool:
    """Name a nameless file; return whether that worked, which needs /proc and hard links."""
    descriptor = nameless.fileno()
    try:
        # Python asks for the link to be followed only with a folder's descriptor.
        os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor)
    except OSError:
        return False
    return True


def _fill(stream: BinaryIO, contents: bytes, like: os.stat_result | None) -> None:
    stream.write(contents)
    stream.flush()
    if like is not None:
        with suppress(PermissionError):
            os.fchown(stream.fileno(), like.st_uid, like.st_gid)
        os.fchmod(stream.fileno(), stat.S_IMODE(like.st_mode))
    os.fsync(stream.fileno())


def _claim(temporary: str, path: str) -> None:
    """Give a file its name unless something else has taken the name meanwhile."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # no hard links on this file system: an empty file reserves the name
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.replace(temporary, path)


def _sync_folder(folder: str) -> None:
    """Sync the folder, so that the new name is on the disk, where the system allows it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def config_file() -> Path:
    """Return the path of the user's settings, which need not exist."""
    from platformdirs import user_config_path  # slow to import, and most commands need no folder

    return user_config_path("gradtui", appauthor=False) / "config.toml"


def state_folder() -> Path:
    """Return the folder for copied text and saved sessions, creating it; raises OSError."""
    from platformdirs import user_state_path

    path = user_state_path("gradtui", appauthor=False)
    path.mkdir(parents=True, exist_ok=True)
    return path


def short_path(path: Path) -> str:
    """Return a path as a person writes it, with `~` for the home folder."""
    try:
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):
        return str(path)
