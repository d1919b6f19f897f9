"""One edit where one suffices, in the line that needs it, under the rule that names the mistake."""

import pytest

import gradtui
from diagnosis.updates.files import ADAM, ADAM_CODE, ADAM_STATE, SGD, found_in, mended
from gradtui.diagnosis.updates import diagnose_update

MOMENTUM = 'name = "sgd"; lr = 0.05; momentum = 0.9'
FOLDED = """m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
alpha_t = lr*sqrt(1 - beta2**t)/(1 - beta1**t)
w = w - alpha_t*m/(sqrt(v) + eps*sqrt(1 - beta2**t))"""
COUNTED = "k = k + 1\n" + ADAM_CODE.replace("**t", "**k")
POWERS = """p1 = p1*beta1
p2 = p2*beta2
m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
w = w - lr*m/(1 - p1)/(sqrt(v/(1 - p2)) + eps)"""
TORCH = """m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
correction1 = 1 - beta1**t
correction2 = 1 - beta2**t
size = lr/correction1
w = w - size*m/(sqrt(v)/sqrt(correction2) + eps)"""
EPS_HAT = """m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
c2 = sqrt(1 - beta2**t)
rate = lr*c2/(1 - beta1**t)
w = w - rate*m/(sqrt(v) + eps*c2)"""
NESTEROV = f"{MOMENTUM}; nesterov = true"
RMSPROP = 'name = "rmsprop"; lr = 0.02; eps = 1e-3'
ADAGRAD = 'name = "adagrad"; lr = 0.1; eps = 1e-3'
ROOT_KEPT = "r = sqrt(r**2 + g**2)\nw = w - lr*g/(r + eps)"

