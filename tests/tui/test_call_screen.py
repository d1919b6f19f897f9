"""One call of somebody's code on the screen: its source, its values, and what it has no use for."""

import time
from contextlib import nullcontext

import numpy as np
import pytest
from msgspec.structs import replace

import gradtui
from debugger import looped
from gradtui.cli.running import trace_code
from gradtui.debugger.session import SINGLE
from gradtui.tui.app import GradtuiApp
from gradtui.tui.commands import COMMANDS
from tracing.runs import NET
from tui.conftest import Terminal


@pytest.fixture
def call(tmp_path, monkeypatch):
    file = tmp_path / "net.py"
    monkeypatch.chdir(tmp_path)

    def app(factor="2", *, at_once=False):
        file.write_text(NET.replace("FACTOR", factor))
        return GradtuiApp(trace_code("net.py:case", at_once=at_once))

    return app


@pytest.fixture
def searching(call, monkeypatch):
    """Open a call whose search for the wrong line goes on for ever."""

    def endless(runs, *given):
        for _ in range(1234):
            runs.progress.counts()
        time.sleep(600)

    monkeypatch.setattr("gradtui.diagnosis.recorded.faults.blamed_on_fewer", endless)
    return lambda: call("3", at_once=True)


async def test_the_source_stands_beside_its_values_and_the_claims_beside_the_truth(call):
    async with call().run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()

        text = terminal.text
        assert "net.py:case" in text and "one call" in text
        assert "case, net.py: forward" in text and "Update" not in text and "Loss" not in text
        assert any("8  e = X @ w - y" in row and "[-2 -3 -4]" in row for row in terminal.rows)
        assert "by hand" in text and "one claim compared and right" in text


def through_round(v, w):
    q = np.round(4 * w)
    return v * q, {"v": q, "w": 4 * v}


async def test_a_gradient_that_is_another_on_purpose_is_marked_as_noted_and_not_as_right():
    session = gradtui.trace(through_round, v=np.array(0.5), w=np.array(0.3))
    async with GradtuiApp(session).run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        assert "v    0.5     1      1 ✓" in terminal.text
        assert "w    0.3     0      2 i" in terminal.text
        assert "one claim compared and right" in terminal.text


async def test_a_key_folds_the_loop_at_the_cursor_which_is_then_passed_at_once():
    session = looped.session()
    async with GradtuiApp(session).run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        await pilot.press("5")
        assert "Z fold loop" in terminal.rows[-1]
        await pilot.press("Z")
        await terminal.settled()
        assert "▸ for k in reversed(range(3)): …  # 2 lines" in terminal.text
        inside = "     dv = dv + 1"
        assert "rounds 1 to 3 of 3" in terminal.text and inside not in terminal.text
        await pilot.press("S")
        await terminal.settled()
        assert "▸ dw = dv = 0 * w" in terminal.text
        await pilot.press("s", "Z")
        await terminal.settled()
        assert inside in terminal.text


@pytest.mark.parametrize("lines", [5, 6, 7, 8])
async def test_below_the_line_of_a_finding_the_next_ones_stay_in_view(tmp_path, lines):
    (tmp_path / "long.py").write_text(
        "import numpy as np\n\n\ndef case(w=np.array([1.0, 2.0])):\n"
        + "".join(f"    a{at} = w + {at}\n" for at in range(lines))
        + "    dw = 3 * w\n    b = dw.copy()\n    c = b.copy()\n    return np.sum(w**2), {'w': c}\n"
    )
    app = GradtuiApp(trace_code(f"{tmp_path / 'long.py'}:case"))
    async with app.run_test(size=(80, 24)) as pilot:
        terminal = Terminal(app, pilot)
        await terminal.settled()
        await terminal.press("g", "f2")
        assert "▸ dw = 3 * w" in terminal.text
        assert "return np.sum(w**2)" in terminal.text


async def test_p_asks_for_the_name_at_the_cursor_and_shows_what_the_code_holds(call):
    async with call("4").run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        await terminal.press("F", "s", "s", "P")
        assert "print: de" in terminal.text

        await terminal.press("enter")
        assert (
            "de [3]  [-2.66667 -4 -5.33333]  line 10  true: grad(e) [-1.33333 -2 -2.66667]"
            in terminal.text
        )


async def test_a_line_that_is_wrong_only_through_another_is_marked_so(call):
    async with call("4").run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()

        ends = [row.split("│")[1].strip() for row in terminal.rows if "│ 1" in row]
        assert ends[0].startswith("10  de = ") and ends[0].endswith("✗")
        assert ends[1].startswith("11▸ return loss") and ends[1].endswith("↳")
        assert any("w[0]" in row and "↳" in row for row in terminal.rows)


