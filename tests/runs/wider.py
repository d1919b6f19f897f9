"""Labelled runs of other losses, optimizers, depths and data than the rules were built with.

The rules were mended by the runs of the seeds below 2000; figures are reported of others.
"""

import numpy as np

from runs.models import adam, classes, features, linear, network, scenario, sgd


def batches(names, size, seed=3):
    over = ", ".join(f'"{name}"' for name in names)
    return f"[batches]\nover = [{over}]\nsize = {size}\nseed = {seed}"


def residual(rng, width, depth, unit="tanh"):
    """Return code and parameters of layers that each add to what came before."""
    lines, parameters = ["h0 = X"], {}
    for i in range(1, depth + 1):
        parameters[f"W{i}"] = 0.5 * rng.standard_normal((width, width)) / np.sqrt(width)
        parameters[f"b{i}"] = np.zeros(width)
        lines.append(f"h{i} = h{i - 1} + {unit}(h{i - 1}@W{i} + b{i})/{depth}")
    parameters["v"] = rng.standard_normal((width, 1)) / np.sqrt(width)
    return "\n".join([*lines, f"out = h{depth}@v", "L = mean((out - Y)**2)"]), parameters


def recurrence(W, steps):
    """Return code and parameters of h@W, again and again, from the rows of x to y."""
    lines = ["h0 = x@W"] + [f"h{i} = h{i - 1}@W" for i in range(1, steps)]
    return "\n".join([*lines, f"L = mean((h{steps - 1} - y)**2)"]), {"W": W}


# Healthy


def healthy_huber(rng):
    X = features(rng, 40, 3)
    y = X @ rng.uniform(0.5, 2, 3) + 0.1 * rng.standard_normal(40)
    y[:3] += rng.choice([-20.0, 20.0], 3)
    code = "e = X@w - y\nL = mean(where(abs(e) < 1, e**2/2, abs(e) - 0.5))"
    sharpness = float(np.linalg.eigvalsh(X.T @ X / 40)[-1])
    return scenario(code, {"X": X, "y": y}, {"w": np.zeros(3)}, sgd(0.8 / sharpness), 120), None


def healthy_log_cosh_scaled(rng):
    scale = float(10.0 ** rng.choice([-6.0, 6.0]))
    X = features(rng, 40, 3)
    y = X @ rng.uniform(0.5, 2, 3) + 0.1 * rng.standard_normal(40)
    code = f"e = X@w - y\nL = {scale!r}*mean(softplus(2*e) - e)"
    return scenario(code, {"X": X, "y": y}, {"w": np.zeros(3)}, adam(0.05), 150), None


def healthy_poisson(rng):
    X = 0.5 * features(rng, 50, 2)
    counts = rng.poisson(np.exp(X @ np.array([0.6, -0.4]) + 0.5)).astype(float)
    code = "s = X@w + b\nL = mean(exp(s) - y*s)"
    return scenario(code, {"X": X, "y": counts}, {"w": np.zeros(2), "b": 0.0}, sgd(0.2), 200), None


def healthy_hinge_annealed(rng):
    X, labels = classes(rng, 40, 2, 2)
    code = "s = X@w + b\nL = mean(maximum(0, 1 - t*s)) + 0.01*sum(w**2)"
    more = '[schedule]\nname = "exponential"\ngamma = 0.97'
    data = {"X": X, "t": 2 * labels - 1}
    return scenario(code, data, {"w": np.zeros(2), "b": 0.0}, sgd(0.3), 200, more), None


def healthy_deep_relu(rng):
    X, labels = classes(rng, 48, 3, 3)
    code, parameters = network(rng, [3, *[12] * 6, 3], "relu", 1.41, "classes")
    optimizer = {"name": "adamw", "lr": 0.005}
    return scenario(code, {"X": X, "labels": labels}, parameters, optimizer, 150), None


