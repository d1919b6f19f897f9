"""A fix is tried in a branch, the wrong run beside it; the file is written only if one asks."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tui.test_live import MODEL, WRONG, edit, judged

SLOPE = "yhat = w*x + b\ne = yhat - 5\nL = e**2"
TWO = "[backward]\ncode = '''\ndyhat = 2*e\ndw = dyhat\ndb = 3*dyhat\n'''"
UPHILL = "[update]\ncode = '''\nw = w + lr*g\n'''"


def names(t):
    return [branch.name for branch in t.session.branches]


def losses(t, name, count=3):
    line = next(line for line in t.session.branches if line.name == name)
    line.history.advance(max(0, count - line.history.known))
    return list(line.history.losses[:count])


def fixable(t):
    return [finding.fix for finding in t.session.investigation.findings if finding.fix]


async def fix(t):
    await t.until(lambda: judged(t))
    await t.press("a")
    await t.until(lambda: judged(t))


async def test_a_finding_is_fixed_in_a_branch_and_both_runs_are_there(terminal, write):
    path = write(MODEL, more=WRONG)
    before = Path(path).read_bytes()
    async with terminal(path) as t:
        await t.until(lambda: judged(t))
        await t.press("n", "n", "f2")
        assert "fix: dw = dyhat*x" in t.text
        await t.press("a")
        await t.until(lambda: "3 claims compared and right" in t.text)
        told = "branch 'fix dw': dw = dyhat*x; key , goes back, W writes it"
        assert told in t.text
        assert "fix applied, not written  branch fix dw" in t.rows[0]
        assert re.search(r"dw = dyhat\*x +-?[0-9.]+ ✓", t.text)
        assert "✗" not in t.text
        # w = 2, x = 3, e = 3w - 5 = 1: with the factor e is -0.8 of itself a step, without it 0.4
        assert t.session.step == 2
        assert t.session.frame.parameters["w"] == pytest.approx((5 + 0.64) / 3)
        assert losses(t, "fix dw") == pytest.approx([1, 0.64, 0.4096])
        assert losses(t, "hand") == pytest.approx([1, 0.16, 0.0256])
        assert "● fix dw 0.4096  ─ hand 0.0256" in t.text

        await t.press("comma")
        assert (t.session.step, t.session.branches.name) == (2, "hand")
        assert "fix: dw = dyhat*x" in t.text
        assert re.search(r"dw = dyhat +true 0.96 +0.32 ✗", t.text)
        assert "not written" not in t.rows[0]
        assert t.session.frame.parameters["w"] == pytest.approx((5 + 0.16) / 3)
        assert "✗ line" in t.text
        await t.press("a")
        assert names(t) == ["hand", "fix dw"]
        assert "3 claims compared and right" in t.text
        assert "✗" not in t.text
        assert Path(path).read_bytes() == before


async def test_the_branches_are_compared_at_the_step_and_removing_one_undoes_its_fix(
    terminal, write
):
    async with terminal(write(MODEL, more=WRONG)) as t:
        await t.press("n", "n")
        await fix(t)
        await t.press("T")
        # the losses and gradients of e = 0.4² and (-0.8)², (e + 5)/3 the weights
        assert re.search(r"─ hand +0\.0256 +0\.96 +0\.1 +1\.72 +as in the file", t.text)
        fixed = r"▸● fix dw \(here\) +hand 0 +0\.4096 +3\.84 +0\.1 +1\.88 +dw = dyhat\*x"
        assert re.search(fixed, t.text)
        await t.press("x")
        await t.press("escape")
        assert names(t) == ["hand"]
        assert "fix: dw = dyhat*x" in t.text
        assert "✗" in t.text
        assert "not written" not in t.rows[0]


async def test_the_second_fix_leaves_from_the_first_and_one_of_them_can_be_written(terminal, write):
    path = write(SLOPE, "w = 2.0\nb = 0.5", lr=0.01, more=TWO)
    async with terminal(path) as t:
        await fix(t)
        assert fixable(t) == ["db = dyhat"]
        await fix(t)
        assert names(t) == ["hand", "fix dw", "fix db"]
        assert fixable(t) == []
        assert "2 fixes applied, not written" in t.rows[0]
        await t.press("comma")
        assert fixable(t) == ["db = dyhat"]
        assert "fix applied, not written" in t.rows[0]
        await t.press("W")
        await t.until(lambda: judged(t))
        assert "dw = dyhat*x\ndb = 3*dyhat" in Path(path).read_text()
        assert "branch 'fix dw' is in the file now" in " ".join(t.text.split())
        assert names(t) == ["hand", "fix db"]
        assert t.session.branches.name == "hand"
        assert fixable(t) == ["db = dyhat"]
        await t.press("full_stop")
        await t.until(lambda: judged(t))
        assert fixable(t) == []


async def test_the_fix_is_made_anew_on_the_file_that_was_edited(terminal, write):
    path = write(MODEL, more=WRONG)
    async with terminal(path) as t:
        await fix(t)
        await t.press("n")
        edit(path, "w = 2.0", "w = 4.0")
        await t.until(lambda: t.session.problem.values["w"] == 4)
        await t.until(lambda: judged(t))
        assert t.session.branches.name == "fix dw"
        assert "3 claims compared and right" in t.text
        # e = 3·4 - 5 = 7, and -0.8 of it after a step
        assert losses(t, "fix dw", 2) == pytest.approx([49, 31.36])
        assert losses(t, "hand", 2) == pytest.approx([49, 7.84])
        edit(path, "[backward]", "# a remark\n[backward]")
        await t.until(lambda: "# a remark" in t.session.problem.lines)
        assert names(t) == ["hand", "fix dw"]
        edit(path, "dw = dyhat", "dw = 2*dyhat")
        await t.until(lambda: names(t) == ["hand"])
        assert "the line dw = dyhat is no longer there" in " ".join(t.text.split())
        assert t.session.step == 1


async def test_two_fixes_are_written_from_their_branch_and_told_in_a_row(terminal, write):
    path = write(SLOPE, "w = 2.0\nb = 0.5", lr=0.01, more=TWO)
    async with terminal(path) as t:
        await fix(t)
        await fix(t)
        await t.press("comma", "comma", "W")
        assert t.session.branches.name == "hand"
        assert "this branch has no fix, 'fix db' has: . and , turn to it, then W writes" in t.text
        await t.press("comma", "W")
        await t.until(lambda: names(t) == ["hand"])
        told = r"lines \d+, \d+; branches 'fix dw', 'fix db' are in the file now"
        assert re.search(told, t.text)


async def test_a_fix_that_waits_is_offered_to_be_written_on_a_narrow_screen_too(terminal, write):
    path = write(MODEL, more=TWO)
    async with terminal(path, size=(80, 24)) as t:
        await t.until(lambda: judged(t))
        await t.press("f2", "a")
        await t.until(lambda: judged(t))
        assert "W write fix" in t.rows[-1]


async def test_a_fix_that_the_editor_made_too_is_over(terminal, write):
    path = write(MODEL, more=WRONG)
    async with terminal(path) as t:
        await fix(t)
        edit(path, "dw = dyhat", "dw = dyhat * x")
        await t.until(lambda: names(t) == ["hand"])
        assert "branch 'fix dw' is in the file now" in " ".join(t.text.split())
        await t.until(lambda: "3 claims compared and right" in t.text)


async def test_branches_with_other_settings_are_made_anew_too(terminal, write):
    path = write(MODEL, more=WRONG)
    async with terminal(path) as t:
        t.session.seek(2)
        t.debugger.trials.what_if("lr 0.05")
        edit(path, "w = 2.0", "w = 4.0")
        await t.until(lambda: t.session.problem.values["w"] == 4)
        assert names(t) == ["hand", "lr 0.05"]
        # e = 7, 7·0.4, 7·0.4², then 1 - 0.05·6 = 0.7 of it
        assert losses(t, "lr 0.05", 4)[2:] == pytest.approx([(7 * 0.16) ** 2, (7 * 0.112) ** 2])


async def test_an_update_is_fixed_in_a_branch(terminal, write):
    async with terminal(write(MODEL, more=UPHILL)) as t:
        await fix(t)
        assert names(t) == ["hand", "fix w"]
        # w = 2 + 0.1·6 = 2.6 is uphill, 2 - 0.1·6 = 1.4 is not: L = (3w - 5)²
        assert losses(t, "hand", 2) == pytest.approx([1, 7.84])
        assert losses(t, "fix w", 2) == pytest.approx([1, 0.64])
        await t.press("f", "f", "f")
        assert re.search(r"w = w - lr\*g", t.text)
        assert "✗" not in t.text
        await t.press("comma")
        assert re.search(r"w = w \+ lr\*g", t.text)
        assert "✗" in t.text


async def test_a_python_file_is_fixed_in_a_branch_and_written(terminal, tmp_path):
    python = tmp_path / "net.py"
    python.write_text("def back(e, x):\n    dw = (2\n          * e)\n    return dw\n")
    path = tmp_path / "model.toml"
    path.write_text(
        "title = 'A test'\n[data]\nx = 3.0\n[parameters]\nw = 2.0\n"
        "[model]\ncode = '''\ne = w*x - 5\nL = e**2\n'''\n"
        "[optimizer]\nname = 'sgd'\nlr = 0.1\n[backward]\nsource = 'net.py:back'\n"
    )
    async with terminal(str(path)) as t:
        await fix(t)
        assert losses(t, "hand", 2) == pytest.approx([1, 0.16])
        assert losses(t, "fix dw", 2) == pytest.approx([1, 0.64])
        await t.press("W")
        await t.until(lambda: "one claim compared and right" in t.text)
        assert names(t) == ["hand"]
        _, line, _ = python.read_text().splitlines()
        assert line in ("    dw = 2*e*x", "    dw = 2*x*e")


async def test_a_fix_keeps_the_settings_of_the_branch_that_it_leaves(terminal, write):
    async with terminal(write(MODEL, more=WRONG)) as t:
        await t.until(lambda: judged(t))
        t.session.seek(2)
        t.debugger.trials.what_if("lr 0.05")
        await fix(t)
        line = t.session.branches.current
        assert (line.name, line.start, line.problem.lr) == ("fix dw", 2, 0.05)
        # e = 1, 0.4, 0.16 without the factor, then with it and 0.05 it is 1 - 0.9 = 0.1 of itself
        assert losses(t, "fix dw", 4) == pytest.approx([1, 0.16, 0.0256, 0.000256])
        await t.press("n")
        assert "dw = dyhat*x" in t.text
        await t.press("N", "N")
        assert t.session.step == 1
        assert "fix: dw = dyhat*x" in t.text
        assert re.search(r"dw = dyhat +true [0-9.]+ +[0-9.]+ ✗", t.text)
        # a change of a fixed run keeps the fix
        await t.press("n", "n")
        t.debugger.trials.what_if("lr 0.1")
        assert fixable(t) == []
        assert t.session.branches.current.problem.patches


async def test_a_fix_is_there_when_one_comes_back(terminal, write):
    path = write(MODEL, more=WRONG)
    async with terminal(path) as t:
        await t.press("n", "n")
        await fix(t)
        await t.press("q", "y")
    async with terminal(path) as t:
        assert "left at step 2 with 1 fix not written" in t.text
        await t.press("U")
        await t.until(lambda: names(t) == ["hand", "fix dw"])
        await t.until(lambda: judged(t))
        assert t.session.branches.name == "fix dw"
        assert t.session.step == 2
        assert losses(t, "fix dw") == pytest.approx([1, 0.64, 0.4096])
        await t.press("comma")
        await t.until(lambda: "fix: dw = dyhat*x" in t.text)


async def test_a_fix_outlives_the_working_directory(terminal, write, monkeypatch, tmp_path):
    """It is saved, cannot be written, and is there again when the directory is."""
    folder = tmp_path / "gone"
    folder.mkdir()
    source = Path(write(MODEL, more=WRONG))
    (folder / "net.toml").write_bytes(source.read_bytes())
    monkeypatch.chdir(folder)
    async with terminal("net.toml") as t:
        await t.until(lambda: judged(t))
        shutil.rmtree(folder)
        await fix(t)
        assert t.session.branches.name == "fix dw"
        t.debugger.action_run("write-fix")
        assert "no such file" in t.session.message
        assert t.app.save() == ""
    folder.mkdir()
    (folder / "net.toml").write_bytes(source.read_bytes())
    os.chdir(folder)
    async with terminal("net.toml") as t:
        assert "with 1 fix not written: U resumes there" in t.text
        await t.press("U")
        assert t.session.branches.name == "fix dw"


async def test_what_comes_with_gradtui_is_not_written_and_that_is_not_offered(terminal):
    async with terminal("grad_missing_factor", (80, 24)) as t:
        await fix(t)
        assert "write fix" not in t.rows[-1] and "W writes" not in t.text
        await t.press("W")
        told = "not changed, it is gradtui's own: gradtui new my.toml --from"
        assert told in t.text