EDITS = [
    # optimizer, sound program, state, (right, wrong), rule, the line as it was
    (ADAM, FOLDED, ADAM_STATE, ("alpha_t*m", "lr*m"), "missing-bias-correction"),
    (ADAM, COUNTED, f"{ADAM_STATE}, k = 0.0", ("k + 1", "k + 2"), "wrong-time-index"),
    (ADAM, COUNTED, f"{ADAM_STATE}, k = 0.0", ("k + 1", "k + 0.5"), "wrong-time-index"),
    (ADAM, ADAM_CODE, ADAM_STATE, ("(1 - beta1**t)", "0.1"), "missing-bias-correction"),
    (ADAM, ADAM_CODE, ADAM_STATE, ("(1 - beta1**t)", "(1 - beta1)**t"), "wrong-time-index"),
    (ADAM, ADAM_CODE, ADAM_STATE, (") + eps", ") + 1e-3"), "wrong-hyperparameter"),
    ('name = "adam"; lr = 0.01; beta1 = 0.8', ADAM_CODE, ADAM_STATE, ("(1 - beta1)*g", "0.1*g"),
     "wrong-hyperparameter"),
    (ADAM, ADAM_CODE, ADAM_STATE, ("lr*mhat", "lr*g"), "unexplained-update"),
    (ADAM, TORCH, ADAM_STATE, ("lr/correction1", "lr"), "missing-bias-correction"),
    (ADAM, POWERS, f"{ADAM_STATE}, p1 = 1.0, p2 = 1.0", ("(1 - p2)", "(1 - p1)"),
     "wrong-hyperparameter"),
    (ADAM, POWERS, f"{ADAM_STATE}, p1 = 1.0, p2 = 1.0", ("p1*beta1", "p1"), "wrong-hyperparameter"),
    (MOMENTUM, "v = momentum*v - lr*g\nw = w + v", "v = 0.0",
     ("momentum*v - lr*g", "momentum*(v - lr*g)"), "momentum-form"),
    (NESTEROV, "v = momentum*v - lr*g\nw = w + momentum*v - lr*g", "v = 0.0",
     ("momentum*v - lr*g", "v"), "momentum-form"),
    (NESTEROV, "v0 = v\nv = momentum*v0 - lr*g\nw = w + (1 + momentum)*v - momentum*v0", "v = 0.0",
     (" - momentum*v0", ""), "momentum-form"),
    (MOMENTUM, "moved = where(t > 1, w - last, 0)\nlast = w\nw = w - lr*g + momentum*moved",
     "last = 0.0", ("where(t > 1, w - last, 0)", "w - last"), "momentum-form"),
    (SGD, "w = w - lr*g", "", ("lr*g", "lr*abs(g)"), "unexplained-update"),
    (SGD, "w = w - lr*g", "", ("lr*g", "lr*g**2"), "unexplained-update"),
    (SGD, "w = w - lr*g", "", ("lr*g", "lr*clip(g, -0.1, 0.1)"), "unexplained-update"),
    (SGD, "w = w - lr*g", "", ("lr*g", "lr*g*t"), "update-rate"),
    (SGD, "delta = lr*g\nw = w - delta", "", ("lr*g", "g"), "update-rate"),
    (SGD, "delta = lr*g\nw = w - delta", "", ("- delta", "- lr*delta"), "update-rate"),
    (SGD, "w = where(g > 0, w - lr*abs(g), w + lr*abs(g))", "", ("g > 0", "g < 0"), "update-sign"),
    (ADAM, FOLDED, ADAM_STATE, ("sqrt(1 - beta2**t)/(1 - beta1**t)",
     "sqrt(1 - beta1**t)/(1 - beta2**t)"), "wrong-hyperparameter"),
    (ADAM, EPS_HAT, ADAM_STATE, ("sqrt(1 - beta2**t)", "1 - beta2**t"), "missing-root"),
    (ADAM, EPS_HAT, ADAM_STATE, ("lr*c2/", "lr/c2/"), "missing-bias-correction"),
    (ADAM, "m = beta1*m + (1 - beta1)*g\nv = v + (1 - beta2)*(g**2 - v)\n"
     "w = w - lr*(m/(1 - beta1**t))/(sqrt(v/(1 - beta2**t)) + eps)", ADAM_STATE,
     ("(g**2 - v)", "(g - v)**2"), "unexplained-update"),
    (ADAM, "M = beta1*M + g\nV = beta2*V + g**2\nmhat = (1 - beta1)*M/(1 - beta1**t)\n"
     "vhat = (1 - beta2)*V/(1 - beta2**t)\nw = w - lr*mhat/(sqrt(vhat) + eps)",
     "M = 0.0, V = 0.0", ("(1 - beta1)*M", "M"), "momentum-form"),
    (RMSPROP, "q = alpha*q + g**2\nrms = sqrt((1 - alpha)*q) + eps\nw = w - lr*g/rms", "q = 0.0",
     ("sqrt((1 - alpha)*q)", "(1 - alpha)*sqrt(q)"), "missing-root"),
    (RMSPROP, "q = alpha*q + (1 - alpha)*g**2\nw = w - lr*g/(sqrt(q) + eps)", "q = 0.0",
     ("g/(sqrt(q) + eps)", "g/sqrt(q) + eps"), "epsilon-placement"),
    (NESTEROV, "v = momentum*v - lr*g\nw = w + momentum*v - lr*g", "v = 0.0", (" - lr*g", ""),
     "momentum-form"),
    (NESTEROV, "b = momentum*b + g\nw = w - lr*(g + momentum*b)", "b = 0.0",
     ("(g + momentum*b)", "g + momentum*b"), "momentum-form"),
    ('name = "adamw"; lr = 0.05; weight_decay = 0.1', f"{FOLDED} - lr*weight_decay*w", ADAM_STATE,
     ("lr*weight", "alpha_t*weight"), "decay-coupling"),
    (f"{SGD}; weight_decay = 0.1", "shrink = 1 - lr*weight_decay\nw = shrink*w - lr*g", "",
     ("1 - lr", "lr"), "decay-coupling"),
    (ADAM, ADAM_CODE, ADAM_STATE, ("g**2", "g**4"), "unexplained-update"),
    (ADAM, FOLDED, ADAM_STATE, ("sqrt(v)", "sqrt(m**2)"), "unexplained-update"),
    (ADAM, "m = beta1*m + (1 - beta1)*g\nv = (beta2*(1 - beta2**(t - 1))*v + (1 - beta2)*g**2)/"
     "(1 - beta2**t)\nw = w - lr*m/(1 - beta1**t)/(sqrt(v) + eps)", ADAM_STATE,
     ("*(1 - beta2**(t - 1))", ""), "missing-bias-correction"),
    (ADAM, ADAM_CODE, ADAM_STATE, ("(1 - beta2**t)", "(2 - beta2**t)"), "wrong-hyperparameter"),
    ('name = "rmsprop"; lr = 0.02; alpha = 0.9', "d = g**2 - q\nq = q + d/10\n"
     "w = w - lr*g/(sqrt(q) + eps)", "q = 0.0", ("10", "100"), "wrong-hyperparameter"),
    (ADAGRAD, ROOT_KEPT, "r = 0.0", ("r**2 + ", ""), "unexplained-update"),
    (ADAGRAD, ROOT_KEPT, "r = 0.0", ("r + eps", "sqrt(r) + eps"), "missing-root"),
    (ADAGRAD, "s = s + (g*g - s)/t\nrms = sqrt(t*s)\nw = w - lr*g/(rms + eps)", "s = 0.0",
     ("t*s", "s"), "wrong-time-index"),
    (ADAGRAD, "s = s + g*g\nscale = 1/(sqrt(s) + eps)\nw = w - lr*scale*g", "s = 0.0",
     ("+ eps", "+ 1"), "epsilon-placement"),
    (ADAM, "m = beta1*m + (1 - beta1)*g\nv = beta2*v + (1 - beta2)*g**2\nc1 = 1/(1 - beta1**t)\n"
     "c2 = 1/(1 - beta2**t)\nw = w - lr*(c1*m)/(sqrt(c2*v) + eps)", ADAM_STATE,
     ("1/(1 - beta2**t)", "1 - beta2**t"), "missing-bias-correction"),
    (MOMENTUM, "a = a + (1 - momentum)*(g - a)\ngain = lr/(1 - momentum)\nw = w - gain*a",
     "a = 0.0", ("lr/(1 - momentum)", "lr"), "momentum-form"),
    (SGD, "eta = lr\nway = -g\nw = w + eta*way", "", ("-g", "g"), "update-sign"),
]  # fmt: skip


