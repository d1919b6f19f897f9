"""One call of somebody's code in the debugger: its moments, its places, what it has none of."""

import textwrap

import numpy as np
import pytest

import gradtui
from gradtui import InputError
from gradtui.base.source import Place
from gradtui.debugger.seen import seen_at
from gradtui.debugger.session import SINGLE
from gradtui.debugger.steps import Compute, Flow, Pass, Seed, Written
from gradtui.debugger.stops import go_on, next_finding
from gradtui.diagnosis.finding import Finding
from gradtui.explain.called import place_text
from gradtui.explain.program import program_rows
from gradtui.explain.spans import line_text
from tracing.runs import module_of

RNN = """
import numpy as np

X = np.arange(6.0).reshape(3, 2) / 10


def cell(h, x, w):
    return np.tanh(w * h + x)


def case(w=np.array([0.5, -1.0]), h=np.ones(2)):
    hs = [h]
    for t in range(3):
        hs.append(cell(hs[-1], X[t], w))
    loss = np.sum(hs[-1] ** 2)
    dh = 2 * hs[-1]
    dw = np.zeros(2)
    for t in reversed(range(3)):
        dz = dh * (1 - hs[t + 1] ** 2)
        dw += dz * hs[FACTOR]
        dh = w * dz
    return loss, (dw, dh)
"""


@pytest.fixture
def trace(tmp_path):
    def call(factor="t", source=RNN):
        file = tmp_path / "net.py"
        file.write_text(textwrap.dedent(source).replace("FACTOR", factor))
        return gradtui.trace(module_of(file).case)

    return call


def lines(frame):
    return [line_text(row) for row in program_rows(frame, 90)]


def line(frame, number):
    return next(row for row in lines(frame) if row.lstrip().startswith(str(number)))


def test_a_call_has_the_loss_the_true_gradients_and_the_claims(trace):
    session = trace()
    frame = session.frame

    case = session.problem.call
    assert frame.loss == pytest.approx(float(np.sum(frame.values["hs[3]"] ** 2)))
    np.testing.assert_allclose(frame.claims["w"], frame.gradients["w"])
    np.testing.assert_allclose(frame.claims["h"], frame.gradients["h"])
    assert case is not None and frame.known.findings == ()


def test_it_steps_through_the_lines_in_the_order_of_their_execution(trace):
    session = trace()
    session.restart()
    session.restart()
    places = []
    while session.position < session.order.end:
        session.into()
        if isinstance(session.frame.now, Compute | Written):
            places.append(place_text(session.frame))

    ahead = [f"cell line 8, t = {t} of 3" for t in range(3)]
    assert places[:4] == [*ahead, "case line 15"]
    assert places[4:9] == [
        "case line 16", "case line 17", "case line 19, t = 2 of 3", "case line 20, t = 2 of 3",
        "case line 21, t = 2 of 3",
    ]  # fmt: skip
    assert places[-1] == "case line 21, t = 0 of 3"


def test_the_step_ends_after_the_backward_pass(trace):
    session = trace()

    assert session.order.end == session.order.backward
    assert isinstance(session.order.moments[session.order.forward], Seed)
    assert {type(moment) for moment in session.order.moments} == {Compute, Seed, Flow, Written}
    session.into()
    assert (session.step, session.message) == (0, SINGLE)
    assert session.frame.where is Pass.BACKWARD


@pytest.mark.parametrize("move", [lambda s: s.move(1), lambda s: s.seek(5), lambda s: s.move(-1)])
def test_another_step_is_refused_in_words(trace, move):
    session = trace()
    move(session)

    assert (session.step, session.message) == (0, SINGLE)


def test_going_on_jumps_to_where_the_line_is_executed_again_and_back(trace):
    session = trace()
    session.restart()
    session.restart()
    session.into()

    go_on(session)
    assert place_text(session.frame) == "cell line 8, t = 1 of 3"
    narrow = [place_text(session.frame, width) for width in (23, 22, 17, 10, 5)]
    assert narrow == ["cell line 8, t = 1 of 3", "line 8, t = 1 of 3", "cell line 8", "line 8", ""]
    go_on(session)
    go_on(session)
    assert session.position == session.order.forward
    go_on(session, -1)
    assert session.position == 0


def test_a_line_shows_the_value_of_its_last_execution_before_the_cursor(trace):
    session = trace()
    values = session.frame.values
    session.restart()
    session.restart()
    assert line(session.frame, 8).rstrip().endswith("·")

    session.into()
    first = values["hs[1]"]
    assert f"[{first[0]:.4g} {first[1]:.4g}]" in line(session.frame, 8)
    assert line(session.frame, 8).lstrip().startswith("8▸")


def test_forward_and_backward_of_one_function_stand_apart(trace):
    rows = lines(trace().frame)

    case = next(at for at, row in enumerate(rows) if row.startswith("case, net.py: forward"))
    turn = rows.index("case, net.py: backward")
    assert case < turn and rows[turn + 1].lstrip().startswith("16")


