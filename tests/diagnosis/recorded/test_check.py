"""What `check` says of code of one's own: findings, what is not judged, what cannot be used."""

import json
import random
import statistics
import struct
from pathlib import Path

import numpy as np
import pytest

import gradtui
from findings import line_of, only
from gradtui import InputError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(5, 3)), RNG.normal(size=5)
W = RNG.normal(size=3)


def squared(w, X, y):
    e = X.dot(w) - y
    return np.mean(e**2), 2 * X.T.dot(e) / len(y)


@pytest.mark.parametrize(
    ("scale", "rule", "factor"),
    [(-1, "sign", "-1"), (0.5, "constant-factor", "1/2"), (3, "constant-factor", "3")],
)
def test_a_constant_ratio_is_named(scale, rule, factor):
    def case(w):
        loss, dw = squared(w, X, Y)
        return loss, scale * dw

    finding = only(gradtui.check(case, w=W))

    assert (finding.rule, finding.target, finding.factor) == (rule, "w", factor)
    assert (finding.line, finding.place.file) == (line_of(case, 2), __file__)
    assert finding.evidence["claimed"] == pytest.approx(scale * finding.evidence["true"])


def test_a_gradient_of_another_argument_is_named():
    def case(a, b):
        return np.sum(a * np.exp(b)), (np.exp(b), np.exp(b))

    finding = only(gradtui.check(case, a=W, b=W + 1))

    assert (finding.rule, finding.target, finding.factor) == ("wrong-variable", "b", "a")


def test_a_missing_weight_decay_is_named_with_its_factor():
    def case(w):
        loss, dw = squared(w, X, Y)
        return loss + 0.05 * np.sum(w**2), dw

    finding = only(gradtui.check(case, w=W))

    assert (finding.rule, finding.factor) == ("missing-term", "0.1 * w")


def test_a_transposed_gradient_of_another_shape_is_named():
    def case(w):
        return np.sum(np.sin(X @ w)), (X.T @ np.cos(X @ w)).T

    assert only(gradtui.check(case, w=RNG.normal(size=(3, 2)))).rule == "transposed"


def test_a_gradient_of_another_shape_is_none():
    def case(w):
        loss, dw = squared(w, X, Y)
        return loss, dw[:2]

    finding = only(gradtui.check(case, w=W))

    assert finding.rule == "no-gradient"
    assert "shape [2], not [3]" in finding.message


def test_an_axis_of_one_is_no_other_shape():
    def case(b):
        return np.sum(np.sin(X + b)), np.cos(X + b).sum(axis=0)

    assert gradtui.check(case, b=RNG.normal(size=(1, 3))) == []


def test_a_small_number_that_keeps_a_logarithm_finite_may_be_left_out():
    def case(z):
        p = np.exp(z) / np.sum(np.exp(z))
        d = p.copy()
        d[1] -= 1
        return -np.log(p[1] + 1e-5), d

    finding = only(gradtui.check(case, z=W))

    assert (finding.severity, finding.line) == ("info", line_of(case, 4))
    gradtui.assert_gradients(case, z=W)


def test_only_what_gradients_are_returned_for_is_drawn():
    seen = set()

    def case(w, X, y, reg=0.1):
        seen.add(float(X[0, 0]))
        return squared(w, X, y)

    assert gradtui.check(case, w=W, X=X, y=Y) == []
    assert seen == {float(X[0, 0])}


@pytest.mark.parametrize(
    "gradients",
    [
        lambda dw, db: {"w": dw, "b": db},
        lambda dw, db: {"dw": dw, "db": db},
        lambda dw, db: (dw, None, None, db),
        lambda dw, db: {"b": db, "w": None},
    ],
)
def test_gradients_come_as_a_mapping_or_in_the_order_of_arguments(gradients):
    labels = np.array([0, 1, 2])

    def case(w, X, labels, b, scale=2.0):
        e = X @ w + b - Y
        return np.sum(e**2), gradients(2 * X.T @ e, 2 * np.sum(e))

    assert gradtui.check(case, w=W, X=X, labels=labels, b=np.array(0.5)) == []