def errors_of(found):
    """Return the errors among what is found: a number for the rate is a remark."""
    return [finding for finding in found if finding.severity == "error"]


@pytest.mark.parametrize(("optimizer", "code", "state", "edit", "rule"), EDITS)
def test_one_edit_brings_the_line_back(optimizer, code, state, edit, rule, tmp_path):
    right, wrong = edit
    at = code.rindex(right)
    broken = code[:at] + wrong + code[at + len(right) :]
    assert not errors_of(found_in(tmp_path, optimizer, code, state))
    found = found_in(tmp_path, optimizer, broken, state)
    assert len(found) == 1
    assert (found[0].severity, found[0].rule) == ("error", rule)
    assert found[0].target == code[:at].split("\n")[-1].split(" ")[0]
    assert not errors_of(mended(tmp_path, found))


BOUNDED = "gc = clip(g, -50, 50)\nv = momentum*v + gc\nw = w - lr*v"


@pytest.mark.parametrize(("right", "wrong"), [("momentum*v", "v"), ("- lr", "+ lr"), ("*v", "*gc")])
def test_what_never_acts_on_the_run_is_no_part_of_the_mistake(right, wrong, tmp_path):
    start, end = BOUNDED.rsplit(right, 1)
    (error,) = found = found_in(tmp_path, MOMENTUM, start + wrong + end, "v = 0.0")
    assert error.fix in BOUNDED.split("\n")
    assert not errors_of(mended(tmp_path, found))


@pytest.mark.parametrize("wrong", ["abs(g)", "g**2", "w", "g/abs(g)", "sqrt(abs(g))", "(g + w)"])
def test_plain_descent_has_no_form_of_momentum(wrong, tmp_path):
    (error,) = found_in(tmp_path, SGD, f"w = w - lr*{wrong}")
    assert error.rule == "unexplained-update"
    assert "momentum-form" not in error.alternatives
    assert error.fix == "w = w - lr*g"
    assert "the step is not the one of sgd" in error.message


