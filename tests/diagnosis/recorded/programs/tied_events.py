"""A likelihood of events in groups: each group's slope counts its events."""

import numpy as np


def gradient(groups, w):
    found = np.zeros_like(w)
    for rows, happened in groups:
        count, seen = 0, np.zeros_like(w)
        for row, event in zip(rows, happened, strict=True):
            if event:
                count += 1
                seen += row
        risk = np.exp(rows @ w)
        mean = count * (risk @ rows) / risk.sum()
        found -= (seen - mean) / len(groups)
    return found


def loss(groups, w):
    total = 0.0
    for rows, happened in groups:
        together = np.log(np.sum(np.exp(rows @ w)))
        total = total - (np.sum((rows @ w)[happened]) - happened.sum() * together)
    return total / len(groups)


rng = np.random.default_rng(4)
_GROUPS = [(rng.normal(size=(n, 3)), np.arange(n) % 3 != 1) for n in (2, 4, 7)]


def case(w=rng.normal(size=3) * 0.3):
    return loss(_GROUPS, w), {"w": gradient(_GROUPS, w)}


MISTAKES = [
    ("count * (risk @ rows)", "(risk @ rows)", "w"),
    ("found -= (seen", "found += (seen", "w"),
]