def test_several_outputs_of_a_layer_take_several_gradients():
    def forward(x, w):
        return (x @ w, np.tanh(x)), (x, w)

    def backward(dout, cache):
        (first, second), (x, w) = dout, cache
        return first @ w.T + second * (1 - np.tanh(x) ** 2), x.T @ first

    assert gradtui.check(forward, backward, x=X, w=RNG.normal(size=(3, 2))) == []


def test_the_decorator_says_what_is_judged_and_seeds_the_generators():
    @gradtui.case(wrt=("w",), seed=3)
    def case(w, x):
        mask = np.random.rand(3) < 0.5 + 0 * random.random()
        return np.sum(w * x * mask), {"w": x * mask, "x": None}

    assert gradtui.check(case, w=W, x=W) == []


def test_the_decorator_may_stand_alone():
    assert gradtui.check(gradtui.case(lambda w: (np.sum(w**2), 2 * w)), w=W) == []


def test_a_gradient_that_was_to_be_judged_and_is_not_there_is_named():
    @gradtui.case(wrt=("w", "x"))
    def case(w, x):
        return np.sum(w * x), {"w": x}

    finding = only(gradtui.check(case, w=W, x=W))

    assert (finding.rule, finding.target) == ("no-gradient", "x")


def test_runs_that_differ_are_named_with_the_line_that_draws():
    def case(w):
        mask = np.random.default_rng().random(3)
        return np.sum(w * mask), mask * 1.0

    finding = only(gradtui.check(case, w=W))

    assert (finding.rule, finding.line) == ("nondeterministic", line_of(case, 1))


def test_generators_of_the_program_give_the_same_numbers_in_every_run():
    generator = np.random.default_rng(0)

    def case(w):
        mask = generator.random(3) < 0.5
        return np.sum(w * mask), mask * 1.0

    assert gradtui.check(case, w=W) == []
    assert generator.random() == np.random.default_rng(0).random()


def test_what_the_program_holds_is_put_back():
    held, count, seen = np.zeros(3), {"calls": 0}, []

    def case(w):
        held[:] = w
        count["calls"] += 1
        seen.append(1)
        return np.sum(held**2), 3 * held

    only(gradtui.check(case, w=W))

    assert (held.tolist(), count, seen) == ([0.0, 0.0, 0.0], {"calls": 0}, [])


def test_code_that_fails_beside_its_arguments_is_not_called_right():
    start = W.copy()

    def case(w):
        assert np.array_equal(w, start)
        return np.sum(w**2), 3 * w

    assert only(gradtui.check(case, w=W)).rule == "not-compared"


@pytest.mark.parametrize("rounded", [np.float32, lambda loss: round(float(loss), 4)])
def test_a_loss_that_was_rounded_makes_no_gradient_wrong(rounded):
    def case(w):
        return rounded(np.sum(w**2)), 2 * w

    assert "unexplained" not in {one.rule for one in gradtui.check(case, w=W)}


def test_another_branch_is_judged_by_its_own_truth():
    def case(w):
        if np.sum(w) > np.sum(W):
            return np.sum(w**2), 2 * w
        return np.sum(w**3), 3 * w**2

    assert gradtui.check(case, w=W) == []


def test_a_corner_at_the_start_is_no_mistake():
    def case(w):
        return np.sum(np.maximum(w, 0)), (w > 0) * 1.0

    assert gradtui.check(case, w=np.zeros(3)) == []


