"""Labelled runs that the rules were not built with: other models, optimizers, data and seeds.

The thresholds must not be changed to please these.
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


def healthy_scalars(rng):
    data, parameters, sharpness = scalar_features(rng)
    return scenario(SCALARS, data, parameters, sgd(rng.uniform(0.2, 1.7) / sharpness), 90), None


def healthy_logistic(rng):
    X, labels = classes(rng, 40, 2, 2)
    code = "z = X@w + b\np = sigmoid(z)\nL = -mean(labels*log(p) + (1 - labels)*log(1 - p))"
    parameters = {"w": np.zeros(2), "b": 0.0}
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(1.0), 300), None


def healthy_softmax_scaled(rng):
    X, labels = classes(rng, 45, 3, 3)
    scale = 10.0 ** rng.choice([-6.0, 6.0])
    code = f"s = X@W + b\nL = {float(scale)!r}*cross_entropy(s, labels)"
    parameters = {"W": np.zeros((3, 3)), "b": np.zeros(3)}
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(0.5 / scale), 200), None


def healthy_deep_tanh(rng):
    X = features(rng, 40, 3)
    code, parameters = network(rng, [3, 8, 8, 8, 1])
    data = {"X": X, "Y": np.tanh(X[:, :1] * X[:, 1:2]) + X[:, 2:]}
    return scenario(code, data, parameters, adam(0.01), 200), None


def healthy_nesterov(rng):
    code, data, w, sharpness = linear(rng, features(rng, 25, 4))
    optimizer = sgd(0.3 / sharpness, momentum=0.8, nesterov=True)
    return scenario(code, data, w, optimizer, 120), None


def healthy_rmsprop_decayed(rng):
    code, data, w, _ = linear(rng, features(rng, 25, 4))
    more = '[schedule]\nname = "cosine"'
    return scenario(code, data, w, {"name": "rmsprop", "lr": 0.05}, 200, more), None


def healthy_adagrad(rng):
    code, data, w, _ = linear(rng, features(rng, 25, 4))
    return scenario(code, data, w, {"name": "adagrad", "lr": 0.8}, 150), None


def healthy_embeddings(rng):
    tokens = rng.integers(0, 12, 60).astype(float)
    tokens[:12] = np.arange(12)
    targets = rng.standard_normal(12)[tokens.astype(int)]
    code = "h = take(E, tokens)\nyhat = h@v\nL = mean((yhat - y)**2)"
    parameters = {"E": 0.5 * rng.standard_normal((12, 3)), "v": rng.standard_normal(3)}
    more = '[batches]\nover = ["tokens", "y"]\nsize = 6\nseed = 3'
    data = {"tokens": tokens, "y": targets}
    return scenario(code, data, parameters, adam(0.03), 300, more), None


def healthy_float32(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    text = scenario(code, data, w, sgd(0.8 / sharpness), 100)
    return text.replace("steps = 100", 'steps = 100\ndtype = "float32"'), None


def healthy_minibatch_relu(rng):
    X = features(rng, 80, 3)
    code, parameters = network(rng, [3, 10, 1], "relu", 1.4)
    parameters["b1"] = np.full(10, 0.1)
    more = '[batches]\nover = ["X", "Y"]\nsize = 16\nseed = 5'
    data = {"X": X, "Y": np.abs(X[:, :1]) + 0.2 * rng.standard_normal((80, 1))}
    return scenario(code, data, parameters, sgd(0.03), 300, more), None


def healthy_causal_mask(rng):
    T, d = 5, 4
    mask = np.tril(np.ones((T, T)))
    code = (
        "q = X@Q\nk = X@K\ns = q@k.T/2\nm = where(mask, s, -1e9)\na = softmax(m)\n"
        "o = a@(X@V)\nL = mean((o - Y)**2)"
    )
    parameters = {name: 0.5 * rng.standard_normal((d, d)) for name in "QKV"}
    X = rng.standard_normal((T, d))
    data = {"X": X, "Y": np.cumsum(X, axis=0) / 3, "mask": mask}
    return scenario(code, data, parameters, adam(0.02), 200), None


def healthy_overshooting(rng):
    data, parameters, sharpness = scalar_features(rng)
    return scenario(SCALARS, data, parameters, sgd(0.9 * 2 / sharpness), 120), None


def momentum_above_its_bound(rng):
    code, data, w, sharpness = linear(rng, features(rng, 20, 4))
    lr = 1.1 * 2 * 1.9 / sharpness
    return scenario(code, data, w, sgd(lr, momentum=0.9), 200), "diverging"


def nesterov_above_its_bound(rng):
    data, parameters, sharpness = scalar_features(rng)
    lr = 1.2 * (2 * 1.8 / 2.6) / sharpness
    return scenario(SCALARS, data, parameters, sgd(lr, momentum=0.8, nesterov=True), 100), (
        "diverging"
    )


def scaled_loss_above_the_bound(rng):
    scale = 10.0 ** rng.choice([-6.0, 6.0])
    code, data, w, sharpness = linear(rng, features(rng), scale=scale)
    return scenario(code, data, w, sgd(1.3 * 2 / sharpness), 60), "diverging"


def quartic_far_too_fast(rng):
    w = rng.uniform(2, 4)
    return scenario("L = (w*x)**4 + w**2", {"x": 1.0}, {"w": w}, sgd(0.3), 12), "diverging"


def network_far_too_fast(rng):
    X = features(rng, 30, 2)
    code, parameters = network(rng, [2, 6, 1], "softplus")
    return scenario(code, {"X": X, "Y": 3 + X[:, :1]}, parameters, sgd(5.0), 40), "diverging"


def absolute_error(rng):
    t = rng.uniform(0.3, 0.5)
    return scenario("L = abs(w*x - t)", {"x": 1.0, "t": t}, {"w": 0.0}, sgd(0.6), 50), "oscillating"


def momentum_at_its_bound(rng):
    X = features(rng, 20, 3)
    code, data, _, sharpness = linear(rng, X)
    w = {"w": 4.0 * np.linalg.eigh(X.T @ X)[1][:, -1]}
    return scenario(code, data, w, sgd(2 * 1.5 / sharpness, momentum=0.5), 80), "oscillating"


def logistic_crawls(rng):
    X, labels = classes(rng, 40, 2, 2)
    code = "z = X@w + b\nL = mean(softplus(z) - labels*z)"
    parameters = {"w": np.zeros(2), "b": 0.0}
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(1e-3), 80), "crawling"


def adam_crawls(rng):
    code, data, w, _ = linear(rng, features(rng))
    return scenario(code, data, w, adam(1e-4), 80), "crawling"


def equal_units(rng):
    X, labels = classes(rng, 30, 2, 3)
    code, parameters = network(rng, [2, 5, 3], "tanh", 1.0, "classes")
    parameters = {name: np.zeros_like(value) for name, value in parameters.items()}
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(0.3), 50), "plateau"


def flat_shoulder(rng):
    w = rng.uniform(9, 12)
    code = "p = sigmoid(w*x)\nL = (p - t)**2"
    text = scenario(code, {"x": 1.0, "t": 0.0}, {"w": w}, sgd(0.5), 60)
    return text, {"plateau", "saturated"}


def rate_grows_exponentially(rng):
    code, data, w, sharpness = linear(rng, features(rng, 20, 2))
    more = '[schedule]\nname = "exponential"\ngamma = 1.03'
    return scenario(code, data, w, sgd(0.8 / sharpness), 120, more), "rate-too-large-later"


def recurrence_explodes(rng):
    steps = 12
    lines = ["h0 = x0@W"] + [f"h{i} = h{i - 1}@W" for i in range(1, steps)]
    code = "\n".join([*lines, f"L = mean((h{steps - 1} - y)**2)"])
    W = 2.5 * np.linalg.qr(rng.standard_normal((3, 3)))[0]
    data = {"x0": rng.standard_normal((4, 3)), "y": np.zeros((4, 3))}
    return scenario(code, data, {"W": W}, sgd(0.01), 10), "exploding-gradient"


def deep_tanh_with_small_weights(rng):
    X, labels = classes(rng, 30, 3, 3)
    code, parameters = network(rng, [3, *[6] * 6, 3], "tanh", 0.15, "classes")
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(0.2), 60), (
        {"vanishing-gradient", "plateau"}
    )


def deep_sigmoid_classifier(rng):
    X, labels = classes(rng, 36, 4, 3)
    code, parameters = network(rng, [4, *[8] * 6, 3], "sigmoid", 1.0, "classes")
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(0.1), 80), (
        "vanishing-gradient"
    )


def root_of_what_turns_negative(rng):
    code = "s = w - 1\nr = sqrt(s)\nL = r + 2*w"
    return scenario(code, {"x": 1.0}, {"w": rng.uniform(2, 4)}, sgd(0.1), 60), "non-finite"


def probability_of_exactly_one(rng):
    X = features(rng, 20, 2) * 100 + 50
    labels = (np.arange(20) % 2).astype(float)
    code = "p = sigmoid(X@w)\nL = -mean(y*log(p) + (1 - y)*log(1 - p))"
    return scenario(code, {"X": X, "y": labels}, {"w": np.zeros(2)}, sgd(5.0), 20), "non-finite"


def units_that_a_step_kills(rng):
    X = np.abs(features(rng, 20, 2)) + 0.5
    code, parameters = network(rng, [2, 4, 1], "relu")
    parameters["W1"], parameters["W2"] = np.abs(parameters["W1"]), np.abs(parameters["W2"])
    parameters["b1"] = np.array([0.1, 0.1, 0.1, 0.1])
    parameters["b1"][:3] = -60.0
    return scenario(code, {"X": X, "Y": X[:, :1]}, parameters, adam(0.02), 80), "dead-relu"


def maximum_with_zero_is_off(rng):
    X = features(rng, 20, 2)
    code = "z = X@A + b\nh = maximum(z, 0)\ny1 = h@v\nL = mean((y1 - y)**2)"
    parameters = {"A": rng.standard_normal((2, 3)), "b": np.array([0.2, -40.0, 0.3]),
                  "v": np.array([1.0, -1.0, 0.5])}  # fmt: skip
    return scenario(code, {"X": X, "y": X[:, 0] ** 2}, parameters, sgd(0.02), 60), "dead-relu"


def sigmoids_at_their_ends(rng):
    X = features(rng, 20, 2)
    code, parameters = network(rng, [2, 4, 1], "sigmoid")
    parameters["b1"] = rng.choice([-40.0, 40.0], 4)
    return scenario(code, {"X": X, "Y": X[:, :1]}, parameters, sgd(0.1), 60), "saturated"


def where_keeps_it_out(rng):
    X = features(rng, 20, 3)
    code = "u = where(use, w, 0)\nyhat = X@u\nL = mean((yhat - y)**2)"
    data = {"X": X, "y": X @ np.array([1.0, 2.0, 3.0]), "use": np.array([1.0, 1.0, 0.0])}
    return scenario(code, data, {"w": np.ones(3)}, sgd(0.1), 60), "masked"


def centred_constant_column(rng):
    X = features(rng, 20, 3)
    X[:, 1] = 7.0
    code = "C = X - mean(X, axis=0)\nyhat = C@w\nL = mean((yhat - y)**2)"
    data = {"X": X, "y": X[:, 0] + rng.standard_normal(20)}
    return scenario(code, data, {"w": np.ones(3)}, sgd(0.1), 60), "constant-feature"


def only_compared(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    code = code.replace("L = 1.0*mean(e**2)", "g = cut > 0\nL = mean(e**2) + g")
    return scenario(code, data, {**w, "cut": 0.5}, sgd(1 / sharpness), 60), "disconnected"


def classes_by_a_small_column(rng):
    X, labels = classes(rng, 40, 2, 2)
    X[:, 0] = features(rng, 40, 1)[:, 0] * 500.0
    X[:, 1] = (labels - 0.5 + 0.7 * rng.standard_normal(40)) * 0.02
    code = "z = X@w\nL = mean(softplus(z) - labels*z)"
    lr = 1.0 / (0.25 * float(np.mean(X[:, 0] ** 2)))
    return scenario(code, {"X": X, "labels": labels}, {"w": np.zeros(2)}, sgd(lr), 200), (
        "scale-mismatch"
    )


def batches_of_columns_of_other_sizes(rng):
    X = features(rng, 64, 3)
    y = X @ np.array([1.0, 2.0, -2.0])
    X = X * np.array([3000.0, 0.5, 0.1])
    code, _, w, sharpness = linear(rng, X)
    more = '[batches]\nover = ["X", "y"]\nsize = 16\nseed = 2'
    return scenario(code, {"X": X, "y": y}, w, sgd(0.3 / sharpness), 120, more), "scale-mismatch"


def two_layers_sharpen(rng):
    y = rng.uniform(2.0, 3.0)
    code = "e = u*v*x - y\nL = sqrt(1 + e**2*100) - 1"
    data = {"x": 1.0, "y": y}
    return scenario(code, data, {"u": 0.3, "v": 0.2}, sgd(0.02), 150), "rate-too-large-later"


def three_columns_of_one_thing(rng):
    X = features(rng, 40, 3)
    X[:, 2] = X[:, 0] + X[:, 1] + 0.01 * X[:, 2]
    code, _, w, sharpness = linear(rng, X)
    y = 30 * (X[:, 0] + X[:, 1] - X[:, 2])
    return scenario(code, {"X": X, "y": y}, w, sgd(1.5 / sharpness), 250), "ill-conditioned"


def clipped_classifier(rng):
    X, labels = classes(rng, 30, 2, 3)
    code, parameters = network(rng, [2, 6, 3], "tanh", 1.0, "classes")
    optimizer = sgd(0.3, clip_norm=5e-4)
    return scenario(code, {"X": X, "labels": labels}, parameters, optimizer, 80), "clipping"


KINDS = [value for value in list(globals().values())
         if getattr(value, "__module__", "") == __name__]  # fmt: skip