def healthy_residual(rng):
    X = features(rng, 40, 6)
    code, parameters = residual(rng, 6, 8)
    data = {"X": X, "Y": np.tanh(X[:, :1] + X[:, 1:2]) + 0.05 * rng.standard_normal((40, 1))}
    return scenario(code, data, parameters, sgd(0.1, momentum=0.5), 200), None


def healthy_layer_norm(rng):
    X, labels = classes(rng, 45, 4, 3)
    code = (
        "a = X@A + b\nn = layer_norm(a, g, s)\nh = gelu(n)\nz = h@B + c\n"
        "L = cross_entropy(z, labels)"
    )
    parameters = {
        "A": 0.5 * rng.standard_normal((4, 10)), "b": np.zeros(10), "g": np.ones(10),
        "s": np.zeros(10), "B": 0.3 * rng.standard_normal((10, 3)), "c": np.zeros(3),
    }  # fmt: skip
    return scenario(code, {"X": X, "labels": labels}, parameters, adam(0.01), 150), None


def healthy_bag_of_words(rng):
    counts = rng.poisson(0.15, (80, 30)).astype(float)
    counts[np.arange(30), np.arange(30)] = 1.0
    labels = (counts @ rng.standard_normal(30) > 0).astype(float)
    code = "z = X@w + b\nL = mean(softplus(z) - t*z)"
    data = {"X": counts, "t": labels}
    optimizer = {"name": "adagrad", "lr": 0.5}
    parameters = {"w": np.zeros(30), "b": 0.0}
    return scenario(code, data, parameters, optimizer, 200, batches("Xt", 16)), None


def healthy_relu_on_sparse_inputs(rng):
    X = rng.standard_normal((60, 20)) * (rng.random((60, 20)) < 0.1)
    X[np.arange(20), np.arange(20)] = 1.0
    Y = np.tanh(X[:, :3].sum(axis=1, keepdims=True)) + 0.1 * rng.standard_normal((60, 1))
    code, parameters = network(rng, [20, 12, 1], "relu", 1.4)
    parameters["b1"] = np.full(12, 0.1)
    return scenario(code, {"X": X, "Y": Y}, parameters, adam(0.01), 200), None


def healthy_rmsprop_one_hot(rng):
    kinds = rng.integers(0, 6, 48)
    kinds[:6] = np.arange(6)
    X = np.eye(6)[kinds]
    labels = (kinds + (rng.random(48) < 0.2)) % 3
    code = "z = X@W\nL = cross_entropy(z, labels)"
    optimizer = {"name": "rmsprop", "lr": 0.02}
    data = {"X": X, "labels": labels.astype(float)}
    return scenario(code, data, {"W": np.zeros((6, 3))}, optimizer, 150), None


def healthy_scaled_network(rng):
    scale = float(10.0 ** rng.choice([-6.0, 6.0]))
    X = features(rng, 30, 2)
    code, parameters = network(rng, [2, 8, 1], "gelu", 1.4)
    code = code.replace("L = mean", f"L = {scale!r}*mean")
    data = {"X": X, "Y": np.sin(2 * X[:, :1]) + 0.1 * rng.standard_normal((30, 1))}
    optimizer = sgd(0.02 / scale, momentum=0.8, nesterov=True)
    return scenario(code, data, parameters, optimizer, 200), None


def healthy_autoencoder(rng):
    X = features(rng, 40, 2) @ rng.standard_normal((2, 6)) + 0.05 * rng.standard_normal((40, 6))
    code = "h = tanh(X@A)\nR = h@B + c\nL = mean((R - X)**2)"
    parameters = {"A": 0.3 * rng.standard_normal((6, 3)), "B": 0.3 * rng.standard_normal((3, 6)),
                  "c": np.zeros(6)}  # fmt: skip
    return scenario(code, {"X": X}, parameters, adam(0.02), 250), None


def healthy_factorisation(rng):
    T = rng.standard_normal((8, 2)) @ rng.standard_normal((2, 6))
    code = "P = U@V\nL = mean((P - T)**2)"
    parameters = {"U": 0.5 * rng.standard_normal((8, 2)), "V": 0.5 * rng.standard_normal((2, 6))}
    return scenario(code, {"T": T}, parameters, sgd(0.5), 300), None


