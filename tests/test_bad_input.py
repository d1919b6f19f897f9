"""Files that cannot be used: one error each, with the right place, and nothing else happens."""

import os
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtui
from bounded import no_hang
from gradtui.base.source import InputError
from gradtui.base.text import clean
from gradtui.cli.arguments import main
from gradtui.scenario.bundled import bundled_folder

ROOT = Path(gradtui.__file__).parent.parent
GOOD = '''title = "t"
[data]
x = [1.0, 2.0]
y = [2.0, 4.0]
[parameters]
w = 0.5
b = 0.0
[model]
code = """
yhat = w*x + b
L = mean((yhat - y)**2)
"""
[optimizer]
name = "sgd"
lr = 0.1
[run]
steps = 20
'''
NESTED = "[" * 34 + "1.0" + "]" * 34
SGD, RUN = 'name = "sgd"\nlr = 0.1', "[run]"
RAW_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture
def show(capsys):
    """Run `gradtui show FILE`; return the error as (line, column, message, source, carets)."""

    def call(path):
        status = main(["show", str(path)])
        out, err = capsys.readouterr()
        assert (status, out) == (2, ""), err
        return parts_of(err, path)

    return call


def parts_of(err, path, file=None):
    """Return line, column, message, source line and marked text of the one error in `err`."""
    assert not RAW_CONTROL.search(err), err
    head, *rest = err.removesuffix("\n").split("\n")
    match = re.fullmatch(r"(.*?):(\d+):(\d+): error: (.+)", head)
    assert match, err
    assert match[1] == str(path.parent / file if file else path)
    assert len(rest) in (0, 2), err
    marked = ""
    if rest:
        start = len(rest[1]) - len(rest[1].lstrip())
        assert set(rest[1].strip()) == {"^"}
        marked = rest[0][start:][: rest[1].count("^")]
    return int(match[2]), int(match[3]), match[4], marked


@pytest.fixture
def refuse(show, tmp_path):
    """Show a file with this text; return its one error."""

    def call(text):
        path = tmp_path / "bad.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return show(path)

    return call


def changed(old, new):
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def line_of(text, part):
    """Return the 1-based line and column at which `part` stands."""
    at = text.index(part)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


YHAT, LOSS = "yhat = w*x + b", "L = mean((yhat - y)**2)"
LONG = " + ".join(["x"] * 3000)
DEEP = "(" * 101 + "x" + ")" * 101

