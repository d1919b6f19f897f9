"""The systems of `bench_peers.py`: as scenarios, as loops by hand, and in other libraries.

What a library needs is imported when it is asked for, so that none must be there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Steps = Callable[[int], object]
TWO, FIVE, FIVE_ADAM, NETWORK = SYSTEMS = (
    "two weights", "five parcels", "five parcels, Adam", "network, Adam",
)  # fmt: skip
X = np.array([[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]])
Y = np.array([5, 3.2, 9.5, 2.1, 6.8])
ROWS, CLASSES, WIDE = 60, 3, 16
SHAPES = {"W1": (2, WIDE), "b1": (WIDE,), "W2": (WIDE, WIDE), "b2": (WIDE,),
          "W3": (WIDE, CLASSES), "b3": (CLASSES,)}  # fmt: skip
B1, B2, EPS, LR = 0.9, 0.999, 1e-8, 0.05
_CODE = {
    TWO: "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2",
    FIVE: "yhat = X@w\ne = yhat - y\nL = mean(e**2)",
    NETWORK: "h1 = tanh(X@W1 + b1)\nh2 = tanh(h1@W2 + b2)\nz = h2@W3 + b3\nL = cross_entropy(z, y)",
}
_CODE[FIVE_ADAM] = _CODE[FIVE]


def points() -> tuple[Any, Any, dict[str, Any]]:
    """Return inputs, labels and first parameters of the network."""
    rng = np.random.default_rng(0)
    labels = np.arange(ROWS) % CLASSES
    inputs = rng.standard_normal((ROWS, 2)) + labels[:, None]
    first = {name: rng.standard_normal(shape) / math.sqrt(shape[0])
             for name, shape in SHAPES.items()}  # fmt: skip
    return inputs, labels, first


def write_scenario(system: str, folder: Path) -> Path:
    """Write a system as a scenario and return its path."""
    inputs, labels, first = points()
    data: dict[str, Any] = {TWO: {"x1": 2.0, "x2": 3.0, "y": 5.0}}.get(system, {"X": X, "y": Y})
    weights: dict[str, Any] = {TWO: {"w1": 1.0, "w2": 2.0}}.get(system, {"w": np.array([0.8, 1.5])})
    if system == NETWORK:
        data, weights = {"X": inputs, "y": labels.astype(float)}, first
    lines = [f'title = "{system}"']
    for table, values in (("data", data), ("parameters", weights)):
        lines += [f"[{table}]", *(f"{k} = {np.asarray(v).tolist()}" for k, v in values.items())]
    name = "adam" if "Adam" in system else "sgd"
    lines += ["[model]", f'code = """\n{_CODE[system]}\n"""', "[optimizer]", f'name = "{name}"',
              f"lr = {LR}", "[run]", "steps = 1000"]  # fmt: skip
    path = folder / (system.replace(" ", "_").replace(",", "") + ".toml")
    path.write_text("\n".join(lines) + "\n")
    return path


def by_hand(system: str) -> dict[str, Steps]:
    """Return the loops written by hand: in Python where the system is small, and in NumPy."""
    python = {TWO: _two_python, FIVE: _five_python, FIVE_ADAM: _five_adam_python}.get(system)
    numpy = {TWO: _two_numpy, FIVE: _five_numpy, FIVE_ADAM: _five_adam_numpy,
             NETWORK: _network_numpy}[system]  # fmt: skip
    return {**({"Python by hand": python} if python else {}), "NumPy by hand": numpy}


def _two_python(count: int) -> object:
    w1, w2, x1, x2, y, lr = 1.0, 2.0, 2.0, 3.0, 5.0, LR
    loss = 0.0
    for _ in range(count):
        yhat = w1 * x1 + w2 * x2
        e = yhat - y
        loss = e**2
        de = 2 * e
        dw1 = de * x1
        dw2 = de * x2
        w1 = w1 - lr * dw1
        w2 = w2 - lr * dw2
    return w1, w2, loss


def _two_numpy(count: int) -> object:
    w, x, y, loss = np.array([1.0, 2.0]), np.array([2.0, 3.0]), 5.0, 0.0
    for _ in range(count):
        e = w @ x - y
        loss = e**2
        w = w - LR * (2 * e * x)
    return w, loss


def _unrolled(update: str, state: str) -> Steps:
    """Return a loop over the five parcels with every product written out."""
    lines = ["def steps(count):", "    w1, w2 = 0.8, 1.5", f"    {state}", "    loss = 0.0",
             "    for t in range(1, count + 1):"]  # fmt: skip
    for i, ((a, b), y) in enumerate(zip(X.tolist(), Y.tolist(), strict=True)):
        lines += [f"        e{i} = w1*{a} + w2*{b} - {y}"]
    lines += [
        "        loss = (" + " + ".join(f"e{i}*e{i}" for i in range(5)) + ")/5",
        *(f"        d{i} = 0.4*e{i}" for i in range(5)),
        *(f"        g{k + 1} = " + " + ".join(f"d{i}*{X[i, k]}" for i in range(5)) for k in (0, 1)),
        *(f"        {line}" for line in update.splitlines()),
        "    return w1, w2, loss",
    ]
    scope: dict[str, Any] = {"sqrt": math.sqrt}
    exec("\n".join(lines), scope)
    steps: Steps = scope["steps"]
    return steps


_five_python = _unrolled(f"w1 = w1 - {LR}*g1\nw2 = w2 - {LR}*g2", "pass")
_five_adam_python = _unrolled(
    f"c, d = 1 - {B1}**t, 1 - {B2}**t\n"
    + "\n".join(
        f"m{k} = {B1}*m{k} + {1 - B1}*g{k}\nv{k} = {B2}*v{k} + {1 - B2}*g{k}*g{k}\n"
        f"w{k} = w{k} - {LR}*(m{k}/c)/(sqrt(v{k}/d) + {EPS})"
        for k in (1, 2)
    ),
    "m1 = m2 = v1 = v2 = 0.0",
)


def _five_numpy(count: int) -> object:
    w, loss = np.array([0.8, 1.5]), 0.0
    for _ in range(count):
        e = X @ w - Y
        loss = np.mean(e**2)
        w = w - LR * (X.T @ (2 * e / 5))
    return w, loss


def _adam(w: Any, g: Any, kept: list[Any], t: int) -> Any:
    kept[0] = B1 * kept[0] + (1 - B1) * g
    kept[1] = B2 * kept[1] + (1 - B2) * g**2
    mean, square = kept[0] / (1 - B1**t), kept[1] / (1 - B2**t)
    return w - LR * mean / (np.sqrt(square) + EPS)


def _five_adam_numpy(count: int) -> object:
    w, kept, loss = np.array([0.8, 1.5]), [np.zeros(2), np.zeros(2)], 0.0
    for t in range(1, count + 1):
        e = X @ w - Y
        loss = np.mean(e**2)
        w = _adam(w, X.T @ (2 * e / 5), kept, t)
    return w, loss


def _network_numpy(count: int) -> object:
    inputs, labels, first = points()
    w1, b1, w2, b2, w3, b3 = first.values()
    kept = [[np.zeros_like(w), np.zeros_like(w)] for w in first.values()]
    at, loss = np.arange(ROWS), 0.0
    for t in range(1, count + 1):
        h1 = np.tanh(inputs @ w1 + b1)
        h2 = np.tanh(h1 @ w2 + b2)
        z = h2 @ w3 + b3
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[at, labels]).mean()
        p[at, labels] -= 1
        d = p / ROWS
        d2 = (d @ w3.T) * (1 - h2**2)
        d1 = (d2 @ w2.T) * (1 - h1**2)
        slopes = (inputs.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d, d.sum(0))
        w1, b1, w2, b2, w3, b3 = (
            _adam(w, g, k, t)
            for w, g, k in zip((w1, b1, w2, b2, w3, b3), slopes, kept, strict=True)
        )
    return w1, loss


def micrograd(system: str) -> Steps | None:
    """Return the steps in micrograd."""
    from micrograd.engine import Value

    def losses(w: list[Any]) -> Any:
        if system == TWO:
            return (w[0] * 2.0 + w[1] * 3.0 - 5.0) ** 2
        errors = [w[0] * a + w[1] * b - y for (a, b), y in zip(X.tolist(), Y.tolist(), strict=True)]
        return sum((e**2 for e in errors), Value(0.0)) * (1 / 5)

    def steps(count: int) -> object:
        w = [Value(1.0), Value(2.0)] if system == TWO else [Value(0.8), Value(1.5)]
        kept = [[0.0, 0.0], [0.0, 0.0]]
        for t in range(1, count + 1):
            losses(w).backward()
            for p, k in zip(w, kept, strict=True):
                if system == FIVE_ADAM:
                    k[0] = B1 * k[0] + (1 - B1) * p.grad
                    k[1] = B2 * k[1] + (1 - B2) * p.grad**2
                    p.data -= LR * (k[0] / (1 - B1**t)) / (math.sqrt(k[1] / (1 - B2**t)) + EPS)
                else:
                    p.data -= LR * p.grad
                p.grad = 0.0
        return w

    return None if system == NETWORK else steps


def torch(system: str) -> Steps | None:
    """Return the steps in PyTorch, eagerly."""
    import torch as library

    library.set_num_threads(1)
    inputs, labels, first = points()

    def tensor(value: Any) -> Any:
        return library.tensor(value, dtype=library.float64)

    def leaves() -> list[Any]:
        start = {TWO: [1.0, 2.0], NETWORK: [*first.values()]}.get(system, [[0.8, 1.5]])
        return [tensor(value).requires_grad_() for value in start]

    x, y, given = tensor(X), tensor(Y), tensor(inputs)
    classes = library.tensor(labels)

    def loss_of(w: list[Any]) -> Any:
        if system == TWO:
            return (w[0] * 2.0 + w[1] * 3.0 - 5.0) ** 2
        if system == NETWORK:
            h = library.tanh(given @ w[0] + w[1])
            h = library.tanh(h @ w[2] + w[3])
            return library.nn.functional.cross_entropy(h @ w[4] + w[5], classes)
        return ((x @ w[0] - y) ** 2).mean()

    def steps(count: int) -> object:
        w = leaves()
        kind = library.optim.Adam if "Adam" in system else library.optim.SGD
        optimizer = kind(w, lr=LR)
        for _ in range(count):
            optimizer.zero_grad()
            loss_of(w).backward()
            optimizer.step()
        return w

    return steps


def jax_jit(system: str) -> Steps | None:
    """Return the steps in JAX, one compiled call each."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    inputs, labels, first = points()
    x, y = jnp.asarray(X), jnp.asarray(Y)
    given, classes = jnp.asarray(inputs), jnp.asarray(labels)

    def loss_of(w: Any) -> Any:
        if system == TWO:
            return (w[0] * 2.0 + w[1] * 3.0 - 5.0) ** 2
        if system == NETWORK:
            h = jnp.tanh(given @ w[0] + w[1])
            h = jnp.tanh(h @ w[2] + w[3])
            scores = jax.nn.log_softmax(h @ w[4] + w[5])
            return -scores[jnp.arange(ROWS), classes].mean()
        return ((x @ w[0] - y) ** 2).mean()

    @jax.jit
    def step(w: Any, m: Any, v: Any, t: Any) -> Any:
        loss, g = jax.value_and_grad(loss_of)(w)
        if "Adam" not in system:
            return [a - LR * b for a, b in zip(w, g, strict=True)], m, v, loss
        m = [B1 * a + (1 - B1) * b for a, b in zip(m, g, strict=True)]
        v = [B2 * a + (1 - B2) * b**2 for a, b in zip(v, g, strict=True)]
        w = [
            a - LR * (b / (1 - B1**t)) / (jnp.sqrt(c / (1 - B2**t)) + EPS)
            for a, b, c in zip(w, m, v, strict=True)
        ]
        return w, m, v, loss

    def starts() -> Iterator[Any]:
        start = {TWO: [1.0, 2.0], NETWORK: [*first.values()]}.get(system, [[0.8, 1.5]])
        return (jnp.asarray(value) for value in start)

    def steps(count: int) -> object:
        w = [*starts()]
        m = [jnp.zeros_like(a) for a in w] if "Adam" in system else []
        v = [*m]
        for t in range(1, count + 1):
            w, m, v, _ = step(w, m, v, float(t))
        return jax.block_until_ready(w)

    return steps


PEERS: tuple[Callable[[str], Steps | None], ...] = (micrograd, torch, jax_jit)
