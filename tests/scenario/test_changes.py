"""Changes of a running scenario, in the words of its file."""

import pytest

import gradtui
from gradtui.base.source import InputError
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.registry import Constant
from gradtui.engine.schedules import SCHEDULES
from gradtui.scenario.changes import LARGEST_SWEEP, read_change, read_sweep, suggest


def problem(name="two_weights"):
    return gradtui.load(name).problem


@pytest.mark.parametrize(
    ("text", "said", "optimizer"),
    [
        ("lr 0.1", "lr 0.1", {"name": "sgd", "lr": 0.1}),
        ("lr=.1", "lr 0.1", {"name": "sgd", "lr": 0.1}),
        ("optimizer.lr = 1e-1", "lr 0.1", {"name": "sgd", "lr": 0.1}),
        ("optimizer adam", "optimizer adam", {"name": "adam", "lr": 0.05}),
        (
            "optimizer adam beta1 0.8, lr 0.2",
            "optimizer adam, beta1 0.8, lr 0.2",
            {"name": "adam", "beta1": 0.8, "lr": 0.2},
        ),
        (
            "momentum 0.9 nesterov true",
            "momentum 0.9, nesterov true",
            {"name": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True},
        ),
        ("clip_norm 1", "clip_norm 1", {"name": "sgd", "lr": 0.05, "clip_norm": 1}),
    ],
)
def test_settings_are_those_of_the_file(text, said, optimizer):
    change = read_change(text, problem())
    assert (change.text, change.tables["optimizer"]) == (said, optimizer)
    changed = change.problem(problem())
    assert changed.optimizer == optimizer["name"] and changed.lr == optimizer["lr"]


def test_what_a_prompt_checks_is_made_once():
    one, other = problem(), problem()
    change = read_change("lr 0.1", one)
    assert read_change("lr 0.1", one) is change
    assert change.problem(one) is change.problem(one)
    assert change.problem(other) is not change.problem(one)
    assert read_change("lr 0.1", other) is not change


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_can_be_tried(name):
    assert read_change(f"optimizer {name}", problem()).problem(problem()).optimizer == name


@pytest.mark.parametrize("entry", SCHEDULES.values(), ids=lambda entry: entry.name)
def test_every_schedule_can_be_tried(entry):
    def value(constant: Constant):
        return 5 if constant.whole else 0.5

    given = [f"{c.name} {value(c)}" for c in entry.constants if c.default is None]
    changed = read_change(" ".join([f"schedule {entry.name}", *given]), problem())
    assert changed.problem(problem()).trainer.scheduled


@pytest.mark.parametrize(
    ("name", "text", "column", "width", "message"),
    [
        ("two_weights", "optimizer adm", 11, 3, "unknown optimizer 'adm'; did you mean 'adam'?"),
        ("two_weights", "schedule cosin", 10, 5, "did you mean 'cosine'?"),
        ("two_weights", "lrr 3", 1, 3, "nothing is called 'lrr' here; did you mean 'lr'?"),
        ("two_weights", "beta1 0.5", 1, 5, "expected lr, optimizer, schedule"),
        ("two_weights", "momentum -1", 10, 2, "expected a number of at least 0"),
        ("two_weights", "lr x", 4, 1, "expected a number, got a word"),
        ("two_weights", "lr inf", 4, 3, "must be finite"),
        ("two_weights", "schedule step", 10, 4, "lacks 'step_size'"),
        ("two_weights", "schedule step step_size 5 gamma -1", 33, 2, "schedule.gamma"),
        ("two_weights", "nesterov true", 10, 4, "nesterov needs a momentum above 0"),
        ("two_weights", "lr", 1, 2, "'lr' needs a value"),
        ("two_weights", "lr [1", 4, 1, "not closed"),
        ("two_weights", "w1 = nan", 6, 3, "finite"),
        ("two_weights", "w1[0] = 1", 3, 3, "it is one number"),
        ("two_weights", "x1 = 1", 1, 2, "nothing is called 'x1' here"),
        ("two_weights", "x1[0] = 1", 1, 2, "'x1' is not a parameter"),
        ("two_weights", "seed 3", 1, 4, "nothing is random here"),
        ("two_weights", "drive hand", 1, 5, "nothing is written by hand here"),
        ("two_weights", "", 1, 1, "say what to change"),
        ("five_parcels", "w[2] = 1", 2, 3, "its elements go up to [1]"),
        ("five_parcels", "w[0 = 1", 2, 1, "not closed"),
        ("five_parcels", "w = [1, 2, 3]", 5, 9, "expected shape 2, got 3"),
        ("five_parcels", "w = [[1], 2]", 5, 8, "expected a number"),
        ("minibatches", "seed -1", 6, 2, "whole number from 0"),
        ("update_adam", "optimizer sgd", 1, 9, "a hand-written update"),
        ("update_adam", "drive auto", 7, 4, "expected one of hand, autodiff"),
    ],
)
def test_what_does_not_fit_is_shown_in_the_text(name, text, column, width, message):
    with pytest.raises(InputError) as caught:
        read_change(text, problem(name))
    place = caught.value.place
    assert message in caught.value.message
    assert (place.line, place.column, place.width) == (1, column, width)
    assert caught.value.source_line == text


