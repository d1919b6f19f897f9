"""Hand-written gradients on the screen: marks, findings, the way to a finding, the drive."""

from __future__ import annotations

import re

import pytest

MODEL = "yhat = w*x\ne = yhat - 5\nL = e**2"
WRONG = "[backward]\ncode = '''\nde = 2*e\ndyhat = de\ndw = dyhat\n'''"


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60)])
async def test_program_gradient_and_findings_are_on_the_screen(terminal, write, size):
    async with terminal(write(MODEL, more=WRONG), size) as t:
        await t.settled()
        assert "by hand" in t.text
        number = t.session.problem.lines.index("dw = dyhat") + 1
        assert re.search(rf"{number}. dw = dyhat +(true 6  )?2 ✗", t.text)
        assert f"✗ line {number}  dw = dyhat" in t.text
        assert "fix: dw = dyhat*x" in t.text


async def test_a_small_screen_without_anything_by_hand_keeps_graph_and_loss(terminal, write):
    async with terminal(write(MODEL), (80, 24)) as t:
        assert "1 Graph" in t.text
        assert "6 Loss" in t.text
        assert "─ 7 Notes" not in t.text


async def test_the_screen_is_there_before_the_comparison_is_done(terminal, write):
    async with terminal(write(MODEL, more=WRONG)) as t:
        assert "7 Findings" in t.text
        await t.settled()
        assert "comparing" not in t.text


@pytest.mark.parametrize(
    ("size", "key"), [((120, 40), "f2"), ((80, 24), "f2"), ((80, 24), "enter")]
)
async def test_f2_or_enter_in_the_panel_goes_to_the_finding(terminal, write, size, key):
    async with terminal(write(MODEL, more=WRONG), size) as t:
        await t.settled()
        await t.press("g", "j", key)
        assert t.session.problem.graph.nodes[t.session.selection.node].name == "w"
        number = t.session.problem.lines.index("dw = dyhat") + 1
        assert f"finding 1 of 1, line {number}" in t.text
        assert f"{number}▸ dw = dyhat" in t.text


async def test_d_changes_what_drives_and_the_curve_is_computed_anew(terminal, write):
    async with terminal(write(MODEL, more=WRONG)) as t:
        await t.settled()
        await t.press("n", "n")
        assert "drive hand" in t.text
        by_hand = t.session.frame.parameters["w"]
        await t.press("D")
        assert "drive autodiff" in t.text
        assert t.session.step == 2
        assert t.session.frame.parameters["w"] != by_hand
        await t.press("D", "n", "N")
        assert t.session.frame.parameters["w"] == by_hand


async def test_another_scenario_brings_its_own_findings(terminal, write):
    async with terminal(write(MODEL), (80, 24)) as t:
        t.debugger.open_scenario(write(MODEL, more=WRONG))
        await t.settled()
        assert "fix: dw = dyhat*x" in t.text
        t.debugger.open_scenario(write(MODEL))
        await t.pilot.pause()
        assert "1 Graph" in t.text
        assert "fix:" not in t.text


@pytest.mark.parametrize(
    "code", ["dw = log(-x)*e", "dw = 2*e*z", "dw = exp(1000*x)", "dw = log(0*e - 1)"]
)
async def test_claims_that_are_no_gradients_at_all_crash_nothing(terminal, write, code):
    more = f"[backward]\ncode = '{code}'"
    async with terminal(write(MODEL, data="x = 3.0\nz = [1.0, 2.0]", more=more)) as t:
        await t.settled()
        await t.press("n", "s", "s", "F", "x", "D", "n", "f2", "G", "z", "escape")
        assert "✗" in t.text


@pytest.mark.parametrize(("size", "panel"), [((120, 40), ()), ((80, 24), ("4",))])
@pytest.mark.parametrize("name", ["update_uphill", "adam_eps_in_root"])
async def test_a_weight_moved_by_a_wrong_update_has_no_tick(terminal, name, size, panel):
    async with terminal(name, size) as t:
        await t.press("f2", *panel)
        rows = [re.sub(r".*││ ", "", row) for row in t.rows]
        moved = [row for row in rows if re.search(r"w(1|\[0\])→ .*=", row)]
        assert moved and "✓" not in moved[0] + t.rows[0]
        await t.press("question_mark", "slash")
        await t.type("weight has moved")
        await t.press("enter")
        assert "w→" in t.text


UNCLAIMED = "[backward]\ncode = '''\ng_e = 2*e\ng_w = g_e*x\n'''"


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_lines_that_claim_nothing_move_nothing_and_are_not_called_right(
    terminal, write, size
):
    async with terminal(write(MODEL, more=UNCLAIMED, lr=0.02), size) as t:
        await t.settled()
        assert "drive" not in t.text
        assert " by hand  lr" not in t.text
        assert "sgd" in t.text
        assert "nothing was compared: no line of" in t.text
        assert re.search(r"│ w +(2 +)?6 +none ", t.text)
        await t.press("f2")
        assert "no findings: no line of [backward] claims a gradient" in t.text
        await t.press("D")
        assert "no line of [backward] claims the gradient of a weight: there is no other" in t.text


async def test_weights_that_no_line_claims_are_named_beside_the_right_claims(terminal, write):
    more = "[backward]\ncode = '''\nde = 2*e\ndw = de*x\n'''"
    model = MODEL.replace("yhat = w*x", "yhat = w*x + b")
    path = write(model, "w = 2.0\nb = 0.5", more=more)
    async with terminal(path) as t:
        await t.settled()
        assert "✓ 2 claims compared and right" in t.text
        assert "▲ not compared: b" in t.text
        assert "drive hand" in t.text
