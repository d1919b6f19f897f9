"""Published rules over training runs as plain conditions, for comparison.

They are conditions after these tools, not the tools, which look at a training while it goes on.
What is known of each, and what is our reading:

AutoTrainer: limits and what they are compared with as in the tool's code (GitHub,
shiningrain/AUTOTRAINER, AutoTrainer/utils/monitor.py).  There they count only where the accuracy
stays low; a run has no accuracy here, so they always count.  Oscillation and slow convergence are
judged by the accuracy there, too; here by the loss, with limits of ours.

DeepDiagnosis: limits as in the tool's code (GitHub, DeepDiagnosis/ICSE2022, callback/callbacks.py).
There lr·‖g‖/‖w‖ outside of its range only chooses the advice after another symptom; here it is a
symptom.

SageMaker Debugger: the rules VanishingGradient and LossNotDecreasing exist in its documentation.
The limit 1e-7 on mean|g| is the one commonly given for it and the one that DeepDiagnosis' code has;
we have not read it in SageMaker's own.  10 % for the loss is our reading.
"""

import numpy as np

from gradtui.diagnosis.runs.run import Run

RELU, SQUASH = ("relu",), ("tanh", "sigmoid")


def _norms(run, index):
    """Return the lengths of the gradients of the weight matrices; of all, where there are none."""
    tape = run.tape(run.steps[index])
    gradients = [tape.gradient(p) for p in range(len(tape.program.updates))]
    matrices = [gradient for gradient in gradients if gradient.ndim > 1]
    return [float(np.linalg.norm(gradient)) for gradient in matrices or gradients]


def _late(run):
    return range(len(run.steps) // 2, len(run.steps))


def sagemaker(run):
    """Vanishing gradient mean|g| < 1e-7; exploding: NaN or inf; loss not decreasing by 10 %."""
    found = set()
    if run.broken is not None:
        found.add("non-finite")
    if not run.steps:
        return found
    if any(np.mean(np.abs(run.gradient(run.steps[i]))) < 1e-7 for i in _late(run)):
        found.add("vanishing-gradient")
    if run.losses[run.end] > 0.9 * run.losses[0]:
        found.add("plateau")
    return found


def autotrainer(run):
    """‖g1‖/‖gL‖ < 1e-3 and ‖g1‖ < 1e-4; ratio > 70; ≥ 70 % zero gradients; 3 of 10 steps up."""
    found = set()
    if run.broken is not None:
        found.add("exploding-gradient")
    if not run.steps:
        return found
    for i in _late(run):
        norms = _norms(run, i)
        if norms[-1] and norms[0] / norms[-1] < 1e-3 and norms[0] < 1e-4:
            found.add("vanishing-gradient")
        if norms[-1] and norms[0] / norms[-1] > 70:
            found.add("exploding-gradient")
    relus = any(node.op in RELU for node in run.graph.nodes)
    if relus and any(np.mean(run.gradient(run.steps[i]) == 0.0) >= 0.7 for i in _late(run)):
        found.add("dead-relu")
    ups = np.diff(run.losses[: run.end + 1]) > 0.0
    if ups.size > 5 and np.mean(ups) > 0.3:
        found.add("oscillating")
    if run.end > 5 and abs(run.losses[run.end] - run.losses[0]) < 0.01 * abs(run.losses[0]):
        found.add("crawling")
    return found


def deepdiagnosis(run):
    """Dead ≥ 70 % ≤ 0; saturated > 50 % |z| ≥ 5; lr·‖g‖/‖w‖ outside of [1e-5, 0.1]; NaN."""
    found = set()
    if run.broken is not None:
        found.add("non-finite")
    if not run.steps:
        return found
    tape = run.tape(run.steps[-1])
    for node in run.graph.nodes:
        if node.op in RELU and np.mean(tape.value(node.id) <= 0.0) >= 0.7:
            found.add("dead-relu")
        if node.op in SQUASH and np.mean(np.abs(tape.value(node.inputs[0])) >= 5.0) > 0.5:
            found.add("saturated")
    for i in _late(run):
        size = float(np.linalg.norm(run.weights(run.steps[i])))
        ratio = run.base_rate(run.steps[i]) * run.gradient_norms[i] / size if size else 0.0
        if ratio > 0.1:
            found.add("diverging")
        if ratio < 1e-5:
            found.add("crawling")
    return found


def rules_of(judge):
    """Return a judge of problems from one of runs."""

    def judge_problem(problem):
        found = judge(Run(problem))
        return found, found

    return judge_problem


PUBLISHED = {
    "SageMaker": (rules_of(sagemaker), {"vanishing-gradient", "non-finite", "plateau"}),
    "AutoTrainer": (
        rules_of(autotrainer),
        {"vanishing-gradient", "exploding-gradient", "dead-relu", "oscillating", "crawling"},
    ),
    "DeepDiagnosis": (
        rules_of(deepdiagnosis),
        {"dead-relu", "saturated", "diverging", "crawling", "non-finite"},
    ),
}
"""Name -> its judge, and the rules of ours that it has something like."""