def test_a_sweep_is_a_change_for_each_value():
    changes = read_sweep("lr 0.001, 0.01 0.05", problem())
    assert [change.text for change in changes] == ["lr 0.001", "lr 0.01", "lr 0.05"]
    assert [c.text for c in read_sweep("w[1] 0 1", problem("five_parcels"))] == [
        "w[1] = 0", "w[1] = 1",
    ]  # fmt: skip
    assert len(read_sweep("optimizer sgd adam rmsprop", problem())) == 3


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "say what to try"),
        ("lr 0.1", 7, "two values or more"),
        ("lr 0.1 x", 8, "got a word"),
        ("momentum 0 -1", 12, "at least 0"),
        ("lr " + " ".join(["1"] * (LARGEST_SWEEP + 1)), 4 + 2 * LARGEST_SWEEP, "at most"),
    ],
)
def test_a_sweep_that_does_not_fit_is_shown_in_the_text(text, column, message):
    with pytest.raises(InputError, match=message) as caught:
        read_sweep(text, problem())
    assert caught.value.place.column == column


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        ("op", 0, ["optimizer"]),
        ("optimizer ", 10, ["sgd", "adagrad", "rmsprop", "adam", "adamw"]),
        ("optimizer a", 10, ["adagrad", "adam", "adamw"]),
        ("optimizer adam be", 15, ["beta1", "beta2"]),
        ("lr 0.1 w", 7, ["weight_decay", "w1", "w2"]),
        ("schedule co", 9, ["constant", "cosine"]),
        ("lr 0.1", 6, []),
        ("lr [", 4, []),
        ("w1 [[1, 2], [3", 14, []),
    ],
)
def test_what_may_follow_is_offered(text, start, words):
    found, offered = suggest(text, problem())
    assert (found, [word.text for word in offered]) == (start, words)


def test_the_present_value_stands_beside_what_is_offered():
    now = {word.text: word.now for word in suggest("", problem())[1]}
    assert (now["lr"], now["optimizer"], now["momentum"], now["w1"]) == ("0.05", "sgd", "0", "1")
    assert suggest("lr ", problem())[1][0].now == "0.05"


@pytest.mark.parametrize(("size", "words"), [
    (2, {"w[0]": "1", "w[1]": "2"}), (6, {f"w[{at}]": f"{at + 1}" for at in range(6)}),
    (7, {"w[0]": "to w[6]"}), (1, {"w[0]": "1"}),
])  # fmt: skip
def test_the_elements_of_a_weight_are_offered_or_the_first_of_many(session_of, size, words):
    session = session_of("L = sum(w)", f"w = {[float(at + 1) for at in range(size)]}")
    offered = suggest("w", session.problem)[1]
    assert {word.text: word.now for word in offered if word.text[1:2] == "["} == words


@pytest.mark.parametrize("text", ["lr abc ", "lr '0.1' ", "optimizer 5 ", "lr [1] mom"])
def test_a_wrong_value_does_not_keep_the_next_word_from_being_suggested(text):
    start, words = suggest(text, gradtui.load("five_parcels").problem)
    assert start in (len(text), text.rindex(" ") + 1)
    assert words or text.endswith("mom")
