"""What is said of code that holds state, of numbers that are none, and of what it prints."""

import logging
import sys
import threading
import traceback
import warnings

import numpy as np
import pytest

import gradtui
from findings import line_of, only
from gradtui.diagnosis.recorded.blame.gradients import Blamed
from gradtui.diagnosis.recorded.notes import told_apart

W = np.random.default_rng(2).normal(size=(3, 2))


@pytest.mark.parametrize("kept", [np.zeros((3, 2)), [0.0]], ids=["array", "list"])
@pytest.mark.parametrize("right", [True, False])
def test_what_is_kept_from_run_to_run_is_the_same_in_each_and_told_where_it_is_read(kept, right):
    before = np.array(kept)

    def case(w):
        kept[0] += 1
        return np.sum(w**2) * np.sum(kept[0]), 2 * w * (np.sum(kept[0]) if right else 1)

    *mistakes, found = gradtui.check(case, w=W)

    assert (found.rule, found.severity) == ("nondeterministic", "info")
    assert "keeps from run to run changes its results" in found.message
    assert found.line in (line_of(case, 1), line_of(case, 2))
    assert [one.severity for one in mistakes] == ([] if right else ["error"])
    assert np.array_equal(kept, before)


def test_runs_that_what_is_kept_does_not_tell_apart_stay_nondeterministic():
    drawn = iter(range(1_000_000))

    def case(w):
        factor = float(next(drawn))
        return np.sum(w**2) * factor, 2 * w * factor

    (found,) = gradtui.check(case, w=W)

    assert (found.rule, found.severity) == ("nondeterministic", "error")


def test_a_gradient_that_is_the_codes_own_buffer_is_not_called_lost():
    total = np.zeros((3, 2))

    def case(w):
        total[:] += 2 * w
        return np.sum(w**2), {"w": total}

    mistake, found = gradtui.check(case, w=W)

    assert (mistake.rule, mistake.line) == ("accumulated", line_of(case, 1))
    assert (found.rule, found.line) == ("nondeterministic", line_of(case, 1))


def test_what_no_loss_depends_on_is_not_said_to_be_unseen_inside():
    def case(w):
        grown = np.convolve(w[:, 0], w[:, 1]).sum()
        return np.sum(w**2), {"w": 2 * w + 0 * grown + w}

    assert {one.severity for one in gradtui.check(case, w=W)} == {"error"}


def test_harmless_state_is_no_finding():
    seen = []

    def case(w):
        seen.append(w)
        return np.sum(w**2), 2 * w

    assert gradtui.check(case, w=W) == [] and seen == []


def test_a_loss_that_is_not_finite_is_traced_to_its_line_or_argument():
    def case(w, scale):
        z = np.log(w) * scale
        return np.sum(z), scale / w

    with np.errstate(invalid="ignore"):
        (found,) = gradtui.check(case, w=np.array([1.0, -1.0]), scale=np.ones(2))
    assert "log gives NaN at [1] here" in found.message and found.line == line_of(case, 1)
    (found,) = gradtui.check(case, w=np.ones(2), scale=np.array([1.0, np.nan]))
    assert "scale holds NaN at [1]" in found.message


@pytest.mark.filterwarnings("error")
def test_a_loss_close_to_overflow_warns_of_nothing_of_ours():
    def case(w):
        return np.sum(np.exp(300 * np.abs(w))), w

    (found,) = gradtui.check(case, w=np.array([1.3, -2.1]))
    assert found.severity == "error" and "it is 0" not in found.message


def test_a_gradient_that_goes_through_text_is_said_to_be_compared_as_numbers():
    def through_text(w):
        grown = np.array([float(one) for one in str((2 * w).tolist()).strip("[]").split(",")])
        return np.sum(w**2), grown

    def fixed(w):
        return np.sum(w), np.array([1.0, 1.0])

    def of_a_mask(w):
        return np.sum(np.maximum(w, 0)), (w > 0) * 1.0

    (found,) = gradtui.check(through_text, w=np.array([0.3, -0.4]))
    assert (found.rule, found.severity) == ("opaque", "info")
    assert found.message.startswith("the gradient of w is compared as numbers")
    for case in (fixed, of_a_mask):
        assert gradtui.check(case, w=np.array([0.3, -0.4])) == []


