"""The line of an update that is at fault, with its fix, in the forms that public code has."""

import importlib.util
from pathlib import Path

import pytest

import gradtui
from gradtui.diagnosis.finding import Finding


def loaded(path: Path, source: str):
    """Return the module of a source."""
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def error_of(module, name: str, optimizer: str, **given) -> Finding:
    """Return the only error of a module's optimizer."""
    (found,) = (
        one for one in gradtui.check_update(getattr(module, name), optimizer, **given)
        if one.severity == "error"
    )  # fmt: skip
    return found


HOLDERS = """
import types


class Steps:
    def __init__(self, lr, momentum):
        self.lr, self.momentum, self.boxes, self.speeds = lr, momentum, None, {}

    def update(self, params, grads):
        if self.boxes is None:
            self.boxes = [types.SimpleNamespace(held=dict({"W": p})) for p in params]
        for i, (box, p, g) in enumerate(zip(self.boxes, params, grads)):
            box.held["W"] = p
            self.speeds[i] = self.momentum * self.speeds.get(i, 0.0) - self.lr * g
            box.held["W"] += self.speeds[i]
"""


def test_no_edit_stores_into_a_module(tmp_path):
    wrong = HOLDERS.replace("- self.lr *", "- self.lr +")
    module = loaded(tmp_path / "holders.py", wrong)
    found = error_of(module, "Steps", "sgd", lr=0.01, momentum=0.9)
    assert found.fix == "self.speeds[i] = self.momentum * self.speeds.get(i, 0.0) - self.lr * g"


OWN_FORMS = """
import numpy as np


class Sums:
    def __init__(self, lr):
        self.lr, self.sums = lr, {}

    def update(self, params, grads):
        for key in params:
            self.sums[key] = self.sums.get(key, 0.0) + grads[key]**2
            params[key] -= self.lr * grads[key] / (np.sqrt(self.sums[key]) + 1e-7)


class Rooted:
    def __init__(self, lr, rho=0.99):
        self.lr, self.rho, self.size = lr, rho, 0.0

    def update(self, w, grad):
        self.size = self.rho * self.size + (1 - self.rho) * grad**2
        return w - self.lr * grad / np.sqrt(self.size + 1e-8)


class Folded:
    def __init__(self, lr, b1=0.9, b2=0.999):
        self.lr, self.b1, self.b2, self.count = lr, b1, b2, 0
        self.mean, self.size = {}, {}

    def update(self, params, grads):
        self.count += 1
        rate = self.lr * np.sqrt(1 - self.b2**self.count) / (1 - self.b1**self.count)
        for key in params:
            mean, size = self.mean.get(key, 0.0), self.size.get(key, 0.0)
            self.mean[key] = mean + (1 - self.b1) * (grads[key] - mean)
            self.size[key] = size + (1 - self.b2) * (grads[key]**2 - size)
            params[key] -= rate * self.mean[key] / (np.sqrt(self.size[key]) + 1e-7)


class Averaged:
    def __init__(self, lr, momentum):
        self.lr, self.momentum, self.speed = lr, momentum, 0.0

    def update(self, w, grad):
        self.speed = self.momentum * self.speed + (1 - self.momentum) * grad
        return w - self.lr * self.speed
"""


@pytest.mark.parametrize(
    ("name", "optimizer", "given", "right", "wrong"),
    [
        ("Sums", "adagrad", {}, "params[key] -= self.lr * grads", "params[key] += self.lr * grads"),
        ("Sums", "adagrad", {}, "/ (np.sqrt(self.sums", "* (np.sqrt(self.sums"),
        ("Rooted", "rmsprop", {}, "(1 - self.rho) *", "(1 + self.rho) *"),
        ("Rooted", "rmsprop", {}, "w - self.lr * grad / np", "w + self.lr * grad / np"),
        ("Folded", "adam", {}, "(1 - self.b2) * (", "(1 - self.b1) * ("),
        ("Folded", "adam", {}, "np.sqrt(1 - self.b2**", "np.sqrt(1 - self.b1**"),
        ("Averaged", "sgd", {"momentum": 0.9}, "w - self.lr * self.speed",
         "w + self.lr * self.speed"),
        ("Averaged", "sgd", {"momentum": 0.5}, "w - self.lr * self.speed",
         "w + self.lr * self.speed"),
    ],
)  # fmt: skip
def test_a_mistake_is_located_in_the_form_of_the_code(
    tmp_path, name, optimizer, given, right, wrong
):
    at = OWN_FORMS.index(right, OWN_FORMS.index(f"class {name}"))
    source = OWN_FORMS[:at] + wrong + OWN_FORMS[at + len(right) :]
    found = error_of(loaded(tmp_path / "forms.py", source), name, optimizer, lr=0.01, **given)
    assert found.line == source[: source.index(wrong, at)].count("\n") + 1
    assert right in found.fix


