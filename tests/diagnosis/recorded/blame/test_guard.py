"""Edited code cannot reach what it should not, however many edits have run before."""

import subprocess
import sys

import numpy as np
import pytest

from gradtui.diagnosis.recorded.blame.guard import guarded

VIEWING = """
import numpy as np

x0 = np.random.default_rng(0).normal(size=7)
w0 = np.array([0.5, -0.3, 0.8])


def windows(x, width):
    near = x.strides[0]
    return np.lib.stride_tricks.as_strided(x, (len(x) - 2, width), (near, near))


def case(x=x0, w=w0):
    y = windows(x, len(w)) @ w
    dy = np.tan(1.7 * y**3 + 0.2)
    dx = np.zeros_like(x)
    near, rows = dx.strides[0], len(dy)
    into = np.lib.stride_tricks.as_strided(dx, (rows, len(w)), (near, near))
    for at, one in enumerate(dy):
        into[at] += one * w
    return np.sum(y**2), {"x": dx, "w": windows(x, len(w)).T @ dy}
"""


def test_no_edit_writes_beyond_the_array_that_it_views(tmp_path):
    (tmp_path / "net.py").write_text(VIEWING)
    command = [sys.executable, "-m", "gradtui", "check", "net.py:case"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "crashed" not in done.stdout
    assert "net.py:15:10: error: the gradient of x[" in done.stdout


BUFFERED = """
import numpy as np

x0 = np.array([0.7, -0.4])


class Cosine:
    def __init__(self, scale):
        self.scale, self.slope = scale, np.zeros(2)

    def of(self, x):
        return self.scale * np.sum(np.cos(x))

    def slope_of(self, x):
        for i, one in enumerate(x):
            self.slope[i] = -self.scale * np.sin(one)
        return self.slope


class Cubic:
    def of(self, x):
        return np.sum(x**3)

    def slope_of(self, x):
        return 3 * x**2


class Both:
    def __init__(self, one, other):
        self.one, self.other = one, other

    def of(self, x):
        return self.one.of(x) + self.other.of(x)

    def slope_of(self, x):
        return self.other.slope_of(x) + self.other.slope_of(x)


both = Both(Cosine(1.3), Cubic())


def case(x=x0):
    return both.of(x), both.slope_of(x)
"""


def test_an_edit_may_fill_an_array_of_an_object_that_nothing_fills_as_it_is(tmp_path):
    (tmp_path / "net.py").write_text(BUFFERED)
    command = [sys.executable, "-m", "gradtui", "check", "net.py:case"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "net.py:36:" in done.stdout
    assert "return self.one.slope_of(x) + self.other.slope_of(x)" in done.stdout


class Foreign:
    """Memory of another library, which NumPy cannot make writable again."""

    def __init__(self, values):
        self._values = values
        self.__array_interface__ = values.__array_interface__


def test_memory_of_another_library_gets_its_numbers_back():
    values = np.arange(4.0)
    array = np.asarray(Foreign(values))
    with guarded([array], lambda: None):
        array[1] = 7.0
    array[2] = 5.0
    assert values.tolist() == [0.0, 1.0, 5.0, 3.0]


def test_a_view_may_come_before_its_base():
    base = np.arange(4.0)
    with guarded([base[1:], base], lambda: None), pytest.raises(ValueError, match="read-only"):
        base[0] = 1.0
    base[0] = 1.0


def test_what_was_read_only_stays_so():
    array = np.arange(4.0)
    array.flags.writeable = False
    with guarded([array], lambda: None):
        assert not array.flags.writeable
    assert not array.flags.writeable