def test_a_constant_by_another_number_is_named_with_its_own(tmp_path):
    broken = ADAM_CODE.replace("eps", "1e-3")
    (error,) = found_in(tmp_path, ADAM, broken, ADAM_STATE)
    assert "1e-3 should be eps (1e-8)" in error.message


STARTS = [
    ("m = 0.0, v = 1.0", ADAM_CODE, "state = { m = 0.0, v = 0.0 }", "momentum-form"),
    ("m = 0.0, v = 0.0, k = 1.0", COUNTED, "state = { m = 0.0, v = 0.0, k = 0.0 }",
     "wrong-time-index"),
    ("m = 0.0, v = 0.0, p1 = 0.0, p2 = 1.0", POWERS,
     "state = { m = 0.0, v = 0.0, p1 = 1.0, p2 = 1.0 }", "missing-bias-correction"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "code", "fix", "rule"), STARTS)
def test_a_wrong_first_value_is_mended_in_the_line_of_the_state(state, code, fix, rule, tmp_path):
    (error,) = found = found_in(tmp_path, ADAM, code, state)
    assert (error.rule, error.fix) == (rule, fix)
    assert state[error.place.column - len("state = { ") - 1 :].startswith(("1.0", "0.0"))
    assert "wrong-hyperparameter" in error.alternatives
    assert not mended(tmp_path, found)


COSINE = "f = (1 + cos(3.141592653589793*(t - 1)/30))/2"

SCHEDULES = [
    # optimizer, schedule, sound program, state, (right, wrong), the fix
    (SGD, "exponential; gamma = 0.9", "w = w - r*g\nr = 0.9*r", "r = 0.05", ("0.05", "1.0"),
     "state = { r = 0.05 }"),
    (SGD, "exponential; gamma = 0.9", "k = k + 1\nw = w - 0.05*0.9**k*g", "k = -1.0",
     ("-1.0", "0.0"), "w = w - 0.05*0.9**(k - 1)*g"),
    (MOMENTUM, "step; step_size = 12; gamma = 0.2",
     "v = momentum*v + g\nw = w - 0.05*where(n < 12, 1, where(n < 24, 0.2, 0.04))*v\nn = n + 1",
     "v = 0.0, n = 0.0", ("n = 0.0", "n = 1.0"), "state = { v = 0.0, n = 0.0 }"),
    (SGD, "step; step_size = 15; gamma = 0.5",
     "w = w - 0.05*where(i < 15, 1, 0.5)*g\ni = i + 1", "i = 0.0", ("i < 15", "i <= 15"),
     "w = w - 0.05*where(i < 15, 1, 0.5)*g"),
    (SGD, "step; step_size = 15; gamma = 0.3", "f = where(t > 15, 0.3, 1)\nw = w - 0.05*f*g", "",
     ("0.3", "0.5"), "f = where(t > 15, 0.3, 1)"),
    (SGD, "step; step_size = 15; gamma = 0.3", "f = where(t > 15, 0.3, 1)\nw = w - 0.05*f*g", "",
     ("t > 15", "t < 15"), "f = where(t > 15, 0.3, 1)"),
    (SGD, "step; step_size = 10; gamma = 0.3",
     "f = where(t > 20, 0.09, where(t > 10, 0.3, 1))\nw = w - 0.05*f*g", "", ("0.09", "0.9"),
     "f = where(t > 20, 0.09, where(t > 10, 0.3, 1))"),
    (SGD, "exponential; gamma = 0.9", "w = w - 0.05*f*g\nf = 0.9*f", "f = 1.0", ("0.9*f", "0.9"),
     "f = f*0.9"),
    (SGD, "exponential; gamma = 0.9", "w = w - 0.05*f*g\nf = 0.9*f", "f = 1.0",
     ("0.9*f", "f - 0.1"), "f = f*0.9"),
    (SGD, "exponential; gamma = 0.9", "r = 0.9*r\nw = w - r/0.9*g", "r = 0.05", ("r/0.9", "r"),
     "w = w - r/0.9*g"),
    (SGD, "step; step_size = 10; gamma = 0.3",
     "d = (t > 10)*1 + (t > 20)*1\nw = w - 0.05*0.3**d*g", "", (">", ">="),
     "d = (t > 10)*1 + (t > 20)*1"),
    (SGD, "step; step_size = 10; gamma = 0.3",
     "f = where(t <= 10, 1, where(t <= 20, 0.3, 0.09))\nw = w - 0.05*f*g", "", ("20", "15"),
     "f = where(t <= 10, 1, where(t <= 20, 0.3, 0.09))"),
    (SGD, "cosine; min_lr = 0.0", f"{COSINE}\nw = w - 0.05*f*g", "", ("3.14", "6.28"), COSINE),
    (SGD, "cosine; min_lr = 0.0", f"{COSINE}\nw = w - 0.05*f*g", "", ("1 + ", "1 - "), COSINE),
]  # fmt: skip


