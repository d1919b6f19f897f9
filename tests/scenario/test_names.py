"""Values may have the names of functions that are called, and of what breakpoints read."""

import numpy as np

import gradtui
from gradtui.engine.observables import observed, read_expression
from gradtui.scenario.load import load_problem

SCENARIO = """title = "t"
[data]
x = [1.0, 2.0, 4.0]
dot = 2.0
[parameters]
norm = 0.5
grad = 1.5
[model]
code = '''
mean = x.mean(axis=0, keepdims=1)
var = np.var(x, axis=0, keepdims=1)
z = (x - mean)/sqrt(var + 1e-5)
sum = z*norm + grad
L = mean(sum**2) + dot*max(sum)
'''
[optimizer]
name = "sgd"
lr = 0.05
[run]
steps = 5
[backward]
code = '''
dsum = 2*sum/3 + dot*(sum == max(sum))
dnorm = (dsum*z).sum()
dgrad = dsum.sum()
'''
"""


def test_the_files_name_wins_where_nothing_is_called(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text(SCENARIO)

    assert gradtui.check(file) == []
    session = gradtui.load(file)
    x = np.array([1.0, 2.0, 4.0])
    z = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
    values = z * 0.5 + 1.5
    assert session.frame.loss == np.mean(values**2) + 2 * values.max()


def test_a_watch_reads_the_models_value_before_the_runs(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text(SCENARIO)
    program = load_problem(file).trainer.program

    found = read_expression("norm + 1", program)

    assert observed(found, [[np.array(0.5)]], 0) == 1.5
    assert len(read_expression("grad(norm)", program).needs) == 1
