"""A lesson on the screen: what is done is ticked, and no panel tells what is asked for."""

import re

import pytest
from textual.events import Key

import gradtui
from gradtui.base.source import InputError
from gradtui.debugger.session import Session
from gradtui.debugger.tour import begin, enter, reached, read_answer
from gradtui.explain.spans import line_text
from gradtui.scenario.bundled import find_scenario
from gradtui.scenario.load import load_problem
from gradtui.tui.app import GradtuiApp
from gradtui.tui.keys import Keys
from two_weights import TWO_WEIGHTS

LESSON = f"""{TWO_WEIGHTS}[[lesson]]
text = "Press {{into}}: the prediction comes first."
done = "computed(yhat)"
[[lesson]]
text = "What is left of it?"
ask = "e"
[[lesson]]
text = "What stands under w2?"
ask = "grad(w2)"
hint = "Three factors."
[[lesson]]
text = "Where does it go?"
ask = "w2"
step = 1
[[lesson]]
text = "Do it."
done = "updated()"
"""
# e = 2.317 + 6.382 - 5, ∂L/∂w2 = 2·e·x2, w2 - 0.05·∂L/∂w2, by hand
E, G, W = 3.699, 23.607018, 0.8196491
LOOKS = (
    ("n",), ("G",), ("c",), ("f2",), ("v",), ("v", "v"), ("s", "s", "s"), ("X",), ("x",),
    ("X", "L", "enter"), ("x", "s", "s"), ("m",), ("t",), ("D",), ("J", "3", "enter"), ("p", "p"),
    ("u", "u"), ("f", "f", "f"), ("right_curly_bracket",), ("M",), ("Y",), ("y",),
)  # fmt: skip


@pytest.fixture
def lesson(tmp_path):
    file = tmp_path / "lesson.toml"
    file.write_text(LESSON, encoding="utf-8")
    return str(file)


def said(t):
    """Return what the panel of the lesson says, as if it were wide."""
    notes = t.debugger.query_one("#notes")
    return " ".join(line_text(row) for row in notes.rows_of(notes.frame, 300))


async def test_doing_it_goes_on_and_an_answer_is_judged(terminal, lesson):
    async with terminal(lesson) as t:
        assert "Lesson · 1 of 5" in t.text and "Press s: the prediction comes first." in t.text
        assert (t.session.step, t.session.position) == (0, 0)
        await t.press("s")
        assert "Lesson · 2 of 5" in t.text and "? e = ?" in t.text
        await t.press("enter")
        await t.type("8.699 - 5")
        await t.press("enter")
        assert "Right: e = yhat - y = 8.699 - 5 = 3.699." in said(t)
        await t.press("enter", "enter")
        await t.type("7.398")
        await t.press("enter")
        assert "the factor ∂yhat/∂w2 = 3.191 is missing." in said(t)
        assert "Three factors" not in said(t)
        await t.press("enter", "9", "enter")
        assert "Three factors." in t.text
        await t.press("enter", "8", "enter")
        assert not t.session.asking
        assert "= 7.398 · 1 · 3.191 = 23.607" in said(t)
        await t.press("enter", "backspace")
        assert "Lesson · 3 of 5" in t.text and not t.session.asking


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_task_that_is_skipped_is_done_for_the_learner(terminal, size):
    async with terminal(str(find_scenario("two_weights")), size) as t:
        await t.press("enter")
        parts = t.session.problem.lessons
        while t.session.guide.place < len(parts):
            guide = t.session.guide
            guide.answered.add(guide.place)
            goal, place = guide.lesson.goal, guide.place
            left = goal is not None and not reached(goal, t.session, guide.since)
            await t.press("enter")
            assert guide.place == place + 1
            assert ("skipped, and done for you; Backspace goes back to it" in t.text) == left
            assert goal is None or reached(goal, t.session, guide.since) or goal.done == "updated"
        assert t.session.step == 3 and not guide.ticked & {
            at for at, part in enumerate(parts) if part.goal is not None
        }