# what is replaced, by what, the text the caret marks, what the message says
TABLE = [
    # keys and tables
    ("[run]\n", "[rnu]\n", "rnu", "unknown key 'rnu'; did you mean 'run'?"),
    ("[run]\n", "[tx]\n", "tx", "unknown key 'tx'; expected one of title, "),
    ("title = ", "steps = 30\ntitle = ", "steps", "unknown key 'steps'; it belongs to [run]"),
    ("steps = 20", "lr = 0.2", "lr", "unknown key 'lr'; it belongs to [optimizer]"),
    ("lr = 0.1", "learning_rat = 0.1", "learning_rat", "unknown key 'learning_rat'"),
    ("lr = 0.1", "rl = 0.1\nlr = 0.1", "rl", "unknown key 'rl'"),
    ("steps = 20", "step = 20", "step", "unknown key 'step'; did you mean 'steps'?"),
    ("[run]\n", "[run]\n[model]\n", "", "the table [model] appears twice"),
    ("lr = 0.1", "lr = 0.1\nlr = 0.2", "", "this key appears twice"),
    ("lr = 0.1\n", "", "optimizer", "[optimizer] lacks 'lr'"),
    ('name = "sgd"\n', "", "optimizer", "[optimizer] lacks 'name'"),
    ('title = "t"\n', "", None, "the file lacks 'title'"),
    ("[parameters]\nw = 0.5\nb = 0.0\n", "", None, "[parameters] is missing"),
    ("[parameters]\nw = 0.5\nb = 0.0\n", "[parameters]\n", "parameters", "is empty"),
    ('[optimizer]\nname = "sgd"\nlr = 0.1\n', "", None, "[optimizer] is missing"),
    ("[run]\n", "[backward]\ncode=''\n[run]\n", "''", "the code of [backward] is empty"),
    ("[run]\n", "[run]\ndrive = 'hand'\n", "'hand'", "nothing is hand-written: give"),
    # types
    ("lr = 0.1", 'lr = "0.1"', '"0.1"', "optimizer.lr: expected a number, got text in quotes"),
    ("lr = 0.1", "lr = 2024-01-01", "2024-01-01", "optimizer.lr: expected a number, got a date"),
    ("lr = 0.1", "lr = true", "true", "optimizer.lr: expected a number, got true or false"),
    ("lr = 0.1", "lr = [0.1]", "[0.1]", "optimizer.lr: expected a number, got a list"),
    ("lr = 0.1", "lr = nan", "nan", "the learning rate must be finite, got nan"),
    ("lr = 0.1", "lr = inf", "inf", "the learning rate must be finite, got inf"),
    ("lr = 0.1", "lr = 1e999", "1e999", "1e999 is too large for a 64-bit float"),
    ("lr = 0.1", "lr = 1e-999", "1e-999", "1e-999 is too small for a 64-bit float"),
    ("steps = 20", "steps = 1.5", "1.5", "run.steps: expected a whole number, got 1.5"),
    ("steps = 20", "steps = -1", "-1", "run.steps: expected a whole number of at least 0"),
    ("steps = 20", "steps = 1000000000", "1000000000", "a whole number of at most 10,000,000"),
    ("steps = 20", "steps = 9223372036854775808", "9223372036854775808", "64-bit integer"),
    ("steps = 20", "steps = " + "9" * 5000, "", "is too large for a 64-bit integer"),
    (
        "steps = 20",
        "steps = 5\ndtype = 'f16'",
        "'f16'",
        "unknown dtype 'f16'; expected one of float64, float32",
    ),
    ('title = "t"', "title = 5", "5", "title: expected text in quotes, got a whole number"),
    (
        'title = "t"',
        "title = 2024-01-01",
        "2024-01-01",
        "title: expected text in quotes, got a date",
    ),
    ('title = "t"', 'title = "t"\ntags = "a"', '"a"', "tags: expected a list, got text in quotes"),
    ('title = "t"', 'title = "t"\ntags = ["a", 1]', "1", "tags.1: expected text in quotes"),
    ("[run]\n", "[labels]\nw = 'w'\nb = 5\n[run]\n", "5", "labels.b: expected text in quotes"),
    ("x = [1.0, 2.0]", "x = [[1.0], [2.0, 3.0]]", "[2.0, 3.0]", "the lists are ragged: expected 1"),
    ("x = [1.0, 2.0]", "x = [nan, 2.0]", "nan", "expected a finite number, got nan"),
    ("x = [1.0, 2.0]", "x = [1.0, true]", "true", "expected a number, got true or false"),
    ("x = [1.0, 2.0]", "x = [1.0, 2024-01-01]", "2024-01-01", "expected a number, got a date"),
    ("x = [1.0, 2.0]", "x = {a = 1}", "{a = 1}", "expected a number, got a table"),
    ("x = [1.0, 2.0]", 'x = "a"', '"a"', "strings name columns only where the table has a `file`"),
    ("w = 0.5", "w = []", "[]", "an empty list has no numbers"),
    ("w = 0.5", "w = {shape = [2]}", "w", "a parameter given by its shape lacks 'init'"),
    ("w = 0.5", 'w = {init = "he"}', "w", "a parameter given by its shape lacks 'shape'"),
    (
        "w = 0.5",
        'w = {shape = [], init = "hee"}',
        '"hee"',
        "unknown initialiser 'hee'; did you mean 'he'?",
    ),
    (
        "w = 0.5",
        'w = {shape = [], init = "orthogonal"}',
        '"orthogonal"',
        "expected one of zeros, ones, normal, uniform, xavier, he",
    ),
    ("w = 0.5", "w = {shape = [], init = 1}", "1", "init: expected a name in quotes, got 1"),
    (
        "w = 0.5",
        'w = {shape = [], init = "he", sead = 1}',
        "sead",
        "unknown key 'sead'; did you mean 'seed'?",
    ),
    (
        "w = 0.5",
        'w = {shape = [], init = "he", seed = -1}',
        "-1",
        "seed: expected a whole number from 0, got -1",
    ),
    (
        "w = 0.5",
        'w = {shape = [], init = "he", seed = 1.5}',
        "1.5",
        "seed: expected a whole number from 0, got 1.5",
    ),
    (
        "w = 0.5",
        'w = {shape = [], init = "he", scale = "1"}',
        '"1"',
        "scale: expected a number, got text",
    ),
    (
        "w = 0.5",
        'w = {shape = [], init = "he", scale = nan}',
        "nan",
        "scale: expected a finite number, got nan",
    ),
    (
        "w = 0.5",
        'w = {shape = [99], init = "normal", scale = 1.7e308}',
        "1.7e308",
        "scale: 1.7e308 is too large: some of the numbers drawn with it are not finite",
    ),
    (
        "w = 0.5",
        'w = {shape = 2, init = "he"}',
        "2",
        "shape: expected a list such as [16, 2], got 2",
    ),
    (
        "w = 0.5",
        'w = {shape = [2, 0], init = "he"}',
        "0",
        "shape: expected whole numbers of at least 1, got 0",
    ),
    ("w = 0.5", 'w = {shape = [true], init = "he"}', "true", "at least 1, got true or false"),
    (
        "w = 0.5",
        'w = {shape = [1,1,1,1,1,1,1,1,1], init = "he"}',
        "[1,1,1,1,1,1,1,1,1]",
        "shape: 9 axes: the limit is 8",
    ),
    (
        "w = 0.5",
        'w = {shape = [20010, 2000], init = "he"}',
        "[20010, 2000]",
        "40,020,000 numbers: 1.0 GB of memory",
    ),
    ("w = 0.5", "w = 99999999999999999999", "99999999999999999999", "64-bit integer"),
    # the optimizer
    ('name = "sgd"', 'name = "sdg"', '"sdg"', "unknown optimizer 'sdg'; did you mean 'sgd'?"),
    ('name = "sgd"', 'name = "os.system"', '"os.system"', "unknown optimizer 'os.system'"),
    ('name = "sgd"', 'name = "__class__"', '"__class__"', "unknown optimizer '__class__'"),
    ('name = "sgd"', "name = 'adma'", "'adma'", "'adma'; did you mean 'adam'?"),
    ("lr = 0.1", "lr = inf", "inf", "the learning rate must be finite, got inf"),
    ("lr = 0.1", "lr = -0.1", "-0.1", "the learning rate must be at least 0, got -0.1"),
    ("lr = 0.1", "lr = 0.1\nmomentum = 1.5", "1.5", "momentum: expected a number below 1"),
    ("lr = 0.1", "lr = 0.1\nmomentum = -1", "-1", "optimizer.momentum: expected a number of at l"),
    ("lr = 0.1", "lr = 0.1\nweight_decay = inf", "inf", "weight_decay must be finite, got inf"),
    ("lr = 0.1", "lr = 0.1\nmomentun = 1", "momentun", "did you mean 'momentum'?"),
    ("lr = 0.1", "lr = 0.1\nbeta1 = 0.9", "beta1", "unknown key 'beta1'; expected one of name, l"),
    ("lr = 0.1", "lr = 0.1\nnesterov = true", "nesterov", "nesterov needs a momentum above 0"),
    ("lr = 0.1", "lr = 0.1\nnesterov = 1", "1", "optimizer.nesterov: expected true or false"),
    ("lr = 0.1", "lr = 0.1\nclip_norm = 0", "0", "optimizer.clip_norm: expected a number above 0"),
    ("lr = 0.1", "lr = 0.1\nclip_norm = inf", "inf", "optimizer.clip_norm must be finite"),
    (SGD, "name = 'adam'\nlr = 0.1\nbeta1 = 1", "1", "optimizer.beta1: expected a number below 1"),
    (SGD, "name = 'adam'\nlr = 0.1\nbeta2 = -0.1", "-0.1", "beta2: expected a number of at least"),
    (SGD, "name = 'adamw'\nlr = 0.1\neps = 0", "0", "optimizer.eps: expected a number above 0"),
    (SGD, "name = 'adam'\nlr = 0.1\nweight_decay = -1", "-1", "of at least 0"),
    (SGD, "name = 'rmsprop'\nlr = 0.1\nalpha = 1.0", "1.0", "alpha: expected a number below 1"),
    (SGD, "name = 'adam'\nlr = 0.1\nbeta = 1", "beta", "did you mean 'beta1' or 'beta2'?"),
    # the schedule
    (RUN, "[schedule]\nname = 'cosin'\n[run]", "'cosin'", "unknown schedule 'cosin'; did you mean"),
    (RUN, "[schedule]\nname = 5\n[run]", "5", "expected text in quotes"),
    (RUN, "[schedule]\ngamma = 5\n[run]", "schedule", "[schedule] lacks 'name'"),
    (RUN, "[schedule]\nname = 'step'\n[run]", "schedule", "[schedule] lacks 'step_size'"),
    (RUN, "[schedule]\nname = 'exponential'\ngamma = 0\n[run]", "0", "expected a number above 0"),
    (RUN, "[schedule]\nname = 'exponential'\ngamma = inf\n[run]", "inf", "must be finite, got inf"),
    (RUN, "[schedule]\nname = 'step'\nstep_size = 0\n[run]", "0", "a whole number of at least 1"),
    (RUN, "[schedule]\nname = 'step'\nstep_size = 2.5\n[run]", "2.5", "expected a whole number"),
    (
        RUN,
        f"[schedule]\nname = 'step'\nstep_size = 9{'0' * 17}\n[run]",
        None,
        "of at most 1,000,000",
    ),
    (RUN, "[schedule]\nname = 'cosine'\nminlr = 1\n[run]", "minlr", "did you mean 'min_lr'?"),
    # names
    ("w = 0.5", '"" = 0.5', '""', "'' cannot be a name of the model"),
    ("w = 0.5", '"w[0]" = 0.5', '"w[0]"', "'w[0]' cannot be a name of the model"),
    ("w = 0.5", '"[ @click=app.quit]w" = 1', '"[ @click=app.quit]w"', "'[ @click=app.quit]w' "),
    ("w = 0.5", '"\\u001b[2J" = 0.5', '"\\u001b[2J"', "'\\x1b[2J' cannot be a name"),
    ("w = 0.5", '"\\u202ew" = 0.5', '"\\u202ew"', "'\\u202ew' cannot be a name"),
    ("w = 0.5", "__proto__ = 0.5", "__proto__", "'__proto__' cannot be a name"),
    ("w = 0.5", "ŵ = 0.5", None, ""),
    ("w = 0.5", "'ŵ' = 0.5", "'ŵ'", "'ŵ' cannot be a name"),
    ("w = 0.5", f"{'w' * 65} = 0.5", "w" * 65, "cannot be a name"),
    ("w = 0.5", "2w = 0.5", "2w", "'2w' cannot be a name"),
    ("w = 0.5", "lr = 0.5", "lr", "'lr' is reserved for the rate: choose another name"),
    ("w = 0.5", "tanh = 0.5", "tanh", "'tanh' is reserved"),
    ("y = [2.0, 4.0]", "y = [2.0, 4.0]\nw = 1.0", "w", "'w' is both a parameter and data"),
    (
        "[run]\n",
        "[labels]\nyhut = 'ŷ'\n[run]\n",
        "yhut",
        "'yhut', which the model does not have; did",
    ),
    (
        "[run]\n",
        "[labels]\nw = 'a'\nyhat = 'a'\n[run]\n",
        "'a'",
        "'yhat' would be shown as 'a', like 'w'",
    ),
    ("[run]\n", "[labels]\nw = 'y'\n[run]\n", "'y'", "'w' would be shown as 'y', like 'y'"),
    ("[run]\n", '["a\\nb"]\n[run]\n', '"a\\nb"', "unknown key 'a\\x0ab'"),
    ("[run]\n", "[labels]\n'w[0]' = 'a'\n[run]\n", "'w[0]'", "[labels] names 'w[0]', which"),
    # facts
    (
        "[run]\n",
        "[[expect]]\nstep = -1\n[run]\n",
        "-1",
        "expect.0.step: expected a whole number of",
    ),
    (
        "[run]\n",
        "[[expect]]\n[expect.values]\nq = 1\n[run]\n",
        "q",
        "'q' is not a name of the model",
    ),
    ("[run]\n", "[[expect]]\n[expect.parameters]\nx = 1\n[run]\n", "x", "'x' is not a name of"),
    ("[run]\n", "[[expect]]\n[expect.values]\nx = 1\n[run]\n", "1", "expected shape 2, got scalar"),
    (
        "[run]\n",
        "[[expect]]\n[expect.values]\nw = '1'\n[run]\n",
        "'1'",
        "expected a number or lists",
    ),
    ("[run]\n", "[[expect]]\nvalues = {w = true}\n[run]\n", "true", "expected a number or lists"),
    ("[run]\n", "[[expect]]\nvalues = {x = [1, [2]]}\n[run]\n", "[1, [2]]", "a number or lists of"),
    ("[run]\n", "[[expect]]\ntolerance = 0\n[run]\n", "0", "tolerance: expected a number above 0"),
    (
        "[run]\n",
        "[[expect]]\nfinding = 'sing'\n[run]\n",
        "'sing'",
        "no rule has the name 'sing'; did you mean 'sign'?",
    ),
    ("[run]\n", "[[expect]]\ntarget = 'dw'\n[run]\n", "target", "give 'finding' too"),
    (
        "[run]\n",
        "[[expect]]\nfinding = 'sign'\nloss = 1.0\n[run]\n",
        "'sign'",
        "states numbers or a finding, not both",
    ),
    ("[run]\n", "[[expect]]\nlos = 1\n[run]\n", "los", "unknown key 'los'; did you mean 'loss'?"),
    # the program
    (f"{YHAT}\n{LOSS}\n", "", '"""', "the code of [model] is empty"),
    (f"{YHAT}\n{LOSS}\n", "# nothing\n\n", '"""', "the code of [model] is empty"),
    (YHAT, "yhat = v*x + b", "v", "'v' is not defined"),
    (LOSS, "L = mean((yhut - y)**2)", "yhut", "'yhut' is not defined; did you mean 'yhat'?"),
    (
        YHAT,
        f"{YHAT}\nyhat = x",
        "yhat",
        "'yhat' is already assigned above: a name is assigned once",
    ),
    (YHAT, f"w = x\n{YHAT}", "w", "'w' is already a parameter: a name is assigned once"),
    (
        "x = [1.0, 2.0]",
        "x = [1.0, 2.0, 3.0]",
        "(yhat - y)",
        "shape 3 of yhat and shape 2 of y do not",
    ),
    (LOSS, "L = yhat - y", "yhat - y", "the loss 'L' must be a scalar, but it has the shape [2]"),
    ('"""\n[opt', '"""\nloss = "yhat"\n[opt', '"yhat"', "the loss 'yhat' must be a scalar"),
    ('"""\n[opt', '"""\nloss = "M"\n[opt', '"M"', "the loss 'M' is not a name of the model"),
    (YHAT, "yhat = w*x.__class__", "__class__", "'.__class__' is not part of the language"),
    (YHAT, "yhat = w*x[0]", "[", "only new axes and ranges can be written in brackets"),
    (YHAT, "yhat = w*'x'", "'", "strings are not part of the language"),
    (YHAT, "yhat = lambda: 1", "lambda", "'lambda' is not part of the language"),
    (YHAT, "yhat = foo(x)*w", "foo(x)", "'foo' is not a function of the language"),
    (YHAT, "yhat = __import__(x)", "__import__(x)", "'__import__' is not a function"),
    (YHAT, "yhat = w*x + 1e-999", "1e-999", "the number 1e-999 is too small: it would become 0"),
    (YHAT, "yhat = w*x + 1e999", "1e999", "the number 1e999 is too large"),
    (YHAT, f"yhat = w*({LONG})", None, "too long: the limit is 10000 characters"),
    ("w = 0.5", f"w = {NESTED}", NESTED, "34 axes: the limit is 32"),
    (YHAT, f"yhat = w*{DEEP}", "(", "nested too deep: the limit is 100"),
    (YHAT, "yhat = w*" + "-" * 200 + "x", "-", "nested too deep: the limit is 100"),
    (YHAT, "yhat = w*x +", None, "the line ends early: expected an operand"),
    (YHAT, "yhat w*x", "w", "unexpected 'w': expected a line `name = expression`"),
    (YHAT, "yhat += w*x", "+=", "'+=' is not part of the language"),
    (YHAT, "yhat = w · x", "·", "for a product write *"),
    (YHAT, "import os", "import", "is not part of the language"),
    (YHAT, "yhat = (y:=5)", ":=", "unexpected ':='"),
    (YHAT, "yhat = w\u202e*x", "\\u202e", "the character U+202E is not part of the language"),
    # data files
    (
        "x = [1.0, 2.0]",
        'file = "/etc/passwd.csv"',
        '"/etc/passwd.csv"',
        "outside the scenario's folder",
    ),
    ("x = [1.0, 2.0]", 'file = "../a.csv"', '"../a.csv"', "outside the scenario's folder"),
    ("x = [1.0, 2.0]", 'file = "nothere.csv"', '"nothere.csv"', "'nothere.csv': no such file"),
    ("x = [1.0, 2.0]", 'file = "."', '"."', "expected a .csv or .npz file"),
    ("x = [1.0, 2.0]", "file = 5", "5", "expected the name of a file"),
]


