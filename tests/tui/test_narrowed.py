from rich.style import Style
from textual.events import Click
from textual.widgets import OptionList


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
