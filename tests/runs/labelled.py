"""Labelled runs: made from kinds and seeds, judged by a set of rules."""

import zlib
from collections import Counter
from typing import NamedTuple

import numpy as np

from gradtui.diagnosis.runs.registry import diagnose_run
from gradtui.scenario.load import load_problem


class Labelled(NamedTuple):
    name: str
    text: str
    label: frozenset
    """The rules of which one must find it; none for a healthy run."""


def make(kinds, seeds):
    """Return the runs of kinds, one for each seed."""
    found = []
    for kind in kinds:
        for seed in seeds:
            rng = np.random.default_rng([seed, zlib.crc32(kind.__name__.encode())])
            text, label = kind(rng)
            labels = {label} if isinstance(label, str) else set(label or ())
            found.append(Labelled(f"{kind.__name__}-{seed}", text, frozenset(labels)))
    return found


def load(run, folder):
    path = folder / f"{run.name}.toml"
    path.write_text(run.text, encoding="utf-8")
    return load_problem(path)


def judge(problem):
    """Return the rules that find something grave in a run, and those that find anything."""
    findings = diagnose_run(problem)
    return {f.rule for f in findings if f.severity != "info"}, {f.rule for f in findings}


class Score:
    """Alarms by rule: a warning for another cause is wrong, no finding at all a miss."""

    def __init__(self):
        self.right, self.wrong, self.missed = Counter(), Counter(), Counter()

    def add(self, label, grave, found):
        for rule in grave - label:
            self.wrong[rule] += 1
        for rule in found & label:
            self.right[rule] += 1
        if label and not label & found:
            self.missed[min(label)] += 1

    def figures(self, rules=None):
        """Return precision and recall, of some rules or of all together."""

        def total(counter):
            return sum(n for rule, n in counter.items() if rules is None or rule in rules)

        right, wrong, missed = total(self.right), total(self.wrong), total(self.missed)
        precision = right / (right + wrong) if right + wrong else float("nan")
        recall = right / (right + missed) if right + missed else float("nan")
        return precision, recall
