"""Progress through the course, in a file beside the saved sessions. Knows no session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from gradtui.base.files import reason, state_folder, write_file
from gradtui.base.source import InputError
from gradtui.saving.sealed import LIMIT, seal, unseal
from gradtui.scenario.reading import read_bytes

_KIND, _VERSION = "course", "1"
_Count = Annotated[int, Meta(ge=0, le=10_000)]


Score = tuple[_Count, _Count]
"""Questions of a lesson answered right at the first try, and all questions."""


class _Kept(Struct, frozen=True, forbid_unknown_fields=True):
    finished: dict[str, Score]
    """Name of a lesson -> its latest score."""


def read_scores() -> tuple[Mapping[str, Score], str]:
    """Return the score of each finished lesson, and why the scores cannot be read, or nothing."""
    try:
        file = _file()
        if not file.exists():
            return {}, ""
        return unseal(_KIND, _VERSION, read_bytes(file, LIMIT), _Kept, str(file)).finished, ""
    except InputError as error:
        return {}, f"what was finished is not known: {error.message}"
    except OSError as error:
        return {}, f"what was finished is not known: {reason(error)}"


def keep_score(name: str, score: Score) -> None:
    """Record that a lesson was finished; raises OSError.

    A file that cannot be used is set aside.
    """
    found, trouble = read_scores()
    file = _file()
    if trouble and file.exists():
        file.replace(file.with_suffix(".aside"))
    if found.get(name) != score:
        write_file(file, seal(_KIND, _VERSION, _Kept({**found, name: score})), mode=0o600)


def _file() -> Path:
    return state_folder() / "course.progress"
