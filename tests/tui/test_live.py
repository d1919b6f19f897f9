"""The file is edited in another pane while the app runs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import Event

import pytest

from gradtui.cli.arguments import main

MODEL = "yhat = w*x\ne = yhat - 5\nL = e**2"
WRONG = "[backward]\ncode = '''\nde = 2*e\ndyhat = de\ndw = dyhat\n'''"


def judged(terminal):
    return terminal.session.investigation.judgement is not None and terminal.debugger.walk.settled


def edit(path, old, new, *, replaced=False):
    """Save a change as an editor does: into the file, or as a new file in its place."""
    text = Path(path).read_text()
    assert text.count(old) == 1
    target = Path(f"{path}~") if replaced else Path(path)
    target.write_text(text.replace(old, new))
    if replaced:
        os.replace(target, path)


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_missing_factor_is_put_in_and_the_finding_goes(terminal, write, size, replaced):
    path = write(MODEL, more=WRONG)
    async with terminal(path, size) as t:
        await t.until(lambda: judged(t))
        await t.press("n", "n", "f2")
        assert "fix: dw = dyhat*x" in t.text
        before = t.session.step, t.session.position, t.session.selection.node
        wrong = t.session.frame.parameters["w"]
        edit(path, "dw = dyhat", "dw = dyhat*x", replaced=replaced)
        await t.until(lambda: "3 claims compared and right" in t.text)
        assert "fix:" not in t.text
        assert "✗" not in t.text
        assert (t.session.step, t.session.position, t.session.selection.node) == before
        assert t.session.frame.parameters["w"] != wrong
        # w = 2, x = 3: dw = 2·(6 - 5)·3 = 6, then w = 1.4, dw = 2·(4.2 - 5)·3 = -4.8, w = 1.88
        assert t.session.frame.parameters["w"] == pytest.approx(1.88)


async def test_an_error_is_shown_with_its_caret_while_the_last_good_file_lives(
    terminal, write, monkeypatch
):
    opened = []
    monkeypatch.setenv("EDITOR", "vi")
    monkeypatch.setattr("gradtui.tui.editor.editor_command", lambda *given: opened.append(given))
    path = write(MODEL, more=WRONG)
    async with terminal(path) as t:
        await t.until(lambda: judged(t))
        await t.press("n")
        edit(path, "dw = dyhat", "dw = dyhaat")
        await t.until(lambda: "the file now" in t.text)
        number = t.session.problem.lines.index("dw = dyhat") + 1
        said = re.sub(r"[│\s]+", " ", t.text)
        assert f":{number}:6: error: 'dyhaat' is not defined; did you mean 'dyhat'?" in said
        row = next(i for i, text in enumerate(t.rows) if "= dyhaat" in text)
        code, caret = t.rows[row : row + 2]
        assert caret.index("^") == code.index("dyhaat")
        assert caret.count("^") == len("dyhaat")
        await t.press("E")
        assert opened == [("vi", path, number)]
        assert t.session.step == 1
        await t.press("n")
        assert t.session.step == 2
        assert "the file now" in t.text
        edit(path, "dw = dyhaat", "dw = dyhat*x")
        await t.until(lambda: "3 claims compared and right" in t.text)
        assert "error:" not in t.text
        assert "the file now" not in t.text


async def test_beside_an_error_each_panel_of_a_low_screen_keeps_rows_that_say_something(
    terminal, write
):
    lines = "\n".join(f"h{at} = w*x + {at}" for at in range(9))
    path = write(f"{lines}\nL = ({' + '.join(f'h{at}' for at in range(9))})**2")
    async with terminal(path, (80, 24)) as t:
        edit(path, "h3 = w*x", "h3 = v*x")
        await t.until(lambda: "the file now" in t.text)
        heights = [t.debugger.query_one(name).size.height for name in ("#graph", "#gradient")]
        assert all(height > 3 for height in heights) and "central" in t.text and " w " in t.text
        edit(path, "h3 = v*x", "h3 = w*x")
        await t.until(lambda: "the file now" not in t.text)
        assert t.debugger.query_one("#graph").size.height > heights[0]


async def test_a_file_that_is_away_or_half_written_is_waited_for(terminal, write):
    path = Path(write(MODEL, more=WRONG))
    text = path.read_text()
    async with terminal(str(path)) as t:
        await t.until(lambda: judged(t))
        Path(path).unlink()
        await t.until(lambda: "no such file" in t.text)
        path.write_text(text[: len(text) // 2])
        await t.until(lambda: "no such file" not in t.text)
        assert "error" in t.text
        path.write_text(text.replace("w = 2.0", "w = 4.0"))
        await t.until(lambda: "error" not in t.text)
        assert t.session.frame.parameters["w"] == 4


async def test_what_is_gone_is_said_and_the_rest_is_kept(terminal, write):
    path = write("h = a*x\nyhat = h + b\nL = (yhat - 5)**2", parameters="a = 2.0\nb = 1.0")
    async with terminal(path) as t:
        t.debugger.action_run("find", "h")
        await t.press("n", "n", "n", "x")
        edit(path, "h = a*x\nyhat = h + b", "k = a*x\nyhat = k + b")
        await t.until(lambda: "k" in t.session.problem.graph.names)
        assert "h is gone" in t.text
        assert t.session.step == 3
        assert t.session.level.value == "operations"
        assert t.session.selection.node == t.session.problem.graph.names["a"]


async def test_a_shape_that_changed_takes_the_lens_away_and_says_so(terminal, write):
    path = write("L = sum((w*x - 1)**2)", parameters="w = [1.0, 2.0, 3.0]")
    async with terminal(path) as t:
        t.debugger.action_run("lens", "2")
        await t.pilot.pause()
        edit(path, "w = [1.0, 2.0, 3.0]", "w = [1.0, 2.0]")
        await t.until(lambda: t.session.frame.parameters["w"].shape == (2,))
        assert "its elements go up to 1" in t.text
        assert t.session.selection.lens is None


async def test_data_and_python_files_are_watched_too(terminal, tmp_path):
    (tmp_path / "points.csv").write_text("x\n3.0\n")
    (tmp_path / "net.py").write_text("def back(e):\n    dw = 2*e\n    return dw\n")
    path = tmp_path / "model.toml"
    path.write_text(
        "title = 'A test'\n[data]\nfile = 'points.csv'\nx = 'x'\n[parameters]\nw = 2.0\n"
        "[model]\ncode = '''\ne = w*x - 5\nL = sum(e**2)\n'''\n"
        "[optimizer]\nname = 'sgd'\nlr = 0.1\n[backward]\nsource = 'net.py:back'\n"
    )
    async with terminal(str(path)) as t:
        await t.until(lambda: judged(t))
        (tmp_path / "points.csv").write_text("x\n4.0\n")
        await t.until(lambda: t.session.frame.values["x"][0] == 4)
        (tmp_path / "net.py").write_text("def back(e, x):\n    dw = sum(2*e*x)\n    return dw\n")
        await t.until(lambda: "one claim compared and right" in t.text)


async def test_a_far_step_is_computed_while_the_screen_lives(terminal, write):
    path = write(MODEL, steps=5000, lr=0.01)
    async with terminal(path) as t:
        await t.press("G", "S")
        await t.until(lambda: t.session.history.known > 5000)
        position = t.session.position
        edit(path, "w = 2.0", "w = 3.0")
        await t.until(lambda: t.session.frame.tape.program is t.session.problem.trainer.program
                    and t.session.problem.values["w"] == 3 and t.session.step == 5000)  # fmt: skip
        assert t.session.position == position


async def test_the_drive_that_was_chosen_is_kept(terminal, write):
    path = write(MODEL, more=WRONG)
    async with terminal(path) as t:
        await t.until(lambda: judged(t))
        await t.press("D")
        edit(path, "w = 2.0", "w = 3.0")
        await t.until(lambda: t.session.problem.values["w"] == 3)
        assert "drive autodiff" in t.rows[0]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_w_writes_one_line_and_check_is_content(terminal, write, size):
    path = write(MODEL, more=WRONG)
    before = Path(path).read_text().split("\n")
    async with terminal(path, size) as t:
        await t.until(lambda: judged(t))
        assert main(["check", "--quiet", path]) == 1
        await t.press("W")
        assert "no fix is applied yet: a tries it in a branch, then W writes it" in t.text
        await t.press("a", "W")
        number = before.index("dw = dyhat") + 1
        assert f"written: {os.path.basename(path)} line {number}" in t.text
        assert "branch 'fix dw' is in the file now" in t.text
        assert [branch.name for branch in t.session.branches] == ["hand"]
        await t.until(lambda: "3 claims compared and right" in t.text)
        assert "not written" not in t.rows[0]
        for _ in range(2):  # a change is taken up when it has been seen twice
            t.debugger.live._look()
        await t.pilot.pause()
        assert "the file has changed" not in t.text
    after = Path(path).read_text().split("\n")
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        ("dw = dyhat", "dw = dyhat*x")
    ]
    assert main(["check", "--quiet", path]) == 0


async def test_where_there_is_nothing_to_fix_the_key_says_so(terminal, write):
    async with terminal(write(MODEL)) as t:
        await t.press("a")
        assert "nothing to fix: e tries another value, such as lr 0.05" in t.text
    async with terminal(write(MODEL, more=WRONG.replace("= dyhat", "= dyhat*x"))) as t:
        await t.until(lambda: judged(t))
        await t.press("a")
        assert "there is nothing to fix" in t.text


async def test_the_key_runs_what_a_finding_advises_from_the_step_that_it_advises(terminal):
    async with terminal("absolute_error") as t:
        await t.until(lambda: t.session.investigation.findings)
        (finding,) = t.session.investigation.findings
        await t.press("n", "n")
        assert "a try it" in t.rows[-1]
        await t.press("a")
        assert "branch 'lr 0.05' from step 0; key , goes back" in t.text
        await t.press("G")
        assert t.session.frame.loss == pytest.approx(finding.evidence["loss_then"], rel=1e-12)
        await t.press("comma", "a")
        names = [branch.name for branch in t.session.branches]
        assert names == ["original", "lr 0.05"], "made once"
    async with terminal("rate_deadly_later") as t:
        await t.press(":", *"lesson", "space", *"off", "enter")
        await t.until(lambda: t.session.investigation.findings)
        await t.press("a")
        assert "branch 'lr 0.02' from step 4,930" in t.text
        await t.press("G")
        assert t.session.frame.loss < 1e-20, "lr·λmax is 0.02·56.4 at the bottom; it was 17.07"


async def test_where_a_finding_advises_no_change_that_a_branch_can_try_the_key_says_so(terminal):
    async with terminal("late_nan", (80, 24)) as t:
        await t.until(lambda: t.session.investigation.findings)
        await t.press("a")
        said = "no change to try is named: e tries yours, E edits the model"
        assert t.session.message == said and said in t.text


async def test_without_an_editor_the_key_says_what_to_do(terminal, write, monkeypatch):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", " ")
    async with terminal(write(MODEL)) as t:
        await t.press("E")
        assert "no editor is set" in t.text
        monkeypatch.setenv("EDITOR", "vi 'x")
        await t.press("E")
        assert "quotes" in t.text
        monkeypatch.setenv("EDITOR", "vi")
        await t.press("E")
        assert "an editor cannot be opened from here" in t.text


async def test_a_deleted_file_is_not_opened_in_an_editor_that_would_make_an_empty_one(
    terminal, write, monkeypatch
):
    monkeypatch.setenv("EDITOR", "vi")
    path = write(MODEL)
    async with terminal(path) as t:
        Path(path).unlink()
        await t.press("E")
        assert f"{Path(path).name} cannot be edited: it was moved or deleted" in t.text


async def test_a_save_while_the_comparison_runs_is_compared_itself(terminal, write, monkeypatch):
    import gradtui.diagnosis.check as check_module

    real, begun, held, ended = check_module.judge, Event(), Event(), Event()

    def judge(problem):
        if "dw = dyhat*2" not in problem.lines:
            return real(problem)
        begun.set()
        assert held.wait(60)
        found = real(problem)
        ended.set()
        return found

    monkeypatch.setattr(check_module, "judge", judge)
    path = write(MODEL, more=WRONG)
    async with terminal(path) as t:
        edit(path, "dw = dyhat", "dw = dyhat*2")
        await t.until(begun.is_set)
        edit(path, "dw = dyhat*2", "dw = dyhat*x")
        await t.until(lambda: "dw = dyhat*x" in t.session.problem.lines)
        held.set()
        await t.until(ended.is_set)
        await t.until(lambda: "3 claims compared and right" in t.text)
        assert "✗" not in t.text