def test_where_a_parameter_is_no_number_it_is_said_to_be_judged_elsewhere():
    def case(w):
        return np.nansum(w**2), 2 * w

    (found,) = gradtui.check(case, w=np.array([1.0, np.nan]))

    assert (found.rule, found.severity) == ("not-compared", "warning")
    assert found.message.startswith("w holds NaN at [1]")


def test_numbers_are_the_users_own_or_said_to_be_random():
    def everywhere(w):
        return np.sum(w**2), 3 * w

    def at_zero(w):
        return np.sum(np.where(w > 0, w**2, w**2)), np.where(np.ones(3), w, w) * 3

    (found,) = gradtui.check(everywhere, w=np.array([1.0, 2.0]))
    assert "w[1] is 6, the true one is 4: 3 must be 2" in found.message
    (found,) = gradtui.check(at_zero, w=np.zeros(3))
    assert "(at random parameters)" in found.message


def test_threads_warnings_logs_and_prints_are_heard_once(capsys, monkeypatch, caplog):
    ended = []
    monkeypatch.setattr(threading, "excepthook", lambda args: print("died", file=sys.stderr))

    def case(w):
        out = {}

        def work():
            out["dw"] = 1 - np.tanh(w)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        warnings.warn("mine", stacklevel=1)
        logging.getLogger("mine").warning("logged")
        print("said", file=sys.stderr)
        ended.append(1)
        return np.sum(np.tanh(w)), out["dw"]

    with pytest.warns(UserWarning) as heard:
        found = gradtui.check(case, w=W)

    assert found[0].severity == "error" and len(heard) == 1 and len(caplog.records) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_an_exit_at_another_point_ends_nothing():
    def case(w):
        if np.max(w) > 2:
            sys.exit("too large")
        return np.sum(w**2), 3 * w

    assert gradtui.check(case, w=W)[0].rule == "constant-factor"
    with pytest.raises(SystemExit, match="too large"):
        gradtui.check(case, w=W + 3)


@pytest.mark.parametrize(
    ("runs", "ask"), [(1, gradtui.check), (2, gradtui.check), (1, gradtui.trace)]
)
def test_an_exception_in_a_later_run_at_the_given_arguments_passes_through(runs, ask):
    told = []

    def case(w):
        told.append(1)
        if len(told) > runs:
            raise LookupError("once too often")
        return np.sum(w**2), 2 * w

    with pytest.raises(LookupError, match="once too often") as raised:
        ask(case, w=W)
    assert raised.traceback[-1].name == "case"


def test_a_traceback_shows_the_users_frames_alone():
    def case(w):
        raise KeyError("mine")

    with pytest.raises(KeyError) as raised:
        gradtui.check(case, w=W)

    frames = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert frames == ["test_a_traceback_shows_the_users_frames_alone", "case"]


def test_a_mistake_that_no_edit_mends_stands_after_what_is_right(monkeypatch):
    monkeypatch.setattr(
        "gradtui.diagnosis.recorded.faults.blamed_on_fewer", lambda *tried: Blamed()
    )
    X = np.random.default_rng(4).normal(size=(5, 2))

    def case(w, b, gamma):
        z = X @ w + b
        mean, scale = z.mean(axis=1, keepdims=True), z.std(axis=1, keepdims=True)
        xhat = (z - mean) / scale
        out = gamma * xhat
        dout = 2 * out
        dxhat = dout * gamma
        dz = (dxhat - dxhat.mean(axis=1, keepdims=True)) / scale  # the term of z is missing
        return np.sum(out**2), {"w": X.T @ dz, "b": dz.sum(0)}

    w, gamma = np.random.default_rng(5).normal(size=(2, 4)), np.linspace(1, 2, 4)
    (found,) = gradtui.check(case, w=w, b=np.ones(4), gamma=gamma)

    assert (found.rule, found.line) == ("missing-path", line_of(case, 7))
    assert found.evidence["gradients"] == ["w", "b"]
    assert f"right up to line {line_of(case, 6)}; none of the edits tried" in found.message