@pytest.mark.parametrize(("optimizer", "name", "code", "state", "edit", "fix"), SCHEDULES)
def test_a_schedule_written_out_is_mended_not_given_up(
    optimizer, name, code, state, edit, fix, tmp_path
):
    schedule = 'name = "' + name.replace("; ", '"; ', 1)
    assert not errors_of(found_in(tmp_path, optimizer, code, state, schedule=schedule))
    if edit[0] in state:
        state = state.replace(*edit)
    else:
        code = code.replace(*edit)
    (error,) = found = found_in(tmp_path, optimizer, code, state, schedule=schedule)
    assert (error.severity, error.fix) == ("error", fix)
    assert not errors_of(mended(tmp_path, found))


TWO_POINTS = "old = where(t == 1, w, y)\ny = w - lr*g\nw = y + momentum*(y - old)"
PARTS = """keep = alpha*v
fresh = (1 - alpha)*g**2
v = keep + fresh
w = w - lr*g/(sqrt(v) + eps)"""
UNDONE = """share = (1 - momentum)/(1 - momentum**t)
avg = avg + share*(g - avg)
w = w - lr*avg/share"""
FORMS = [
    (ADAM, POWERS, f"{ADAM_STATE}, p1 = 1.0, p2 = 1.0", ("p2*beta2", "p2*p1"), "p2 = p2*beta2"),
    (NESTEROV, TWO_POINTS, "y = 0.0", ("w, y", "0, y"), "old = where(t == 1, w, y)"),
    (NESTEROV, TWO_POINTS, "y = 0.0", ("where(t == 1, w, y)", "y"), "old = where(t > 1, y, w)"),
    (RMSPROP, PARTS, "v = 0.0", ("keep + fresh", "fresh"), "v = fresh + keep"),
    (MOMENTUM, UNDONE, "avg = 0.0", ("/share", ""), "w = w - lr*avg/share"),
]


@pytest.mark.parametrize(("optimizer", "code", "state", "edit", "fix"), FORMS)
def test_a_part_that_was_lost_is_put_back_in_its_line(optimizer, code, state, edit, fix, tmp_path):
    assert not errors_of(found_in(tmp_path, optimizer, code, state))
    (error,) = found = found_in(tmp_path, optimizer, code.replace(*edit), state)
    assert (error.severity, error.fix) == ("error", fix)
    assert not errors_of(mended(tmp_path, found))


def test_two_first_values_of_one_line_are_mended_together(tmp_path):
    found = found_in(tmp_path, ADAM, POWERS, f"{ADAM_STATE}, p1 = 0.0, p2 = 0.5")
    assert [finding.fix for finding in found] == [
        "state = { m = 0.0, v = 0.0, p1 = 1.0, p2 = 1.0 }"
    ]
    assert not mended(tmp_path, found)


