"""A size that is used as a number, where another axis is as long: a mix-up would go unseen."""

import numpy as np

import gradtui

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
W1, W2 = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))


def by_hidden(W1=W1, W2=W2):
    h = np.tanh(X @ W1)
    E = h @ W2 - Y
    H = W1.shape[1]
    dE = E / H
    return 0.5 * np.sum(E**2) / len(X), (X.T @ (dE @ W2.T * (1 - h**2)), h.T @ dE)


def by_rows(W1=W1, W2=W2):
    h = np.tanh(X @ W1)
    E = h @ W2 - Y
    dE = E.copy()
    dE *= 1.0 / len(X)
    return 0.5 * np.sum(E**2) / len(X), (X.T @ (dE @ W2.T * (1 - h**2)), h.T @ dE)


def by_no_size(W1=W1, W2=W2, rate=0.25):
    h = np.tanh(X @ W1)
    E = h @ W2 - Y
    dE = 16 * E * rate
    return 2 * np.sum(E**2), (X.T @ (4 * E @ W2.T * (1 - h**2)), h.T @ dE)


def by_a_rate(W1=W1, W2=W2):
    rate = 4.0
    h = np.tanh(X @ W1)
    E = h @ W2 - Y
    dE = rate * E
    return 2 * np.sum(E**2), (X.T @ (dE @ W2.T * (1 - h**2)), h.T @ dE)


def test_a_division_by_another_axis_of_the_same_size_is_told():
    found = gradtui.check(by_hidden)

    assert [(one.rule, one.severity) for one in found] == [("relies-on-data", "info")]
    assert found[0].line == by_hidden.__code__.co_firstlineno + 4
    assert found[0].message.startswith("H stands for the size 4, which the array of shape 4×4")
    assert "check with sizes that differ" in found[0].message


def test_the_right_size_is_told_as_well_because_nothing_tells_them_apart():
    (found,) = gradtui.check(by_rows)

    assert (found.rule, found.severity) == ("relies-on-data", "info")
    assert found.message.startswith("1.0 / len(X) stands for the size 4")


def test_sizes_that_differ_and_plain_numbers_are_silent():
    wider = {"W1": RNG.normal(size=(3, 5)), "W2": RNG.normal(size=(5, 2))}

    assert gradtui.check(by_rows, **wider) == []
    assert gradtui.check(by_no_size) == []
    assert gradtui.check(by_a_rate) == []
    assert any(one.severity == "error" for one in gradtui.check(by_hidden, **wider))