@pytest.mark.parametrize(("name", "optimizer"), [
    ("Sums", "adagrad"), ("Rooted", "rmsprop"), ("Folded", "adam"),
])  # fmt: skip
def test_the_form_alone_is_no_mistake(tmp_path, name, optimizer):
    module = loaded(tmp_path / "forms.py", OWN_FORMS)
    found = gradtui.check_update(getattr(module, name), optimizer, lr=0.01)
    assert found
    assert {one.severity for one in found} <= {"info", "warning"}
    assert not any(one.fix for one in found)


CONFIG = """
import numpy as np


def adam(w, dw, config):
    mean, size = config.get("mean", 0.0), config.get("size", 0.0)
    t = config.get("t", np.uint32(0)) + 1
    beta1, beta2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    config["mean"] = mean = beta1 * mean + (1 - beta1) * dw
    config["size"] = size = beta2 * size + (1 - beta2) * dw**2
    config["t"] = t
    step = mean / (1 - beta1**t) / (np.sqrt(size / (1 - beta2**t)) + 1e-8)
    return w - config["learning_rate"] * step, config
"""


@pytest.mark.parametrize("given", [{}, {"beta1": 0.8}])
def test_a_fix_runs_with_the_users_own_arguments(tmp_path, given):
    wrong = CONFIG.replace("np.uint32(0)", "np.uint32(1)")
    module = loaded(tmp_path / "config.py", wrong)
    found = error_of(module, "adam", "adam", lr=0.01, **given)
    assert found.fix == 't = config.get("t", np.uint32(0)) + 1'


STARTS = """
def sums(w, g, state, lr, eps):
    total = state["total"] = state.get("total", 1.0) + g * g
    return w - lr * g / (total**0.5 + eps)
"""


@pytest.mark.parametrize(
    ("start", "said"),
    [("1.0", "s starts at 1, that of adagrad at 0"), ("5", "adagrad: 5 is where 0 belongs")],
)
def test_where_a_sum_starts_is_not_taken_for_a_constant(tmp_path, start, said):
    module = loaded(tmp_path / "starts.py", STARTS.replace("1.0", start))
    found = error_of(module, "sums", "adagrad", lr=0.01)
    assert said in found.message
    assert "weight_decay" not in found.message
    assert found.line == 3


SCALED = """
import numpy as np


def adam(w, g, state, lr, t, share=1):
    m = state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
    v = state["v"] = 0.999 * state.get("v", 0.0) + 0.001 * g**2
    step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    step = step / np.maximum(np.power(np.sum(np.abs(step) ** 2), 1 / 2), 0.25)
    return w - lr * step
"""


def test_an_exponent_is_not_taken_for_a_constant(tmp_path):
    module = loaded(tmp_path / "scaled.py", SCALED)
    found = error_of(module, "adam", "adam", lr=0.01)
    assert "eps is" not in found.message
    assert "1e-08" not in (found.fix or "")


