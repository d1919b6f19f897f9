"""Terms that an expression lacks and that no name in scope holds."""

import numpy as np
import pytest

import gradtui
from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.missing import Missing
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY
from planted import Planted, repaired

RNG = np.random.default_rng(0)
SEEN = RNG.normal(size=(3, 20))
MIXING = np.eye(3) + 0.3 * RNG.normal(size=(3, 3))


def unmixed(MIXING):
    found = MIXING @ SEEN
    loss = np.log(np.cosh(found)).sum() / 20 - np.linalg.slogdet(MIXING)[1]
    relative = np.tanh(found) @ found.T / 20
    relative -= np.eye(3)
    return loss, relative @ np.linalg.inv(MIXING).T


def averaged(x, w):
    mean = np.average(x, weights=w)
    spread = np.average((x - mean) ** 2, weights=w)
    dx = 2 * w * (x - mean) / w.sum()
    dw = ((x - mean) ** 2 - spread) / w.sum()
    return spread, {"x": dx, "w": dw}


def test_a_sum_by_which_another_line_divides_is_missing(tmp_path):
    shares = RNG.uniform(0.1, 1, 5)
    planted = Planted(__file__, tmp_path, {"x": RNG.normal(size=5), "w": shares})

    (found,) = planted.errors(planted.wrong("(x - mean) / w.sum()", "(x - mean)"), "averaged")

    assert found.fix == "dx = 2 * w * (x - mean) / w.sum()"


def scaled(x):
    n = len(x)
    mean, var = x.mean(axis=0), x.var(axis=0)
    centred = x - mean
    out = centred / np.sqrt(var)
    dvar = np.sum(out * SEEN.T * -0.5 / var, axis=0)
    dmean = np.sum(-SEEN.T / np.sqrt(var), axis=0) + dvar * np.mean(-2 * centred, axis=0)
    dx = SEEN.T / np.sqrt(var) + 2 / n * centred * dvar + dmean / n
    return np.sum(out * SEEN.T), dx


def test_the_path_through_a_sum_over_rows_is_missing(tmp_path):
    planted = Planted(__file__, tmp_path, {"x": SEEN.T.copy() + RNG.normal(size=(20, 3))})
    wrong = planted.wrong(" + 2 / n * centred * dvar", "")

    (found,) = planted.errors(wrong, "scaled")

    assert found.fix.endswith(" + 2 / n * centred * dvar")


MISTAKES = [(unmixed, "    relative -= np.eye(3)\n", "")]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_identity_matrix_is_added_where_it_is_missing(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, {"MIXING": MIXING})
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at - 1, at - 1)
    assert "np.eye(" in found.fix
    assert planted.errors(repaired(wrong, found), function.__name__) == []


def with_an_empty_array(w):
    rest = np.zeros((0, 3))
    return np.sum(w**3) / 7, w + len(rest)


def test_an_axis_without_entries_does_not_end_the_search():
    found = gradtui.check(with_an_empty_array, w=np.array([0.3, -0.6, 1.1]))
    assert "internal" not in {one.rule for one in found}


def carried(dc, gates, keep):
    dnext = dc
    return dnext, gates, keep


def test_entries_of_this_round_come_before_the_many_of_others():
    unit, held = Unit(carried.__code__, [carried]), Held((3,), "f")
    texts = [*(f"gates[{at}]" for at in range(60)), "gates[t]", "keep[t]"]
    scope = dict.fromkeys(["dc", *texts], held)
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    node = unit.node.body[0]

    missing = Missing(Statement(unit, node, around), node.value, (3,))

    assert "keep[t]" in {text for text, _ in missing.factors}