def test_what_is_added_to_right_values_may_have_become_wrong_before(monkeypatch):
    monkeypatch.setattr(
        "gradtui.diagnosis.recorded.faults.blamed_on_fewer", lambda *tried: Blamed()
    )
    at, share = np.array([0, 1, 1, 0]), np.array([0.2, 0.7, 0.4, 0.9])

    def case(w):
        e = w[at] * share + w[at + 1] * (1 - share)
        dw = np.zeros_like(w)
        dw[at] += 2 * e * share  # one of two additions at a place is lost
        np.add.at(dw, at + 1, 2 * e * (1 - share))
        return e @ e, {"w": dw}

    (found,) = gradtui.check(case, w=np.array([0.3, -0.8, 0.5]))

    assert (found.rule, found.line) == ("unexplained", line_of(case, 3))
    assert "right up to this line" in found.message


def test_streams_warnings_and_logging_are_as_they_were(capsys):
    def case(w):
        sys.stdout = sys.stderr
        logging.disable()
        warnings.simplefilter("error")
        return np.sum(w**2), 2 * w

    before = sys.stdout, logging.root.manager.disable, list(warnings.filters)

    assert gradtui.check(case, w=W) == []
    assert (sys.stdout, logging.root.manager.disable, list(warnings.filters)) == before


def test_a_loss_that_is_rounded_is_said_to_be():
    def case(w):
        return float(f"{np.sum(w**2):.3f}"), 3 * w

    with_note = gradtui.check(case, w=np.array([0.3, 0.7]))

    (found,) = [one for one in with_note if one.severity == "error"]
    assert found.rule == "not-compared"
    assert "the loss is rounded to 3 digits: return it as it is computed" in found.message


def test_a_loss_that_python_rounds_is_compared_as_before_it_was_rounded():
    def case(w, factor):
        return round(float(np.sum(w**2)), 3), factor * w

    w = np.array([0.3, 0.7])
    (right,) = gradtui.check(lambda w: case(w, 2), w=w)
    (wrong,) = [one for one in gradtui.check(lambda w: case(w, 3), w=w) if one.severity == "error"]

    assert (right.rule, right.severity) == ("straight-through", "info")
    assert wrong.rule == "constant-factor"


def test_what_holds_for_several_gradients_is_said_once():
    def case(x, y):
        z = (x + y) / np.sqrt(np.var(x + y) + 1e-5)
        d = z - z.mean() - z * np.mean(z * (z - z.mean()))
        dx = 2 * d / np.sqrt(np.var(x + y)) * (1 + 0 * x)
        return np.sum((z - z.mean()) ** 2) + np.sum(x * y), {"x": y + 0 * dx, "y": x + 0 * dx}

    rng = np.random.default_rng(71)
    (found,) = gradtui.check(case, x=rng.normal(size=6), y=rng.normal(size=6))
    assert found.message == ("the gradient of x (also of y) leaves out the 1e-5 that is added here")
    assert found.evidence["gradients"] == ["x", "y"]


@pytest.mark.parametrize(
    ("one", "two", "told"),
    [
        (0.5, 0.25, ("0.5", "0.25")),
        (0.2514601, 0.2514604, ("0.2514601", "0.2514604")),
        (1 / 3, 1 / 3 + 1e-13, ("0.333333333333333", "0.333333333333433")),
        (1.0, 1.0, ("1.0", "1.0")),
    ],
)
def test_two_numbers_have_digits_that_tell_them_apart(one, two, told):
    assert told_apart(one, two) == told


def of_lengths(x, w):
    """The slope of a length of 0 is infinite times 0; the gradient lacks a factor of 2."""
    lengths = np.sqrt(np.square(x))
    return np.sum(lengths * w * w), {"w": w * lengths}


def test_infinite_slopes_warn_nobody():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = gradtui.check(of_lengths, x=np.array([0.0, 1, 2]), w=np.array([1.0, 2, 3]))
    assert found.rule == "constant-factor"


def test_a_part_of_a_result_in_whole_numbers_is_told_apart_from_the_others():
    def case(A):
        x = np.linalg.lstsq(A, np.arange(4.0), rcond=None)[0]
        r = A @ x - np.arange(4.0)
        return r @ r, {"A": 2 * np.outer(r, x)}

    finding = only(gradtui.check(case, A=np.random.default_rng(0).normal(size=(4, 2))))

    assert finding.message.startswith("linalg.lstsq(...)[2] gives the same at all points tried")
