"""The public Python functions: what they take, return, raise."""

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError

W = np.array([0.5, -1.0])
X, Y = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 1.5]]), np.array([1.0, 0.0, -1.0])


def case(w=W):
    e = X @ w - Y
    return np.mean(e**2), 2 * X.T @ e / len(Y)


def wrong(w=W):
    loss, dw = case(w)
    return loss, -dw


def step(w, g, state):
    return w - 0.1 * g


def uphill(w, g, state):
    return w + 0.1 * g


def test_a_scenario_is_known_by_its_name_or_its_path(tmp_path):
    session = gradtui.load("two_weights")
    assert gradtui.load(session.problem.path).problem.title == session.problem.title
    with pytest.raises(InputError, match="'two_weihgts'; did you mean 'two_weights'"):
        gradtui.load("two_weihgts")


def test_a_check_returns_the_findings_of_a_file_or_of_a_function():
    assert gradtui.check("two_weights") == gradtui.check(case) == []
    assert [one.rule for one in gradtui.check("grad_sign")] == ["sign"]
    assert [one.rule for one in gradtui.check(wrong)] == ["sign"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((7,), "expected a function or a file, got int"),
        (("two_weights", X), "two_weights"),
        (("net.py:case",), "give the function itself"),
        ((case, 3, 4), "case"),
    ],
)
def test_what_cannot_be_checked_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        gradtui.check(*arguments)


def test_a_call_is_a_session_of_one_step_and_a_file_is_no_call():
    session = gradtui.trace(wrong)
    assert session.problem.call is not None
    assert session.frame.known.judgement.verdict == "wrong"
    with pytest.raises(InputError, match="expected a function, got str"):
        gradtui.trace("two_weights")


def test_an_assertion_has_the_words_of_the_check():
    gradtui.assert_gradients(case)
    gradtui.assert_gradients("two_weights")
    for target in (wrong, "grad_sign"):
        with pytest.raises(AssertionError, match="sign"):
            gradtui.assert_gradients(target)


def test_a_warning_fails_no_assertion():
    assert {one.severity for one in gradtui.check("ravine")} == {"warning"}
    gradtui.assert_gradients("ravine")


def test_an_update_is_compared_with_that_of_the_optimizer():
    assert gradtui.check_update(step, "sgd", 0.1) == []
    gradtui.assert_update(step, "sgd", 0.1)
    assert [one.rule for one in gradtui.check_update(uphill, "sgd", 0.1)] == ["update-sign"]
    with pytest.raises(AssertionError, match="update-sign"):
        gradtui.assert_update(uphill, "sgd", 0.1)
    with pytest.raises(InputError, match="adm"):
        gradtui.check_update(step, "adm")
