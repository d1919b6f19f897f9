"""`gradtui check FILE.py:NAME` runs the file and checks a function of it."""

import json
import re
import sys

import numpy as np
import pytest

import gradtui
from gradtui.cli.arguments import main
from gradtui.cli.running import trace_code
from gradtui.explain.findings import findings_rows
from gradtui.explain.spans import line_text

NUMBER = """
import numpy as np

X = np.arange(6.0).reshape(3, 2)


def case(w=np.array([0.5, -1.0]), {given}):
    e = X @ w + b - 1
    dw = 2 * X.T @ e
    return np.sum(e**2), {returned}
"""
SOUND = """
import numpy as np
from helper import scaled

print("runs as", __name__, "with", __file__.rpartition("/")[2])
X = np.arange(6.0).reshape(3, 2)


def case(w=np.array([0.5, -1.0])):
    e = X.dot(w) - 1
    return np.sum(e**2), scaled(X.T.dot(e))


def unset(w):
    return case(w)


def fails(w=np.ones(2)):
    return {}["absent"]


class Tool:
    pass


net = Tool()
"""
HELPER = "def scaled(value):\n    return 2 * value\n"


@pytest.fixture
def net(tmp_path):
    (tmp_path / "helper.py").write_text(HELPER)
    file = tmp_path / "net.py"
    file.write_text(SOUND)
    yield file
    sys.modules.pop("helper", None)


@pytest.fixture
def check(capsys):
    def call(*arguments):
        status = main(["check", *map(str, arguments)])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def test_the_file_is_run_as_python_would_run_it(net, check):
    argv, path, main_module = sys.argv, list(sys.path), sys.modules["__main__"]

    status, out, err = check(f"{net}:case")

    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "runs as __main__ with net.py"
    assert out.splitlines()[1].endswith(
        "net.py:case: ok, one gradient compared and right at 7 points, to 1e-6 of each element"
    )
    assert (sys.argv, sys.path, sys.modules["__main__"]) == (argv, path, main_module)


TYPED = """
import numpy as np

class Settings:
    scale: float

    def __init__(self, scale):
        self.scale = self.__annotations__["scale"](scale)

settings = Settings("0.5")

def case(x=np.arange(3.0)):
    def scaled(value: np.ndarray):
        return settings.scale * value
    assert scaled.__annotations__["value"] is np.ndarray
    loss = np.sum(scaled(x))
    slopes = np.full(3, settings.scale)
    return loss, {"x": slopes}
"""


def test_annotations_are_what_they_are_in_python_in_edited_code_too(tmp_path, check):
    file = tmp_path / "typed.py"
    file.write_text(TYPED, encoding="utf-8")
    assert check(f"{file}:case")[0] == 0
    wrong = tmp_path / "wrong.py"
    wrong.write_text(TYPED.replace("(3, settings.scale)", "(3, -settings.scale)"), encoding="utf-8")
    status, said, _ = check(f"{wrong}:case")
    assert (status, said.count("error: ")) == (1, 1)
    assert "fix: " in said


def test_a_mistake_in_another_file_is_shown_there(net, check):
    (net.parent / "helper.py").write_text("def scaled(value):\n    return 3 * value\n")

    status, out, _ = check(f"{net}:case")

    rows = out.splitlines()
    assert status == 1
    assert rows[1].startswith(f"{net.parent / 'helper.py'}:2:12: error: the gradient of w[")
    assert rows[1].endswith("3 must be 2 [constant-factor]")
    assert rows[2:4] == ["      return 3 * value", "             ^"]


def test_a_file_of_a_package_imports_from_it(tmp_path, check):
    sub = tmp_path / "parcels" / "nets"
    sub.mkdir(parents=True)
    for folder in (sub.parent, sub):
        (folder / "__init__.py").touch()
    (sub.parent / "helper.py").write_text(HELPER)
    net = sub / "net.py"
    for line in ("from ..helper import scaled", "from parcels.helper import scaled"):
        net.write_text(SOUND.replace("from helper import scaled", line))
        assert check(f"{net}:case")[0] == 0
    for name in ("parcels", "parcels.helper"):
        del sys.modules[name]


