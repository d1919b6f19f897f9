"""What `check_update` says of updates of one's own, which it runs."""

import numpy as np
import pytest

import gradtui
from gradtui import InputError
from gradtui.diagnosis.executed.calls import update_of
from gradtui.diagnosis.executed.check import is_right, setting_of


@pytest.fixture
def unlocated(monkeypatch):
    """Look for no line at fault, which takes far longer than the verdict that a test is about."""
    monkeypatch.setattr("gradtui.diagnosis.executed.check.blamed", lambda *given, **more: None)


ADAM = """
def step(w, g, state, lr, t):
    beta1, beta2, eps = 0.9, 0.999, 1e-8
    m, v = state.get("m", 0.0), state.get("v", 0.0)
    m = beta1*m + (1 - beta1)*g
    v = beta2*v + (1 - beta2)*g**2
    state["m"], state["v"] = m, v
    mhat = m/(1 - beta1**t)
    vhat = v/(1 - beta2**t)
    return w - lr*mhat/(np.sqrt(vhat) + eps)
"""
RMSPROP = """
def step(w, g, state, lr=0.1):
    s = state.setdefault("s", np.zeros_like(w))
    s *= 0.99
    s += 0.01*g*g
    w -= lr*g/(np.sqrt(s) + 1e-8)
"""
MOMENTUM = """
def step(w, dw, config):
    v = config.get("velocity", np.zeros_like(w))
    v = 0.9*v - config["learning_rate"]*dw
    config["velocity"] = v
    return w + v, config
"""
ADAMW = """
def step(w, g, state, lr, t):
    m = state["m"] = 0.9*state.get("m", 0.0) + 0.1*g
    v = state["v"] = 0.999*state.get("v", 0.0) + 0.001*g**2
    w = w*(1 - lr*0.01)
    return w - lr*(m/(1 - 0.9**t))/(np.sqrt(v/(1 - 0.999**t)) + 1e-8)
"""


class Adam:
    """By name, with the correction in the rate."""

    def __init__(self, lr=0.001):
        self.lr, self.t, self.m, self.v = lr, 0, {}, {}

    def update(self, params, grads):
        self.t += 1
        rate = self.lr * np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        for name in params:
            m, v = self.m.get(name, 0.0), self.v.get(name, 0.0)
            self.m[name] = m + 0.1 * (grads[name] - m)
            self.v[name] = v + 0.001 * (grads[name] ** 2 - v)
            params[name] -= rate * self.m[name] / (np.sqrt(self.v[name]) + 1e-8)


class CountingParameters(Adam):
    def update(self, params, grads):
        for name in params:
            own = {name: params[name]}
            super().update(own, grads)
            params[name] = own[name]


class Sharing:
    """One velocity for all parameters of a shape."""

    def __init__(self, lr):
        self.lr, self.v = lr, 0.0

    def update(self, params, grads):
        for i in range(len(params)):
            self.v = 0.9 * self.v + np.sum(grads[i])
            params[i] -= self.lr * self.v


class Listed:
    def __init__(self, learning_rate):
        self.rate, self.v = learning_rate, None

    def update(self, params, grads):
        self.v = self.v or [0.0 for _ in params]
        self.v = [0.9 * v + g for v, g in zip(self.v, grads, strict=True)]
        return [w - self.rate * v for w, v in zip(params, self.v, strict=True)]


def made(source, *changes):
    """Return the update of a source with changes made in it."""
    for before, after in changes:
        assert before in source
        source = source.replace(before, after)
    names = {"np": np}
    exec(source, names)
    return names["step"]


def only(findings):
    (finding,) = findings
    return finding


