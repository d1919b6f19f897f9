"""Gradients given as numbers: what is wrong together, and what one step would have to be."""

from pathlib import Path

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.backward.diagnose import diagnose

X = np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8], [0.2, 1.1]])
Y = np.array([1.2, -0.4, 0.9, 0.1])
W1 = np.array([[0.1, -0.4, 0.3], [0.7, 0.2, -0.5]])
B1 = np.array([0.1, 0.0, -0.2])
W2 = np.array([0.6, -0.3, 0.8])
MODEL = "z = X@W1 + b1\nh = tanh(z)\nyhat = h@w2\ne = yhat - y\nL = mean(e**2)"


def gradients(slope=lambda h: 1 - h**2, n=4):
    """Return the gradients of a small network, with a slope of tanh and a batch size of one's own.

    Written out anew, without the engine.
    """
    h = np.tanh(X @ W1 + B1)
    dyhat = 2 * (h @ W2 - Y) / n
    dz = dyhat[:, None] * W2 * slope(h)
    return {"W1": X.T @ dz, "b1": dz.sum(axis=0), "w2": h.T @ dyhat}


@pytest.fixture
def judge(write):
    def call(numbers):
        path = write(
            MODEL,
            data=f"X = {X.tolist()}\ny = {Y.tolist()}",
            parameters=f"W1 = {W1.tolist()}\nb1 = {B1.tolist()}\nw2 = {W2.tolist()}",
            more='[backward]\nfile = "grads.npz"',
        )
        np.savez(Path(path).with_name("grads.npz"), **numbers)
        return diagnose(gradtui.load(path).problem)

    return call


def test_right_numbers_are_right(judge):
    diagnosis = judge(gradients())
    assert (diagnosis.verdict, diagnosis.claims, diagnosis.findings) == ("correct", 3, ())


def test_two_gradients_that_one_step_spoils_are_one_finding_at_the_file(judge):
    diagnosis = judge(gradients(slope=lambda h: 1.0))
    (finding,) = diagnosis.findings
    assert (finding.rule, finding.target, finding.factor) == ("missing-factor", "W1", "1 - h**2")
    assert finding.within == (("h", "z"),)
    assert finding.message.endswith("the numbers fit dz = dh instead of dh*(1 - h**2)")
    assert finding.place is not None and finding.place.line == finding.line
    assert diagnosis.inherited == ("b1",) and diagnosis.wrong == {"W1", "b1"}


def test_a_batch_size_that_is_left_out_spoils_all_at_once(judge):
    diagnosis = judge(gradients(n=1))
    (finding,) = diagnosis.findings
    assert "constant-factor" in (finding.rule, *finding.alternatives)
    assert diagnosis.inherited == ("b1", "w2")


def test_two_mistakes_are_two_findings(judge):
    numbers = gradients(slope=lambda h: 1.0)
    diagnosis = judge({**numbers, "w2": -numbers["w2"]})
    assert [(one.rule, one.target) for one in diagnosis.findings] == [
        ("missing-factor", "W1"),
        ("sign", "w2"),
    ]


@pytest.mark.parametrize(
    ("wrong", "rule", "said"),
    [
        (gradients()["w2"] * 0.37, "constant-factor", "is given as"),
        (gradients()["w2"] + 0.5, "unexplained", "is given as"),
        (gradients()["w2"] * np.nan, "unexplained", "is given as nan"),
        (np.ones((3, 1)), "unexplained", "it has the shape [3×1], not [3]"),
    ],
)
def test_numbers_that_no_small_change_gives_are_said_to_be_wrong(judge, wrong, rule, said):
    (finding,) = judge({**gradients(), "w2": wrong}).findings
    assert (finding.rule, finding.target) == (rule, "w2")
    assert said in finding.message


def attention(dtype, *, bug=1.0):
    """Return the gradients of an attention's key bias and values, computed in a type.

    That of the bias is 0 in truth: what is left of it is rounding.
    """
    rng = np.random.default_rng(3)
    Q, K = (40 * rng.normal(size=(6, 4)) for _ in range(2))
    b, v = np.round(rng.normal(size=4), 3), np.round(100 * rng.normal(size=6), 1)
    data = {"Q": np.round(Q, 2) / 40, "K": np.round(K, 2) / 40}
    q, k, bias, values = (np.asarray(x, dtype) for x in (data["Q"], data["K"], b, v))
    scores = q @ (k + bias).T
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    out = shares @ values
    dout = 2 * out / dtype(6)
    dshares = np.outer(dout, values)
    dscores = shares * (dshares - (dshares * shares).sum(axis=1, keepdims=True))
    grads = {"b": (dscores.T @ q).sum(axis=0), "v": dtype(bug) * (shares.T @ dout)}
    return data, {"b": b, "v": v}, grads


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_rounding_in_the_numbers_own_type_leaves_is_no_mistake(write, dtype):
    for bug, verdict in ((1.0, "correct"), (1.2, "wrong")):
        data, parameters, grads = attention(dtype, bug=bug)
        path = write(
            "S = Q@(K + b).T\nA = softmax(S)\no = A@v\nL = mean(o**2)",
            data="\n".join(f"{name} = {value.tolist()}" for name, value in data.items()),
            parameters="\n".join(
                f"{name} = {value.tolist()}" for name, value in parameters.items()
            ),
            more='[backward]\nfile = "grads.npz"',
        )
        np.savez(Path(path).with_name("grads.npz"), **grads)
        diagnosis = diagnose(gradtui.load(path).problem)
        assert diagnosis.verdict == verdict, [f.message for f in diagnosis.findings]


def test_numbers_at_a_corner_may_be_those_of_either_side(write):
    path = write(
        "z = X@w\nL = mean((relu(z) - y)**2)",
        data="X = [[1.0, 2.0], [0.5, -1.0]]\ny = [1.0, 2.0]",
        parameters="w = [0.0, 0.0]",
        more='[backward]\nfile = "grads.npz"',
    )
    both = np.array([[1.0, 2.0], [0.5, -1.0]]).T @ (2 * (0 - np.array([1.0, 2.0])) / 2)
    for claim in (np.zeros(2), both):
        np.savez(Path(path).with_name("grads.npz"), w=claim)
        assert diagnose(gradtui.load(path).problem).verdict == "correct"
