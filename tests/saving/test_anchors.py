"""A place in a step is found again in another version of the model."""

import gradtui
from reloads import reload

BEFORE = "a = w*x\nb = a + 1\nc = tanh(b*b)\nL = c**2"
AFTER = "a = w*x\nb = a + 1\nextra = b*2\nc = tanh(b*b)\nL = c**2 + extra"


def test_every_position_is_found_again_in_the_same_model(write):
    path = write(BEFORE)
    session = gradtui.load(path)
    for level in range(2):
        for position in range(session.order.end + 1):
            session.position = position
            session, _ = reload(session, gradtui.load(path).problem)
            assert session.position == position, (level, position)
        session.toggle_level()


def test_a_position_is_that_of_the_same_moment_in_another_model(write):
    session = gradtui.load(write(BEFORE))
    other = gradtui.load(write(AFTER)).problem
    names = {}
    for position in range(1, session.order.forward + 1):
        fresh = gradtui.load(session.problem.path)
        fresh.position = position
        fresh, _ = reload(fresh, other)
        names[position] = other.graph.nodes[fresh.frame.now.node].name
    assert names == {1: "a", 2: "b", 3: "c", 4: "L"}


def test_what_is_gone_leaves_the_last_moment_before_it(write):
    session = gradtui.load(write(AFTER))
    session.position = 3
    session, _ = reload(session, gradtui.load(write(BEFORE)).problem)
    assert session.problem.graph.nodes[session.frame.now.node].name == "b"
