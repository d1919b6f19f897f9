"""Half a sum of squares for each row: two columns do not make it a mean of all elements."""

import numpy as np

rng = np.random.default_rng(4)
_X, _Y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))


def case(W=rng.normal(size=(3, 2))):
    o = _X @ W
    hits = np.mean(np.sign(o) == np.sign(_Y))
    loss = 0.5 * np.sum((o - _Y) ** 2) / len(o) + 0.0 * hits
    do = (o - _Y) / len(o)
    return loss, {"W": _X.T @ do}


MISTAKES = [("do = (o - _Y)", "do = 2 * (o - _Y)", "W")]
