"""The user's settings in `config.toml`. Knows no screen."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from gradtui.base.files import config_file
from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.scenario.positions import Positions, parse_toml
from gradtui.scenario.reading import read_bytes
from gradtui.tui.keys import DEFAULTS, Keys, read_key, rivals, written
from gradtui.tui.themes import find_theme

_LARGEST = 100_000
"""Largest file of settings, in bytes."""
_MOST_KEYS = 20
"""Most keys of one binding."""
_FIXED = {
    "ctrl+c": "it stops and quits",
    "ctrl+p": "it opens the palette",
    "ctrl+q": "it quits",
    "ctrl+z": "it sends gradtui to the background",
}
"""Keys that no panel and no list receives -> their effect."""


class Config(Struct, frozen=True):
    """The user's settings."""

    theme: str = ""
    """The name of a theme; empty if none is chosen."""
    keys: Keys = Keys()


def read_config(path: Path | None = None) -> Config:
    """Return the user's settings, or the defaults without a file; raises InputError."""
    path = path or config_file()
    try:
        path.stat()
        raw = read_bytes(path, _LARGEST).removeprefix(BOM_UTF8)
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise InputError(f"the settings cannot be read: {reason}", file=str(path)) from None
    except InputError as error:
        message = f"the settings cannot be read: {error.message}"
        raise InputError(message, file=str(path)) from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError("the settings are not UTF-8", Place(line), file=str(path)) from None
    return _read(text, str(path))


def _read(text: str, file: str) -> Config:
    values, positions = parse_toml(text, file)
    try:
        for name in values:
            if name not in ("theme", "keys"):
                raise InputError(
                    f"'{name}' is not a setting: expected theme or [keys]"
                    + did_you_mean(name, ("theme", "keys")),
                    positions.key((name,)),
                )
        return Config(_theme(values, positions), Keys(_keys(values.get("keys", {}), positions)))
    except InputError as error:
        raise error.within(file, positions.lines) from None


def _theme(values: dict[str, Any], positions: Positions) -> str:
    name = values.get("theme", "")
    place = positions.value(("theme",))
    if not isinstance(name, str):
        raise InputError('expected the name of a theme, such as "light"', place)
    try:
        return find_theme(name)
    except InputError as error:
        raise InputError(error.message, place) from None


def _keys(table: Any, positions: Positions) -> dict[str, tuple[str, ...]]:
    """Return the keys of the bindings, each key given to at most one that it could reach."""
    if not isinstance(table, dict):
        raise InputError("expected a table: [keys]", positions.value(("keys",)))
    given: dict[str, tuple[str, ...]] = {}
    for id, value in table.items():
        if id not in DEFAULTS:
            raise InputError(
                f"no binding is called '{id}'" + did_you_mean(id, DEFAULTS),
                positions.key(("keys", id)),
            )
        names = list[str]()
        for text, place in _words(id, value, positions):
            name = read_key(text)
            if name is None:
                raise InputError(
                    f"no key is called '{text}': expected n, ?, f5, PgDn or ctrl+n", place
                )
            if name in _FIXED:
                raise InputError(f"{written(name)} stays what it is: {_FIXED[name]}", place)
            for rival in rivals(id) & given.keys():
                if written(name) in map(written, given[rival]):
                    raise InputError(f"'{text}' already belongs to {rival}", place)
            if len(names) == _MOST_KEYS:
                raise InputError(f"too many keys for {id}: the limit is {_MOST_KEYS}", place)
            names.append(name)
        given[id] = tuple(names)
    return given


def _words(id: str, value: Any, positions: Positions) -> Iterator[tuple[str, Place]]:
    """Yield the keys of an entry, written as `"n l"` or `["n", "l"]`, with their places."""
    path = ("keys", id)
    if isinstance(value, str):
        lines = positions.string_lines(path)
        at = 0
        for word in value.split():
            at = value.index(word, at)
            yield word, lines.place(0, at, len(word))
            at += len(word)
        found = value.split()
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        for index, word in enumerate(value):
            yield word.strip(), positions.value((*path, index))
        found = value
    else:
        found = []
    if not found:
        raise InputError(f'expected the keys of {id}, such as "n f5"', positions.value(path))
