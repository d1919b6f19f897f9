"""The fix of a finding in its line: in memory, then in the file."""

from __future__ import annotations

import os
import stat

import pytest

import gradtui
from gradtui.base.source import InputError, Place
from gradtui.diagnosis import correction
from gradtui.diagnosis.check import judge
from gradtui.diagnosis.correction import correct, correct_again, replace_statement, write_fixes
from gradtui.scenario.load import load_problem

HEAD = """title = "A test"
[data]
x = 3.0
[parameters]
w = 2.0
b = 0.5
[model]
code = '''
yhat = w*x + b
L = (yhat - 5)**2
'''
[optimizer]
name = "sgd"
lr = 0.1
"""
BACKWARD = """[backward]
code = '''
dyhat = 2*(yhat - 5)
dw = dyhat   # the weight's
db = 3*dyhat
'''
"""


def fix_first(problem):
    return correct(problem, next(f for f in judge(problem).findings if f.fix))


@pytest.fixture
def save(tmp_path):
    def save_file(text, name="m.toml", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return str(path)

    return save_file


@pytest.mark.parametrize(
    ("text", "place", "new"),
    [
        ("dw = a  # why", Place(1, 1), "dw = a*x  # why"),
        ("dw: np.ndarray = a  # why", Place(1, 1), "dw: np.ndarray = a*x  # why"),
        ("  dw = a\n  db = b", Place(1, 3), "  dw = a*x\n  db = b"),
        ("a = 1\r\ndw = a\r\nb = 2", Place(2, 1), "a = 1\r\ndw = a*x\r\nb = 2"),
        ("code = 'dw = a' # b", Place(1, 9), "code = 'dw = a*x' # b"),
        ("dw = (a\n  # a remark\n  + a)  \nb = 1", Place(1, 1), "dw = a*x  \nb = 1"),
    ],
)
def test_a_statement_is_replaced_and_nothing_else(text, place, new):
    assert replace_statement(text, place, "dw", "dw = a*x")[0] == new


def test_a_fix_may_name_the_object_that_keeps_the_gradient():
    new = replace_statement("  self.dw = a", Place(1, 8), "dw", "self.dw = a*x")
    assert new == ("  self.dw = a*x", "dw = a")


@pytest.mark.parametrize(
    "text", ["db = a", "dwx = a", "dw", "dw: int", "", "dw == 3".replace("==", "(")]
)
def test_what_is_no_such_statement_is_refused(text):
    with pytest.raises(InputError, match="no line dw"):
        replace_statement(text, Place(1, 1), "dw", "dw = a*x")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_fixes_are_applied_one_by_one_and_written_byte_for_byte(save, ending, encoding):
    text = (HEAD + BACKWARD).replace("\n", ending)
    path = save(text, encoding=encoding)
    os.chmod(path, 0o640)
    problem = load_problem(path)
    while any(f.fix for f in judge(problem).findings):
        problem = fix_first(problem)
        with open(path, "rb") as stream:
            assert stream.read() == text.encode(encoding)
    assert [patch.after for patch in problem.patches] == ["dw = dyhat*x", "db = dyhat"]
    assert [f.severity for f in judge(problem).findings] == []
    write_fixes(problem)
    wanted = text.replace("dw = dyhat ", "dw = dyhat*x ").replace("db = 3*dyhat", "db = dyhat")
    with open(path, "rb") as stream:
        assert stream.read() == wanted.encode(encoding)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
    assert os.listdir(os.path.dirname(path)) == ["m.toml"]
    assert judge(load_problem(path)).findings == ()


def test_a_line_of_a_python_file_is_corrected_in_that_file(save):
    code = "def back(yhat, x):\n    dyhat = 2*(yhat - 5)\n    dw = dyhat\n    return dyhat, dw\n"
    python = save(code, "net.py")
    toml = HEAD + "[backward]\nsource = 'net.py:back'\n"
    path = save(toml)
    problem = fix_first(load_problem(path))
    assert problem.lines[0] == 'title = "A test"'
    (patch,) = write_fixes(problem)
    assert (patch.file, patch.place.line) == (python, 3)
    with open(python) as stream:
        assert stream.read() == code.replace("dw = dyhat", "dw = dyhat*x")
    with open(path) as stream:
        assert stream.read() == toml


def test_a_link_stays_one_and_its_file_is_written(save, tmp_path):
    real = save(HEAD + BACKWARD, "real.toml")
    link = tmp_path / "link.toml"
    link.symlink_to(real)
    write_fixes(fix_first(load_problem(str(link))))
    assert link.is_symlink()
    with open(real) as stream:
        assert "dw = dyhat*x" in stream.read()


def test_a_file_that_changed_meanwhile_is_not_written(save):
    path = save(HEAD + BACKWARD)
    problem = fix_first(load_problem(path))
    changed = (HEAD + BACKWARD).replace("0.5", "0.7")
    save(changed)
    with pytest.raises(InputError, match="changed since it was compared"):
        write_fixes(problem)
    with open(path) as stream:
        assert stream.read() == changed


def test_a_failed_write_leaves_the_file_and_no_other(save, monkeypatch):
    path = save(HEAD + BACKWARD)
    problem = fix_first(load_problem(path))

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(correction.os, "fsync", full)
    with pytest.raises(InputError, match="cannot be written: no space left"):
        write_fixes(problem)
    with open(path) as stream:
        assert stream.read() == HEAD + BACKWARD
    assert os.listdir(os.path.dirname(path)) == ["m.toml"]


def test_a_line_with_escapes_is_left_to_an_editor(save):
    path = save(HEAD + '[backward]\ncode = "dyhat = 2*(yhat - 5)\\ndw = dyhat"\n')
    with pytest.raises(InputError, match="replaced alone"):
        fix_first(load_problem(path))


ADAM = """[update]
{state}
code = '''
m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
w = w - lr*(m/(1 - beta1**t))/(sqrt(v/(1 - beta2**t)) + eps)
'''
{table}"""


@pytest.mark.parametrize(
    ("state", "table", "line"),
    [
        ("state = { m = 0.0, v = 1.0 }  # first", "", "state = { m = 0.0, v = 0.0 }  # first"),
        ("", "[update.state]\nm = 0.0\n  v = 1.0  # first\n", "  v = 0.0  # first"),
    ],
)
def test_a_first_value_is_corrected_in_the_line_where_it_stands(save, state, table, line):
    head = HEAD.replace("sgd", "adam")
    path = save(head + ADAM.format(state=state, table=table))
    before = load_problem(path)
    problem = fix_first(before)
    assert judge(problem).findings == ()
    assert problem.update.program == before.update.program
    (patch,) = problem.patches
    again = correct_again(before, patch.file, patch.place, patch.before, patch.after)
    assert again.lines == problem.lines
    assert correct_again(problem, patch.file, patch.place, patch.before, patch.after) is problem
    write_fixes(problem)
    with open(path) as stream:
        assert line in stream.read().split("\n")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("source", [False, True])
def test_a_missing_line_comes_with_the_line_that_it_belongs_to(save, source, ending):
    head = HEAD.replace('"sgd"', '"sgd"\nmomentum = 0.9')
    lines = ["w = w - lr*m   # the step"]
    update = f"[update]\nstate = {{ m = 0.0 }}\ncode = '''\n{lines[0]}\n'''\n"
    if source:
        code = f"def rule(w, g, m, lr, momentum):\n    {lines[0]}\n    return w\n"
        python = save(code.replace("\n", ending), "rule.py")
        update = "[update]\nstate = { m = 0.0 }\nsource = 'rule.py:rule'\n"
    path = save((head + update).replace("\n", ending))
    before = load_problem(path)
    problem = fix_first(before)
    assert not [found for found in judge(problem).findings if found.severity == "error"]
    (patch,) = problem.patches
    again = correct_again(before, patch.file, patch.place, patch.before, patch.after)
    assert again.texts == problem.texts
    assert correct_again(problem, patch.file, patch.place, patch.before, patch.after) is problem
    write_fixes(problem)
    with open(python if source else path, "rb") as stream:
        rows = stream.read().decode().split(ending)
    margin = "    " if source else ""
    at = rows.index(f"{margin}{lines[0]}")
    assert rows[at - 1] == f"{margin}m = momentum*m + g"


def test_two_lines_are_not_put_where_one_has_to_be():
    with pytest.raises(InputError, match="two lines cannot replace one"):
        replace_statement("code = 'dw = a'", Place(1, 9), "dw", "a = 1\ndw = a")


def test_the_fix_of_a_remark_on_an_update_is_put_into_the_update(save):
    path = save(HEAD + "[update]\ncode = '''\nw = w - 0.1*g\n'''\n" + BACKWARD)
    remark = next(f for f in judge(load_problem(path)).findings if f.rule == "relies-on-data")
    problem = correct(load_problem(path), remark)
    (patch,) = problem.patches
    assert (patch.before, patch.after) == ("w = w - 0.1*g", "w = w - lr*g")


@pytest.mark.parametrize("name", ["update_uphill", "adamw_coupled", "adam_without_root"])
def test_updates_are_corrected_too_and_bundled_files_stay_as_they_are(name):
    problem = gradtui.load(name).problem
    for _ in range(3):
        if any(f.fix for f in judge(problem).findings):
            problem = fix_first(problem)
    assert judge(problem).findings == ()
    with pytest.raises(InputError, match="not changed, it is gradtui's own"):
        write_fixes(problem)
