from rich.style import Style
from textual.events import Click
from textual.widgets import OptionList

from gradtui.tui.narrowed import NarrowedList


async def test_a_click_on_what_the_list_no_longer_has_is_no_error(terminal):
    async with terminal("two_weights") as t:
        await t.press("o")
        listed = t.app.screen.query_one(OptionList)
        style = Style.from_meta({"option": 90})
        click = Click(listed, 5, 5, 0, 0, 1, False, False, False, style=style)
        await t.type("adam")
        listed.post_message(click)
        await t.pilot.pause()
        assert t.app.screen.query_one(OptionList).option_count < 90
        await t.press("escape", "escape")
        assert t.session.problem.title == "Two weights, one parcel"


async def test_its_rows_are_made_once_as_it_opens_and_again_at_another_width(terminal, monkeypatch):
    made, render = [], NarrowedList.render_line
    monkeypatch.setattr(
        NarrowedList, "render_line", lambda self, y: made.append(y) or render(self, y)
    )
    async with terminal("two_weights") as t:
        await t.press("o")
        assert sorted(made) == list(range(28))
        for width in (90, 130):
            await t.pilot.resize_terminal(width, 40)
            (row,) = (row for row in t.rows if " one_weight " in row)
            assert len(row.rstrip()) == width - 1 and row.rstrip().endswith("│")


async def test_it_has_a_scrollbar_only_where_the_rows_are_more_than_fit(terminal):
    for height, scrolls in ((40, True), (140, False)):
        async with terminal("two_weights", (120, height)) as t:
            await t.press("o")
            assert t.app.screen.query_one(OptionList).show_vertical_scrollbar is scrolls