@pytest.mark.parametrize(
    ("step", "optimizer", "given"),
    [
        (made(ADAM), "adam", {}),
        (made(RMSPROP), "rmsprop", {}),
        (made(MOMENTUM), "sgd", {"momentum": 0.9}),
        (made(ADAMW), "adamw", {"weight_decay": 0.01}),
        (Listed, "sgd", {"momentum": 0.9}),
        (Listed(0.01), "sgd", {"momentum": 0.9}),
        (Listed(0.01).update, "sgd", {"momentum": 0.9}),
        (lambda w, g: w - 0.01 * g, "sgd", {}),
        (lambda w, g, lr: (w - lr * g, "beside"), "sgd", {}),
        (lambda grad, w, lr: w - lr * grad, "sgd", {}),
        (lambda params, grads, lr: {k: params[k] - lr * grads["d" + k] for k in params}, "sgd", {}),
    ],
)
def test_nothing_is_said_of_an_update_that_is_the_optimizers(step, optimizer, given):
    assert gradtui.check_update(step, optimizer, lr=0.01, **given) == []


@pytest.mark.parametrize(
    ("source", "change", "optimizer", "rule"),
    [
        (ADAM, ("w - lr", "w + lr"), "adam", "update-sign"),
        (ADAM, ("lr*mhat", "2*lr*mhat"), "adam", "update-rate"),
        (ADAM, ("lr*mhat", "mhat"), "adam", "update-rate"),
        (ADAM, ("lr*mhat", "0.001*mhat"), "adam", "update-rate"),
        (ADAM, ("m/(1 - beta1**t)", "m"), "adam", "missing-bias-correction"),
        (ADAM, ("mhat = ", 'mhat = state["m"] = '), "adam", "missing-bias-correction"),
        (ADAM, ("**t", "**(t + 1)"), "adam", "wrong-time-index"),
        (ADAM, ("**t", "**(t - 1 + 1e-9)"), "adam", "unexplained-update"),
        (ADAM, ("**t", ""), "adam", "wrong-time-index"),
        (ADAM, ("np.sqrt(vhat) + eps", "np.sqrt(vhat + eps)"), "adam", "epsilon-placement"),
        (ADAM, (" + eps", ""), "adam", "epsilon-placement"),
        (ADAM, ("np.sqrt(vhat)", "vhat"), "adam", "missing-root"),
        (ADAM, ("(1 - beta1)*g", "g"), "adam", "momentum-form"),
        (ADAM, ("0.9,", "0.97,"), "adam", "wrong-hyperparameter"),
        (ADAM, ("0.9, 0.999", "0.8, 0.99"), "adam", "wrong-hyperparameter"),
        (ADAM, ("beta2*v", "beta1*v"), "adam", "wrong-hyperparameter"),
        (ADAM, ("g**2", "g"), "adam", "unexplained-update"),
        (RMSPROP, ("s += 0.01", "s += 0.99"), "rmsprop", "momentum-form"),
        (RMSPROP, ("np.sqrt(s)", "s"), "rmsprop", "missing-root"),
        (ADAMW, ("w*(1 - lr*0.01)", "w*(1 - 0.01)"), "adamw", "decay-coupling"),
        (ADAMW, ("w*(1 - lr*0.01)", "w"), "adamw", "decay-coupling"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_rule(source, change, optimizer, rule):
    finding = only(gradtui.check_update(made(source, change), optimizer, lr=0.01))

    assert (finding.rule, finding.severity, finding.target) == (rule, "error", "step")


def test_a_mistake_is_told_with_the_step_at_which_the_two_part():
    step = made(ADAM, ("np.sqrt(vhat)", "vhat"))

    finding = only(gradtui.check_update(step, "adam", lr=0.01))

    assert finding.message == (
        "the step is to be divided by the root of the mean square, and the root taken once; the "
        "steps are those of "
        "w = w - lr*mhat/(vhat + eps), where adam has w = w - lr*mhat/(sqrt(vhat) + eps); w after "
        "step 1: 0.995 here, 0.99 by adam (tried from w 1 with g 2 and lr 0.01)"
    )
    assert finding.evidence["after_step"] == 1
    assert finding.line == step.__code__.co_firstlineno


def test_a_known_mistake_and_another_are_both_named():
    step = made(ADAM, ("beta2**t", "beta2**2"), ("np.sqrt(vhat)", "vhat"))

    findings = gradtui.check_update(step, "adam", lr=0.01)

    assert [finding.rule for finding in findings] == ["wrong-time-index", "missing-root"]


def test_constants_that_were_not_given_are_told_as_they_may_be_given():
    finding = only(gradtui.check_update(made(MOMENTUM), "sgd", lr=0.01))

    assert finding.rule == "wrong-hyperparameter"
    assert "momentum is 0.9 here, 0 by default: give momentum=0.9" in finding.message


@pytest.mark.usefixtures("unlocated")
def test_constants_are_told_beside_a_convention():
    class Other(Adam):
        def update(self, params, grads):
            super().update(params, grads)
            for name, m in self.m.items():
                self.m[name] = m * 0.8 / 0.9

    findings = gradtui.check_update(Other, "adam", lr=0.01)

    assert [finding.severity for finding in findings] == ["error"]


def test_a_rate_that_was_not_given_is_told_as_it_may_be_given():
    finding = only(gradtui.check_update(Adam(lr=0.001), "adam", lr=0.01))

    assert (finding.rule, finding.severity) == ("update-rate", "error")
    assert "give lr=0.001 to compare with that" in finding.message


@pytest.mark.parametrize(("step", "right"), [
    (made(ADAM), True), (Adam, True), (CountingParameters, False),
    (made(ADAM, ("np.sqrt(vhat)", "vhat")), False), (lambda w, g: None, False),
])  # fmt: skip
def test_an_update_is_judged_without_being_explained(step, right):
    setting = setting_of("adam", 0.01, {})

    assert is_right(update_of(step, setting)) is right


def test_another_optimizer_is_recognised():
    finding = only(gradtui.check_update(made(MOMENTUM), "adam", lr=0.01))

    assert finding.message.startswith("the steps are those of sgd with momentum 0.9, not of adam")


@pytest.mark.parametrize(
    ("step", "optimizer", "given", "rule", "severity"),
    [
        (Adam, "adam", {}, "epsilon-placement", "info"),
        (made(RMSPROP, ("np.sqrt(s) + 1e-8", "np.sqrt(s + 1e-8)")), "rmsprop", {},
         "epsilon-placement", "warning"),
        (made(RMSPROP, ("1e-8", "1e-7")), "rmsprop", {}, "wrong-hyperparameter", "info"),
        (made(RMSPROP, ("1e-8", "1e-7")), "rmsprop", {"eps": 1e-8}, "wrong-hyperparameter",
         "error"),
        (made(MOMENTUM, ('- config["learning_rate"]', '- 0.1*config["learning_rate"]')), "sgd",
         {"momentum": 0.9}, "momentum-form", "warning"),
    ],
)  # fmt: skip
def test_conventions_of_public_code_are_no_mistakes(step, optimizer, given, rule, severity):
    finding = only(gradtui.check_update(step, optimizer, lr=0.01, **given))

    assert (finding.rule, finding.severity) == (rule, severity)


@pytest.mark.usefixtures("unlocated")
def test_a_mistake_shows_beside_a_convention():
    class Wrong(Adam):
        def update(self, params, grads):
            super().update(params, {name: -g for name, g in grads.items()})

    finding = only(gradtui.check_update(Wrong, "adam", lr=0.01))

    assert (finding.rule, finding.severity) == ("update-sign", "error")


@pytest.mark.usefixtures("unlocated")
def test_what_is_kept_of_one_parameter_and_used_for_another_shows():
    assert only(gradtui.check_update(CountingParameters, "adam", lr=0.01)).rule == (
        "wrong-time-index"
    )
    assert only(gradtui.check_update(Sharing, "sgd", lr=0.01, momentum=0.9)).severity == "error"


def test_what_is_kept_outside_of_the_state_is_told():
    count = []

    def step(w, g, lr):
        count.append(0)
        return w - lr * g / len(count)

    finding = only(gradtui.check_update(step, "sgd", lr=0.01))

    assert (finding.rule, finding.severity) == ("unexplained-update", "error")
    assert "those of sgd up to step 1 and not after it" in finding.message and count == []


def test_what_moves_nothing_is_told():
    def step(params, grads):
        for w, g in zip(params, grads, strict=True):
            w = w - 0.01 * g

    finding = only(gradtui.check_update(step, "sgd", lr=0.01))

    assert finding.rule == "unexplained-update"
    assert "neither returns new weights nor changes them in place" in finding.message


def test_weights_of_another_shape_are_told():
    finding = only(gradtui.check_update(lambda w, g: np.sum(w - g), "sgd", lr=1.0))

    assert "does not move the weights" in finding.message


def test_float32_is_allowed_its_rounding():
    step = made(RMSPROP, ("zeros_like(w)", "zeros_like(w, dtype=np.float32)"))

    assert gradtui.check_update(step, "rmsprop", lr=0.01) == []


def test_weights_in_float32_are_allowed_theirs():
    def step(w, g, lr):
        return (w - lr * g).astype(np.float32)

    assert gradtui.check_update(step, "sgd", lr=0.01) == []
    wrong = only(gradtui.check_update(lambda w, g, lr: step(w, 1.1 * g, lr), "sgd", lr=0.01))
    assert wrong.rule == "update-rate"


def test_exceptions_of_the_update_pass_through():
    def step(w, g, state):
        return w - state["missing"] * g

    with pytest.raises(KeyError, match="missing"):
        gradtui.check_update(step, "sgd", lr=0.01)


def test_the_state_of_an_object_stays_as_it_was():
    optimizer = Adam(lr=0.01)

    gradtui.check_update(optimizer, "adam", lr=0.01)

    assert (optimizer.t, optimizer.m, optimizer.v) == (0, {}, {})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradtui.check_update(made(ADAM), "adm"), "did you mean 'adam'"),
        (lambda: gradtui.check_update(made(ADAM), "adam", beta3=0.1), "did you mean 'beta"),
        (lambda: gradtui.check_update(made(ADAM), "adam", beta1=1.5), "beta1"),
        (lambda: gradtui.check_update(made(ADAM), "adam", lr=0.0), "above 0"),
        (lambda: gradtui.check_update(3), "expected step"),
        (lambda: gradtui.check_update(lambda w: w), "takes no weights and gradients"),
        (lambda: gradtui.check_update(lambda w, g, state, more: w), "asks for 'more'"),
        (lambda: gradtui.check_update(int), "expected step"),
    ],
)
def test_what_cannot_be_used_is_an_input_error(call, message):
    with pytest.raises(InputError, match=message):
        call()


