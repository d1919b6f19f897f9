"""Edited code cannot reach what it should not, however many edits have run before."""

import subprocess
import sys

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
