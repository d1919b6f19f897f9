"""What makes gradients wrong, where it may be one of several things."""

import numpy as np

import gradtui

ENDS = np.random.default_rng(3).normal(size=(3, 3))


def bent(P, turned):
    """The cosine of the angle at the middle one of three points; its slope has unit vectors."""
    u, v = P[0] - P[1], P[2] - P[1]
    loss = u @ v / np.sqrt((u @ u) * (v @ v))
    m, n = P[0] - P[1], P[2] - P[1]
    p = m / np.linalg.norm(m)
    q = n / np.linalg.norm(n)
    cosine = p @ q
    first = (q - cosine * p) / np.linalg.norm(m)
    last = (p - cosine * q) / np.linalg.norm(turned(m, n))
    return loss, np.stack([first, -first - last, last])


def test_data_may_be_scaled_by_its_own_size():
    assert gradtui.check(lambda P: bent(P, lambda m, n: n), P=ENDS) == []
    (mistake,) = gradtui.check(lambda P: bent(P, lambda m, n: m), P=ENDS)
    assert mistake.severity == "error" and "own size" not in mistake.message