WHOLE = """
import numpy as np


def adam(w, g, state, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = state.get("m", np.zeros_like(w))
    v = state.get("v", np.zeros_like(w))
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    state["m"], state["v"] = m, v
    mhat = m / (1 - beta1**t)
    vhat = v / (1 - beta2**t)
    return w - lr * mhat / (np.sqrt(vhat) + eps)
"""


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("v / (1 - beta2**t)", "v / (1 - beta1**t)", "wrong-hyperparameter"),
        ("m / (1 - beta1**t)", "m / (1 - beta1**(t + 1))", "wrong-time-index"),
        ("np.sqrt(vhat) + eps", "np.sqrt(vhat + eps)", "epsilon-placement"),
        ("w - lr", "w + lr", "update-sign"),
    ],
)
def test_the_line_of_an_update_is_named_with_its_fix(tmp_path, right, wrong, rule):
    text = WHOLE.replace(right, wrong)
    file = tmp_path / "optim.py"
    file.write_text(text)
    names = {"__name__": "optim"}
    exec(compile(text, file, "exec"), names)

    (finding,) = gradtui.check_update(names["adam"], "adam", lr=0.01)

    line = text.split("\n").index(next(row for row in text.split("\n") if wrong in row)) + 1
    assert (finding.rule, finding.line) == (rule, line)
    assert finding.fix == next(row for row in WHOLE.split("\n") if right in row).strip()


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("1 - 0.999**t", "1 - 0.99**t", "beta2 is 0.99 here: 0.999 belongs there"),
        ("1 - 0.9**t", "1 - 0.99**t", "beta1 is 0.99 here: 0.9 belongs there"),
    ],
)
def test_a_number_that_stands_for_a_constant_in_one_place_is_named(tmp_path, right, wrong, said):
    plain = WHOLE.replace("(1 - beta1) *", "0.1 *").replace("(1 - beta2) *", "0.001 *")
    plain = plain.replace("beta1 *", "0.9 *").replace("beta2 *", "0.999 *")
    plain = plain.replace("beta1**", "0.9**").replace("beta2**", "0.999**")
    assert right in plain
    file = tmp_path / "numbers.py"
    file.write_text(plain.replace(right, wrong))
    names = {"__name__": "numbers"}
    exec(compile(file.read_text(), file, "exec"), names)

    (finding,) = gradtui.check_update(names["adam"], "adam", lr=0.01)

    assert (finding.rule, right in finding.fix) == ("wrong-hyperparameter", True)
    assert said in finding.message