async def test_a_view_that_is_skipped_is_left_as_it_is(terminal, tmp_path):
    file = tmp_path / "view.toml"
    text = '[[lesson]]\ntext = "Look."\ndone = "view(surface)"\n[[lesson]]\ntext = "See."\n'
    file.write_text(LESSON.partition("[[lesson]]")[0] + text)
    async with terminal(str(file)) as t:
        await t.press("enter")
        assert "skipped; Backspace goes back to it" in t.text and "6 Loss" in t.text
        await t.press("backspace", "M", "enter")
        assert "skipped" not in t.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_first_part_offers_no_way_back(terminal, size):
    async with terminal(str(find_scenario("two_weights")), size) as t:
        assert "lesson back" not in t.text
        await t.press("backspace")
        assert "this is the first part of the lesson" in t.text
        await t.press("enter")
        assert ("lesson back" in t.rows[-1]) == (size[0] > 80), "where there is room"


async def test_a_lesson_that_is_off_is_said_to_be_off(terminal):
    async with terminal(str(find_scenario("five_parcels"))) as t:
        for _ in range(2):
            await t.press("colon")
            await t.type("lesson off")
            await t.press("enter")
            assert "the lesson is off; `:lesson` begins it again" in t.text
        await t.press("backspace")
        assert "the lesson is off" in t.text
    async with terminal("five_parcels") as t:
        await t.press("backspace")
        assert "this scenario has no lesson" in t.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize(("place", "number"), [(1, E), (2, G), (3, W)])
async def test_what_is_asked_for_is_shown_on_no_panel(terminal, lesson, size, place, number):
    async with terminal(lesson, size) as t:
        t.session.watch("grad(w2)")
        t.session.watch("w2")
        await t.press("s")
        guide = t.session.guide
        for at in range(1, place):
            guide.answered.add(at)
            await t.press("enter")
        assert guide.place == place and t.session.asking
        for keys in LOOKS:
            await t.press(*keys)
            assert t.session.asking
            assert f"{number:.4g}"[:4] not in t.text, keys
            await t.press("escape")


async def test_nothing_further_on_is_reached_and_what_was_is_left_free(terminal, lesson):
    async with terminal(lesson) as t:
        await t.press("s", "n")
        assert (t.session.step, t.session.position) == (0, 1)
        assert "answer first" in t.text
        await t.press("F")
        assert t.session.position == 0
        await t.press("enter")
        await t.type("grad(w2)/6")
        await t.press("enter")
        assert "this is not computed yet" in t.text


async def test_a_question_is_about_the_step_of_its_text_wherever_the_cursor_is(terminal, lesson):
    async with terminal(lesson) as t:
        await t.press("n")
        assert "Lesson · 2 of 5" in t.text and (t.session.step, t.session.position) == (0, 1)
        await t.press("enter")
        await t.type("3.699")
        await t.press("enter")
        assert "Right: e = yhat - y = 8.699 - 5 = 3.699." in said(t)


async def test_the_step_of_a_question_is_said_where_the_cursor_is_at_another(terminal, tmp_path):
    file = tmp_path / "ahead.toml"
    parts = '[[lesson]]\ntext = "Go on."\ndone = "step >= 2"\n[[lesson]]\ntext = "?"\nask = "e"\n'
    file.write_text(LESSON.partition("[[lesson]]")[0] + parts)
    async with terminal(str(file)) as t:
        await t.press("enter", "g")
        assert "? e at step 2 = ?" in t.text
        await t.press("n", "n")
        assert t.session.step == 2 and "? e = ?" in t.text


@pytest.mark.parametrize("keys", [("a",), ("D",), ("enter", "escape", "a"), ("f", "f", "D")])
async def test_the_right_lines_are_shown_after_the_last_question(terminal, keys):
    async with terminal(str(find_scenario("update_uphill"))) as t:
        await t.settled()
        await t.press(*keys)
        assert "the findings are shown after the lesson's last question" in t.text
        assert len(t.session.branches) == 1
        guide = t.session.guide
        guide.answered |= set(range(len(guide.lessons)))
        await t.press(keys[-1])
        assert len(t.session.branches) == 2


@pytest.mark.parametrize("line", ["what-if drive autodiff", "what-if lr 0.1, drive autodiff",
                                  "sweep drive hand autodiff"])  # fmt: skip
