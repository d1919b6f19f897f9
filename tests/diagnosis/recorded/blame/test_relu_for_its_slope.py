"""What relu has made, where its slope belongs; what is written into by `out=` stays."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
W, V = RNG.normal(size=(3, 5)), RNG.normal(size=(5, 2))


def network(W, V):
    h = np.maximum(X @ W, 0)
    o = h @ V - Y
    dh = o @ V.T
    dh = dh * (h > 0)
    return np.sum(o * o) / 2, {"W": X.T @ dh, "V": h.T @ o}


def buffered(W, V):
    kept = {"h": np.empty((4, 5)), "dh": np.empty((4, 5))}
    np.matmul(X, W, out=kept["h"])
    np.maximum(kept["h"], 0, out=kept["h"])
    o = kept["h"] @ V - Y
    np.matmul(o, V.T, out=kept["dh"])
    np.multiply(kept["dh"], kept["h"] > 0, out=kept["dh"])
    return np.sum(o * o) / 2, {"W": X.T @ kept["dh"], "V": kept["h"].T @ o}


MISTAKES = [
    (network, "dh = dh * (h > 0)", "dh = dh * h"),
    (network, "dh = dh * (h > 0)", "dh *= h"),
    (network, "dh = dh * (h > 0)", "dh = np.multiply(dh, h)"),
    (network, "dh = dh * (h > 0)", "np.multiply(dh, h, out=dh)"),
    (buffered, 'kept["h"] > 0', 'kept["h"]'),
]


@pytest.mark.parametrize(("case", "right", "mistaken"), MISTAKES)
def test_relu_itself_is_told_from_its_slope(tmp_path, case, right, mistaken):
    planted = Planted(__file__, tmp_path, {"W": W, "V": V})

    wrong = planted.wrong(right, mistaken)
    (found,) = planted.errors(wrong, case.__name__)

    assert found.line == planted.line(right)
    assert "that is relu itself, and its slope is needed" in found.message
    assert "> 0" in found.fix and planted.errors(repaired(wrong, found), case.__name__) == []


def test_a_factor_too_many_is_no_slope(tmp_path):
    planted = Planted(__file__, tmp_path, {"W": W, "V": V})

    (found,) = planted.errors(planted.wrong("dh = dh * (h > 0)", "dh = dh * (h > 0) * h"),
                              "network")  # fmt: skip

    assert (found.rule, found.fix) == ("extra-factor", "dh = dh * (h > 0)")
