"""A screen that is not painted whole, and does not look for bindings, when nothing changes that."""

import asyncio
from collections import Counter
from contextlib import ExitStack

import pytest
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.app import App
from textual.containers import Vertical
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import Screen
from textual.visual import Visual, visualize
from textual.widget import Widget
from textual.widgets import Input, Static

from gradtui.base.terminal import Display
from gradtui.tui import around, lean
from gradtui.tui.app import GradtuiApp
from gradtui.tui.compositing import LeanCompositor
from gradtui.tui.lean import LeanModal, LeanScreen, LeanStylesheet
from gradtui.tui.prompt import Prompt
from gradtui.tui.rows import Rows
from tui.conftest import Terminal, opened


class Lean(LeanScreen):
    """Two parts that fill the screen."""

    painted = 0

    def compose(self):
        """Make the parts."""
        yield Static("x" * 40)
        yield Input()

    def render_lines(self, crop):
        """Count how often the screen itself is painted."""
        self.painted += 1
        return super().render_lines(crop)


class Usual(Lean):
    """The same with Textual's own refreshing."""

    focused = Screen.focused
    refresh = Screen.refresh


@pytest.mark.parametrize(("kind", "repaints"), [(Lean, False), (Usual, True)])
async def test_a_part_that_takes_the_keys_paints_the_screen_only_as_textual_does(kind, repaints):
    class Shown(App[None]):
        def on_mount(self):
            self.push_screen(kind())

    async with Shown().run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        screen = pilot.app.screen
        asked = []
        usual = screen._set_dirty
        screen._set_dirty = lambda *regions: asked.append(regions) or usual(*regions)
        screen.set_focus(None)
        await pilot.pause()
        screen.set_focus(screen.query_one(Input))
        await pilot.pause()
        assert screen.focused is screen.query_one(Input)
        assert bool([one for one in asked if not one]) is repaints


async def test_a_part_is_painted_though_a_layout_has_painted_the_screen_meanwhile(monkeypatch):
    class Shown(App[None]):
        def on_mount(self):
            self.push_screen(Lean())

    painted, render = [], LeanCompositor.render_partial_update
    monkeypatch.setattr(
        LeanCompositor, "render_partial_update",
        lambda own: painted.extend(own._dirty_regions) or render(own),
    )  # fmt: skip
    async with Shown().run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        screen, part = pilot.app.screen, pilot.app.screen.query_one(Static)
        painted.clear()
        screen.refresh()
        screen._exchange_repaint_regions()
        part.refresh()
        await pilot.pause()
        assert part.region in painted


async def test_the_bindings_of_keys_are_collected_again_only_for_another_part_or_keymap():
    class Shown(App[None]):
        def on_mount(self):
            self.push_screen(Lean())

    async with Shown().run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        screen, field = pilot.app.screen, pilot.app.screen.query_one(Input)
        screen.set_focus(None)
        seen = [screen._binding_chain]
        assert screen._binding_chain is seen[0]
        for change in (lambda: screen.set_focus(field), lambda: pilot.app.set_keymap({"a": "b"})):
            change()
            assert screen._binding_chain is not seen[-1]
            seen.append(screen._binding_chain)
            usual = Screen._binding_chain.fget(screen)
            assert [node for node, _ in seen[-1]] == [node for node, _ in usual]


@pytest.mark.parametrize("key", ["slash", "w", "J"])
async def test_a_prompt_is_laid_out_once_as_it_opens(terminal, monkeypatch, key):
    laid_out, reflow = [], LeanCompositor.reflow
    monkeypatch.setattr(LeanCompositor, "reflow", lambda *a: laid_out.append(0) or reflow(*a))
    async with terminal("two_weights") as t:
        laid_out.clear()
        await t.press(key)
        assert t.debugger.query(Prompt)
        assert len(laid_out) == 1


@pytest.mark.parametrize("key", ["B", "T", "question_mark"])
async def test_a_list_over_the_screen_is_painted_as_a_whole_once_as_it_opens(
    terminal, monkeypatch, key
):
    painted, render = [], LeanCompositor.render_full_update
    monkeypatch.setattr(
        LeanCompositor, "render_full_update", lambda *a, **o: painted.append(0) or render(*a, **o)
    )
    async with terminal("two_weights") as t:
        painted.clear()
        await t.press(key)
        assert isinstance(t.app.screen, LeanModal)
        assert len(painted) == 1