async def test_what_is_wrong_is_shown_while_its_line_is_searched_for(searching):
    async with searching().run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.until(lambda: "1,234 edits tried … Ctrl+C stops" in terminal.text)

        assert "the gradient of w[1]" in terminal.text and "Ctrl+C" in terminal.text
        assert any("w[0]" in row and "✗" in row for row in terminal.rows)
        await terminal.press("F", "F", "s")
        assert any("8▸ e = X @ w - y" in row for row in terminal.rows)
        await terminal.press("W")
        assert "still searching for the wrong line" in terminal.text


async def test_ctrl_c_ends_the_search_and_keeps_what_is_known(searching):
    async with searching().run_test(size=(80, 24)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.until(
            lambda: (
                "searching for the wrong line: 1,234 edits tried … Ctrl+C stops" in terminal.text
            )
        )
        await terminal.press("f2")
        assert "finding 1 of 1 so far: " in terminal.text
        await terminal.press("W")
        assert "still searching" in terminal.text
        await terminal.pilot.press("ctrl+c")
        await terminal.settled()

        assert "still searching" not in terminal.text
        assert "was stopped" in terminal.session.investigation.findings[0].message
        assert "1,234 edits" not in terminal.text
        assert terminal.session.investigation.judgement.wrong == {"w"}
        assert pilot.app.return_value is None


async def test_a_search_is_ended_when_another_session_is_shown(searching):
    async with searching().run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.until(lambda: "1,234 edits tried … Ctrl+C stops" in terminal.text)
        before = terminal.session
        terminal.debugger.show_session(gradtui.load("two_weights"))
        await terminal.until(lambda: not before.investigation.comparing)

        assert before.investigation.judgement.wrong == {"w"}


async def test_what_a_search_finds_takes_the_place_of_what_was_known(call):
    async with call("3", at_once=True).run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()

        assert "fix: " in terminal.text and "1,234" not in terminal.text


async def test_a_finding_that_the_search_took_back_is_chosen_no_more(call):
    async with call("3", at_once=True).run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.until(lambda: terminal.session.investigation.findings)
        found = terminal.session.investigation
        await terminal.settled()
        found.chosen = replace(found.findings[0], fix=None, message="known before the search")
        terminal.session.message = "finding 1 of 4 so far: known before the search"
        terminal.debugger.walk._take_back()
        terminal.debugger.show_frame()
        await terminal.press("a")

        assert "W writes the fix into net.py line" in terminal.text


async def test_keys_step_through_the_lines(call):
    async with call().run_test(size=(80, 24)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        await terminal.press("F", "F", "s")

        assert any("8▸ e = X @ w - y" in row for row in terminal.rows)
        assert "case line 8" in terminal.rows[-3]
        await terminal.press("f", "s", "s")
        assert any("10" in row and "·" in row for row in terminal.rows)


async def test_a_finding_is_shown_at_its_line(call):
    async with call("3").run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        await terminal.press("f2")

        assert "finding 1 of 1" in terminal.text
        assert "w[0]" in terminal.text and "✗" in terminal.text
        assert terminal.session.frame.now is not None


@pytest.mark.parametrize("key", ["n", "N", "right_curly_bracket", "e", "D", "w", "b"])
async def test_what_needs_a_run_of_steps_says_that_this_is_one_call(call, key):
    async with call().run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        before = terminal.session.position
        await terminal.press(key)

        assert terminal.session.message == SINGLE
        assert terminal.session.position == before


async def test_a_fix_is_written_into_the_file_when_asked_and_run_when_asked(call, tmp_path):
    async with call("3").run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        await terminal.press("a")
        assert "W writes the fix into net.py line 10" in terminal.session.message
        assert "de = 3 * e" in (tmp_path / "net.py").read_text()
        await terminal.press("W")

        assert "written: net.py line 10.  Enter runs the file again" in terminal.text
        assert "Program as it was run" in terminal.text
        await terminal.press("escape")
        assert "    de = 2 * e / len(y)\n" in (tmp_path / "net.py").read_text()
        assert len(terminal.session.branches) == 1
        await terminal.press("W")
        said = "nothing is written: the file has changed since the run; R runs it again"
        assert terminal.session.message == said


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
async def test_code_that_is_changed_elsewhere_is_said_to_be_and_not_run(call, tmp_path, size):
    async with call("3").run_test(size=size) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        assert "as it was run" not in terminal.text
        file = tmp_path / "net.py"
        text = file.read_text()
        file.write_text(text.replace("de = 3 * e", "de = 2 * e"))
        await terminal.until(lambda: "net.py has changed since the run; R runs it" in terminal.text)
        assert "Program as it was run" in terminal.text
        assert any("de = 3 * e" in row for row in terminal.rows)
        file.write_text(text)  # taken back
        await terminal.until(lambda: "Program as it was run" not in terminal.text)
        assert not terminal.session.outdated


async def test_code_that_is_no_file_never_changes(call, tmp_path, monkeypatch):
    """Typed code has lines, yet nothing on disk to compare them with."""
    app = call("3")
    problem = app._session.problem
    typed = {**problem.texts, "<cell 1>": ("x = 1",)}
    app._session.branches.root.problem = replace(problem, texts=typed)
    assert "<cell 1>" in app._session.problem.texts
    async with app.run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        file = tmp_path / "net.py"
        file.write_text(file.read_text().replace("3 * e", "2 * e"))
        said = "net.py has changed since the run; R runs it again"
        await terminal.until(lambda: terminal.session.message == said)


async def test_what_a_program_runs_is_said_to_have_changed_too(call, tmp_path):
    app = call("3")
    app._session.again = None
    async with app.run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        (tmp_path / "net.py").write_text("")
        said = "net.py has changed since the run; your program shows it when it runs again"
        await terminal.until(lambda: terminal.session.message == said)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_file_that_is_gone_is_said_to_be_and_not_written_to(call, tmp_path, size):
    async with call("3").run_test(size=size) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        assert "W write fix" in terminal.rows[-1]
        file = tmp_path / "net.py"
        text = file.read_text()
        file.unlink()
        await terminal.until(lambda: "error: no such file" in terminal.text)
        assert "W write fix" not in terminal.text and "runs it again" not in terminal.text
        file.write_text(text)
        await terminal.until(lambda: "no such file" not in terminal.text)
        assert "W write fix" in terminal.rows[-1]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_after_a_run_that_failed_no_key_is_said_to_run_it_again(
    call, tmp_path, size, monkeypatch
):
    app = call("3")
    async with app.run_test(size=size) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        (tmp_path / "net.py").write_text("def case(:\n")
        await terminal.until(lambda: "R runs it again" in terminal.text)
        monkeypatch.setattr(app, "suspend", nullcontext)
        await terminal.press("R")
        assert "the file was run again and failed: its error is shown" in terminal.text
        assert "invalid syntax" in terminal.text and "W write fix" not in terminal.text


async def test_the_question_whether_to_run_again_ends_with_running_again(call):
    async with call("3").run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        await terminal.press("W")
        assert "Enter runs the file again" in terminal.text
        await terminal.press("R")
        assert "Enter runs the file again" not in terminal.text


async def test_a_call_of_a_program_is_not_offered_to_be_run_again(call, tmp_path):
    app = call("3")
    app._session.again = None
    async with app.run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        assert "W write fix" in terminal.rows[-1] and "run again" not in terminal.rows[-1]
        await terminal.press("W")
        said = "written: net.py line 10; your program shows it when it runs again"
        assert terminal.session.message == said
        assert "    de = 2 * e / len(y)\n" in (tmp_path / "net.py").read_text()


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 16)])
async def test_every_command_leaves_the_screen_alive(call, size):
    async with call("3").run_test(size=size) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        for command in COMMANDS:
            if command.id in ("quit", "edit", "reload", "open", "picture", "copy"):
                continue
            await terminal.press(command.keys[0], "escape")
            while (
                terminal.app.screen is not terminal.app.screen_stack[-1]
                or len(terminal.app.screen_stack) > 1
            ):
                await terminal.press("escape")
        await terminal.press("s")
        assert terminal.session.problem.call is not None


async def test_nothing_is_saved_of_a_call(call, state_folder):
    async with call().run_test(size=(120, 40)) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        await terminal.press("s", "S")
        assert terminal.debugger.saving.save() == ""
    assert not list(state_folder.rglob("*.toml")) and not list(state_folder.rglob("*.json"))


@pytest.mark.parametrize("size", [(80, 24), (110, 34), (120, 40)])
async def test_the_surface_of_a_call_has_room_to_be_seen(call, size):
    async with call().run_test(size=size) as pilot:
        terminal = Terminal(pilot.app, pilot)
        await terminal.settled()
        await terminal.press("M")
        await terminal.until(lambda: "w[1] ↑" in terminal.text)
        assert "◉" in terminal.text and "w[0] →" in terminal.text
