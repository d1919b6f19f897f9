"""What the notes of the larger scenarios say, recomputed from their plain passes."""

import math
from itertools import pairwise

import numpy as np
import pytest

import gradtui
from test_scenarios import (
    PASSES,
    SCENARIOS,
    data_of,
    descend,
    flat,
    losses,
    near,
    rate_at,
    run,
    slope_by_differences,
)


def parameters(name, step):
    return run(name, step)[step]["parameters"]


def rates(name, steps):
    scenario = SCENARIOS[name]
    lr, horizon = scenario["optimizer"]["lr"], scenario["run"]["steps"]
    return [rate_at(scenario["schedule"], lr, k, horizon) for k in range(steps)]


# A ravine


def test_in_the_ravine_momentum_and_adam_win():
    plain, momentum, adam = (
        losses(name, 200) for name in ("ravine", "ravine_momentum", "ravine_adam")
    )
    at = {step: (plain[step], momentum[step], adam[step]) for step in (0, 10, 50, 100, 200)}
    assert at[0] == (550, 550, 550)
    assert at[10][:2] == near((54.0, 344.7), 1e-3), "momentum is behind at first"
    assert at[50] == near((41.76, 9.65, 1.57), 2e-3)
    assert at[200] == near((24.32, 0.00937, 2.11e-7), 2e-3)
    for step in (50, 100, 200):
        assert adam[step] < momentum[step] < plain[step]


def test_the_ravine_is_a_thousand_times_steeper_across():
    data, lr = SCENARIOS["ravine"]["data"], SCENARIOS["ravine"]["optimizer"]["lr"]
    assert data["steep"] / data["flat"] == 1000
    assert 1 - lr * data["steep"] == near(-0.8)
    assert round(math.log(0.1) / math.log(1 - lr * data["flat"])) == 1278
    assert abs(parameters("ravine", 20)["a"]) == near(0.8**20)


def test_adams_first_step_in_the_ravine_is_as_long_for_both_weights():
    assert parameters("ravine_adam", 1) == near({"a": 0.5, "b": 9.5})


# Clipping


def test_five_parcels_at_twice_the_rate_explode_unless_clipped():
    wild, clipped = losses("five_parcels_unclipped", 40), losses("five_parcels_clipped", 40)
    assert wild[:4] == near([0.7288, 1.178, 2.999, 9.961], 1e-3)
    assert wild[20] == near(5.65e10, 1e-3)
    assert (clipped[1], clipped[20], clipped[40]) == near((0.5371, 0.2095, 0.1126), 1e-3)


def test_the_clip_acts_at_39_of_41_steps():
    norms = [math.hypot(*fact["gradients"]["w"]) for fact in run("five_parcels_clipped", 40)]
    assert norms[0] == near(3.324, 1e-3)
    assert 1 / (norms[0] + 1e-6) == near(0.3008, 1e-3)
    assert sum(norm > 1 for norm in norms) == 39


def test_the_clipped_weights_jump_a_tenth_and_back_while_they_drift():
    a, b, c = (np.array(parameters("five_parcels_clipped", step)["w"]) for step in (38, 39, 40))
    assert (np.linalg.norm(b - a), np.linalg.norm(c - b)) == near((0.1, 0.1), 1e-2)
    assert np.linalg.norm(c - a) == near(0.0266, 1e-2)


def test_a_limit_of_1_holds_minutes_back_and_one_of_200_does_not():
    tight, loose = losses("clipped", 100), losses("clipped_loosely", 100)
    assert (tight[0], tight[1], tight[100]) == near((2624, 2614, 1964), 1e-3)
    assert (loose[0], loose[1], loose[100]) == near((2624, 2034, 158), 1e-3)
    norms = [math.hypot(*fact["gradients"]["w"]) for fact in run("clipped_loosely", 100)]
    assert max(norms) == near(199.4, 1e-3)


# Schedules


def test_a_falling_rate_settles_where_a_rate_of_three_flew_off():
    assert rates("two_weights_schedule", 3) == near([0.07, 0.056, 0.0448])
    found = losses("two_weights_schedule", 4)
    assert found == near([9, 6.0516, 1.258, 0.03418, 0.0001588], 1e-3)
    assert run("two_weights_schedule", 1)[1]["values"]["yhat"] == near(2.54)
    errors = [fact["values"]["e"] for fact in run("two_weights_schedule", 4)]
    factors = [b / a for a, b in pairwise(errors)]
    assert factors == near([-0.82, -0.456, -0.1648, 0.06816], 1e-3)


