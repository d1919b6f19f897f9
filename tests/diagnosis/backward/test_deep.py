"""How much a diagnosis computes: counted in nodes, never in seconds."""

import pytest

from corpus.case import write
from corpus.networks import networks
from gradtui.diagnosis.backward.diagnose import diagnose
from gradtui.engine.interpreter import Interpreter
from gradtui.scenario.load import load_problem

MOST = 65
"""How often a node is computed, at several points at once."""
(DEEP,) = (net for net in networks("deep_networks") if net.name == "layer norm and relu, 20 deep")
NEAR_THE_LOSS = "dr19 = -dq20@W20.T"
IN_THE_MIDDLE = "dn11 = dr11"
SLIPS = {slip.line: slip for slip in DEEP.slips}


@pytest.fixture
def computed(monkeypatch):
    """Return a list that grows by each node that is computed."""
    nodes, compute = [], Interpreter._compute

    def counted(self, node):
        nodes.append(node.id)
        compute(self, node)

    monkeypatch.setattr(Interpreter, "_compute", counted)
    return nodes


@pytest.mark.parametrize("text", [NEAR_THE_LOSS, IN_THE_MIDDLE])
def test_one_wrong_line_in_a_deep_network_is_found_with_little_work(text, tmp_path, computed):
    case = DEEP.case(SLIPS[text])
    problem = load_problem(write(case, tmp_path))
    diagnosis = diagnose(problem)
    (bug,) = case.bugs
    assert bug.line in {finding.line for finding in diagnosis.findings}
    assert len(computed) < MOST * len(set(computed))
