"""What is written shows on a terminal what Textual painted, in a few bytes."""

from __future__ import annotations

import re

import pytest
import textual
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Offset, Region
from textual.strip import Strip

import gradtui
from gradtui.base.terminal import Display
from gradtui.base.text import cell_width
from gradtui.tui.app import GradtuiApp
from gradtui.tui.wire import PARTS, Wire

SEQUENCE = re.compile(r"\x1b\[(?P<numbers>[\d;]*)(?P<end>[A-Za-z])|(?P<text>[^\x1b])")
WIDTH, HEIGHT = 12, 3
TRUE_COLOUR = Console(color_system="truecolor", force_terminal=True, _environ={})
HOME = Offset(0, 0)
SIXTEEN = Console(color_system="standard", force_terminal=True, _environ={})


class Screen:
    """As much of a terminal as is written to: moves, colours, characters."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, tuple[str, ...]]] = {}
        self.x, self.y = 0, 0
        self.on: dict[str, str] = {}

    def take(self, written: str) -> None:
        at = 0
        while at < len(written):
            match = SEQUENCE.match(written, at)
            assert match, f"not understood: {written[at : at + 20]!r}"
            at = match.end()
            if match["text"]:
                self._put(match["text"])
            elif match["end"] == "H":
                self.y, self.x = (int(part) - 1 for part in match["numbers"].split(";"))
            else:
                assert match["end"] == "m"
                self._colour(match["numbers"])

    def _put(self, char: str) -> None:
        width = cell_width(char)
        if width == 0:
            text, style = self.cells[self.y, self.x - 1]
            back = 1 if text else 2
            text, style = self.cells[self.y, self.x - back]
            self.cells[self.y, self.x - back] = text + char, style
            return
        look = tuple(f"{key}:{value}" for key, value in sorted(self.on.items()))
        self.cells[self.y, self.x] = char, look
        for more in range(1, width):
            self.cells[self.y, self.x + more] = "", look
        self.x += width

    def _colour(self, numbers: str) -> None:
        codes = re.findall(r"[345]8;2;\d+;\d+;\d+|[345]8;5;\d+|\d+", numbers or "0")
        for code in codes:
            first = code.split(";")[0]
            if first == "0":
                self.on = {}
            elif first in ("39", "49"):
                self.on.pop("ink" if first == "39" else "ground", None)
            elif first[0] in "39" and len(first) == 2:
                self.on["ink"] = code
            elif first[0] in "41" and len(first) > 1:
                self.on["ground"] = code
            else:
                self.on["attribute " + first] = ""

    def seen(self) -> dict[tuple[int, int], object]:
        """Return what a person sees: a blank has only a ground, and what lies on blanks."""
        shown = {}
        for place, (text, look) in self.cells.items():
            if text == " ":
                kept = ("ground", "attribute 4", "attribute 7", "attribute 9")
                if not any(part.startswith(kept[1:]) for part in look):
                    look = tuple(part for part in look if part.startswith(kept))
            shown[place] = text, look
        return shown


STYLES = st.builds(
    Style,
    color=st.sampled_from([None, "#ff9e64", "red", "bright_blue"]),
    bgcolor=st.sampled_from([None, "#11151b", "blue", "bright_black"]),
    bold=st.sampled_from([None, True, False]),
    underline=st.sampled_from([None, True]),
    reverse=st.sampled_from([None, True]),
)
SEGMENTS = st.builds(
    lambda text, style: Segment(text, style),
    st.lists(st.sampled_from(["a", "b", " ", "─", "∂", "界", "e\u0301"]), max_size=8).map("".join),
    st.one_of(st.none(), STYLES),
)
ROWS = st.lists(SEGMENTS, max_size=5).map(
    lambda parts: Strip(parts).adjust_cell_length(WIDTH, Style(bgcolor="blue"))
)
PAINTS = st.tuples(
    st.lists(ROWS, min_size=HEIGHT, max_size=HEIGHT),
    st.sets(st.integers(0, HEIGHT - 1), min_size=1),
    st.integers(0, WIDTH - 1),
    st.integers(1, WIDTH),
)


def full(rows: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[row] for row in rows], Region(0, 0, WIDTH, HEIGHT))


def wide_then_marked(text: str) -> list[Strip]:
    """As many characters as cells, and yet not one in each."""
    return [Strip([Segment("界" + text)]).adjust_cell_length(WIDTH)] * HEIGHT


@pytest.mark.parametrize("console", [TRUE_COLOUR, SIXTEEN])
@given(paints=st.lists(PAINTS, min_size=1, max_size=4))
@example(paints=[(wide_then_marked(""), {0}, 0, 1), (wide_then_marked("e\u0301"), {0}, 0, 1)])
@settings(max_examples=60)
def test_any_paints_show_what_they_show_when_they_are_written_whole(console, paints):
    wire, screen = Wire(), Screen()
    before: list[Strip] = paints[0][0]
    screen.take(wire.write(full(before), console))
    for rows, changed, first, width in paints:
        last = min(WIDTH, first + width)
        if any(cell_width(char) != 1 for row in [*rows, *before] for char in row.text):
            first, last = 0, WIDTH  # Textual cuts no wide character in two
        spans = [(y, first, last) for y in sorted(changed)]
        part = ChopsUpdate([{0: row} for row in rows], spans, [[WIDTH]] * HEIGHT)
        screen.take(wire.write(part, console))
        before = [
            Strip.join([old.crop(0, first), new.crop(first, last), old.crop(last, WIDTH)])
            if y in changed
            else old
            for y, (old, new) in enumerate(zip(before, rows, strict=True))
        ]
        whole = Screen()
        whole.take(Wire().write(full(before), console))
        assert screen.seen() == whole.seen()
        assert wire.write(full(before), console) == ""


def test_this_textual_is_one_whose_paints_are_read():
    update = full([Strip.blank(WIDTH)] * HEIGHT)
    assert Wire().lean(update, TRUE_COLOUR, HOME) is not update, (
        f"Textual {textual.__version__}: read what changed in its _compositor.py, then PARTS"
    )


def test_paints_of_another_textual_are_written_as_they_are(monkeypatch):
    monkeypatch.setitem(PARTS, ChopsUpdate, ["rows"])
    update = full([Strip.blank(WIDTH)] * HEIGHT)
    assert Wire().lean(update, TRUE_COLOUR, HOME) is update


def test_a_paint_that_changes_nothing_is_not_written_but_a_move_of_the_cursor_is():
    wire, update = Wire(), full([Strip.blank(WIDTH)] * HEIGHT)
    assert wire.lean(update, TRUE_COLOUR, HOME) is not None
    assert wire.lean(update, TRUE_COLOUR, HOME) is None
    moved = wire.lean(update, TRUE_COLOUR, Offset(3, 1))
    assert moved is not None and moved.render_segments(TRUE_COLOUR) == ""
    wire.forget()
    assert wire.lean(update, TRUE_COLOUR, Offset(3, 1)) is not None


def test_a_forgotten_terminal_is_written_whole():
    wire, update = Wire(), full([Strip([Segment("ab")]).adjust_cell_length(WIDTH)] * HEIGHT)
    first = wire.write(update, TRUE_COLOUR)
    wire.forget()
    assert wire.write(update, TRUE_COLOUR) == first


def test_a_paint_of_another_size_is_written_whole():
    wire, rows = Wire(), [Strip([Segment("ab")]).adjust_cell_length(WIDTH)] * HEIGHT
    wire.write(full(rows), TRUE_COLOUR)
    smaller = LayoutUpdate([[row.crop(0, 8)] for row in rows[:2]], Region(0, 0, 8, 2))
    assert wire.write(smaller, TRUE_COLOUR) == Wire().write(smaller, TRUE_COLOUR)


async def test_a_step_is_a_few_bytes_and_shows_the_screen(terminal, monkeypatch):
    paints: list[object] = []
    monkeypatch.setattr(GradtuiApp, "_display", lambda app, screen, update: paints.append(update))
    wires = {SIXTEEN: (Wire(), Screen(), 1500), TRUE_COLOUR: (Wire(), Screen(), 2500)}
    async with terminal("five_parcels") as opened:
        for key in ("", "n", "n", "n"):
            if key:
                await opened.press(key)
            strips = opened.app.screen._compositor.render_strips()
            for console, (wire, screen, most) in wires.items():
                written = "".join(
                    wire.write(update, console)
                    for update in paints
                    if isinstance(update, LayoutUpdate | ChopsUpdate)
                )
                screen.take(written)
                assert len(written.encode()) <= (most if key else 60_000)
                whole = Screen()
                whole.take(Wire().write(LayoutUpdate([[s] for s in strips],
                                                     Region(0, 0, 120, 40)), console))  # fmt: skip
                assert screen.seen() == whole.seen()
            paints.clear()


async def written_for(display: Display) -> str:
    app = GradtuiApp(gradtui.load("grad_missing_factor"), display)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        return Wire().write(LayoutUpdate([[s] for s in strips], Region(0, 0, 120, 40)), SIXTEEN)


async def test_without_colours_none_is_named_and_the_cursor_is_reversed():
    written = await written_for(Display(colours="none"))
    codes = {code for part in re.findall(r"\x1b\[([\d;]*)m", written) for code in part.split(";")}
    assert codes <= {"", "0", "1", "2", "4", "7", "39", "49"}
    assert {"1", "7"} <= codes


async def test_the_16_colours_are_the_terminals_own():
    written = await written_for(Display(colours="few"))
    assert not re.search(r"[34]8;[25];", written)
    assert re.search(r"\x1b\[[\d;]*36m", written)


async def test_the_whole_screen_is_drawn_in_ascii():
    assert (await written_for(Display(ascii=True))).isascii()