async def test_a_list_that_opens_slowly_is_not_painted_again_for_the_screen_behind_it(
    terminal, monkeypatch
):
    painted, later, render = [], lean.in_turns, LeanCompositor.render_full_update

    async def slow(work):
        await later(work)
        await asyncio.sleep(0.1)

    monkeypatch.setattr(lean, "in_turns", slow)
    monkeypatch.setattr(
        LeanCompositor, "render_full_update", lambda *a, **o: painted.append(0) or render(*a, **o)
    )
    async with terminal("two_weights") as t:
        painted.clear()
        await t.press("question_mark")
        await t.pilot.pause(0.1)
        assert isinstance(t.app.screen, LeanModal)
        assert len(painted) == 1


async def test_a_change_behind_a_list_is_painted_once_whatever_happens_there_later(terminal):
    painted = []
    async with terminal("two_weights") as t:
        behind = t.debugger
        await t.press("B")
        await t.pilot.pause(0.1)
        top = t.app.screen
        refresh = top.refresh
        top.refresh = lambda *regions, **how: painted.append(regions) or refresh(*regions, **how)
        behind.say("meanwhile")
        for _ in range(3):
            await t.pilot.pause(0.05)
            behind.call_later(lambda: None)
        await t.pilot.pause(0.05)
        assert len(painted) == 1 and "meanwhile" in t.text


@pytest.mark.parametrize("key", ["T", "question_mark", "ctrl+p"])
async def test_the_screen_behind_another_one_looks_as_textual_mixes_it_in_fewer_mixtures(
    terminal, monkeypatch, key
):
    taken, mix = [], BackgroundScreen.process_segments.__func__

    def counted(cls, segments, color):
        segments = list(segments)
        taken.append(len(segments))
        return mix(cls, segments, color)

    async with terminal("two_weights") as t:
        below = t.debugger
        await t.press(key)
        top = t.app.screen
        visible_screen_stack.set([below])
        shown = top.render()
        assert isinstance(shown, BackgroundScreen) and shown.screen is below
        usual = BackgroundScreen(below, shown.color)
        expected = rows_painted(top, usual)
        monkeypatch.setattr(BackgroundScreen, "process_segments", classmethod(counted))
        assert rows_painted(top, shown) == expected
        behind = [segment for strip in below._compositor.render_strips() for segment in strip]
        assert sum(taken) == len({segment.style for segment in behind}) < len(behind) / 4


def rows_painted(screen, behind):
    """Return the cells of what is painted behind a screen's parts."""
    visual = visualize(screen, behind)
    strips = Visual.to_strips(screen, visual, *screen.size, screen.visual_style)
    return [[(cell.text, cell.style) for cell in strip.simplify()] for strip in strips]


async def test_rows_for_a_screen_over_it_are_those_that_textual_makes(terminal):
    async with terminal("two_weights") as t:
        rows, usual = (
            [[(cell.text, cell.style) for cell in strip.simplify()] for strip in strips]
            for strips in (
                t.debugger._compositor.render_strips(),
                Compositor.render_strips(t.debugger._compositor),
            )
        )
        assert rows == usual


class Coloured(LeanScreen):
    """Two parts, one in the other, whose screen has a class at times."""

    def compose(self):
        """Make them."""
        with Vertical():
            yield Static("inside")
        yield Static("beside", id="other")


@pytest.mark.parametrize(
    ("name", "styled"), [("-none", []), ("-thin", ["other"]), ("-red", ["Vertical", "Static"])]
)
async def test_a_class_styles_what_it_changes_and_what_that_is_seen_behind(
    monkeypatch, name, styled
):
    class Styled(App[None]):
        CSS = ".-red Vertical { background: red; } .-thin #other { width: 4; }"

        def __init__(self):
            super().__init__()
            self.stylesheet = LeanStylesheet()
            self.stylesheet.set_variables(self.get_css_variables())

        def on_mount(self):
            self.push_screen(Coloured())

    found, told = [], Widget.notify_style_update
    async with Styled().run_test() as pilot:
        await pilot.pause()
        screen = pilot.app.screen
        monkeypatch.setattr(
            Widget,
            "notify_style_update",
            lambda self: (found.append(self.id or type(self).__name__), told(self))[1],
        )
        screen.set_class(True, name)
        assert [one for one in found if one != "Coloured"] == styled