def test_a_file_below_the_working_directory_is_named_from_there(net, check, monkeypatch):
    (net.parent / "helper.py").write_text("def scaled(value):\n    return 3 * value\n")
    monkeypatch.chdir(net.parent)

    _, out, _ = check("net.py:case")

    assert out.splitlines()[1].startswith("helper.py:2:12: error: the gradient of w[")


def test_as_json_it_is_a_line_with_the_file_of_each_finding(net, check):
    (net.parent / "helper.py").write_text("def scaled(value):\n    return -2 * value\n")

    _, out, _ = check(f"{net}:case", "--json")

    row = json.loads(out)
    (finding,) = row["findings"]
    assert (row["file"], row["verdict"], row["claims"]) == (f"{net}:case", "wrong", 1)
    assert (finding["rule"], finding["target"], finding["line"]) == ("sign", "w", 2)
    assert finding["file"] == str(net.parent / "helper.py")


def test_an_exception_of_the_code_is_its_traceback_alone(net, check):
    status, out, err = check(f"{net}:fails")

    assert status == 2
    assert out == "runs as __main__ with net.py\n"
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.endswith("KeyError: 'absent'\n")
    assert "gradtui" not in err


def test_a_failure_of_our_own_is_said_to_be_one(net, check, monkeypatch, failures):
    monkeypatch.setattr("gradtui.diagnosis.recorded.judge.Judge.judged", divmod)

    status, out, _ = check(f"{net}:case")

    assert status == 1
    assert "net.py:case could not be judged: TypeError" in out
    assert "[internal]" in out
    assert isinstance(failures.pop(), TypeError)


def test_an_error_of_syntax_is_the_users_too(tmp_path, check):
    file = tmp_path / "broken.py"
    file.write_text("def case(w:\n")

    status, _, err = check(f"{file}:case")

    assert status == 2
    assert "SyntaxError" in err and "broken.py" in err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cases", "there is no function 'cases'; did you mean 'case'?"),
        ("net", "'net' is not a function; there are "),
        (
            "unset",
            "unset needs values for its arguments: defaults, as `def unset(W=W0)`, or in",
        ),
    ],
)
def test_what_cannot_be_used_is_said(net, check, name, said):
    status, _, err = check(f"{net}:{name}")

    assert status == 2
    assert said in err


def test_a_layer_with_a_gain_is_no_update(tmp_path, check):
    file = tmp_path / "layers.py"
    file.write_text("def forward(x, g, b):\n    pass\n")

    status, _, err = check(f"{file}:forward")

    assert status == 2
    assert "needs values for its arguments" in err and "update" not in err


def test_a_class_is_found_where_its_objects_are_made(tmp_path, check):
    file = tmp_path / "layers.py"
    file.write_text("class Net:\n    def __init__(self, W):\n        pass\n")

    status, _, err = check(f"{file}:Net")

    assert status == 2
    assert err.startswith(f"{file}:2:1: error: Net needs values for its arguments")


