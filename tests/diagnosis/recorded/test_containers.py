"""Parameters and gradients in dicts, lists and numbers, and functions that take them anyhow."""

import collections
import dataclasses
import functools

import numpy as np
import pytest

import gradtui

RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 3))
W, B = RNG.normal(size=(3, 2)), RNG.normal(size=2)


Last = collections.namedtuple("Last", ["W"])


def layer(params, wrong, keyed):
    y = X @ params["W"] + params["b"]
    dw, db = 2 * X.T @ y, (3 if wrong else 2) * y.sum(0)
    return np.sum(y**2), keyed(dw, db)


@pytest.mark.parametrize(
    "keyed",
    [
        lambda dw, db: {"W": dw, "b": db},
        lambda dw, db: {"dW": dw, "db": db},
        lambda dw, db: {"params": {"dW": dw, "db": db}},
        lambda dw, db: (dw, db),
        lambda dw, db: {'params["W"]': dw, "b": db},
    ],
)
def test_gradients_of_a_dict_come_as_it_or_by_its_keys(keyed):
    given = {"W": W, "b": B}

    assert gradtui.check(functools.partial(layer, wrong=False, keyed=keyed), given) == []
    (found,) = gradtui.check(functools.partial(layer, wrong=True, keyed=keyed), given)
    assert found.target == 'params["b"]' and found.severity == "error"
    assert np.array_equal(given["W"], W) and given["b"] is B


def test_gradients_of_a_list_of_layers_come_as_one():
    def case(layers, right):
        hs = [X]
        for one in layers:
            hs.append(np.tanh(hs[-1] @ one["W"] + one["b"]))
        g, grads = 2 * hs[-1], []
        for one, h, before in zip(layers[::-1], hs[:0:-1], hs[-2::-1], strict=True):
            dz = g * (1 - h**2)
            grads.append({"W": before.T @ dz, "b": dz.sum(0) if right else dz.mean(0)})
            g = dz @ one["W"].T
        return np.sum(hs[-1] ** 2), grads[::-1]

    layers = [{"W": W, "b": B}, {"W": W[:2], "b": B}]

    assert gradtui.check(case, layers, right=True) == []
    (found,) = gradtui.check(case, layers, right=False)
    assert "its two cases are swapped" in found.message
    assert found.evidence["gradients"] == ['layers[0]["b"]', 'layers[1]["b"]']


@dataclasses.dataclass(frozen=True)
class Dense:
    W: np.ndarray
    b: np.ndarray
    name: str = "dense"


def test_parameters_stand_in_dataclasses_and_named_tuples():
    def case(layers, last):
        first = layers[0]
        h = X @ first.W + first.b
        y, g = h @ last.W, 2 * h @ last.W
        back = g @ last.W.T
        return np.sum(y**2), {
            "layers": [Dense(X.T @ back, back.mean(0))],
            "last": Last(h.T @ g),
        }

    layers, last = [Dense(W, B)], Last(W[:2])
    (found,) = gradtui.check(case, layers, last)

    assert (found.target, found.rule) == ("layers[0].b", "wrong-axis")
    assert layers[0].W is W


def test_numbers_that_gradients_are_returned_for_are_judged():
    def line(w, b, reg=0.1):
        e = w * X + b
        return np.mean(e**2) + reg * w**2, {"w": np.mean(2 * e * X) + 2 * reg * w, "b": np.mean(e)}

    (found,) = gradtui.check(line, w=0.5, b=0.25)

    assert (found.target, found.evidence["true"]) == (
        "b",
        pytest.approx(2 * np.mean(0.5 * X + 0.25)),
    )
    assert gradtui.check(lambda w, b: (w * b, (b, w)), w=0.5, b=2.0) == []


def case(w, x, scale=1.0):
    y = np.dot(x, w) * scale
    return np.sum(y**2), 3 * scale * np.dot(x.T, y)


def renamed(function):
    @functools.wraps(function)
    def wrapper(*args, **options):
        return function(*args, **options)

    return wrapper


class Wrapper:
    def __init__(self, function):
        self.function = function

    def __call__(self, *args, **options):
        return self.function(*args, **options)


@pytest.mark.parametrize(
    "target",
    [
        functools.partial(case, x=X),
        functools.partial(case, scale=2.0),
        renamed(case),
        Wrapper(case),
    ],
    ids=["data", "number", "decorator", "object"],
)
def test_a_mistake_is_found_through_what_wraps_a_function(target):
    given = (W,) if "x" in getattr(target, "keywords", {}) else (W, X)

    (found,) = gradtui.check(target, *given)

    assert found.message.endswith("3 must be 2") and found.line == case.__code__.co_firstlineno + 2


def test_arguments_may_be_positional_only_or_spread():
    def first(a, b, /, *, scale=2.0):
        return scale * np.sum(a * b), (scale * b, scale * a)

    def spread(*parts, **named):
        (a, b), c = parts, named["c"]
        return np.sum(a * b * c), {"parts": (b * c, a * c), "c": 2 * a * b}

    assert gradtui.check(first, B, B + 1) == []
    (found,) = gradtui.check(spread, B, B + 1, c=B + 2)
    assert (found.target, found.rule) == ("c", "constant-factor")


def test_a_cache_is_spread_where_the_backward_half_takes_its_parts():
    def forward(x, w):
        return x @ w, (x, w)

    def backward(dout, x, w):
        return dout @ w.T, x.T @ dout

    assert gradtui.check(forward, backward, x=X, w=W) == []


def test_two_gradients_for_one_name_are_refused_unless_one_is_the_parameter():
    with pytest.raises(gradtui.InputError, match="returned as 'w' and as 'dw'"):
        gradtui.check(lambda w: (np.sum(w**2), {"w": 3 * w, "dw": 2 * w}), w=W)

    (found,) = gradtui.check(lambda w: (np.sum(w**2), {"w": w, "dw": 3 * w}), w=W)
    assert found.rule == "constant-factor"


def test_what_is_returned_and_cannot_be_compared_is_named():
    def indexed(w, labels, n):
        return np.sum(w**2), {"w": 2 * w, "labels": w, "n": 1.0}

    found = gradtui.check(indexed, w=W, labels=np.arange(2), n=3)

    assert [one.severity for one in found] == ["info", "info"]
    assert "labels is not compared: it is an array of whole numbers" in found[0].message
    assert "n is not compared: it is the whole number 3: give 3.0" in found[1].message


def test_float16_and_other_structures_are_refused_with_a_word():
    def halved(w):
        return np.sum(w**2), 2 * w

    with pytest.raises(gradtui.InputError, match=r"w is float16.*astype\(np.float32\)"):
        gradtui.check(halved, w=W.astype(np.float16))
    with pytest.raises(gradtui.InputError, match="params are a list of 1: expected one of each of"):
        gradtui.check(layer, {"W": W, "b": B}, True, lambda dw, db: {"params": [dw]})
    with pytest.raises(gradtui.InputError, match="'V', which is not an argument"):
        gradtui.check(layer, {"W": W, "b": B}, True, lambda dw, db: {"V": dw})
