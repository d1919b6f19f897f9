"""Where nothing is recorded, no glance tells against an edit."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from planted import Planted, repaired

RNG = np.random.default_rng(29)
X, CHOSEN = RNG.normal(size=(12, 3)), np.tile([0.0, 1.0, 0.0], 4)
ROWS = csr_matrix(np.kron(np.eye(4), np.ones((3, 1))))
SIDES = csr_matrix(np.tile([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], (4, 1)))
ARRAYS = {"w": RNG.normal(size=3)}


def chances(w):
    powers = np.exp(X @ w)
    sums = (ROWS.T @ SIDES.multiply(powers[:, None])).toarray()
    return {"powers": powers, "sums": sums, "chances": sums / ROWS.T.dot(powers)[:, None]}


def prepared(w):
    found = chances(w)
    scaled = CHOSEN / np.exp(0.3 * X[:, 0])
    taken = (ROWS.T @ SIDES.multiply(CHOSEN[:, None])).toarray()
    kept = {}
    kept["powers"] = found["powers"]
    kept["scaled"] = scaled
    kept["taken"] = taken
    kept["chances"] = found["chances"]
    kept["sums"] = found["sums"]
    return kept


def likelihood(w):
    chosen = (ROWS.T @ SIDES.multiply(CHOSEN[:, None])).toarray()
    sums = chances(w)["sums"]
    fits = np.sum(chosen * np.log(sums)) - np.sum(np.log(np.sum(sums, axis=1)))
    return 0.05 * np.sum(w**2) - fits


def slope(w):
    kept = prepared(w)
    off = kept["taken"] - kept["chances"]
    within = SIDES.multiply(ROWS @ (off / kept["sums"])).sum(axis=1).A.ravel()
    return 0.1 * w - X.T @ (within * kept["powers"])


def nested(w):
    return likelihood(w), slope(w)


def parts(w):
    z = X @ w
    return {"line": z, "bend": np.tanh(z), "root": 1 / np.cosh(z)}


def backward(w):
    found, kept = parts(w), {}
    kept["bend"] = found["bend"]
    kept["root"] = found["root"]
    return X.T @ (CHOSEN * kept["root"] ** 2 + 0.3 * kept["bend"] * kept["root"] ** 2)


def bent(w):
    y = np.tanh(X @ w)
    return np.sum(CHOSEN * y) + 0.15 * np.sum(y**2), backward(w)


MISTAKES = [
    ("bent", 'kept["root"] = found["root"]', 'kept["root"] = found["line"]'),
    ("nested", 'kept["chances"] = found["chances"]', 'kept["chances"] = found["sums"]'),
    (
        "nested",
        "    taken = (ROWS.T @ SIDES.multiply(CHOSEN[:, None])).toarray()",
        "    taken = (ROWS.T @ SIDES.multiply(scaled[:, None])).toarray()",
    ),
]


@pytest.mark.parametrize(("name", "right", "wrong"), MISTAKES)
def test_an_edit_of_what_is_not_recorded_is_found(name, right, wrong, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(right, wrong)

    (found,) = planted.errors(text, name)

    assert found.line == planted.line(right)
    assert planted.errors(repaired(text, found), name) == []


@pytest.mark.parametrize("name", ["nested", "bent"])
def test_the_programs_are_right(name, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), name) == []
