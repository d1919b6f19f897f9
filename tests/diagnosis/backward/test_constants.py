from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import gradtui
from gradtui.diagnosis.backward.constants import opened, tidied
from gradtui.diagnosis.backward.trial import rounded
from gradtui.engine.printer import spell
from gradtui.language.parser import parse_expression
from gradtui.scenario.bundled import find_scenario

SCOPE = {"r": np.float64(0.7), "q": np.float64(1.9), "n": np.float64(4.0)}
SCOPE |= {"sqrt": np.sqrt, "sum": np.sum, "exp": np.exp}
_leaves = st.sampled_from(["r", "q", "n", "2.0", "7.0", "1.0", "0.5"])
_trees = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        inner.map(lambda text: f"(-{text})"),
        inner.map(lambda text: f"exp({text})"),
    ),
    max_leaves=10,
)


def value(text):
    with np.errstate(all="ignore"):
        try:
            return eval(text, dict(SCOPE))
        except ZeroDivisionError:  # of Python's own numbers
            return np.nan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/7/(2*sqrt(q))*(2*r)*n", "r/sqrt(q)*n/7"),
        ("2*r*(1/7/(2*sqrt(q)))", "r*(1/sqrt(q))/7"),
        ("r/(2*q)*2", "r/q"),
        ("1/7*sum(r*2*q)", "0.2857142857142857*sum(r*q)"),
    ],
)
def test_constant_factors_are_taken_together(text, expected):
    assert spell(tidied(parse_expression(text), {})) == expected


@given(_trees)
def test_an_expression_keeps_its_value(text):
    tree = parse_expression(text)
    before = value(text)
    assume(np.isfinite(before))
    for made in (tidied(tree, {}), opened(tree, {})):
        assert value(spell(made)) == pytest.approx(before, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_what_no_fraction_is_stays_as_it_is(value):
    assert rounded(value) == value


def test_numbers_whose_mean_overflows_are_judged(tmp_path):
    text = Path(find_scenario("grad_extra_factor")).read_text()
    broken = {"(1 - p)": "(-1.7976931348623157e308 - p)", "w = [0.0, 0.0]": "w = [1e4, 1e16]"}
    for old, new in broken.items():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "huge.toml"
    path.write_text(text)

    assert "internal" not in {one.rule for one in gradtui.check(path)}
