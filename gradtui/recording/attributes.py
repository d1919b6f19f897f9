"""The attributes of the user's objects, be they in a dict or in slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MemberDescriptorType
from typing import Any

from gradtui.recording.functions import asked
from gradtui.recording.modules import is_users

_UNSET = object()


def slots_of(value: Any) -> dict[str, Any]:
    """Return what the slots of an object of the user's hold, by their names in the class.

    Those that are not set are left out.
    """
    found = {name: asked(value, name, _UNSET) for name in _slots(type(value))}
    return {name: one for name, one in found.items() if one is not _UNSET}


def has_slots(value: Any) -> bool:
    """Return whether an object of the user's has slots, set or not."""
    return any(_slots(type(value)))


def _slots(kind: type) -> Iterator[str]:
    for one in kind.__mro__:
        if "__slots__" in vars(one) and is_users(one):
            yield from (n for n, held in vars(one).items() if type(held) is MemberDescriptorType)


def data_of(kind: type) -> dict[str, Any]:
    """Return what a class itself holds but for what it computes with, by name."""
    return {
        name: held for name, held in vars(kind).items()
        if not (name.startswith("__") or callable(held) or hasattr(type(held), "__get__"))
    }  # fmt: skip


def fill_slots(value: Any, held: Mapping[str, Any]) -> bool:
    """Let the slots of an object hold other values; return whether some did not yet.

    A frozen one has them set, too.
    """
    changed = {name: one for name, one in held.items() if asked(value, name) is not one}
    for name, one in changed.items():
        object.__setattr__(value, name, one)
    return bool(changed)


def fill_class(kind: type, data: Mapping[str, Any]) -> bool:
    """Let a class hold other data, and no more than that; return whether it did not yet."""
    now = data_of(kind)
    changed = {name: one for name, one in data.items() if vars(kind).get(name) is not one}
    for name, one in changed.items():
        type.__setattr__(kind, name, one)
    for name in now.keys() - data.keys():
        type.__delattr__(kind, name)
    return bool(changed or now.keys() - data.keys())


def attributes(value: Any) -> dict[str, Any] | None:
    """Return what the attributes of an object hold, by name; None if it has none."""
    own, slots = asked(value, "__dict__"), slots_of(value)
    return {**own, **slots} if isinstance(own, dict) else slots or None
