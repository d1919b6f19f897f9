"""Every number that a run is compared with says where it comes from."""

from gradtui.diagnosis.runs.thresholds import THRESHOLDS


def test_every_threshold_has_a_meaning_and_a_source():
    assert all(t.meaning and t.source and t.value > 0 for t in THRESHOLDS.values())
