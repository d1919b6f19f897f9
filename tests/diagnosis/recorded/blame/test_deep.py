"""A wrong line among many like it: the others are hardly looked at."""

import numpy as np
import pytest

from planted import Planted, repaired

DEPTH, RNG = 24, np.random.default_rng(5)
WEIGHTS = {f"W{at}": RNG.normal(size=(3, 3)) / 2 for at in range(1, DEPTH + 1)}


def forward(at):
    return f"    a{at} = np.tanh(h{at - 1} @ W{at})\n    h{at} = h{at - 1} + 0.3 * a{at}\n"


def backward(at):
    return (
        f"    slope{at} = 1 - a{at}**2\n    delta{at} = 0.3 * up{at} * slope{at}\n"
        f"    dW{at} = h{at - 1}.T @ delta{at}\n    up{at - 1} = up{at} + delta{at} @ W{at}.T\n"
    )


LAYERS = range(1, DEPTH + 1)
CODE = f"""import numpy as np

X = np.random.default_rng(6).normal(size=(3, 3))


def residual({", ".join(WEIGHTS)}):
    h0 = X
{"".join(map(forward, LAYERS))}
    loss = np.mean(h{DEPTH} ** 2)
    up{DEPTH} = 2 * h{DEPTH} / 9
{"".join(map(backward, reversed(LAYERS)))}
    return loss, {{{", ".join(f"'{one}': d{one}" for one in WEIGHTS)}}}
"""
MISTAKES = [
    ("up12 = up13 + delta13 @ W13.T", "up12 = delta13 @ W13.T", "missing-path"),
    ("dW10 = h9.T @ delta10", "dW10 = delta10.T @ h9", "transposed"),
    ("slope15 = 1 - a15**2", "slope15 = 1 - a14**2", "wrong-variable"),
    ("delta8 = 0.3 * up8 * slope8", "delta8 = 0.3 * up8 * a8", "wrong-variable"),
]


@pytest.mark.parametrize(("old", "new", "rule"), MISTAKES)
def test_the_wrong_line_of_a_deep_network_is_found(old, new, rule, tmp_path):
    (tmp_path / "deep.py").write_text(CODE)
    planted = Planted(tmp_path / "deep.py", tmp_path, WEIGHTS)
    wrong = planted.wrong(old, new)

    (found,) = planted.errors(wrong, "residual")

    assert (found.line, found.rule) == (planted.line(old), rule)
    assert planted.errors(repaired(wrong, found), "residual") == []