@pytest.mark.parametrize("arguments", ["w, g", "W, dW, config=None", "params, grads", "x, grad"])
def test_an_update_is_told_what_compares_it(tmp_path, check, arguments):
    file = tmp_path / "optim.py"
    file.write_text(f"def step({arguments}):\n    pass\n")

    status, _, err = check(f"{file}:step")

    assert status == 2
    assert "as an update does" in err and 'gradtui.check_update(step, "adam", lr=0.01)' in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def step(w):\n    pass\n", "its function is step, which needs arguments: give defaults"),
        ("def f(w): ...\ndef g(w): ...\n", "its functions are f, g, which all need arguments"),
        ("def f(w): ...\ndef pair(): ...\n", "for example f.py:pair; its functions are f, pair\n"),
        ("x = 1\n", "it has no function"),
    ],
)
def test_a_file_is_told_what_can_be_run_of_it(tmp_path, monkeypatch, check, text, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text(text)

    status, _, err = check("f.py")

    assert status == 2
    assert said in err


@pytest.mark.parametrize("end", ["", ":", ":1"])
def test_a_file_without_the_name_of_a_function_is_told_which_there_are(net, check, capsys, end):
    said = f"{net}:1:1: error: name the function to run, for example {net}:case; its functions "
    said += "are case, unset, fails\n"

    assert check(f"{net}{end}") == (2, "", said)
    assert main(["show", f"{net}{end}"]) == 2 and capsys.readouterr().err == said
    (net.parent / "bare.py").write_text("x = (\n")
    assert (
        "bare.py:1:1: error: is not Python: '(' was never closed"
        in check(str(net.parent / "bare.py"))[2]
    )


def test_code_that_raises_is_an_object_of_json_too(net, check):
    (net.parent / "broken.py").write_text("import numpy\nnumpy.nothing\n")

    status, out, err = check("--json", f"{net.parent / 'broken.py'}:case")

    row = json.loads(out)
    assert status == 2 and row["file"].endswith("broken.py:case")
    assert row["error"].endswith("has no attribute 'nothing'") and row["error"] in err
    assert "gradtui" not in err and "importlib" not in err


def test_what_no_gradient_is_returned_for_is_named(net, check):
    net.write_text(SOUND.replace("w=np.array([0.5, -1.0])", "w=np.ones(2), b=np.ones(1)"))

    _, out, _ = check(f"{net}:case")
    row = json.loads(check("--json", f"{net}:case")[1].splitlines()[-1])

    assert out.endswith("of each element; no gradient is returned for b\n")
    assert row["unjudged"] == ["b"] and row["verdict"] == "correct"


@pytest.mark.parametrize("returned", ['{"w": dw}', '{"w": dw, "b": None}'])
@pytest.mark.parametrize("given", ["b=0.5", "b=0.5, cfg={'lr': 0.1}"])
def test_a_number_without_a_gradient_is_named_as_an_array_is(tmp_path, check, returned, given):
    (tmp_path / "number.py").write_text(NUMBER.format(given=given, returned=returned))

    _, out, _ = check(f"{tmp_path / 'number.py'}:case")

    assert out.endswith("of each element; no gradient is returned for b\n")


def test_a_file_that_is_not_there_is_said(tmp_path, check):
    status, _, err = check(f"{tmp_path / 'nowhere.py'}:case")

    assert status == 2
    assert "nowhere.py:1:1: error: no such file" in err


def test_a_scenario_beside_it_is_checked_as_ever(net, check):
    status, out, _ = check(f"{net}:case", "two_weights", "--quiet")

    assert (status, out) == (0, "runs as __main__ with net.py\n")


def test_a_run_of_training_says_which_commands_take_code(net, capsys):
    assert main(["run", f"{net}:case"]) == 2
    said = capsys.readouterr().err
    assert "your own code is one call" in said and "`gradtui show` prints it" in said


def test_show_prints_the_lines_of_the_call_with_their_values(net, capsys):
    assert main(["show", f"{net}:case"]) == 0
    out = capsys.readouterr().out
    assert "net.py:case · one call · L 29" in out
    assert re.search(r"^ *10. e = X.dot\(w\) - 1 +\[-2 -3 -4\]", out, re.MULTILINE)
    assert "backward  value" not in out and "  update" not in out


def test_show_prints_the_call_as_json(net, capsys):
    assert main(["show", f"{net}:case", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    names = [node["name"] for node in found["nodes"]]
    assert (names, found["gradients"]["w"]) == (["w", "X", "e", "loss"], [-44, -62])
    assert found["hand"]["claims"]["w"] == [-44, -62]


def test_another_step_of_a_call_is_refused(net, capsys):
    assert main(["show", f"{net}:case", "--step", "1"]) == 2
    assert "this is one call of your code: no step follows it" in capsys.readouterr().err


def test_an_exception_of_shown_code_is_its_traceback(net, capsys):
    assert main(["show", f"{net}:fails"]) == 2
    err = capsys.readouterr().err
    assert err.splitlines()[-1] == "KeyError: 'absent'"
    assert "gradtui" not in err


def test_a_call_that_gradtui_fails_at_is_said_to_be_one(net, capsys, monkeypatch, failures):
    monkeypatch.setattr("gradtui.tracing.lowering._floats", None)

    assert main(["show", f"{net}:case"]) == 2
    err = capsys.readouterr().err
    assert "gradtui itself failed at the call: TypeError: 'NoneType' object is not" in err
    assert isinstance(failures.pop(), TypeError)


def test_a_method_is_told_how_it_becomes_a_case(net, capsys):
    assert main(["show", f"{net}:Tool.run"]) == 2
    assert "write a function that makes one, `def case" in capsys.readouterr().err


def test_numpy_is_as_it_was(net, check):
    before = {name: getattr(np, name) for name in dir(np)}

    check(f"{net}:case")

    assert all(getattr(np, name) is value for name, value in before.items())


def test_debug_needs_a_terminal_and_runs_nothing_without(capsys):
    def case(w):
        raise AssertionError("run")

    with pytest.raises(gradtui.InputError, match="the debugger needs a terminal"):
        gradtui.debug(case, w=np.ones(2))


def test_what_was_left_of_code_is_not_resumed(net, capsys, monkeypatch):
    monkeypatch.setattr("gradtui.cli.screen.on_terminal", lambda: True)

    assert main([f"{net}:case", "--resume"]) == 2
    assert "no session is kept of code that is run" in capsys.readouterr().err


def test_a_comment_silences_findings_of_its_line_and_the_check_counts_them(net, check):
    text = SOUND.replace("scaled(X.T.dot(e))", "X.T.dot(e)  # gradtui: ignore[constant-factor]")
    net.write_text(text)

    status, out, err = check(f"{net}:case")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1].endswith("to 1e-6 of each element, 1 silenced")
    assert " and right" not in out
    record = json.loads(check("--json", f"{net}:case")[1].splitlines()[-1])
    assert (record["findings"], record["silenced"], record["verdict"]) == ([], 1, "correct")


def test_a_comment_silences_on_any_line_of_a_statement_and_in_the_debugger(net, check, capsys):
    text = SOUND.replace(
        "    return np.sum(e**2), scaled(X.T.dot(e))\n",
        "    return (\n        np.sum(e**2),\n        X.T.dot(e),\n"
        "    )  # gradtui: ignore[constant-factor]\n",
    )
    net.write_text(text)

    assert check(f"{net}:case")[0] == 0
    session = trace_code(f"{net}:case")
    session.investigation.look()
    text = "\n".join(map(line_text, findings_rows(session.frame, 80)))
    assert session.frame.known.findings == ()
    assert "1 silenced by a comment" in text and "right" not in text


def test_a_comment_that_names_no_rule_is_told(net, check):
    text = SOUND.replace("scaled(X.T.dot(e))", "X.T.dot(e)  # gradtui: ignore[constant-faktor]")
    net.write_text(text)

    status, out, err = check(f"{net}:case")

    assert status == 1
    assert "[constant-factor]" in out
    assert "warning: no rule has the name 'constant-faktor'; did you mean 'constant-factor'?" in err


@pytest.mark.parametrize(
    "command",
    [
        ["check", "--json"],
        ["check", "--format", "sarif"],
        ["show", "--json"],
        ["print", "--json", "w"],
    ],
)
def test_what_the_code_prints_stays_out_of_what_other_programs_read(run, tmp_path, command):
    path = tmp_path / "loud.py"
    path.write_text('print("loading")\n' + NUMBER.format(given="b=0.5", returned='{"w": dw}'))
    name, *options = command
    expression = options[1:] if name == "print" else []
    options = options[:1] if name == "print" else options

    _, out, err = run(name, f"{path}:case", *expression, *options)

    assert json.loads(out)
    assert "loading" in err


def test_a_fix_of_several_lines_tells_which_it_replaces(run, tmp_path):
    path = tmp_path / "long.py"
    path.write_text(
        NUMBER.format(given="b=0.5", returned='{"w": dw}')
        .replace(
            "dw = 2 * X.T @ e", "count = len(X)\n    dw = (\n        2 * X.T.dot(e).ravel()\n    )"
        )
        .replace("np.sum(e**2)", "np.mean(e**2)")
    )

    _, out, _ = run("check", "--json", f"{path}:case")
    _, text, _ = run("check", f"{path}:case")

    (finding,) = json.loads(out)["findings"]
    first, last = finding["evidence"]["replaces"]
    lines = path.read_text().splitlines()
    lines[first - 1 : last] = ["    " + finding["fix"]]
    path.write_text("\n".join(lines))
    assert f"fix, in place of lines {first} to {last}: {finding['fix']}" in text
    assert run("check", f"{path}:case")[0] == 0