def test_a_cosine_ends_the_swing_across_the_valley():
    steep, swing = 29.3832, [1.0]
    for rate in rates("five_parcels_cosine", 20):
        swing.append(swing[-1] * (1 - rate * steep))
    assert 0.068 * steep == near(1.998, 1e-3)
    assert (round(abs(swing[10]), 2), round(abs(swing[15]), 2)) == (0.39, 0.02)
    assert abs(swing[20]) < 1e-4
    assert losses("five_parcels_cosine", 40)[40] == near(0.1752, 1e-3)
    assert losses("five_parcels", 40)[40] == near(0.1159, 1e-3)


def sharpest(name, fact):
    """Return the largest eigenvalue of the customs' Hessian where a fact holds."""
    data = data_of(SCENARIOS[name])
    km, stops = np.array(data["x"]), np.array(data["z"])
    fee, e = math.exp(fact["parameters"]["v"]) * stops, np.array(fact["values"]["e"])
    mixed = 2 * np.mean(km * fee)
    hessian = [[2 * np.mean(km**2), mixed], [mixed, 2 * np.mean(fee**2 + e * fee)]]
    return float(np.linalg.eigvalsh(hessian)[-1])


def test_a_rate_that_is_good_at_step_100_is_deadly_near_step_5000():
    found = losses("rate_deadly_later", 5200)
    assert (found[0], found[100]) == near((82.18, 17.06), 1e-3)
    assert found[4928:4934] == near([9.951, 5.796, 1.574, 2.238, 36.75, 71.40], 1e-3)
    assert found[5200] > found[100], "worse than at step 100"
    facts = run("rate_deadly_later", 5200)
    assert facts[4933]["parameters"]["v"] == near(-9.647, 1e-3)
    products = [0.1 * sharpest("rate_deadly_later", fact) for fact in facts[:4931]]
    assert products[4929:] == near([1.625, 4.668], 1e-3)
    assert (products[0], products[4500]) == near((1.325, 1.325), 1e-3)
    assert max(products[:4930]) < 2


def test_absolute_errors_bounce_unless_the_rate_falls():
    fixed, falling = losses("absolute_error", 60), losses("absolute_error_cosine", 60)
    assert run("absolute_error", 0)[0]["gradients"]["w"] == near([0.1, 0.8])
    assert [fixed[k] for k in (0, 58, 59, 60)] == near([0.8, 0.294, 0.908, 0.182], 2e-3)
    assert [falling[k] for k in (5, 40, 58, 60)] == near([0.651, 0.238, 0.1744, 0.1741], 2e-3)
    assert fixed[5] == near(falling[5], 1e-3)


def test_a_rate_that_is_lowered_in_time_settles():
    facts, deadly = run("rate_lowered_later", 5800), losses("rate_deadly_later", 4600)
    assert [fact["loss"] for fact in facts[:4601]] == deadly
    assert deadly[4600] == near(17.035, 1e-4)
    assert [fact["loss"] for fact in (facts[5700], facts[5800])] == near([0.0452, 6e-26], 1e-2)
    pulls = [0.03 * sharpest("rate_lowered_later", facts[step]) for step in (5700, 5800)]
    assert pulls == near([1.58, 1.69], 2e-3)
    reached = [
        next(step for step, loss in enumerate(losses(name, last)) if loss < 5)
        for name, last in (("rate_deadly_later", 5200), ("rate_lowered_later", 5800))
    ]
    assert reached[1] - reached[0] == near(770, 2e-2)


def test_a_warm_up_leaves_the_steep_place_before_the_rate_is_full():
    assert rates("warmup", 15)[::14] == near([0.002, 0.03])
    assert [sharpest("warmup", fact) for fact in run("warmup", 1)] == near([903.6, 193.0], 1e-3)
    assert parameters("warmup_none", 1)["v"] == near(-6.078, 1e-3)
    assert losses("warmup_none", 60)[60] == near(17.06, 1e-3)
    assert losses("warmup", 60)[15::45] == near([0.2362, 1.115e-6], 1e-3)
    last = parameters("warmup", 60)
    assert (last["w"], math.exp(last["v"])) == near((2, 8), 1e-3)