async def test_no_branch_is_driven_by_the_true_gradients_before_the_last_question(terminal, line):
    async with terminal(str(find_scenario("update_uphill"))) as t:
        await t.settled()
        guide = t.session.guide
        t.debugger.run_line(line)
        await t.pilot.pause()
        assert "the findings are shown after the lesson's last question" in t.text
        assert len(t.session.branches) == 1 and t.session.branches.sweep is None
        guide.answered |= set(range(len(guide.lessons)))
        await t.press("escape")
        t.debugger.run_line(line)
        await t.pilot.pause()
        assert len(t.session.branches) == 2 or t.session.branches.sweep is not None


async def test_an_answer_is_judged_by_the_run_of_the_file(terminal):
    async with terminal(str(find_scenario("update_uphill"))) as t:
        t.session.branches.toggle_drive()
        await t.press("f", "f")
        assert t.session.branches.current is not t.session.branches.root and t.session.asking
        await t.press("enter")
        await t.type("0.4")
        await t.press("enter")
        assert t.session.asking and "do what the line says" in said(t)
        await t.type("1.6")
        await t.press("enter")
        assert "Right: w1 at step 1" in said(t)


async def test_the_graph_tells_no_derivative_of_the_loss_that_is_asked_for_later(terminal):
    async with terminal(str(find_scenario("one_weight"))) as t:
        await t.press("s", "enter", "1", "enter", "enter", "s")
        assert not t.session.asking and t.session.frame.lesson.place == 2
        frame, names = t.session.frame, t.session.problem.graph.names
        assert frame.computed(names["L"]) and not frame.local_known(names["yhat"], names["L"])
        await t.press("s", "enter", "2", "enter", "enter")
        # what has been told stays told while the next question is open
        assert t.session.asking and t.session.frame.local_known(names["yhat"], names["L"])
        await t.press("s")
        assert t.session.frame.local_known(names["yhat"], names["L"])


async def to_the_second_question(t):
    """Do the first step, answer the question after it, and try at the next one."""
    await t.press("s", "enter")
    await t.type("3.699")
    await t.press("enter", "enter", "enter", "9", "enter")
    assert "Lesson · 3 of 5" in t.text and "9: not that. Try again." in said(t)
    await t.press("escape")


async def test_after_a_wrong_answer_the_next_one_is_typed_at_once(terminal, lesson):
    async with terminal(lesson, (80, 24)) as t:
        await t.press("s", "enter", "6", "enter", "0", ".", "5", "enter", "enter")
        assert t.session.asking and t.session.guide.tries == 2
        assert t.session.surface.window is None and not t.debugger.has_class("-zoomed")
        await t.type("3.699")
        await t.press("enter", "enter")
        assert "Lesson · 3 of 5" in t.text and not t.debugger.query("Prompt")


@pytest.mark.parametrize("typed", ["3.699", "-4", ".5", "0.5", "8.699 - 5", "7"])
async def test_a_number_is_typed_as_the_answer_at_once(terminal, lesson, typed):
    async with terminal(lesson, (80, 24)) as t:
        await t.press("s", "M")
        await t.type(typed)
        assert t.app.screen.focused.value == typed
        assert not t.debugger.has_class("-zoomed") and len(t.session.branches) == 1
        window = t.session.surface.window
        await t.press("enter")
        assert ("Right: e" in said(t)) == (typed in ("3.699", "8.699 - 5"))
        assert t.session.surface.window == window


async def test_a_repaint_keeps_what_is_said_and_that_the_next_digit_opens_a_panel(terminal, lesson):
    async with terminal(lesson, (80, 24)) as t:
        await t.press("s", "escape", "ctrl+l")
        assert "the next digit opens a panel" in t.text
        await t.press("f5", "5")
        assert t.debugger.query_one("#program").has_class("-zoom")


@pytest.mark.parametrize("keys", [("escape",), ("5", "escape"), ("enter", "escape"),
                                  ("j", "escape"), ("slash", "escape")])  # fmt: skip
