"""What a step sees beside the model, in words: batch, validation, plateau, a weight's own rate."""

import json
from pathlib import Path

import pytest

import gradtui
from gradtui.cli.arguments import main
from gradtui.explain.header import header
from gradtui.explain.report import show_lines
from gradtui.explain.spans import line_text
from gradtui.explain.training import batch_text
from gradtui.explain.update import update_rows

DATA = "x = [1.0, 2.0, 3.0, 4.0, 5.0]\ny = [1.0, 2.0, 3.0, 4.0, 5.0]"
BATCHES = '[batches]\nover = ["x", "y"]\nsize = 2'
VALIDATION = "[validation]\nx = [1.0, 2.0]\ny = [0.0, 0.0]"
CODE = "L = mean((w*x - y)**2)"


@pytest.fixture
def of(session_of):
    """Open the model with more tables."""
    return lambda *tables, **parts: session_of(CODE, data=DATA, more="\n".join(tables), **parts)


def texts(rows):
    return [line_text(row) for row in rows]


def test_the_rows_of_the_batch_are_named_from_0_with_epoch_and_number(of):
    session = of(BATCHES)
    found = []
    for step in range(3):
        session.seek(step)
        found.append(batch_text(session.frame))
    assert found == [
        "rows 0 1 · epoch 1, batch 1/2",
        "rows 2 3 · epoch 1, batch 2/2",
        "rows 0 1 · epoch 2, batch 1/2",
    ]
    assert "batch  rows 0 1 · epoch 2, batch 1/2" in texts(show_lines(session.frame, None))
    assert batch_text(of().frame) == ""


def test_a_large_batch_is_cut_with_its_size(session_of):
    many = [float(i) for i in range(20)]
    session = session_of(
        CODE, data=f"x = {many}\ny = {many}", more='[batches]\nover = ["x", "y"]\nsize = 12'
    )
    assert batch_text(session.frame) == "rows 0 1 2 3 4 5 6 7 … (12) · epoch 1, batch 1/1"


def test_the_validation_loss_is_in_show_and_in_a_wide_header(of):
    # w = 2: (2² + 4²)/2
    frame = of(VALIDATION).frame
    assert "validation loss  10" in texts(show_lines(frame, None))
    assert "validation L 10" in line_text(header(frame, 120))
    assert "validation" not in line_text(header(frame, 80))
    assert frame.drawn.validation_losses[0] == 10.0


def test_json_has_the_validation_loss_and_the_batch_only_where_there_are_such(write, capsys):
    path = write(CODE, data=DATA, more=f"{BATCHES}\n{VALIDATION}")
    plain = write(CODE, data=DATA)
    main(["run", path, "--steps", "0", "--format", "jsonl"])
    record = json.loads(capsys.readouterr().out)
    assert (record["validation_loss"], record["batch"]) == (10.0, [0, 1])
    main(["show", path, "--step", "1", "--json"])
    assert json.loads(capsys.readouterr().out)["batch"] == [2, 3]
    main(["run", plain, "--steps", "0", "--format", "jsonl"])
    assert not {"validation_loss", "batch"} & set(json.loads(capsys.readouterr().out))
    main(["run", path, "--steps", "0", "--format", "csv"])
    assert capsys.readouterr().out == (
        "step,loss,lr,w,dw,grad_norm,validation_loss\n0,2.5,0.1,2,5,5,10\n"
    )


def test_the_plateau_s_count_and_its_fall_are_shown(session_of):
    session = session_of(
        "L = 1 + 0*w*x", more='[schedule]\nname = "plateau"\npatience = 1\nfactor = 0.5'
    )
    found = []
    for step in range(4):
        session.seek(step)
        found.append(texts(update_rows(session.frame))[1:-1])
    assert found == [
        ["plateau  loss 1: the first"],
        ["plateau  loss 1: best 1, 1 in a row not better, patience 1"],
        ["plateau  loss 1: best 1, 2 in a row not better, patience 1",
         "         lr 0.1 → 0.05 at step 3"],
        ["plateau  loss 1: best 1, 1 in a row not better, patience 1"],
    ]  # fmt: skip
    assert "lr 0.05" in line_text(header(session.frame, 120))
    session.position = 0
    assert texts(update_rows(session.frame))[1] == "plateau  ·"


def test_the_plateau_watches_the_validation_loss_where_there_is_one(of):
    session = of(VALIDATION, '[schedule]\nname = "plateau"')
    assert texts(update_rows(session.frame))[1] == "plateau  validation loss 10: the first"
    session.seek(1)
    # w = 2 - 0.1·22 = -0.2: 0.04·(1 + 4)/2
    assert texts(update_rows(session.frame))[1] == "plateau  validation loss 0.1: better than 10"


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("sgd", None),
        # by hand: g = 36 at step 0, lr = 0.1
        ("adagrad", "own rate = 0.1/(sqrt(1296) + 1e-10) = 0.00277778   step -0.1"),
        ("rmsprop", "own rate = 0.1/(sqrt(12.96) + 1e-8) = 0.0277778   step -1"),
        ("adam", "own rate = 0.1/(sqrt(1296) + 1e-8) = 0.00277778   step -0.1"),
    ],
)
def test_an_adaptive_optimizer_shows_each_weight_s_own_rate(write, optimizer, expected):
    path = Path(write("L = (w*x)**2"))  # dL/dw = 2·2·9 = 36
    path.write_text(path.read_text().replace('name = "sgd"', f'name = "{optimizer}"'))
    rows = texts(update_rows(gradtui.load(path).frame))
    assert [row.strip() for row in rows if "own rate" in row] == ([expected] if expected else [])


def test_of_a_batch_as_many_whole_rows_are_named_as_fit():
    session = gradtui.load("iris")
    rows = [str(row) for row in session.frame.tape.batch]
    whole = batch_text(session.frame)
    for width in range(16, len(whole) + 1):
        text = batch_text(session.frame, width)
        assert len(text) <= width
        listed = text.partition(" · ")[0].removeprefix("rows ").partition(" … (12)")[0]
        assert listed.split() == rows[: len(listed.split())], "no row is cut to another number"
    assert batch_text(session.frame, 24).endswith(" … (12)")
