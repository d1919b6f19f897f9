"""The gradients of runs in which some operations have other slopes, or none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from numpy.typing import NDArray

from gradtui.diagnosis.recorded.point import Point
from gradtui.recording.sweep import Link, gradients

Array = NDArray[Any]
Links = Mapping[int, Link]
LinksAt = Callable[[Point], Links | None]

_FEW = 2_000
"""Most numbers of all arguments of which gradients are kept, for the next one that is asked for."""
_KNOWN: WeakKeyDictionary[Point, dict[Hashable, Mapping[str, Array] | None]] = WeakKeyDictionary()
"""Point -> what was asked for there -> the gradients of all arguments."""


def linked(point: Point, name: str, links_at: LinksAt) -> Array | None:
    """Return the gradient of a run with other slopes; None if it has no such operations.

    One sweep has the gradients of all arguments, of which most are asked for in turn.
    """
    if sum(one.size for one in point.true.values()) > _FEW:
        links = links_at(point)
        return None if links is None else gradient_past(point, name, links)
    known, key = _KNOWN.setdefault(point, {}), _key(links_at)
    if key not in known:
        links = links_at(point)
        names = point.result.tape.arguments
        known[key] = None if links is None else _gradients_past(point, names, links)
    found = known[key]
    return None if found is None else found[name]


def gradient_past(
    point: Point, name: str, links: Links, values: Callable[[int], Array] | None = None
) -> Array:
    """Return the gradient of a run with other slopes, or none, of some nodes."""
    return _gradients_past(point, (name,), links, values)[name]


def _gradients_past(
    point: Point, names: Collection[str], links: Links,
    values: Callable[[int], Array] | None = None,
) -> Mapping[str, Array]:  # fmt: skip
    tape = point.result.tape
    leaves = {name: tape.arguments[name] for name in names}
    own = tape.with_active(links.keys())
    found = gradients(own, point.root, [*leaves.values()], links=links, values=values)
    return {name: found[leaf] for name, leaf in leaves.items()}


def _key(links_at: LinksAt) -> Hashable:
    """Return what is the same for functions that link alike."""
    if not isinstance(links_at, partial):
        return links_at
    return links_at.func, links_at.args, tuple(sorted(links_at.keywords.items(), key=str))
