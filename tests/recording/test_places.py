"""Whose code a file is: the user's, or that of a library, wherever it is installed."""

import importlib
import sys

import numpy as np
import pytest

from gradtui.recording.places import is_users_file

RECORD = (
    "halves/__init__.py,sha256=a,1\nquarters.py,,\n../bin/halve,,\nhalves-1.dist-info/RECORD,,\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of libraries that are installed with `pip install --target`."""
    (tmp_path / "halves-1.dist-info").mkdir()
    (tmp_path / "halves-1.dist-info" / "RECORD").write_text(RECORD, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path), None])
    return tmp_path


@pytest.mark.parametrize(
    ("file", "users"),
    [("halves/deep/half.py", False), ("quarters.py", False), ("net.py", True), ("own/a.py", True)],
)
def test_what_a_distribution_has_put_into_a_folder_is_a_librarys(folder, file, users):
    assert is_users_file(str(folder / file)) is users


def test_a_folder_without_distributions_is_the_users(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    assert is_users_file(str(tmp_path / "halves" / "__init__.py"))


def test_python_and_numpy_are_libraries_and_a_test_is_the_users():
    assert not is_users_file(np.__file__)
    assert not is_users_file(importlib.__file__)
    assert is_users_file(__file__)
