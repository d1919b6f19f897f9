"""The scenarios that come with gradtui, and how a command's FILE is found."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from msgspec import Struct

from gradtui.base.source import InputError, did_you_mean


class Entry(Struct, frozen=True):
    """What a list of scenarios shows of one."""

    name: str
    """The file's name without its ending."""
    title: str
    about: str
    tags: tuple[str, ...]
    path: str


def bundled_folder() -> Path:
    """Return the folder of the bundled scenarios, in an installed package or a source tree."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def list_bundled() -> tuple[Entry, ...]:
    """Return the bundled scenarios in the order of the lesson, which `contents.txt` holds."""
    order = (bundled_folder() / "contents.txt").read_text(encoding="utf-8").split()
    entries = []
    places = {name: place for place, name in enumerate(order)}
    for name in sorted(_names(), key=lambda name: (places.get(name, len(places)), name)):
        path = bundled_folder() / f"{name}.toml"
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        tags = tuple(raw.get("tags", ()))
        entries.append(Entry(name, raw["title"], raw.get("about", ""), tags, str(path)))
    return tuple(entries)


def is_bundled(name: str) -> bool:
    """Return whether a bundled scenario has this name."""
    return name in _names()


def find_scenario(file: str) -> str:
    """Return the path for a command's FILE: a bundled name, or a path as it is.

    A bare name that is bundled is never a file that happens to lie here: that is `./name`. Raises
    InputError if `file` looks like a name but none is bundled.
    """
    if is_bundled(file):
        return str(bundled_folder() / f"{file}.toml")
    if any(mark in file for mark in ("/", "\\", ".")) or os.path.exists(file):
        return file
    raise InputError(f"no file and no bundled scenario has the name '{file}'"
                     + did_you_mean(file, _names()), file=file)  # fmt: skip


def _names() -> list[str]:
    return [path.stem for path in bundled_folder().glob("*.toml")]