@pytest.mark.parametrize(("old", "new", "marked", "message"), TABLE)
def test_a_bad_file_is_one_error_at_its_place(refuse, old, new, marked, message):
    text = changed(old, new)
    line, column, said, under = refuse(text)
    assert message in said
    if marked is not None:
        assert under == marked or marked == ""
    if marked:
        named = text.split("\n")[line - 1]
        assert clean(named[column - 1 :]).startswith(marked)
        # That line is one which the change has touched, or one that suffers from it.
        suffering = ("optimizer", "parameters", "(yhat - y)", '"""', "w")
        assert named not in GOOD.split("\n") or marked in suffering, named


def test_the_second_of_two_lines_is_counted_right(refuse):
    text = changed(LOSS, "# a comment\n\n  L = mean((yhat - z)**2)")
    line, column, message, _ = refuse(text)
    assert message == "'z' is not defined"
    assert (line, column) == line_of(text, "z)**2")


@pytest.mark.parametrize(
    ("raw", "place", "message"),
    [
        (b"", (1, 1), "the file is empty"),
        (b" \n\n", (1, 1), "the file is empty"),
        (b"\xff\xfe[\x00m\x00", (1, 1), "not UTF-8: found UTF-16"),
        (GOOD.encode("utf-16"), (1, 1), "not UTF-8: found UTF-16"),
        (GOOD.replace('"t"', '"é"').encode("latin-1"), (1, 10), "not UTF-8: found byte 0xe9"),
        (b"title = 'a'\nab\x00c", (2, 3), "not UTF-8: found a NUL byte"),
        (b"[[[[", (1, 3), ""),
        (b"this is no toml", (1, 6), "Expected '=' after a key"),
        (b"title = ", (1, 8), "a value is missing after ="),
        (b'title = "t', (1, 11), ""),
        (b'title = "t"\nnotes = """\nabc', (2, 9), "this is not closed"),
        (b"[data]\nx = [1.0,\n2.0\n", (2, 5), "this is not closed"),
        (GOOD.replace("\n", "\r").encode(), (1, 12), ""),
        (b"title = 'a\x1b[2J'", (1, 11), ""),
        (b"a = " + b"[" * 10_000, (1, 55), "nested too deep: the limit is 50 levels"),
        (b"a" + b".a" * 10_000 + b" = 1", (1, 101), "nested too deep: the limit is 50 levels"),
        (b"[" + b"a." * 10_000 + b"a]", (1, 102), "nested too deep: the limit is 50 levels"),
        (b"a = " + b"{a=" * 10_000, (1, 153), "nested too deep: the limit is 50 levels"),
        (b"#" * 1_000_001, (1, 1), "too large: 1,000,001 bytes; the limit is 1 MB"),
    ],
)
def test_what_is_no_toml_at_all(refuse, raw, place, message):
    line, column, said, _ = refuse(raw)
    assert (line, column) == place, said
    assert message in said


