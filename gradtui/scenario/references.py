"""Names of values as people type them: `W[0,1]`, `grad(w[0])`, `3,1 row 2`, `lr`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec import Struct

from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.text import shape_text
from gradtui.engine.indices import Index
from gradtui.engine.shapes import Shape
from gradtui.scenario.problem import Problem

_NAME = r"[^\W\d]\w*"
_NUMBERS = r"[0-9]{1,9}(?:[\s,]+[0-9]{1,9})*"
_ELEMENT = (
    rf"((?!row\b){_NAME})?\s*(?:\[\s*({_NUMBERS})\s*\]|({_NUMBERS}))?"
    r"\s*(?:row\s+([0-9]{1,9}))?"
)
_REFERENCE = (
    rf"(?P<grad>grad\s*\(\s*|∂(?:{_NAME}/∂)?|d(?=\w))?(?P<name>{_NAME}|\|∇\|)\s*"
    r"(?P<index>\[[^\]]*\]?)?\s*(?P<close>\))?"
)
_Named = TypeVar("_Named")


class Reference(Struct, frozen=True):
    """A value or its gradient, the whole of it or one element."""

    name: str
    place: Place
    """Its place in the text."""
    index: Index | None = None
    gradient: bool = False


def read_references(
    text: str, shapes: Mapping[str, Shape], words: Collection[str]
) -> Iterator[Reference]:
    """Yield the values that a text such as `w[0] grad(w[0]) lr` names; raises InputError in it.

    `shapes` are the shapes of all values; `words` name values without elements and gradients.
    """
    at = 0
    while text[at:].strip(" ,"):
        at += len(text[at:]) - len(text[at:].lstrip(" ,"))
        match = re.compile(_REFERENCE).match(text, at)
        if match is None:
            raise InputError("expected a name such as w, w[0], grad(w), loss, lr or norm",
                             Place(1, at + 1), source_line=text)  # fmt: skip
        place = Place(1, at + 1, len(match[0].rstrip()))
        try:
            yield _reference(match, place, shapes, words)
        except ValueError as error:
            raise InputError(str(error), place, source_line=text) from None
        at = match.end()


def _reference(
    match: re.Match[str], place: Place, shapes: Mapping[str, Shape], words: Collection[str]
) -> Reference:
    name, grad, index = match["name"], match["grad"] or "", match["index"] or ""
    if grad == "d" and (f"d{name}" in shapes or f"d{name}" in words):
        name, grad = f"d{name}", ""
    if name in words and name not in shapes and not grad and not index:
        return Reference(name, place)
    if name not in shapes:
        raise ValueError(f"nothing is called '{name}'" + did_you_mean(name, [*shapes, *words]))
    if grad.startswith("grad") != bool(match["close"]):
        raise ValueError(f"'{match[0].strip()}': expected grad({name})")
    found = read_index(index, name, shapes[name]) if index else None
    return Reference(name, place, found, bool(grad))


def read_element(text: str, names: Iterable[str] = ()) -> tuple[str, Index, int | None]:
    """Return name, index and row of a text such as `W[3,1] row 2`, `3,1` or `3 1 row 2`.

    The name and the row may be missing; one of `names` may contain brackets.  Raises ValueError for
    any other text.
    """
    own = named_first(text, names)
    if own and not own.isidentifier():
        return own, *read_element(text.strip().removeprefix(own))[1:]
    found = re.fullmatch(_ELEMENT, text.strip())
    if found is None:
        raise ValueError(f"'{text.strip()}' is not an element: expected numbers such as 3,1, "
                         "or 3,1 row 2")  # fmt: skip
    name, bracketed, plain, row = found.groups()
    numbers = tuple(map(int, re.findall("[0-9]+", bracketed or plain or "")))
    return name or "", numbers, None if row is None else int(row)


def named_first(text: str, names: Iterable[str]) -> str:
    """Return the longest name that a text begins with, or nothing."""
    text = text.strip()
    ends = ("", " ", "[")
    found = (n for n in names if text.startswith(n) and text[len(n) : len(n) + 1] in ends)
    return max(found, key=len, default="")


def read_index(text: str, name: str, shape: Shape) -> Index:
    """Return the index in brackets after a name; raises ValueError if it is not an element."""
    parts = [part.strip() for part in text.strip("[]").split(",")]
    if not text.endswith("]") or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("expected an index such as [2,1], counted from 0")
    index = tuple(int(part[:12]) for part in parts)
    check_index(index, name, shape)
    return index


def fits(index: Index, shape: Shape) -> bool:
    """Return whether an array of a shape has an element at an index."""
    inside = all(i < size for i, size in zip(index, shape, strict=False))
    return len(index) == len(shape) and inside


def check_index(index: Index, name: str, shape: Shape, *, plain: bool = False) -> None:
    """Raise ValueError if an array has no such element; `plain` omits the brackets."""
    if fits(index, shape):
        return
    last = ",".join(str(size - 1) for size in shape)
    if plain:
        upto = f"its elements go up to {last}" if shape else "it has one element"
    else:
        upto = f"its elements go up to [{last}]" if shape else "it is one number"
    raise ValueError(f"{name} is {shape_text(shape)}: {upto}")


def as_shown(named: Mapping[str, _Named], problem: Problem) -> dict[str, _Named]:
    """Return the entries by their labels too; a name takes precedence over a label."""
    return {problem.label(name): found for name, found in named.items()} | dict(named)
