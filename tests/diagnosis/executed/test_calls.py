"""How updates are given what they ask for: rates passed on to bases, parameters by layer."""

import numpy as np
import pytest

import gradtui
from gradtui import InputError
from gradtui.diagnosis.finding import Finding


def only(findings: list[Finding]) -> Finding:
    (found,) = findings
    return found


class Base:
    def __init__(self, lr=0.5, name=""):
        self.lr, self.name = lr, name


class PassingOn(Base):
    def __init__(self, momentum=0.9, **options):
        super().__init__(name="heavy", **options)
        self.momentum, self.speeds = momentum, {}

    def update(self, params, grads):
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            self.speeds[i] = self.momentum * self.speeds.get(i, 0.0) - self.lr * g
            p += self.speeds[i]


class Reading:
    def __init__(self, **options):
        self.rate = options.get("learning_rate", 0.5)

    def update(self, w, grad):
        return w - self.rate * grad


@pytest.mark.parametrize(("given", "momentum"), [(PassingOn, 0.9), (Reading, 0.0)])
@pytest.mark.parametrize("lr", [0.01, 0.02])
def test_a_class_is_given_the_rate_that_it_passes_on_or_reads(given, momentum, lr):
    assert not gradtui.check_update(given, "sgd", lr=lr, momentum=momentum)


def descend(parameters, grads, learning_rate):
    for at in range(len(parameters) // 2):
        for kind in "Wb":
            key = kind + str(at + 1)
            parameters[key] = parameters[key] - learning_rate * grads["d" + key]
    return parameters


def adam_by_layer(parameters, grads, v, s, t, learning_rate=0.1, beta1=0.9, beta2=0.999,
                  epsilon=1e-8):  # fmt: skip
    for at in range(1, len(parameters) // 2 + 1):
        for key in ("W" + str(at), "b" + str(at)):
            d = "d" + key
            v[d] = beta1 * v[d] + (1 - beta1) * grads[d]
            s[d] = beta2 * s[d] + (1 - beta2) * grads[d] ** 2
            step = v[d] / (1 - beta1**t) / (np.sqrt(s[d] / (1 - beta2**t)) + epsilon)
            parameters[key] -= learning_rate * step
    return parameters, v, s


def running(parameters, grads, v, beta, learning_rate):
    new = {}
    for key in grads:
        new[key] = beta * v[key] + (1 - beta) * grads[key]
        parameters[key[1:]] = parameters[key[1:]] - learning_rate * new[key]
    return parameters, new


class ByLayer:
    def __init__(self, learning_rate):
        self.rate, self.sizes = learning_rate, {}

    def update(self, params, grads):
        for at in range(len(params) // 2):
            for key in (f"W{at + 1}", f"b{at + 1}"):
                self.sizes[key] = self.sizes.get(key, 0.0) + grads["d" + key] ** 2
                params[key] -= self.rate * grads["d" + key] / (np.sqrt(self.sizes[key]) + 1e-10)


@pytest.mark.parametrize(
    ("step", "optimizer"), [(descend, "sgd"), (adam_by_layer, "adam"), (ByLayer, "adagrad")]
)
def test_parameters_are_given_by_layer(step, optimizer):
    assert not gradtui.check_update(step, optimizer, lr=0.01)


def test_a_state_by_layer_that_is_returned_is_kept():
    found = only(gradtui.check_update(running, "sgd", lr=0.01, momentum=0.9))
    assert (found.rule, found.severity) == ("momentum-form", "warning")


def test_the_gradient_of_another_parameter_shows_by_layer():
    def crossed(parameters, grads, learning_rate):
        parameters["W1"] = parameters["W1"] - learning_rate * np.mean(grads["db1"])
        parameters["b1"] = parameters["b1"] - learning_rate * grads["db1"]
        return parameters

    assert only(gradtui.check_update(crossed, "sgd", lr=0.01)).severity == "error"


def test_unknown_keys_are_told_with_those_that_are_given():
    def step(params, grads, lr):
        params["weights"] -= lr * grads["weights"]
        return params

    with pytest.raises(InputError, match=r"reads 'weights'.* W1, b1 and dW1, db1"):
        gradtui.check_update(step, "sgd", lr=0.01)


def test_a_key_of_a_state_of_ones_own_is_ones_own_error():
    def step(w, g, state, lr):
        state["m"] = 0.9 * state["m"] + g
        return w - lr * state["m"]

    with pytest.raises(KeyError, match="m"):
        gradtui.check_update(step, "sgd", lr=0.01)


class Undecayed:
    def __init__(self, lr=0.1, weight_decay=0.0):
        self.lr, self.weight_decay, self.t, self.m, self.v = lr, weight_decay, 0, {}, {}

    def update(self, params, grads):
        self.t += 1
        for key in params:
            self.m[key] = 0.9 * self.m.get(key, 0.0) + 0.1 * grads[key]
            self.v[key] = 0.999 * self.v.get(key, 0.0) + 0.001 * grads[key] ** 2
            params[key] -= self.lr * self.weight_decay * params[key]
            size = np.sqrt(self.v[key] / (1 - 0.999**self.t)) + 1e-8
            params[key] -= self.lr * self.m[key] / (1 - 0.9**self.t) / size


@pytest.mark.parametrize(
    ("step", "value"), [(Undecayed, "0"), (Undecayed(lr=0.01, weight_decay=0.1), "0.1")]
)
def test_a_decay_of_its_own_is_told_without_a_fix(step, value):
    found = only(gradtui.check_update(step, "adamw", lr=0.01))
    assert f"weight_decay is {value} here" in found.message
    assert f"give weight_decay={value} to compare with that" in found.message
    assert found.fix is None


def plain(w, g, state, lr):
    return w - lr * g


@pytest.mark.parametrize("name", ["SGD", "sgd", "Sgd "])
def test_the_name_of_an_optimizer_is_written_in_any_case(name):
    assert not gradtui.check_update(plain, name, lr=0.01)


@pytest.mark.parametrize("name", ["nadam", "AdaMax", "amsgrad", "adadelta", "lion"])
def test_an_optimizer_that_is_no_reference_is_no_misspelling(name):
    with pytest.raises(InputError, match=f"no optimizer '{name}': expected sgd, adagrad"):
        gradtui.check_update(plain, name, lr=0.01)


@pytest.mark.parametrize(
    ("name", "constants"),
    [("momentum", "momentum=0.9"), ("Nesterov", "momentum=0.9, nesterov=True")],
)
def test_an_optimizer_that_is_sgd_with_constants_is_told_so(name, constants):
    with pytest.raises(InputError, match=f"no optimizer '{name}': give \"sgd\" and {constants}$"):
        gradtui.check_update(plain, name, lr=0.01)


class Stepping:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self):
        for one in self.params:
            one.data = one.data - self.lr * one.grad


def test_a_class_with_a_step_is_told_how_to_be_wrapped():
    with pytest.raises(InputError, match=r"update\(params, grads\).*gradtui help optimizers"):
        gradtui.check_update(Stepping, "sgd", lr=0.01)


def test_a_function_that_makes_the_update_is_no_update():
    def make(w, g, lr):
        return lambda deltas: lr * deltas

    with pytest.raises(InputError, match="returns a function"):
        gradtui.check_update(make, "sgd", lr=0.01)