COUNTING = """
import numpy as np


class Adam:
    def __init__(self, lr, b1=0.9, b2=0.999):
        self.lr, self.b1, self.b2, self.t, self.m, self.v = lr, b1, b2, 0, {}, {}

    def update(self, params, grads):
        self.t += 1
        for key in params:
            g = grads[key]
            self.m[key] = self.b1 * self.m.get(key, 0.0) + (1 - self.b1) * g
            self.v[key] = self.b2 * self.v.get(key, 0.0) + (1 - self.b2) * g ** 2
            mean = self.m[key] / (1 - self.b1 ** self.t)
            size = np.sqrt(self.v[key] / (1 - self.b2 ** self.t))
            params[key] -= self.lr * mean / (size + 1e-8)
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("g ** 2", "g * 2"),
        ("self.b1 ** self.t", "self.b1 * self.t"),
        ("self.t += 1", "self.t += 2"),
    ],
)
def test_a_wrong_token_is_located(tmp_path, right, wrong):
    source = COUNTING.replace(right, wrong)
    found = error_of(loaded(tmp_path / "counting.py", source), "Adam", "adam", lr=0.01)
    assert found.line == source[: source.index(wrong)].count("\n") + 1
    assert right in found.fix


def test_a_count_in_the_loop_over_parameters_is_located(tmp_path):
    step = "        self.t += 1\n"
    source = COUNTING.replace(step, "").replace("            g = ", f"    {step}            g = ")
    found = error_of(loaded(tmp_path / "counting.py", source), "Adam", "adam", lr=0.01)
    assert found.line == source[: source.index("self.t += 1")].count("\n") + 1
    assert found.fix.startswith("self.t += 1\n        for key in params:\n            g = ")


DECAYED = """
class Steps:
    def __init__(self, lr, weight_decay):
        self.lr, self.weight_decay = lr, weight_decay

    def update(self, params, grads):
        for i, (p, g) in enumerate(zip(params, grads)):
            p -= self.lr * g
            p -= self.lr * self.weight_decay * (p + self.lr * g)
"""


def test_a_sum_for_a_product_of_the_rate_is_located(tmp_path):
    source = DECAYED.replace("self.lr * self.weight_decay *", "self.lr + self.weight_decay *")
    module = loaded(tmp_path / "decayed.py", source)
    found = error_of(module, "Steps", "sgd", lr=0.01, weight_decay=0.1)
    assert found.fix == "p -= self.lr * self.weight_decay * (p + self.lr * g)"


PUBLISHED = """
import numpy as np


def clipped(x):
    return np.clip(x, -1e9, 1e9)


def odd_update(w, g, lr):
    return w - lr * np.sinh(g) * np.cos(w) + lr * g * w - lr * g**3
"""


def test_what_is_not_located_points_at_the_function_that_computes(tmp_path):
    module = loaded(tmp_path / "published.py", PUBLISHED)

    def wrapper(w, g, state, lr):
        return module.odd_update(module.clipped(w), g, lr)

    (found,) = gradtui.check_update(wrapper, "sgd", lr=0.01)
    assert found.fix is None
    assert (found.place.file, found.line) == (str(tmp_path / "published.py"), 9)


CHOOSING = """
import numpy as np


class Steps:
    def __init__(self, lr, momentum=0.0, nesterov=False):
        self.lr, self.momentum, self.nesterov, self.speeds = lr, momentum, nesterov, {}

    def update(self, params, grads):
        if not self.speeds:
            for key, p in params.items():
                self.speeds[key] = np.zeros_like(p)
        for key in params:
            step = self.speeds[key] = self.momentum * self.speeds[key] + grads[key]
            if self.nesterov:
                step = grads[key] + self.momentum * step
            params[key] -= self.lr * step
"""


@pytest.mark.parametrize(
    ("right", "wrong"), [("if self.nesterov", "if not self.nesterov"), ("zeros_like", "ones_like")]
)
def test_a_fix_is_what_one_would_write(tmp_path, right, wrong):
    module = loaded(tmp_path / "choosing.py", CHOOSING.replace(right, wrong))
    found = error_of(module, "Steps", "sgd", lr=0.01, momentum=0.9, nesterov=True)
    assert found.fix == next(row for row in CHOOSING.split("\n") if right in row).strip()


MOVING = """
import numpy as np