def test_cancellation_raises_no_alarm():
    def case(q, k):
        scores = q @ k.T
        p = np.exp(scores - scores.max())
        p = p / p.sum()
        d = p * (scores - np.sum(p * scores))
        return np.sum(p * scores), (d + p) @ k

    def shifted(b):
        z = W + b
        p = np.exp(z) / np.sum(np.exp(z))
        d = p * (X[0, :] - np.sum(p * X[0, :]))
        return np.sum(p * X[0, :]), np.array([np.sum(d)])

    assert gradtui.check(case, q=RNG.normal(size=(1, 3)), k=RNG.normal(size=(1, 3))) == []
    assert gradtui.check(shifted, b=np.array([0.3])) == []


def test_float32_is_judged_by_its_own_rounding():
    def case(w):
        return squared(w, X.astype(np.float32), Y.astype(np.float32))

    assert gradtui.check(case, w=W.astype(np.float32)) == []


def test_an_opaque_call_takes_part_by_its_differences():
    def case(a):
        inverse = np.linalg.pinv(a, 1e-12)
        return np.trace(inverse), -(inverse @ inverse).T

    def wrong(a):
        loss, gradient = case(a)
        return loss, gradient.T * 1.5

    assert gradtui.check(case, a=RNG.normal(size=(3, 3))) == []
    findings = gradtui.check(wrong, a=RNG.normal(size=(3, 3)))
    assert {one.rule for one in findings[:-1]} == {"extra-factor", "transposed"}
    assert (findings[-1].rule, findings[-1].line) == ("opaque", line_of(case, 1))


def escaped(w):
    """Return the numbers of an array by a way that no recording follows."""
    return struct.unpack(f"{w.size}d", w.tobytes())


def test_a_loss_that_leaves_the_arrays_is_compared_by_differences_alone():
    def case(w, scale=2.0):
        return sum(value**2 for value in escaped(w)), scale * w

    assert [one.rule for one in gradtui.check(case, w=W)] == ["opaque"]
    gradtui.assert_gradients(case, w=W)
    findings = gradtui.check(case, w=W, scale=3.0)
    assert [one.rule for one in findings] == ["constant-factor", "opaque"]
    assert findings[0].evidence["true"] == pytest.approx(2 / 3 * findings[0].evidence["claimed"])


@pytest.mark.parametrize(("beyond", "rules"), [(2, ["opaque"]), (3, ["unexplained", "opaque"])])
def test_a_loss_that_leaves_the_arrays_is_compared_at_other_numbers_too(beyond, rules):
    def case(w):
        return sum(value**2 for value in escaped(w)), np.where(w > 0.7, beyond, 2) * w

    findings = gradtui.check(case, w=np.array([0.5, 0.6, 0.4]))
    assert [one.rule for one in findings] == rules
    assert beyond == 2 or findings[0].message.endswith("(at random parameters)")


def test_a_part_of_the_loss_that_leaves_the_arrays_is_compared_by_differences():
    def case(w, scale=2.0):
        return np.sum(np.sin(w)) + sum(v**2 for v in escaped(w)), np.cos(w) + scale * w

    assert [one.rule for one in gradtui.check(case, w=W)] == ["opaque"]
    assert gradtui.check(case, w=W, scale=3.0)[0].factor == "2 / len(w)"


def in_double(value):
    return struct.unpack("d", struct.pack("d", value))[0]


def in_single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


@pytest.mark.parametrize(
    "leaving",
    [
        in_double,
        in_single,
        lambda value: in_double(value) if value > 1 else 0.0,
        lambda value: max(0.0, in_double(value) - 8),
    ],
    ids=[
        "a number",
        "a number rounded to single precision",
        "a number beyond a bound",
        "a number beyond a bound that nothing sees",
    ],
)
def test_a_number_that_leaves_the_recording_hides_no_mistake(leaving):
    def case(w):
        return np.sum(w**2) + sum(leaving(value) for value in w), 2 * w

    found = gradtui.check(case, w=np.array([0.3, -0.2, 0.6]))
    assert [one.severity for one in found] == ["error", "info"]
    assert "cannot be recorded" in found[-1].message