async def test_after_escape_a_digit_opens_a_panel_and_the_next_one_answers(terminal, lesson, keys):
    async with terminal(lesson, (80, 24)) as t:
        await t.press("s")
        assert "Esc then 3 Chain 4 Update 5 Program 6 Loss" in t.text
        await t.press(*keys)
        assert "the next digit opens a panel; after it digits answer again" in t.text
        await t.press("5")
        assert "the next digit" not in t.text and not t.debugger.query("Prompt")
        assert t.debugger.query_one("#program").has_class("-zoom")
        await t.press("escape", "3")
        assert t.app.screen.focused.value == "3" and "5 Program ─" not in t.text
        await t.press("escape", "n", "6")
        assert t.app.screen.focused.value == "6"


@pytest.mark.parametrize("keys", ["s3", "s3.699\r", "s\r3.699\r"])
async def test_keys_that_come_fast_answer_as_slow_ones_do(terminal, lesson, keys):
    names = {"\r": "enter", ".": "full_stop"}
    async with terminal(lesson, (80, 24)) as t:
        for char in keys:
            t.app.post_message(Key(names.get(char, char), char))
        if keys[-1] == "\r":
            await t.until(lambda: "Right: e" in said(t))
        else:
            await t.until(lambda: t.debugger.query("Prompt"))
            assert t.app.screen.focused.value == "3"
        assert t.session.surface.window is None and not t.debugger.has_class("-zoomed")


async def test_a_panel_in_the_way_gives_way_to_an_answer_typed_at_once(terminal, lesson):
    async with terminal(lesson, (80, 24)) as t:
        await t.press("s", "escape", "4")
        assert t.debugger.has_class("-zoomed") and "Lesson" not in t.text
        await t.press("9", "enter")
        assert "9: not that. Try again." in t.text


async def test_without_a_question_digits_open_panels_as_ever(terminal, lesson):
    async with terminal(lesson, (80, 24)) as t:
        assert "Esc then" not in t.text
        await t.press("5")
        assert t.debugger.query_one("#program").has_class("-zoom")


async def test_a_digit_that_the_user_gave_to_a_command_stays_there(lesson):
    app = GradtuiApp(gradtui.load(lesson), keys=Keys({"next": ("1",), "panel-1": ("f8",)}))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s", "1")
        assert not app.screen.query("Prompt") and "answer first" in app.screen.session.message
        await pilot.press("2")
        assert app.screen.query("Prompt")


async def test_what_is_large_gives_way_to_what_is_said_of_an_answer(terminal, lesson):
    async with terminal(lesson, (80, 24)) as t:
        await t.press("s", "escape", "4")
        assert t.debugger.has_class("-zoomed") and "Lesson" not in t.text
        await t.press("enter", "9", "enter")
        assert "9: not that. Try again." in t.text
        await t.press("0")
        assert t.app.screen.focused.value == "0"


async def test_a_hint_may_name_a_key(terminal, tmp_path):
    file = tmp_path / "hint.toml"
    file.write_text(LESSON.replace("Three factors.", "{print} has the factors."))
    async with terminal(str(file)) as t:
        await to_the_second_question(t)
        await t.press("enter", "8", "enter")
        assert "P has the factors." in said(t)


async def test_going_back_gives_no_tries_back(terminal, lesson):
    async with terminal(lesson) as t:
        await to_the_second_question(t)
        await t.press("backspace", "enter")
        assert "Lesson · 3 of 5" in t.text and t.session.guide.tries == 1
        await t.press("enter", "8", "enter", "7", "enter")
        assert not t.session.asking and "= 23.607" in said(t)


@pytest.mark.parametrize("size", [(80, 24), (80, 34), (120, 40)])
@pytest.mark.parametrize("keys", [("L",), ("m",), ("M",), ("L", "M")])
async def test_what_there_is_to_do_stays_in_view_beside_what_is_looked_at(
    terminal, lesson, size, keys
):
    async with terminal(lesson, size) as t:
        t.session.guide.answered |= {1, 2, 3}
        await t.press("f", "f", *keys)
        assert "Lesson · 2 of 5" in t.text and "Enter go on" in t.text
        await t.press("escape", "M" if "M" in keys else "j")
        assert "1 Graph ─" in t.text


