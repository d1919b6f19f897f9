"""A call with loops: one inside another, one whose body calls a function, one that goes back."""

import numpy as np


def halved(h):
    return h / 2


def case(w, v):
    h = w
    for _k in range(3):
        for _ in range(2):
            h = np.tanh(h)
        h = halved(h) * v
    loss = np.sum(h**2)
    dw = dv = 0 * w
    for k in reversed(range(3)):
        dw = dw + k
        dv = dv + 1
    return loss, (dw, dv)


FIRST = case.__code__.co_firstlineno
OUTER, INNER, BACK = ((__file__, FIRST + a, FIRST + b) for a, b in ((2, 5), (3, 4), (8, 10)))