def test_sides_are_told_of_code_of_which_a_part_is_not_recorded():
    def case(w):
        slopes = np.where(w < 40, 2 * w, 3 * w)
        return np.sum(w[1:] ** 2) + escaped(w)[0] ** 2, slopes

    found = gradtui.check(case, w=np.array([0.3, -0.2, 0.6]))
    assert [one.rule for one in found] == ["opaque", "relies-on-data"]


def test_code_that_takes_no_recording_array_is_compared_by_differences_alone():
    def case(w):
        if hasattr(w, "_recorder"):
            raise TypeError("plain arrays only")
        return np.sum(w**2), 3 * w

    findings = gradtui.check(case, w=W)

    assert [(one.rule, one.factor) for one in findings] == [
        ("constant-factor", "2"),
        ("opaque", None),
    ]
    assert (
        "the code does not accept recording arrays (TypeError: plain arrays only)"
        in findings[1].message
    )


def test_what_is_told_of_code_that_takes_no_recording_array_names_no_class_of_ours():
    def case(w):
        return statistics.pvariance(w), [(one - statistics.fmean(w)) for one in w]

    told = gradtui.check(case, w=[0.5, 1.5])[-1].message
    assert told.endswith("the code does not accept recording arrays (TypeError)")


def test_code_that_fails_at_other_points_is_judged_where_it_does_not():
    def case(w):
        assert np.allclose(w, W, atol=0.1), "too far"
        return np.sum(w**2), 3 * w

    assert only(gradtui.check(case, w=W)).rule == "constant-factor"


def test_exceptions_of_the_code_pass_through():
    def case(w):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        gradtui.check(case, w=W)


def test_the_state_of_the_generators_is_the_users_own_afterwards():
    def case(w):
        np.random.seed(1)
        return np.sum(w * np.random.rand()), None or w * 0 + 0.417022004702574

    np.random.seed(7)
    expected = np.random.get_state()[1].copy()

    assert gradtui.check(case, w=W) == []

    assert np.array_equal(np.random.get_state()[1], expected)


def test_what_the_code_prints_is_printed_once(capsys):
    def case(w):
        print("the loss")
        return squared(w, X, Y)

    gradtui.check(case, w=W)

    assert capsys.readouterr().out == "the loss\n"


@pytest.mark.parametrize("shape", [(3,), (1,), (2, 2)])
def test_numbers_in_lists_are_the_gradient_of_the_only_array(shape):
    w = np.linspace(0.5, 1.0, np.prod(shape)).reshape(shape)

    (right, wrong) = (
        gradtui.check(lambda w, by=by: (np.sum(w**2), (by * w).tolist()), w=w) for by in (2, 3)
    )

    assert [one.severity for one in right] == ["info"]
    assert [(one.severity, one.target[:1]) for one in wrong][:1] == [("error", "w")]


async def awaited(w):
    return np.sum(w**2), 2 * w


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("function", "arrays", "message"),
    [
        (lambda w: w, {"w": W}, "returns no pair"),
        (awaited, {"w": W}, "awaited is async"),
        (lambda w: (w, w), {"w": W}, "returns no scalar loss"),
        (lambda w: (w.sum(), {"v": w}), {"w": W}, "'v', which is not an argument: expected w"),
        (lambda w: (w.sum(), (w, w)), {"w": W}, "2 gradients are returned for one argument"),
        (lambda w: (w.sum(), {}), {"w": W}, "returns no gradient"),
        (lambda w: (w, w), {"w": 3}, "no argument of <lambda> is an array of floats"),
        (lambda w: (w, w), {"v": W}, "cannot be called with these arguments"),
    ],
)
def test_what_cannot_be_used_is_said(function, arrays, message):
    with pytest.raises(InputError, match=message) as caught:
        gradtui.check(function, **arrays)
    assert caught.value.file == __file__ or "called" in message


