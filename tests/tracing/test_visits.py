import sys

import pytest

from tracing.runs import lines_of


def test_a_helper_belongs_to_the_round_that_calls_it(traced):
    run = traced("""
        class Cell:
            def __init__(self, w):
                self.w = w
                self.cache = {}

            def step(self, h):
                self.cache["out"] = np.tanh(h * self.w)
                return self.cache["out"]

        def case(w=np.ones(2), h=np.ones(2)):
            cell = Cell(w)
            for t in range(2):
                h = cell.step(h)
            return h.sum(), (w, h)
        """)

    names = [one.name for one in run.graph.statements]
    assert names == ['self.cache["out"](t=0)', 'self.cache["out"](t=1)', "loss"]
    calling = lines_of(run, 15)
    assert all(line.waits and not line.computes for line in calling)
    assert next(line.function for line in run.problem.call.lines if line.nodes) == "Cell.step"


def test_a_round_without_a_number_is_counted(traced):
    run = traced("""
        def case(x=np.ones(2)):
            y = x
            while y.sum() < 10:
                y = y * 2
            for scale in (x, 3 * x):
                y = y * scale
            return y.sum(), x
        """)

    assert [line.rounds for line in lines_of(run, 6)] == [
        ("round 1 of 3",), ("round 2 of 3",), ("round 3 of 3",)
    ]  # fmt: skip
    names = [one.name for one in run.graph.statements]
    assert names[:4] == ["y(#1)", "y(#2)", "y(#3)", "3 * x"]


def test_what_is_appended_to_a_list_is_an_entry_of_it(traced):
    run = traced("""
        class Net:
            def __init__(self, w):
                self.w, self.outs = w, []

            def step(self, x):
                self.outs.append(x * self.w)
                return self.outs[-1]

        def case(w=np.ones(2)):
            hs = [np.full(2, 0.5)]
            sizes = []
            for t in range(2):
                hs.append(np.tanh(hs[-1] * w))
                sizes.append((t, hs))
            hs += [hs[-1] ** 2]
            net = Net(w)
            return net.step(hs[-1]).sum() + hs.pop().sum(), w
        """)

    names = [one.name for one in run.graph.statements]
    assert names == ["hs[1]", "hs[2]", "hs[3]", "self.outs[0]", "loss"]
    assert "hs[0]" in run.graph.names


def test_the_tracer_of_before_is_put_back_also_after_an_exception(traced):
    def tracer(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        with pytest.raises(ZeroDivisionError):
            traced("""
                def case(x=np.ones(2)):
                    return 1 / 0, x
                """)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


def test_a_line_that_makes_a_named_tuple_or_a_dataclass_calls_no_code_of_the_user(traced):
    run = traced("""
        from collections import namedtuple
        from dataclasses import dataclass

        Pair = namedtuple("Pair", "first second")

        @dataclass
        class Held:
            value: float

        def case(x=np.ones(2)):
            pair = Pair(2.0, 3.0)
            held = Held(4.0)
            loss = (x * pair.first).sum()
            return loss, 2 * np.ones(2)
        """)

    assert not any(line.waits for line in run.problem.call.lines)
