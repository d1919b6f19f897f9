"""A mistake in a line that the loss uses, too, which changes with the edit."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded.blame.search import Search
from planted import Planted, repaired

RNG = np.random.default_rng(4)
X = RNG.normal(size=(4, 3))
W = RNG.normal(size=(4, 3))
V = RNG.normal(size=3)


def soft_minimum(x):
    m = np.exp(-x)
    return -np.log(np.sum(m)), m / np.sum(m)


def chain(X):
    """Soft minima of rows, one of which is handed to the next, and their slopes."""
    values, slopes = np.zeros(5), np.zeros((5, 3))
    total = 0.0
    for t in range(4):
        values[t + 1], slopes[t] = soft_minimum(X[t] + values[t])
        total += np.sum(W[t] * slopes[t]) + np.sum(V * slopes[t] ** 2)
    loss = values[4] + total
    dX, carried = np.zeros_like(X), 1.0
    for t in reversed(range(4)):
        p = slopes[t]
        dX[t] = carried * p
        dX[t] -= p * W[t]
        dX[t] += p * np.sum(p * W[t])
        dX[t] -= 2 * V * p**2
        dX[t] += 2 * p * np.sum(V * p**2)
        carried = np.sum(dX[t])
    return loss, dX


def by_rows(X):
    p = softmax(X)
    loss = -np.sum(np.log(p[:, 0]))
    p[:, 0] -= 1
    return loss, p


def softmax(X):
    e = np.exp(X)
    return e / np.sum(e, axis=1, keepdims=True)


def invented(X):
    values, slopes = soft_minimum(X)
    return values + np.sum(slopes * W), np.cos(X) * slopes + np.tanh(X)


def sampled(A, B):
    s = 1 / (1 + np.exp(A @ B))
    z = np.sqrt(s)
    loss = -np.log(z)
    dA = B * (1 - s) / 2
    dB = A * (1 - s) / 2
    return loss, {"A": dA, "B": dB}


def margin(A):
    z = V * A
    t = 1 / (1 + np.exp(-z))
    return -np.sum(np.log(t)), V * (t - 1)


def of_another(A, B):
    u = B * 2
    h = np.sin(u)
    return np.sum(A * u + h), {"A": u, "B": 2 * (A + np.cos(u))}


def mixed(A, B, C):
    rows = np.outer(A, B)
    bent = np.tanh(rows @ C)
    out = (
        rows @ A
        + bent
    )  # fmt: skip
    dbent = out * (1 - bent**2)
    drows = np.outer(out, A) + np.outer(dbent, C)
    dA = rows.T @ out + drows @ B
    return 0.5 * np.sum(out**2), dA, drows.T @ A, rows.T @ dbent


MISTAKES = [
    (chain, "m / np.sum(m)", "-m / np.sum(m)"),
    (chain, "m / np.sum(m)", "m * np.sum(m)"),
    (chain, "m / np.sum(m)", "m / np.mean(m)"),
    (by_rows, "np.sum(e, axis=1, keepdims=True)", "np.sum(e)"),
]


@pytest.mark.parametrize("function", [chain, by_rows])
def test_right_gradients_of_such_a_loss_are_silent(function, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X})
    assert planted.errors(planted.wrong("", ""), function.__name__) == []


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_is_told_with_the_loss_that_changes(function, old, new, tmp_path, monkeypatch):
    """No other edit helps: the search for one, which takes long, is left out."""
    monkeypatch.setattr(Search, "found", lambda self: iter(()))
    planted = Planted(__file__, tmp_path, {"X": X})
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, function.__name__)

    assert found.line == planted.line(old)
    assert "the loss changes with this edit, too" in found.message
    assert planted.errors(repaired(text, found), function.__name__) == []


def test_gradients_of_nothing_are_not_explained_by_another_loss(tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X})
    (found,) = planted.errors(planted.wrong("", ""), "invented")
    assert "changes with this" not in found.message
    assert found.fix is None


def with_nothing(X, E):
    loss, dX = invented(X)
    return loss + np.sum(E), {"X": dX, "E": np.ones_like(E)}


def cubed_with_nothing(X, E):
    return np.sum(X**3) + np.sum(E), {"X": np.tanh(X), "E": np.ones_like(E)}


def test_an_array_without_elements_beside_it_is_no_obstacle(monkeypatch):
    """Not to the edits of the gradients, and not to those of the loss, which are tried alone."""
    for function in (cubed_with_nothing, with_nothing):
        found = gradtui.check(function, X=X, E=np.zeros((0, 3)))
        assert [one.rule for one in found if one.severity == "error"] == ["unexplained"]
        monkeypatch.setattr(Search, "found", lambda self: iter(()))


BESIDE = {"A": RNG.normal(size=3), "B": RNG.normal(size=3), "C": RNG.normal(size=3)}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sampled", "np.exp(A @ B)", "np.exp(-A @ B)"),
        ("of_another", "u = B * 2", "u = A * 2"),
        ("mixed", "        rows @ A\n", "        rows @ C\n"),
    ],
)
def test_one_line_is_told_for_two_and_for_what_the_loss_forgets(name, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, BESIDE)
    text = planted.wrong(old, new)

    (found,) = planted.errors(text, name)

    assert found.line == planted.line(old)
    assert "the loss changes with this edit, too; or, instead: " in found.message
    assert planted.errors(repaired(text, found), name) == []


def test_a_minus_that_the_loss_has_too_is_told_beside(tmp_path):
    planted = Planted(__file__, tmp_path, BESIDE)
    (found,) = planted.errors(planted.wrong("z = V * A", "z = -V * A"), "margin")
    assert found.line == planted.line("return -np.sum(np.log(t)), V * (t - 1)")
    told = f"or, in line {planted.line('z = V * A')} instead, with another loss: z = V * A"
    assert told in found.message
