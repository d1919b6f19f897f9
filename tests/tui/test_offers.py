"""The offers of the last rows: the keys of the moment, and one hint."""

from __future__ import annotations

import pytest

import gradtui
from gradtui.debugger import tour
from gradtui.explain.lesson import keys_named
from gradtui.tui.commands import COMMANDS
from gradtui.tui.keys import Keys
from gradtui.tui.offers import HINTS, Place, footer, hint
from gradtui.tui.panels import PANELS

KEYS = Keys()


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("panel", ["", *PANELS])
def test_the_footer_fits_and_always_names_help_and_quit(panel, width):
    frame = gradtui.load("two_weights").frame
    named = footer(frame, Place(panel, zoomed=False), KEYS, width)
    assert named[-2:] == [("?", "help"), ("q", "quit")]
    assert 1 + sum(len(key) + len(title) + 3 for key, title in named) <= width
    assert ("Esc", "all panels") in footer(frame, Place(panel, zoomed=True), KEYS, width)


def test_the_editor_is_offered_first_where_the_file_has_an_error():
    session = gradtui.load("two_weights")
    assert ("E", "edit") not in footer(session.frame, Place("Graph", zoomed=False), KEYS, 80)
    session.trouble = "two_weights.toml:20:6: error: a value is missing after ="
    assert footer(session.frame, Place("Graph", zoomed=False), KEYS, 80)[0] == ("E", "edit")


def test_a_key_is_offered_once():
    session = gradtui.load("five_parcels")
    session.selection.show_jacobian()
    named = footer(session.frame, Place("Graph", zoomed=False), KEYS, 200)
    assert ("m", "next input") in named
    assert len({key for key, _ in named}) == len(named)


def test_a_hint_is_not_given_again_once_its_command_was_used():
    frame, used = gradtui.load("five_parcels").frame, set[str]()
    seen = []
    while tip := hint(frame, used, (), KEYS):
        seen.append(tip)
        used.add(next(one.id for one in HINTS if one.text in tip))
    assert len(seen) == len(set(seen)) == len(HINTS)


def test_a_hint_is_never_a_key_that_the_footer_shows():
    frame = gradtui.load("five_parcels").frame
    first = HINTS[0]
    assert hint(frame, (), (), KEYS) == f"{KEYS.first(first.id)}: {first.text}"
    assert hint(frame, (), [f"x {KEYS.first(first.id)}"], KEYS).endswith(HINTS[1].text)


def test_a_zoomed_map_does_not_offer_to_be_large():
    session = gradtui.load("five_parcels")
    session.surface.show()
    for zoomed in (False, True):
        named = footer(session.frame, Place("Loss", zoomed=zoomed), KEYS, 200)
        assert (("z", "large") in named) is not zoomed


@pytest.mark.parametrize(("panel", "own"), [
    ("Graph", "select"), ("Gradient", "element"), ("Notes", "watch"), ("Update", "sweep"),
])  # fmt: skip
def test_a_lesson_leaves_room_for_keys_of_the_panel_in_focus(panel, own):
    session = gradtui.load("five_parcels")
    session.guide = None
    tour.begin(session)
    assert session.frame.lesson is not None
    titles = [title for _, title in footer(session.frame, Place(panel, zoomed=False), KEYS, 80)]
    assert own in titles and titles.index(own) < 5


def test_no_panel_is_offered_by_its_digit_while_digits_answer():
    session = gradtui.load("practice")
    titles = [title for _, title in footer(session.frame, Place("", zoomed=False), KEYS, 200)]
    assert "panel" in titles
    tour.begin(session)
    assert session.asking
    titles = [title for _, title in footer(session.frame, Place("", zoomed=False), KEYS, 200)]
    assert "panel" not in titles


@pytest.mark.parametrize("name", ["iris", "rate_deadly_later", "two_weights", "warmup"])
def test_the_keys_that_a_lessons_text_names_are_offered(name):
    session = gradtui.load(name)
    tour.begin(session)
    named = set[str]()
    for place, lesson in enumerate(session.problem.lessons):
        session.guide.answered.add(place)  # an open question holds some up
        tour.enter(session, place)
        shown = footer(session.frame, Place("Graph", zoomed=False), KEYS, 100)
        offered = {key for keys, _ in shown for key in keys.split()}
        commands = {one.id for one in COMMANDS}.intersection(keys_named(session.frame.lesson))
        wanted = {KEYS.first(id) for id in commands}
        assert wanted <= offered, lesson.text
        named |= wanted
    assert len(named) > 1


def test_a_key_that_an_open_question_holds_up_is_not_offered_though_it_is_named(write):
    lesson = '[[lesson]]\ntext = "Press {finish}, {last} or {log}."\nask = "grad(w)"\n'
    session = gradtui.load(write("L = (w*x)**2", more=lesson))
    tour.begin(session)
    session.position = session.order.end
    shown = footer(session.frame, Place("Graph", zoomed=False), KEYS, 200)
    assert ("t", "log scale") in shown and not {"f", "G"} & {key for key, _ in shown}


@pytest.mark.parametrize(("slope", "offered"), [("2*w", False), ("w", True)])
def test_a_finding_is_offered_where_there_is_one(write, slope, offered):
    session = gradtui.load(write("L = w**2", more=f'[backward]\ncode = "dw = {slope}"'))
    session.investigation.judge()
    named = footer(session.frame, Place("Notes", zoomed=False), KEYS, 200)
    assert ("finding" in {title for _, title in named}) is offered


@pytest.mark.parametrize("name", ["two_weights", "five_parcels_rate_0_001"])
def test_the_other_branch_is_offered_on_a_small_screen(name):
    session = gradtui.load(name)
    session.investigation.look()
    session.branches.what_if("lr 0.01", 0)
    named = footer(session.frame, Place("Graph", zoomed=False), KEYS, 80)
    assert (", .", "branch") in named


def test_the_next_finding_is_offered_while_one_is_selected(write):
    model, lines = "a = v*w\nL = a**2", "da = a\ndw = da*v*v\ndv = da*w*w"
    more = f"[backward]\ncode = '''\n{lines}\n'''"
    session = gradtui.load(write(model, "v = 2.0\nw = 3.0", more=more))
    session.investigation.judge()
    session.selection.select(session.problem.graph.names["a"])
    named = footer(session.frame, Place("Notes", zoomed=False), KEYS, 80)
    assert ("F2", "finding") in named


def test_a_lesson_offers_the_rows_of_the_lens_only_under_the_lens():
    session = gradtui.load("five_parcels")
    tour.begin(session)
    place = next(at for at, one in enumerate(session.problem.lessons) if "scroll-right" in one.text)
    tour.enter(session, place)
    frames = [session.frame]
    session.selection.look("1")
    frames.append(session.frame)
    keys = [dict(footer(one, Place("Graph", zoomed=False), KEYS, 120)) for one in frames]
    assert [bool({">", "< >"} & set(one)) for one in keys] == [False, True]


@pytest.mark.parametrize(("change", "step", "offered"), [
    ("momentum 0.9", 4, True), ("lr 0.001", 0, False),
])  # fmt: skip
def test_the_log_scale_is_offered_where_curves_lie_on_the_bottom(change, step, offered):
    session = gradtui.load("two_weights")
    session.branches.what_if(change, step)
    for branch in session.branches:
        branch.history.advance(13)
    named = footer(session.frame, Place("Graph", zoomed=False), KEYS, 120)
    assert (("t", "log scale") in named) is offered
    session.curves.toggle_log()
    named = footer(session.frame, Place("Graph", zoomed=False), KEYS, 120)
    assert ("t", "log scale") not in named
