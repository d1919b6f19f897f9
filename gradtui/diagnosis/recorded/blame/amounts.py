"""How much of a line edits change, and which of its names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import takewhile

from gradtui.diagnosis.recorded.blame.units import Edit, Unit

WORD = re.compile(r"\w+|\*\*|//|[-+*/]=|[^\w\s]")
_CALCULATING = frozenset({"*", "/", "+", "-", "@", "**", "(", "T"})
_NUMBER = re.compile(r"-?[\d.]+")
_PART = re.compile(r"""[.'"]?[^\W\d]\w*""")
_AHEAD = (".", "'", '"')
"""What tells that a name is one of an attribute or of an entry."""
_TEXT = re.compile(r"""[^\W\d]\w*(?:\.[^\W\d]\w*|\[['"]\w+['"]\])*""")
"""A name with its attributes and entries."""


def changed(unit: Unit, edit: Edit) -> int:
    """Return how many words and signs an edit puts in; what it only takes away counts once.

    So does it to put an expression in parentheses, or to swap some.
    """
    before = WORD.findall(unit.between(edit.start, edit.end))
    after = WORD.findall(edit.text.decode())
    if sorted(before) == sorted(after):
        return 1  # what is swapped was in the code
    apart = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    closed = after[:1] == ["("] != before[:1]
    return closed + sum(max(1, to - at) for tag, _, _, at, to in apart if tag != "equal")


def trimmed(unit: Unit, edit: Edit) -> Edit:
    """Return an edit of several lines without the words and signs at its ends that it keeps."""
    before = _words(own := unit.between(edit.start, edit.end))
    after = _words(new := edit.text.decode())
    head = _common(before, after)
    tail = min(_common(before[::-1], after[::-1]), min(len(before), len(after)) - head)
    inside, made = before[head : len(before) - tail], after[head : len(after) - tail]
    if not head or not inside or not (made or tail):
        return edit
    # With what goes, the space before the next word goes.
    start, end = inside[0].start(), inside[-1].end() if made else before[-tail].start()
    if "\n" in own[start:end]:
        return edit
    at = edit.start + len(own[:start].encode())
    text = new[made[0].start() : made[-1].end()] if made else ""
    return Edit(at, at + len(own[start:end].encode()), text)


def _words(text: str) -> Sequence[re.Match[str]]:
    """Return the words and signs of a text, without commas that end a tuple."""
    found = [*WORD.finditer(text)]
    ends = [one[0] for one in found[1:]] + [""]
    return [one for one, end in zip(found, ends, strict=True) if (one[0], end) != (",", ")")]


def _common(one: Sequence[re.Match[str]], other: Sequence[re.Match[str]]) -> int:
    """Return how many words and signs two texts begin with alike."""
    pairs = (left[0] == right[0] for left, right in zip(one, other, strict=False))
    return sum(1 for _ in takewhile(bool, pairs))


def is_change(unit: Unit, edit: Edit) -> bool:
    """Return whether an edit removes existing code: a name, an operator or a number of it."""
    before = WORD.findall(unit.between(edit.start, edit.end))
    after = WORD.findall(edit.text.decode())
    power = unit.between(0, edit.start).rstrip("( ").endswith("**")
    if power and _NUMBER.fullmatch("".join(before)) and _NUMBER.fullmatch("".join(after)):
        return True  # such as an exponent with a minus
    if before == ["="]:
        return after == ["+="]  # what is overwritten is seldom subtracted, or multiplied
    starts = range(len(after) - len(before) + 1)
    return not any(before == after[at : at + len(before)] for at in starts)


def empties(unit: Unit, edits: Sequence[Edit]) -> bool:
    """Return whether a number takes the place of a calculation or an element of an array."""
    return any(
        _NUMBER.fullmatch(one.text.decode())
        and {"+", "-", "*", "/", "//", "@", "(", "["}.intersection(before)
        and any(map(str.isidentifier, before))
        for one in edits
        for before in [WORD.findall(unit.between(one.start, one.end))]
    )


def calculates(edits: Sequence[Edit]) -> bool:
    """Return whether edits put a calculation in."""
    return any(not _CALCULATING.isdisjoint(WORD.findall(one.text.decode())) for one in edits)


def turns_round(unit: Unit, edits: Sequence[Edit]) -> bool:
    """Return whether an edit turns a difference round, or takes a minus away.

    People forget a minus far oftener than they do the one or the other.
    """
    before = "".join(unit.between(one.start, one.end) for one in edits)
    after = "".join(one.text.decode() for one in edits)
    turned = "-" in before and sorted(WORD.findall(before)) == sorted(WORD.findall(after))
    lost = before.count("-") > after.count("-") and before.count("+") >= after.count("+")
    return turned or lost


def taken(unit: Unit, edits: Sequence[Edit]) -> Counter[str]:
    """Return the names that edits take away; what is swapped stays.

    Those of attributes begin with a dot, and those of entries with a quotation mark.
    """
    before, after = Counter[str](), Counter[str]()
    for one in edits:
        ahead = unit.source[max(0, one.start - 1) : one.start].decode(errors="ignore")
        ahead = ahead if ahead in _AHEAD else ""
        before.update(_parts(ahead + unit.between(one.start, one.end)))
        after.update(_parts(ahead + one.text.decode()))
    return before - after


def _parts(text: str) -> list[str]:
    return [one.replace("'", '"') for one in _PART.findall(text)]


def brought(unit: Unit, edits: Sequence[Edit]) -> frozenset[str]:
    """Return the names that edits bring in, with their attributes and entries."""
    before, after = set[str](), set[str]()
    for one in edits:
        before.update(_TEXT.findall(unit.between(one.start, one.end)))
        after.update(_TEXT.findall(one.text.decode()))
    return frozenset(after - before)
