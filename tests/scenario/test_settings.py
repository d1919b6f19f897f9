import pytest

import gradtui
from gradtui.scenario.changes import read_change


def problem(name):
    return gradtui.load(name).problem


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        ("two_weights", "w1 = 0.3", [0.3, 2.0]),
        ("two_weights", "w1 0.3 w2 -1", [0.3, -1.0]),
        ("five_parcels", "w[1] = 3", [0.8, 3.0]),
        ("five_parcels", "w = 0", [0.0, 0.0]),
        ("five_parcels", "w = [4, 5]", [4.0, 5.0]),
    ],
)
def test_weights_are_put_into_the_state(name, text, row):
    trainer = problem(name).trainer
    before = trainer.initial.copy()
    change = read_change(text, problem(name))
    assert change.put(trainer.initial, trainer).tolist() == row
    assert not change.tables and trainer.initial.tolist() == before.tolist()


def test_a_weight_of_float32_is_rounded_as_all_are():
    trainer = problem("five_parcels_float32").trainer
    put = read_change("w[0] = 0.1", problem("five_parcels_float32")).put(trainer.initial, trainer)
    assert put[0] == pytest.approx(0.1, rel=1e-7) and put[0] != 0.1


def test_a_seed_puts_the_data_into_other_batches():
    before = problem("minibatches")
    after = read_change("seed 3", before).problem(before)
    assert before.trainer.batches.seed == 1 and after.trainer.batches.seed == 3
    assert after.graph is before.graph


def test_a_seed_draws_a_parameter_anew():
    before = problem("transformer_block")
    change = read_change("Wq.seed 3", before)
    trainer = change.problem(before).trainer
    row = change.put(before.trainer.initial, trainer)
    names = [node.name for node in before.graph.parameters]
    for name, part in zip(names, trainer.slices, strict=False):
        same = (row[part.start : part.stop] == before.trainer.initial[part.start : part.stop]).all()
        assert same == (name != "Wq")


def test_the_drive_is_kept_and_can_be_changed():
    by_hand = problem("update_adam")
    assert read_change("lr 0.1", by_hand).problem(by_hand).drive == "hand"
    other = read_change("optimizer sgd drive autodiff", by_hand).problem(by_hand)
    assert (other.drive, other.optimizer) == ("autodiff", "sgd")


def test_no_schedule_is_a_constant_one():
    change = read_change("schedule none", problem("five_parcels_cosine"))
    assert change.tables["schedule"] == {"name": "constant"}