# Networks


def test_the_classifier_comes_to_name_every_vehicle():
    facts = run("softmax_classifier", 60)
    assert [facts[step]["loss"] for step in (0, 20, 60)] == near([1.1613, 0.3872, 0.1135], 1e-3)
    guesses = np.argmax(facts[60]["values"]["p"], axis=1)
    assert guesses.tolist() == SCENARIOS["softmax_classifier"]["data"]["y"]
    first = facts[0]
    by_hand = (np.array(first["values"]["p"]) - first["values"]["Y"]) / 12
    np.testing.assert_allclose(first["gradients"]["z"], by_hand, rtol=1e-14)


def test_the_gradients_keep_their_size_through_four_layers():
    first = run("deep_network", 0)[0]["gradients"]
    lengths = [float(np.linalg.norm(first[f"W{layer}"])) for layer in (1, 2, 3, 4)]
    assert [round(length, 3) for length in lengths] == [0.106, 0.217, 0.219, 0.235]
    assert losses("deep_network", 60)[::60] == near([0.739, 0.000079], 1e-2)


def test_the_transformer_comes_near_the_least_that_can_be_known():
    facts = run("transformer_block", 60)
    floor = 2 * math.log(2) / 8
    assert floor == near(0.1733, 1e-3)
    assert [facts[step]["loss"] for step in (0, 60)] == near([2.2374, 0.1763], 1e-3)
    assert all(fact["loss"] > floor for fact in facts)
    assert facts[0]["values"]["A"][0][0] == [1, 0, 0, 0]
    assert facts[0]["gradients"]["E"][5] == [0, 0, 0, 0]


def test_the_irises_are_those_of_fisher():
    """The sums over all 150 rows are those of table I."""
    both = [data_of(SCENARIOS["iris"], table) for table in ("data", "validation")]
    rows = np.vstack([table["X"] for table in both])
    labels = np.concatenate([table["y"] for table in both])
    assert rows.sum(axis=0) == near([876.5, 458.6, 563.7, 179.9])
    assert [np.sum(labels == k) for k in range(3)] == [50, 50, 50]
    assert rows[labels == 1].mean(axis=0) == near([5.936, 2.77, 4.26, 1.326])
    assert [np.sum(np.equal(both[1]["y"], k)) for k in range(3)] == [10, 10, 10]


def test_one_versicolor_is_called_virginica_in_the_end():
    def said(step):
        held_out = data_of(SCENARIOS["iris"], "validation")
        values, _ = PASSES["iris"](**held_out, **facts[step]["parameters"])
        table = np.zeros((3, 3), int)
        np.add.at(table, (np.int_(held_out["y"]), np.argmax(values["z"], axis=1)), 1)
        return table.tolist()

    facts = run("iris", 300)
    assert facts[0]["loss"] == near(1.4733, 1e-4)
    assert said(0) == [[10, 0, 0], [10, 0, 0], [10, 0, 0]]
    assert said(150) == [[10, 0, 0], [0, 5, 5], [0, 0, 10]]
    assert said(300) == [[10, 0, 0], [0, 9, 1], [0, 0, 10]]
    assert facts[300]["validation"] == near(0.4532, 1e-4)


@pytest.mark.parametrize("name", ["softmax_classifier", "deep_network", "transformer_block"])
def test_a_pass_by_hand_agrees_with_the_differences_of_its_own_loss(name):
    fact, data = run(name, 1)[1], data_of(SCENARIOS[name])
    for weight in fact["parameters"]:
        slopes = flat(fact["gradients"][weight])
        middle = len(slopes) // 2
        found = slope_by_differences(name, data, fact["parameters"], weight, middle)
        assert found == pytest.approx(slopes[middle], rel=1e-5, abs=1e-8)


def length(gradient):
    return float(np.linalg.norm(gradient))


def whole_length(fact):
    return math.hypot(*(length(fact["gradients"][name]) for name in fact["parameters"]))


