"""How many edits are run of which a glance cannot tell whether they make a line right."""

import ast
from types import SimpleNamespace

import pytest

from gradtui.diagnosis.recorded.blame.worth import Worth

LINE = SimpleNamespace(node=ast.parse("d = x").body[0])
UNTOLD = SimpleNamespace(is_blind_to=lambda s: False, is_hopeful=lambda s, edits: None)


@pytest.mark.parametrize(("affordable", "run"), [(20, 20), (400, 60), (4000, 200)])
def test_more_edits_of_a_line_are_run_untold_where_more_runs_are_affordable(affordable, run):
    worth = Worth(UNTOLD)
    worth.open, worth.certain = affordable, False
    worth.turn_to(SimpleNamespace(statement=LINE, tier=0))

    assert sum(worth.is_worth(LINE, (), 1) for _ in range(1000)) == run
