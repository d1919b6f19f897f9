"""A rate that is far too small."""

import pytest

from diagnosis.runs.models import MEAN_SQUARE, PARCELS


@pytest.mark.parametrize(("steps", "rules"), [(3, []), (7, []), (8, ["crawling"])])
def test_a_run_of_a_handful_of_steps_is_not_called_crawling(diagnosed, steps, rules):
    assert [f.rule for f in diagnosed(MEAN_SQUARE, **PARCELS, lr=0.001, steps=steps)] == rules
