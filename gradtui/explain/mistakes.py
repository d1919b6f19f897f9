"""The rules of what is written by hand, in words: the mistake that each of them is the name of."""

from __future__ import annotations

from collections.abc import Mapping

MISTAKES: Mapping[str, str] = {
    "sign": "the sign is wrong",
    "constant-factor": "a constant factor is wrong",
    "missing-factor": "a factor is missing",
    "extra-factor": "a factor is too many",
    "wrong-variable": "another variable belongs there",
    "wrong-point": "the derivative is taken at another point",
    "missing-path": "what flows back along a path is missing",
    "missing-term": "a term is missing",
    "double-counted-path": "a path is counted twice",
    "transposed": "a matrix is transposed",
    "unreduced-broadcast": "a sum over a broadcast axis is missing",
    "wrong-axis": "it is reduced over another axis",
    "accumulated": "last step's gradient is added",
    "stale": "last step's value is used",
    "unexplained": "no single mistake",
    "relies-on-data": "right on these data only",
    "not-compared": "it cannot be compared",
    "update-sign": "it moves the other way",
    "update-rate": "another learning rate is used",
    "missing-bias-correction": "the bias correction is missing",
    "wrong-time-index": "the step is counted otherwise",
    "epsilon-placement": "epsilon stands in another place",
    "missing-root": "the square root is missing",
    "decay-coupling": "the weight decay goes through the gradient, or should",
    "momentum-form": "another form of momentum",
    "wrong-hyperparameter": "a hyperparameter has another value",
    "unexplained-update": "another step than the optimizer's",
}
"""Rule -> what is wrong, in a few words."""
