"""A rate that was stable at first."""

import numpy as np

from diagnosis.runs.models import MEAN_SQUARE, PARCELS
from findings import only


def test_a_rate_that_crosses_the_bound_is_told_at_the_step_where_it_does(diagnosed):
    more = '[schedule]\nname = "exponential"\ngamma = 1.1'
    found = diagnosed(MEAN_SQUARE, **PARCELS, lr=0.01, steps=40, more=more)
    finding = only(found)
    # 0.01·1.1^k·29.38 > 2 first at k = 21.
    assert (finding.rule, finding.step) == ("rate-too-large-later", 21)
    assert np.isclose(finding.evidence["first_pull"], 0.2938, rtol=1e-3)
