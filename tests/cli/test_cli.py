"""The commands, as a shell sees them: output, errors, exit status."""

import csv
import io
import json
import math
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import gradtui
from gradtui.base import streams
from gradtui.cli.arguments import COMMANDS, main
from gradtui.scenario.bundled import find_scenario

ROOT = Path(gradtui.__file__).parent.parent


@pytest.fixture
def run(capsys):
    """Run a command; return exit status, output, error output."""

    def call(*arguments):
        try:
            status = main([*map(str, arguments)])
        except SystemExit as exit:
            status = exit.code
        out, err = capsys.readouterr()
        return status, out, err

    return call


def shell(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "gradtui", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, **options,
    )  # fmt: skip


def rows_of(output):
    return [json.loads(line) for line in output.splitlines()]


# run


def test_run_prints_the_contract_s_lines(run):
    status, out, err = run("run", "two_weights", "--format", "jsonl", "--steps", "3")
    rows = rows_of(out)
    assert (status, err) == (0, "")
    assert [row["loss"] for row in rows] == pytest.approx([9, 0.81, 0.0729, 0.006561])
    assert rows[0] == {
        "step": 0,
        "loss": 9.0,
        "lr": 0.05,
        "parameters": {"w1": 1.0, "w2": 2.0},
        "gradients": {"w1": 12.0, "w2": 18.0},
        "grad_norm": pytest.approx(21.633307652783937),
    }
    assert list(rows[0]) == ["step", "loss", "lr", "parameters", "gradients", "grad_norm"]
    assert rows[1]["gradients"] == pytest.approx({"w1": -3.6, "w2": -5.4})
    assert [row["step"] for row in rows] == [0, 1, 2, 3]


def test_run_goes_to_the_file_s_last_step(run):
    rows = rows_of(run("run", "five_parcels", "--format", "jsonl")[1])
    assert [row["step"] for row in rows] == list(range(13))
    assert rows[0]["loss"] == pytest.approx(0.72884)
    assert rows[12]["loss"] == pytest.approx(0.3278308831969, rel=1e-12)
    assert rows[0]["gradients"] == {"w": pytest.approx([1.6456, 2.888])}


def test_run_prints_every_kth_step_and_the_last(run):
    jsonl = ("--format", "jsonl")
    every = rows_of(run("run", "two_weights", "--steps", "10", "--every", "4", *jsonl)[1])
    whole = rows_of(run("run", "two_weights", "--steps", "10", *jsonl)[1])
    assert [row["step"] for row in every] == [0, 4, 8, 10]
    assert every == [whole[row["step"]] for row in every]
    only = rows_of(run("run", "two_weights", "--steps", "10", "--every", "1000000", *jsonl)[1])
    assert only == [whole[0], whole[10]]
    assert len(rows_of(run("run", "two_weights", "--steps", "0", *jsonl)[1])) == 1


def test_run_sets_what_is_asked_for(run):
    arguments = ("--set", "optimizer.lr=3", "--set", "parameters.w1=0.5", "--format", "jsonl")
    rows = rows_of(run("run", "two_weights", *arguments, "--steps", "1")[1])
    assert rows[0]["lr"] == 3.0
    assert rows[0]["parameters"]["w1"] == 0.5
    lr3 = rows_of(run("run", "two_weights", "--set", "optimizer.lr=3.0", *arguments[4:])[1])
    assert [row["loss"] for row in lr3[:2]] == pytest.approx([9, 53361])


def test_a_table_fits_the_terminal_and_says_what_it_leaves_out(run, write, monkeypatch):
    path = write("L = sum(W**2)", "W = { shape = [20, 21], init = 'ones' }")
    monkeypatch.setenv("COLUMNS", "80")
    assert run("run", path, "--steps", "1")[2] == "", "a pipe is told nothing"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    status, out, err = run("run", path, "--steps", "1")
    lines = out.splitlines()
    assert status == 0 and {len(line) for line in lines} == {72}
    assert lines[0].split() == ["step", "loss", "lr", "grad_norm", "W[0,0]", "W[0,1]"]
    assert err == (
        f"{path}: 838 more columns: --columns loss,dW chooses, --format csv or jsonl has all\n"
    )
    whole = run("run", path, "--steps", "0", "--format", "csv")
    assert whole[2] == "" and "dW[19,20]" in whole[1]
    monkeypatch.setenv("COLUMNS", "1000000")
    status, out, err = run("run", path, "--steps", "0")
    assert len(out.split("\n")[0].split()) == 4 + 2 * 400
    assert f"{path}: 40 more columns: " in err, "no row has more numbers than a panel lists"


@pytest.mark.parametrize("format", ["table", "csv"])
def test_the_columns_asked_for_are_printed_alone(run, format):
    asked = "norm, w[1],max(abs(grad), axis=0),dw"
    out = run("run", "five_parcels", "--steps", "2", "--columns", asked, "--format", format)[1]
    names, *rows = csv.reader(io.StringIO(re.sub(" +", ",", out) if format == "table" else out))
    if format == "csv":
        assert names == ["step", "norm", "w[1]", "max(abs(grad), axis=0)", "dw[0]", "dw[1]"]
    records = rows_of(run("run", "five_parcels", "--steps", "2", "--format", "jsonl")[1])
    for row, record in zip(rows, records, strict=True):
        dw = record["gradients"]["w"]
        expected = [record["grad_norm"], record["parameters"]["w"][1], max(map(abs, dw)), *dw]
        assert [float(x) for x in row[-5:]] == pytest.approx(expected, rel=1e-5)


