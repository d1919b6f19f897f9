"""`gradtui show` and `gradtui list`, in words and as JSON."""

import json
from pathlib import Path

import pytest

from cli.shell import rows_of
from gradtui.debugger.session import Session


def test_show_as_json_has_the_contract_s_keys(run):
    status, out, _ = run("show", "two_weights", "--json")
    (shown,) = rows_of(out)
    assert status == 0
    assert list(shown) == ["step", "loss", "nodes", "edges", "paths", "paths_total", "gradients"]
    locals_ = {(e["from"], e["to"]): e["local"] for e in shown["edges"]}
    assert locals_["e", "L"] == 6
    assert locals_["yhat", "e"] == 1
    assert (locals_["w1", "yhat"], locals_["w2", "yhat"]) == (2, 3)
    assert [shown["paths"][w][0]["product"] for w in ("w1", "w2")] == [12, 18]


def test_show_at_a_step_of_one_parameter_on_the_operations(run):
    _, out, _ = run(
        "show", "two_weights", "--step", 1, "--param", "w2", "--level", "operations", "--json"
    )
    (shown,) = rows_of(out)
    assert shown["step"] == 1
    assert list(shown["gradients"]) == ["w2"]
    assert shown["gradients"]["w2"] == pytest.approx(-5.4)
    assert sum(node["op"] == "*" for node in shown["nodes"]) == 2


def test_show_in_words_is_plain_when_piped(run):
    status, out, err = run("show", "two_weights")
    assert (status, err) == (0, "")
    assert "∂L/∂w2 = ∂L/∂e · ∂e/∂ŷ · ∂ŷ/∂w2" in out
    assert "= 6 · 1 · 3 = 18" in out
    assert "\x1b" not in out


def test_show_of_a_parameter_that_is_not_there(run):
    assert run("show", "two_weights", "--param", "w3") == (
        2, "", "--param w3:1:1: error: 'w3' is not a parameter; expected one of w1, w2\n"
    )  # fmt: skip


def test_show_refuses_a_step_too_far_before_any_is_computed(run, monkeypatch):
    monkeypatch.setattr(Session, "seek", None)
    status, out, err = run("show", "two_weights", "--step", "999999999")
    assert (status, out) == (2, "")
    assert "gradtui goes no further than step 10,000,000" in err


def test_list_as_json_has_the_contract_s_keys(run):
    status, out, _ = run("list", "--json")
    entries = json.loads(out)
    assert status == 0
    assert {tuple(entry) for entry in entries} == {("name", "title", "about", "tags", "path")}
    assert {"one_weight", "two_weights", "five_parcels", "practice"} <= {e["name"] for e in entries}
    for entry in entries:
        assert Path(entry["path"]).stem == entry["name"]
        assert Path(entry["path"]).is_file()
        assert isinstance(entry["tags"], list)


def test_list_names_each_scenario_on_a_line(run):
    names = [line.split()[0] for line in run("list")[1].splitlines()]
    assert names == [entry["name"] for entry in json.loads(run("list", "--json")[1])]


def test_list_has_those_with_some_words_the_best_first(run):
    status, out, err = run("list", "pitfall")
    names = [line.split()[0] for line in out.splitlines()]
    every = json.loads(run("list", "--json")[1])
    assert (status, err) == (0, "")
    tagged = {entry["name"] for entry in every if "pitfall" in entry["tags"]}
    assert tagged and tagged <= set(names[: len(tagged)]) and len(names) < len(every)
    (found, *_) = json.loads(run("list", "one", "weight", "--json")[1])
    assert found["name"] == "one_weight"


def test_list_tells_what_it_finds_in_place_of_a_word_that_nothing_has(run):
    status, out, err = run("list", "saddel")
    assert status == 0 and "saddle" in out
    assert err == "gradtui: nothing has 'saddel'; 'saddle' is in these:\n"
    status, out, err = run("list", "sarif")
    assert (status, out) == (2, "")
    assert err == "gradtui: no scenario has 'sarif'; the manual has it: gradtui help commands\n"
    assert run("list", "xyzzyx")[2] == "gradtui: no scenario has 'xyzzyx'\n"