async def test_a_layout_is_painted_once_with_rows_that_its_parts_made_in_turns(
    terminal, monkeypatch
):
    """The loop is not held up for as long as all parts take."""
    painted, made, later = [], [], lean.in_turns

    async def counted(work):
        await later([made.append(len(painted)) for _ in work])

    monkeypatch.setattr(lean, "in_turns", counted)
    async with terminal("two_weights") as t:
        display = t.app._display
        monkeypatch.setattr(t.app, "_display", lambda *a: painted.append(a[1]) or display(*a))
        await t.press("m")
        shown = [paint for paint in painted if paint is not None]
        assert len(shown) == 1 and made and set(made) == {0}


async def test_what_changes_while_a_layout_is_made_is_painted_with_it(terminal, monkeypatch):
    painted, later, render = [], lean.in_turns, LeanCompositor.render_partial_update

    async def told(work):
        await later(work)
        t.debugger.say("meanwhile")

    def kept(compositor):
        update = render(compositor)
        rows = [] if update is None else update.chops
        painted.append("".join(strip.text for row in rows for strip in row.values()))
        return update

    async with terminal("two_weights") as t:
        monkeypatch.setattr(LeanCompositor, "render_partial_update", kept)
        monkeypatch.setattr(lean, "in_turns", told)
        await t.press("m")
        first, *others = filter(None, painted)
        assert "Jacobian" in first and "meanwhile" in first and not others


async def test_a_layout_being_made_as_other_colours_are_read_is_painted_after_them(
    terminal, monkeypatch
):
    painted, later, reading = [], lean.in_turns, ExitStack()

    async def begun(work):
        await later(work)
        if not painted:
            reading.enter_context(t.app.batch_update())
            painted.append("")

    def kept(screen, update):
        if update is not None and not t.app._batch_count:
            painted.append("".join(one.text for row in update.chops for one in row.values()))

    async with terminal("two_weights") as t:
        monkeypatch.setattr(t.app, "_display", kept)
        monkeypatch.setattr(lean, "in_turns", begun)
        await t.press("m")
        assert painted == [""]
        reading.close()
        t.debugger.refresh(layout=True)
        await t.until(lambda: painted[1:])
        assert "Jacobian" in painted[1]


async def test_a_view_that_takes_the_room_has_the_rows_of_all_panels_made_once(
    terminal, monkeypatch
):
    """They were made for the old sizes first, a whole map of the loss among them."""
    made, make = Counter(), Rows._make_strips

    def counted(rows, size):
        made[type(rows).__name__] += 1
        make(rows, size)

    async with terminal("two_weights") as t:
        for key in ("M", "M", "m", "escape"):
            made.clear()
            monkeypatch.setattr(Rows, "_make_strips", counted)
            await t.press(key)
            monkeypatch.setattr(Rows, "_make_strips", make)
            assert made["LossPanel"] == made["ProgramPanel"] == made["GradientPanel"] == 1, key


def cells(t):
    """Return what stands on the screen, in its colours."""
    t.debugger.say("")
    return [
        [(one.text, one.style) for one in row.simplify()]
        for row in t.debugger._compositor.render_strips()
    ]


async def test_other_colours_are_those_of_a_start_with_them_and_are_not_read_twice(
    terminal, monkeypatch
):
    read, ahead, parse = [], [], lean.parse
    monkeypatch.setattr(lean, "parse", lambda *a, **o: read.append(a[2]) or parse(*a, **o))
    monkeypatch.setattr(around, "_REST", 0.01)
    monkeypatch.setattr(around, "spare", lambda: ahead.append(0))
    async with terminal("two_weights") as t:
        await t.until(lambda: ahead)  # as the styles of other screens are new until then
        dark = cells(t)
        await t.press("f3")
        assert read
        light, colour = cells(t), t.app.styles.color
        await t.press("f3", "f3")
        read.clear()
        await t.press("f3")
        assert cells(t) == dark and not read
    started = GradtuiApp(opened("two_weights"), Display(theme="gradtui-light"))
    async with started.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        t = Terminal(started, pilot)
        await t.settled()
        assert cells(t) == light != dark
        assert started.styles.color == colour  # which other screens inherit
