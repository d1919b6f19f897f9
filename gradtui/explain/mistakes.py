"""The rules for hand-written code, in words: the mistake that each one names."""

from __future__ import annotations

from collections.abc import Mapping

MISTAKES: Mapping[str, str] = {
    "sign": "the sign is wrong",
    "constant-factor": "a constant factor is wrong",
    "missing-factor": "a factor is missing",
    "extra-factor": "there is an extra factor",
    "wrong-variable": "another name or number belongs there",
    "wrong-point": "the derivative is taken at another point",
    "missing-path": "the contribution along a path is missing",
    "missing-term": "a part of a sum is left out",
    "double-counted-path": "a path is counted twice",
    "transposed": "a matrix is transposed",
    "unreduced-broadcast": "a sum over a broadcast axis is missing",
    "wrong-axis": "it is reduced over the wrong axis",
    "accumulated": "last step's gradient is added",
    "stale": "last step's value is used",
    "unexplained": "no single mistake explains it",
    "relies-on-data": "right only on these data",
    "not-compared": "it cannot be compared",
    "update-sign": "it moves in the wrong direction",
    "update-rate": "the wrong learning rate is used",
    "missing-bias-correction": "the bias correction is missing",
    "wrong-time-index": "the step is miscounted",
    "epsilon-placement": "epsilon is in the wrong place",
    "missing-root": "the square root is missing",
    "decay-coupling": "the weight decay is coupled to the gradient, or should be",
    "momentum-form": "another form of momentum is used",
    "wrong-hyperparameter": "a hyperparameter has the wrong value",
    "unexplained-update": "the step is not the optimizer's",
}
"""Rule -> the mistake, in a few words."""