def test_a_classifier_s_table_has_its_accuracy(run):
    lines = run("run", "softmax_classifier", "--every", "60")[1].splitlines()
    rows = [dict(zip(lines[0].split(), line.split(), strict=True)) for line in lines[1:]]
    assert [row["accuracy"] for row in rows] == ["0.333333", "1"]


@pytest.mark.parametrize(
    ("columns", "place", "message"),
    [
        ("loss,wx", 6, "'wx' is not defined; did you mean 'w'?"),
        ("loss, w[2]", 8, "this has shape 2: its elements go up to [1]"),
        ("loss,", 6, "expected a column: w"),
        ("w, prev(w)", 4, "a column is of one step: prev looks back"),
        ("sum(w", 6, "the line ends early"),
    ],
)
def test_columns_that_are_none(run, columns, place, message):
    status, out, err = run("run", "five_parcels", "--columns", columns)
    assert (status, out) == (2, "")
    assert err.startswith(f"--columns:1:{place}: error: {message}")
    assert err.splitlines()[1] == f"  {columns}"


def test_json_lines_have_no_columns(run):
    status, out, err = run("run", "five_parcels", "--columns", "loss", "--format", "jsonl")
    assert (status, out) == (2, "") and "--columns is for a table or csv" in err


# print


def test_print_says_shape_range_and_the_first_rows(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run("print", "five_parcels", "X", "--rows", "2") == (0, """\
X [5×2] at step 0: 0.5 to 5
     0    1
0    2    3
1  1.5    1
… 3 more rows
""", "")  # fmt: skip
    assert run("print", "five_parcels", "w[1]", "--step", "12")[1] == "w[1] = 1.17455 at step 12\n"
    monkeypatch.setenv("COLUMNS", "9")
    out = run("print", "five_parcels", "X", "--rows", "2")[1].splitlines()
    assert out[1:] == ["     0", "0    2", "1  1.5", "… 3 more rows and 1 more column"]


def test_print_as_json_has_every_number(run):
    out = run("print", "five_parcels", "grad(w)", "--step", "1", "--json")[1]
    record = rows_of(run("run", "five_parcels", "--steps", "1", "--format", "jsonl")[1])[1]
    assert json.loads(out) == {
        "expression": "grad(w)", "step": 1, "shape": [2], "value": record["gradients"]["w"],
    }  # fmt: skip


def test_print_of_code_that_is_run(run, tmp_path):
    path = tmp_path / "net.py"
    run("new", path)
    out = run("print", f"{path}:case", "dW1", "--rows", "1")[1]
    assert out.startswith("dW1 [") and "at step" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "EXPRESSION:1:1: error: 'nope' is not defined"),
        (["X[9]"], "EXPRESSION:1:2: error: this has shape 5×2: its elements go up to [4,1]"),
        (["prev"], "EXPRESSION:1:1: error: there is no step before"),
        (["X", "--rows", "0"], "expected at least 1"),
    ],
)
def test_what_print_cannot_show(run, arguments, message):
    status, out, err = run("print", "five_parcels", *arguments)
    assert (status, out) == (2, "") and message in err


def test_run_as_csv_reads_back(run):
    out = run("run", "five_parcels", "--format", "csv")[1]
    rows = list(csv.DictReader(io.StringIO(out)))
    exact = rows_of(run("run", "five_parcels", "--format", "jsonl")[1])
    assert list(rows[0]) == [
        "step", "loss", "lr", "w[0]", "w[1]", "dw[0]", "dw[1]", "grad_norm",
    ]  # fmt: skip
    for row, record in zip(rows, exact, strict=True):
        assert float(row["loss"]) == record["loss"]
        assert [float(row["w[0]"]), float(row["w[1]"])] == record["parameters"]["w"]
        assert float(row["dw[1]"]) == record["gradients"]["w"][1]


def test_run_as_csv_quotes_the_names_of_matrix_elements(run, write):
    path = write("L = sum(W**2)", "W = [[1.0, 2.0]]")
    out = run("run", path, "--format", "csv")[1]
    assert out.startswith('step,loss,lr,"W[0,0]","W[0,1]","dW[0,0]","dW[0,1]",grad_norm\n')
    assert {len(row) for row in csv.reader(io.StringIO(out))} == {8}
    table = run("run", path)[1].splitlines()
    assert '"' not in table[0]


