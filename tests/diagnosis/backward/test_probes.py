"""A large model is judged at fewer points, and as well."""

from diagnosis.backward.models import SOUND, broken
from gradtui.diagnosis import sieve
from gradtui.diagnosis.backward import probes, trial


def test_a_large_model_is_judged_at_fewer_points_and_as_well(judge, monkeypatch):
    expected = judge(broken("2*e/n", "2*e"))
    monkeypatch.setattr(probes, "NUMBERS", 1)
    found = judge(broken("2*e/n", "2*e"))
    said = [(one.rule, one.target, one.fix) for one in found.findings]
    assert said == [("constant-factor", "de", "de = 2*e/n")]
    assert said == [(one.rule, one.target, one.fix) for one in expected.findings]
    assert judge(SOUND).verdict == "correct"


def wide(units, line):
    """Return a wide layer's backward pass, and the model."""
    return f"dP = P/{units}\ndW2 = H.T@dP\ndH = dP@W2.T\n{line}\ndW1 = X.T@dZ", {
        "data": "X = [[0.5], [-0.3]]",
        "parameters": f"""W1 = {{ shape = [1, {units}], init = "he" }}
W2 = {{ shape = [{units}, {units}], init = "he" }}""",
        "model": "Z = X@W1\nH = tanh(Z)\nP = H@W2\nL = mean(P**2)",
    }


def test_a_model_of_a_million_numbers_is_judged_in_all_of_them(judge):
    assert judge(*wide(700, "dZ = dH*(1 - H**2)")).findings == ()


def test_a_mistake_is_named_in_a_model_that_reaches_every_bound(judge, monkeypatch):
    bounds = (probes, "NUMBERS"), (trial, "_TOGETHER"), (sieve, "MOST_NUMBERS")
    for module, name in bounds:  # 70 units are a hundredth of the numbers of 700
        monkeypatch.setattr(module, name, getattr(module, name) // 100)
    (finding,) = judge(*wide(70, "dZ = dH*(1 - Z**2)")).findings
    assert (finding.rule, finding.fix) == ("wrong-point", "dZ = dH*(1 - H**2)")