def healthy_one_cycle(rng):
    X, labels = classes(rng, 60, 3, 3)
    code, parameters = network(rng, [3, 10, 3], "tanh", 1.0, "classes")
    more = '[schedule]\nname = "one_cycle"\nmax_lr = 0.5\n' + batches(["X", "labels"], 15)
    data = {"X": X, "labels": labels}
    return scenario(code, data, parameters, sgd(0.02, momentum=0.8), 200, more), None


def healthy_rare_embeddings(rng):
    tokens = np.minimum(rng.geometric(0.35, 96) - 1, 7).astype(float)
    tokens[:8] = np.arange(8)
    targets = rng.standard_normal(8)[tokens.astype(int)] + 0.3 * rng.standard_normal(96)
    code = "h = take(E, tokens)\ne = h@v - y\nL = mean(e**2)"
    parameters = {"E": 0.5 * rng.standard_normal((8, 2)), "v": rng.standard_normal(2)}
    data = {"tokens": tokens, "y": targets}
    return scenario(code, data, parameters, sgd(0.1), 240, batches(["tokens", "y"], 12)), None


def healthy_float32_network(rng):
    X = features(rng, 30, 3)
    code, parameters = network(rng, [3, 8, 8, 1], "tanh")
    data = {"X": X, "Y": np.tanh(X[:, :1] - X[:, 1:2]) + 0.1 * rng.standard_normal((30, 1))}
    text = scenario(code, data, parameters, sgd(0.05, momentum=0.5), 200)
    return text.replace("steps = 200", 'steps = 200\ndtype = "float32"'), None


def healthy_interpolation(rng):
    code, data, w, sharpness = linear(rng, features(rng, 12, 4), noise=0.0)
    return scenario(code, data, w, sgd(0.4 / sharpness, momentum=0.6), 800), None


def healthy_clipped_recurrence(rng):
    W = 0.95 * np.linalg.qr(rng.standard_normal((3, 3)))[0]
    code, parameters = recurrence(W, 6)
    x = rng.standard_normal((8, 3))
    target = np.linalg.matrix_power(0.97 * np.linalg.qr(W + 0.1 * np.eye(3))[0], 6)
    return scenario(code, {"x": x, "y": x @ target}, parameters, sgd(0.02, clip_norm=1.0), 300), (
        None
    )


def healthy_few_steps(rng):
    code, data, w, sharpness = linear(rng, features(rng, 20, 3))
    return scenario(code, data, w, sgd(0.7 / sharpness), 12), None


def healthy_pinball_annealed(rng):
    X = features(rng, 60, 2)
    y = X @ rng.uniform(0.5, 2, 2) + rng.standard_normal(60)
    code = "e = y - X@w - b\nL = mean(maximum(0.8*e, -0.2*e))"
    more = '[schedule]\nname = "cosine"'
    return scenario(code, {"X": X, "y": y}, {"w": np.zeros(2), "b": 0.0}, sgd(0.5), 200, more), None


def healthy_ridge_adamw(rng):
    code, data, w, _ = linear(rng, features(rng, 30, 5))
    optimizer = {"name": "adamw", "lr": 0.05, "weight_decay": 0.1}
    return scenario(code, data, w, optimizer, 200), None


def healthy_overlapping_classes(rng):
    X, labels = classes(rng, 80, 2, 4, 2.5)
    code, parameters = network(rng, [2, 8, 4], "relu", 1.4, "classes")
    parameters["b1"] = np.full(8, 0.1)
    more = batches(["X", "labels"], 16)
    return scenario(code, {"X": X, "labels": labels}, parameters, adam(0.01), 300, more), None


def healthy_rectified_outputs(rng):
    """Times that are never negative: some outputs of the last rectifier are 0 for good reason."""
    X = features(rng, 40, 2)
    code = "z = X@w + b\nyhat = relu(z)\nL = mean((yhat - y)**2)"
    y = np.maximum(X @ np.array([1.0, -1.0]) + 0.2, 0)
    return scenario(code, {"X": X, "y": y}, {"w": np.array([0.3, 0.1]), "b": 0.5}, sgd(0.3), 150), (
        None
    )