@pytest.mark.parametrize("remark", ["", "  # the mean of g²"])
def test_a_first_value_in_a_table_of_its_own_is_mended_there(remark, tmp_path):
    found_in(tmp_path, ADAM, ADAM_CODE, "m = 0.0, v = 0.0")
    path = tmp_path / "update.toml"
    text = path.read_text(encoding="utf-8").replace("state = { m = 0.0, v = 0.0 }\n", "")
    path.write_text(f"{text}\n[update.state]\nm = 0.0\nv = 1.0{remark}\n", encoding="utf-8")
    (error,) = found = mended(tmp_path, [])
    assert error.fix == "v = 0.0"
    assert not mended(tmp_path, found)


LACKING = [
    # optimizer, sound program, state, the line that is left out, what is said to be missing, where
    (MOMENTUM, "vel = momentum*b + g\nb = vel\nw = w - lr*vel", "b = 0.0", 1, "b = vel", "above"),
    (MOMENTUM, "w = w - lr*(momentum*b + g)\nb = momentum*b + g", "b = 0.0", 1,
     "b = momentum*b + g", "below"),
    (MOMENTUM, "v = momentum*v - lr*g\nw = w + v", "v = 0.0", 0, "v = momentum*v - lr*g", "above"),
    (MOMENTUM, "moved = where(t > 1, w - last, 0)\nlast = w\nw = w - lr*g + momentum*moved",
     "last = 0.0", 1, "last = w", "above"),
    (ADAM, ADAM_CODE, ADAM_STATE, 1, "v = beta2*v + (1 - beta2)*g**2", "above"),
    (ADAM, COUNTED, f"{ADAM_STATE}, k = 0.0", 0, "k = k + 1", "above"),
    (ADAM, POWERS, f"{ADAM_STATE}, p1 = 1.0, p2 = 1.0", 1, "p2 = beta2*p2", "above"),
    (ADAM, "M = beta1*M + g\nV = beta2*V + g**2\nmhat = (1 - beta1)*M/(1 - beta1**t)\n"
     "vhat = (1 - beta2)*V/(1 - beta2**t)\nw = w - lr*mhat/(sqrt(vhat) + eps)",
     "M = 0.0, V = 0.0", 0, "M = beta1*M + g", "above"),
    (ADAGRAD, "q = g*g\ns = s + q\nw = w - lr*g/(sqrt(s) + eps)", "s = 0.0", 1, "s = s + q",
     "above"),
    (RMSPROP, "q = alpha*q + g**2\nw = w - lr*g/(sqrt((1 - alpha)*q) + eps)", "q = 0.0", 0,
     "q = alpha*q + g**2", "above"),
    (f"{RMSPROP}; momentum = 0.5", "s = s + (1 - alpha)*(g**2 - s)\npace = lr/(sqrt(s) + eps)\n"
     "d = momentum*d + pace*g\nw = w - d", "s = 0.0, d = 0.0", 2, "d = momentum*d + g*pace",
     "above"),
    (f"{RMSPROP}; momentum = 0.5", "q = alpha*q + (1 - alpha)*g**2\nd = g/(sqrt(q) + eps)\n"
     "b = momentum*b + d\nw = w - lr*b", "q = 0.0, b = 0.0", 2, "b = momentum*b + d", "above"),
]  # fmt: skip


LACKED = {"k": "wrong-time-index", "p2": "missing-bias-correction", "s": "unexplained-update"}
"""What is kept -> the rule, where that is no form of momentum."""


@pytest.mark.parametrize(("optimizer", "code", "state", "left_out", "line", "where"), LACKING)
def test_a_line_that_is_missing_is_put_in(optimizer, code, state, left_out, line, where, tmp_path):
    rows = code.split("\n")
    broken = "\n".join(rows[:left_out] + rows[left_out + 1 :])
    (error,) = found = found_in(tmp_path, optimizer, broken, state)
    kept = line.split(" ")[0]
    said = f"{kept} keeps its first value, since no line assigns it: {line} is missing {where}"
    assert error.message.startswith(said)
    assert error.rule == LACKED.get(kept, "momentum-form")
    assert error.fix.split("\n")[where == "below"] == line
    assert not errors_of(mended(tmp_path, found))


JUMP = "w = w + (1 + momentum)*v - momentum*v0"


