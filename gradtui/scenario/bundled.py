"""The bundled scenarios, their chapters, and how a command's FILE is resolved."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path

import msgspec
from msgspec import Struct

from gradtui.base.source import InputError, did_you_mean

_HEAD = re.compile(r"(?:title|about|tags) = .*")
_PROSE = r'(?sm)"""(.*?)"""|^(?:text|hint) = "(.*)"$'
_LESSON = "\n[[lesson]]"


class Chapter(Struct, frozen=True):
    """A chapter of the course, or of the scenarios beyond it."""

    title: str
    about: str
    """What it teaches."""
    names: tuple[str, ...]
    in_course: bool


class Entry(Struct, frozen=True, dict=True):
    """A scenario as lists show it."""

    name: str
    """The file's name without its ending."""
    title: str
    about: str
    tags: tuple[str, ...]
    path: str
    text: str = ""
    """All of the file."""

    @property
    def has_lesson(self) -> bool:
        """Whether it has a lesson."""
        return _LESSON in self.text

    @cached_property
    def prose(self) -> str:
        """The text of notes, program and lesson, in the spelling of a search."""
        from gradtui.base.words import spelt

        return spelt(" ".join(" ".join(parts) for parts in re.findall(_PROSE, self.text)))


@cache
def bundled_folder() -> Path:
    """Return the folder of the bundled scenarios, in an installed package or a source tree."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def read_chapters() -> tuple[Chapter, ...]:
    """Return the chapters of `contents.txt`: those of the course, then those beyond, marked `+`."""
    heads: list[str] = []
    names: list[list[str]] = []
    for row in (bundled_folder() / "contents.txt").read_text(encoding="utf-8").split("\n"):
        if ":" in row:
            heads.append(row)
            names.append([])
        elif row.strip():
            names[-1].append(row.strip())
    parts = [head.removeprefix("+ ").partition(": ") for head in heads]
    return tuple(
        Chapter(title, about, tuple(listed), not head.startswith("+"))
        for head, (title, _, about), listed in zip(heads, parts, names, strict=True)
    )


def list_bundled() -> tuple[Entry, ...]:
    """Return the bundled scenarios in the order of the lesson, which `contents.txt` holds."""
    order = [name for chapter in read_chapters() for name in chapter.names]
    places = {name: place for place, name in enumerate(order)}
    names = sorted(bundled_names(), key=lambda name: (places.get(name, len(places)), name))
    return tuple(map(_read_entry, names))


def _read_entry(name: str) -> Entry:
    path = bundled_folder() / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    # The values are JSON, too, which is read in a tenth of the time.
    lines = filter(_HEAD.fullmatch, text.split("\n", 8)[:8])
    raw = {
        name: msgspec.json.decode(value)
        for name, _, value in (line.partition(" = ") for line in lines)
    }
    tags = tuple(raw.get("tags", ()))
    return Entry(name, raw["title"], raw.get("about", ""), tags, str(path), text)


def name_of(path: str) -> str | None:
    """Return the name of the bundled scenario at a path, or None for any other file."""
    file = Path(path)
    return file.stem if file.parent == bundled_folder() else None


def lessons_of_course(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that are lessons of the course."""
    names = {name for chapter in read_chapters() if chapter.in_course for name in chapter.names}
    return [entry for entry in entries if entry.name in names and entry.has_lesson]


def lesson_after(path: str) -> Entry | None:
    """Return the next lesson of the course after the scenario at a path, if there is one."""
    entries, name = list_bundled(), name_of(path)
    here = [at for at, entry in enumerate(entries) if entry.name == name]
    later = lessons_of_course(entries[here[0] + 1 :]) if here else []
    return later[0] if later else None


def is_bundled(name: str) -> bool:
    """Return whether a bundled scenario has this name."""
    return name.isidentifier() and os.path.isfile(bundled_folder() / f"{name}.toml")


def find_scenario(file: str) -> str:
    """Return the path for a command's FILE: a bundled name, or a path as it is.

    The bare name of a bundled scenario never means a file in the working directory: that is
    `./name`. Raises InputError if `file` looks like a name but none is bundled.
    """
    if is_bundled(file):
        return str(bundled_folder() / f"{file}.toml")
    if any(mark in file for mark in ("/", "\\", ".")) or os.path.exists(file):
        return file
    raise InputError(f"no file and no bundled scenario is called '{file}'"
                     + did_you_mean(file, bundled_names()), file=file)  # fmt: skip


def bundled_names() -> list[str]:
    """Return the names of the bundled scenarios."""
    return [path.stem for path in bundled_folder().glob("*.toml")]
