"""The facts of the bundled scenarios, recomputed with plain loops that share no code with gradtui.

Every scenario has its forward pass and its derivatives written out by hand in `PASSES`; one without
fails here.  That gradtui comes to the same figures is for `gradtui check` to show.
"""

import csv
import math
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from first_values import batch_rows, first_values
from hand_gradients import WRONG_GRADIENTS, normalised, shared_weight
from hand_updates import WRONG_UPDATES, adamw
from network_passes import (
    chain_of_depots,
    deep_network,
    sigmoids_deep,
    softmax_classifier,
    tanhs_deep,
    transformer_block,
)

FOLDER = Path(__file__).parent.parent / "scenarios"
SCENARIOS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.toml"))
}
FLOAT32_MAX = (2 - 2**-23) * 2.0**127


# A pass takes the data and the parameters of one step and returns the values of the model and the
# gradient of the loss by each name.


def one_weight(x, y, w):
    yhat = w * x
    loss = (yhat - y) ** 2
    dyhat = 2 * (yhat - y)
    return {"yhat": yhat, "L": loss}, {"yhat": dyhat, "w": dyhat * x}


def two_weights(x1, x2, y, w1, w2):
    yhat = w1 * x1 + w2 * x2
    e = yhat - y
    slope = 2 * e
    return (
        {"yhat": yhat, "e": e, "L": e * e},
        {"e": slope, "yhat": slope, "w1": slope * x1, "w2": slope * x2},
    )


def bias_weight(x1, x2, x3, y, w1, w2, w3):
    yhat = w1 * x1 + w2 * x2 + w3 * x3
    e = yhat - y
    slope = 2 * e
    return (
        {"yhat": yhat, "e": e, "L": e * e},
        {"e": slope, "yhat": slope, "w1": slope * x1, "w2": slope * x2, "w3": slope * x3},
    )


def illustration(x, y, w1, w2):
    yhat = w1 * x + w2
    loss = (yhat - y) ** 2
    dyhat = 2 * (yhat - y)
    return {"yhat": yhat, "L": loss}, {"yhat": dyhat, "w1": dyhat * x, "w2": dyhat}


def five_parcels(X, y, w):
    yhat, e, loss, slopes, gradient = [], [], 0.0, [], [0.0, 0.0]
    for (distance, weight), hours in zip(X, y, strict=True):
        guess = distance * w[0] + weight * w[1]
        error = guess - hours
        slope = 2 * error / len(y)
        yhat.append(guess)
        e.append(error)
        loss += error * error / len(y)
        slopes.append(slope)
        gradient[0] += slope * distance
        gradient[1] += slope * weight
    return {"yhat": yhat, "e": e, "L": loss}, {"e": slopes, "yhat": slopes, "w": gradient}


def five_parcels_in_millionths(X, y, w):
    values, gradients = five_parcels(X, y, w)
    scaled = {"e": [1e-6 * slope for slope in gradients["e"]]}
    scaled["w"] = [1e-6 * slope for slope in gradients["w"]]
    return {**values, "L": 1e-6 * values["L"]}, {**scaled, "yhat": scaled["e"]}


def absolute_error(X, y, w):
    values, gradient = {"yhat": [], "e": [], "L": 0.0}, [0.0, 0.0]
    for (distance, weight), hours in zip(X, y, strict=True):
        guess = distance * w[0] + weight * w[1]
        error = guess - hours
        slope = (error > 0) - (error < 0)
        values["yhat"].append(guess)
        values["e"].append(error)
        values["L"] += abs(error) / len(y)
        gradient[0] += slope * distance / len(y)
        gradient[1] += slope * weight / len(y)
    return values, {"w": gradient}


def ravine(steep, flat, a, b):
    return {"L": (steep * a * a + flat * b * b) / 2}, {"a": steep * a, "b": flat * b}


def customs(x, z, y, w, v):
    fee = math.exp(v)
    yhat = [w * km + fee * stop for km, stop in zip(x, z, strict=True)]
    e = [guess - hours for guess, hours in zip(yhat, y, strict=True)]
    slopes = [2 * error / len(y) for error in e]
    return (
        {"yhat": yhat, "e": e, "L": sum(error * error for error in e) / len(e)},
        {
            "e": slopes,
            "yhat": slopes,
            "w": sum(slope * km for slope, km in zip(slopes, x, strict=True)),
            "v": sum(slope * fee * stop for slope, stop in zip(slopes, z, strict=True)),
        },
    )