def healthy_dropout_masks(rng):
    """Another mask for each example: every unit learns from some of them."""
    X = features(rng, 40, 3)
    code, parameters = network(rng, [3, 6, 1])
    code = code.replace("h1 = tanh(z1)", "h1 = tanh(z1)*M*2")
    M = (rng.random((40, 6)) < 0.5).astype(float)
    data = {"X": X, "Y": X[:, :1] * 0.8 + 0.1 * rng.standard_normal((40, 1)), "M": M}
    return scenario(code, data, parameters, sgd(0.1), 200), None


# Near misses: sound, though something of each rule is there


def near_dead(rng):
    """Units that are on for a few examples each."""
    X, labels = classes(rng, 60, 3, 3)
    code, parameters = network(rng, [3, 10, 3], "relu", 1.4, "classes")
    parameters["b1"] = 0.5 - np.max(X @ parameters["W1"], axis=0)
    return scenario(code, {"X": X, "labels": labels}, parameters, adam(0.02), 150), None


def near_saturated(rng):
    X = features(rng, 40, 2)
    code, parameters = network(rng, [2, 6, 1], "tanh", 3.0)
    parameters["W2"] /= 3.0
    data = {"X": X, "Y": np.sign(X[:, :1]) * 0.8}
    return scenario(code, data, parameters, sgd(0.1), 200), None


def near_mismatch(rng):
    X = features(rng) * np.array([8.0, 1.0, 2.0])
    code, data, w, sharpness = linear(rng, X)
    return scenario(code, data, w, sgd(1.8 / sharpness), 300), None


def near_ill_conditioned(rng):
    X = features(rng, 40, 2)
    X[:, 1] = X[:, 0] + 0.3 * X[:, 1]
    code, data, w, sharpness = linear(rng, X)
    return scenario(code, data, w, sgd(1.5 / sharpness), 300), None


def near_exploding(rng):
    X = features(rng, 30, 3)
    code, parameters = network(rng, [3, 10, 10, 10, 1], "relu", 2.0)
    data = {"X": X, "Y": X[:, :1] + 0.1 * rng.standard_normal((30, 1))}
    return scenario(code, data, parameters, adam(0.003), 200), None


def near_vanishing(rng):
    X, labels = classes(rng, 45, 3, 3)
    code, parameters = network(rng, [3, *[8] * 4, 3], "tanh", 0.8, "classes")
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(0.1), 250), None


def near_clipping(rng):
    """The clip acts on the way down and leaves the rest alone."""
    code, data, w, sharpness = linear(rng, features(rng))
    return scenario(code, data, w, sgd(0.6 / sharpness, clip_norm=1.0), 150), None


