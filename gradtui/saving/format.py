"""Saved sessions as bytes, with a checksum that shows whether a bit has changed.

Everything is by name or as the user would type it, so that what still fits can be found again when
the scenario has changed.  Knows no session and no scenario.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gradtui.saving.anchors import Anchor, NodeKey
from gradtui.saving.sealed import seal, unseal

_KIND, _VERSION = "session", "2"
_Step = Annotated[int, Meta(ge=0, le=10_000_000)]
_Number = Annotated[int, Meta(ge=0, le=10**9)]


class SavedFix(Struct, frozen=True, forbid_unknown_fields=True):
    """A line that was replaced in memory but not in the file."""

    file: str
    line: _Number
    column: _Number
    before: str
    after: str


class SavedBranch(Struct, frozen=True, forbid_unknown_fields=True):
    """A branch; the list of them begins with the first that left the run of the file."""

    name: str
    parent: _Number
    """Its parent: 0 is the run of the file, 1 the first of the list."""
    start: _Step
    """The step at which it left its parent."""
    change: str
    """The change, as the user would type it."""
    drives: bool = False
    """Whether it differs in its drive alone."""
    removed: bool = False
    """Whether it was removed and exists only as the past of others."""
    fix: SavedFix | None = None
    """The line that was replaced, if that was the change."""


class SavedBreakpoint(Struct, frozen=True, forbid_unknown_fields=True):
    """A condition, and whether it is switched on."""

    text: str
    enabled: bool = True


class SavedLesson(Struct, frozen=True, forbid_unknown_fields=True):
    """Progress in the lesson; its steps go by number."""

    place: _Number = 0
    since: _Step = 0
    """The training step at which the present lesson step came up."""
    ticked: tuple[_Number, ...] = ()
    answered: tuple[_Number, ...] = ()
    right: tuple[_Number, ...] = ()
    """Questions whose first answer was right."""
    tries: _Number = 0
    off: bool = False
    """Whether the user has left the lesson."""


class Snapshot(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a session was left, and what the user had set up."""

    step: _Step
    moment: Anchor
    level: Literal["named", "operations"]
    node: NodeKey
    """The selected node."""
    pinned: bool = True
    """Whether it stays selected while the cursor moves."""
    folded: tuple[NodeKey, ...] = ()
    lens: tuple[tuple[_Number, ...], _Number] | None = None
    """(index of the element, row)."""
    jacobian: _Number | None = None
    """The number of the node's Jacobian that is shown."""
    surface: str = ""
    """The axes of the surface, as the user would type them."""
    zoom: Annotated[int, Meta(ge=-100, le=100)] = 0
    followed: str = ""
    """The values drawn in place of the loss, as the user would type them."""
    log: bool = False
    drawn: tuple[_Step, _Step] | None = None
    """The first and the last step of the curve."""
    breakpoints: tuple[SavedBreakpoint, ...] = ()
    watches: tuple[str, ...] = ()
    run: str = ""
    """The name of the file's run."""
    branches: tuple[SavedBranch, ...] = ()
    current: _Number = 0
    """The current branch."""
    lesson: SavedLesson = SavedLesson()


class Saved(Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of a file: the latest snapshots of one scenario, newest first."""

    scenario: str
    """Its path."""
    digest: str
    """Digest of the scenario's files."""
    snapshots: tuple[Snapshot, ...]


def encode_saved(saved: Saved) -> bytes:
    """Return the bytes of a saved session; raises OSError if there would be too many."""
    return seal(_KIND, _VERSION, saved)


def decode_saved(raw: bytes, file: str = "") -> Saved:
    """Return what was saved; raises InputError for any bytes that `encode_saved` did not give."""
    return unseal(_KIND, _VERSION, raw, Saved, file)