def test_what_is_no_file(show, tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    for name, message in (
        ("pipe.toml", "is a named pipe, not a file"),
        ("folder.toml", "is a folder, not a file"),
        ("nothere.toml", "no such file"),
        ("loop.toml", "is a symbolic link that cannot be followed"),
        ("esc\x1b[2J.toml", None),
    ):
        if message:
            assert show(tmp_path / name)[:3] == (1, 1, message)
    assert main(["show", str(tmp_path / "a\x1b[2J.toml")]) == 2


def test_a_huge_sparse_file_is_refused_without_being_read(show, tmp_path):
    path = tmp_path / "big.toml"
    with path.open("wb") as file:
        file.truncate(70_000_000)
    tracemalloc.start()
    try:
        assert "too large: 70 MB; the limit is 1 MB" in show(path)[2]
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "# " + "x" * 999_000 + "\n" + GOOD,
        GOOD + "[labels]\n" + "\n".join(f"'{i}' = ''" for i in range(50_000)),
        GOOD + f"['{'a' * 900_000}']",
        changed("w = 0.5", f"'{'w' * 900_000}' = 0.5"),
        changed("x = [1.0, 2.0]", f"x = [{'1.0, ' * 150_000}'']"),
        changed("lr = 0.1", "lr = " + "9" * 900_000),
        changed('title = "t"', 'title = "t"' + "\\" * 900_000),
    ],
)
def test_a_file_near_the_limit_is_answered(tmp_path, capsys, text):
    path = tmp_path / "big.toml"
    path.write_text(text)
    with no_hang():
        status = main(["show", str(path)])
    err = capsys.readouterr().err
    assert (status == 0) == (not err)
    assert len(err) < 2000
    assert status == 0 or parts_of(err, path)


