"""`gradtui run`: the table, its columns, its formats, how a run ends."""

import csv
import io
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.shell import ROOT, rows_of


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


def test_a_column_may_be_computed_from_a_gradient_by_its_short_name(run):
    asked = "sum(abs(dw)), sum(abs(grad(w)))"
    rows = run("run", "five_parcels", "--steps", "2", "--columns", asked)[1].splitlines()[1:]
    numbers = [row.split()[1:] for row in rows]
    assert numbers[0] == ["4.5336", "4.5336"] and all(a == b for a, b in numbers)


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
    status, _, err = run("run", path, "--steps", "600", "--every", "600")
    assert status == 1 and "; `gradtui check` of a file with run.steps=600 says why" in err
    _, _, err = run("run", path, "--set", "optimizer.lr=1.6")
    assert "; `gradtui check` of a file with optimizer.lr=1.6 says why" in err
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


@pytest.fixture
def wrong(write):
    return write("L = (w*x)**2", more="[[expect]]\nloss = 36.0\n[[expect]]\nloss = 37.0")


def test_a_reader_that_leaves_ends_the_run_quietly():
    command = [sys.executable, "-m", "gradtui", "run", "two_weights", "--steps", "100000"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert b"step" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=600) == 141


def test_run_says_the_rate_of_each_step_and_keeps_the_time_of_adam(run, write):
    more = '[schedule]\nname = "step"\nstep_size = 2\ngamma = 0.5'
    path = write("L = (w*x - 1)**2", lr=0.25, steps=6, more=more)
    text = Path(path).read_text(encoding="utf-8").replace('"sgd"', '"adam"')
    Path(path).write_text(text, encoding="utf-8")
    rows = rows_of(run("run", path, "--format", "jsonl")[1])
    assert [row["lr"] for row in rows] == [0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625, 0.03125]
    every = rows_of(run("run", path, "--format", "jsonl", "--every", "3")[1])
    assert every == rows[::3]