def embeddings(words, moods, E):
    gradient, loss = [[0.0, 0.0] for _ in E], 0.0
    for word, mood in zip(map(int, words), map(int, moods), strict=True):
        weights = [math.exp(score) for score in E[word]]
        shares = [weight / sum(weights) for weight in weights]
        loss -= math.log(shares[mood]) / len(words)
        for i, share in enumerate(shares):
            gradient[word][i] += (share - (i == mood)) / len(words)
    return {"scores": [E[int(word)] for word in words], "L": loss}, {"E": gradient}


def standardised(X):
    columns = list(zip(*X, strict=True))
    means = [sum(column) / len(column) for column in columns]
    spreads = [
        math.sqrt(sum((x - mean) ** 2 for x in column) / len(column))
        for column, mean in zip(columns, means, strict=True)
    ]
    return [
        [(x - mean) / spread for x, mean, spread in zip(row, means, spreads, strict=True)]
        for row in X
    ]


def scales_standardised(X, y, w, b):
    Z = standardised(X)
    values, gradients = five_parcels(Z, [hours - b for hours in y], w)
    gradients["b"] = sum(gradients["e"])
    return {"L": values["L"]}, gradients


def late_nan(X, late, w, b):
    p, loss, dw, db = [], 0.0, [0.0, 0.0], 0.0
    for (distance, weight), is_late in zip(X, late, strict=True):
        z = distance * w[0] + weight * w[1] + b
        chance = 1 / (1 + math.exp(-z))
        p.append(chance)
        lost = 1 - chance == 0.0  # log(0) times 0 is not a number
        loss += math.nan if lost else -math.log(chance if is_late else 1 - chance) / len(late)
        slope = math.nan if lost else (chance - is_late) / len(late)
        dw[0] += slope * distance
        dw[1] += slope * weight
        db += slope
    return {"p": p, "L": loss}, {"w": dw, "b": db}


def late_stable(X, late, w, b):
    values, gradients = late_nan(standardised(X), late, w, b)
    return values, gradients


def hidden_layer(X, y, A, b, v, c, unit, slope, kept=None):
    """Return the pass of h = unit(X@A + b), ŷ = h@v + c; `slope` is that of the unit, from h.

    `kept` has a factor for each unit.
    """
    width, n = len(v), len(y)
    kept = kept or [1.0] * width
    dA, db, dv, dc = [[0.0] * width for _ in A], [0.0] * width, [0.0] * width, 0.0
    hidden, yhat, loss = [], [], 0.0
    for row, hours in zip(X, y, strict=True):
        on = [unit(sum(x * A[i][j] for i, x in enumerate(row)) + b[j]) for j in range(width)]
        h = [a * keep for a, keep in zip(on, kept, strict=True)]
        guess = sum(a * s for a, s in zip(h, v, strict=True)) + c
        error = guess - hours
        hidden.append(h)
        yhat.append(guess)
        loss += error * error / n
        dyhat = 2 * error / n
        dc += dyhat
        for j in range(width):
            dv[j] += dyhat * h[j]
            dz = dyhat * v[j] * kept[j] * slope(on[j])
            db[j] += dz
            for i, x in enumerate(row):
                dA[i][j] += dz * x
    return {"h": hidden, "yhat": yhat, "L": loss}, {"A": dA, "b": db, "v": dv, "c": dc}


def relu_layer(X, y, A, b, v, c):
    return hidden_layer(X, y, A, b, v, c, lambda z: max(z, 0.0), lambda h: float(h > 0))


def tanh_layer(X, y, A, b, v, c):
    return hidden_layer(X, y, A, b, v, c, math.tanh, lambda h: 1 - h * h)


def saturated_standardised(X, y, A, b, v, c):
    return tanh_layer(standardised(X), y, A, b, v, c)


def masked(X, y, drop, A, b, v, c):
    return hidden_layer(X, y, A, b, v, c, math.tanh, lambda h: 1 - h * h, drop)


