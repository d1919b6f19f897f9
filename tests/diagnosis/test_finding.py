"""What a finding concerns, how grave it is, and its form as JSON."""

import pytest

from gradtui.base.source import Place
from gradtui.diagnosis.finding import Finding, gravest_first


def finding(rule, severity="error", **more):
    return Finding(rule, severity, "w", 3, "it is wrong", {}, **more)


@pytest.mark.parametrize(
    ("rule", "alternatives", "concerns"),
    [
        ("sign", (), (True, False, False)),
        ("update-sign", (), (False, True, False)),
        ("relies-on-data", ("update-rate",), (False, True, False)),
        ("diverging", (), (False, False, True)),
        ("fact", (), (False, False, False)),
    ],
)
def test_a_rule_tells_what_a_finding_concerns(rule, alternatives, concerns):
    found = finding(rule, alternatives=alternatives)
    assert (found.of_gradient, found.of_update, found.of_run) == concerns


def test_a_finding_is_printed_as_a_person_reads_it():
    place = Place(3, 5, file="net.py")
    found = finding("sign", place=place, fix="  dw = -x")
    assert str(found) == "net.py:3: error: it is wrong [sign]\n  fix: dw = -x"
    assert str(finding("sign")) == "3: error: it is wrong [sign]"
    assert (found.file, finding("sign", place=Place(3)).file) == ("net.py", None)
    hostile = Finding("sign", "error", "w", None, "it is \x1b[31mwrong", {})
    assert "\x1b" not in str(hostile) and str(hostile).startswith("error: it is ")


def test_the_gravest_come_first_and_equals_keep_their_order():
    order = [finding("a", "info"), finding("b", "error"), finding("c", "warning"), finding("d")]
    assert [one.rule for one in gravest_first(order)] == ["b", "d", "c", "a"]


def test_as_json_it_has_the_keys_of_the_schema():
    told = finding("sign", edge=("e", "w"), within=(("e", "w"),), fix="dw = -de").as_dict()
    assert list(told) == [
        "rule", "severity", "target", "line", "edge", "within", "factor", "message", "evidence",
        "fix", "alternatives", "step",
    ]  # fmt: skip
    assert (told["edge"], told["within"], told["factor"]) == (["e", "w"], [["e", "w"]], None)
