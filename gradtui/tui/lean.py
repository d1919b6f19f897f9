"""A screen that lays out and paints only what has changed. Knows nothing of its parts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual._context import visible_screen_stack
from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.parse import parse
from textual.css.styles import RulesMap
from textual.css.stylesheet import CssSource, Stylesheet
from textual.css.types import CSSLocation
from textual.dom import DOMNode
from textual.events import ScreenResume
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widget import Widget

from gradtui.tui.compositing import LeanCompositor
from gradtui.tui.later import in_turns

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from rich.console import RenderableType
    from textual.binding import BindingsMap

_INHERITED = "background", "background_tint", "color", "opacity", "text_style", "tint"
"""Rules that change what is seen of a widget's children."""


class LeanStylesheet(Stylesheet):
    """Leaves widgets alone whose rules stay, where it is told that nothing else changes."""

    def __init__(self) -> None:
        super().__init__()
        self._given = WeakKeyDictionary[DOMNode, RulesMap]()
        """The rules that each widget was given last."""
        self._recoloured: set[DOMNode] | None = None
        """While it spares the others: the widgets behind whose children a colour has changed."""
        self._parsed: dict[frozenset[tuple[str, str]], LRUCache[Any, list[RuleSet]]] = {}
        """The rules parsed so far, by the values of the variables in them."""

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take the colours of a theme, and the rules already parsed for it; called by Textual."""
        fresh = self._parse_cache = LRUCache[Any, list[RuleSet]](self._parse_cache.maxsize)
        super().set_variables(variables)  # which empties what it has
        self._parse_cache = self._parsed.setdefault(frozenset(variables.items()), fresh)

    def changing(self, variables: dict[str, str]) -> Iterator[None]:
        """Change the colours, parsing all rules for them one at a time."""
        self.set_variables(variables)
        for place, source in list(self.source.items()):
            yield from self._parsing(place, source)
        self.parse()

    def reading(self, path: Path) -> Iterator[None]:
        """Read a file, parsing its rules one at a time."""
        text = path.read_text(encoding="utf-8")
        yield from self._parsing((str(path), ""), CssSource(text, False))
        self.read(path)
        self.parse()

    def reading_of(self, widget: Widget) -> Iterator[None]:
        """Read the default styles of widgets of a kind, parsing their rules one at a time."""
        for place, css, tie_breaker, scope in widget._get_default_css():
            if not self.has_source(*place):
                yield from self._parsing(place, CssSource(css, True, tie_breaker, scope))
            self.add_source(css, place, True, tie_breaker, scope)
        self.parse()

    def _parsing(self, place: CSSLocation, source: CssSource) -> Iterator[None]:
        """Parse rules under the present colours, unless that is done; they are kept with these."""
        css, is_defaults, tie_breaker, scope = source
        kept, key = self._parse_cache, (css, place, is_defaults, tie_breaker, scope)
        if key in kept:
            return
        rules = list[RuleSet]()
        for rule in parse(
            scope, css, place, variable_tokens=self._variable_tokens,
            is_default_rules=is_defaults, tie_breaker=tie_breaker,
        ):  # fmt: skip
            rules.append(rule)
            yield
        kept[key] = rules

    def restyling(self, root: DOMNode) -> Iterator[None]:
        """Style what stands in a part of the screen, one widget at a time."""
        for node in list(root.walk_children(with_self=True)):
            self.update_nodes([node])
            yield

    @contextmanager
    def sparing(self) -> Iterator[None]:
        """Spare the widgets whose rules stay, as classes change under the same theme."""
        self._recoloured = set()
        try:
            yield
        finally:
            self._recoloured = None

    def replace_rules(  # type: ignore[override]
        self, node: DOMNode, rules: RulesMap, animate: bool = False
    ) -> None:
        """Give a widget other rules; called by Textual."""
        before, self._given[node] = self._given.get(node), rules
        if self._recoloured is not None:
            inherits = node._parent in self._recoloured
            if before == rules and not inherits:
                return
            if (
                inherits
                or before is None
                or any(before.get(name) != rules.get(name) for name in _INHERITED)
            ):
                self._recoloured.add(node)
        super().replace_rules(node, rules, animate)


class Still(Widget):
    """A widget whose size on the screen is no reason to lay out all parts a second time."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False, repaint=False)

    def keep_up(self) -> None:
        """Make ahead what a paint would wait for, if its size or its style has changed."""