def near_crawling(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    return scenario(code, data, w, sgd(0.1 / sharpness), 100), None


def near_plateau(rng):
    """Slow at first, as small weights are, and then down."""
    code = "L = (u*v - t)**2"
    a = rng.uniform(0.05, 0.1)
    return scenario(code, {"t": 1.0}, {"u": a, "v": a / 2}, sgd(0.1), 120), None


def near_too_large_later(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    gamma = 4.0 ** (1 / 120)
    more = f'[schedule]\nname = "exponential"\ngamma = {gamma}'
    return scenario(code, data, w, sgd(0.45 / sharpness), 120, more), None


def near_non_finite(rng):
    """Logarithms of shares that stay inside."""
    T = rng.dirichlet(np.ones(4))
    code = "p = softmax(s)\nL = sum(p*log(p) - p*log(T))"
    return scenario(code, {"T": T}, {"s": np.zeros(4)}, sgd(0.5), 200), None


def near_diverging(rng):
    """Momentum carries it up the other side at first."""
    code, data, w, sharpness = linear(rng, features(rng, 20, 3))
    return scenario(code, data, w, sgd(1.9 * 1.9 / sharpness, momentum=0.9), 300), None


def near_masked(rng):
    """Examples that do not count, of groups that others are in, too."""
    group = np.arange(40) % 4
    known = (rng.random(40) < 0.6).astype(float)
    known[:4] = 1.0
    y = rng.uniform(1, 5, 4)[group] + rng.standard_normal(40)
    code = "e = take(c, group) - y\nL = sum(known*e**2)/sum(known)"
    data = {"group": group.astype(float), "known": known, "y": y}
    return scenario(code, data, {"c": np.zeros(4)}, sgd(0.8), 60), None


def near_constant(rng):
    X = features(rng, 40, 3)
    X[:, 2] = (np.arange(40) == 7).astype(float)
    code, data, w, sharpness = linear(rng, X)
    return scenario(code, data, w, sgd(1.0 / sharpness), 400), None


def healthy_negative_loss(rng):
    """A log likelihood: the loss falls below 0."""
    X = features(rng, 40, 2)
    y = X @ rng.uniform(0.5, 2, 2) + 0.2 * rng.standard_normal(40)
    code = "e = X@w - y\nL = mean(e**2*exp(-2*s)/2 + s)"
    return scenario(code, {"X": X, "y": y}, {"w": np.zeros(2), "s": 0.5}, adam(0.02), 250), None


# Broken


def ridge_above_its_bound(rng):
    code, data, w, sharpness = linear(rng, features(rng, 30, 4))
    lr = rng.uniform(1.1, 1.5) * 2 / (sharpness + 0.5)
    return scenario(code, data, w, sgd(lr, weight_decay=0.5), 120), "diverging"


def minibatches_above_the_bound(rng):
    code, data, w, sharpness = linear(rng, features(rng, 64, 3))
    return scenario(code, data, w, sgd(3.0 * 2 / sharpness), 60, batches("Xy", 16)), "diverging"


def deep_linear_too_fast(rng):
    X = features(rng, 30, 3)
    code = "h = X@A\nyhat = h@b\nL = mean((yhat - y)**2)"
    parameters = {"A": rng.standard_normal((3, 3)), "b": rng.standard_normal(3)}
    return scenario(code, {"X": X, "y": X[:, 0]}, parameters, sgd(2.0), 30), "diverging"


def float32_above_the_bound(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    text = scenario(code, data, w, sgd(1.4 * 2 / sharpness), 80)
    return text.replace("steps = 80", 'steps = 80\ndtype = "float32"'), "diverging"


def hinge_with_a_long_step(rng):
    X, labels = classes(rng, 30, 2, 2)
    code = "s = X@w\nL = mean(maximum(0, 1 - t*s)) + 0.1*sum(w**2)"
    data = {"X": X, "t": 2 * labels - 1}
    return scenario(code, data, {"w": np.array([3.0, -3.0])}, sgd(4.0), 60), "oscillating"


def adam_jumps_over_the_bottom(rng):
    t = rng.uniform(1, 2)
    optimizer = adam(3.0, beta1=0.0, beta2=0.5)
    return scenario("L = abs(w - t)", {"t": t}, {"w": 0.0}, optimizer, 60), "oscillating"


def rmsprop_jumps_over_the_bottom(rng):
    t = rng.uniform(1, 2)
    optimizer = {"name": "rmsprop", "lr": 1.5, "alpha": 0.5}
    return scenario("L = abs(w - t)", {"t": t}, {"w": 0.0}, optimizer, 80), "oscillating"


def scaled_down_at_a_usual_rate(rng):
    code, data, w, _ = linear(rng, features(rng), scale=1e-6)
    return scenario(code, data, w, sgd(0.1), 100), "crawling"


def poisson_crawls(rng):
    X = 0.5 * features(rng, 50, 2)
    counts = rng.poisson(np.exp(X @ np.array([0.6, -0.4]) + 1.5)).astype(float)
    code = "s = X@w + b\nL = mean(exp(s) - y*s)"
    parameters = {"w": np.zeros(2), "b": 0.0}
    return scenario(code, {"X": X, "y": counts}, parameters, sgd(5e-5), 100), "crawling"


def adagrad_crawls(rng):
    code, data, w, _ = linear(rng, features(rng))
    return scenario(code, data, w, {"name": "adagrad", "lr": 1e-4}, 100), "crawling"


def network_crawls_with_momentum(rng):
    X = features(rng, 30, 2)
    code, parameters = network(rng, [2, 6, 1])
    data = {"X": X, "Y": 2 + X[:, :1]}
    return scenario(code, data, parameters, sgd(1e-6, momentum=0.9), 100), "crawling"


def far_from_a_well(rng):
    t = rng.uniform(4.5, 5.5)
    code = "L = 1 - exp(-(w - t)**2/2)"
    return scenario(code, {"t": t}, {"w": 0.0}, sgd(0.3), 60), "plateau"


def three_layers_of_zeros(rng):
    X = features(rng, 30, 3)
    code, parameters = network(rng, [3, 4, 4, 1], "tanh")
    parameters = {name: np.zeros_like(value) for name, value in parameters.items()}
    Y = X[:, :1] * X[:, 1:2]
    return scenario(code, {"X": X, "Y": Y - Y.mean()}, parameters, sgd(0.2), 80), "plateau"


def factors_at_zero(rng):
    T = rng.standard_normal((6, 2)) @ rng.standard_normal((2, 5))
    code = "P = U@V\nL = mean((P - T)**2)"
    parameters = {"U": np.full((6, 2), 1e-9), "V": np.full((2, 5), 1e-9)}
    return scenario(code, {"T": T}, parameters, sgd(0.3), 60), "plateau"


def one_cycle_above_the_bound(rng):
    code, data, w, sharpness = linear(rng, features(rng))
    more = f'[schedule]\nname = "one_cycle"\nmax_lr = {6.0 / sharpness}\nwarmup_fraction = 0.9'
    return scenario(code, data, w, sgd(0.1 / sharpness), 150, more), "rate-too-large-later"


def momentum_and_a_growing_rate(rng):
    code, data, w, sharpness = linear(rng, features(rng, 25, 3))
    more = '[schedule]\nname = "exponential"\ngamma = 1.04'
    return scenario(code, data, w, sgd(0.3 / sharpness, momentum=0.5), 120, more), (
        "rate-too-large-later"
    )


def deep_relu_five_times_too_large(rng):
    X, labels = classes(rng, 30, 3, 3)
    code, parameters = network(rng, [3, *[10] * 7, 3], "relu", 5.0, "classes")
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(0.05), 20), (
        "exploding-gradient"
    )


def recurrence_of_batches_explodes(rng):
    W = 2.2 * np.linalg.qr(rng.standard_normal((3, 3)))[0]
    code, parameters = recurrence(W, 10)
    x = rng.standard_normal((16, 3))
    return scenario(code, {"x": x, "y": x}, parameters, sgd(0.01), 12, batches("xy", 8)), (
        "exploding-gradient"
    )


def deep_sigmoids_regress(rng):
    X = features(rng, 30, 3)
    code, parameters = network(rng, [3, *[6] * 8, 1], "sigmoid", 1.0)
    data = {"X": X, "Y": np.sin(X[:, :1])}
    return scenario(code, data, parameters, sgd(0.1, momentum=0.5), 80), "vanishing-gradient"


def scaled_deep_sigmoids(rng):
    scale = float(10.0 ** rng.choice([-6.0, 6.0]))
    X, labels = classes(rng, 30, 3, 3)
    code, parameters = network(rng, [3, *[6] * 7, 3], "sigmoid", 1.0, "classes")
    code = code.replace("L = cross", f"L = {scale!r}*cross")
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(0.2 / scale), 80), (
        "vanishing-gradient"
    )


def distance_of_zero(rng):
    q = rng.standard_normal(3)
    code = "d = sqrt(sum((p - q)**2))\nL = (d - 1)**2 + sum(p**2)"
    return scenario(code, {"q": q}, {"p": q}, sgd(0.1), 10), "non-finite"


def exponential_of_thousands(rng):
    """The exponential overflows, as the rate is far above the bound: either is a cause."""
    X = 1000.0 * np.abs(features(rng, 10, 1)) + 500.0
    code = "s = X@w\nL = mean(exp(s) - y*s)"
    return scenario(code, {"X": X, "y": 10 * np.ones(10)}, {"w": np.zeros(1)}, sgd(0.01), 10), (
        {"non-finite", "diverging"}
    )


def entropy_of_a_share_pushed_to_zero(rng):
    p = rng.uniform(0.05, 0.1)
    code = "L = p*log(p) + 5*p + (q - 1)**2"
    return scenario(code, {"x": 1.0}, {"p": p, "q": 0.0}, sgd(0.1), 20), "non-finite"


def second_layer_pushed_off(rng):
    X = features(rng, 30, 2)
    code, parameters = network(rng, [2, 6, 6, 1], "relu", 1.4)
    parameters["b1"] = np.full(6, 0.1)
    parameters["b2"] = np.full(6, -60.0)
    data = {"X": X, "Y": X[:, :1] ** 2}
    return scenario(code, data, parameters, sgd(0.02, momentum=0.5), 60), "dead-relu"


def two_units_pushed_off_in_batches(rng):
    X, labels = classes(rng, 48)
    code, parameters = network(rng, [2, 8, 3], "relu", 1.4, "classes")
    parameters["b1"] = np.full(8, 0.1)
    parameters["b1"][rng.permutation(8)[:2]] = -80.0
    more = batches(["X", "labels"], 12)
    return scenario(code, {"X": X, "labels": labels}, parameters, sgd(0.1), 150, more), "dead-relu"


def output_rectifier_is_off(rng):
    X = features(rng, 20, 2)
    code = "z = X@w + b\nyhat = relu(z)\nL = mean((yhat - y)**2)"
    y = np.abs(X[:, 0]) + 1
    parameters = {"w": np.ones(2), "b": -40.0}
    return scenario(code, {"X": X, "y": y}, parameters, sgd(0.1), 40), "dead-relu"


def kilometres_into_tanh(rng):
    X = rng.uniform(80, 400, (20, 2))
    code, parameters = network(rng, [2, 5, 1])
    y = (X[:, :1] - X[:, 1:]) / 80
    return scenario(code, {"X": X, "Y": y}, parameters, sgd(0.05), 60), "saturated"


def gates_at_their_ends(rng):
    X = features(rng, 30, 3)
    code = "g = sigmoid(X@A + a)\nh = g*tanh(X@B)\nyhat = h@v\nL = mean((yhat - y)**2)"
    parameters = {
        "A": rng.standard_normal((3, 4)), "a": rng.choice([-60.0, -70.0], 4),
        "B": rng.standard_normal((3, 4)), "v": rng.standard_normal(4),
    }  # fmt: skip
    return scenario(code, {"X": X, "y": X[:, 0]}, parameters, sgd(0.1), 60), "saturated"


def pruned_weights(rng):
    X = features(rng, 30, 4)
    M = np.ones((4, 1))
    M[rng.permutation(4)[:2]] = 0.0
    code = "yhat = X@(W*M)\nL = mean((yhat - Y)**2)"
    data = {"X": X, "Y": X @ rng.uniform(1, 2, (4, 1)), "M": M}
    return scenario(code, data, {"W": np.ones((4, 1))}, sgd(0.1), 60), "masked"


def group_without_a_loss(rng):
    group = np.arange(30) % 3
    known = (group != rng.integers(3)).astype(float)
    y = rng.uniform(1, 5, 3)[group] + rng.standard_normal(30)
    code = "e = take(c, group) - y\nL = sum(known*e**2)/sum(known)"
    data = {"group": group.astype(float), "known": known, "y": y}
    return scenario(code, data, {"c": np.zeros(3)}, sgd(0.3), 40), "masked"


def empty_one_hot_column(rng):
    kinds = rng.integers(0, 4, 40)
    code = "z = X@W\nL = cross_entropy(z, labels)"
    data = {"X": np.eye(5)[kinds], "labels": (kinds % 3).astype(float)}
    return scenario(code, data, {"W": np.zeros((5, 3))}, sgd(0.5), 80), "constant-feature"


def token_never_seen(rng):
    tokens = rng.integers(0, 5, 40).astype(float)
    code = "h = take(E, tokens)\nyhat = h@v\nL = mean((yhat - y)**2)"
    parameters = {"E": rng.standard_normal((6, 2)), "v": rng.standard_normal(2)}
    data = {"tokens": tokens, "y": np.sin(tokens)}
    return scenario(code, data, parameters, adam(0.02), 100), "constant-feature"


def second_head_unused(rng):
    X = features(rng, 30, 3)
    code, parameters = network(rng, [3, 6, 1])
    code = code.replace("L =", "other = h1@U\nL =")
    parameters["U"] = rng.standard_normal((6, 2))
    return scenario(code, {"X": X, "Y": X[:, :1]}, parameters, adam(0.02), 100), "disconnected"


def rounded_by_a_comparison(rng):
    X = features(rng, 30, 2)
    code = "z = X@w\nyhat = (z > 0)*1.0\nL = mean((yhat - y)**2)"
    data = {"X": X, "y": (X[:, 0] > X[:, 1]).astype(float)}
    return scenario(code, data, {"w": np.array([0.1, 0.5])}, sgd(0.1), 40), "disconnected"


def powers_of_a_large_number(rng):
    x = rng.uniform(20, 100, 30)
    X = np.stack([np.ones(30), x, x**2], axis=1)
    y = X @ np.array([5.0, 0.3, 0.01]) + rng.standard_normal(30)
    code, _, w, sharpness = linear(rng, X)
    return scenario(code, {"X": X, "y": y}, w, sgd(1 / sharpness), 200), "scale-mismatch"


def logistic_of_other_sizes_too_fast(rng):
    X, labels = classes(rng, 40, 2, 2)
    X = X * np.array([2000.0, 0.5])
    code = "z = X@w\nL = mean((z - labels)**2)"
    return scenario(code, {"X": X, "labels": labels}, {"w": np.zeros(2)}, sgd(0.1), 20), (
        "scale-mismatch"
    )


def polynomial_between_0_and_1(rng):
    x = np.linspace(0, 1, 30)
    X = np.stack([x**k for k in range(5)], axis=1)
    y = np.sin(6 * x) + 0.02 * rng.standard_normal(30)
    code, _, w, sharpness = linear(rng, X)
    return scenario(code, {"X": X, "y": y}, w, sgd(1.5 / sharpness), 250), "ill-conditioned"


def nearly_the_same_column_twice(rng):
    x = features(rng, 40, 1)[:, 0]
    X = np.stack([x, x + 0.02 * rng.standard_normal(40)], axis=1)
    y = 20 * (X[:, 0] - X[:, 1])
    code, _, w, sharpness = linear(rng, X)
    return scenario(code, {"X": X, "y": y}, w, sgd(0.3 / sharpness, momentum=0.5), 150), (
        "ill-conditioned"
    )


def clipped_recurrence(rng):
    W = 0.9 * np.linalg.qr(rng.standard_normal((3, 3)))[0]
    code, parameters = recurrence(W, 4)
    x = rng.standard_normal((8, 3))
    return scenario(code, {"x": x, "y": x}, parameters, sgd(0.1, clip_norm=2e-4), 100), "clipping"


def clipped_minibatches(rng):
    code, data, w, sharpness = linear(rng, features(rng, 64, 3))
    optimizer = sgd(0.5 / sharpness, clip_norm=1e-3)
    return scenario(code, data, w, optimizer, 120, batches("Xy", 16)), "clipping"


KINDS = [value for value in list(globals().values())
         if getattr(value, "__module__", "") == __name__
         and value not in (batches, residual, recurrence)]  # fmt: skip
