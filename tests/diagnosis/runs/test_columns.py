"""Features of different sizes, beside a bias that is larger or smaller than they."""

import numpy as np
import pytest

from findings import only
from gradtui.diagnosis.runs.parts import short

SIZES, ROOMS = (40.0, 65.0, 80.0, 95.0, 120.0, 150.0, 180.0), (2.0, 1.0, 3.0, 2.0, 4.0, 3.0, 6.0)
PRICES = [2 * one + 10 * other for one, other in zip(SIZES, ROOMS, strict=True)]
HOUSES = f"X = {[list(pair) for pair in zip(SIZES, ROOMS, strict=True)]}\ny = {PRICES}"
START = "w = [0.0, 0.0]\nb = 0.0"


def condition(X, bias):
    """Return that of the Hessian of mean((X@w + b - y)**2), and its eigenvectors."""
    design = np.column_stack([X, bias * np.ones(len(X))])
    values, vectors = np.linalg.eigh(2 * design.T @ design / len(X))
    return values[-1] / values[0], vectors


def test_a_flat_direction_that_is_the_bias_is_named_and_the_gain_is_that_of_standardising(
    diagnosed,
):
    X = np.column_stack([SIZES, ROOMS])
    before, vectors = condition(X, 1.0)
    assert vectors[2, 0] ** 2 > 0.5 and vectors[0, -1] ** 2 > 0.5
    after, _ = condition((X - X.mean(axis=0)) / X.std(axis=0), 1.0)
    finding = only(diagnosed("L = mean((X@w + b - y)**2)", START, HOUSES, lr=0.01, steps=50))
    assert (finding.rule, finding.severity) == ("scale-mismatch", "error")
    assert finding.evidence["condition"] == pytest.approx(before)
    assert finding.evidence["scaled_condition"] == pytest.approx(after)
    assert f"(standardised, it would be {short(after)}). The rate is too large for column 0" in (
        finding.message
    )
    assert f"takes {short(before)} times as long for the bias b; standardise" in finding.message


def test_where_the_bias_is_steepest_and_standardising_is_no_cure_the_columns_are_not_blamed(
    diagnosed,
):
    X = np.column_stack([SIZES, ROOMS]) / 1000
    before, vectors = condition(X, 1.0)
    assert vectors[2, -1] ** 2 > 0.9
    after, _ = condition((X - X.mean(axis=0)) / X.std(axis=0) / 1000, 1.0)
    assert after > 0.1 * before
    code = "L = mean((X@w/1000 + b - y)**2)"
    found = diagnosed(code, START, HOUSES, lr=30.0, steps=50)
    assert [one.rule for one in found] == ["diverging"]


def test_features_that_are_scalars_of_a_sum_are_standardised_too(diagnosed):
    data = f"m = {[*SIZES]}\nr = {[one / 100 for one in ROOMS]}\ny = {PRICES}"
    code = "L = mean((u*m + v*r + b - y)**2)"
    finding = only(diagnosed(code, "u = 0.0\nv = 0.0\nb = 0.0", data, lr=0.01, steps=50))
    X = np.column_stack([SIZES, ROOMS])
    after, _ = condition((X - X.mean(axis=0)) / X.std(axis=0), 1.0)
    assert finding.rule == "scale-mismatch"
    assert finding.evidence["scaled_condition"] == pytest.approx(after)
    assert "The rate is too large for m (" in finding.message
    assert "times as long for r; standardise" in finding.message


def test_of_features_that_are_computed_no_gain_is_told(diagnosed):
    found = diagnosed("Z = X*1\nL = mean((Z@w + b - y)**2)", START, HOUSES, lr=0.01, steps=50)
    assert only(found).rule == "scale-mismatch"
    assert "standardised, it would be" not in only(found).message