@pytest.mark.parametrize("size", [(80, 24), (80, 30), (100, 36)])
@pytest.mark.parametrize("name", ["softmax_classifier", "transformer_block", "grad_network"])
async def test_a_high_graph_leaves_the_lesson_its_rows_on_a_low_screen(terminal, name, size):
    async with terminal(str(find_scenario(name)), size) as t:
        notes = t.debugger.query_one("#notes").size
        assert notes.height >= (6 if notes.width > 70 else 9)
        await t.press("enter")
        assert "? " in t.text and "or Enter and" in t.text


async def test_the_next_step_of_a_lesson_comes_into_view_after_a_finding(terminal):
    async with terminal(str(find_scenario("grad_extra_factor")), (80, 24)) as t:
        guide = t.session.guide
        guide.answered |= set(range(len(guide.lessons)))
        await t.settled()
        await t.press("c", "f2")
        assert "↑ " in t.debugger.query_one("#notes").border_subtitle
        await t.press("enter")
        assert "✓▸" in t.text or "○▸" in t.text


async def test_what_is_so_already_is_said_to_be(terminal, lesson):
    async with terminal(lesson) as t:
        await t.press("s", "backspace")
        assert "Lesson · 1 of 5" in t.text and "already done: Enter goes on" in said(t)
        await t.press("S")
        assert "already done" not in said(t)


async def test_leaving_keeps_the_place_the_answers_and_the_score(terminal, lesson):
    async with terminal(lesson) as t:
        await to_the_second_question(t)
        assert t.app.save() == ""
    async with terminal(lesson) as t:
        await t.pilot.pause()
        assert "Lesson · 1 of 5" in t.text
        assert "left at step 0, part 3 of the lesson: U resumes there" in t.text
        await t.press("U")
        await t.settled()
        assert "Lesson · 3 of 5" in t.text and "✓✓▸○○" in t.text
        assert t.session.asking and t.session.position == 1
        guide = t.session.guide
        assert (guide.right, guide.answered, guide.tries) == ({1}, {1}, 1)
        await t.press("U")
        assert "Lesson · 1 of 5" in t.text


async def test_a_finished_lesson_has_no_part_too_many_when_it_is_resumed(terminal, lesson):
    async with terminal(lesson) as t:
        enter(t.session, 5)
        assert t.app.save() == ""
    async with terminal(lesson) as t:
        await t.pilot.pause()
        assert "left at step 0, the lesson finished: U resumes there" in t.text


async def test_a_lesson_that_was_left_stays_left_until_it_is_asked_for(terminal, lesson):
    async with terminal(lesson) as t:
        t.debugger.run_line("lesson off")
        assert t.app.save() == ""
    async with terminal(lesson) as t:
        assert "left at step 0, the lesson off: U resumes there" in t.text
        await t.press("U")
        await t.settled()
        assert t.session.guide is None and "7 Notes" in t.text
        await t.press("R")
        await t.settled()
        assert t.session.guide is None
        t.debugger.run_line("lesson")
        await t.pilot.pause()
        assert "Lesson · 1 of 5" in t.text and t.session.position == 0


async def test_a_lesson_that_was_not_touched_is_not_kept(terminal, lesson, state_folder):
    async with terminal(lesson) as t:
        assert t.app.save() == ""
        assert not list((state_folder / "sessions").glob("*"))


