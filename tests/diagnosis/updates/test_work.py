"""The work of a diagnosis is bounded, however long a program is; and no legal program breaks it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnosis.updates.files import ADAM, ADAM_CODE, ADAM_STATE, found_in, text_of
from gradtui.base.source import InputError
from gradtui.diagnosis.updates import diagnose_update, line_edits, search
from gradtui.diagnosis.updates.motion import Motion
from gradtui.scenario.load import load_problem

HELPERS = 100


def helpers(line):
    """Return so many lines, each of the one before, and the name of the last."""
    lines = [line.format(at=f"h{i}", before=f"h{i - 1}" if i else "g") for i in range(HELPERS)]
    return "\n".join(lines), f"h{HELPERS - 1}"


CHAINS = {
    "one after the other": "{at} = {before}*1.0",
    "each read twice": "{at} = beta1*{before} + (1 - beta1)*{before}",
    "none of use": "{at} = {before}*g + w",
}


@pytest.fixture
def work(monkeypatch):
    """Count the changes that are made of lines, and the programs that are followed to the end."""
    counted = {"changes": 0, "followed": 0}
    made, begun = search.edits_of, Motion.__init__

    def edits_of(*arguments):
        found = made(*arguments)
        counted["changes"] += len(found)
        return found

    def begin(self, *arguments):
        counted["followed"] += 1
        begun(self, *arguments)

    monkeypatch.setattr(search, "edits_of", edits_of)
    monkeypatch.setattr(Motion, "__init__", begin)
    return counted


@pytest.mark.parametrize("name", CHAINS)
def test_a_hundred_helpers_are_little_work(name, work, tmp_path):
    chain, last = helpers(CHAINS[name])
    used = "g" if name == "none of use" else last
    code = f"{chain}\n{ADAM_CODE.replace('(1 - beta1)*g', f'(1 - beta1)*{used}')}"
    assert found_in(tmp_path, ADAM, code, ADAM_STATE) == ()
    assert work == {"changes": 0, "followed": 2}
    wrong = code.replace("w - lr", "w + lr").replace("mhat = m/(1 - beta1**t)", "mhat = m")
    found = found_in(tmp_path, ADAM, wrong, ADAM_STATE)
    assert {finding.rule for finding in found} == {"update-sign", "missing-bias-correction"}
    assert work["changes"] < 200 * HELPERS
    assert work["followed"] < 200


def test_lines_that_w_is_not_made_of_are_not_changed():
    lines = search.which_matter
    program = load_lines("a = g\nb = a*2\nv = v + b\nc = w\nw = w - lr*v/k\nk = k + 1\nd = k")
    assert lines(program) == [True, True, True, False, True, True, False]


def load_lines(code):
    from gradtui.language.parser import parse_program

    return parse_program(code)


def test_of_a_long_line_so_many_parts_are_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(line_edits, "_PARTS", 10)
    code = f"w = w + lr*({' + '.join(['0*g'] * 50)} + g)"
    (error,) = found_in(tmp_path, ADAM.replace("adam", "sgd"), code)
    assert (error.rule, error.fix[:10]) == ("update-sign", "w = w - lr")


NAMES = st.sampled_from(
    ["w", "g", "t", "lr", "b", "momentum", "0", "1", "2", "0.5", "1e300", "-3.0"]
)
PAIRS = st.sampled_from(["+", "-", "*", "/", "**", "<", "==", "@"])
FUNCTIONS = st.sampled_from(["sqrt", "abs", "exp", "log", "tanh", "sum", "mean", "max", "softmax"])


def larger(inner):
    return st.one_of(
        st.builds("({} {} {})".format, inner, PAIRS, inner),
        st.builds("{}({})".format, FUNCTIONS, inner),
        st.builds("where({} > {}, {}, {})".format, inner, inner, inner, inner),
        st.builds("minimum({}, {})".format, inner, inner),
        st.builds("clip({}, -1, 1)".format, inner),
        st.builds("sum({}, axis=0)".format, inner),
        st.builds("({}).T".format, inner),
        st.builds("({})[:, None]".format, inner),
        st.builds("(len(w)*{})".format, inner),
    )


EXPRESSIONS = st.recursive(NAMES, larger, max_leaves=8)
PARAMETERS = st.sampled_from(["a = [0.67, -0.29]", "a = [0.67, -0.29]\nb = 0.18"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EXPRESSIONS, EXPRESSIONS, PARAMETERS, st.sampled_from([1, 30]), st.booleans())
def test_no_legal_program_breaks_the_diagnosis(tmp_path, first, second, parameters, steps, cut):
    optimizer = 'name = "sgd"; lr = 0.05; momentum = 0.9' + "; clip_norm = 0.1" * cut
    text = text_of(optimizer, f"b = {first}\nw = w - lr*({second})", "b = 0.0", steps=steps)
    if "b = 0.18" not in parameters:
        text = text.replace("b = 0.18\n", "").replace("X@a + b - y", "X@a - y")
    path = tmp_path / "any.toml"
    path.write_text(text, encoding="utf-8")
    try:
        problem = load_problem(path)
    except InputError:
        return
    report = diagnose_update(problem)
    assert report.claims == 1
    assert report.wrong == any(finding.severity == "error" for finding in report.findings)
