"""Scores whose gradient is the prediction less the truth, however the loss is written."""

import numpy as np
import pytest

import gradtui
from gradtui.engine.residual import find_residual

SCORES = "Z = [[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [5.0, 5.0, 0.0], [0.0, 0.0, 1.0]]"
LABELS = "y = [0, 2, 1, 2]"
ONE_HOT = "Y = one_hot(y, 3)"
LATE = "late = [0.0, 1.0, 1.0, 0.0, 1.0]"
FIVE = "Z = [0.0, 1.0, -2.0, 0.5, 3.0]"


def found(session, name="z"):
    """Return the rule of a node's gradient, checked against the backward pass."""
    tape, node = session.frame.tape, session.problem.graph.names[name]
    rule = find_residual(tape, node)
    if rule is not None:
        difference = rule.shares_of(tape.value(node)) - rule.truth_of(tape)
        np.testing.assert_allclose(tape.adjoint(node), difference / rule.count, atol=1e-12)
    return rule


@pytest.mark.parametrize(
    ("loss", "count"),
    [
        (f"p = softmax(z)\n{ONE_HOT}\nL = -mean(sum(Y*log(p), axis=1))", 4),
        (f"p = softmax(z)\n{ONE_HOT}\nL = -sum(Y*log(p))", 1),
        ("L = cross_entropy(z, y)", 4),
        ("L = -sum(one_hot(y, 3)*log_softmax(z))/4", 4),
        (f"{ONE_HOT}\nL = mean(logsumexp(z) - sum(Y*z, axis=1))", 4),
        (f"u = exp(z)\np = u/sum(u, axis=1, keepdims=True)\n{ONE_HOT}\nL = -sum(Y*log(p))/4", 4),
        (f"{ONE_HOT}\np = softmax(z)\nL = -mean(sum(Y*log(p), axis=1)) + sum(Z**2)", 4),
    ],
)
def test_softmax_and_cross_entropy_are_p_less_y_over_the_rows(write, loss, count):
    rule = found(gradtui.load(write(f"z = 2*Z\n{loss}", SCORES, data=LABELS)))
    assert (rule.squash, rule.count) == ("softmax", count)


@pytest.mark.parametrize(
    "loss",
    [
        "p = sigmoid(z)\nL = -mean(late*log(p) + (1 - late)*log(1 - p))",
        "L = mean(softplus(z) - late*z)",
    ],
)
def test_sigmoid_and_cross_entropy_are_p_less_y_over_the_rows(write, loss):
    rule = found(gradtui.load(write(f"z = 2*Z\n{loss}", FIVE, data=LATE)))
    assert (rule.squash, rule.count) == ("sigmoid", 5)


@pytest.mark.parametrize(
    "loss",
    [
        "p = sigmoid(z)\nL = mean((p - late)**2) + 0*sum(log(p))",
        "p = sigmoid(z)\nL = -mean(late*log(p + 1e-3) + (1 - late)*log(1 - p + 1e-3))",
        "p = sigmoid(z)\nL = -mean(2*late*log(p) + (1 - late)*log(1 - p))",
        "p = sigmoid(z)\nL = -mean(late*log(p) + (1 - late)*log(1 - p)) + sum(z**2)",
        "p = sigmoid(z)\nL = -1.5*mean(late*log(p) + (1 - late)*log(1 - p))",
    ],
)
def test_what_is_almost_a_cross_entropy_has_no_such_rule(write, loss):
    # At scores of 0 the mean of squares has the same gradient, but for a factor 2.
    scores = "Z = [0.0, 0.0, 0.0, 0.0, 0.0]"
    assert found(gradtui.load(write(f"z = 2*Z\n{loss}", scores, data=LATE))) is None


def test_weights_that_do_not_add_up_to_1_have_no_such_rule(write):
    loss = "p = softmax(z)\nL = -sum(Y*log(p))"
    data = "Y = [[1.0, 0, 0], [0, 0, 0], [0, 1.0, 1.0], [0, 0, 1.0]]"
    assert found(gradtui.load(write(f"z = 2*Z\n{loss}", SCORES, data=data))) is None


def test_what_holds_at_every_step_is_worked_out_at_the_first(write, monkeypatch):
    session = gradtui.load(
        write("z = w*Z\nL = cross_entropy(z, y)", f"w = 2.0\n{SCORES}", data=LABELS)
    )
    first = found(session)
    monkeypatch.setattr("gradtui.engine.residual.depends_on", None)
    session.seek(1)
    assert found(session) == first is not None


def test_words_of_sequences_are_counted_all():
    rule = found(gradtui.load("transformer_block"))
    assert (rule.squash, rule.count) == ("softmax", 8)
