"""A mean over all elements that is divided by its rows."""

import numpy as np
import pytest

import gradtui

W0 = np.random.default_rng(0).normal(size=(3, 2))
X = np.random.default_rng(1).normal(size=(4, 3))
Y = np.random.default_rng(2).normal(size=(4, 2))


def by_length(W=W0):
    o = X @ W
    do = 2 * (o - Y) / len(o)
    return np.mean((o - Y) ** 2), {"W": X.T @ do}


def by_axis(W=W0):
    o = X @ W
    do = 2 * (o - Y) / o.shape[0]
    return ((o - Y) ** 2).mean(), {"W": X.T @ do}


def by_name(W=W0):
    N = X.shape[0]
    o = X @ W
    do = 2 / N * (o - Y)
    return np.sum((o - Y) ** 2) / o.size, {"W": X.T @ do}


@pytest.mark.parametrize(
    ("case", "fix"),
    [
        (by_length, "do = 2 * (o - Y) / o.size"),
        (by_axis, "do = 2 * (o - Y) / o.size"),
        (by_name, "do = 2 / o.size * (o - Y)"),
    ],
)
def test_all_elements_are_counted_though_two_columns_leave_a_factor_of_2(case, fix):
    (found,) = gradtui.check(case)
    assert found.rule == "constant-factor"
    assert found.fix == fix
    assert "the mean is that of all elements" in found.message


INPUTS = np.random.default_rng(3).normal(size=(8, 3))
WANTED = np.random.default_rng(4).normal(size=(8, 4))
WEIGHTS = np.random.default_rng(5).normal(size=(3, 4))
ROWS = ("len(X)", "X.shape[0]", "len(Y)", "len(o)", "N", "n", "BATCH_SIZE")
WRITTEN = """
def case(W):
    N = n = X.shape[0]
    o = X @ W
    diff = o - Y[:, : W.shape[1]]
    {}
    return {}, {{"W": X.T @ do}}
"""


def written(tmp_path, lines, columns, loss="np.mean(diff**2)"):
    """Return the finding about code that is written with some lines and a loss."""
    path = tmp_path / "written.py"
    path.write_text(WRITTEN.format(lines.replace("\n", "\n    "), loss))
    names = {"np": np, "X": INPUTS, "Y": WANTED, "BATCH_SIZE": 8}
    exec(compile(path.read_text(), str(path), "exec"), names)
    (found,) = gradtui.check(names["case"], W=WEIGHTS[:, :columns])
    return found


LINES = (
    "do = 2 * diff / {}", "do = (2 / {}) * diff", "s = 2 / {}\ndo = s * diff",
    "do = diff * 2\ndo /= {}",
)  # fmt: skip
COUNTED = [*((LINES[at % 4], rows, 2 + at % 3) for at, rows in enumerate(ROWS)),
           *((lines, "len(X)", 2) for lines in LINES[1:])]  # fmt: skip


@pytest.mark.parametrize(("lines", "rows", "columns"), COUNTED)
def test_the_rows_of_another_array_give_way_to_what_is_averaged(tmp_path, lines, rows, columns):
    found = written(tmp_path, lines.format(rows), columns)
    assert f"{rows} must be " in found.message
    assert ".size: the mean is that of all elements" in found.message


@pytest.mark.parametrize("mean", [
    "np.mean(np.sum(diff**2, axis=1))", "np.mean((diff**2).sum(-1))", "np.sum(diff**2, 1).mean()",
])  # fmt: skip
def test_a_mean_of_sums_is_not_that_of_all_elements(tmp_path, mean):
    found = written(tmp_path, "do = 4 * diff / len(X)", 2, mean)
    assert "all elements" not in found.message
    assert found.fix == "do = 2 * diff / len(X)"


def test_a_mean_of_a_number_for_each_row_is_not_that_of_all_elements(tmp_path):
    lines = "each = np.sum(diff**2, axis=1)\ndo = 4 * diff / len(X)"
    found = written(tmp_path, lines, 2, "np.mean(each)")
    assert "all elements" not in found.message
    assert found.fix == "do = 2 * diff / len(X)"


LABELS = np.array([0, 2, 1, 2, 0])
NEAR = np.random.default_rng(6).normal(size=(5, 4))


def by_classes(x=NEAR):
    K = x.shape[1]
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(x)), LABELS]).mean()
    return loss, (p - np.eye(K)[LABELS]) / K


def by_another(a=NEAR[:3], b=NEAR):
    far = np.sum((a[:, None] - b) ** 2, -1)
    nearest = far.argmin(0)
    d = 2 * (b - a[nearest]) / len(a)
    da = np.zeros_like(a)
    np.add.at(da, nearest, -d)
    return far.min(0).mean(), (da, d)


@pytest.mark.parametrize(
    ("case", "fix"),
    [
        (by_classes, "return loss, (p - np.eye(K)[LABELS]) / len(x)"),
        (by_another, "d = 2 * (b - a[nearest]) / len(b)"),
    ],
)
def test_another_length_is_put_in_the_place_of_one_and_no_number_that_fits_it(case, fix):
    (found,) = gradtui.check(case)
    assert found.fix == fix


def test_a_named_number_of_rows_is_none_of_elements(tmp_path):
    loss = "np.mean(np.sum(diff**2, axis=1))"

    found = written(tmp_path, "count = o.size\ndo = 2 * diff / count", 3, loss)

    assert found.fix == "count = o.shape[0]"
