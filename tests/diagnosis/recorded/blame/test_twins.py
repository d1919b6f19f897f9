"""What a line lacks, or has too much, is told by lines of the same form in the file."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(11)
ARRAYS = {
    "A": RNG.normal(size=(3, 4)),
    "V": RNG.normal(size=(5, 3)),
    "p": RNG.normal(size=4),
    "q": RNG.normal(size=5),
    "w": RNG.normal(size=3),
}
X, COSTS = RNG.normal(size=(6, 3)), RNG.normal(size=(4, 5))
GROUPS = [np.array([0, 1]), np.array([2, 3, 4]), np.array([1, 4])]
LEVELS, HEIGHTS, RATES = RNG.random(5), np.full(6, 2.0), 2 * X
LABELS = np.eye(4)[[0, 2, 1, 3, 3, 0]]


def middles(V):
    loss = 0.0
    for rows in GROUPS:
        middle = np.sin(V[rows]).sum(axis=0)
        middle -= np.sqrt(LEVELS[rows]).sum()
        loss += np.sum(np.tanh(middle) ** 2)
    return loss


def of_middles(V):
    dV = np.zeros_like(V)
    for rows in GROUPS:
        middle = np.sin(V[rows]).sum(axis=0)
        middle -= np.sqrt(LEVELS[rows]).sum()
        out = np.tanh(middle)
        dV[rows] += 2 * out * (1 - out**2) * np.cos(V[rows])
    return middles(V), dV


def at_risk(w):
    weights, loss, dw = np.exp(X @ w), 0.0, np.zeros(3)
    total, moments = 1.0, np.zeros(3)
    for rows in GROUPS:
        some, of_some = 0.0, np.zeros(3)
        for k in rows:
            some += weights[k] * HEIGHTS[k]
            of_some += weights[k] * RATES[k]
        total += some / 2
        moments += of_some / 2
        loss += np.log(total) - X[rows[0]] @ w
        dw += moments / total - X[rows[0]]
    return loss, dw


def dual(p, q):
    dp, dq = np.full(4, 0.3), np.full(5, 0.7)
    plan = np.exp(p[:, None] + q - COSTS)
    loss = 0.3 * p.sum() + 0.7 * q.sum() - plan.sum()
    dp -= plan.sum(axis=1)
    dq -= plan.sum(axis=0)
    return loss, (dp, dq)


def squash(x):
    e = np.exp(x)
    return e / e.sum(axis=1, keepdims=True)


def back(x, labels):
    d = squash(x) - labels
    return d


def classified(A):
    return -np.sum(LABELS * np.log(squash(X @ A))), X.T @ back(X @ A, LABELS)


def split(p):
    rate, d = 0.2, np.cos(p[:2] - p[2:])
    loss = np.sum(np.sin(p[:2] - p[2:])) + rate * np.sum(p)
    return loss, np.concatenate((d + rate, -d + rate))


def gated(A, p):
    z, u = np.tanh(X @ A), 1 / (1 + np.exp(-p))
    rows, width = z.shape  # noqa: RUF059 -- nothing uses them
    up = 2 * u * z
    d = up * u
    dz = d * (1 - z**2)
    return np.sum((u * z) ** 2), (X.T @ dz, (up * z * u * (1 - u)).sum(axis=0))


def fourth(A):
    out = X @ A
    return np.sum(out**4), X.T @ (4 * out**3)


def rises(x):
    return 1 / (1 + np.exp(-x))


FACTS = RNG.normal(size=(5, 4))


def related(A):
    M = FACTS[:, :3] @ A
    loss = (np.logaddexp(0, M) - FACTS * M).sum()
    dA = FACTS[:, :3].T @ (rises(M) - FACTS)
    return loss, dA


def added(p):
    v = p[p > 0]
    d = np.zeros_like(p)
    d[p > 0] = v + v
    return np.sum(v**2), d


def doubled(p):
    v = p[p > 0]
    d = np.zeros_like(p)
    d[p > 0] = 2 * v
    return np.sum(v**2), d


class Lens:
    def density(self, p0, p1):
        return p0 * p1, p0 - p1**2, p0**2 * p1

    def bends(self, p0, p1):
        kappa, gamma1, gamma2 = self.density(p0, p1)
        f_xy = gamma2
        return kappa + gamma1, f_xy, kappa - gamma1

    def slopes(self, p0, p1):
        kappa, gamma1, gamma2 = p1, 1.0, 2 * p0 * p1
        f_xy = gamma2
        return kappa + gamma1, f_xy, kappa - gamma1


def lensed(p):
    lens = Lens()
    one, two, three = lens.bends(p[0], p[1])
    slope = lens.slopes(p[0], p[1])
    d = np.zeros(4)
    d[0] = slope[0] + 2 * slope[1] + 3 * slope[2]
    d[1] = 4 * p[0] + 4 * p[1] + 2 * p[0] ** 2
    return one + 2 * two + 3 * three, d


MISTAKES = [
    (doubled, "d[p > 0] = 2 * v", "d[p > 0] = v"),
    (of_middles, "        middle -= np.sqrt(LEVELS[rows]).sum()\n        out", "        out"),
    (at_risk, "moments += of_some / 2", "moments -= of_some / 2"),
    (dual, "    dq -= plan.sum(axis=0)\n", ""),
    (classified, "squash(x) - labels", "-labels"),
    (split, "(d + rate, -d", "(d, -d"),
    (gated, "d = up * u", "d = width * u"),
    (related, "(rises(M) - FACTS)", "rises(M)"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_becomes_as_others_of_the_file_tell(function, old, new, tmp_path):
    planted, name = Planted(__file__, tmp_path, ARRAYS), function.__name__
    assert planted.errors(planted.wrong("", ""), name) == []
    wrong = planted.wrong(old, new)

    (finding,) = planted.errors(wrong, name)

    assert abs(finding.line - planted.line(old)) <= ("\n" in old)
    assert planted.errors(repaired(wrong, finding), name) == []


def test_what_is_missing_is_no_size_that_nothing_divides_by(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (finding,) = planted.errors(planted.wrong("(4 * out**3)", "out**3"), "fourth")

    assert finding.fix == "return np.sum(out**4), X.T @ out**3 * 4"


def test_a_line_is_not_added_to_store_over_the_one_that_is_wrong(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    right = "2 * p0 * p1\n        f_xy = gamma2"

    (finding,) = planted.errors(planted.wrong(right, right.replace("gamma2", "p0")), "lensed")

    assert (finding.line, finding.fix) == (planted.line(right) + 1, "f_xy = gamma2")
