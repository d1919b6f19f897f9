from __future__ import annotations

from textual.app import App

from gradtui.explain.spans import line, line_text
from gradtui.tui.keys import Keys
from gradtui.tui.shortcuts import BRANCHES
from gradtui.tui.tables import Table
from gradtui.tui.themes import OWN_COLOURS


class Listed(App[None]):
    """A table of twenty numbers, from which `x` removes the chosen one and Enter closes it."""

    CSS = "#table { max-height: 6; }"

    def __init__(self) -> None:
        super().__init__()
        self.numbers, self.gone = [*range(20)], list[int]()
        keys = Keys()
        taken = (BRANCHES[0], BRANCHES[2])
        actions = (lambda at: False, self.remove)
        self.table = Table("Numbers", self.made, taken, actions, keys, chosen=3)

    def get_theme_variable_defaults(self):
        return OWN_COLOURS

    def made(self, chosen):
        marks = ["> " if at == chosen else "  " for at in range(len(self.numbers))]
        rows = [line(f"{mark}{one}") for mark, one in zip(marks, self.numbers, strict=True)]
        return [line("  number"), *rows]

    def remove(self, at: int) -> bool:
        self.gone.append(self.numbers.pop(at))
        return True

    def on_mount(self) -> None:
        self.push_screen(self.table)

    @property
    def shown(self) -> list[str]:
        return [line_text(row).rstrip() for row in self.table._table.visible_rows()]


async def test_the_chosen_row_is_in_view_below_the_header():
    app = Listed()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert app.shown[0] == "  number" and "> 3" in app.shown
        await pilot.press(*"jjjjjjjj")
        assert app.shown[0] == "  number" and app.shown[-1] == "> 11"
        await pilot.press("k", "k")
        assert "> 9" in app.shown and app.shown[-1] == "  11"


async def test_nothing_is_chosen_outside_of_the_table():
    app = Listed()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press(*"kkkkk")
        assert app.table._table.chosen == 0
        await pilot.press(*"j" * 30)
        assert app.table._table.chosen == 19


async def test_a_key_acts_on_the_chosen_row_and_closes_the_table_if_it_says_so():
    app = Listed()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("x", "j", "x")
        assert app.gone == [3, 5] and app.screen is app.table
        await pilot.press("enter")
        assert app.screen is not app.table