# Files that look odd and are fine.


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (GOOD.replace("\n", "\r\n"), "t"),
        ("\ufeff" + GOOD, "t"),
        (changed('"t"', '"w[i] [red]"'), "w[i] [red]"),
        (changed('"t"', r'"\u202Egpj.exe"'), r"\u202egpj.exe"),
        (changed('"t"', r'"\u001b[2J\u009b2J"'), r"\x1b[2J\x9b2J"),
        (changed('"t"', r'"a\nb"'), r"a\x0ab"),
        (changed('"t"', '"' + "a\u0301" * 3 + "\u0301" * 500 + '"'), "a\u0301" * 3 + "\u0301"),
        (changed('"t"', '"' + "界" * 5000 + '"'), "界" * 5000),
        (changed("[run]\n", "[labels]\nw = '\x7f[bold]'\n[run]\n".replace("\x7f", "")), "t"),
    ],
)
def test_an_odd_file_that_is_fine(tmp_path, capsys, text, title):
    path = tmp_path / "odd.toml"
    path.write_bytes(text.encode())
    assert main(["show", str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"{title} · step 0 of 20")
    assert not RAW_CONTROL.search(out)


def test_lines_are_those_of_a_file_with_windows_line_ends(refuse):
    text = changed(LOSS, "L = mean((yhat - z)**2)")
    place = line_of(text, "z)**2")
    assert refuse(text.replace("\n", "\r\n"))[:2] == place
    assert refuse("\ufeff" + text)[:2] == place


# CSV beside the scenario.

WITH_CSV = changed("x = [1.0, 2.0]\ny = [2.0, 4.0]", 'file = "a.csv"\nx = "x"\ny = "y"')


@pytest.mark.parametrize(
    ("table", "place", "message"),
    [
        (b"x,y\n1,\n", (2, 3), "column 'y': empty cell"),
        (b"x;y\n1;2\n", (1, 2), "wrong delimiter: found semicolons, expected commas"),
        (b"x\ty\n1\t2\n", (1, 2), "wrong delimiter: found tabs, expected commas"),
        (b"x,y\n1,1e999\n", (2, 3), "1e999 is too large for a 64-bit float"),
        ("x,y\n1,１２\n".encode(), (2, 3), "expected a number, got '１２'"),
        (b"x,y\n1,0x1p3\n", (2, 3), "expected a number, got '0x1p3'"),
        (b"x,y\n1,2\n1,tin\n", (3, 3), "got 'tin': leave the column out, or read its words as"),
        (b"x,y\n1,tin\n1,2\n", (3, 3), "expected a word, as in the first row, got '2'"),
        (b"x,y\n1,nan\n", (2, 3), "column 'y': 'nan' stands for a value that is missing"),
        (b"x,y\n1,2\n3\n", (3, 2), "a row of the wrong length: expected 2 cells, got 1"),
        (b"x,x\n1,2\n", (1, 3), "repeated column name 'x'"),
        (b"x,\n1,2\n", (1, 3), "empty column name"),
        (b"", (1, 1), "the file is empty"),
        (b"x,y\n", (1, 1), "the file has a header row but no rows under it"),
        (b'x,y\n"' + b"a\n" * 200_000, (2, 1), "this quote is not closed"),
        (b"x,y\n1," + b"9" * 300_000, (2, 3), "a number of 300000 characters: the limit is 64"),
        (b"x,y\n1,\xe9\n", (2, 3), "not UTF-8: found byte 0xe9"),
        (b"x,y\n1,\x1b[2J\n", (2, 3), "expected a number, got '\\x1b[2J'"),
    ],
)
def test_a_bad_table_is_one_error_in_the_table_s_file(tmp_path, capsys, table, place, message):
    (tmp_path / "a.csv").write_bytes(table)
    path = tmp_path / "scenario.toml"
    path.write_text(WITH_CSV)
    assert main(["show", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    line, column, said, _ = parts_of(err, path, file="a.csv")
    assert (line, column) == place
    assert message in said


def test_a_table_of_too_many_rows_or_bytes_is_refused_soon(tmp_path, capsys):
    path = tmp_path / "scenario.toml"
    path.write_text(WITH_CSV)
    (tmp_path / "a.csv").write_bytes(b"x,y\n" + b"1,1\n" * 1_000_001)
    assert main(["show", str(path)]) == 2
    assert "too many rows: the limit is 1,000,000" in capsys.readouterr().err
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(40_000_000)
    assert main(["show", str(path)]) == 2
    err = capsys.readouterr().err
    assert parts_of(err, path)[3] == '"a.csv"'
    assert "data file 'a.csv': too large: 40 MB; the limit is 32 MB" in err


def test_a_column_that_is_not_there_is_an_error_of_the_scenario(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("distance,hours\n1,2\n")
    path = tmp_path / "scenario.toml"
    path.write_text(WITH_CSV.replace('x = "x"', 'x = "distanse"').replace('"y"', '"hours"'))
    assert main(["show", str(path)]) == 2
    said, under = parts_of(capsys.readouterr().err, path)[2:]
    assert (said, under) == (
        "no column 'distanse' in a.csv; did you mean 'distance'?", '"distanse"'
    )  # fmt: skip


def test_a_table_with_a_byte_order_mark_is_fine(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("\ufeffx,y\n1,2\n", encoding="utf-8")
    path = tmp_path / "scenario.toml"
    path.write_text(WITH_CSV)
    assert main(["show", str(path)]) == 0
    assert capsys.readouterr().err == ""


# Whatever is done to a good file.

BUNDLED = [path.read_bytes() for path in sorted(bundled_folder().glob("*.toml"))]
TABLES = {path.name: path.read_bytes() for path in bundled_folder().glob("*.csv")}
PIECES = [b"", b'"', b"[", b"]", b"=", b"\n", b"(", b")", b"w", b"0", b"e", b"9", b"-", b"*", b"\\"]
PIECES += [b"'", b'"""', b"#", b".", b",", b"{", b"}", b"\xff", b"\x00", b"\x1b", b"1e", b"@", b"/"]
PIECES += ["\u202e".encode(), b"**", b"nan", b"inf", b"[[expect]]\n", b"exp(", b"x", b"None", b":"]
MUTATIONS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)), min_size=1, max_size=4
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("mutated")
    for name, table in TABLES.items():
        (path / name).write_bytes(table)
    return path


@settings(max_examples=400)
@given(which=st.integers(0, len(BUNDLED) - 1), mutations=MUTATIONS)
def test_a_mutated_scenario_loads_or_gives_one_error(folder, which, mutations):
    raw = BUNDLED[which]
    for where, deleted, inserted in mutations:
        at = int(where * len(raw))
        raw = raw[:at] + inserted + raw[at + deleted :]
    path = folder / "mutated.toml"
    path.write_bytes(raw)
    try:
        session = gradtui.load(path)
    except InputError as error:
        file = str(error).split(":")[0]
        line = parts_of(str(error), path, file=file)[0]
        if file == str(path):
            assert line <= raw.count(b"\n") + 1
        assert error.message.strip() == error.message != ""
        assert len(str(error)) < 1000
    else:
        assert session.frame.loss is not None
        session.into()
        session.back()


def test_show_of_a_bad_file_in_a_process_of_its_own(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(changed(LOSS, "L = mean((yhut - y)**2)"))
    result = subprocess.run(
        [sys.executable, "-m", "gradtui", "show", str(path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"{path}:11:11: error: 'yhut' is not defined; did you mean 'yhat'?\n"
        "  L = mean((yhut - y)**2)\n"
        "            ^^^^\n"
    )
