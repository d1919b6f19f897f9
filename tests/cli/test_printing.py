"""`gradtui print`: one value at one step."""

import json

import pytest

from cli.shell import rows_of


def test_print_says_shape_range_and_the_first_rows(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run("print", "five_parcels", "X", "--rows", "2") == (0, """\
X [5×2] at step 0: 0.5 to 5
   distance    weight
0         2         3
1       1.5         1
… 3 more rows (--rows 5 prints all)
""", "")  # fmt: skip
    assert run("print", "five_parcels", "w[1]", "--step", "12")[1] == "w[1] = 1.17455 at step 12\n"
    monkeypatch.setenv("COLUMNS", "9")
    out = run("print", "five_parcels", "X", "--rows", "2")[1].splitlines()
    left = "… 3 more rows (--rows 5 prints all) and 1 more column"
    assert out[1:] == ["   distance", "0         2", "1       1.5", left]


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


def test_of_data_cut_into_batches_a_step_has_some_rows_and_all_prints_the_others(run):
    out = run("print", "minibatches", "X", "--rows", "1")[1]
    assert out.startswith("X [4×2] at step 0: ")
    assert "rows of this step's batch: 4 of 40 (--all prints all)\n" in out
    out = run("print", "minibatches", "X", "--all", "--rows", "1")[1]
    assert out.startswith("X [40×2]: ") and out.endswith("… 39 more rows (--rows 40 prints all)\n")
    value = json.loads(run("print", "minibatches", "y", "--all", "--json")[1])["value"]
    assert len(value) == 40
    status, out, error = run("print", "minibatches", "yhat", "--all")
    assert (status, out) == (2, "")
    assert error.startswith("minibatches:1:1: error: --all: 'yhat' is not data cut into batches")


def test_columns_of_a_csv_file_are_printed_under_their_names(run):
    heads = "   sepal_length   sepal_width  petal_length   petal_width"
    assert heads in run("print", "iris", "X", "--rows", "1")[1]
    assert "sepal" not in run("print", "iris", "W1", "--rows", "1")[1]
