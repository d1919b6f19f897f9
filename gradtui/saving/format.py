"""Saved sessions as bytes: what is kept of a session, and how it is told that a bit has changed.

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
    """A line that was replaced in memory and is not written."""

    file: str
    line: _Number
    column: _Number
    before: str
    after: str


class SavedBranch(Struct, frozen=True, forbid_unknown_fields=True):
    """A branch; the list of them begins with the first that left the run of the file."""

    name: str
    parent: _Number
    """Which one it left: 0 is the run of the file, 1 the first of the list."""
    start: _Step
    """The step at which it did."""
    change: str
    """What was changed, as it is typed."""
    drives: bool = False
    """Whether it only drives otherwise."""
    removed: bool = False
    """Whether it is only there for those that left it."""
    fix: SavedFix | None = None
    """The line that was replaced, if that was the change."""


class SavedBreakpoint(Struct, frozen=True, forbid_unknown_fields=True):
    """A condition and whether it stops."""

    text: str
    enabled: bool = True


class SavedLesson(Struct, frozen=True, forbid_unknown_fields=True):
    """How far the lesson was; lessons go by their numbers."""

    place: _Number = 0
    since: _Step = 0
    """The step at which the present one came up."""
    ticked: tuple[_Number, ...] = ()
    answered: tuple[_Number, ...] = ()
    right: tuple[_Number, ...] = ()
    """Those of which the first answer was right."""
    tries: _Number = 0


class Snapshot(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a session stood and what the user had made."""

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
    """Which of the node's Jacobians is shown."""
    surface: str = ""
    """The axes of the surface, as they are typed."""
    zoom: Annotated[int, Meta(ge=-100, le=100)] = 0
    followed: str = ""
    """What is drawn in the place of the loss, as it is typed."""
    log: bool = False
    drawn: tuple[_Step, _Step] | None = None
    """The first and the last step that are drawn."""
    breakpoints: tuple[SavedBreakpoint, ...] = ()
    watches: tuple[str, ...] = ()
    run: str = ""
    """What the run of the file is called."""
    branches: tuple[SavedBranch, ...] = ()
    current: _Number = 0
    """The branch that is looked at."""
    lesson: SavedLesson = SavedLesson()


class Saved(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file holds: the last snapshots of one scenario, the newest first."""

    scenario: str
    """Its path."""
    digest: str
    """Of what the scenario's files held."""
    snapshots: tuple[Snapshot, ...]


def encode_saved(saved: Saved) -> bytes:
    """Return the bytes of a saved session; raises OSError if there would be too many."""
    return seal(_KIND, _VERSION, saved)


def decode_saved(raw: bytes, file: str = "") -> Saved:
    """Return what was saved; raises InputError for any bytes that `encode_saved` did not give."""
    return unseal(_KIND, _VERSION, raw, Saved, file)
