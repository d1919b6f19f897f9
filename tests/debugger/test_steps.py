"""What each press of "step into" does, spelled out by hand."""

import pytest

import gradtui
from gradtui.debugger.steps import (
    Compute,
    Flow,
    Level,
    Move,
    Pass,
    Seed,
    Written,
    build_order,
    translate,
)
from gradtui.engine.graph import Kind

NAMED, OPERATIONS = Level.NAMED, Level.OPERATIONS


def spell(problem, level):
    """Return the moments of a step as words."""
    graph = problem.graph

    def word(node):
        return node.name or " ".join([node.op, *(word(graph.nodes[i]) for i in node.inputs)])

    def say(moment):
        match moment:
            case Compute(node):
                return f"compute {word(graph.nodes[node])}"
            case Seed(node):
                return f"seed {word(graph.nodes[node])}"
            case Flow(source, target):
                return f"{word(graph.nodes[target])} -> {word(graph.nodes[source])}"
            case Move(position):
                return f"move {graph.parameters[position].name}"

    return [say(m) for m in build_order(problem.trainer.program, level).moments]


def schedules(problem):
    return [build_order(problem.trainer.program, level) for level in (NAMED, OPERATIONS)]


def test_two_weights_statement_by_statement():
    problem = gradtui.load("two_weights").problem
    assert spell(problem, NAMED) == [
        "compute yhat",
        "compute e",
        "compute L",
        "seed L",
        "L -> e",
        "e -> yhat",
        "yhat -> w1",
        "yhat -> w2",
        "move w1",
        "move w2",
    ]


def test_two_weights_operation_by_operation():
    problem = gradtui.load("two_weights").problem
    assert spell(problem, OPERATIONS) == [
        "compute * w1 x1",
        "compute * w2 x2",
        "compute yhat",
        "compute e",
        "compute L",
        "seed L",
        "L -> e",
        "e -> yhat",
        "yhat -> * w1 x1",
        "yhat -> * w2 x2",
        "* w1 x1 -> w1",
        "* w2 x2 -> w2",
        "move w1",
        "move w2",
    ]


def test_five_parcels_statement_by_statement():
    problem = gradtui.load("five_parcels").problem
    assert spell(problem, NAMED) == [
        "compute yhat",
        "compute e",
        "compute L",
        "seed L",
        "L -> e",
        "e -> yhat",
        "yhat -> w",
        "move w",
    ]


def test_five_parcels_operation_by_operation():
    problem = gradtui.load("five_parcels").problem
    assert [text.replace("  ", " ") for text in spell(problem, OPERATIONS)] == [
        "compute yhat",
        "compute e",
        "compute ** e constant",
        "compute L",
        "seed L",
        "L -> ** e constant",
        "** e constant -> e",
        "e -> yhat",
        "yhat -> w",
        "move w",
    ]


def test_the_passes_of_two_weights_begin_and_end():
    named, operations = schedules(gradtui.load("two_weights").problem)
    assert named.boundaries == (0, 3, 8, 10)
    assert operations.boundaries == (0, 5, 12, 14)
    passes = [named.pass_at(position) for position in range(named.end + 1)]
    assert passes == [Pass.START] + 3 * [Pass.FORWARD] + 5 * [Pass.BACKWARD] + 2 * [Pass.UPDATE]


def test_nothing_flows_to_data_or_numbers(session_of):
    problem = session_of("a = 2*w + x\nL = a**2*x").problem
    assert spell(problem, NAMED)[2:] == ["seed L", "L -> a", "a -> w", "move w"]


def test_a_name_used_twice_is_one_flow_over_two_wires(session_of):
    problem = session_of("a = w*w\nL = a*a").problem
    assert spell(problem, NAMED)[3:5] == ["L -> a", "a -> w"]
    assert spell(problem, OPERATIONS) == spell(problem, NAMED)
    flows = schedules(problem)[1].moments[3:5]
    assert [len(flow.edges) for flow in flows] == [2, 2]


def test_a_weight_of_two_statements_has_two_flows(session_of):
    problem = session_of("a = w*x\nb = w*3 + 1\nL = a*b").problem
    assert spell(problem, NAMED)[3:] == [
        "seed L",
        "L -> a",
        "L -> b",
        "b -> w",
        "a -> w",
        "move w",
    ]


