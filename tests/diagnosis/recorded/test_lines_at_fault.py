"""The line at fault: edits of the user's own text, executed; and that nothing of theirs changes."""

import os
import sys

import numpy as np
import pytest

import gradtui
from findings import line_of

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 4)), np.array([0, 2, 1, 2, 0, 1])
W1, W2 = RNG.normal(size=(4, 5)), RNG.normal(size=(5, 3))
TIMES = np.array([0.5, 1.5, -0.8])
COUNTS = np.array([3.0, 1.0, 2.0])


def softmax_loss(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    d = p.copy()
    d[np.arange(len(Y)), Y] -= 1
    return -np.log(p[np.arange(len(Y)), Y]).mean(), d / len(Y)


def forgets_slope(W1, W2):
    h = np.tanh(X @ W1)
    loss, d = softmax_loss(h @ W2)
    dh = d @ W2.T
    return loss, (X.T @ dh, h.T @ d)


def wrong_twice(W1, W2):
    h = np.tanh(X @ W1)
    loss, d = softmax_loss(h @ W2)
    dh = d @ W2.T
    dz = dh * (1 - h)
    dW1 = X.T @ dz
    dW2 = -h.T @ d
    return loss, (dW1, dW2)


def test_a_missing_factor_is_named_at_its_line():
    (finding,) = gradtui.check(forgets_slope, W1=W1, W2=W2)

    assert (finding.rule, finding.factor) == ("missing-factor", "(1 - h**2)")
    assert (finding.line, finding.place.file) == (line_of(forgets_slope, 3), __file__)
    assert finding.fix == "dh = d @ W2.T * (1 - h**2)"


def test_two_mistakes_are_told_apart():
    first, second = gradtui.check(wrong_twice, W1=W1, W2=W2)

    assert {first.target, second.target} == {"W1", "W2"}
    by_target = {one.target: one for one in (first, second)}
    assert by_target["W1"].line == line_of(wrong_twice, 4)
    assert by_target["W2"].line == line_of(wrong_twice, 6)
    assert (by_target["W2"].rule, by_target["W2"].fix) == ("sign", "dW2 = h.T @ d")


def test_one_mistake_that_spoils_several_gradients_is_one_finding():
    def case(W1, W2):
        h = np.tanh(X @ W1)
        loss, d = softmax_loss(h @ W2)
        d = d * len(Y)
        return loss, (X.T @ (d @ W2.T * (1 - h**2)), h.T @ d)

    (finding,) = gradtui.check(case, W1=W1, W2=W2)

    assert finding.evidence["gradients"] == ["W1", "W2"]
    assert (finding.rule, finding.line) == ("constant-factor", line_of(case, 3))


class Base:
    def backward(self, d):
        return d @ W2.T


class Layer(Base):
    def __init__(self, W):
        self.W = W

    def forward(self):
        self.h = np.tanh(X @ self.W)
        return self.h

    def backward(self, d):
        self.dh = super().backward(d)
        return X.T @ (self.dh * (1 - self.h))


def test_a_method_that_calls_its_base_is_edited_in_its_class():
    def case(W):
        layer = Layer(W)
        loss, d = softmax_loss(layer.forward() @ W2)
        return loss, layer.backward(d)

    (finding,) = gradtui.check(case, W=W1)

    assert finding.line == line_of(Layer.backward, 2)
    assert finding.fix == "return X.T @ (self.dh * (1 - self.h**2))"


def test_the_users_program_is_as_it_was():
    before = X.copy()
    codes = forgets_slope.__code__, softmax_loss.__code__
    trace = sys.gettrace()

    gradtui.check(forgets_slope, W1=W1, W2=W2)

    assert codes == (forgets_slope.__code__, softmax_loss.__code__)
    assert codes[0] is forgets_slope.__code__
    assert sys.gettrace() is trace
    assert np.array_equal(X, before)
    assert X.flags.writeable


@pytest.mark.parametrize("error", [ZeroDivisionError, IndexError])
def test_a_failure_of_gradtui_is_said_and_the_verdict_stays(monkeypatch, failures, error):
    def fail(*_):
        raise error

    monkeypatch.setattr("gradtui.diagnosis.recorded.faults.blamed_on_fewer", fail)

    rules = {one.rule for one in gradtui.check(forgets_slope, W1=W1, W2=W2)}

    assert rules == {"unexplained", "internal"}
    assert [type(one) for one in failures] == [error]
    failures.clear()


def test_code_that_an_edit_makes_endless_ends():
    def case(w):
        loss = np.sum(w**3)
        dw, left = np.zeros_like(w), 3.0
        while left > 0:
            dw += w * w
            left -= 1.0
        return loss, -dw

    (finding,) = gradtui.check(case, w=np.array([1.0, 2.0]))

    assert (finding.rule, finding.fix) == ("sign", "return loss, dw")


def test_no_line_is_edited_that_does_more_than_compute(tmp_path):
    def case(w):
        for i in range(2):
            os.makedirs(tmp_path / f"run{i + 1}", exist_ok=True)
        return np.sum(w**2), np.tanh(w)

    gradtui.check(case, w=np.ones(3))

    assert sorted(one.name for one in tmp_path.iterdir()) == ["run1", "run2"]


CALLS = []


def counts(w):
    CALLS.append(1)
    return w


def curved(w):
    return np.cos(3 * w) + np.tanh(w + 1.5)


def squared(w):
    return w * w


def test_only_functions_that_compute_are_tried_in_place_of_another():
    def case(w):
        return np.sum(np.exp(squared(w))), 2 * w * np.exp(curved(w))

    (finding,) = gradtui.check(case, w=W1)

    assert (finding.rule, finding.factor) == ("wrong-variable", "squared")
    assert CALLS == []


def test_an_index_that_counts_from_the_end_may_be_one_off():
    def case(Ws):
        hs = [X]
        for w in Ws:
            hs.append(np.tanh(hs[-1] @ w))
        delta, grads = 2 * hs[-1], [np.zeros(0)] * len(Ws)
        for l in range(1, len(Ws) + 1):  # noqa: E741
            delta = delta * (1 - hs[-l] ** 2)
            grads[-l] = hs[-l].T @ delta
            delta = delta @ Ws[-l].T
        return np.sum(hs[-1] ** 2), grads

    square = [np.eye(4) + 0.1 * RNG.normal(size=(4, 4)) for _ in range(2)]
    (finding,) = gradtui.check(case, square)

    assert finding.fix == "grads[-l] = hs[-l - 1].T @ delta"


def test_a_mistake_is_found_beside_a_small_number_that_the_code_leaves_out():
    def case(W1, W2):
        h = np.tanh(X @ W1)
        e = np.exp(h @ W2)
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(Y)), Y] + 1e-5).sum()
        d = p - np.eye(3)[Y]
        dz = (d @ W2.T) * (1 - h**2)
        dW1 = X.T @ dz[::-1]
        return loss, (dW1, h.T @ d)

    error, *notes = gradtui.check(case, W1=W1, W2=W2)

    assert error.line == line_of(case, 7)
    assert error.target == "W1"
    assert [one.severity for one in notes] == ["info"] * len(notes)


