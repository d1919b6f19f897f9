"""gradtui's own files, with a checksum that shows whether a bit has changed.

A file is one line, `gradtui KIND VERSION SHA-256`, and JSON.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TypeVar

import msgspec

from gradtui.base.source import InputError

LIMIT = 4_000_000
"""Largest size of a file, in bytes."""
T = TypeVar("T")


def seal(kind: str, version: str, held: object) -> bytes:
    """Return the bytes of a file; raises OSError if there would be too many."""
    body = msgspec.json.encode(held)
    if len(body) > LIMIT - 100:
        raise OSError(f"the {kind} is too large to be saved: {len(body):,} bytes")
    return f"gradtui {kind} {version} {sha256(body).hexdigest()}\n".encode() + body


def unseal(kind: str, version: str, raw: bytes, type: type[T], file: str = "") -> T:
    """Return the contents of a file; raises InputError unless `seal` made these bytes."""
    head, newline, body = raw.partition(b"\n")
    magic = f"gradtui {kind} ".encode()
    found, space, checksum = head.removeprefix(magic).partition(b" ")
    if len(raw) > LIMIT or not head.startswith(magic) or not newline or not space:
        raise InputError(f"this is not a saved {kind}", file=file)
    if found != version.encode():
        raise InputError(f"the {kind} was saved by another version of gradtui", file=file)
    if checksum != sha256(body).hexdigest().encode():
        raise InputError(f"the saved {kind} is damaged: its checksum is not right", file=file)
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(f"the saved {kind} cannot be read: {error}", file=file) from None