def test_what_the_loss_does_not_use_is_computed_but_sends_nothing_back(session_of):
    problem = session_of("a = w*x\nunused = a*3\nL = a**2", more="").problem
    assert spell(problem, NAMED)[:3] == ["compute a", "compute unused", "compute L"]
    assert not any("unused ->" in text for text in spell(problem, NAMED))


def test_a_number_of_its_own_line_is_a_moment_of_both_levels(session_of):
    problem = session_of("n = 3\nL = (w*n)**2").problem
    assert spell(problem, NAMED)[:2] == ["compute n", "compute L"]
    assert spell(problem, OPERATIONS)[0] == "compute n"


def test_an_operation_that_only_gave_a_shape_is_no_moment(session_of):
    problem = session_of(
        "n = (X@w).shape[0]\nL = sum(X@w)/n", "w = [1.0, 2.0]", "X = [[1.0, 2.0], [3.0, 4.0]]"
    ).problem
    assert spell(problem, OPERATIONS)[:4] == [
        "compute n",
        "compute @ X w",
        "compute sum @ X w",
        "compute L",
    ]


MODELS = [
    "L = (w*x - 1)**2",
    "n = 3\nm = 4\na = w*n\nb = a*m + w\nL = a*b + (w + b)*(w - a)",
    "a = w*x\nb = a\nc = b > 0\nd = where(c, a, -a)\nL = d*b",
]


@pytest.mark.parametrize("code", MODELS)
def test_a_position_survives_the_operations_graph_and_back(session_of, code):
    named, operations = schedules(session_of(code).problem)
    for position in range(named.end + 1):
        there = translate(position, named, operations)
        assert translate(there, operations, named) == position, position


def test_hand_written_lines_stand_where_what_they_claim_is_known(session_of):
    code = "k = 2*x\nde = 2*e\ndw = de*x\ndyhat = de"
    session = session_of("yhat = w*x\ne = yhat - 5\nL = e**2", more=hand(code))
    assert [m.name if isinstance(m, Written) else "" for m in session.order.moments] == [
        *("", "", ""), "", "k", "", "de", "", "", "dw", "dyhat", "",
    ]  # fmt: skip


def hand(code):
    return f'[backward]\ncode = """\n{code}\n"""'


HAND = "h = 2*x\ndL = 1\ndb = 2*(a*a + b)*a\nda = 2*(a*a + b)*2*a\ndw = da*h"


@pytest.mark.parametrize("start", [0, 1])
def test_a_position_among_hand_written_lines_is_translated_to_one_that_has_done_no_more(
    session_of, start
):
    session = session_of("a = w*x*2\nL = (a*a + b)**2", "w = 0.5\nb = 1.0", more=hand(HAND))
    named, operations = schedules(session.problem)
    before, after = (named, operations)[:: 1 - 2 * start]
    for position in range(before.end + 1):
        there = translate(position, before, after)
        assert work(after, there, named) <= work(before, position, named)
    assert translate(before.backward, before, after) == after.backward


@pytest.mark.parametrize("code", MODELS)
def test_a_translated_position_has_done_no_more(session_of, code):
    named, operations = schedules(session_of(code).problem)
    for before, after in ((named, operations), (operations, named)):
        for position in range(before.end + 1):
            there = translate(position, before, after)
            assert work(after, there, named) <= work(before, position, named)
            if before is named:
                assert after.pass_at(there) is before.pass_at(position)


def work(schedule, position, named):
    """Return the values computed, the flows of the named graph complete, the parameters moved."""
    done = schedule.moments[:position]
    values = {op for m in done if isinstance(m, Compute) for op in m.operations}
    crossed = {edge for m in done if isinstance(m, Flow) for edge in m.edges}
    flows = {m for m in named.moments if isinstance(m, Flow) and crossed.issuperset(m.edges)}
    lines = {m for m in done if isinstance(m, Written)}
    moves = {("move", m.position) for m in done if isinstance(m, Move)}
    return values | flows | lines | moves


@pytest.mark.parametrize("code", MODELS)
def test_every_schedule_computes_all_values_and_moves_all_parameters(session_of, code):
    problem = session_of(code).problem
    operations = {n.id for n in problem.graph.nodes if n.kind is Kind.OPERATION}
    named = schedules(problem)[0]
    for schedule in schedules(problem):
        assert operations | {("move", 0)} <= work(schedule, schedule.end, named)
