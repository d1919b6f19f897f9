"""What an error says: the place, the line under it, the caret, and the name that was meant."""

import os

import pytest

from gradtui.base.source import InputError, Place, did_you_mean, from_here, nearest, report


def test_an_error_shows_its_line_with_a_caret_under_the_part():
    said = report("net.toml", Place(3, 5, 2), "error", "no such name", "y = ab + 1")
    assert said == "net.toml:3:5: error: no such name\n  y = ab + 1\n      ^^"


def test_an_error_without_a_line_is_its_head_alone():
    assert report("net.toml", None, "error", "empty", "x = 1") == "net.toml:1:1: error: empty"
    assert report("net.toml", Place(2, 7), "warning", "odd") == "net.toml:2:7: warning: odd"


def test_a_caret_stands_under_its_part_in_a_line_that_is_cut():
    head, line, caret = report("a", Place(1, 301, 3), "error", "m", "x" * 300 + "abc").split("\n")
    assert head.startswith("a:1:301: ") and line.startswith("  …")
    assert line[caret.index("^") :] == "abc" and caret.endswith(" ^^^")


def test_an_error_gets_the_file_and_the_line_that_it_lacks():
    error = InputError("wrong", Place(2, 1))
    within = error.within("net.toml", ["first", "second"])
    assert (within.file, within.source_line) == ("net.toml", "second")
    other = InputError("wrong", Place(2, 1), file="data.csv", source_line="1,2")
    assert other.within("net.toml", ["first", "second"]) is other
    assert InputError("wrong", Place(9, 1)).within("net.toml", ["first"]).source_line == ""


@pytest.mark.parametrize(
    ("name", "meant"), [("moentum", "momentum"), ("LR", "lr"), ("zzz", ""), ("", "")]
)
def test_the_nearest_name_is_the_one_that_was_meant(name, meant):
    known = ("lr", "momentum", "nesterov")
    assert nearest(name, known) == meant
    assert did_you_mean(name, known) == (f"; did you mean '{meant}'?" if meant else "")


def test_a_name_that_lacks_its_digit_may_be_any_of_a_few():
    assert did_you_mean("beta", ["beta2", "eps", "beta1"]) == "; did you mean 'beta1' or 'beta2'?"
    assert " or " not in did_you_mean("weight", [f"weight{i}" for i in range(9)])


def test_a_file_below_the_working_directory_is_named_from_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / "d" / "net.py")
    assert from_here(file) == os.path.join("d", "net.py")
    assert from_here("net.py") == "net.py"
    assert from_here(str(tmp_path.parent / "net.py")) == str(tmp_path.parent / "net.py")
    assert from_here(f"{tmp_path}2/net.py") == f"{tmp_path}2/net.py"
    error = InputError("it is wrong", Place(3), file=file)
    assert str(error).startswith(f"{os.path.join('d', 'net.py')}:3:1: error: it is wrong")