def test_eight_depots_explode_from_a_large_start_alone():
    found = {name: run(name, 7) for name in ("chain_exploding", "chain_steady", "chain_clipped")}
    wild, steady, clipped = found.values()
    assert [whole_length(facts[0]) for facts in found.values()] == near(
        [404252, 59.96, 404252], 1e-4
    )
    assert 0.0003 * whole_length(wild[0]) == near(121, 1e-2)
    assert [fact["loss"] for fact in wild[:3]] == near([28653, 8.988e35, math.inf], 1e-4)
    assert [fact["loss"] for fact in clipped[:3]] == near([28653, 11006, 2807], 1e-3)
    largest = [max(np.max(np.abs(g)) for g in fact["gradients"].values()) for fact in steady]
    assert largest[6] == near(111, 1e-2)
    assert max(largest[:6]) < 100
    assert losses("chain_steady", 100)[::100] == near([30.5, 0.138], 3e-3)


def test_the_clip_acts_only_while_the_depots_are_steep():
    facts = run("chain_clipped", 150)
    assert sum(whole_length(fact) > 200 for fact in facts) == 58
    assert facts[150]["loss"] == near(0.0395, 1e-3)


@pytest.mark.parametrize(("name", "step"), [("chain_exploding", 82.19), ("chain_steady", 0.2025)])
def test_what_eight_depots_do_to_the_gradient(name, step):
    fact = run(name, 0)[0]
    e = np.array(fact["values"]["h8"]) @ fact["parameters"]["v"] - data_of(SCENARIOS[name])["y"]
    slopes = np.outer(2 * e / 5, fact["parameters"]["v"])
    for _ in range(8):
        slopes = slopes @ np.array(fact["parameters"]["W"]).T
    assert math.sqrt(np.mean(slopes**2) / np.mean((2 * e / 5) ** 2)) == near(step, 1e-3)


def test_six_sigmoids_starve_the_first_layer_unless_adam_divides():
    plain, tanhs, adam = (
        run(name, 200) for name in ("sigmoids_deep", "tanhs_deep", "sigmoids_deep_adam")
    )
    assert (length(plain[0]["gradients"]["W1"]), length(plain[0]["gradients"]["v"])) == near(
        (0.000086, 6.9), 1e-2
    )
    assert [plain[step]["loss"] for step in (0, 6, 200)] == near([28.314, 6.9325, 6.9256], 1e-5)
    assert [tanhs[step]["loss"] for step in (0, 1, 200)] == near([35.0, 19.4, 0.193], 2e-3)
    assert [fact["loss"] < 6.9256 for fact in tanhs[5:7]] == [False, True]
    assert [adam[step]["loss"] for step in (100, 200)] == near([6.92, 1.63], 1e-3)
    moved = np.subtract(adam[1]["parameters"]["W1"], adam[0]["parameters"]["W1"])
    assert np.abs(moved) == near(np.full((2, 3), 0.05), 1e-2)


# Parts that learn nothing


def test_kilometres_saturate_every_tanh_and_standardised_ones_do_not():
    wild, cured = (run(name, 100) for name in ("saturated", "saturated_standardised"))
    assert all(abs(h) == 1 for fact in wild for row in fact["values"]["h"] for h in row)
    assert (wild[0]["loss"], wild[100]["loss"]) == near((23.9, 6.9256), 1e-3)
    assert [fact["loss"] < 6.9256 for fact in cured[3:5]] == [False, True]
    assert [cured[step]["loss"] for step in (0, 1, 100)] == near([29.96, 20.795, 0.0290], 2e-3)
    z = np.arctanh(cured[0]["values"]["h"])
    assert (z.min(), z.max()) == near((-0.885, 1.357), 1e-3)


def test_a_mask_the_wrong_way_round_leaves_the_mean():
    assert losses("masked", 100)[100] == near(6.934, 1e-3)
    assert losses("unmasked", 100)[100] == near(0.411, 1e-3)
    assert run("unmasked", 0)[0]["gradients"]["b"] != [0.0, 0.0, 0.0]


def test_only_a_bias_that_is_connected_learns_the_hours_at_the_depot():
    loose, tied = run("disconnected", 200)[200], run("connected", 200)[200]
    assert (loose["loss"], loose["parameters"]["b"]) == near((2.11, 0.0), 1e-3)
    assert (tied["loss"], tied["parameters"]["b"]) == near((0.0171, 3.27), 2e-3)
    assert run("connected", 0)[0]["gradients"]["b"] == near(-5.76)


