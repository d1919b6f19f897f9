"""What the number in a wrong factor of called code counts."""

import numpy as np
import pytest

import gradtui

X = np.random.default_rng(0).normal(size=(7, 3))
Y = np.random.default_rng(1).normal(size=(7, 4))
SQUARE = np.random.default_rng(2).normal(size=(3, 3))
W1 = np.random.default_rng(3).normal(size=(3, 5))
W2 = np.random.default_rng(4).normal(size=(5, 4))


def network(loss_of, wrong):
    """Return a case of two layers with a loss, its slope wrong by a factor of its own."""

    def case(W1, W2):
        h = np.tanh(X @ W1)
        e = h @ W2 - Y
        loss, slope = loss_of(e)
        de = slope * wrong
        return loss, {"W1": X.T @ ((de @ W2.T) * (1 - h**2)), "W2": h.T @ de}

    return case


def told(case, **arrays):
    (finding,) = [one for one in gradtui.check(case, **arrays) if one.severity == "error"]
    assert finding.rule == "constant-factor", finding
    _, _, said = finding.message.rpartition("; ")
    return said


def rows(e):
    return np.mean(np.sum(e**2, axis=1)), 2 * e / 7


def summed(e):
    return np.sum(e**2) / 7, 2 * e / 7


def total(e):
    return np.sum(e**2), 2 * e


def whole(e):
    return np.mean(e**2), 2 * e / 28


@pytest.mark.parametrize("loss_of", [rows, summed])
@pytest.mark.parametrize("wrong", [7, 1 / 7])
def test_the_rows_that_a_loss_averages(loss_of, wrong):
    said = told(network(loss_of, wrong), W1=W1, W2=W2)
    assert said == "7 = the rows of X: the loss is a mean over them"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (7, "the rows of X"),
        (5, "the columns of W1"),
        (4, "the columns of Y"),
        (3, "the columns of X"),
    ],
)
def test_an_axis_that_nothing_averages_is_named_alone(wrong, said):
    assert told(network(total, wrong), W1=W1, W2=W2) == f"{wrong} = {said}"


def test_all_numbers_of_a_mean():
    said = told(network(whole, 28), W1=W1, W2=W2)
    assert said == "28 = the numbers that are averaged: the loss is a mean"


def test_a_number_that_is_no_integer_may_be_the_factor():
    def strong(e):
        return 7.0 * np.sum(np.abs(e)), 7 * np.sign(e)

    assert "rows" not in told(network(strong, 1 / 7), W1=W1, W2=W2)


RECORDS = np.array([(1.5, 2.0), (0.5, -1.0)], dtype=[("x", float), ("y", float)])
BAGS = np.empty(2, dtype=object)
BAGS[:] = [X[0, :2], X[0]]


def of_records(w):
    return np.sum(np.exp(w) * RECORDS["x"]), {"w": 2 * np.exp(w) * RECORDS["x"]}


def of_bags(w):
    return np.sum(np.exp(w) * BAGS[0]), {"w": 2 * np.exp(w) * BAGS[0]}


@pytest.mark.parametrize("case", [of_records, of_bags])
def test_arrays_of_the_file_may_hold_other_things_than_numbers(case):
    assert told(case, w=np.array([0.3, 0.4])).endswith("the numbers in w")


@pytest.mark.parametrize("wrong", [2, 1 / 2])
@pytest.mark.parametrize("squares", [np.square, lambda e: e * e])
def test_the_2_of_a_square_is_no_size(squares, wrong):
    def case(W):
        e = X @ W - Y[:, :2]
        return np.sum(squares(e)), {"W": X.T @ (2 * e * wrong)}

    assert "2 = " not in gradtui.check(case, W=W1[:, :2])[0].message


def test_a_number_that_is_no_size_is_not_explained():
    assert "6 = " not in gradtui.check(network(total, 6), W1=W1, W2=W2)[0].message


def test_two_axes_of_one_size_are_left_open():
    def case(W, V):
        h = np.tanh(X @ W)
        e = h @ V - Y
        de = 2 * e * 3
        return np.sum(e**2), {"W": X.T @ ((de @ V.T) * (1 - h**2)), "V": h.T @ de}

    # 3 are the columns of X and those of W, which are not the same.
    assert "3 = " not in gradtui.check(case, W=SQUARE, V=W2[:3])[0].message


def averaged(W1):
    d = X @ W1
    return np.mean(np.sum(d**2, axis=1)), {"W1": 2 * X.T @ d}


def averaged_with_a_penalty(W1):
    d = X @ W1
    loss = np.mean(np.sum(d**2, axis=1)) + np.sum(W1**2)
    return loss, {"W1": X.T @ d * 2 + 2 * W1}


@pytest.mark.parametrize("case", [averaged, averaged_with_a_penalty])
def test_a_missing_mean_is_a_division_by_the_rows_and_no_other_number(case):
    (finding,) = gradtui.check(case, W1=W1)
    assert finding.fix.count(" / len(") == 1 and "0.2857" not in finding.fix
    assert "the division by len(d) is missing" in finding.message
