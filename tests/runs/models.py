"""Models, data and scenario texts from which labelled runs are made. Knows no rule."""

from itertools import pairwise

import numpy as np


def toml(value):
    """Return numbers as TOML."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return repr(float(value))


def scenario(code, data, parameters, optimizer, steps, more=""):
    """Return the text of a scenario."""
    tables = [
        "\n".join(f"{name} = {toml(value)}" for name, value in table.items())
        for table in (data, parameters)
    ]
    lines = "\n".join(
        f'{key} = "{value}"' if isinstance(value, str)
        else f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for key, value in optimizer.items()
    )  # fmt: skip
    return (
        f'title = "A run"\n[data]\n{tables[0]}\n[parameters]\n{tables[1]}\n[model]\n'
        f'code = """\n{code}\n"""\n[optimizer]\n{lines}\n[run]\nsteps = {steps}\n{more}\n'
    )


def sgd(lr, **more):
    return {"name": "sgd", "lr": float(lr), **more}


def adam(lr, **more):
    return {"name": "adam", "lr": float(lr), **more}


def features(rng, n=30, d=3):
    """Return standardised features, (n, d)."""
    X = rng.standard_normal((n, d))
    return (X - X.mean(axis=0)) / X.std(axis=0)


def linear(rng, X, noise=0.1, scale=1.0):
    """Return code, data, parameters and the largest curvature of a linear regression."""
    n, d = X.shape
    y = X @ rng.uniform(0.5, 2.0, d) + noise * rng.standard_normal(n)
    code = f"yhat = X@w\ne = yhat - y\nL = {float(scale)!r}*mean(e**2)"
    sharpness = scale * 2.0 * float(np.linalg.eigvalsh(X.T @ X / n)[-1])
    return code, {"X": X, "y": y}, {"w": np.zeros(d)}, sharpness


def classes(rng, n=30, d=2, k=3, spread=1.0):
    """Return features and labels of k overlapping clusters, standardised."""
    labels = np.arange(n) % k
    centres = rng.standard_normal((k, d)) * 1.5
    X = centres[labels] + spread * rng.standard_normal((n, d))
    return (X - X.mean(axis=0)) / X.std(axis=0), labels.astype(float)


def network(rng, sizes, unit="tanh", gain=1.0, head="mse"):
    """Return code and parameters of a network of dense layers."""
    lines, parameters, before = [], {}, "X"
    for i, (a, b) in enumerate(pairwise(sizes), 1):
        parameters[f"W{i}"] = gain * rng.standard_normal((a, b)) / np.sqrt(a)
        parameters[f"b{i}"] = np.zeros(b)
        last = i == len(sizes) - 1
        if last:
            lines.append(f"out = {before}@W{i} + b{i}")
        else:
            lines += [f"z{i} = {before}@W{i} + b{i}", f"h{i} = {unit}(z{i})"]
            before = f"h{i}"
    lines.append(
        "L = cross_entropy(out, labels)" if head == "classes" else "L = mean((out - Y)**2)"
    )
    return "\n".join(lines), parameters


SCALARS = "yhat = a*x1 + b*x2 + c\ne = yhat - y\nL = mean(e**2)"


def scalar_features(rng, n=12):
    """Return the code, data and largest curvature of `a*x1 + b*x2 + c` with vectors x1, x2."""
    X = features(rng, n, 2)
    design = np.concatenate([X, np.ones((n, 1))], axis=1)
    data = {"x1": X[:, 0], "x2": X[:, 1], "y": X @ rng.uniform(0.5, 2, 2) + 3}
    sharpness = 2 * float(np.linalg.eigvalsh(design.T @ design / n)[-1])
    return data, {"a": 0.1, "b": 0.2, "c": 0.0}, sharpness