# Batches, a validation loss and the plateau


def validations(name, steps):
    return [fact["validation"] for fact in run(name, steps)]


def test_the_least_squares_of_the_depot_is_what_the_notes_say():
    data, later = (data_of(SCENARIOS["minibatches"], t) for t in ("data", "validation"))
    w = np.linalg.lstsq(np.array(data["X"]), np.array(data["y"]), rcond=None)[0]
    errors = np.array(later["X"]) @ w - np.array(later["y"])
    assert (len(data["y"]), len(later["y"])) == (40, 20)
    assert np.mean(errors**2) == near(0.617, 1e-3)


def test_batches_of_four_never_come_to_rest():
    tail = validations("minibatches", 120)[80:]
    assert (min(tail), max(tail)) == near((0.51, 1.08), 1e-2)


def test_the_plateau_makes_the_rate_fall_twice_and_the_loss_lie_still():
    seen = validations("plateau_schedule", 120)
    assert seen[:44] == validations("minibatches", 120)[:44]
    assert seen.index(min(seen[:44])) == 34
    assert (min(seen[20:44]), max(seen[20:44])) == near((0.573, 1.276), 1e-3)
    assert (min(seen[53:]), max(seen[53:])) == near((0.611, 0.623), 1e-3)
    weights = [fact["parameters"]["w"][0] for fact in run("plateau_schedule", 120)]
    slopes = [fact["gradients"]["w"][0] for fact in run("plateau_schedule", 120)]
    used = [(a - b) / g for a, b, g in zip(weights, weights[1:], slopes, strict=False)]
    assert used == near([0.02] * 44 + [0.002] * 9 + [0.0002] * 67, 1e-6)


# Sparse embeddings


def test_a_row_gets_a_gradient_only_when_its_word_is_in_the_batch():
    for name in ("embeddings_sgd", "embeddings_adam"):
        first = run(name, 64)[0]["gradients"]["E"]
        assert [row == [0.0, 0.0] for row in first] == [False, False, False, True, False, True]
    rows = [fact["gradients"]["E"][5] for fact in run("embeddings_sgd", 64)]
    assert sum(row != [0.0, 0.0] for row in rows) < 20


def test_with_adam_rare_words_win():
    plain, adam = (validations(n, 64)[64] for n in ("embeddings_sgd", "embeddings_adam"))
    assert (round(plain, 4), round(adam, 4)) == (0.5834, 0.5650)
    data = data_of(SCENARIOS["embeddings_sgd"])
    pairs = list(zip(data["words"], data["moods"], strict=True))
    assert (pairs.count((4.0, 0.0)), pairs.count((5.0, 1.0)), len(pairs)) == (4, 4, 128)
    floor = 0.0
    for word in range(6):
        moods = [mood for w, mood in pairs if w == word]
        for mood in (0.0, 1.0):
            share = moods.count(mood) / len(moods)
            floor -= moods.count(mood) * math.log(share) / 128 if share else 0.0
    assert floor == near(0.5591, 1e-4)
    best = min(at_rate(1.0 + 0.1 * k) for k in range(8))
    assert best == near(0.5817, 1e-3)
    assert [at_rate(rate) for rate in (4.0, 16.0)] == near([0.635, 0.775], 1e-3)
    assert best < at_rate(0.25) and best < at_rate(0.5) and best < at_rate(2.0)
    assert (best - floor) / (adam - floor) == near(3.8, 2e-2)


def at_rate(lr):
    scenario = SCENARIOS["embeddings_sgd"]
    changed = {**scenario, "optimizer": {"name": "sgd", "lr": lr}}
    return descend(changed, PASSES["embeddings_sgd"], 64)[64]["validation"]


def test_in_adam_a_row_goes_on_moving_without_a_gradient():
    facts = run("embeddings_adam", 64)
    assert [facts[k]["gradients"]["E"][2] for k in (1, 2)] == [[0.0, 0.0]] * 2
    assert [facts[k]["parameters"]["E"][2][0] for k in (1, 2, 3)] == near([0.1, 0.167, 0.219], 2e-3)


def test_the_first_guess_of_the_softmax_classifier_is_a_lorry_for_everything():
    assert set(gradtui.load("softmax_classifier").frame.values["p"].argmax(axis=1)) == {2}
