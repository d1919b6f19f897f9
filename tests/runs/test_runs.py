"""A sample of the labelled runs: what they were made to show is found, and nothing else."""

import pytest

from gradtui.diagnosis.runs.registry import RUN_RULES
from runs import building, held_out, wider
from runs.labelled import judge, load, make

SAMPLE = [
    *make(building.KINDS, [1]),
    *make(held_out.KINDS, [100]),
    *make(wider.KINDS, [0]),
]


@pytest.mark.parametrize("run", SAMPLE, ids=lambda run: run.name)
def test_a_run_is_diagnosed_as_it_was_made(run, tmp_path):
    grave, found = judge(load(run, tmp_path))
    assert grave <= run.label
    assert not run.label or run.label & found


def test_every_rule_is_shown_by_each_part():
    for kinds in (building.KINDS, held_out.KINDS, wider.KINDS):
        shown = set().union(*(run.label for run in make(kinds, [1])))
        assert shown == set(RUN_RULES)


def test_there_are_as_many_labelled_runs_as_are_reported():
    assert len(make([*building.KINDS, *held_out.KINDS], range(3))) >= 200
