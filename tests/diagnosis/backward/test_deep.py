"""How much a diagnosis computes: counted in nodes, never in seconds."""

from dataclasses import replace

import pytest
from mutants.case import write
from verdicts.deep_blocks import NETWORKS

from gradtui.diagnosis.backward.diagnose import diagnose
from gradtui.engine.interpreter import Interpreter
from gradtui.scenario.load import load_problem

MOST = 65
"""How often a node is computed, at several points at once."""
(DEEP,) = (net for net in NETWORKS if net.name == "layer norm and relu, 20 deep")
NEAR_THE_LOSS = "dr19 = -dq20@W20.T"
IN_THE_MIDDLE = "dn11 = dr11"
PLANTS = {plant.text: plant for plant in DEEP.plants}


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
    network = replace(DEEP, plants=(PLANTS[text],))
    (case,) = (case for case in network.program().cases() if not case.sound)
    problem = load_problem(write(case, tmp_path))
    diagnosis = diagnose(problem)
    (bug,) = case.bugs
    assert bug.line in {finding.line for finding in diagnosis.findings}
    assert len(computed) < MOST * len(set(computed))
