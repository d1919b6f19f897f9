"""The report of a check on code that was run."""

from pathlib import Path

import numpy as np

import gradtui
from gradtui.diagnosis.recorded.check import check_target
from gradtui.diagnosis.recorded.targets import target_of
from gradtui.explain.recorded import report_of_code, report_of_update

X = np.array([1.0, 2.0])


def case(w):
    y = w * X
    return np.sum(y**2), np.sum(y * X)


def right(w):
    return np.sum((w * X) ** 2), 2 * w * np.sum(X**2)


def outcome_of(function):
    return check_target(target_of(function, None, (), {"w": np.array(3.0)}))


def test_a_finding_is_at_its_line_with_its_fix(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)
    report = report_of_code(outcome_of(case), "net.py:case")
    line = case.__code__.co_firstlineno + 2
    text = "\n".join(row for one in report.remarks for row in one.rows())
    first, shown, caret, fix = text.split("\n")
    assert first.startswith(f"test_recorded.py:{line}:") and "[constant-factor]" in first
    assert shown.strip() == "return np.sum(y**2), np.sum(y * X)" and set(caret.strip()) == {"^"}
    assert fix.startswith("  fix: return np.sum(y**2), ") and "2" in fix.partition(", ")[2]
    assert report.summary.startswith("net.py:case: failed, one gradient compared at ")


def relu_case(w):
    x = np.array([1.0, -2.0, 0.5])
    a = np.maximum(w * x, 0)
    da = 2 * a + 1
    dz = da * (1 - a**2)
    return np.sum(a**2 + a), np.sum(dz * x)


def test_a_slope_of_another_function_is_called_by_its_name():
    (remark,) = report_of_code(outcome_of(relu_case), "net.py:case").remarks
    assert remark.message.endswith("; that is tanh's slope; this layer is a relu")


def clipped(w):
    y = np.clip(w * X, -8, 8)
    return np.sum(y**2), 2 * np.sum(y * X)


def test_gradients_that_are_right_within_bounds_alone_are_not_said_to_be_right():
    report = report_of_code(outcome_of(clipped), "net.py:clipped")
    assert report.summary.startswith("net.py:clipped: ok, one gradient compared at ")


def through_round(w):
    q = np.round(4 * w)
    return np.sum((q * X) ** 2), 8 * np.sum(q * X * X)


def test_a_gradient_that_is_another_on_purpose_is_not_said_to_be_right():
    report = report_of_code(outcome_of(through_round), "net.py:through")
    told = "net.py:through: ok, one gradient compared and right but for what the note says, at "
    assert report.summary.startswith(told)


def test_right_gradients_are_said_to_be_right():
    report = report_of_code(outcome_of(right), "net.py:right")
    assert not report.remarks
    assert report.summary.startswith("net.py:right: ok, one gradient compared and right at ")


def test_an_update_is_named_with_its_optimizer():
    def step(w, g, lr):
        return w - lr * g

    report = report_of_update(gradtui.check_update(step, "sgd", lr=0.1), "step", "sgd")
    assert report.summary == "step: ok, compared with sgd" and not report.remarks
