"""How much a diagnosis computes: counted in nodes, never in seconds."""

import pytest

from corpus.case import write
from corpus.networks import networks
from gradtui.diagnosis.backward import blame, offers
from gradtui.diagnosis.backward.diagnose import diagnose
from gradtui.diagnosis.backward.program import Program
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


LAYERS = 24
"""Layers of a residual network, each read by the next one and by those after it."""
CHAIN = {
    "data": "x = [0.1, 0.5, -0.3, 0.7]\ny = [0.2, 0.1, 0.4, 0.3]",
    "parameters": "w = 0.9\nb = 0.1",
    "model": "\n".join(
        [
            "h0 = x*1.0",
            *(
                f"a{k} = w*h{k - 1} + b\nt{k} = tanh(a{k})\nh{k} = h{k - 1} + t{k}/20"
                for k in range(1, LAYERS + 1)
            ),
            f"L = mean((h{LAYERS} - y)**2)",
        ]
    ),
}


def helpers(wrong: int, *, parts: bool = False) -> str:
    """Return its backward pass by helpers that no value is named after, with a wrong layer.

    The gradient of the weight is added up layer by layer, or by `parts` of several layers.
    """
    lines = [f"q{LAYERS} = 2*(h{LAYERS} - y)/4"]
    for k in range(LAYERS, 0, -1):
        more = f" + w{k + 1}" if k < LAYERS and not parts else ""
        lines += [
            f"p{k} = q{k}/20*(1 {'+' if k == wrong else '-'} t{k}**2)",
            f"w{k} = sum(p{k}*h{k - 1}){more}",
            f"q{k - 1} = q{k} + p{k}*w",
        ]
    if not parts:
        return "\n".join([*lines, "dw = w1"])
    sums = [" + ".join(f"w{k}" for k in range(at, at + 8)) for at in range(1, LAYERS, 8)]
    lines += [f"s{at} = {one}" for at, one in enumerate(sums)]
    return "\n".join([*lines, "dw = s0 + s1 + s2"])


def test_the_helpers_above_a_claim_are_walked_once_however_many_paths_lead_there(
    judge, monkeypatch
):
    asked, line = [], Program.line

    def counted(self, name):
        asked.append(name)
        assert len(asked) < 50_000
        return line(self, name)

    monkeypatch.setattr(Program, "line", counted)
    (finding,) = judge(helpers(wrong=LAYERS // 2), CHAIN).findings
    assert finding.rule == "sign" and finding.target == f"p{LAYERS // 2}"


def test_few_values_that_a_helper_may_hold_are_tried_at_every_point(judge, monkeypatch):
    tried, offer_of = [], offers.offer_of

    def counted(*arguments):
        tried.append(arguments)
        return offer_of(*arguments)

    monkeypatch.setattr(offers, "offer_of", counted)
    assert judge(helpers(wrong=LAYERS // 2), CHAIN).findings
    # A constant may fit every one of hundreds of values to the one number of a claim at one point.
    assert len(tried) < 10 * LAYERS


@pytest.mark.parametrize("parts", [False, True])
def test_only_the_line_at_which_values_stop_to_be_known_is_searched(parts, judge, monkeypatch):
    searched, edited_of = set(), blame.edited_of

    def counted(trial, readings, world, here, line, *others, **options):
        searched.add(line.name)
        return edited_of(trial, readings, world, here, line, *others, **options)

    monkeypatch.setattr(blame, "edited_of", counted)
    assert judge(helpers(wrong=LAYERS // 2, parts=parts), CHAIN).findings
    assert searched == {f"p{LAYERS // 2}"}
