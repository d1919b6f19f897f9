"""The commands that fit what is typed, and going through them."""

import pytest

from gradtui.tui.commands import COMMANDS
from gradtui.tui.keys import Keys
from gradtui.tui.listing import Listing, complete_command


@pytest.fixture
def keys():
    return Keys()


def test_every_command_stands_there_with_its_key_and_what_it_does(keys):
    start, rows = complete_command("", keys, "grad(w)")

    assert start == 0 and [name for name, _ in rows] == [command.id for command in COMMANDS]
    rest = dict(rows)
    assert rest["what-if"].split()[:3] == ["CHANGE", "e", "another"]
    assert rest["focus-previous"].split()[0] == "Shift+Tab"
    assert "{escape}" not in "".join(rest.values())


def test_what_is_typed_begins_a_name_or_else_is_within_one(keys):
    assert [name for name, _ in complete_command("br", keys, "grad(w)")[1]] == [
        "break", "breakpoints", "branches", "branch-before",
    ]  # fmt: skip
    assert [name for name, _ in complete_command("fix", keys, "grad(w)")[1]] == ["fix"]
    assert [name for name, _ in complete_command("branch-", keys, "grad(w)")[1]] == [
        "branch-before"
    ]
    assert [name for name, _ in complete_command("bian", keys, "grad(w)")[1]] == ["jacobian"]


def test_behind_a_name_is_its_argument_or_nothing(keys):
    assert complete_command("goto 1", keys, "grad(w)") == (
        6,
        [("", "STEP: go to a step by its number")],
    )
    assert complete_command("next ", keys, "grad(w)")[1] == []
    ((_, told),) = complete_command("next 1", keys, "grad(w)")[1]
    assert told == "next takes nothing after it"


@pytest.mark.parametrize("typed", ["gra", "zoq 1", "w + 1"])
def test_where_no_command_fits_it_is_said_what_enter_does(keys, typed):
    start, ((name, told),) = complete_command(typed, keys, "grad(w)")
    assert start == len(typed) and name == ""
    name, *more = typed.split()
    said = f"is called '{name}'" if more else f"has '{name}' in its name"
    assert told.startswith(f"no command {said}; ")
    assert told.endswith("Enter prints an expression, such as grad(w)")
    assert complete_command("12", keys, "grad(w)")[1] == [("", "Enter goes to step 12")]


def test_a_list_moves_with_the_choice_and_says_how_much_is_left():
    listing = Listing("the hint")
    listing.fill([(f"c{at}", "does") for at in range(10)])
    assert [text for text, _ in listing.texts(40, 4)] == [
        "  c0 does", "  c1 does", "  c2 does", "  7 more  the hint",
    ]  # fmt: skip
    assert [listing.choose(1) for _ in range(5)] == ["c0", "c1", "c2", "c3", "c4"]
    assert listing.texts(40, 4)[:3] == [
        ("  c2 does", False),
        ("  c3 does", False),
        ("▸ c4 does", True),
    ]
    assert [listing.choose(-1) for _ in range(5)][-1] == "c9"
    assert listing.texts(40, 4)[2] == ("▸ c9 does", True)
    listing.fill([])
    assert listing.choose(1) == "" and listing.texts(40, 4) == []


def test_what_the_chosen_command_does_is_told_whole_and_the_others_are_cut(keys):
    listing = Listing("the hint")
    listing.fill(complete_command("br", keys, "grad(w)")[1])
    assert all(len(text) <= 60 for text, _ in listing.texts(60, 12))
    assert len(listing.texts(60, 12)) == 5 and "…" in listing.texts(60, 12)[0][0]
    listing.choose(1)
    first, second, *_ = listing.texts(60, 12)
    assert first[1] and second[1] and "…" not in first[0] + second[0]
    told = " ".join(text for text, chosen in listing.texts(60, 12) if chosen)
    assert "repeat to remove" in " ".join(told.split())
    assert len(listing.texts(60, 4)) <= 4
    listing.fill(complete_command("surface w", keys, "grad(w)")[1])
    shown = " ".join(" ".join(text for text, _ in listing.texts(60, 12)).split())
    assert shown.startswith("PARAMETERS: the loss surface") and shown.endswith("makes it large")


def test_a_long_sentence_ends_with_its_first_part_until_it_is_chosen(keys):
    listing = Listing("")
    listing.fill(
        complete_command("continue", keys, "grad(w)")[1]
        + complete_command("next", keys, "grad(w)")[1]
    )
    (row, _), *_ = listing.texts(110, 9)
    assert row.endswith("else to the file's last step")
    listing.choose(1)
    assert "the end of the pass" in " ".join(text for text, _ in listing.texts(110, 9))


async def test_the_list_says_where_no_command_fits(terminal):
    async with terminal("two_weights", (80, 24)) as t:
        await t.press("colon", *"gra")
        assert "no command has 'gra' in its name; Enter prints an expression" in t.text
        await t.press("backspace", "backspace", "backspace")
        assert "no command" not in t.text
