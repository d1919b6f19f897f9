"""The keys of all bindings, including the user's own. Knows no screen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from msgspec import Struct
from textual.keys import format_key

from gradtui.tui import shortcuts
from gradtui.tui.commands import COMMANDS
from gradtui.tui.panels import PANELS
from gradtui.tui.shortcuts import Shortcut

_WRITTEN = {
    "left": "←", "right": "→", "up": "↑", "down": "↓", "home": "Home", "end": "End",
    "pagedown": "PgDn", "pageup": "PgUp", "enter": "Enter", "escape": "Esc", "space": "Space",
    "tab": "Tab", "backtab": "Shift+Tab", "backspace": "Backspace", "delete": "Delete",
    "insert": "Insert",
}  # fmt: skip
"""Textual's name of a key -> its spelling; other keys are spelt as their character."""
_MODIFIERS = {"ctrl": "Ctrl", "alt": "Alt", "shift": "Shift"}
_FUNCTION = re.compile(r"f([1-9]|1\d|2[0-4])")
_PLACE = re.compile(r"\{([\w-]+)\}")
_NUMBER = frozenset("0123456789.+-−")
"""The keys that begin a number."""

SCREEN = (
    Shortcut("escape", ("escape",), "escape", "leave the lens, end zoom, follow the cursor again"),
    *(Shortcut(f"panel-{n}", (str(n),), f"panel({n - 1})", f"panel {n}")
      for n in range(1, len(PANELS) + 1)),
)  # fmt: skip
GROUPS: Mapping[str, Sequence[Shortcut]] = {
    "any panel": SCREEN,
    "findings": shortcuts.NOTES,
    "help": shortcuts.HELP,
    "branches and sweeps": shortcuts.TABLE,
    "branches": shortcuts.BRANCHES,
    "sweeps": shortcuts.SWEEP,
    "breakpoints and watches": shortcuts.BREAKPOINTS,
    "array": shortcuts.ARRAY,
    "input": shortcuts.PROMPT,
    "question": shortcuts.QUESTION,
    "message": shortcuts.MESSAGE,
    "picker": shortcuts.PICKER,
}
"""The place -> its bindings that are no commands."""
_TOGETHER = (
    ("any panel", ""), ("findings",), ("help",), ("branches and sweeps", "branches"),
    ("branches and sweeps", "sweeps"), ("breakpoints and watches",), ("array",), ("input",),
    ("question",), ("message",),
    ("picker",),
)  # fmt: skip
"""Groups that receive keys at the same time; the nameless one is that of the commands."""


def _defaults(group: str) -> dict[str, tuple[str, ...]]:
    if not group:
        return {command.id: command.keys for command in COMMANDS}
    return {shortcut.id: shortcut.keys for shortcut in GROUPS[group]}


DEFAULTS: Mapping[str, tuple[str, ...]] = {
    id: keys for group in ("", *GROUPS) for id, keys in _defaults(group).items()
}
"""The id of every binding -> its default keys."""


class Keys(Struct, frozen=True):
    """The keys of all bindings."""

    given: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """The id of a binding -> the keys that the user chose."""

    def of(self, id: str) -> tuple[str, ...]:
        """Return the keys of a binding: the chosen ones, or the defaults that no other took."""
        if id in self.given:
            return self.given[id]
        if not self.given:
            return DEFAULTS[id]
        taken = {
            written(key)
            for rival in rivals(id)
            for key in self.given.get(rival, ())
        }  # fmt: skip
        return tuple(key for key in DEFAULTS[id] if written(key) not in taken)

    def shown(self, id: str) -> str:
        """Return the keys of a binding as spelt for the user."""
        return " ".join(dict.fromkeys(map(written, self.of(id))))

    def first(self, id: str) -> str:
        """Return one key of a binding as spelt for the user, or its name on the command line."""
        keys = self.of(id)
        return written(keys[0]) if keys else f":{id}"

    def begins_number(self, key: str) -> bool:
        """Return whether a key, as spelt, begins a number, and the user gave it to nothing else."""
        chosen = {written(one) for keys in self.given.values() for one in keys}
        return key in _NUMBER and key not in chosen

    def is_free(self, key: str, usual: str) -> bool:
        """Return whether a key, as spelt, has its usual meaning, and the user gave it no other."""
        return key in self.shown(usual).split()

    def fill(self, text: str) -> str:
        """Return a text with names in braces replaced by keys: `{what-if}`."""
        return _PLACE.sub(lambda m: self.first(m[1]) if m[1] in DEFAULTS else m[0], text)

    def hint(self, shortcuts: Sequence[Shortcut]) -> str:
        """Return a row with the keys of a list and their effects."""
        return "  ".join(f"{self.first(one.id)} {one.title}" for one in shortcuts)

    @property
    def keymap(self) -> dict[str, str]:
        """Textual's keymap for the chosen keys."""
        return {
            id: ",".join("comma" if key == "," else key for key in keys)
            for id, keys in self.given.items()
        }


def rivals(id: str) -> set[str]:
    """Return the ids of the bindings that receive keys at the same time as this one."""
    found: set[str] = set()
    for groups in _TOGETHER:
        ids = {other for group in groups for other in _defaults(group)}
        if id in ids:
            found |= ids - {id}
    return found


@cache
def written(key: str) -> str:
    """Return the spelling of Textual's name of a key, or of a character: `PgDn`, `?`, `Ctrl+N`."""
    *modifiers, base = key.split("+") if len(key) > 1 else [key]
    text = _WRITTEN.get(base) or (base.upper() if _FUNCTION.fullmatch(base) else format_key(base))
    if modifiers and len(text) == 1:
        text = text.upper()
    return "+".join([*(_MODIFIERS[m] for m in modifiers), text])


def read_key(text: str) -> str | None:
    """Return Textual's name of a key in any usual spelling; None if there is none."""
    if len(text) == 1:
        arrow = [name for name, char in _WRITTEN.items() if char == text]
        return (arrow or [text])[0] if text.isprintable() and not text.isspace() else None
    *modifiers, base = text.split("+")
    low = base.lower()
    named = {shown.lower(): name for name, shown in _WRITTEN.items()}
    if any(modifier.lower() not in _MODIFIERS for modifier in modifiers) or not base:
        return None
    if len(base) == 1:
        name = low if modifiers else base
    elif low in _WRITTEN or _FUNCTION.fullmatch(low) or len(format_key(low)) == 1:
        name = low
    elif low in named:
        name = named[low]
    else:
        return None
    return "+".join([*(modifier.lower() for modifier in modifiers), name])
