"""Labelled runs that the rules were built with.

A kind is a function of a random generator that returns a scenario and its label: the rule that must
find it, by how it was made, or nothing for a healthy run.
"""

import numpy as np

from runs.models import (
    SCALARS,
    adam,
    classes,
    features,
    linear,
    network,
    scalar_features,
    scenario,
    sgd,
)


def healthy_linear(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    return scenario(code, data, w, sgd(rng.uniform(0.1, 0.9) * 2 / sharpness), 80), None


def healthy_scaled_down(rng):
    code, data, w, sharpness = linear(rng, features(rng), scale=1e-6)
    return scenario(code, data, w, sgd(rng.uniform(0.1, 0.9) * 2 / sharpness), 80), None


def healthy_scaled_up(rng):
    code, data, w, sharpness = linear(rng, features(rng), scale=1e6)
    return scenario(code, data, w, sgd(rng.uniform(0.1, 0.9) * 2 / sharpness), 80), None


def healthy_sparse(rng):
    X = features(rng, 60, 8) * (rng.random((60, 8)) < 0.15)
    X[np.arange(8), np.arange(8)] = 1.0
    code, data, w, sharpness = linear(rng, X)
    return scenario(code, data, w, sgd(1.2 / sharpness), 150), None


def healthy_network(rng):
    code, parameters = network(rng, [2, 8, 1])
    X = features(rng, 30, 2)
    Y = np.sin(X[:, :1]) + 0.5 * X[:, 1:]
    return scenario(code, {"X": X, "Y": Y}, parameters, sgd(0.1), 300), None


def healthy_classifier(rng):
    X, labels = classes(rng)
    code, parameters = network(rng, [2, 8, 3], "relu", 1.4, "classes")
    parameters["b1"] = np.full(8, 0.1)
    return scenario(code, {"X": X, "labels": labels}, parameters, adam(0.02), 150), None


def healthy_with_idle_units(rng):
    """A narrow, deep network: some unit is often off from the start, and nothing is the worse."""
    X = features(rng, 30, 3)
    code, parameters = network(rng, [3, 8, 8, 8, 1], "relu", 1.2)
    data = {"X": X, "Y": np.sin(X[:, :1]) + 0.5 * X[:, 1:2] + 0.1 * rng.standard_normal((30, 1))}
    return scenario(code, data, parameters, sgd(0.02, momentum=0.9), 150), None


def healthy_annealed(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    more = ['[schedule]\nname = "cosine"', '[schedule]\nname = "exponential"\ngamma = 0.97']
    text = scenario(code, data, w, sgd(1.5 / sharpness), 150, more[rng.integers(2)])
    return text, None


def healthy_minibatches(rng):
    code, data, w, sharpness = linear(rng, features(rng, 64, 3), noise=0.5)
    more = '[batches]\nover = ["X", "y"]\nsize = 8\nseed = 1'
    return scenario(code, data, w, sgd(rng.uniform(0.1, 0.5) / sharpness), 200, more), None


def healthy_minibatch_network(rng):
    X, labels = classes(rng, 60)
    code, parameters = network(rng, [2, 8, 3], "tanh", 1.0, "classes")
    more = '[batches]\nover = ["X", "labels"]\nsize = 10\nseed = 1'
    data = {"X": X, "labels": labels}
    return scenario(code, data, parameters, adam(0.02), 200, more), None


def healthy_converged(rng):
    code, data, w, sharpness = linear(rng, features(rng), noise=0.0)
    return scenario(code, data, w, sgd(1.0 / sharpness), 1500), None


def healthy_momentum(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    return scenario(code, data, w, sgd(0.5 / sharpness, momentum=0.9), 200), None


def healthy_rarely_clipped(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    return scenario(code, data, w, sgd(0.8 / sharpness, clip_norm=3.0), 100), None


def near_the_bound(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    return scenario(code, data, w, sgd(0.92 * 2 / sharpness), 100), None


def rate_above_the_bound(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    factor = rng.uniform(1.1, 3.0)
    steps = int(np.ceil(12 / np.log10(2 * factor - 1)))
    return scenario(code, data, w, sgd(factor * 2 / sharpness), steps), "diverging"


def rate_at_the_bound(rng):
    X = features(rng)
    code, data, w, sharpness = linear(rng, X)
    w = {"w": 3.0 * np.linalg.eigh(X.T @ X)[1][:, -1]}  # far up the steep side
    return scenario(code, data, w, sgd(2 / sharpness), 60), "oscillating"


def adam_too_fast(rng):
    X, labels = classes(rng)
    code, parameters = network(rng, [2, 3], head="classes")
    optimizer = adam(30.0, beta1=0.0, beta2=0.9)
    return scenario(code, {"X": X, "labels": labels}, parameters, optimizer, 60), "oscillating"


def rate_a_thousandth(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    return scenario(code, data, w, sgd(2e-3 * rng.uniform(0.3, 1) / sharpness), 60), "crawling"


def all_weights_zero(rng):
    code, parameters = network(rng, [2, 4, 1])
    parameters = {name: np.zeros_like(value) for name, value in parameters.items()}
    X = features(rng, 30, 2)
    Y = np.tanh(X[:, :1] - X[:, 1:])
    Y -= Y.mean()
    return scenario(code, {"X": X, "Y": Y}, parameters, sgd(0.1), 60), "plateau"


def start_on_a_saddle(rng):
    a = rng.uniform(1e-7, 1e-6)
    text = scenario("L = (u*v - t)**2", {"t": 1.0}, {"u": a, "v": -a / 3}, sgd(0.02), 60)
    return text, "plateau"


def warm_up_past_the_bound(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    more = '[schedule]\nname = "warmup_cosine"\nwarmup = 150'
    return scenario(code, data, w, sgd(5 / sharpness), 150, more), "rate-too-large-later"


def sharp_at_the_bottom(rng):
    t = rng.uniform(2, 4)
    code = "e = w*x - t\nL = sqrt(e**2 + 1e-4)"
    return scenario(code, {"x": 1.0, "t": t}, {"w": 0.0}, sgd(0.21), 80), "rate-too-large-later"


def deep_and_large(rng):
    code, parameters = network(rng, [3, *[12] * 9, 1], "relu", 4.0)
    X = features(rng)
    return scenario(code, {"X": X, "Y": X[:, :1]}, parameters, sgd(0.01), 20), "exploding-gradient"


def deep_and_squashed(rng):
    code, parameters = network(rng, [3, *[5] * 7, 1], "sigmoid", 1.0)
    X = features(rng)
    return scenario(code, {"X": X, "Y": X[:, :1]}, parameters, sgd(0.05), 60), "vanishing-gradient"


def logarithm_of_what_shrinks(rng):
    code = "p = w*x\nL = mean((p - t)**2) - 0.001*mean(log(p))"
    data = {"x": np.array([1.0, 2.0]), "t": np.array([-1.0, -2.0]) * rng.uniform(1, 2)}
    return scenario(code, data, {"w": 1.0}, sgd(0.01), 200), "non-finite"


def division_by_what_is_pushed_to_zero(rng):
    code = "d = w - a\nq = d/abs(d)\nL = (w - a)**2 + 0*q"
    return scenario(code, {"a": 1.0}, {"w": 1.0 + 2.0 ** rng.integers(0, 4)}, sgd(0.5), 10), (
        "non-finite"
    )


def unit_pushed_off(rng):
    X, labels = classes(rng)
    code, parameters = network(rng, [2, 8, 3], "relu", 1.4, "classes")
    parameters["b1"] = np.full(8, 0.1)
    parameters["b1"][rng.integers(8)] = -50.0
    return scenario(code, {"X": X, "labels": labels}, parameters, adam(0.02), 100), "dead-relu"


def layer_pushed_off(rng):
    X = features(rng, 30, 2)
    code, parameters = network(rng, [2, 5, 1], "relu")
    parameters["b1"] = np.full(5, -50.0)
    return scenario(code, {"X": X, "Y": X[:, :1]}, parameters, sgd(0.05), 50), "dead-relu"


def weights_a_hundred_times_too_large(rng):
    X = features(rng, 30, 2) + 3.0
    code, parameters = network(rng, [2, 5, 1])
    parameters["W1"] = np.abs(parameters["W1"]) * 60 + 30
    return scenario(code, {"X": X, "Y": X[:, :1] - 3}, parameters, sgd(0.02), 50), "saturated"


def unit_masked_out(rng):
    X = features(rng, 30, 2)
    code, parameters = network(rng, [2, 5, 1])
    code = code.replace("h1 = tanh(z1)", "h1 = tanh(z1)*m")
    m = np.ones(5)
    m[rng.permutation(5)[:4]] = 0.0
    Y = X[:, :1] ** 2 - X[:, 1:] ** 2
    return scenario(code, {"X": X, "Y": Y, "m": m}, parameters, sgd(0.1), 60), "masked"


def column_of_zeros(rng):
    X = features(rng, 30, 3)
    y = X @ np.array([1.0, 2.0, -1.0]) + rng.standard_normal(30)
    X[:, rng.integers(3)] = 0.0
    code, _, w, sharpness = linear(rng, X)
    return scenario(code, {"X": X, "y": y}, w, sgd(1 / sharpness), 60), "constant-feature"


def parameter_unused(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    code = code.replace("L =", "r = 2*u\nL =")
    return scenario(code, data, {**w, "u": 1.0}, sgd(1 / sharpness), 60), "disconnected"


def columns_of_other_sizes(rng):
    X = features(rng)
    y = X @ np.array([1.0, -2.0, 1.5])
    X = X * np.array([1000.0, 1.0, 0.001])
    code, _, w, sharpness = linear(rng, X)
    return scenario(code, {"X": X, "y": y}, w, sgd(1 / sharpness), 200), "scale-mismatch"


def columns_of_other_sizes_at_a_usual_rate(rng):
    X = features(rng)
    y = X @ np.array([1.0, -2.0, 1.5])
    X = X * np.array([1000.0, 1.0, 0.01])
    code, _, w, _ = linear(rng, X)
    return scenario(code, {"X": X, "y": y}, w, sgd(0.05), 20), "scale-mismatch"


def columns_that_go_together(rng):
    X = features(rng, 30, 2)
    X[:, 1] = X[:, 0] + 0.01 * X[:, 1]
    y = 50 * (X[:, 0] - X[:, 1])
    code, _, w, sharpness = linear(rng, X)
    return scenario(code, {"X": X, "y": y}, w, sgd(1 / sharpness), 200), "ill-conditioned"


def clipped_to_a_thousandth(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    optimizer = sgd(0.8 / sharpness, clip_norm=1e-3 * rng.uniform(0.5, 5))
    return scenario(code, data, w, optimizer, 80), "clipping"


def narrow_gorge(rng):
    t = rng.uniform(3, 5)
    code = "e = w - t\nL = log(1 + 400*e**2)/4 + 0.05*e**2"
    return scenario(code, {"t": t}, {"w": 0.0}, sgd(0.4), 150), "rate-too-large-later"


def scalars_of_other_sizes(rng):
    data, parameters, _ = scalar_features(rng)
    data["x1"] = data["x1"] * 2000.0
    data["x2"] = data["x2"] * 0.01
    sharpness = 2 * float(np.mean(data["x1"] ** 2))
    return scenario(SCALARS, data, parameters, sgd(1 / sharpness), 150), "scale-mismatch"


KINDS = [
    value for value in list(globals().values()) if getattr(value, "__module__", "") == __name__
]