def test_run_as_a_table_is_aligned_and_cuts_no_number(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    lines = run("run", "two_weights_rate_3", "--steps", "80")[1].splitlines()
    assert lines[0].split() == ["step", "loss", "lr", "grad_norm", "w1", "w2", "dw1", "dw2"]
    assert len({len(line) for line in lines}) == 1
    assert not any("…" in line for line in lines)
    assert re.search(r"-\d\.\d{5}e1\d\d ", "\n".join(lines))


def test_run_says_what_is_not_finite_as_the_contract_has_it(run):
    arguments = ("five_parcels_rate_1_5", "--steps", "500", "--format")
    status, out, err = run("run", *arguments, "jsonl")
    rows = rows_of(out)
    assert (status, len(err.splitlines())) == (1, 1)
    assert "five_parcels_rate_1_5.toml: the loss is not finite: at step 95 it is inf" in err
    assert "Infinity" in {row["loss"] for row in rows}
    assert rows[500]["loss"] == rows[500]["grad_norm"] == "NaN"
    assert rows[500]["parameters"] == {"w": ["NaN", "NaN"]}
    last = run("run", *arguments, "csv")[1].splitlines()[-1].split(",")
    assert math.isnan(float(last[1]))


def test_a_run_that_diverges_or_is_lost_fails_and_one_that_ends_before_that_does_not(run, write):
    """(w - 1)² at rate 1.5 doubles its distance at each step: 4^k, beyond 1e308 at k = 512."""
    path = write("L = (w - 1)**2", "w = 2.0", lr=1.5, steps=20)
    status, out, err = run("run", path, "--format", "csv")
    assert (status, out.splitlines()[-1].split(",")[1]) == (1, str(4**20))
    assert "the run diverges: the loss grows from step 0 on; `gradtui check` says why" in err
    assert run("run", path, "--steps", "600", "--every", "600")[0] == 1
    assert run("run", path, "--steps", "0")[0] == 0
    assert run("run", path, "--set", "optimizer.lr=0.4")[::2] == (0, "")


def test_a_run_says_what_moves_the_weights_and_what_is_true_where_that_differs(run, write):
    """L = (w*x)² with w = 2, x = 3: dL/dw = 2·6·3 = 36, without the factor x 12."""
    wrong, right = (
        write("L = (w*x)**2", more=f'[backward]\ncode = "dw = 2*w*x{more}"') for more in ("", "*x")
    )
    row = rows_of(run("run", wrong, "--format", "jsonl", "--steps", "0")[1])[0]
    assert (row["gradients"], row["true_gradients"]) == ({"w": 12.0}, {"w": 36.0})
    row = rows_of(run("run", right, "--format", "jsonl", "--steps", "0")[1])[0]
    assert row["gradients"] == {"w": 36.0} and "true_gradients" not in row
    status, out, _ = run("show", wrong, "--json")
    shown = json.loads(out)
    assert (status, shown["gradients"], shown["claimed"]) == (0, {"w": 36.0}, {"w": 12.0})
    assert "claimed" not in json.loads(run("show", "two_weights", "--json")[1])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "rmsprop", "adam", "adamw"])
def test_a_run_that_is_lost_at_its_first_step_opens(run, write, optimizer, dtype):
    path = write("L = (w*x)**2", "w = 1e175", more=f'dtype = "{dtype}"')
    text = Path(path).read_text()
    Path(path).write_text(text.replace('"sgd"', f'"{optimizer}"\nclip_norm = 1.0'))
    assert rows_of(run("run", path, "--format", "jsonl")[1])[0]["loss"] == "Infinity"
    status, out, _ = run("show", path, "--json")
    assert (status, json.loads(out)["loss"]) == (0, "Infinity")
    status, out, _ = run("check", path, "--json")
    (finding,) = json.loads(out)["findings"]
    assert (status, finding["rule"], finding["step"]) == (1, "non-finite", 0)
    # In float32 it is lost where it is written, before it is squared.
    assert finding["target"] == ("L" if dtype == "float64" else "w")


# show


def test_show_as_json_has_the_contract_s_keys(run):
    status, out, _ = run("show", "two_weights", "--json")
    (shown,) = rows_of(out)
    assert status == 0
    assert list(shown) == ["step", "loss", "nodes", "edges", "paths", "paths_total", "gradients"]
    locals_ = {(e["from"], e["to"]): e["local"] for e in shown["edges"]}
    assert locals_["e", "L"] == 6
    assert locals_["yhat", "e"] == 1
    assert (locals_["w1", "yhat"], locals_["w2", "yhat"]) == (2, 3)
    assert [shown["paths"][w][0]["product"] for w in ("w1", "w2")] == [12, 18]


def test_show_at_a_step_of_one_parameter_on_the_operations(run):
    _, out, _ = run(
        "show", "two_weights", "--step", 1, "--param", "w2", "--level", "operations", "--json"
    )
    (shown,) = rows_of(out)
    assert shown["step"] == 1
    assert list(shown["gradients"]) == ["w2"]
    assert shown["gradients"]["w2"] == pytest.approx(-5.4)
    assert sum(node["op"] == "*" for node in shown["nodes"]) == 2


def test_show_in_words_is_plain_when_piped(run):
    status, out, err = run("show", "two_weights")
    assert (status, err) == (0, "")
    assert "∂L/∂w2 = ∂L/∂e · ∂e/∂ŷ · ∂ŷ/∂w2" in out
    assert "= 6 · 1 · 3 = 18" in out
    assert "\x1b" not in out


