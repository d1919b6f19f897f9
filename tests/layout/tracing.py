"""Random graphs, and the lines of a picture followed from glyph to glyph."""

import random
import unicodedata
from collections.abc import Iterable, Iterator

from hypothesis import strategies as st

from gradtui.layout import (
    Box,
    Layout,
    Stroke,
    Wire,
    light,
    paint,
)

Pair = tuple[int, int]


Graph = tuple[list[Box], list[Wire], dict[str, int | None]]


SIDES = {"UP": (0, -1), "DOWN": (0, 1), "LEFT": (-1, 0), "RIGHT": (1, 0)}


ARMS = {"VERTICAL": ("UP", "DOWN"), "HORIZONTAL": ("LEFT", "RIGHT")}


def read_arms(char: str) -> dict[str, int]:
    """Return the weight of each arm of a box-drawing character: 1 light, 2 heavy."""
    if char == "●":
        return dict.fromkeys(SIDES, 1)
    name = unicodedata.name(char)
    assert name.startswith("BOX DRAWINGS "), char
    arms: dict[str, int] = {}
    weight = 0
    for part in name.removeprefix("BOX DRAWINGS ").replace("ARC ", "").split(" AND "):
        words = part.split()
        weight = 2 if "HEAVY" in words else 1 if "LIGHT" in words else weight
        for word in words:
            for side in ARMS.get(word, (word,)):
                if side in SIDES:
                    arms[side] = weight
    return arms


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw boxes and wires, few or many, anywhere or between two halves, a gap and a room."""
    count = draw(st.integers(1, 14))
    rng = random.Random(draw(st.integers(0, 2**32)))
    density = draw(st.sampled_from([0.1, 0.2, 0.4, 0.8, 1.0]))
    halves = draw(st.booleans())
    boxes = [Box(k, rng.randint(1, 7), rng.randint(1, 3)) for k in range(count)]
    wires = [
        Wire(a, b, rng.choice([0, 1, 4]))
        for b in range(count)
        for a in range(b)
        if rng.random() < density and (a < count // 2 <= b or not halves)
    ]
    rng.shuffle(wires)
    return boxes, wires, {"gap": draw(st.integers(0, 1)), "room": draw(st.sampled_from([None, 0]))}


Place = tuple[int, int]


Grid = dict[Place, str]


def cells(layout: Layout, lit: Iterable[Pair] = ()) -> Grid:
    """Return the line characters of a drawing without labels."""
    shine = light(layout, lit)
    return {
        (piece.x + i, y): char
        for y in range(layout.height)
        for piece in paint(layout, y, 0, layout.width, lambda _: "", shine)
        if isinstance(piece, Stroke)
        for i, char in enumerate(piece.text)
        if char != " "
    }


def follow(grid: Grid, x: int, y: int, heavy: Grid | None = None) -> set[Place]:
    """Return the cells reached from (x, y) along arms: never leftward, and straight over `┼`.

    With `heavy`, the same picture with weights, only heavy arms count.
    """
    seen: set[tuple[int, int, str]] = set()
    todo = [(x, y, "RIGHT")]
    while todo:
        x, y, heading = todo.pop()
        if (x, y, heading) in seen:
            continue
        seen.add((x, y, heading))
        if grid[x, y] == "▶":
            continue
        arms = read_arms((heavy or grid)[x, y])
        for side in (heading,) if grid[x, y] == "┼" else ("UP", "DOWN", "RIGHT"):
            dx, dy = SIDES[side]
            if arms.get(side, 0) >= (2 if heavy else 1):
                assert (x + dx, y + dy) in grid, "a line ends in nothing"
                todo.append((x + dx, y + dy, side))
    return {(x, y) for x, y, _ in seen}


def targets(layout: Layout, reached: set[Place]) -> set[int]:
    return {key for key, rect in layout.boxes.items() if (rect.x - 2, rect.y) in reached}


def leaving(layout: Layout, grid: Grid) -> Iterator[tuple[int, int, int]]:
    for key, rect in layout.boxes.items():
        x, y = rect.x + rect.width + 1, rect.y
        if (x, y) in grid:
            yield key, x, y