def test_a_first_value_is_mended_and_no_line_moved(tmp_path):
    code = """b1t = b1t*beta1
b2t = b2t*beta2
m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
c = sqrt(1 - b2t)
w = w - lr*c/(1 - b1t)*m/(sqrt(v) + eps*c)"""
    (error,) = found_in(tmp_path, ADAM, code, f"{ADAM_STATE}, b1t = 1.0, b2t = 0.999")
    assert error.fix == "state = { m = 0.0, v = 0.0, b1t = 1.0, b2t = 1.0 }"


ORDERS = [
    # lines in the wrong order, the right one, where the error stands, what is said of it
    (["v = momentum*v - lr*g", "v0 = v", JUMP], [1, 0, 2], "v0",
     "v0 is assigned too late: its line belongs above line 29, which assigns v"),
    (["d = lr*g", "v = momentum*v - d", "v0 = v", JUMP], [0, 2, 1, 3], "v0",
     "v0 is assigned too late: its line belongs above line 30, which assigns v"),
    (["v = momentum*v - lr*g", "back = w - momentum*v", "w = back + (1 + momentum)*v"], [1, 0, 2],
     "back", "back is assigned too late: its line belongs above line 29, which assigns v"),
    (["d = g + momentum*v", "v = momentum*v + g", "w = w - lr*d"], [1, 0, 2], "d",
     "v should be momentum*v + g"),
    (["w = w - lr*(g + momentum*v)", "v = momentum*v + g"], [1, 0], "w",
     "v should be momentum*v + g"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "order", "target", "said"), ORDERS)
def test_a_line_in_the_wrong_place_is_said_to_be(lines, order, target, said, tmp_path):
    right = "\n".join(lines[at] for at in order)
    assert not errors_of(found_in(tmp_path, NESTEROV, right, "v = 0.0"))
    (error,) = found = found_in(tmp_path, NESTEROV, "\n".join(lines), "v = 0.0")
    assert (error.rule, error.target) == ("momentum-form", target)
    assert said in error.message
    assert error.fix is None or not errors_of(mended(tmp_path, found))


def test_what_no_known_line_could_store_is_said_to_stay(tmp_path):
    (error,) = found_in(tmp_path, MOMENTUM, "w = w - lr*(momentum*b**3 + g)", "b = 0.0")
    assert (error.rule, error.fix) == ("momentum-form", None)
    assert "b keeps its first value, since no line assigns it" in error.message


@pytest.mark.parametrize("square", ["g**2", "g*g"])
@pytest.mark.parametrize(
    "step", ["w = (1 - lr*weight_decay)*w - lr*mhat/", "w = w - lr*weight_decay*w - lr*mhat/"]
)
def test_decoupled_decay_where_coupled_is_configured_is_mended_line_by_line(square, step, tmp_path):
    coupled = f"{ADAM}; weight_decay = 0.1"
    code = ADAM_CODE.replace("g**2", square).replace("w = w - lr*mhat/", step)
    found = found_in(tmp_path, coupled, code, ADAM_STATE)
    assert {finding.rule for finding in found} == {"decay-coupling"}
    assert [finding.target for finding in found] == ["m", "v", "w"]
    assert not mended(tmp_path, found)


@pytest.mark.parametrize("decay", ["weight_decay*w**2", "weight_decay*g", "weight_decay"])
def test_what_is_wrong_in_the_decay_is_the_decays(decay, tmp_path):
    decayed = f"{SGD}; weight_decay = 0.1"
    (error,) = found = found_in(tmp_path, decayed, f"gd = g + {decay}\nw = w - lr*gd")
    assert (error.rule, error.fix) == ("decay-coupling", "gd = g + weight_decay*w")
    assert not mended(tmp_path, found)


def test_a_constant_in_the_place_of_another_is_said_with_both_names():
    session = gradtui.load("adam_one_beta")
    (error,) = diagnose_update(session.problem).findings
    assert error.message.startswith("beta1 stands where beta2 belongs; ")


def test_that_nothing_explains_it_is_no_other_explanation():
    session = gradtui.load("update_momentum_average")
    (error,) = diagnose_update(session.problem).findings
    assert (error.rule, error.alternatives) == ("momentum-form", ())