def unmasked(X, y, drop, A, b, v, c):
    return masked(X, y, [1.0 - d for d in drop], A, b, v, c)


def disconnected(X, y, w, b):
    values, gradients = five_parcels(X, y, w)
    return {"L": values["L"]}, {**gradients, "b": 0.0}


def connected(X, y, w, b):
    values, gradients = five_parcels(X, [hours - b for hours in y], w)
    return {"L": values["L"]}, {**gradients, "b": sum(gradients["e"])}


def empty_column(X, y, w):
    values, gradients = five_parcels([row[:2] for row in X], y, w)
    errors = zip(values["e"], X, strict=True)
    assert not any(row[2] for row in X), "only what an empty column leaves is computed here"
    third = sum(2 * e / len(y) * row[2] for e, row in errors)
    return values, {**gradients, "w": [*gradients["w"], third]}


PASSES = {
    "one_weight": one_weight,
    "two_weights": two_weights,
    "two_weights_rate_3": two_weights,
    "five_parcels": five_parcels,
    "five_parcels_adam": five_parcels,
    "five_parcels_rate_1_5": five_parcels,
    "five_parcels_rate_0_001": five_parcels,
    "five_parcels_float32": five_parcels,
    "five_parcels_unclipped": five_parcels,
    "five_parcels_clipped": five_parcels,
    "five_parcels_cosine": five_parcels,
    "absolute_error": absolute_error,
    "absolute_error_cosine": absolute_error,
    "two_weights_schedule": two_weights,
    "minibatches": five_parcels,
    "plateau_schedule": five_parcels,
    "embeddings_sgd": embeddings,
    "embeddings_adam": embeddings,
    "ravine": ravine,
    "ravine_momentum": ravine,
    "ravine_adam": ravine,
    "rate_deadly_later": customs,
    "rate_lowered_later": customs,
    "warmup_none": customs,
    "warmup": customs,
    "softmax_classifier": softmax_classifier,
    "iris": softmax_classifier,
    "deep_network": deep_network,
    "transformer_block": transformer_block,
    "scales": five_parcels,
    "scales_standardised": scales_standardised,
    "kilometres": five_parcels,
    "kilometres_adam": five_parcels,
    "late_nan": late_nan,
    "late_stable": late_stable,
    "dead_relu": relu_layer,
    "living_relu": relu_layer,
    "saturated": tanh_layer,
    "saturated_standardised": saturated_standardised,
    "masked": masked,
    "unmasked": unmasked,
    "disconnected": disconnected,
    "connected": connected,
    "empty_column": empty_column,
    "flat_start": tanh_layer,
    "random_start": tanh_layer,
    "chain_exploding": chain_of_depots,
    "chain_steady": chain_of_depots,
    "chain_clipped": chain_of_depots,
    "sigmoids_deep": sigmoids_deep,
    "tanhs_deep": tanhs_deep,
    "sigmoids_deep_adam": sigmoids_deep,
    "clipped": five_parcels,
    "clipped_loosely": five_parcels,
    "illustration": illustration,
    "bias_weight": bias_weight,
    "practice": two_weights,
    "practice_rate_2": two_weights,
    "update_sgd": two_weights,
    "update_uphill": two_weights,
    "update_without_rate": two_weights,
    "update_momentum": five_parcels,
    "update_momentum_average": five_parcels,
    "update_adam": five_parcels,
    "adam_uncorrected": five_parcels,
    "adam_next_time": five_parcels,
    "adam_eps_in_root": five_parcels_in_millionths,
    "adam_without_root": five_parcels,
    "adam_one_beta": five_parcels,
    "update_adamw": five_parcels,
    "adamw_coupled": five_parcels,
    "grad_two_weights": two_weights,
    "grad_sign": two_weights,
    "grad_relies_on_data": two_weights,
    "grad_missing_factor": two_weights,
    "grad_wrong_variable": two_weights,
    "grad_five_parcels": five_parcels,
    "grad_direction": five_parcels,
    "grad_constant_factor": five_parcels,
    "grad_accumulated": five_parcels,
    "grad_stale": five_parcels,
    "grad_late": late_nan,
    "grad_extra_factor": late_nan,
    "grad_unreduced_broadcast": late_nan,
    "grad_shared_weight": shared_weight,
    "grad_missing_path": shared_weight,
    "grad_double_counted_path": shared_weight,
    "grad_normalised": normalised,
    "grad_missing_term": normalised,
    "grad_network": softmax_classifier,
    "grad_missing_slope": softmax_classifier,
    "grad_wrong_point": softmax_classifier,
    "grad_transposed": softmax_classifier,
    "grad_wrong_axis": softmax_classifier,
    "grad_numbers": softmax_classifier,
}


