"""The gauge of the rate: whether it is above the limit."""

import gradtui
from gradtui.explain.gauge import gauge_rows
from rows import texts


def test_above_the_limit_the_findings_say_whether_the_run_diverges():
    session = gradtui.load("five_parcels_rate_1_5")
    assert "above the limit" in texts(gauge_rows(session.frame, 60))[0]
    session.investigation.look()
    assert "diverges" in texts(gauge_rows(session.frame, 60))[0]