def test_what_begins_later_is_told_with_its_step():
    def step(w, g, lr, t):
        if t > 1000:
            lr = lr * 0.5
        return w - lr * g

    finding = only(gradtui.check_update(step, "sgd", lr=0.01))

    assert finding.rule == "unexplained-update"
    assert "those of sgd up to step 1,000 and not after it" in finding.message


def test_an_object_with_another_rate_is_told_to_be_compared_with_that():
    class Plain:
        def __init__(self, lr):
            self.lr = lr

        def update(self, params, grads):
            for name in params:
                params[name] -= self.lr * grads[name]

    finding = only(gradtui.check_update(Plain(0.02), "sgd", lr=0.01))

    assert "give lr=0.02 to compare with that" in finding.message and finding.fix is None


KEPT = {"m": 0.0}


def outside(w, g, lr):
    KEPT["m"] = 0.9 * KEPT["m"] + g
    return w - lr * KEPT["m"]


def in_closure():
    m = 0.0

    def step(w, g, lr):
        nonlocal m
        m = 0.9 * m + g
        return w - lr * m

    return step


@pytest.mark.parametrize("step", [outside, in_closure()])
def test_state_outside_of_the_arguments_is_put_back_before_every_run(step):
    assert gradtui.check_update(step, "sgd", lr=0.1, momentum=0.9) == []
    assert only(gradtui.check_update(step, "sgd", lr=0.1, momentum=0.8)).rule
    assert KEPT == {"m": 0.0}


def test_state_outside_of_the_arguments_that_fits_one_shape_is_refused_with_a_word():
    velocity = np.zeros((2, 3))

    def step(w, g, lr):
        velocity[:] = 0.9 * velocity + g
        return w - lr * velocity

    with pytest.raises(gradtui.InputError, match="keep it in a third argument, a dict"):
        gradtui.check_update(step, "sgd", lr=0.1, momentum=0.9)
    assert not velocity.any()


def test_an_assertion_fails_with_place_message_and_fix():
    def step(w, g, lr):
        return w + lr * g

    gradtui.assert_update(lambda w, g, lr: w - lr * g, "sgd", lr=0.1)
    with pytest.raises(AssertionError) as raised:
        gradtui.assert_update(step, "sgd", lr=0.1)

    rows = str(raised.value).splitlines()
    assert "[update-sign]" in rows[0] and rows[3] == "  fix: return w - lr * g"
    assert rows[-1].endswith("step: failed, compared with sgd")