async def test_a_reload_keeps_the_place_and_fewer_lessons_do_no_harm(terminal, lesson):
    async with terminal(lesson) as t:
        await to_the_second_question(t)
        with open(lesson, "w", encoding="utf-8") as file:
            file.write(LESSON.replace("Three factors.", "Three of them."))
        await t.press("R")
        await t.settled()
        assert "Lesson · 3 of 5" in t.text and t.session.position == 1
        await t.press("enter", "8", "enter")
        assert "Three of them." in said(t)
        with open(lesson, "w", encoding="utf-8") as file:
            file.write(LESSON.partition('[[lesson]]\ntext = "What is left')[0])
        await t.press("escape", "R")
        await t.settled()
        assert "Lesson · done" in t.text and not t.session.asking
        with open(lesson, "w", encoding="utf-8") as file:
            file.write(LESSON.partition("[[lesson]]")[0])
        await t.press("R")
        await t.settled()
        assert "Lesson" not in t.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-3,6", "write a number with a point, no commas or spaces, such as -3.6 or 1000"),
        ("1 000", "write a number with a point, no commas or spaces"),
        ("1,000.5", "write a number with a point, no commas"),
        ("1/0", "expected a number, this is inf"),
        ("grad", "this has shape"),
        ("prev(w2)", "this is not computed yet"),
        ("ŷ*2", "is not part of the language"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_refused_and_costs_no_try(
    terminal, lesson, typed, said
):
    async with terminal(lesson) as t:
        await t.press("s")
        with pytest.raises(InputError, match=re.escape(said)):
            read_answer(typed, t.session)
        t.debugger.run_line(f"lesson {typed}")
        await t.pilot.pause()
        assert said in t.text and t.session.guide.tries == 0


@pytest.mark.parametrize(("name", "place"), [("two_weights", 6), ("grad_two_weights", 4)])
def test_a_gradient_by_its_short_name_is_to_be_worked_out(name, place):
    session = Session(load_problem(find_scenario(name)))
    begin(session)
    enter(session, place - 1)
    with pytest.raises(InputError, match="not computed yet: work it out"):
        read_answer("dw2", session)
    assert read_answer("18", session) == 18
    session.guide = None
    session.position = session.order.backward
    if name == "two_weights":
        with pytest.raises(InputError, match=r"write grad\(w2\)"):
            read_answer("dw2", session)


@pytest.mark.parametrize(
    ("ask", "kept"), [('"w2"\nstep = 1', "= 0.819649"), ('"L"\nstep = 1', "The curve.")]
)
async def test_what_is_asked_for_later_is_not_shown_ahead_of_the_cursor(
    terminal, tmp_path, ask, kept
):
    file = tmp_path / "later.toml"
    first = '[[lesson]]\ntext = "Look around."\n'
    file.write_text(f"{LESSON.partition('[[lesson]]')[0]}{first}{first}ask = {ask}\n")
    async with terminal(str(file), (120, 40)) as t:

        def shown():
            curve = "The curve." * ("hidden until you answer" not in t.text)
            return kept in t.text + curve

        await t.press("f", "f")
        assert (t.session.position, t.session.asking) == (t.session.order.backward, False)
        assert "23.607" in t.text and not shown()
        await t.press("enter", "enter", "1", "enter", "2", "enter", "3", "enter", "escape")
        assert not t.session.asking and shown()


async def test_a_step_later_than_a_question_hides_nothing(terminal, tmp_path):
    file = tmp_path / "later.toml"
    parts = '[[lesson]]\ntext = "Look around."\n[[lesson]]\ntext = "And w2?"\n'
    file.write_text(f'{LESSON.partition("[[lesson]]")[0]}{parts}ask = "w2"\nstep = 1\n')
    async with terminal(str(file), (120, 40)) as t:
        await t.press("f", "f")
        assert " - 0.05·" not in t.text
        await t.press("n", "n")
        assert "w1  0.618692 - 0.05·5.28175" in t.text


@pytest.mark.parametrize("ask", ['"w2"\nstep = 2', '"L"\nstep = 1', '"grad(w2)"\nstep = 1'])
async def test_an_update_that_tells_nothing_of_a_question_is_shown(terminal, tmp_path, ask):
    file = tmp_path / "later.toml"
    file.write_text(f'{LESSON.partition("[[lesson]]")[0]}[[lesson]]\ntext = "And?"\nask = {ask}\n')
    async with terminal(str(file), (120, 40)) as t:
        await t.press("f", "f")
        assert t.session.asking and t.session.step == 0
        assert "2 - 0.05·23.607" in t.text


async def test_the_next_rate_is_not_shown_ahead_of_a_question_for_it(terminal, tmp_path):
    file = tmp_path / "rate.toml"
    plain = LESSON.partition("[[lesson]]")[0]
    more = '[schedule]\nname = "plateau"\nfactor = 0.37\npatience = 0\nthreshold = 0.99\n'
    file.write_text(f'{plain}{more}[[lesson]]\ntext = "And?"\nask = "lr"\nstep = 2\n')
    async with terminal(str(file), (120, 60)) as t:
        await t.press("n", "n", "n")
        assert t.session.asking and t.session.step == 1
        assert "0.0185" not in t.text
        await t.press("enter", "1", "enter", "enter", "2", "enter", "enter", "3", "enter", "escape")
        assert not t.session.asking and "0.0185" in t.text


async def test_what_is_refused_can_be_rubbed_out(terminal, lesson):
    async with terminal(lesson) as t:
        await t.press("s", "enter")
        await t.type("3,7")
        await t.press("enter", "backspace", "backspace", "backspace")
        assert t.app.screen.focused.value == ""
        await t.type("2*ee")
        await t.press("enter", "backspace")
        assert t.app.screen.focused.value == "2*e"


async def test_the_key_of_a_command_that_begins_no_expression_leaves_the_open_answer(
    terminal, lesson
):
    async with terminal(lesson) as t:
        await t.press("s", "enter", "exclamation_mark")
        assert not t.app.screen.query("Prompt")
        await t.press("enter", "6", "slash", "2")
        assert t.session.guide.tries == 0
        assert t.app.screen.focused.value == "6/2"  # a division, once something is typed


async def test_the_key_of_a_command_as_the_answer_is_told_to_be_one(terminal, lesson):
    async with terminal(lesson) as t:
        await t.press("s", "enter", "n", "enter")
        assert "n is no number; for the key n (next), leave the answer with Esc" in t.text
        assert t.session.guide.tries == 0
        await t.press("backspace")
        await t.type("nn")
        await t.press("enter")
        assert "a number is asked for, such as 3 or -0.5; ? gives a hint" in t.text


async def test_escape_at_a_question_draws_one_frame(terminal, lesson, monkeypatch):
    async with terminal(lesson) as t:
        await t.press("s")
        assert t.session.asking
        drawn, show = [], t.debugger.show_frame
        monkeypatch.setattr(t.debugger, "show_frame", lambda: drawn.append(show()))
        await t.press("escape")
        assert "the next digit opens a panel" in t.text and len(drawn) == 1


async def test_the_footer_offers_no_move_that_an_open_question_holds_up(terminal, lesson):
    async with terminal(lesson) as t:
        assert "n N step" in t.rows[-1] and "s S into" in t.rows[-1]
        await t.press("s")
        assert t.session.asking
        assert "n N" not in t.rows[-1] and "continue" not in t.rows[-1] and "S back" in t.rows[-1]
        await t.press("S")
        # nothing is computed here, so that nothing lies before it
        assert "s into" in t.rows[-1] and "n N" not in t.rows[-1] and " S " not in t.rows[-1]


async def test_at_the_start_of_a_lesson_that_asks_at_once_nothing_goes_back(terminal):
    async with terminal(str(find_scenario("practice")), (80, 24)) as t:
        assert t.session.asking and not t.session.position
        assert "Enter answer" in t.rows[-1] and "S back" not in t.rows[-1]


async def test_the_hint_tells_how_a_number_without_another_way_comes_about(terminal, tmp_path):
    file = tmp_path / "rate.toml"
    ask = 'text = "And then?"\nask = "lr"\nstep = 1\nhint = "A tenth of 0.05."\n'
    schedule = '[schedule]\nname = "exponential"\ngamma = 0.1\n'
    file.write_text(LESSON.partition("[[lesson]]")[0] + schedule + "[[lesson]]\n" + ask)
    async with terminal(str(file)) as t:
        await t.press("enter", "1", "enter", "2", "enter", "3", "enter")
        assert "3: not that. A tenth of 0.05. lr at step 1 = 0.005." in said(t)


def test_an_answer_is_a_number_or_an_expression_with_the_screens_own_signs(write):
    code = "yhat = w*x\ne = yhat - 5\nL = e**2"
    more = '[labels]\nyhat = "ŷ"\n[[lesson]]\ntext = "t"\nask = "e"\n'
    session = Session(load_problem(write(code, more=more)))
    begin(session)
    session.position = 1
    for typed, number in (
        ("1/3", 1 / 3), ("1e-5", 1e-5), ("−3.6", -3.6), ("ŷ − 5", 1), ("2·3×yhat", 36), ("+18", 18),
        ("–3.6", -3.6), ("(yhat−5)²", 1), ("6÷3", 2),
    ):  # fmt: skip
        assert read_answer(typed, session) == pytest.approx(number)


def test_what_is_only_read_is_ticked_as_one_goes_on(write):
    more = '[[lesson]]\ntext = "Read."\n[[lesson]]\ntext = "Do."\ndone = "step >= 1"\n' * 2
    session = Session(load_problem(write("L = (w*x)**2", more=more)))
    begin(session)
    for place in (1, 2, 1, 2, 3, 4):
        enter(session, place)
    assert session.guide.ticked == {0, 2} and session.guide.lesson is None


async def test_a_lesson_can_be_left(terminal, lesson):
    async with terminal(lesson) as t:
        assert ":lesson off leaves it" in said(t)
        await t.press("s", "colon")
        await t.type("lesson off")
        await t.press("enter")
        assert t.session.guide is None and "Lesson" not in t.text.split("the lesson is off")[0]
        assert "23.607" in t.text and t.session.position == t.session.order.backward
        await t.press("n")
        assert t.session.step == 1


async def test_only_the_end_of_a_lesson_looks_for_its_name(terminal, monkeypatch):
    monkeypatch.setattr("gradtui.tui.lessons.name_of", None)
    async with terminal("five_parcels") as t:
        await t.press("n")
        assert t.session.step == 1


async def test_where_the_lesson_is_out_of_sight_it_is_said_that_it_goes_on(terminal, lesson):
    told = "done: Esc shows how the lesson goes on"
    async with terminal(lesson, (80, 24)) as t:
        await t.press("3", "s")
        assert told in t.text and "Lesson · " not in t.text
        await t.press("escape")
        assert "Lesson · 2 of 5" in t.text
    async with terminal(lesson, (80, 24)) as t:
        await t.press("s")
        assert told not in t.text and "Lesson · 2 of 5" in t.text


@pytest.mark.parametrize("opened", [[], ["enter"]])
async def test_a_question_mark_gives_the_hint_and_then_the_answer_with_its_way(
    terminal, lesson, opened
):
    async with terminal(lesson, (80, 24)) as t:
        await t.press("s", *opened)
        assert "? hint" in t.text
        await t.press("question_mark")
        assert "A hint: " in t.text and "? for the answer" in t.text
        assert t.session.guide.question is not None and t.app.screen.query("Prompt")
        await t.press("question_mark")
        assert "The answer: e = yhat - y = 8.699 - 5 = 3.699." in said(t)
        assert t.session.guide.question is None and not t.session.guide.right
        assert not t.app.screen.query("Prompt")


async def test_words_and_the_command_ask_for_a_hint_too(terminal, lesson):
    async with terminal(lesson) as t:
        await t.press("s", "enter")
        await t.type("I don't know")
        await t.press("enter")
        assert "A hint: " in t.text
        await t.press("escape", "H")
        assert "The answer: " in t.text


async def test_after_a_hint_the_number_is_right_but_not_at_the_first_try(terminal, lesson):
    async with terminal(lesson) as t:
        await t.press("s", "question_mark")
        await t.type("3.699")
        await t.press("enter")
        assert "Right: " in t.text and not t.session.guide.right


async def test_the_key_for_a_hint_is_that_of_the_help_where_nothing_is_asked(terminal, lesson):
    async with terminal(lesson) as t:
        await t.press("question_mark")
        assert "TRAINING STEPS" in t.text
        await t.press("escape", "H")
        assert "no question is open" in t.text
        await t.press("s")
        assert "F1 help" in t.text and "? help" not in t.text
        await t.press("escape", "question_mark")
        assert "TRAINING STEPS" in t.text
        await t.press("escape", "f1")
        assert "TRAINING STEPS" in t.text
