"""Arrays of objects, as some programs keep layers: they are searched and recorded as lists are."""

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError

RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 3))
W1, W2 = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 2))


def objects(*held):
    made = np.empty(len(held), dtype=object)
    made[:] = held
    return made


LAYERS = objects(np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([1.0, 2.0]))
SUM = objects(np.zeros(2))


def network(W1, W2):
    weights, hs = objects(W1, W2), np.empty(3, dtype=object)
    hs[0] = X
    for at in range(2):
        hs[at + 1] = np.tanh(hs[at] @ weights[at])
    d, grads = hs[2], np.empty(2, dtype=object)
    for at in (1, 0):
        d = d * (1 - hs[at + 1] ** 2)
        grads[at] = hs[at].T @ d
        d = d @ weights[at].T
    return np.sum(hs[2] ** 2) / 2, grads


def test_gradients_come_in_an_array_of_them():
    assert gradtui.check(network, W1, W2) == []

    def doubled(W1, W2):
        loss, grads = network(W1, W2)
        return loss, grads * 2

    found, *_ = gradtui.check(doubled, W1, W2)
    assert (found.target, found.rule, found.fix) == ("W1", "constant-factor", "return loss, grads")


def penalised(weights, factor):
    # The slope of w**2 is 2w.
    return sum(np.sum(w**2) for w in weights), weights * factor


def test_parameters_come_in_an_array_of_them():
    weights = objects(W1, W2)
    assert gradtui.check(penalised, weights, 2) == []
    (found,) = gradtui.check(penalised, weights, 3)
    assert (found.target, found.rule) == ("weights[0]", "constant-factor")
    assert weights[0] is W1


@pytest.mark.parametrize(
    "loss",
    [
        lambda w: np.sum(w.astype(object) ** 2),
        lambda w: np.array(list(w), dtype=object) @ np.array(list(w), dtype=object),
        lambda w: np.sum(np.array([w, w[:1]], dtype=object)[0] ** 2),
        lambda w: np.array([w, w[:1]], dtype=object)[0] @ w,
    ],
)
def test_what_an_array_of_objects_holds_is_still_recorded(loss):
    def case(w, factor):
        return loss(w), factor * w

    w = np.array([0.5, -1.5, 2.0])
    assert gradtui.check(case, w, 2) == []
    assert gradtui.check(case, w, 3)[0].rule == "constant-factor"


def test_arrays_in_one_of_the_files_own_take_part():
    def case(w):
        h = LAYERS[0].dot(w)
        return LAYERS[1].dot(h), 2 * LAYERS[0].T.dot(LAYERS[1])

    # Its method `dot` records nothing if they do not: only differences could be compared.
    (found,) = gradtui.check(case, np.array([0.3, 0.4]))
    assert (found.rule, found.fix) == (
        "constant-factor", "return LAYERS[1].dot(h), LAYERS[0].T.dot(LAYERS[1])",
    )  # fmt: skip


def test_what_one_of_the_files_own_holds_is_put_back():
    def case(w):
        SUM[0] = SUM[0] + 2 * w
        return np.sum(w**2), SUM[0]

    found, kept = gradtui.check(case, np.array([1.0, 2.0]))
    assert (found.rule, found.fix) == ("double-counted-path", "SUM[0] = 2 * w")
    assert kept.rule == "nondeterministic" and kept.severity == "info"
    assert np.array_equal(SUM[0], [0.0, 0.0])


def test_numbers_as_objects_are_refused_with_a_word():
    w = np.array([0.5, -1.5], dtype=object)
    with pytest.raises(InputError, match=r"w is an array of objects: give w\.astype\(float\)"):
        gradtui.check(lambda w: (w @ w, 2 * w), w)
    with pytest.raises(InputError, match=r"no gradient but that of w: it is an array of objects"):
        gradtui.check(lambda w, b: (w @ w + b, {"w": 2 * w}), w, 1.0)


@pytest.mark.parametrize(
    ("gradient", "told"),
    [
        ([np.ones(2), np.ones(3)], "a list without numbers"),
        (np.array(["a", "b"]), "an array without numbers"),
        ("none", "a str"),
        (object(), "an object"),
    ],
)
def test_a_gradient_that_is_no_array_of_numbers_is_refused(gradient, told):
    with pytest.raises(InputError, match=f"gradient of w is {told}: expected an array of floats"):
        gradtui.check(lambda w: (np.sum(w**2), {"w": gradient}), np.array([1.0, 2.0]))


RECORDS = np.zeros(2, dtype=[("rows", int), ("weight", object), ("out", object)])
for record, weight in zip(RECORDS, LAYERS, strict=True):
    record["rows"], record["weight"], record["out"] = len(weight), weight, np.zeros(2)


def of_records(x):
    for record in RECORDS:
        record["out"] = np.tanh(x) * record["weight"].sum(0)
    RECORDS["rows"] += 1
    slope = 1 - np.tanh(x) ** 2
    return RECORDS["out"][0].sum() + RECORDS["out"][1].sum(), slope * (LAYERS[0].sum(0) + 3)


def test_records_with_objects_are_restored():
    before = [[*one] for one in RECORDS]
    found = gradtui.check(of_records, x=np.array([0.3, -0.4]))
    assert [one for one in found if one.severity == "error"] == []
    for one, own in zip(before, RECORDS, strict=True):
        assert one[0] == own["rows"] and one[1] is own["weight"] and one[2] is own["out"]
