"""A row of a drawing as text, with gaps for the caller's boxes. Knows no values and no screen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from msgspec import Struct, field

from gradtui.base.text import cell_width, clip
from gradtui.layout.geometry import BoxRow, Label, Layout, Pair, Piece, Stroke, TrunkLine

_Item = TypeVar("_Item", bound=tuple[Any, ...])

_UP, _DOWN, _LEFT, _RIGHT = 27, 9, 3, 1
"""A cell's arms: a digit of base 3 for each direction, 0 none, 1 light, 2 heavy."""
_LIGHT, _HEAVY = 1, 2
_GLYPHS = (
    " ─━──╼━╾━│╭┍╮┬┮┑┭┯┃┎┏┒┰┲┓┱┳"  # no arm up: down none, light, heavy
    "│╰┕╯┴┶┙┵┷│├┝┤┼┾┥┽┿╽┟┢┧╁╆┪╅╈"  # light up
    "┃┖┗┚┸┺┛┹┻╿┞┡┦╀╄┩╃╇┃┠┣┨╂╊┫╉╋"  # heavy up
)
_ASCII = " " + "-" * 8 + "".join("+" if mask % _DOWN else "|" for mask in range(9, 81))
_ROWS = 200
"""Most rows of lines that are remembered: from step to step only texts change."""
_IS_LIT = [
    any(mask // arm % 3 == _HEAVY for arm in (_UP, _DOWN, _LEFT, _RIGHT)) for mask in range(81)
]


class Light(Struct, frozen=True, eq=False):
    """The lines to draw heavy, as the drawing numbers them; made by `light`."""

    lines: frozenset[int] = frozenset()
    spans: Mapping[int, Pair] = field(default_factory=dict)
    """Lit rows of each trunk: always one interval, because every wire includes the trunk's port."""


_UNLIT = Light()


def light(layout: Layout, wires: Iterable[Pair]) -> Light:
    """Return the emphasis that draws `wires` heavy from end to end."""
    seen, lines, spans = set[int](), list[int](), dict[int, Pair]()
    for wire in wires:
        index: int | None = layout.last_steps[wire]
        while index is not None and index not in seen:
            seen.add(index)
            step = layout.steps[index]
            lines += step.lines
            for trunk, (first, last) in step.spans:
                top, bottom = spans.get(trunk, (first, last))
                # The functions min and max would take twice the time: a long program has thousands.
                spans[trunk] = first if first < top else top, last if last > bottom else bottom
            index = step.previous
    return Light(frozenset(lines), spans)


def paint(
    layout: Layout,
    y: int,
    start: int,
    stop: int,
    label: Callable[[Pair], str],
    lit: Light | None = None,
    *,
    ascii: bool = False,
) -> list[Piece]:
    """Return row `y` from column `start` up to `stop` as pieces without gaps.

    `label` returns the text of a wire's label; if it is shorter than its slot, the line goes on.
    """
    if not 0 <= y < layout.height:
        return [Stroke(start, " " * (stop - start), False)] if start < stop else []
    chars, is_lit = _draw_lines(layout, y, start, stop, lit or _UNLIT, ascii=ascii)
    owners: dict[int, bool | BoxRow | Label] = {**is_lit}  # by column; a bool is a line's weight
    row = layout.rows[y]
    for x, key in _visible(row.boxes, start, stop):
        rect = layout.boxes[key]
        first, end = max(x, start), min(x + rect.width, stop)
        if first < end:
            box = BoxRow(first, end - first, key, y - rect.y, first - x)
            owners.update(dict.fromkeys(range(first, end), box))
    for x, wire in _visible(row.slots, start, stop):
        text = clip(label(wire), layout.slots[wire].width)
        first, end = max(x, start), min(x + cell_width(text), stop)
        if first < end:
            shown = Label(first, _crop(text, first - x, end - x), wire, is_lit[first])
            owners.update(dict.fromkeys(range(first, end), shown))
    pieces: list[Piece] = []
    for owner, columns in groupby(owners, key=owners.__getitem__):
        if isinstance(owner, bool):
            run = list(columns)
            pieces.append(Stroke(run[0], "".join(chars[x] for x in run), owner))
        else:
            pieces.append(owner)
    return pieces


@lru_cache(_ROWS)
def _draw_lines(
    layout: Layout, y: int, start: int, stop: int, lit: Light, *, ascii: bool
) -> tuple[dict[int, str], dict[int, bool]]:
    """Return the line character of each column of a row, and whether it is lit."""
    glyphs = _ASCII if ascii else _GLYPHS
    arms = dict.fromkeys(range(start, stop), 0)
    ends: set[int] = set()
    heads: set[int] = set()
    for line in _visible(layout.rows[y].lines, start, stop):
        weight = _HEAVY if line.number in lit.lines else _LIGHT
        for x in range(max(line.first, start), min(line.last + 1, stop)):
            arms[x] += weight * (_LEFT * (x > line.first) + _RIGHT * (x < line.last))
        ends.update((line.first, line.last))
        if line.arrow:
            heads.add(line.last)
    chars = {x: glyphs[mask] for x, mask in arms.items()}
    for x, trunks in _visible(layout.trunks, start, stop):
        trunk = _trunk_at(trunks, y)
        if trunk is None or x not in arms:
            continue
        top, bottom = lit.spans.get(trunk.number, (y, y))
        if trunk.top < y:
            arms[x] += _UP * (_HEAVY if top < y <= bottom else _LIGHT)
        if y < trunk.bottom:
            arms[x] += _DOWN * (_HEAVY if top <= y < bottom else _LIGHT)
        chars[x] = glyphs[arms[x]]
        if trunk.top < y < trunk.bottom and arms[x] % _DOWN:
            chars[x] = _joint(arms[x], chars[x], joined=x in ends, ascii=ascii)
    for x in heads & arms.keys():
        chars[x] = ">" if ascii else "▶"
    return chars, {x: _IS_LIT[mask] for x, mask in arms.items()}


def _trunk_at(trunks: Sequence[TrunkLine], y: int) -> TrunkLine | None:
    """Return the trunk of a column that reaches row `y`, if any."""
    index = bisect_right(trunks, y, key=itemgetter(0)) - 1
    return trunks[index] if index >= 0 and y <= trunks[index].bottom else None


def _joint(mask: int, char: str, *, joined: bool, ascii: bool) -> str:
    """Return the character of a trunk's cell with lines beside it: a dot if four arms join.

    So `┼` always is a crossing; ASCII has no dot, and there the trunk passes over the line.
    """
    if ascii:
        return char if joined else "|"
    has_left, has_right = mask % _DOWN >= _LEFT, mask % _LEFT > 0
    return "●" if joined and has_left and has_right else char


def _visible(items: Sequence[_Item], start: int, stop: int) -> Iterator[_Item]:
    """Yield the items that may be visible in a window, from a list sorted by first columns."""
    # Two lines may meet in one cell, so the last two to begin before the window may reach it.
    index = max(bisect_right(items, start, key=itemgetter(0)) - 2, 0)
    while index < len(items) and items[index][0] < stop:
        yield items[index]
        index += 1


def _crop(text: str, start: int, stop: int) -> str:
    """Return a slice of a text by cells; half of a wide character becomes a blank."""
    cells: list[str] = []
    for char in text:
        width = cell_width(char)
        if width:
            cells += [char, ""][:width]
        elif cells:
            cells[-1] += char
    shown = cells[start:stop]
    if shown and not shown[0]:
        shown[0] = " "
    if shown and cells[stop : stop + 1] == [""]:
        shown[-1] = " "
    return "".join(shown)
