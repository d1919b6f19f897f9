"""Any walk through a session: wherever it comes back to, the bits and the text are the same."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from debugger.models import BY_HAND, MODEL, TENSORS
from debugger.test_session import bits, shown
from gradtui.debugger.session import Session
from gradtui.debugger.steps import Level
from reloads import reload

CHANGES = ("lr 0.02", "optimizer adam", "clip_norm 0.5", "schedule cosine", "w = 0.1")


@pytest.fixture(scope="module")
def versions(session_of):
    """Three models, each with another version of its file."""
    data = "X = [[1.0, 2.0], [0.5, -1.0], [-0.3, 0.8]]\ny = [1.0, 0.0, -1.0]"
    tensors = "w = [[0.1, 0.2], [-0.3, 0.4]]\nb = [0.1, -0.1]"
    hand = "a = w*x*2\nL = (a*a + v)**2"
    opened = [
        (
            session_of(MODEL, "w = 0.7\nv = -0.4", "x = 1.3\ny = 0.2", lr=0.03),
            session_of(MODEL.replace("b*w", "b*v"), "w = 0.7\nv = -0.4", "x = 1.3\ny = 0.2"),
        ),
        (
            session_of(TENSORS, tensors, data),
            session_of(TENSORS.replace("h*h", "h*z"), tensors, data, lr=0.2),
        ),
        (
            session_of(hand, "w = 0.4\nv = 0.1", more=BY_HAND, lr=0.03),
            session_of(hand, "w = 0.5\nv = 0.1", more=BY_HAND, lr=0.01),
        ),
    ]
    return [tuple(session.problem for session in pair) for pair in opened]


class Walk(RuleBasedStateMachine):
    """A session, and what was seen of it at each place it has been to."""

    versions = ()

    @initialize(which=st.integers(0, 2))
    def begin(self, which):
        self.pair = self.versions[which]
        self.version = self.epoch = 0
        self.session = Session(self.pair[0])
        self.session.investigation.judge()
        self.numbers, self.texts = {}, {}

    def branch(self, branch):
        """Return what tells a branch from all others: that of a file is the same ever after."""
        own = self.epoch if branch.parent is not None else None
        return self.version, own, branch.id, branch.problem.drive

    @invariant()
    def the_bits_and_the_text_of_a_place_never_change(self):
        session = self.session
        branches, selection = session.branches, session.selection
        assert 0 <= session.position <= session.order.end
        named = session.problem.graph.names.values()
        assert selection.node in {*session.structure.nodes, *named}
        run = (*self.branch(branches.current.at(session.step)), session.step)
        found = bits(session)
        assert self.numbers.setdefault(run, found) == found
        place = (
            self.branch(branches.current), branches.name, session.level, session.folded,
            session.step, session.position, selection.node, selection.lens, selection.jacobian,
        )  # fmt: skip
        text = shown(session)
        assert self.texts.setdefault(place, text) == text

    @rule(times=st.integers(1, 9))
    def into_and_back(self, times):
        session = self.session
        before = session.step, session.position
        for _ in range(times):
            session.into()
        for _ in range(times):
            session.back()
        assert (session.step, session.position) == before

    @rule(name=st.sampled_from(["into", "back", "finish", "restart", "first", "last"]))
    def walk(self, name):
        getattr(self.session, name)()

    @rule(by=st.integers(-7, 7))
    def move(self, by):
        self.session.move(by)

    @rule(step=st.integers(0, 30))
    def seek(self, step):
        self.session.seek(step)

    @rule(step=st.integers(0, 30))
    def away_and_back(self, step):
        session = self.session
        here, position = session.step, session.position
        session.seek(step)
        session.seek(here)
        session.position = position

    @rule(twice=st.booleans())
    def change_level(self, twice):
        session = self.session
        before = session.position, session.selection.node, session.folded
        session.toggle_level()
        if twice:
            session.toggle_level()
            assert before[2] or before == (
                session.position, session.selection.node, session.folded
            )  # fmt: skip

    @rule(twice=st.booleans())
    def fold(self, twice):
        session = self.session
        session.toggle_fold()
        if twice and not session.message:
            session.toggle_fold()

    @rule(
        name=st.sampled_from(
            ["select_next", "select_input", "select_consumer", "look", "leave", "show_jacobian"]
        )
    )
    def select(self, name):
        getattr(self.session.selection, name)()

    @rule(change=st.sampled_from(CHANGES))
    def fork(self, change):
        session = self.session
        parent, before = session.branches.current, bits(session)
        if session.problem.graph.parameters[0].shape and change.startswith("w"):
            change = "w[0,1] = 0.1"
        session.branches.what_if(change, session.step)
        branch = session.branches.current
        session.branches.switch(parent)
        assert bits(session) == before
        session.branches.switch(branch)

    @precondition(lambda self: len(self.session.branches) > 1)
    @rule(by=st.sampled_from([-1, 1]))
    def turn(self, by):
        self.session.branches.turn(by)

    @precondition(lambda self: self.session.problem.by_hand)
    @rule(twice=st.booleans())
    def drive(self, twice):
        for _ in range(1 + twice):
            self.session.branches.toggle_drive()

    @rule(twice=st.booleans())
    def edit(self, twice):
        for _ in range(1 + twice):
            self.version, self.epoch = 1 - self.version, self.epoch + 1
            self.session, lost = reload(self.session, self.pair[self.version])
            assert not lost
            self.session.investigation.judge()

    @rule()
    def anew(self):
        """A session of its own that goes straight there has the same numbers."""
        session = self.session
        direct = Session(session.branches.root.problem)
        direct.seek(session.step)
        root = session.branches.current.at(session.step).parent is None
        assert not root or bits(direct) == bits(session)
        assert direct.level is Level.NAMED


def test_whatever_is_done_a_place_is_the_same_when_one_comes_back(versions):
    machine = type("Walks", (Walk,), {"versions": versions})
    machine.TestCase.settings = settings(max_examples=12, stateful_step_count=25)
    machine.TestCase("runTest").runTest()