def test_show_of_a_parameter_that_is_not_there(run):
    assert run("show", "two_weights", "--param", "w3") == (
        2, "", "two_weights:1:1: error: 'w3' is not a parameter; expected one of w1, w2\n"
    )  # fmt: skip


def test_show_refuses_a_step_too_far(run):
    status, out, err = run("show", "two_weights", "--step", "999999999")
    assert (status, out) == (2, "")
    assert "step 10,000,000 is the last that can be asked for" in err


# list, new


def test_list_as_json_has_the_contract_s_keys(run):
    status, out, _ = run("list", "--json")
    entries = json.loads(out)
    assert status == 0
    assert {tuple(entry) for entry in entries} == {("name", "title", "about", "tags", "path")}
    assert {"one_weight", "two_weights", "five_parcels", "practice"} <= {e["name"] for e in entries}
    for entry in entries:
        assert Path(entry["path"]).stem == entry["name"]
        assert Path(entry["path"]).is_file()
        assert isinstance(entry["tags"], list)


def test_list_names_each_scenario_on_a_line(run):
    names = [line.split()[0] for line in run("list")[1].splitlines()]
    assert names == [entry["name"] for entry in json.loads(run("list", "--json")[1])]


def test_new_writes_a_scenario_that_works_and_never_overwrites(run, tmp_path):
    path = tmp_path / "mine.toml"
    status, out, err = run("new", path)
    assert (status, err) == (0, "")
    assert str(path) in out
    assert run("check", path)[0] == run("show", path)[0] == run("run", path)[0] == 0
    path.write_text("precious")
    status, out, err = run("new", path)
    assert (status, out) == (2, "")
    assert err == f"{path}:1:1: error: the file exists; choose another name\n"
    assert path.read_text() == "precious"
    assert run("new", tmp_path / "nowhere" / "a.toml")[0] == 2