def data_of(scenario, table="data"):
    """Return the constants of a scenario; the columns of its CSV file where it names them."""
    data = dict(scenario[table])
    if "file" not in data:
        return data
    with open(FOLDER / data.pop("file"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def column(value):
        if isinstance(value, str) and value.startswith("!"):
            return [[float(row[name]) for name in row if name != value[1:]] for row in rows]
        if isinstance(value, str):
            words = sorted({row[value] for row in rows})
            classes = {word: at for at, word in enumerate(words)} if words[0].isalpha() else {}
            return [float(classes.get(row[value], row[value])) for row in rows]
        if not all(isinstance(name, str) for name in value):
            return value
        return [[float(row[name]) for name in value] for row in rows]

    return {name: column(value) for name, value in data.items()}


def flat(value):
    """Return the numbers of a number or nested lists, in order."""
    if not isinstance(value, list):
        return [value]
    return [one for part in value for one in flat(part)]


def shaped(numbers, like):
    """Return numbers, an iterator, in the shape of a number or nested lists."""
    if not isinstance(like, list):
        return next(numbers)
    return [shaped(numbers, part) for part in like]


def sgd(weights, gradients, memory, t, lr, momentum=0.0):
    velocity = memory.setdefault("v", [0.0] * len(weights))
    velocity[:] = [momentum * v + g for v, g in zip(velocity, gradients, strict=True)]
    return [w - lr * v for w, v in zip(weights, velocity, strict=True)]


def adam(weights, gradients, memory, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = memory.setdefault("m", [0.0] * len(weights))
    v = memory.setdefault("v", [0.0] * len(weights))
    moved = []
    for i, (w, g) in enumerate(zip(weights, gradients, strict=True)):
        m[i] = beta1 * m[i] + (1 - beta1) * g
        v[i] = beta2 * v[i] + (1 - beta2) * g * g
        corrected = v[i] / (1 - beta2**t)
        moved.append(w - lr * (m[i] / (1 - beta1**t)) / (math.sqrt(corrected) + eps))
    return moved


def rate_at(schedule, lr, k, steps):
    """Return the learning rate of step k."""
    match schedule.get("name"):
        case None | "plateau":
            return lr
        case "exponential":
            return lr * schedule["gamma"] ** k
        case "step":
            return lr * schedule["gamma"] ** (k // schedule["step_size"])
        case "cosine":
            return lr * (1 + math.cos(math.pi * k / steps)) / 2 if k < steps else 0.0
        case "warmup_cosine" if k < schedule["warmup"]:
            return lr * (k + 1) / schedule["warmup"]
        case "warmup_cosine":
            warm = schedule["warmup"]
            return rate_at({"name": "cosine"}, lr, k - warm, steps - warm)


class Plateau:
    """A tenth of the rate when more than `patience` losses in a row were not below the best."""

    def __init__(self, lr, name, patience=10, factor=0.1, threshold=1e-4, min_lr=0.0):
        self.lr, self.best, self.waited = lr, math.inf, 0
        self.patience, self.factor, self.threshold, self.min_lr = (
            patience,
            factor,
            threshold,
            min_lr,
        )

    def see(self, loss):
        if loss < self.best * (1 - self.threshold):
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.lr, self.waited = max(self.lr * self.factor, self.min_lr), 0


def stepper(scenario, by_hand=None):
    """Return a function (parameters, gradients, watched loss, t) -> the parameters after it."""
    constants, memories = dict(scenario["optimizer"]), {}
    optimizer = constants.pop("name")
    rule = by_hand or {"sgd": sgd, "adam": adam, "adamw": adamw}[optimizer]
    lr, limit = constants.pop("lr"), constants.pop("clip_norm", None)

    schedule = scenario.get("schedule", {})
    plateau = Plateau(lr, **schedule) if schedule.get("name") == "plateau" else None

    def step(parameters, gradients, watched, t):
        used = {name: flat(gradients[name]) for name in parameters}
        if limit is not None:
            norm = math.sqrt(sum(g * g for part in used.values() for g in part))
            scale = min(1.0, limit / (norm + 1e-6))
            used = {name: [scale * g for g in part] for name, part in used.items()}
        rate = rate_at(schedule, plateau.lr if plateau else lr, t - 1, scenario["run"]["steps"])
        if plateau:
            plateau.see(watched)
        return {
            name: shaped(
                iter(rule(flat(value), used[name], memories.setdefault(name, {}), t, rate,
                          **constants)), value)
            for name, value in parameters.items()
        }  # fmt: skip

    return step


@cache
def run(name, steps):
    """Return what holds before update 0, 1, …, `steps`: see `descend`."""
    return descend(
        SCENARIOS[name], PASSES[name], steps, WRONG_UPDATES.get(name), WRONG_GRADIENTS.get(name)
    )


def descend(scenario, forward, steps, by_hand=None, claimed=None):
    """Return loss, parameters, gradients, values (and validation loss) of each step.

    `by_hand` moves the weights instead of the optimizer; `claimed` gives the gradients that are
    used in place of the true ones, kept as `claimed`.
    """
    data, loss_name = data_of(scenario), scenario["model"]["loss"]
    checked = {**data, **data_of(scenario, "validation")} if "validation" in scenario else None
    parameters = {
        weight: first_values(weight, given) for weight, given in scenario["parameters"].items()
    }
    step = stepper(scenario, by_hand)
    facts, memory = [], {}
    for t in range(1, steps + 2):
        now = cut(scenario, data, t - 1)
        values, gradients = forward(**now, **parameters)
        fact = {"loss": values[loss_name], "parameters": parameters}
        fact |= {"gradients": gradients, "values": values}
        if checked:
            fact["validation"] = forward(**checked, **parameters)[0][loss_name]
        used = {name: gradients[name] for name in parameters}
        if claimed:
            used |= claimed(now, parameters, values, gradients, memory)
        fact["claimed"] = used
        facts.append(fact)
        parameters = step(parameters, used, fact.get("validation", fact["loss"]), t)
    return facts


def cut(scenario, data, step):
    """Return the data of a step: of those that are cut, the rows of its batch."""
    if "batches" not in scenario:
        return data
    over = scenario["batches"]["over"]
    rows = batch_rows(scenario["batches"], len(data[over[0]]), step)
    return {
        name: [value[row] for row in rows] if name in over else value
        for name, value in data.items()
    }


def losses(name, steps):
    return [fact["loss"] for fact in run(name, steps)]


def slope_by_differences(name, data, parameters, weight, at, h=1e-6):
    """Return the slope of a weight's number `at`, by differences of the scenario's plain pass."""
    found = []
    for by in (h, -h):
        moved = flat(parameters[weight])
        moved[at] += by
        given = {**parameters, weight: shaped(iter(moved), parameters[weight])}
        values, _ = PASSES[name](**data, **given)
        found.append(values["L"])
    return (found[0] - found[1]) / (2 * h)


def agrees(actual, expected, tolerance):
    """Tell whether numbers, lists or tables of numbers have the same shape and agree."""
    if isinstance(expected, dict):
        return expected.keys() <= actual.keys() and all(
            agrees(actual[name], value, tolerance) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(agrees(a, e, tolerance) for a, e in zip(actual, expected, strict=True))
        )
    if isinstance(actual, list):
        return False
    both_lost = math.isnan(actual) and math.isnan(expected)
    return both_lost or math.isclose(actual, expected, rel_tol=tolerance)


def figures():
    """Return every [[expect]] block of every scenario that states numbers."""
    return [
        pytest.param(name, expect, id=f"{name}-step-{expect.get('step')}")
        for name, scenario in SCENARIOS.items()
        for expect in scenario.get("expect", [])
        if "finding" not in expect
    ]


@pytest.mark.parametrize(("name", "expect"), figures())
def test_an_expected_figure_is_what_plain_loops_compute(name, expect):
    assert name in PASSES, f"write a pass for {name}: its figures are not recomputed"
    assert expect.keys() <= {"step", "loss", "tolerance", "gradients", "parameters", "values"}
    facts = run(name, expect["step"])[expect["step"]]
    tolerance = expect.get("tolerance", 1e-6)
    stated = expect.keys() - {"step", "tolerance"}
    assert stated
    for kind in stated:
        assert agrees(facts[kind], expect[kind], tolerance), (kind, facts[kind], expect[kind])


def test_every_scenario_is_recomputed_and_every_pass_is_used():
    assert PASSES.keys() == SCENARIOS.keys()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_states_figures_for_its_first_step_and_within_its_run(name):
    steps = [expect["step"] for expect in SCENARIOS[name]["expect"] if "finding" not in expect]
    assert steps[0] == 0
    assert steps == sorted(set(steps))
    assert steps[-1] <= SCENARIOS[name]["run"]["steps"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_says_what_it_is_and_what_to_look_at(name):
    scenario = SCENARIOS[name]
    assert name.isascii()
    assert 0 < len(scenario["title"].strip()) < 32, "a column of the picker"
    assert scenario["tags"]
    assert len(scenario["about"].splitlines()) == 1
    assert len(scenario["about"]) <= 76
    assert scenario["notes"].strip()
    assert max(len(line) for line in scenario["notes"].splitlines()) <= 76


# The figures of the lesson, as they must come out.


def near(figure, tolerance=1e-9):
    return pytest.approx(figure, rel=tolerance, abs=0)


def test_one_weight_walks_to_two_and_a_half():
    facts = run("one_weight", 5)
    assert facts[0]["values"]["yhat"] == 6.0
    assert [f["loss"] for f in facts] == near([1, 0.04, 0.0016, 6.4e-5, 2.56e-6, 1.024e-7])
    weights = [f["parameters"]["w"] for f in facts]
    assert weights == near([3, 2.6, 2.52, 2.504, 2.5008, 2.50016])
    gradients = [f["gradients"]["w"] for f in facts]
    assert gradients == near([4, 0.8, 0.16, 0.032, 0.0064, 0.00128])


def test_one_weight_nudged_by_a_thousandth_shows_its_slope():
    def loss(w):
        return one_weight(x=2.0, y=5.0, w=w)[0]["L"]

    assert (loss(3.001) - loss(3)) / 0.001 == near(4.004)
    assert (loss(3.001) - loss(2.999)) / 0.002 == near(4)


def test_two_weights_make_a_gradient_vector_by_the_chain_rule():
    first = run("two_weights", 0)[0]
    assert first["values"] == {"yhat": 8, "e": 3, "L": 9}
    assert first["gradients"] == {"e": 6, "yhat": 6 * 1, "w1": 6 * 1 * 2, "w2": 6 * 1 * 3}
    assert (first["gradients"]["w1"], first["gradients"]["w2"]) == (12, 18)


def test_two_weights_descend_and_the_error_shrinks_by_minus_three_tenths():
    facts = run("two_weights", 3)
    assert [f["loss"] for f in facts] == near([9, 0.81, 0.0729, 0.006561])
    assert facts[1]["parameters"] == near({"w1": 0.4, "w2": 1.1})
    assert facts[2]["parameters"] == near({"w1": 0.58, "w2": 1.37})
    assert facts[1]["gradients"]["w1"] == near(-3.6)
    assert facts[1]["gradients"]["w2"] == near(-5.4)
    assert [f["values"]["yhat"] for f in facts[:3]] == near([8, 4.1, 5.27])
    errors = [f["values"]["e"] for f in facts]
    assert [b / a for a, b in pairwise(errors)] == near([-0.3] * 3)


def test_two_weights_fly_off_at_a_rate_of_three():
    assert losses("two_weights_rate_3", 2) == near([9, 53361, 316377369])


def test_five_parcels_start_and_end_where_the_lesson_does_not():
    facts = run("five_parcels", 25)
    assert facts[0]["loss"] == near(0.72884)
    assert facts[0]["gradients"]["w"] == near([1.6456, 2.888])
    assert facts[12]["loss"] == near(0.3278308831969)
    assert facts[20]["loss"] == near(0.2368, 1e-3)
    assert [step for step, f in enumerate(facts) if f["loss"] < 0.2] == [25]


def test_five_parcels_lie_in_a_narrow_valley():
    data = data_of(SCENARIOS["five_parcels"])
    a = b = c = p = q = 0.0
    for (distance, weight), hours in zip(data["X"], data["y"], strict=True):
        a += 2 * distance * distance / 5
        b += 2 * distance * weight / 5
        c += 2 * weight * weight / 5
        p += 2 * distance * hours / 5
        q += 2 * weight * hours / 5
    spread = math.sqrt(((a - c) / 2) ** 2 + b * b)
    steep, flat = (a + c) / 2 + spread, (a + c) / 2 - spread
    assert (flat, steep) == near((0.46876, 29.3832), 1e-5)
    assert steep / flat == near(62.7, 1e-3)
    assert 0.05 * steep == near(1.469, 1e-3)
    lowest = [(p * c - b * q) / (a * c - b * b), (a * q - b * p) / (a * c - b * b)]
    assert lowest == near([1.82767, 0.43703], 1e-5)
    assert five_parcels(**data, w=lowest)[0]["L"] == near(0.03947, 1e-3)


def test_five_parcels_with_adam_are_behind_until_step_29():
    behind, plain = losses("five_parcels_adam", 200), losses("five_parcels", 200)
    figures = [0.7288, 0.5523, 0.4455, 0.3456, 0.2778]
    assert [round(loss, 4) for loss in behind[:21:5]] == figures
    assert (round(behind[50], 4), round(plain[50], 4)) == (0.0543, 0.0870)
    assert (round(behind[200], 6), round(plain[200], 6)) == (0.039475, 0.039513)
    ahead = [step for step in range(1, 201) if behind[step] < plain[step]]
    assert ahead == list(range(29, 201))


def test_five_parcels_explode_at_a_rate_of_one_and_a_half():
    facts = run("five_parcels_rate_1_5", 12)
    losses = [f["loss"] for f in facts]
    assert losses[:2] == near([0.729, 333.8], 1e-3)
    assert losses[2:4] == near([6.19e5, 1.15e9], 2e-3)
    totals = [sum(e * e for e in f["values"]["e"]) for f in facts]
    assert [step for step, total in enumerate(totals) if total > FLOAT32_MAX] == [12]


def test_five_parcels_crawl_at_a_rate_of_a_thousandth():
    crawl = losses("five_parcels_rate_0_001", 608)
    assert crawl[0] == near(0.72884)
    assert crawl[12] == near(0.63119, 1e-5)
    goal = losses("five_parcels", 12)[12]
    assert [step for step, loss in enumerate(crawl) if loss <= goal] == [608]


def test_the_illustration_starts_at_four_and_ends_near_eight_hundredths():
    facts = run("illustration", 4)
    assert facts[0]["loss"] == 4.0
    assert facts[0]["gradients"]["yhat"] == -4.0
    assert round(facts[4]["loss"], 2) == 0.08
    ratios = [b["loss"] / a["loss"] for a, b in pairwise(facts)]
    assert ratios == near([0.3721] * 4)


def test_a_bias_gets_the_bare_error_signal():
    first = run("bias_weight", 0)[0]
    assert first["gradients"]["w3"] == 2 * first["values"]["e"] * 1 == -1.0
    assert (first["gradients"]["w1"], first["gradients"]["w2"]) == (-3.0, -4.0)


def test_the_practice_step_overshoots():
    before, after = run("practice", 1)
    assert (before["values"]["yhat"], before["loss"]) == (5.5, 0.25)
    assert (before["gradients"]["w1"], before["gradients"]["w2"]) == (-3.0, -4.0)
    assert after["parameters"] == near({"w1": 0.8, "w2": 1.4})
    assert (after["values"]["yhat"], after["loss"]) == near((8.0, 4.0))


def test_the_practice_step_at_a_rate_of_two_is_reckless():
    after = run("practice_rate_2", 1)[1]
    assert after["parameters"] == {"w1": 6.5, "w2": 9.0}
    assert (after["values"]["yhat"], after["loss"]) == (55.5, 2450.25)
