"""A crash of compiled code during the search for a line loses that search alone."""

import os
import subprocess
import sys

import pytest

CRASHING = """
import numpy as np
from unchecked import read

X = np.arange(6.0).reshape(3, 2)


def compiled(d, y):
    if not np.allclose(d, 3 * y):
        read(0)  # as of an array that it does not expect
    return d


def case(W=np.array([0.5, -0.3])):
    y = X @ W
    d = compiled(3 * y, y)
    return np.sum(y**2), {"W": X.T @ d}
"""


UNCHECKED = "from ctypes import string_at as read"
"""A library, unlike the user's own code: what that does with `ctypes` is not edited."""


def check(folder, code, *more):
    """Return a finished check of code that calls a library."""
    library = folder / "site-packages"
    library.mkdir()
    (library / "unchecked.py").write_text(UNCHECKED)
    (folder / "net.py").write_text(code)
    command = [sys.executable, "-m", "gradtui", "check", "net.py:case", *more]
    paths = os.pathsep.join(filter(None, [str(library), os.environ.get("PYTHONPATH")]))
    own = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="no copy of a process there")
def test_what_is_known_is_told_after_a_crash_and_other_files_are_checked(tmp_path):
    always = CRASHING.replace('{"W": X.T @ d}', '{"W": compiled(X.T @ d, X.T @ y)}')

    done = check(tmp_path, always, "two_weights")

    assert done.returncode == 1
    assert "error: the gradient of W[" in done.stdout
    assert "an edit of the code crashed Python (SIGSEGV)" in done.stdout
    assert "net.py:case: failed, one gradient compared" in done.stdout
    assert done.stdout.count("facts hold") == 1


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="no copy of a process there")
def test_the_search_goes_on_without_the_edit_that_crashed(tmp_path):
    once = CRASHING.replace("not np.allclose(d, 3 * y)", "np.allclose(d, -3 * y)")

    done = check(tmp_path, once)

    assert done.returncode == 1
    assert "crashed" not in done.stdout
    assert "fix: d = compiled(2 * y, y)" in done.stdout


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="no copy of a process there")
def test_code_that_crashes_by_itself_ends_the_program_as_it_does(tmp_path):
    own = CRASHING.replace("3 * y):", "2 * y):")

    done = check(tmp_path, own)

    assert done.returncode < 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a call of Linux")
def test_a_program_that_is_ended_leaves_no_copy_behind(tmp_path):
    (tmp_path / "net.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    command = [sys.executable, "-m", "gradtui", "check", "net.py:case"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "begun\n"

        running.kill()

        assert running.stdout.read() == ""  # the end of the pipe: nobody holds it any more
