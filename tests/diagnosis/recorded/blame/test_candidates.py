"""How the text of an edit stands in the user's line."""

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.candidates import unwrapped
from planted import Planted

RNG = np.random.default_rng(21)
X, G = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))


def centred(X):
    spread = np.sqrt(np.mean((X - np.mean(X)) ** 2))
    normal = (X - np.mean(X)) / spread
    loss = np.sum(G * normal)
    d = G * 1.0
    slopes = (d - np.mean(d) - normal * np.mean(d * normal) ) / spread  # fmt: skip
    return loss, slopes


@pytest.mark.parametrize("space", [" ", ""])
def test_a_term_put_back_into_a_sum_in_parentheses_gets_no_second_pair(space, tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X})
    old = "(d - np.mean(d) - normal * np.mean(d * normal) ) /"
    wrong = planted.wrong(old, f"(d - np.mean(d){space}) /")

    (found,) = planted.errors(wrong, "centred")

    assert found.fix is not None
    sum_of_terms = "d - np.mean(d) - normal * np.mean(d * normal)"
    assert f"slopes = ({sum_of_terms}{space}) / spread" in found.fix


def weighed(X):
    loss = np.sum(G[:, 0] * X[:, 0] + G[:, 1] * X[:, 0])
    slopes = np.zeros_like(X)
    slopes[:, 0] += np.sum(G[:, :2], axis=1)
    return loss, slopes


def test_the_last_elements_for_the_first_are_told_without_a_second_sign(tmp_path):
    planted = Planted(__file__, tmp_path, {"X": X})

    (found,) = planted.errors(planted.wrong("np.sum(G[:, :2],", "np.sum(G[:, -2:],"), "weighed")

    assert found.fix == "slopes[:, 0] += np.sum(G[:, :2], axis=1)"


def weibull(k, lam):
    x = np.array([0.4, 1.7, 2.9])
    loss = np.sum((x / lam) ** k) - np.sum(np.log(x)) * k
    z = (x / lam) ** k
    dk = np.sum(z * np.log(x / lam)) - np.sum(np.log(x))
    return loss, {"k": dk, "lam": -k / lam * np.sum(z)}


def test_an_argument_gets_no_second_pair_of_parentheses(tmp_path):
    planted = Planted(__file__, tmp_path, {"k": 1.4, "lam": 0.9})
    wrong = planted.wrong("np.log(x / lam)) -", "np.log(x)) -")

    (found,) = planted.errors(wrong, "weibull")

    assert found.fix == "dk = np.sum(z * np.log(x / lam)) - np.sum(np.log(x))"


@pytest.mark.parametrize(("text", "bare"), [
    ("(a / b)", "a / b"), ("(a, b)", "(a, b)"), ("(a)(b)", "(a)(b)"), ("(a) + (b)", "(a) + (b)"),
])  # fmt: skip
def test_parentheses_that_are_needed_stay(text, bare):
    assert unwrapped(text) == bare
