"""Of many changes that may leave a constant the likeliest are looked at."""

from diagnosis.backward.models import WEIGHTS
from gradtui.diagnosis.backward import hypotheses


def test_of_many_changes_that_may_leave_a_constant_the_likeliest_are_looked_at(judge, monkeypatch):
    looked_at = []
    ratio = hypotheses._Goal.ratio
    monkeypatch.setattr(
        hypotheses._Goal, "ratio", lambda goal, value: looked_at.append(0) or ratio(goal, value)
    )
    assert judge("dw1 = e*x1" + "*w1" * 100, WEIGHTS).verdict == "wrong"
    assert 0 < len(looked_at) <= 4 * hypotheses.MOST_SCALED