def test_what_is_returned_as_it_was_given_is_repaired_where_it_is_returned():
    def case(w):
        return np.sum(w**2), w

    finding = only(gradtui.check(case, w=W))
    assert (finding.line, finding.fix) == (line_of(case, 1), "return np.sum(w**2), 2 * w")


def test_a_run_of_more_numbers_than_are_kept_is_refused_with_their_memory(monkeypatch):
    monkeypatch.setattr("gradtui.recording.tape.MOST_BYTES", 1000)

    with pytest.raises(InputError, match="more than 1024 MB of numbers"):
        gradtui.check(lambda w: (np.sum(np.outer(w, w)), w), w=np.ones(20))


def test_what_cannot_be_called_is_said():
    with pytest.raises(InputError, match="expected a function or a file, got int"):
        gradtui.check(3, w=W)


def test_an_assertion_fails_with_what_the_command_prints(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)

    def case(w):
        loss, dw = squared(w, X, Y)
        return loss, 2 * dw

    with pytest.raises(AssertionError) as caught:
        gradtui.assert_gradients(case, w=W)

    text = str(caught.value)
    file = Path(__file__).name
    assert text.startswith(f"{file}:{line_of(case, 2)}:22: error: the gradient of w[")
    assert "return loss, 2 * dw\n" in text
    assert text.endswith("failed, one gradient compared at 7 points, to 1e-6 of each element")


def test_a_number_that_leaves_as_pythons_own_does_not_end_the_recording():
    def case(w):
        json.dumps({"loss": float(np.sum(w**2))})
        return np.sum(w**2), 3 * w

    assert only(gradtui.check(case, w=W)).fix == "return np.sum(w**2), 2 * w"


def test_what_the_code_asks_for_is_asked_once(monkeypatch):
    answers = iter(["2"])

    def typed(prompt=""):
        return next(answers)

    monkeypatch.setattr("builtins.input", typed)

    def case(w):
        rate = float(input("rate? "))
        return rate * np.sum(w**2), 2 * rate * w

    assert gradtui.check(case, w=W) == []
    assert next(answers, None) is None
    assert input is typed


def test_objects_whose_operators_refuse_do_not_end_the_search():
    class Odd:
        def __mul__(self, other):
            raise RuntimeError("no product")

        __rmul__ = __mul__

        def grown(self, value):
            return 2 * value

    def case(w):
        odd = Odd()
        z = w * W
        dz = odd.grown(z)
        return np.sum(z**2), dz * odd.grown(1.0)

    finding = only(gradtui.check(case, w=W + 1))

    assert (finding.rule, finding.severity, finding.target) == ("missing-factor", "error", "w")


def test_numbers_below_the_smallest_are_no_doubt_of_the_recording():
    def case(w):
        return np.sum(w**2), 3 * w

    finding = only(gradtui.check(case, w=np.array([1e-160, 2e-150])))

    assert finding.rule == "constant-factor"
    assert finding.evidence["true"] == pytest.approx(4e-150)


@pytest.mark.parametrize(("scale", "found"), [(2, []), (1, ["error"])])
def test_a_function_without_arguments_may_return_the_call_to_check(scale, found):
    def forward(w):
        return w * w, w

    def backward(dy, w):
        return scale * dy * w

    assert [one.severity for one in gradtui.check(lambda: (forward, backward, W))] == found


def test_a_function_without_arguments_that_returns_no_call_is_refused():
    with pytest.raises(InputError, match=r"nothing to judge.* as `W=W0` in its first line"):
        gradtui.check(lambda: (1.0, W))


@pytest.mark.parametrize("raised", [BaseException, SystemExit, ValueError])
def test_what_code_raises_at_numbers_that_it_is_not_made_for_leaves_that_point_out(raised):
    def case(w):
        if np.max(np.abs(w)) > 0.9:
            raise raised
        return np.sum(w**2), {"w": 2 * w}

    assert gradtui.check(case, w=np.array([0.1, -0.2])) == []
