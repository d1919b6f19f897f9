"""Whether a hand-written update moves a weight as the optimizer does: both executed in NumPy.

The optimizers are written here once more, from their papers and PyTorch's documentation, apart
from gradtui's engine.
"""

from __future__ import annotations

import itertools
import tomllib

import numpy as np

from corpus.judge import Verdict
from corpus.numerics import parse, run

STEPS = 6
SOUND = 1e-9
"""Difference of the steps taken, relative to their size, below which an update is right."""
WRONG = 1e-4
DEFAULTS = {
    "sgd": {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    "adagrad": {"eps": 1e-10, "weight_decay": 0.0},
    "rmsprop": {"alpha": 0.99, "eps": 1e-8, "momentum": 0.0, "weight_decay": 0.0},
    "adam": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0},
    "adamw": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
}


def judge_update(text):
    """Return the verdict on the `[update]` program of a scenario."""
    raw = tomllib.loads(text)
    optimizer = dict(raw["optimizer"])
    name, _ = optimizer.pop("name"), optimizer.pop("lr")
    constants = DEFAULTS[name] | optimizer
    try:
        lines = parse(raw["update"]["code"])
        worst = max(
            _distance(name, constants, lines, raw["update"].get("state", {}), lr, size, seed)
            for seed, (lr, size) in enumerate(itertools.product((0.02, 0.7), (1.0, 1e-6, 1e3)))
        )
    except (ValueError, TypeError, NameError, SyntaxError) as error:
        return Verdict("broken", reason=f"{type(error).__name__}: {error}")
    if worst > WRONG:
        return Verdict("wrong", ("w",))
    return Verdict("sound" if worst < SOUND else "doubtful")


def _distance(name, constants, lines, state, lr, size, seed):
    """Return the largest difference of a step, relative to the largest step."""
    random = np.random.default_rng(seed)
    start = random.normal(0, 1, 3)
    gradients = random.normal(0, size, (STEPS, 3))
    true = np.array(list(_reference(name, constants, lr, start, gradients)))
    hand, w = [], start
    state = {key: np.full(3, float(value)) for key, value in state.items()}
    with np.errstate(all="ignore"):
        for t, g in enumerate(gradients, 1):
            scope = {"w": w, "g": g, "t": float(t), "lr": lr, **constants, **state}
            values = run(lines, scope)
            w, state = values["w"] + np.zeros(3), {key: values[key] for key in state}
            hand.append(w)
    if not np.all(np.isfinite(hand)):
        return np.inf
    steps = np.diff(np.vstack([start, true]), axis=0)
    return float(np.max(np.abs(true - hand)) / np.max(np.abs(steps)))


def _reference(name, c, lr, w, gradients):
    """Yield the weight after each step of the optimizer."""
    first, second, third = (np.zeros(3) for _ in range(3))
    for t, g in enumerate(gradients, 1):
        decay = c["weight_decay"]
        if name == "adamw":
            w = w * (1 - lr * decay)
        else:
            g = g + decay * w
        match name:
            case "sgd":
                first = c["momentum"] * first + g
                w = w - lr * (g + c["momentum"] * first if c["nesterov"] else first)
            case "adagrad":
                second = second + g * g
                w = w - lr * g / (np.sqrt(second) + c["eps"])
            case "rmsprop":
                second = c["alpha"] * second + (1 - c["alpha"]) * g * g
                third = c["momentum"] * third + g / (np.sqrt(second) + c["eps"])
                w = w - lr * third
            case "adam" | "adamw":
                first = c["beta1"] * first + (1 - c["beta1"]) * g
                second = c["beta2"] * second + (1 - c["beta2"]) * g * g
                corrected = np.sqrt(second / (1 - c["beta2"] ** t)) + c["eps"]
                w = w - lr * first / (1 - c["beta1"] ** t) / corrected
        yield w