@pytest.fixture
def few_runs(monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.recorded.blame.gradients._MOST", 200)


STEPS, GOALS = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
RECURRENT = {
    "U": RNG.normal(size=(3, 3)),
    "W": RNG.normal(size=(3, 3)),
    "V": RNG.normal(size=(2, 3)),
}


def test_a_slope_is_found_in_code_that_goes_back_from_each_term_of_the_loss(few_runs):
    def case(U, W, V):
        h, loss = {-1: np.zeros(3)}, 0.0
        for t in range(4):
            h[t] = np.tanh(U @ STEPS[t] + W @ h[t - 1])
            loss += np.sum((V @ h[t] - GOALS[t]) ** 2)
        dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
        for t in range(4):
            dy = 2 * (V @ h[t] - GOALS[t])
            dV += np.outer(dy, h[t])
            dh = V.T @ dy
            for k in reversed(range(t + 1)):
                dz = dh * h[k] ** 2
                dU += np.outer(dz, STEPS[k])
                dW += np.outer(dz, h[k - 1])
                dh = W.T @ dz
        return loss, (dU, dW, dV)

    (finding,) = gradtui.check(case, **RECURRENT)

    assert finding.line == line_of(case, 11)
    assert finding.fix == "dz = dh * (1 - h[k]**2)"


MEANS = {"mean": np.mean, "sum": np.sum}


def test_a_function_that_is_picked_from_a_dict_is_no_obstacle():
    def case(W1):
        h = X @ W1
        loss = MEANS["sum"](np.tanh(h), axis=None)
        return loss, X.T @ np.arctan(np.sin(h) - 2)

    (finding,) = gradtui.check(case, W1=W1)

    assert finding.rule == "unexplained"


def test_a_gradient_that_only_the_last_round_stores_is_found_among_many_lines(few_runs):
    def case(U, W, V):
        h = np.zeros((5, 3))
        for t in range(4):
            h[t] = np.tanh(U @ STEPS[t] + W @ h[t - 1])
        loss = np.sum((h[:4] @ V.T - GOALS) ** 2)
        back, grads = np.zeros((4, 3)), {"U": np.zeros((3, 3)), "W": np.zeros((3, 3))}
        dy = 2 * (h[:4] @ V.T - GOALS)
        dh = np.zeros(3)
        for t in reversed(range(4)):
            back[t] = (V.T @ dy[t] + dh) * (1 - h[t] ** 2)
            dh = W.T @ back[t]
        for t in reversed(range(4)):
            grads["U"] += np.outer(back[t], STEPS[t])
            grads["W"] = np.outer(back[t], h[t - 1])
        return loss, (grads["U"], grads["W"], dy.T @ h[:4])

    (finding,) = gradtui.check(case, **RECURRENT)

    assert finding.line == line_of(case, 13)
    assert finding.fix == 'grads["W"] += np.outer(back[t], h[t - 1])'


def takes_a_class(W1, W2):
    kind = np.float64
    h = np.tanh(X @ W1)
    loss, d = softmax_loss(h @ W2)
    dh = d @ W2.T.astype(kind)
    return loss, (X.T @ (dh * (1 - h)), h.T @ d)


def test_a_name_may_hold_the_class_of_numbers():
    (finding,) = gradtui.check(takes_a_class, W1=W1, W2=W2)

    assert finding.fix == "return loss, (X.T @ (dh * (1 - h**2)), h.T @ d)"


def two_mistakes_in_a_line(a, b):
    z, y = np.tanh(a * TIMES), np.tanh(b * TIMES)
    loss = np.sum(z + z**2) + 2 * np.sum(y + y**2)
    g, h = np.ones_like(TIMES), 2 * np.ones_like(TIMES)
    v, w = g + 2 * z, h + 4 * y  # noqa: F841 -- that nothing uses them is the mistake
    slope_z, slope_y = 1 - z**2, 1 - y**2
    both = np.stack([g * slope_z, h * slope_y])
    da, db = (both * TIMES).sum(1)
    return loss, {"a": da, "b": db}


def test_a_line_stays_suspect_once_one_of_its_mistakes_is_repaired():
    first, second = gradtui.check(two_mistakes_in_a_line, a=0.4, b=-0.7)
    assert first.fix == "both = np.stack([v * slope_z, h * slope_y])"
    assert second.fix == "both = np.stack([g * slope_z, w * slope_y])"
    assert first.message.endswith("g must be v")
    assert second.message.endswith("h must be w")


def of_a_share(m):
    total = np.sum(np.exp(m + 0.2))
    loss = m @ COUNTS - COUNTS.sum() * np.log(total)
    share = np.log(total) - m - 0.2
    share = np.exp(share)
    dm = COUNTS.copy()
    dm -= COUNTS.sum() * share
    return loss, {"m": dm}


def test_a_sign_where_right_values_end_is_likelier_than_another_operator_behind():
    (finding,) = gradtui.check(of_a_share, m=np.array([0.3, -0.4, 0.9]))

    assert finding.rule == "sign"
    assert finding.line < line_of(of_a_share, 5)
