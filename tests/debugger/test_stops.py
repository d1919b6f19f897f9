"""Moving to the next finding, and out of loops."""

import numpy as np

import gradtui
from gradtui.debugger.stops import go_on, leave_loop, next_finding

WRONG = "[backward]\ncode = '''\nde = 2*e\ndw = de\n'''\n[update]\ncode = 'w = w + lr*g'"


def test_findings_are_gone_to_one_after_the_other(session_of):
    session = session_of("e = w*x - 5\nL = e**2", more=WRONG)
    next_finding(session)
    assert session.message == "still comparing what was written by hand …"
    session.investigation.look()
    session.toggle_level()
    next_finding(session)
    line = session.problem.lines.index("dw = de") + 1
    assert session.message.startswith(f"finding 1 of 2, line {line}: ")
    assert session.problem.graph.nodes[session.selection.node].name == "w"
    assert session.frame.where.value == "backward"
    next_finding(session)
    assert session.message.startswith("finding 2 of 2, line ")
    assert session.position == session.order.backward + 1
    next_finding(session)
    assert session.frame.known.chosen == 0


def test_without_findings_there_is_nowhere_to_go(session_of):
    session = session_of("L = (w*x)**2", more="[backward]\ncode = 'dw = 2*w*x*x'")
    session.investigation.look()
    next_finding(session)
    assert session.message == "no findings"
    plain = session_of("L = (w*x - 5)**2")
    next_finding(plain)
    assert plain.message == "still looking at the run …"
    plain.investigation.look()
    next_finding(plain)
    assert plain.message == "no findings"


def test_going_on_stops_at_each_finding_of_a_step_once(session_of):
    session = session_of("L = w**2 + v**2", "w = 2.0\nv = 3.0",
                         more="[backward]\ncode = '''\ndw = w\ndv = v\n'''")  # fmt: skip
    session.investigation.look()
    for line in ("dw", "dv"):
        go_on(session)
        assert session.step == 0 and session.investigation.chosen.target == line
    go_on(session)
    assert session.step == session.problem.steps
    session.first()
    go_on(session)
    assert session.step == session.problem.steps


def test_a_breakpoint_ahead_is_gone_on_to_past_a_finding_whose_moment_is_over(session_of):
    session = session_of("L = w**2 + v**2", "w = 2.0\nv = 3.0",
                         more="[backward]\ncode = '''\ndw = w\ndv = 2*v\n'''")  # fmt: skip
    session.investigation.look()
    session.break_at("step == 4")
    while session.breakpoints.search(1.0):
        pass
    go_on(session)
    assert session.step == 4 and session.investigation.chosen is None
    session.first()
    session.position = 0
    go_on(session)
    assert session.step == 0 and session.investigation.chosen.target == "dw"
    go_on(session)
    assert session.step == 4


def test_going_on_never_goes_against_its_direction_inside_a_step(session_of):
    session = session_of("L = w**2 + v**2", "w = 2.0\nv = 3.0",
                         more="[backward]\ncode = '''\ndw = w\ndv = v\n'''")  # fmt: skip
    session.investigation.look()
    done = session.order.backward
    go_on(session)
    assert session.position == done
    assert session.investigation.chosen.target == "dw"
    assert session.problem.graph.nodes[session.selection.node].name == "w"
    assert "finding 1 of 2, line" in session.message
    session.position = 1
    go_on(session, -1)
    assert session.position == 1
    assert session.investigation.chosen.target == "dv"
    session.seen.clear()
    go_on(session)
    assert 1 < session.position < done
    assert session.frame.where.value == "backward"


def looped(w, v):
    h = w
    for _k in range(3):
        for _ in range(2):
            h = np.tanh(h)
        h = h * v
    y = h + 1.0
    loss = y**2
    dh = dv = 2 * y
    for _k in range(3):
        dh = dh * v
    return loss, (dh, dv)


def test_a_loop_is_left_for_the_first_line_after_it():
    session = gradtui.trace(looped, w=np.array(0.3), v=np.array(0.5))
    lines, first = session.problem.call.lines, looped.__code__.co_firstlineno

    def here():
        line = lines[session.structure.called[session.position]]
        return line.place.line - first, len(line.rounds)

    session.position = 0
    leave_loop(session)
    assert (session.position, session.message) == (0, "the cursor is in no loop of your own code")
    while session.structure.called.get(session.position, -1) < 0 or here() != (4, 2):
        session.into()
    leave_loop(session)
    assert here() == (5, 1)
    leave_loop(session)
    assert here() == (6, 0)
    session.position = max(at for at in session.structure.called if at < session.order.end)
    leave_loop(session)
    assert session.position == session.order.end


def test_a_run_has_no_loop_to_leave():
    session = gradtui.load("two_weights")
    session.into()
    before = session.position
    leave_loop(session)
    assert session.position == before and "no loop" in session.message