class Adam:
    def __init__(self, lr):
        self.lr, self.t, self.m, self.v = lr, 0, {}, {}

    def update(self, params, grads):
        self.t += 1
        for key, grad in grads.items():
            self.m[key] = 0.9 * self.m.get(key, 0.0) + 0.1 * grad
            self.v[key] = 0.999 * self.v.get(key, 0.0) + 0.001 * grad**2
            mean, size = self.m[key] / (1 - 0.9**self.t), self.v[key] / (1 - 0.999**self.t)
            move = self.lr * mean / (np.sqrt(size) + 1e-8)
            params[key] -= move
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("params[key] -= move", "params[key] += move"), ("self.lr * mean", "self.lr * grad")],
)
def test_the_line_that_moves_is_at_fault(tmp_path, right, wrong):
    source = MOVING.replace(right, wrong)
    found = error_of(loaded(tmp_path / "moving.py", source), "Adam", "adam", lr=0.01)
    assert found.line == source[: source.index(wrong)].count("\n") + 1
    assert right in found.fix
    assert "give " not in found.message


def test_a_form_that_the_mistake_hides_is_kept(tmp_path):
    wrong = OWN_FORMS.replace("self.rho * self.size", "self.rho + self.size")
    found = error_of(loaded(tmp_path / "hidden.py", wrong), "Rooted", "rmsprop", lr=0.01)
    assert found.fix == "self.size = self.rho * self.size + (1 - self.rho) * grad**2"


ADDING = """
import numpy as np


class Folded:
    def __init__(self, lr, b1=0.9, b2=0.999):
        self.lr, self.b1, self.b2, self.count, self.m, self.v = lr, b1, b2, 0, None, None

    def update(self, params, grads):
        if self.m is None:
            self.m = {key: np.zeros_like(p) for key, p in params.items()}
            self.v = {key: np.zeros_like(p) for key, p in params.items()}
        self.count += 1
        rate = self.lr * np.sqrt(1.0 - self.b2**self.count) / (1.0 - self.b1**self.count)
        for key in params:
            self.m[key] += (1 - self.b1) * (grads[key] - self.m[key])
            self.v[key] += (1 - self.b2) * (grads[key]**2 - self.v[key])
            params[key] -= rate * self.m[key] / (np.sqrt(self.v[key]) + 1e-7)
"""


def test_weights_go_down_though_all_that_is_kept_goes_up(tmp_path):
    source = ADDING.replace("params[key] -=", "params[key] +=")
    found = error_of(loaded(tmp_path / "adding.py", source), "Folded", "adam", lr=0.01)
    assert found.fix.startswith("params[key] -= rate")


SQUARES = """
import numpy as np


class AdaGrad:
    def __init__(self, lr):
        self.lr, self.sums = lr, {}

    def update(self, params, grads):
        for key in params:
            self.sums.setdefault(key, np.zeros_like(params[key]))
            self.sums[key] += grads[key] * grads[key]
            params[key] -= self.lr * grads[key] / (np.sqrt(self.sums[key]) + 1e-7)


def exchanged(w, g, state, lr=0.01):
    t = state["t"] = state.get("t", 0) + 1
    b1, b2 = 0.999, 0.9
    state["m"] = b1 * state.get("m", 0 * w) + (1 - b1) * g
    state["v"] = b2 * state.get("v", 0 * w) + (1 - b2) * g * g
    m, v = state["m"] / (1 - b1**t), state["v"] / (1 - b2**t)
    return w - lr * m / (np.sqrt(v) + 1e-8)
"""


def test_the_square_of_what_is_added_is_missing(tmp_path):
    right = "self.sums[key] += grads[key] * grads[key]"
    module = loaded(tmp_path / "squares.py", SQUARES.replace(right, right[: -len(" * grads[key]")]))
    found = error_of(module, "AdaGrad", "adagrad", lr=0.01)
    assert found.fix == "self.sums[key] += grads[key]**2"


def test_numbers_that_are_no_default_are_told_where_they_stand(tmp_path):
    module = loaded(tmp_path / "squares.py", SQUARES)
    found = error_of(module, "exchanged", "adam", lr=0.01)
    assert found.line == 1 + SQUARES[: SQUARES.index("b1, b2 = 0.999")].count("\n")
