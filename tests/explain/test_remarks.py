"""The remarks of a check for people: as a compiler's, and which of them make it fail."""

from gradtui.base.source import InputError, Place
from gradtui.explain.remarks import Remark, Report, report_of_error

LATE = Remark("net.toml", Place(3, 6), "dw = x", "error", "sign", "the sign is wrong", "dw = -x")
WARNED = Remark("net.toml", None, "", "warning", "crawling", "the run crawls")


def test_a_remark_has_its_place_the_line_with_a_caret_and_the_fix():
    head, code, caret, fix = "\n".join(LATE.rows()).splitlines()
    assert head == "net.toml:3:6: error: the sign is wrong [sign]"
    assert code[caret.index("^")] == "x"
    assert fix == "  fix: dw = -x"


def test_warnings_make_a_strict_check_fail_only():
    report = Report((LATE, WARNED), "2 remarks")
    assert report.text().endswith("\n2 remarks")
    assert "crawls" not in report.errors()
    assert "crawls" in report.errors(strict=True)


def test_a_file_that_cannot_be_used_is_a_remark_at_its_place():
    report = report_of_error("net.toml", InputError("no such name", Place(2, 1), source_line="y"))
    assert not report.usable
    assert report.text().splitlines()[0] == "net.toml:2:1: error: no such name [unusable]"


def test_other_mistakes_that_the_numbers_fit_are_said_in_words():
    remark = Remark(
        "a.toml", None, "", "error", "missing-factor", "wrong",
        alternatives=("missing-term", "wrong-point"),
    )  # fmt: skip
    assert [*remark.advice()] == [
        "  the numbers fit another mistake too: a part of a sum is left out [missing-term]; "
        "or the derivative is taken at another point [wrong-point]"
    ]
