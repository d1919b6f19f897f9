"""No command of the debugger tells the number that an open question asks for."""

import re

import pytest

from gradtui.base.files import state_folder
from gradtui.tui.commands import COMMANDS
from gradtui.tui.debugger import Debugger
from gradtui.tui.prompt import leave_prompt
from two_weights import TWO_WEIGHTS

BY_HAND = """
[backward]
code = '''
de = 2*e
dyhat = de
dw1 = dyhat*x1
dw2 = dyhat
'''
"""
UPHILL = """
[update]
code = '''
w = w + lr*g
'''
"""
ROWS = """
title = "Three parcels"
[data]
X = [[2.317, 3.191], [1.533, 1.271], [4.119, 5.323]]
y = [5.0, 3.2, 9.5]
[parameters]
w = [0.8, 1.5]
[model]
code = '''
yhat = X@w
e = yhat - y
L = mean(e**2)
'''
[optimizer]
name = "adam"
lr = 0.05
[run]
steps = 12
"""
AHEAD = """
[[lesson]]
text = "Go on."
done = "step >= 2"
"""
"""A part that leads to another step."""
ARGUMENTS = {
    "STEP": ["5"], "CONDITION": ["loss > 0.1"], "NAME": ["e"], "EXPRESSION": ["{ask}", "norm"],
    "ELEMENT": ["1"], "VALUES": ["{w}", "lr 0.01 0.1"], "STEPS": ["1 5"],
    "CHANGE": ["lr 0.01", "{w} = 0.3", "drive autodiff"], "PARAMETERS": ["", "{axes}"],
}  # fmt: skip
"""What a command takes -> what is tried; `{ask}` is what the question asks for."""
ELSEWHERE = {"lesson", "lesson-back", "quit", "open", "edit", "reload", "theme", "resume"}
"""Those that leave the question, or the scenario."""


def lines_of(command, ask, w):
    """Return how a command is typed, first without what it takes."""
    axes = "w1 w2" if w == "w2" else "w[0] w[1]"
    taken = ["", *ARGUMENTS.get(command.argument, ())] if command.argument else [""]
    return [f"{command.id} {one.format(ask=ask, w=w, axes=axes)}".strip() for one in taken]


class Looking:
    """Looks for a number on the screen, and in what is copied, after every command."""

    def __init__(self, t, number):
        self.t, self.found = t, []
        digits = f"{number:.6g}"[:5].rstrip(".")
        self.sought = re.compile(rf"(?<![\d.]){re.escape(digits)}")

    async def run(self, line):
        t, copied = self.t, state_folder() / "copied.txt"
        t.debugger.run_line(line)
        await t.pilot.pause()
        told = t.text + (copied.read_text() if copied.exists() else "")
        copied.unlink(missing_ok=True)
        self.found += [(line, row.strip()) for row in told.split("\n") if self.sought.search(row)]
        if isinstance(t.app.screen, Debugger):
            leave_prompt(t.debugger)
        else:
            await t.press("escape")


@pytest.mark.parametrize(
    ("text", "ask", "step", "size"),
    [
        (TWO_WEIGHTS + BY_HAND, "loss", 3, (120, 40)),
        (ROWS, "grad(w[1])", None, (120, 40)),
        (ROWS, "w[1]", 2, (120, 40)),
        (ROWS, "grad(w[1])", None, (200, 60)),
        (TWO_WEIGHTS, "w1 + w2", 1, (120, 40)),
        (TWO_WEIGHTS + UPHILL, "w2", 1, (120, 40)),
        (TWO_WEIGHTS, "grad(w2)", 1, (120, 40)),
        (TWO_WEIGHTS, "L", 1, (120, 40)),
        (TWO_WEIGHTS + AHEAD, "L", None, (120, 40)),
        (TWO_WEIGHTS + AHEAD, "grad(w2)", None, (120, 40)),
    ],
)
async def test_no_command_tells_what_is_asked_for(terminal, tmp_path, text, ask, step, size):
    file, w = tmp_path / "asking.toml", "w2" if text is not ROWS else "w"
    at = "" if step is None else f"step = {step}\n"
    file.write_text(f"{text}[[lesson]]\ntext = 'What?'\nask = '{ask}'\n{at}", encoding="utf-8")
    async with terminal(str(file), size) as t:
        guide = t.session.guide
        if AHEAD in text:
            await t.press("enter")
        asked = guide.question.step
        t.session.history.advance(max(0, asked + 1 - t.session.history.known))
        look = Looking(t, guide.truth(guide.question, t.session.tape(asked)))
        t.session.watch(ask.replace("[1]", ""))
        for line in ("last", "finish", "finish", "first", "restart", "restart"):
            await look.run(line)
        for _ in range(3 * t.session.order.end):
            await look.run("into")
        for command in COMMANDS:
            for typed in lines_of(command, ask, w) if command.id not in ELSEWHERE else ():
                await look.run(typed)
        await look.run("operations")
        for _ in t.session.structure.nodes:
            for typed in ("down", "lens 0", "copy", "jacobian", "jacobian"):
                await look.run(typed)
        assert t.session.asking and not look.found
