"""The wrong updates of the bundled scenarios once more, in plain loops; and AdamW.

Each is called as (weights, gradients, memory, t, lr, **constants) and returns the new weights.
"""

import math


def means(gradients, memory, beta1=0.9, beta2=0.999):
    """Return Adam's running means of the gradients and of their squares, kept in `memory`."""
    m = memory.setdefault("m", [0.0] * len(gradients))
    v = memory.setdefault("v", [0.0] * len(gradients))
    for i, g in enumerate(gradients):
        m[i] = beta1 * m[i] + (1 - beta1) * g
        v[i] = beta2 * v[i] + (1 - beta2) * g * g
    return list(zip(m, v, strict=True))


def adamw(weights, gradients, memory, t, lr, weight_decay=0.01):
    moved = []
    for w, (m, v) in zip(weights, means(gradients, memory), strict=True):
        step = (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        moved.append(w - lr * weight_decay * w - lr * step)
    return moved


def uphill(weights, gradients, memory, t, lr):
    return [w + lr * g for w, g in zip(weights, gradients, strict=True)]


def without_rate(weights, gradients, memory, t, lr):
    return [w - g for w, g in zip(weights, gradients, strict=True)]


def momentum_average(weights, gradients, memory, t, lr, momentum):
    b = memory.setdefault("b", [0.0] * len(weights))
    for i, g in enumerate(gradients):
        b[i] = momentum * b[i] + (1 - momentum) * g
    return [w - lr * one for w, one in zip(weights, b, strict=True)]


def adam_with(correct, root, second=0.999):
    """Return Adam with its own `correct(m, v, t) -> (mhat, vhat)` and `root(vhat)`."""

    def step(weights, gradients, memory, t, lr):
        moved = []
        for w, (m, v) in zip(weights, means(gradients, memory, 0.9, second), strict=True):
            mhat, vhat = correct(m, v, t)
            moved.append(w - lr * mhat / root(vhat))
        return moved

    return step


def corrected(m, v, t):
    return m / (1 - 0.9**t), v / (1 - 0.999**t)


def rooted(vhat):
    return math.sqrt(vhat) + 1e-8


def coupled(weights, gradients, memory, t, lr, weight_decay):
    gradients = [g + weight_decay * w for w, g in zip(weights, gradients, strict=True)]
    return adamw(weights, gradients, memory, t, lr, weight_decay=0.0)


WRONG_UPDATES = {
    "update_uphill": uphill,
    "update_without_rate": without_rate,
    "update_momentum_average": momentum_average,
    "adam_uncorrected": adam_with(lambda m, v, t: (m, corrected(m, v, t)[1]), rooted),
    "adam_next_time": adam_with(
        lambda m, v, t: (corrected(m, v, t)[0], corrected(m, v, t + 1)[1]), rooted
    ),
    "adam_eps_in_root": adam_with(corrected, lambda vhat: math.sqrt(vhat + 1e-8)),
    "adam_without_root": adam_with(corrected, lambda vhat: vhat + 1e-8),
    "adam_one_beta": adam_with(corrected, rooted, second=0.9),
    "adamw_coupled": coupled,
}