class LeanScreen(Screen[Any]):
    """A screen covered by its parts, so that it need not be painted when they come and go.

    A layout paints what has moved, and a part paints itself when it gets the keys or loses them.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._compositor: LeanCompositor = LeanCompositor()
        self._laying = False
        """Whether a layout is being made, which is painted when all parts have made their rows."""
        self._chained: tuple[object, list[tuple[DOMNode, BindingsMap]]] = (None, [])
        """What has the keys, with the user's own keys, and the bindings that follow."""

    @property
    def _binding_chain(self) -> list[tuple[DOMNode, BindingsMap]]:
        """The bindings that a key may have, which Textual copies twice at each key."""
        held = self.focused, self.app._keymap
        if held != self._chained[0]:
            self._chained = held, super()._binding_chain
        return self._chained[1]

    def _on_timer_update(self) -> None:
        """Lay out and paint what has changed; called by Textual."""
        waits = not self.is_current or self.app._batch_count
        if self._layout_required and not waits and not self._laying:
            self._laying = True
            self.call_next(self._paint_layout)
        if self._repaint_required and not waits:
            # Textual would forget what the parts ask for, though the screen may ask for less.
            self._repaint_required = False
            self._dirty_widgets.add(self)
        super()._on_timer_update()

    async def _paint_layout(self) -> None:
        """Paint a layout whose parts have made their rows in turns."""
        await in_turns(self._make_rows())
        self._laying = False
        if self.app._batch_count:  # nothing is painted now
            self._layout_required = True
            return
        self._compositor.update_widgets(self._dirty_widgets)
        self._compositor_refresh()

    def _make_rows(self) -> Iterator[None]:
        """Have each part make what the next paint shows of it, one part at a time."""
        # From the first to the last, as some tell what there is to scroll in those before them.
        for part in reversed(list(self._compositor.visible_widgets)):
            if isinstance(part, Still):
                part.keep_up()
                yield
        self._compositor.update_widgets(self._dirty_widgets)
        yield from self._compositor.render_ahead()

    def _compositor_refresh(self) -> None:
        """Paint, but not before a layout is complete; called by Textual."""
        if self._laying:
            return
        over = self.app.screen
        if over is self or not self.is_current:
            super()._compositor_refresh()
            return
        # Textual would have it painted again at each message that the screen behind gets.
        changed, self._compositor._dirty_regions = self._compositor._dirty_regions, set()
        self._dirty_widgets.clear()
        if changed and over.outer_size:  # or all of it will be painted
            over.refresh(*changed)

    def on_screen_suspend(self) -> None:
        """Leave its paint to the screen that opens over it, which shows it; called by Textual."""
        self._repaint_required = False

    def update_node_styles(self, animate: bool = True) -> None:
        """Style the parts for which its classes make a difference; called as they change."""
        sheet = self.app.stylesheet
        with sheet.sparing() if isinstance(sheet, LeanStylesheet) else nullcontext():
            super().update_node_styles(animate)

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Lay out the parts without painting those that stay as they are; called by Textual."""
        repaint = repaint and not layout
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


async def open_once(screen: LeanScreen, event: ScreenResume) -> bool:
    """Lay out a screen when it opens, and have it painted once, where Textual does so twice.

    The layout, the background and the paint have a turn each.  Return whether it opens.
    """
    if screen.outer_size:
        return False
    event.prevent_default()
    screen.stack_updates += 1
    screen.app.stylesheet.apply(screen)  # which was made before its style sheet was read
    with screen.app.batch_update():
        screen._refresh_layout(screen.app.size)
    await asyncio.sleep(0)
    visible_screen_stack.set(screen.app._background_screens)
    screen.render_lines(screen.size.region)
    await asyncio.sleep(0)
    await in_turns(screen._compositor.render_ahead())
    return True


class _Dimmed(BackgroundScreen, Visual):
    """The screen behind another one, with each style mixed once: hundreds of texts share a few."""

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """Return its rows in mixed colours; called by Textual."""
        mixed: dict[RichStyle | None, RichStyle | None] = {}
        ground = style.rich_style
        rows = list[Strip]()
        for strip in self.screen._compositor.render_strips()[:height]:
            row = strip.crop(0, width)
            for _, one, _ in row:
                if one not in mixed:
                    (made,) = self.process_segments([Segment("", one)], self.color)
                    mixed[one] = ground + made.style
            rows.append(Strip([Segment(text, mixed[one]) for text, one, _ in row], row.cell_length))
        return rows

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """Return the width that it takes; called by Textual."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """Return its number of rows; called by Textual."""
        return self.screen.size.height


def mixed_once(behind: RenderableType) -> RenderableType:
    """Return what is behind a screen's parts, made faster if that is another screen."""
    if isinstance(behind, BackgroundScreen):
        return _Dimmed(behind.screen, behind.color)
    return behind


class LeanModal(LeanScreen, ModalScreen[Any]):
    """A screen over another one, which takes long to paint."""

    def render(self) -> RenderableType:
        """Return what is behind its parts; called by Textual."""
        return mixed_once(super().render())

    async def on_screen_resume(self, event: ScreenResume) -> None:
        """Paint once when it opens, after the turn of the layout; called by Textual."""
        await open_once(self, event)
