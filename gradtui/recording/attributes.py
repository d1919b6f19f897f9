"""The attributes of the user's objects, be they in a dict or in slots."""

from __future__ import annotations

from collections.abc import Mapping
from types import MemberDescriptorType
from typing import Any

from gradtui.recording.modules import is_users_class


def slots_of(value: Any) -> dict[str, Any]:
    """Return what the slots of an object of the user's hold, by their names in the class.

    Those that are not set are left out.
    """
    found = dict[str, Any]()
    for kind in type(value).__mro__:
        if "__slots__" in vars(kind) and is_users_class(kind):
            for name, one in vars(kind).items():
                if type(one) is MemberDescriptorType and hasattr(value, name):
                    found.setdefault(name, getattr(value, name))
    return found


def fill_slots(value: Any, held: Mapping[str, Any]) -> bool:
    """Let the slots of an object hold other values; return whether some did not yet.

    A frozen one has them set, too.
    """
    changed = {name: one for name, one in held.items() if getattr(value, name, None) is not one}
    for name, one in changed.items():
        object.__setattr__(value, name, one)
    return bool(changed)


def attributes(value: Any) -> dict[str, Any] | None:
    """Return what the attributes of an object hold, by name; None if it has none."""
    own, slots = getattr(value, "__dict__", None), slots_of(value)
    return {**own, **slots} if isinstance(own, dict) else slots or None
