"""Where no branch adds anything to the loss, the gradients are 0."""

import numpy as np
import pytest

import gradtui
from findings import line_of, only

NEAR, FAR = np.array([0.3, 0.5]), np.array([0.2, -0.1])
ROWS = np.random.default_rng(1).normal(size=(3, 2))


def apart(guarded, times=4):
    def case(a, b):
        d, loss = ((a - b) ** 2).sum(), 0.0
        if d < 1.0:
            loss = (1.0 - d) ** 2
        kept = max(1 - d, 0) if guarded else 1 - d
        slope = times * kept * (a - b)
        return loss, (-slope, slope)

    return case


def rows(times):
    def case(w):
        loss, d = 0.0, np.zeros(2)
        for row in ROWS:
            margin = 1 - row @ w
            if margin > 0:
                loss += margin
                d -= times * row
        return loss, d

    return case


def test_a_gradient_that_goes_on_beyond_is_told_at_the_condition():
    case = apart(guarded=False)
    finding = only(gradtui.check(case, a=NEAR, b=FAR))

    assert (finding.rule, finding.severity, finding.line) == (
        "missing-factor", "error", line_of(case, 2),
    )  # fmt: skip
    assert "the true one is 0 (at random parameters) (also wrong: b)" in finding.message


@pytest.mark.parametrize(
    ("case", "arguments"), [(apart(guarded=True), (NEAR, FAR)), (rows(1), (NEAR,))]
)
def test_a_gradient_that_stops_there_is_right(case, arguments):
    assert gradtui.check(case, *arguments) == []


@pytest.mark.parametrize(
    ("made", "arguments", "fix"),
    [
        (lambda: apart(guarded=True, times=3), (NEAR, FAR), "slope = (times + 1) * kept * (a - b)"),
        (lambda: apart(guarded=False, times=3), (NEAR, FAR), None),
        (lambda: rows(2), (NEAR,), "d -= row"),
    ],
)
def test_a_mistake_elsewhere_is_looked_for_there(made, arguments, fix):
    found = gradtui.check(made(), *arguments)
    assert {one.severity for one in found} == {"error"}
    assert fix is None or fix in found[0].fix
