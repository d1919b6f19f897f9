"""Simple relations of a wrong gradient to the truth, which hold at every point."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradtui.diagnosis.recorded.simple import explained, ratio_of

RNG = np.random.default_rng(3)
WS, BS = RNG.normal(size=(2, 3, 3)), RNG.normal(size=(2, 3, 3))
VALUES = RNG.normal(size=(2, 3, 3))


def told(make):
    """Return what is told of the gradient that `make` makes of the true one of W and of B."""
    points = [
        SimpleNamespace(hand={"W": make(w, b, v)}, true={"W": w, "B": b}, values={"W": v})
        for w, b, v in zip(WS, BS, VALUES, strict=True)
    ]
    found = explained("W", points)
    return found and (found.rule, found.factor)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda w, b, v: -w, ("sign", "-1")),
        (lambda w, b, v: 0 * w, ("missing-path", None)),
        (lambda w, b, v: 4e-15 * w, ("missing-path", None)),
        (lambda w, b, v: w / 5, ("constant-factor", "1/5")),
        (lambda w, b, v: 2.5 * w, ("constant-factor", "2.5")),
        (lambda w, b, v: w.T, ("transposed", None)),
        (lambda w, b, v: b, ("wrong-variable", "B")),
        (lambda w, b, v: w - 0.1 * v, ("missing-term", "0.1*W")),
        (lambda w, b, v: np.stack([w - b, b]), ("unreduced-broadcast", None)),
        (lambda w, b, v: w[:, :0], None),
        (lambda w, b, v: w**2, None),
        (lambda w, b, v: w * (1 + 2e-8), None),
        (lambda w, b, v: w - 3.06901e-8 * v, None),
    ],
)
def test_a_relation_is_told_by_its_rule(make, expected):
    assert told(make) == expected


def test_beside_a_truth_close_to_overflow_no_number_is_called_0():
    point = SimpleNamespace(hand={"W": WS[0]}, true={"W": 1e280 * BS[0]}, values={"W": VALUES[0]})
    with np.errstate(all="ignore"):
        assert explained("W", [point]) is None


def test_a_ratio_is_the_same_in_all_elements():
    assert ratio_of([*(3 * WS)], [*WS]) == 3
    assert ratio_of([*(WS + 1)], [*WS]) is None
    assert ratio_of([*WS], [*(0 * WS)]) is None


def test_of_a_single_point_a_matrix_is_compared_as_well():
    assert ratio_of([3 * WS[0]], [WS[0]]) == 3