def test_new_copies_a_scenario_with_the_files_it_names(run, tmp_path):
    path = tmp_path / "mine.toml"
    data = tmp_path / "parcels.csv"
    said = f"wrote {path} and {data}: open it with `gradtui {path}`\n"
    assert run("new", path, "--from", "five_parcels") == (0, said, "")
    for copy, name in ((path, "five_parcels.toml"), (data, "parcels.csv")):
        assert copy.read_bytes() == (ROOT / "scenarios" / name).read_bytes()
    assert run("check", path)[0] == 0
    other = tmp_path / "other.toml"
    assert run("new", other, "--from", path)[1].startswith(f"wrote {other}: "), "the data are there"

    data.write_text("distance\n1\n")
    status, out, err = run("new", tmp_path / "more.toml", "--from", "five_parcels")
    assert (status, out) == (2, "")
    assert err.startswith(f"{data}:1:1: error: a different file of this name already exists")
    assert not (tmp_path / "more.toml").exists()
    assert data.read_text() == "distance\n1\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["two_weights"], "the name of a bundled scenario: `gradtui new two_weights.toml --from"),
        (["a.py", "--from", "two_weights"], "needs a name that ends in .toml"),
        (["a.toml", "--from", "two_wieghts"], "did you mean 'two_weights'?"),
    ],
)
def test_what_new_cannot_write_leaves_nothing(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    status, out, err = run("new", *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert not list(tmp_path.iterdir())


def test_new_writes_code_with_one_mistake_and_never_overwrites(run, tmp_path):
    path = tmp_path / "net.py"
    assert run("new", path) == (0, f"wrote {path}: check it with `gradtui check {path}:case`\n", "")

    status, out, err = run("check", f"{path}:case")
    assert (status, err) == (1, "")
    place, message = out.splitlines()[0].split(": error: ")
    line, column = map(int, place.removeprefix(f"{path}:").split(":"))
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[line - 1][column - 1 :].startswith("dz.mean(axis=0)")
    assert "the mistake" in text.splitlines()[line - 1]
    assert "[wrong-axis]" in message
    assert out.count("error:") == 1

    path.write_text(text.replace("dz.mean(", "dz.sum("), encoding="utf-8")
    status, out, err = run("check", f"{path}:case")
    assert (status, err) == (0, "")
    assert "4 gradients compared and right" in out
    status, out, err = run("new", path)
    assert (status, out) == (2, "")
    assert "the file exists" in err


def test_the_facts_that_new_suggests_hold(run, tmp_path):
    path = tmp_path / "mine.toml"
    run("new", path)
    text = path.read_text(encoding="utf-8")
    at = text.index("# [[expect]]")
    facts = "\n".join(line.removeprefix("# ") for line in text[at:].splitlines())
    path.write_text(text[:at] + facts, encoding="utf-8")
    status, out, err = run("check", path)
    assert (status, err) == (0, ""), out
    assert out == f"{path}: ok, all 2 stated facts hold\n"


def test_the_hand_written_parts_of_the_template_are_right_once_uncommented(run, tmp_path):
    path = tmp_path / "a.toml"
    run("new", path)
    lines = path.read_text().split("\n")
    first, last = (next(i for i, line in enumerate(lines) if line.startswith(f"# {start}"))
                   for start in ("[backward]", "state = { m"))  # fmt: skip
    other = ("# source", "# claims", "# state")
    taken = [line.removeprefix("# ") for line in lines[first:last] if not line.startswith(other)]
    path.write_text("\n".join([*lines[:first], *taken, *lines[last:]]))
    status, out, _ = run("check", path)
    said = "4 claims compared and right at 12 points, to 1e-6 of each element"
    assert (status, out) == (0, f"{path}: ok, {said}; no facts are stated\n")


# check


@pytest.fixture
def wrong(write):
    return write("L = (w*x)**2", more="[[expect]]\nloss = 36.0\n[[expect]]\nloss = 37.0")


def test_a_failed_fact_is_shown_with_file_line_and_caret(run, wrong):
    status, out, err = run("check", wrong)
    assert (status, err) == (1, "")
    line = Path(wrong).read_text().splitlines().index("loss = 37.0") + 1
    assert out.splitlines() == [
        f"{wrong}:{line}:8: error: loss at step 0 is 36, the file expects 37 within 1e-6 relative",
        "  loss = 37.0",
        "         ^^^^",
        f"{wrong}: failed, 1 of 2 stated facts do not hold",
    ]


def test_two_failed_facts_of_one_line_have_their_own_carets(run, write):
    more = "[[expect]]\ngradients = {w = 1.0, v = 2.0}"
    _, out, _ = run("check", write("L = w**2 + v**2", "w = 1.0\nv = 2.0", more=more))
    assert [line.split(":")[2] for line in out.splitlines() if "error" in line] == ["18", "27"]


def test_check_as_json_is_a_line_a_file(run, wrong):
    status, out, err = run("check", "two_weights", wrong, "/nowhere.toml", "--json")
    good, bad, unread = rows_of(out)
    assert status == 2
    assert list(good) == ["file", "verdict", "claims", "findings", "inherited"]
    assert (good["verdict"], good["claims"], good["findings"]) == ("no-claim", 0, [])
    assert bad["verdict"] == "facts-failed"
    assert bad["findings"][0]["rule"] == "fact"
    assert unread == {"file": "/nowhere.toml", "error": "/nowhere.toml:1:1: error: no such file"}
    assert err == "/nowhere.toml:1:1: error: no such file\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["two_weights"], 0),
        (["two_weights", "WRONG"], 1),
        (["WRONG", "two_weights"], 1),
        (["/nowhere.toml", "WRONG", "two_weights"], 2),
    ],
)
def test_the_highest_exit_status_wins(run, wrong, files, expected):
    status, out, _ = run("check", *(wrong if file == "WRONG" else file for file in files))
    assert status == expected
    assert ("two_weights.toml: ok" in out) == ("two_weights" in files)


def test_quiet_prints_nothing_but_errors(run, wrong):
    assert run("check", "two_weights", "--quiet") == (0, "", "")
    status, out, _ = run("check", "two_weights", wrong, "--quiet")
    assert status == 1
    assert out.startswith(f"{wrong}:")
    assert "two_weights" not in out


def test_quiet_prints_no_warning(run):
    assert run("check", "dead_relu", "disconnected", "--quiet") == (0, "", "")


def test_quiet_prints_neither_the_warnings_nor_the_outcome_of_a_file_with_errors(run, tmp_path):
    file = tmp_path / "both.toml"
    text = Path(find_scenario("disconnected")).read_text()
    file.write_text(f"{text}\n[[expect]]\nloss = -1.0\n")
    status, out, _ = run("check", str(file))
    assert (status, out.count("error: "), out.count("warning: ")) == (1, 1, 1)
    status, out, err = run("check", str(file), "--quiet")
    assert (status, err, out.splitlines()[1:]) == (1, "", ["  loss = -1.0", "         ^^^^"])
    status, out, _ = run("check", "adam_eps_in_root", "--quiet")
    assert status == 1
    assert out.splitlines()[-1] == "  fix: w = w - lr*mhat/(sqrt(vhat) + eps)"


def test_facts_are_counted_in_words(run, write):
    for more, words in (
        ("", "no facts are stated"),
        ("[[expect]]\nloss = 36.0", "the one stated fact holds"),
        ("[[expect]]\nloss = 36.0\n[expect.values]\nx = 3.0", "all 2 stated facts hold"),
    ):
        path = write("L = (w*x)**2", more=more)
        assert run("check", path)[1] == f"{path}: ok, {words}\n"


def test_a_parameter_that_is_not_used_is_a_warning_and_no_failure(run, write):
    path = write("L = w**2", "w = 1.0\nb = 2.0")
    warned = [
        f"{path}:8:1: warning: the loss does not use the parameter 'b'",
        "  b = 2.0",
        "  ^",
    ]
    status, out, err = run("run", path)
    assert (status, err.splitlines()) == (0, warned)
    status, out, err = run("check", path)
    assert (status, err) == (0, ""), "it is said once, as a finding"
    assert out.startswith(f"{path}:8:1: warning: the loss does not depend on b. Its gradient is 0")


def test_check_for_github_annotates_the_lines_of_the_repository(run, wrong, monkeypatch):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path(wrong).parent.parent))
    name = f"{Path(wrong).parent.name}/{Path(wrong).name}"
    status, out, err = run("check", wrong, "two_weights", "--format", "github")
    rows = out.splitlines()
    assert (status, err) == (1, "")
    assert rows[0].startswith(f"::error file={name},line=23,col=8,title=gradtui%3A fact::")
    assert rows[1] == f"gradtui: {wrong}: failed, 1 of 2 stated facts do not hold"
    assert len(rows) == 3 and rows[2].endswith("stated facts hold"), "what was compared is told"
    assert run("check", wrong, "two_weights", "--format", "github", "--quiet")[1] == f"{rows[0]}\n"


def test_check_as_sarif_is_one_log_of_all_files(run, wrong, tmp_path):
    (tmp_path / "bad.py").write_text("1/0\n", encoding="utf-8")
    files = [wrong, "grad_sign", "nowhere.toml", f"{tmp_path / 'bad.py'}:case"]
    status, out, err = run("check", *files, "--format", "sarif")
    (log,) = rows_of(out)
    (ran,) = log["runs"]
    assert status == 2 and "nowhere.toml" in err and "ZeroDivisionError" in err
    assert [result["ruleId"] for result in ran["results"]] == ["fact", "sign"]
    (invocation,) = ran["invocations"]
    told = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert "4 claims compared at 12 points" in told[1]
    assert told[2:] == [
        "nowhere.toml: no such file",
        f"{files[3]}: ZeroDivisionError: division by zero",
    ]


def test_json_is_a_format_and_the_two_are_not_asked_for_together(run, wrong):
    json_lines = run("check", wrong, "nowhere.toml", "--json")
    assert run("check", wrong, "nowhere.toml", "--format", "json") == json_lines
    assert len(rows_of(json_lines[1])) == 2
    assert run("check", wrong, "--json", "--format", "sarif")[0] == 2


# arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["LIST", "more"], "'LIST' is not a command; did you mean 'list'?"),
        (["Chek", "two_weights"], "'Chek' is not a command; did you mean 'check'?"),
        (["chek", "two_weights"], "'chek' is not a command; did you mean 'check'?"),
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["show", "two_weights", "--bogus"], "unrecognized arguments: --bogus"),
        (["show"], "the following arguments are required: FILE"),
        (["check"], "the following arguments are required: FILE"),
        (["list", "more"], "unrecognized arguments: more"),
        (["run", "two_weights", "--steps", "-1"], "expected a whole number from 0 on, got '-1'"),
        (["run", "two_weights", "--steps", "1.5"], "expected a whole number from 0 on, got '1.5'"),
        (["run", "two_weights", "--steps", "٣"], "expected a whole number from 0 on, got '٣'"),
        (["run", "two_weights", "--steps", "1" * 12], "at most 9 digits, got 12"),
        (["run", "two_weights", "--every", "0"], "expected at least 1"),
        (["run", "two_weights", "--format", "xml"], "invalid choice: 'xml'"),
        (["show", "two_weights", "--level", "both"], "invalid choice: 'both'"),
        (["--step", "x"], "expected a whole number from 0 on, got 'x'"),
    ],
)
def test_arguments_that_are_none(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("optimizer.lr", "--set optimizer.lr: expected KEY=VALUE, such as optimizer.lr=0.1"),
        ("optimizer.lr=abc", "--set optimizer.lr=abc: the value is not a TOML value"),
        ("optimizer.lr=1\nx=2", "--set optimizer.lr=1\\x0ax=2: the value is not a TOML value"),
        ("title.x=5", "--set title.x: 'title' is not a table"),
        ("optimizer.lr=nan", "the learning rate must be finite, got nan (with --set "),
        ('optimizer.lr="a"', 'expected a number, got text in quotes (with --set optimizer.lr="a")'),
        ("optimizer.rl=1", "unknown key 'rl'; expected one of name, lr, "),
        ("lr=1", "--set lr: a file has no key 'lr'; did you mean 'optimizer.lr'?"),
        ("steps=1", "--set steps: a file has no key 'steps'; did you mean 'run.steps'?"),
        ("w1=1", "--set w1: a file has no key 'w1'; did you mean 'parameters.w1'?"),
        ("titel=1", "--set titel: a file has no key 'titel'; did you mean 'title'?"),
        ("qqq=1", "--set qqq: a file has no key 'qqq': expected TABLE.KEY"),
        ("a.b.c=5", "unknown key 'a'; expected one of title, "),
        ("optimizer=5", "optimizer: expected a table, got a whole number (with --set "),
        ("parameters.w1=[1.0, 2.0]", "the loss 'L' must be a scalar, but its shape is 2"),
    ],
)
def test_settings_that_are_none(run, setting, message):
    status, out, err = run("run", "two_weights", "--set", setting)
    assert (status, out) == (2, "")
    assert ".toml:" in err or err.startswith("two_weights:1:1: error: --set")
    assert message in err


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            "two_wieghts",
            "no file and no bundled scenario is called 'two_wieghts'; did you mean 'two_weights'?",
        ),
        ("", "no file and no bundled scenario is called ''"),
        ("a" * 5000, "no file and no bundled scenario is called 'aaaa"),
        ("nowhere/a.toml", "no such file"),
        ("nul\0byte", "no file and no bundled scenario is called 'nul\\x00byte'"),
        (".", "is a folder, not a file"),
    ],
)
def test_a_file_that_is_not_there(run, file, message):
    status, out, err = run("show", file)
    assert (status, out) == (2, "")
    assert ":1:1: error: " in err
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_folder_does_not_hide_a_bundled_scenario(run, tmp_path, monkeypatch):
    (tmp_path / "two_weights").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run("check", "two_weights")[0] == 0


def test_a_file_without_an_ending_is_found_and_hides_no_bundled_scenario(
    run, tmp_path, monkeypatch
):
    text = Path(ROOT, "scenarios", "practice.toml").read_text(encoding="utf-8")
    for name in ("mine", "two_weights"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    losses = {}
    for file in ("mine", "./two_weights", "two_weights"):
        _, out, losses[file, "told"] = run("show", file, "--json")
        losses[file] = json.loads(out)["loss"]
    assert losses["mine"] == losses["./two_weights"] == 0.25
    assert losses["two_weights"] == 9
    assert losses["mine", "told"] == losses["./two_weights", "told"] == ""
    said = "two_weights: opening the bundled scenario; the file here is ./two_weights\n"
    assert losses["two_weights", "told"] == said


def test_every_command_has_help(run):
    for command in COMMANDS:
        status, out, _ = run(command.name, "--help")
        assert status == 0
        assert command.summary in out
    status, out, _ = run("--help")
    assert status == 0
    assert all(f"gradtui {command.name}" in out for command in COMMANDS)
    assert run("--version") == (0, f"gradtui {gradtui.__version__}\n", "")


# processes


def test_python_m_gradtui_runs():
    result = shell("run", "two_weights", "--format", "jsonl", "--steps", "3")
    assert (result.returncode, result.stderr) == (0, "")
    assert [row["loss"] for row in rows_of(result.stdout)] == pytest.approx(
        [9, 0.81, 0.0729, 0.006561]
    )


@pytest.mark.parametrize(("chosen", "threads"), [(None, "1"), ("3", "3")])
def test_one_thread_computes_unless_the_user_wants_more(run, monkeypatch, chosen, threads):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", chosen or "")
    if chosen is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    run("list")
    assert os.environ["OPENBLAS_NUM_THREADS"] == threads


def test_the_debugger_wants_a_terminal():
    result = shell("two_weights", stdin=subprocess.DEVNULL)
    assert (result.returncode, result.stdout) == (2, "")
    assert "needs a terminal" in result.stderr


def test_a_reader_that_leaves_ends_the_run_quietly():
    command = [sys.executable, "-m", "gradtui", "run", "two_weights", "--steps", "100000"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert b"step" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "arguments", [["run", "two_weights"], ["list"], ["--help"], ["--version"], ["check", "--help"]]
)
def test_a_full_disk_is_one_line(arguments):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "gradtui", *arguments],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr == "gradtui: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["check", "nosuch"], 2),
        (["check", "two_weights", "--nosuch"], 2),
        (["two_weights"], 2),
        (["check", "two_weights_rate_3", "nosuch"], 2),
        (["run", "two_weights_rate_3"], 1),
        (["check", "sigmoids_deep"], 0),
    ],
)
def test_what_cannot_be_told_leaves_the_exit_status_as_it_is(arguments, expected):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "gradtui", *arguments],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=full, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    assert result.returncode == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_what_a_vanished_terminal_left_in_a_buffer_is_no_status_of_its_own():
    program = (
        "import sys; from gradtui.cli import arguments as cli\n"
        "def debug(arguments):\n    sys.stderr.write('the last frame')\n    return 129\n"
        "cli.debug = debug\nsys.exit(cli.main(['two_weights']))"
    )
    with open("/dev/full", "w") as full:
        environment = {**os.environ, "PYTHONUNBUFFERED": ""}
        command = [sys.executable, "-c", program]
        result = subprocess.run(command, cwd=ROOT, env=environment, stderr=full)
    assert result.returncode == 129


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp037"])
def test_an_encoding_that_no_terminal_shows_is_utf_8(encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for arguments in (["show", "two_weights"], ["list", "--json"], ["check", "nosuch"]):
        found, usual = shell(*arguments, env=environment), shell(*arguments)
        assert (found.stdout, found.stderr) == (usual.stdout, usual.stderr)


def test_closed_streams_do_no_harm():
    command = f"{sys.executable} -m gradtui show two_weights >&- 2>&-"
    assert subprocess.run(command, shell=True, cwd=ROOT).returncode == 0


def test_without_an_input_there_is_no_terminal():
    command = f"{sys.executable} -m gradtui two_weights <&-"
    result = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    assert "needs a terminal" in result.stderr and "Traceback" not in result.stderr


def test_a_stream_in_ascii_gets_no_escapes_and_json_stays_json():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    text = shell("show", "two_weights", env=environment).stdout
    assert "dL/dw2" in text and "\\u" not in text
    entries = json.loads(shell("list", "--json", env=environment).stdout)
    assert entries == json.loads(shell("list", "--json").stdout)


def modules_after(code):
    """Return the packages that are loaded after `code`, in a process of its own."""
    program = (
        f"import sys\n{code}\nprint('LOADED', *sorted({{m.split('.')[0] for m in sys.modules}}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stdout.rpartition("LOADED ")[2].split())


RUN = "from gradtui.cli.arguments import main\ntry: main({})\nexcept SystemExit: pass"
SCREEN = {"textual", "rich", "plotext"}


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_help_and_version_load_no_numbers_and_no_screen(option):
    loaded = modules_after(RUN.format([option]))
    assert "gradtui" in loaded
    assert not loaded & {*SCREEN, "numpy", "msgspec"}


@pytest.mark.parametrize(
    "code",
    [
        "import gradtui.cli.arguments",
        "import gradtui; gradtui.load('two_weights').frame.loss",
        *(RUN.format([command, "two_weights"]) for command in ("show", "run", "check")),
    ],
)
def test_nothing_below_the_screen_loads_it(code):
    loaded = modules_after(code)
    assert "gradtui" in loaded
    assert not loaded & SCREEN


def test_run_says_the_rate_of_each_step_and_keeps_the_time_of_adam(run, write):
    more = '[schedule]\nname = "step"\nstep_size = 2\ngamma = 0.5'
    path = write("L = (w*x - 1)**2", lr=0.25, steps=6, more=more)
    text = Path(path).read_text(encoding="utf-8").replace('"sgd"', '"adam"')
    Path(path).write_text(text, encoding="utf-8")
    rows = rows_of(run("run", path, "--format", "jsonl")[1])
    assert [row["lr"] for row in rows] == [0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625, 0.03125]
    every = rows_of(run("run", path, "--format", "jsonl", "--every", "3")[1])
    assert every == rows[::3]


# ASCII


@pytest.mark.parametrize("command", ["show", "run", "check", "list"])
def test_without_utf_8_all_output_is_ascii(run, monkeypatch, command):
    monkeypatch.setenv("LC_ALL", "C")
    names = () if command == "list" else ("grad_missing_factor",)
    status, out, err = run(command, *names)
    assert status in (0, 1)
    assert out.isascii()
    assert err.isascii()
    assert out


def test_ascii_is_asked_for(run):
    drawn = run("show", "two_weights", "--ascii")[1]
    assert drawn.isascii()
    assert "  dL/dw2 = dL/de . de/dyhat . dyhat/dw2\n         = 2*e . 1 . x2\n" in drawn
    assert not run("show", "two_weights")[1].isascii()


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_draws_no_screen_is_pointed_to_plain_text(run, monkeypatch, term):
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)
    monkeypatch.setenv("TERM", term)
    status, out, err = run("two_weights")
    assert (status, out) == (2, "")
    assert "`gradtui show FILE` and `gradtui run FILE`" in err


def test_an_unknown_theme_is_an_error_with_those_there_are(run, monkeypatch):
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    status, out, err = run("two_weights", "--theme", "lihgt")
    assert (status, out) == (2, "")
    assert "--theme lihgt:1:1: error: there is no theme 'lihgt'; did you mean" in err
    assert "there are dark, light" in err


def test_what_is_typed_cannot_act_on_the_terminal(capsys):
    for arguments in (["\x1b]0;a\x07\u202e", "x"], ["show", "x", "--step", "\x9b2J"], ["--\u200b"]):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        err = capsys.readouterr().err
        assert left.value.code == 2
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", err)


def test_too_little_memory_is_an_error_and_no_traceback(capsys, monkeypatch):
    def exhausted(file, **rest):
        raise MemoryError

    monkeypatch.setattr("gradtui.cli.files.load_file", exhausted)
    assert main(["show", "two_weights"]) == 2
    assert "not enough memory" in capsys.readouterr().err


def test_a_person_is_told_what_takes_long_and_a_pipe_is_not(monkeypatch, capsys):
    """After each second that passes, here none; the line is taken away before anything else."""
    passed = threading.Event()
    monkeypatch.setattr(streams, "_PATIENCE", 0.001)
    write = streams._write
    monkeypatch.setattr(streams, "_write", lambda *args: (write(*args), passed.set()))
    with streams.working("quiet"):
        pass
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with streams.working("checking \x1b[2Jnet.toml"):
        assert passed.wait(60)
    err = capsys.readouterr().err
    assert err.startswith("\rchecking ␛[2Jnet.toml … 1 s") or "net.toml … 1 s" in err
    assert "\x1b" not in err and "quiet" not in err
    assert err.endswith(" \r") and err.count("net.toml") >= 1


def test_what_the_user_s_code_asks_stands_on_a_line_of_its_own(monkeypatch, capsys):
    def answer(prompt=""):
        print(prompt, end="", file=sys.stderr)
        return "2"

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with streams.working("running net.py"):
        assert input("scale? ") == "2"
    assert input is answer
    assert re.search(r"\r +\rscale\? ", capsys.readouterr().err)
