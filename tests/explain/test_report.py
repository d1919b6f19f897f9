"""What the commands print of a step: JSON by the contract, and words."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest

import gradtui
from explain.hand import BACKWARD, INHERITED, MODEL
from gradtui.explain.report import (
    json_parts,
    record_columns,
    show_json,
    show_lines,
    step_record,
    to_json,
)
from gradtui.explain.spans import line_text


def as_json(session, parameter=None):
    return json.loads(to_json(show_json(session.frame, parameter)))


def test_two_weights_as_json_is_the_contract_s_example():
    shown = as_json(gradtui.load("two_weights"))
    assert list(shown) == ["step", "loss", "nodes", "edges", "paths", "paths_total", "gradients"]
    assert (shown["step"], shown["loss"]) == (0, 9.0)
    nodes = {node["name"]: node for node in shown["nodes"]}
    assert list(nodes) == ["w1", "w2", "x1", "x2", "y", "yhat", "e", "L"]
    lines = gradtui.load("two_weights").problem.lines
    assert nodes["yhat"] == {
        "name": "yhat",
        "op": "+",
        "line": lines.index("yhat = w1*x1 + w2*x2") + 1,
        "shape": [],
        "value": 8.0,
        "gradient": 6.0,
        "inputs": ["w1", "x1", "w2", "x2"],
    }
    assert nodes["w1"]["op"] == "parameter"
    assert lines[nodes["x2"]["line"] - 1].startswith("x2 = 3.0")
    assert {(e["from"], e["to"]): e["local"] for e in shown["edges"]} == {
        ("w1", "yhat"): 2.0,
        ("x1", "yhat"): 1.0,
        ("w2", "yhat"): 3.0,
        ("x2", "yhat"): 2.0,
        ("yhat", "e"): 1.0,
        ("y", "e"): -1.0,
        ("e", "L"): 6.0,
    }
    assert shown["paths"]["w2"] == [
        {"via": ["w2", "yhat", "e", "L"], "factors": [3.0, 1.0, 6.0], "product": 18.0}
    ]
    assert shown["paths_total"] == {"w1": 1, "w2": 1}
    assert shown["gradients"] == {"w1": 12.0, "w2": 18.0}


def test_one_parameter_may_be_asked_for():
    shown = as_json(gradtui.load("two_weights"), "w2")
    assert list(shown["paths"]) == list(shown["gradients"]) == ["w2"]


def test_an_edge_that_is_not_elementwise_has_its_rule_and_what_flows():
    shown = as_json(gradtui.load("five_parcels"))
    edges = {(e["from"], e["to"]): e for e in shown["edges"]}
    assert edges["w", "yhat"]["local"] == {"rule": "X.T@G", "shape": [2]}
    assert edges["w", "yhat"]["contribution"] == pytest.approx([1.6456, 2.888])
    assert edges["yhat", "e"]["local"] == [1.0] * 5
    assert edges["e", "L"]["local"]["shape"] == [5]
    assert shown["paths"]["w"] == [
        {"via": ["w", "yhat", "e", "L"], "factors": None, "product": None}
    ]
    assert np.shape(shown["nodes"][0]["value"]) == (2,)


def test_a_rule_is_the_truth(session_of):
    """The rule of each edge, evaluated by NumPy, is the contribution beside it."""
    data = "X = [[1.0, 2.0], [3.0, 4.0], [0.5, -1.0]]"
    session = session_of(
        "Z = X@W + b\nE = Z*Z.sum(axis=0)\nL = sum(E)/3 + mean(W)",
        "W = [[0.5, -0.5], [1.0, 0.25]]\nb = [0.1, -0.2]",
        data,
    )
    shown = as_json(session)
    names = {node["name"]: np.array(node["value"]) for node in shown["nodes"]}
    adjoints = {node["name"]: np.array(node["gradient"]) for node in shown["nodes"]}
    rules = [e for e in shown["edges"] if isinstance(e["local"], dict)]
    assert len(rules) >= 4
    for edge in rules:
        rule, shape = edge["local"]["rule"], tuple(edge["local"]["shape"])
        scope = {**names, "G": adjoints[edge["to"]], "sum": np.sum, "mean": np.mean}
        got = np.broadcast_to(eval(rule, {}, scope), shape)
        assert np.allclose(got, edge["contribution"]), edge


def test_factors_and_products_add_up_to_the_gradient(session_of):
    session = session_of(
        "a = w*x\nb = tanh(a) + v\nc = a*b - v\nL = b*c + w", "w = 0.7\nv = -0.3", "x = 1.5"
    )
    shown = as_json(session)
    locals_ = {(e["from"], e["to"]): e["local"] for e in shown["edges"]}
    for name, paths in shown["paths"].items():
        assert shown["paths_total"][name] == len(paths)
        for path in paths:
            via = path["via"]
            assert path["factors"] == [locals_[edge] for edge in pairwise(via)]
            assert path["product"] == pytest.approx(math.prod(path["factors"]))
        total = sum(path["product"] for path in paths)
        assert total == pytest.approx(shown["gradients"][name], rel=1e-12)


def test_at_most_64_paths_are_listed(session_of):
    code = "\n".join(f"b{i} = a{i} + 1\na{i + 1} = a{i} + b{i}" for i in range(8))
    shown = as_json(session_of(f"a0 = w*1\n{code}\nL = a8*1"))
    assert (len(shown["paths"]["w"]), shown["paths_total"]["w"]) == (64, 256)


def test_the_operations_graph_names_what_has_no_name():
    session = gradtui.load("two_weights")
    session.toggle_level()
    shown = as_json(session)
    products = [node for node in shown["nodes"] if node["op"] == "*"]
    assert [node["inputs"] for node in products] == [["w1", "x1"], ["w2", "x2"]]
    assert [node["value"] for node in products] == [2.0, 6.0]
    power = next(node for node in shown["nodes"] if node["op"] == "**")
    assert power["inputs"] == ["e", "2"]
    names = {node["name"] for node in shown["nodes"]}
    assert all(e["from"] in names and e["to"] in names for e in shown["edges"])


def test_nothing_flows_into_an_operation_of_which_only_the_shape_is_read(session_of):
    session = session_of("L = sum(w*x)/(w + x).shape[0]", "w = [1.0, 2.0]")
    session.toggle_level()
    assert [session.frame.graph.nodes[id].op for id in (2, 3, 4)] == ["*", "sum", "+"]
    edges = [(edge["from"], edge["to"]) for edge in as_json(session)["edges"]]
    assert edges == [("w", "#2"), ("x", "#2"), ("#2", "#3"), ("#3", "L")]


def test_json_is_strict_ascii_and_harmless():
    text = to_json({"a": [math.nan, math.inf, -math.inf], "ŷ\u202e\x9b": np.array([1.5])})
    assert text.isascii()
    assert json.loads(text) == {"a": ["NaN", "Infinity", "-Infinity"], "ŷ\u202e\x9b": [1.5]}


def test_json_of_large_arrays_comes_in_parts_none_of_which_is_large():
    wide = np.arange(20_000.0).reshape(4, 5_000)
    wide[1, 2], wide[3, 4_999] = np.nan, -np.inf
    nodes = [{"name": f"n{i}", "value": wide if i == 150 else float(i)} for i in range(200)]
    value = {
        "step": 3,
        "nodes": nodes,
        "none": np.empty((0, 3)),
        "flat": wide.ravel(),
        "x": (1, [2]),
    }
    parts = list(json_parts(value))
    assert max(map(len, parts)) < 100_000 < len("".join(parts))
    found = json.loads("".join(parts))
    listed = wide.tolist()
    listed[1][2], listed[3][4_999] = "NaN", "-Infinity"
    assert found["nodes"] == [
        {"name": f"n{i}", "value": listed if i == 150 else float(i)} for i in range(200)
    ]
    assert found["flat"] == [number for row in listed for number in row]
    assert (found["step"], found["none"], found["x"]) == (3, [], [1, [2]])
    assert "".join(parts) == to_json(value)


def test_a_step_s_record_is_the_contract_s_example():
    session = gradtui.load("two_weights")
    record = step_record(session.problem, session.frame.tape)
    assert json.loads(to_json(record)) == {
        "step": 0,
        "loss": 9.0,
        "lr": 0.05,
        "parameters": {"w1": 1.0, "w2": 2.0},
        "gradients": {"w1": 12.0, "w2": 18.0},
        "grad_norm": pytest.approx(math.hypot(12, 18)),
    }


def test_the_columns_of_a_record_name_every_element(session_of):
    session = session_of("L = sum(W**2) + b", "W = [[1.0, 2.0]]\nb = 3.0")
    names, numbers = record_columns(step_record(session.problem, session.frame.tape))
    assert names == [
        "step", "loss", "lr", "W[0,0]", "W[0,1]", "b", "dW[0,0]", "dW[0,1]", "db", "grad_norm",
    ]  # fmt: skip
    assert numbers == pytest.approx([0, 8, 0.1, 1, 2, 3, 2, 4, 1, math.sqrt(21)])


def test_two_weights_in_words():
    rows = [line_text(row).rstrip() for row in show_lines(gradtui.load("two_weights").frame, None)]
    assert rows[0] == "Two weights, one parcel · step 0 of 12 · sgd lr 0.05 · L 9"
    at = rows.index("local derivatives")
    assert rows[at + 1 : at + 5] == [
        "  ∂ŷ/∂w1  = x1 = 2",
        "  ∂ŷ/∂w2  = x2 = 3",
        "  ∂e/∂ŷ   = 1",
        "  ∂L/∂e   = 2·e = 6",
    ]
    assert "         = 6 · 1 · 3 = 18" in rows
    assert rows[-2:] == ["  w1  1 - 0.05·12 = 0.4", "  w2  2 - 0.05·18 = 1.1"]


@pytest.mark.parametrize("width", [60, 80])
def test_no_text_is_cut_where_the_terminal_is_narrow(session_of, width):
    long = "prediction_less_target_of_the_first_row"
    session = session_of(f"{long} = w*3.0 - 1.0\nL = {long}**2 + 0*{long}", "w = 1.0")
    at_most, rows = width, list(map(line_text, show_lines(session.frame, None, width)))
    program = rows[rows.index("program") + 1 : rows.index("local derivatives")]
    assert not [row for row in program if len(row.rstrip()) > at_most or "…" in row]
    assert "".join("".join(program).split()).count(long) == 3


def test_a_square_of_the_user_s_code_has_the_derivative_of_a_square():
    def case(w):
        r = w - np.array([1.0, 2.0, 3.0])
        return 0.5 * (r**2).sum(), {"w": r}

    session = gradtui.trace(case, w=np.array([0.5, -1.0, 2.0]))
    rows = [line_text(row).rstrip() for row in show_lines(session.frame, None)]
    assert "  L → r    0.5·2·r" in rows


def test_one_parameter_s_chain_in_words():
    rows = [line_text(row) for row in show_lines(gradtui.load("two_weights").frame, "w2")]
    assert any("∂L/∂w2 =" in row for row in rows)
    assert not any("∂L/∂w1 =" in row for row in rows)


def test_json_has_what_was_written_by_hand(session_of):
    found = show_json(session_of(MODEL, more=INHERITED).frame, None)["hand"]
    assert found["drive"] == "hand"
    assert found["claims"] == {"e": 2.0, "yhat": 1.0, "w": 3.0}
    assert [(line["name"], line["value"], line["claims"]) for line in found["lines"]] == [
        ("de", 2.0, "e"), ("dyhat", 1.0, "yhat"), ("dw", 3.0, "w"),
    ]  # fmt: skip
    assert "hand" not in show_json(session_of(MODEL).frame, None)


def test_json_has_no_value_of_a_line_whose_shapes_do_not_fit(session_of):
    found = show_json(session_of(MODEL, more=BACKWARD.format("de @ e")).frame, None)["hand"]
    assert [(line["name"], line["value"]) for line in found["lines"]] == [
        ("de", 2.0), ("dyhat", None), ("dw", 6.0),  # of the true dyhat, 2
    ]  # fmt: skip
