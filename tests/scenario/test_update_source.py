"""`[update] source = "optim.py:adam"`: an update in a Python file, read and never run."""

import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.diagnosis.correction import correct, write_fixes
from gradtui.scenario.load import load_problem

SCENARIO = """title = "t"
[data]
x = [1.0, 2.0, 3.0]
[parameters]
w1 = [0.5, -1.0, 2.0]
b = 0.5
[model]
code = '''
L = sum((w1*x + b - 1)**2)
'''
[optimizer]
name = "adam"
lr = 0.05
[run]
steps = 12
[update]
state = { m = 0.0, v = 0.0 }
source = "optim.py:adam"
"""
ADAM = """import numpy as np


def adam(w, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1*m + (1 - beta1)*g
    v *= beta2
    v += (1 - beta2)*g**2
    mhat = m/(1 - beta1**t)
    vhat = v/(1 - beta2**t)
    w -= lr*mhat/(np.sqrt(vhat) + eps)
    return w, m, v
"""


@pytest.fixture
def load(tmp_path):
    def call(python, scenario=SCENARIO):
        (tmp_path / "optim.py").write_text(python)
        (tmp_path / "s.toml").write_text(scenario)
        return load_problem(tmp_path / "s.toml")

    return call


def of_update(problem):
    return [one for one in gradtui.check(problem.path) if one.of_update]


def test_an_update_of_a_python_file_is_compared(load, tmp_path):
    problem = load(ADAM)

    assert of_update(problem) == []
    assert [line.name for line in problem.update.program] == ["m", "v", "v", "mhat", "vhat", "w"]
    assert problem.update.file == str(tmp_path / "optim.py")
    assert problem.files == (problem.path, problem.update.file)


def test_a_mistake_stands_at_the_line_of_the_python_file_and_its_fix_can_be_written(load):
    problem = load(ADAM.replace("w -= lr*mhat", "w += lr*mhat"))

    (finding,) = of_update(problem)
    assert (finding.rule, finding.line) == ("update-sign", 10)
    assert finding.fix == "w = w - lr*mhat/(np.sqrt(vhat) + eps)"
    write_fixes(correct(problem, finding))
    assert of_update(load_problem(problem.path)) == []


def test_a_first_value_that_is_wrong_stands_in_the_scenario(load):
    problem = load(ADAM, SCENARIO.replace("v = 0.0", "v = 1.0"))

    (finding,) = of_update(problem)
    assert (finding.target, finding.line, finding.fix) == ("v", 17, None)
    assert problem.line_at(finding.place).startswith("state = ")


@pytest.mark.parametrize(
    ("change", "file", "line", "message"),
    [
        (("g", "dw"), "optim.py", 4, "adam takes 'dw', which is not a name"),
        (("    w -= lr*mhat/(np.sqrt(vhat) + eps)\n", ""), "optim.py", 4,
         "the update never assigns w"),
        (("mhat = m/", "mhat /= m/"), "optim.py", 8, "'/=' is not part of the language"),
        (("    return w, m, v\n", ""), "optim.py", 4, "adam returns nothing"),
        (("lr*mhat", "rate*mhat"), "optim.py", 10, "'rate' is not defined"),
        (("def adam", "def adamm"), "s.toml", 18, "optim.py has no function 'adam'; did you mean"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_at_its_place(load, change, file, line, message):
    with pytest.raises(InputError) as caught:
        load(ADAM.replace(*change))
    assert caught.value.message.startswith(message)
    assert caught.value.file.endswith(file)
    assert caught.value.place.line == line


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("state['m'] = beta1*state['m'] + g", "write m = beta1*m + g; state = { m = 0.0 } in"),
        ("state['m'] *= 1 - beta1", "write m = m * (1 - beta1); state = { m = 0.0 } in [update]"),
    ],
)
def test_what_is_stored_under_a_string_is_a_state(load, line, advice):
    code = SCENARIO.replace('source = "optim.py:adam"', f'code = """\n{line}\n"""')
    for scenario in (SCENARIO, code):
        with pytest.raises(InputError) as caught:
            load(ADAM.replace("m = beta1*m + (1 - beta1)*g", line), scenario)
        assert advice in caught.value.message


def test_exactly_one_of_code_and_source_is_given(load):
    with pytest.raises(InputError, match=r"\[update\] has both 'code' and 'source'"):
        load(ADAM, SCENARIO + "code = 'w = w - lr*g'\n")
    with pytest.raises(InputError, match=r"\[update\] lacks 'code' or 'source'"):
        load(ADAM, SCENARIO.replace('source = "optim.py:adam"', ""))