def test_a_mistake_is_marked_on_the_line_where_it_is_found(trace):
    session = trace(factor="t + 1")
    frame = session.frame

    assert frame.known.judgement.verdict == "wrong"
    assert next_finding(session)
    where = session.frame.known.findings[0].line
    assert place_text(session.frame).startswith(f"case line {where}")
    assert line(session.frame, where).rstrip().endswith("✗")


def test_no_rule_of_a_run_is_looked_for(trace):
    session = trace()
    session.investigation.look()

    assert session.investigation.run_findings == ()
    assert session.investigation.unknown == ""


def test_both_levels_compute_the_same(trace):
    session = trace()
    loss = session.frame.loss
    session.toggle_level()
    session.restart()

    assert session.frame.loss == loss
    assert len(session.structure.nodes) > len(trace().structure.nodes)


def test_a_layer_is_shown_with_both_its_halves():
    def forward(x, w):
        return x @ w, (x, w)

    def backward(dout, cache):
        x, w = cache
        return dout @ w.T, x.T @ dout

    session = gradtui.trace(forward, backward, x=np.eye(3), w=np.ones((3, 2)))

    assert [node.name for node in session.problem.graph.parameters] == ["x", "w"]
    assert "dout" in session.problem.graph.names
    heads = [row for row in lines(session.frame) if "test_call.py" in row]
    assert [head.rpartition(".")[2] for head in heads] == [
        "forward, test_call.py: forward".rpartition(".")[2],
        "backward, test_call.py: backward".rpartition(".")[2],
    ]


def test_what_is_no_function_is_refused():
    with pytest.raises(InputError, match="expected a function, got str"):
        gradtui.trace("two_weights")


def test_exceptions_of_the_code_pass_through(trace):
    with pytest.raises(ZeroDivisionError):
        trace(source="def case(w=__import__('numpy').ones(2)):\n    return 1 / 0, w\n")


def test_of_comments_in_a_row_the_first_is_shown_and_no_empty_line(trace):
    session = trace(
        source="""
        import numpy as np

        def case(w=np.ones(2)):
            '''Not shown.'''
            e = w * 1
            ##########
            # TODO: a loss
            # of your own

            loss = np.sum(e**2)  # kept
            return loss, 2 * w
        """
    )

    shown = [row.lstrip(" 0123456789▸").split("  ")[0].strip() for row in lines(session.frame)[1:]]
    assert shown == [
        "e = w * 1",
        "# TODO: a loss",
        "loss = np.sum(e**2)",
        "case, net.py: backward",
        "return loss, 2 * w",
    ]


def test_what_the_round_before_left_is_dim_until_it_comes_again(trace):
    session = trace(
        source="""
        import numpy as np

        def case(w=np.ones(2)):
            a = w * 1
            for t in range(3):
                b = a * 2
                a = b + t
            return a.sum(), 8 * w
        """
    )
    session.restart()
    session.restart()
    for _ in range(4):
        session.into()

    roles = {
        line_text(row).lstrip()[0]: [role for text, role in row if "[" in text]
        for row in program_rows(session.frame, 90)
    }
    assert place_text(session.frame) == "case line 7, t = 1 of 3"
    assert (roles["5"], roles["7"], roles["8"]) == (["value"], ["value"], ["dim"])


def test_a_finding_at_a_line_that_only_calls_stands_where_its_function_is_done(trace):
    session = trace()
    call = session.problem.call
    calling = next(at for at, one in enumerate(call.lines) if one.waits)
    finding = Finding("unexplained", "error", "w", None, "", {}, place=call.lines[calling].place)

    _, position = seen_at(finding, session.problem, session.structure)

    assert session.structure.called[position] == call.done_with(calling) < calling


ROUNDS = """
import numpy as np

X = np.array([0.5, -1.0, 2.0])


def case(w=np.array(0.7)):
    hs = [np.array(0.1)]
    for t in range(3):
        hs.append(np.tanh(w * hs[-1] + X[t]))
    dw, dh = 0.0, np.array(1.0)
    for t in reversed(range(3)):
        dz = dh * (1 - hs[t + 1] ** 2)
        dw += dz * hs[t]
        dh = -w * dz
    return hs[-1], {"w": dw}
"""


def test_a_finding_in_a_loop_stands_in_the_first_round_though_the_last_is_of_no_use(tmp_path):
    file = tmp_path / "rounds.py"
    file.write_text(textwrap.dedent(ROUNDS))
    session = gradtui.trace(module_of(file).case)
    call, line = session.problem.call, ROUNDS.split("\n").index("        dh = -w * dz") + 1
    finding = Finding("sign", "error", "w", line, "", {}, place=Place(line, file=str(file)))

    _, position = seen_at(finding, session.problem, session.structure)

    assert call.lines[session.structure.called[position]].rounds == ("t = 2 of 3",)
