"""The first row of the screen: what it tells, and which parts give way."""

import pytest

import gradtui
from explain.hand import MODEL, RIGHT
from gradtui.diagnosis.correction import correct
from gradtui.explain.header import header
from gradtui.explain.spans import line_text, line_width
from gradtui.explain.step import now_line
from gradtui.explain.timeline import timeline
from gradtui.explain.update import update_rows
from rows import texts

FALLING = '[schedule]\nname = "exponential"\ngamma = 0.5'


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (20, "step 0/12  backward done  L 9"), (40, "step 0/12  backward done  L 9"),
        (80, "sgd lr 0.05  step 0/12  backward done  L 9"),
            (120, "step 0/12   backward done   L 9"),
        (200, "step 0/12   backward done   L 9"),
    ],
)  # fmt: skip
def test_the_header_says_step_pass_and_loss(width, said):
    session = gradtui.load("two_weights")
    text = line_text(header(session.frame, width))
    assert said in text
    session.seek(1)
    assert line_text(header(session.frame, width)).rstrip().endswith("L 0.81 ▼")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_pass_that_the_cursor_is_in_does_not_look_cut(width):
    session = gradtui.load("two_weights")
    session.position, said = 0, set[str]()
    while session.position < session.order.end:
        session.into()
        text = line_text(header(session.frame, width))
        rest = text.partition("step 0/12")[2]
        assert "…" not in rest, text
        said.add(" ".join(rest.split(" L ")[0].split()).replace("✓", "done"))
    assert {"in forward", "forward done", "in backward", "backward done", "in update"} <= said


@pytest.mark.parametrize("step", range(13))
@pytest.mark.parametrize("name", ["five_parcels_rate_0_001", "five_parcels_adam", "grad_network"])
def test_a_long_title_is_whole_at_80_columns_and_the_row_keeps_its_form(name, step):
    session = gradtui.load(name)
    session.seek(step)
    row = line_text(header(session.frame, 80))
    assert row.startswith(f" {session.problem.title}  ") and "…" not in row
    assert ("adam" in row or "by hand" in row or "sgd" in row) == (name == "five_parcels_adam")
    session.position = 0
    assert line_text(header(session.frame, 80)).startswith(f" {session.problem.title}  ")


def test_the_header_and_the_update_say_the_rate_of_the_step(session_of):
    session = session_of("L = (w*x)**2", lr=0.01, more=FALLING)
    session.seek(2)
    assert "sgd  lr 0.0025" in "".join(text for text, _ in header(session.frame, 100))
    assert " - 0.0025·" in texts(update_rows(session.frame))[1]


def test_the_header_says_what_drives(session_of):
    session = session_of(MODEL, more=RIGHT)
    assert "drive hand" in line_text(header(session.frame, 100))
    session.branches.toggle_drive()
    assert "drive autodiff" in line_text(header(session.frame, 100))
    assert "drive" not in line_text(header(session_of(MODEL).frame, 100))


def test_steps_are_counted_with_commas_everywhere(write):
    session = gradtui.load(write("L = (w*x)**2", "w = 2.0", lr=1e-4, steps=5000))
    session.seek(4930)
    assert "step 4,930/5,000" in line_text(header(session.frame, 120))
    assert line_text(timeline(session.frame, 6)).strip() == "4,930/5,000"
    session.position = 0
    assert "step 4,930 begins" in line_text(now_line(session.frame))


def test_the_state_before_the_start_is_shortened_before_the_title():
    session = gradtui.load("one_weight")
    session.seek(0)
    session.position = 0
    title = session.problem.title
    wide, narrow = (line_text(header(session.frame, width)) for width in (120, 74))
    assert title in wide and "nothing computed yet" in wide
    assert title in narrow and "start" in narrow


def test_a_narrow_row_has_the_scenario_in_place_of_our_name():
    session = gradtui.load("two_weights")
    session.seek(2)
    title = session.problem.title
    wide, narrow = (line_text(header(session.frame, width)) for width in (120, 80))
    assert wide.startswith(f" gradtui  {title}  ")
    assert narrow.startswith(f" {title}  ") and narrow.rstrip().endswith("L 0.0729 ▼")


def test_the_accuracy_of_the_step_stands_beside_its_loss_not_that_of_the_validation():
    session = gradtui.load("iris")
    session.seek(300)
    row = line_text(header(session.frame, 160))
    assert "L 0.350808" in row and row.index("accuracy 1") < row.index("validation L 0.4532")


CLASSIFIER = "z = X@w\nL = cross_entropy(z, y)"
LABELS = "X = [[1.0, 2.0], [2.0, 1.0], [3.0, 5.0]]\ny = [0, 1, 1]"
HALF = "[backward]\ncode = '''\ndz = (softmax(z) - one_hot(y, 2))\ndw = X.T@dz\n'''"


@pytest.mark.parametrize("width", [*range(40, 140, 3), 200])
def test_a_branch_with_a_fix_is_named_and_no_number_is_cut(session_of, width):
    weights = "w = [[0.1, 0.2], [0.3, 0.4]]"
    session = session_of(CLASSIFIER, weights, LABELS, more=HALF)
    session.investigation.judge()
    (finding,) = session.investigation.findings[:1]
    session.branches.fix(correct(session.problem, finding), 0)
    name = session.branches.name
    row = line_text(header(session.frame, width))
    assert line_width(header(session.frame, width)) <= max(width, 60)
    assert f"branch {name}" in row or width < 50
    assert "L 0.5" in row and "…" not in row.partition("step ")[2]
    for number in ("accuracy", "lr "):
        assert number not in row or row.partition(number)[2].strip().partition(" ")[0][-1].isdigit()
    assert ("accuracy 0.667" in row) == (width >= 112)
    assert "not written" in row or width < 75


def test_a_title_is_not_cut_in_a_number():
    session = gradtui.load("rate_deadly_later")
    session.seek(2340)
    row = line_text(header(session.frame, 80))
    assert row.startswith(" Good at 100, deadly at…  ")
    assert "lr 0.1  step 2,340/5,200" in row


def test_a_wide_header_shows_no_fewer_digits_of_the_loss_than_a_narrow_one():
    session = gradtui.load("iris")
    session.seek(2)
    rows = [line_text(header(session.frame, width)) for width in (80, 120, 200)]
    assert all("L 1.76453 ▲" in row and "Fisher's iris" in row for row in rows)
    assert all("sgd" in row for row in rows)
    assert all("validation L 1.4508" in row for row in rows[1:])
    assert rows[2].startswith(" gradtui ")
