"""What the pages of the manual show is what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import gradtui
from gradtui.cli.arguments import main
from gradtui.manual.pages import TOPICS, Code, read_page

MODEL = '''title = "Two weights"
data = { x1 = 2.0, x2 = 3.0, y = 5.0 }
parameters = { w1 = 1.0, w2 = 2.0 }
optimizer = { name = "sgd", lr = 0.05 }
[model]
code = """
yhat = w1*x1 + w2*x2
e = yhat - y
L = e**2
"""
'''


def examples(topic: str, holds: str) -> list[str]:
    """Return the examples of a page that hold a text."""
    blocks = read_page(topic).blocks
    codes = ["\n".join(block.rows) for block in blocks if isinstance(block, Code)]
    return [code for code in codes if holds in code]


def test_the_finding_on_code_is_that_of_the_readme():
    (shown,) = examples("numpy", "error: ")
    readme = Path(__file__).parents[2] / "README.md"  # whose own test checks the code again
    assert shown in readme.read_text(encoding="utf-8")


def test_the_finding_on_a_backward_pass_is_that_of_the_one_below_it(tmp_path, capsys):
    (shown,) = examples("gradients", "error: ")
    (backward,) = examples("gradients", "[backward]")
    file = tmp_path / "net.toml"
    file.write_text(f"{MODEL}{backward}\n")
    assert main(["check", str(file)]) == 1
    _, _, said = shown.partition("error: ")
    assert said in capsys.readouterr().out


def test_the_update_by_hand_is_one_that_can_be_compared(tmp_path):
    (update,) = examples("gradients", "[update]")
    file = tmp_path / "net.toml"
    momentum = MODEL.replace('name = "sgd"', 'name = "sgd", momentum = 0.9')
    file.write_text(f"{momentum}{update}\n")
    assert gradtui.check(file) == []


def test_the_lesson_is_one(tmp_path):
    (lesson,) = examples("lessons", "[[lesson]]")
    file = tmp_path / "net.toml"
    file.write_text(f"{MODEL}{lesson}\n")
    assert len(gradtui.load(file).problem.lessons) == 2


def test_the_finding_on_a_run_is_that_of_the_scenario(capsys):
    (shown,) = examples("findings", "error: ")
    main(["check", "five_parcels_rate_1_5"])
    assert shown in capsys.readouterr().out


def test_the_finding_on_an_update_is_that_of_one_that_counts_from_2():
    def step(w, g, state, lr, t):
        m = state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
        v = state["v"] = 0.999 * state.get("v", 0) + 0.001 * g**2
        m, v = m / (1 - 0.9 ** (t + 1)), v / (1 - 0.999 ** (t + 1))
        return w - lr * m / (np.sqrt(v) + 1e-8)

    (shown,) = examples("optimizers", "adam counts from 1")
    (found,) = gradtui.check_update(step, "adam", lr=0.01)
    assert " ".join(shown.split()) == f"{found.message} [{found.rule}]"


def test_the_numbers_in_python_are_those_of_the_session():
    (shown,) = examples("python", "gradtui.load")
    names: dict[str, object] = {}
    for row in shown.split("\n"):
        text, _, comment = row.partition("  # ")
        if comment:
            expected = eval(comment.partition(":")[0])
            assert eval(text, names) == pytest.approx(expected), row
        else:
            exec(text, names)


@pytest.mark.parametrize("condition", examples("breakpoints", "max(abs")[0].split("\n"))
def test_a_condition_can_be_broken_on(condition, write):
    session = gradtui.load(
        write("L = sum(w**2) + sum(W**2)", "w = [1.0, 2.0]\nW = [[1.0, 2.0, 3.0]]")
    )
    session.breakpoints.check_condition(condition)


@pytest.mark.parametrize("topic", TOPICS)
def test_the_commands_that_a_page_names_are_there(topic):
    from gradtui.cli.arguments import COMMANDS

    named = set(re.findall(r"`gradtui ([a-z]{3,})\b(?!\.)", read_page(topic).text))
    assert named <= {command.name for command in COMMANDS}
