"""A paint of what has changed shows what Textual's would, and renders nothing else."""

import random

from textual._compositor import Compositor
from textual.app import App
from textual.geometry import Region
from textual.widgets import Static

from gradtui.tui.lean import LeanScreen
from gradtui.tui.wire import _pieces

WIDTH, HEIGHT = 30, 10


class Part(Static):
    """A part that tells which of its rows it is asked for."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.asked = []

    def render_lines(self, crop):
        """Note the region."""
        self.asked.append(crop)
        return super().render_lines(crop)


class Overlapping(LeanScreen):
    """Two parts beside each other, with letters of two cells, and one over both."""

    CSS = """
    Overlapping { layers: below above; layout: horizontal; }
    Part { width: 13; height: 100%; layer: below; }
    #above { layer: above; width: 9; height: 4; offset: 8 3; border: round white; }
    """

    def compose(self):
        """Make the parts."""
        yield Part("語" * 100)
        yield Part("x" * 200)
        yield Part("over", id="above")


class Shown(App[None]):
    """Shows them."""

    def on_mount(self):
        """Open the screen."""
        self.push_screen(Overlapping())


def cells(update):
    """Return what is painted, by row and column."""
    found = {}
    for y, x, strip in _pieces(update) if update is not None else ():
        for segment in strip:
            for char in segment.text:
                found[y, x] = char, segment.style
                x += 1 + (char == "語")
    return found


async def test_any_regions_show_what_textual_shows_there():
    draw = random.Random(4)
    async with Shown().run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        compositor = pilot.app.screen._compositor
        for _ in range(30):
            regions = [Region(*draw.choices(range(WIDTH), k=4)) for _ in range(draw.randrange(4))]
            changed = {region.intersection(compositor.size.region) for region in regions}
            compositor._dirty_regions = set(changed)
            lean = cells(compositor.render_partial_update())
            compositor._dirty_regions = {region for region in changed if region}
            assert lean == cells(Compositor.render_partial_update(compositor))
        assert all(part.asked for part in pilot.app.screen.query(Part))


async def test_a_whole_paint_shows_what_textual_shows():
    async with Shown().run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        compositor = pilot.app.screen._compositor
        lean = cells(compositor.render_full_update())
        assert lean == cells(Compositor.render_full_update(compositor))
        assert len(lean) == WIDTH * HEIGHT - sum(char == "語" for char, _ in lean.values())


async def test_parts_that_have_not_changed_are_not_rendered():
    async with Shown().run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        screen = pilot.app.screen
        left, right, above = screen.query(Part)
        for part in (left, right, above):
            part.asked.clear()
        screen._compositor._dirty_regions = {Region(15, 8, 4, 1)}
        screen._compositor.render_partial_update()
        assert (left.asked, above.asked) == ([], [])
        assert right.asked == [Region(2, 8, 4, 1)]


async def test_rows_between_changes_far_apart_are_not_rendered():
    """As where both borders of a panel tell something else, and one row of its content."""
    async with Shown().run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        screen = pilot.app.screen
        left = screen.query(Part).first()
        left.asked.clear()
        screen._compositor._dirty_regions = {Region(0, y, 6, 1) for y in (0, 2, 9)}
        screen._compositor.render_partial_update()
        assert left.asked == [Region(0, 0, 6, 3), Region(0, 9, 6, 1)]
