import numpy as np
import pytest

from gradtui.base.source import InputError
from tracing.runs import RNN, apart, watched


def test_code_that_was_typed_has_its_lines_without_their_text():
    names = {"np": np}
    text = "def case(w=np.ones(2)):\n    h = w * 2\n    return h.sum(), w\n"
    exec(compile(text, "<typed in>", "exec"), names)
    run = watched(names["case"])

    assert [(line.place.line, line.scope) for line in run.problem.call.lines] == [
        (2, (2, 3)),
        (3, (2, 3)),
    ]
    assert run.problem.texts["<typed in>"] == ("", "", "")
    assert [one.name for one in run.graph.statements] == ["multiply", "loss"]


def test_a_run_of_very_many_lines_is_refused_at_its_function(traced, monkeypatch):
    monkeypatch.setattr("gradtui.tracing.visits.MOST_VISITS", 20)

    with pytest.raises(InputError, match=r"net\.py:3:1: error: the call executes more than"):
        traced(RNN)


def test_a_call_of_too_many_operations_is_told_where_most_are(traced, monkeypatch):
    monkeypatch.setattr("gradtui.engine.size.MAX_OF_CALL", 10)

    with pytest.raises(InputError) as caught:
        traced(RNN)

    assert "calls of up to 10 operations, and this one has" in caught.value.message
    assert "`gradtui check` compares its gradients" in caught.value.message
    assert caught.value.source_line.strip() == "loss += hs[t].sum()"


def test_a_call_is_a_problem_without_steps_with_the_true_gradients(traced):
    run = traced("""
        def case(w=np.array([1.0, -2.0]), x=3.0):
            y = w * x
            loss = np.sum(y**2)
            return loss, {"w": 2 * y * x}
        """)

    problem, tape = run.problem, run.session.tape(0)
    assert float(tape.value(problem.graph.loss)) == 9.0 * 5
    # d/dw of (w·x)² is 2·w·x²
    assert apart(tape.gradient(0), [18.0, -36.0]) < 1e-12
    assert problem.call is not None and problem.by_hand and problem.steps == 0
    with pytest.raises(InputError, match="one call of your own code has no settings"):
        problem.revised({"optimizer": {}})


def test_what_is_all_float32_stays_so(traced):
    run = traced("""
        def case(w=np.ones(2, np.float32)):
            return np.sum(w * w), 2 * w
        """)

    assert run.problem.trainer.dtype == "float32"


def test_the_notes_are_the_text_of_the_function_and_not_of_what_it_is_derived_from(traced):
    inherited = """
        class Base:
            '''What every layer is.'''

            def __call__(self, w=np.ones(2)):
                return np.sum(w**2), {"w": 2 * w}

        class Layer(Base):
            pass

        case = Layer()
        """
    problem = traced(inherited).problem
    assert (problem.title, problem.notes) == ("net.py:Layer", "")
    own = """
        from functools import partial

        def scaled(k, w=np.ones(2)):
            '''A square.

            Of w.'''
            return np.sum(k * w**2), {"w": 2 * k * w}

        case = partial(scaled, 3.0)
        """
    problem = traced(own).problem
    assert (problem.title, problem.notes) == ("net.py:scaled", "A square.\n\nOf w.")
