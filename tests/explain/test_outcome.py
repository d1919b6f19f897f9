"""What `gradtui check` says of hand-written gradients, and what a test says with it."""

import json
from itertools import pairwise

import pytest

import gradtui
from bounded import no_hang
from gradtui.base.source import Place
from gradtui.cli.arguments import main
from gradtui.diagnosis.finding import Finding
from gradtui.explain.outcome import finding_place

MODEL = "yhat = w*x\ne = yhat - 5\nL = e**2"
WRONG = "[backward]\ncode = '''\nde = 2*e\ndyhat = de\ndw = dyhat\n'''"
RIGHT = WRONG.replace("dw = dyhat", "dw = dyhat*x")


def test_a_finding_shows_the_line_the_culprit_the_numbers_and_the_fix(write, capsys):
    path = write(MODEL, more=WRONG)
    assert main(["check", path]) == 1
    head, line, carets, fix, last = capsys.readouterr().out.splitlines()
    # w 2, x 3: e is 1, so dw is 2 instead of 6.
    number = gradtui.load(path).problem.lines.index("dw = dyhat") + 1
    assert head == (
        f"{path}:{number}:6: error: the factor ∂yhat/∂w = x is missing; at step 0 dw is 2, "
        "the true gradient 6 [missing-factor]"
    )
    assert (line, carets) == ("  dw = dyhat", "       ^^^^^")
    assert fix == "  fix: dw = dyhat*x"
    assert last == (
        f"{path}: failed, 3 claims compared at 12 points, to 1e-6 of each element; "
        "the file has no [[expect]] to check numbers against"
    )


def test_right_claims_are_counted(write, capsys):
    path = write(MODEL, more=RIGHT + "\n[[expect]]\nloss = 1.0")
    assert main(["check", path]) == 0
    out = capsys.readouterr().out
    said = "3 claims compared and right at 12 points, to 1e-6 of each element"
    assert out == f"{path}: ok, {said}; the one stated fact holds\n"


def test_parameters_that_no_line_claims_are_named_in_the_last_line(write, capsys):
    path = write(MODEL.replace("w*x", "w*x + b"), "w = 2.0\nb = 0.0", more=RIGHT)
    assert main(["check", path]) == 0
    assert "; not compared: b; " in capsys.readouterr().out.splitlines()[-1]


def test_gradients_in_a_file_are_said_to_be_compared(capsys):
    assert main(["check", "grad_numbers"]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert ": failed, 4 claims compared at the start alone" in last
    assert "not compared" not in last
    assert "nothing was compared" not in last


def test_a_claim_that_no_parameter_suffers_from_is_not_said_to_be_right(write, capsys):
    more = RIGHT.replace("de = 2*e", "de = e").replace("dyhat = de", "dyhat = 2*de")
    path = write(MODEL, more=more)
    assert main(["check", path]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    said = "3 claims compared, the parameters' gradients are right at 12 points"
    rest = "to 1e-6 of each element; the file has no [[expect]] to check numbers against"
    assert last == f"{path}: ok, {said}, {rest}"


def test_a_fix_is_whole_however_long_the_line(write, capsys):
    terms = " + ".join(f"w*x*{n}.5" for n in range(40))
    right = " + ".join(f"{n}.5*x" for n in range(40))
    path = write(f"L = {terms}", more=f"[backward]\ncode = 'dw = -({right})'")
    assert main(["check", path]) == 1
    fix = next(row for row in capsys.readouterr().out.splitlines() if row.startswith("  fix: "))
    assert len(fix) > 200
    assert "…" not in fix


def test_a_finding_in_a_python_file_cites_that_file(tmp_path, write, capsys):
    (tmp_path / "net.py").write_text("def backward(e, x):\n\n    dw = 2*e\n    return dw\n")
    path = tmp_path / "s.toml"
    with open(write(MODEL), encoding="utf-8") as file:
        path.write_text(file.read() + '[backward]\nsource = "net.py:backward"')
    assert main(["check", str(path)]) == 1
    head, line, carets, *_ = capsys.readouterr().out.splitlines()
    assert head.startswith(f"{tmp_path / 'net.py'}:3:10: error: ")
    assert (line, carets) == ("      dw = 2*e", "           ^^^")
    main(["check", str(path), "--json"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["line"], finding["evidence"]["source"]) == (3, str(tmp_path / "net.py"))


def test_an_update_is_cited_at_its_line(write, capsys):
    path = write(MODEL, more='[update]\ncode = "w = w + lr*g"')
    assert main(["check", path]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith("[update-sign]")
    assert out[1] == '  code = "w = w + lr*g"'


def test_a_fix_of_two_lines_is_said_in_two(write, capsys):
    more = "[update]\nstate = { m = 0.0 }\ncode = '''\nw = w - lr*m\n'''"
    path = write(MODEL, lr="0.1\nmomentum = 0.9", more=more)
    assert main(["check", path]) == 1
    fixes = [row for row in capsys.readouterr().out.splitlines() if "fix: " in row]
    assert fixes == ["  fix: m = momentum*m + g", "  fix: w = w - lr*m"]


def test_an_assertion_of_gradients_fails_with_that_text(write, capsys):
    path = write(MODEL, more=WRONG)
    main(["check", path])
    with pytest.raises(AssertionError) as caught:
        gradtui.assert_gradients(path)
    assert str(caught.value) + "\n" == capsys.readouterr().out


def test_an_assertion_of_right_gradients_holds(write):
    gradtui.assert_gradients(write(MODEL, more=RIGHT))


def test_an_assertion_of_what_cannot_be_read_is_an_input_error(write):
    with pytest.raises(gradtui.InputError, match="'q' is not defined"):
        gradtui.assert_gradients(write(MODEL, more="[backward]\ncode = 'dw = q'"))


def test_thousands_of_facts_are_each_said_at_their_place(write, capsys):
    path = write(MODEL, more="[[expect]]\nloss = 2.0\n" * 20_000)
    with no_hang():
        assert main(["check", path]) == 1
    *rows, last = capsys.readouterr().out.splitlines()
    assert last == f"{path}: failed, 20,000 of 20,000 stated facts do not hold"
    heads = [row for row in rows if row.startswith(f"{path}:")]
    lines = [int(row.removeprefix(f"{path}:").partition(":")[0]) for row in heads]
    assert len(lines) == 20_000 and {b - a for a, b in pairwise(lines)} == {2}


def test_what_is_said_of_no_line_is_said_at_the_start_of_the_file(write):
    problem = gradtui.load(write(MODEL, more=RIGHT)).problem
    finding = Finding("unexplained", "info", "backward", None, "no points", {})
    assert finding_place(problem, finding) == Place(1)


def test_facts_that_hold_are_no_contradiction_of_a_run_that_fails(capsys):
    assert main(["check", "five_parcels_rate_1_5"]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith(": failed, with one error, though all 10 stated facts hold")
