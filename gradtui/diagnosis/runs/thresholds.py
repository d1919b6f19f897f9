"""Every number that a rule compares with, its meaning and where it comes from."""

from __future__ import annotations

from msgspec import Struct

from gradtui.engine.registry import register


class Threshold(Struct, frozen=True):
    """One limit.  Those of the loss are ratios: multiplying it by a constant changes no verdict."""

    name: str
    value: float
    meaning: str
    source: str


_OURS = "chosen on the labelled runs of tests/runs, building part"
_ENTRIES = (
    Threshold(
        "growth", 4.0,
        "a run diverges if loss and gradient have grown by this factor over all that was before",
        _OURS,
    ),
    Threshold(
        "climb", 1.1, "the same if every step goes up and the rate is above the bound", _OURS
    ),
    Threshold(
        "bounce", 0.02,
        "part of the whole descent that the lowest place between the last weights gains", _OURS,
    ),
    Threshold(
        "swing", 0.002, "the same, where a smaller rate is known to end the swings",
        _OURS,
    ),
    Threshold(
        "swings", 1.0, "what the steps that raise the loss do so by, over the whole descent", _OURS
    ),
    Threshold("bounce-noisy", 0.3, "the same where the data change from step to step", _OURS),
    Threshold(
        "still-falling", 0.25,
        "part of what a bounce costs that the later half of a run gained all the same",
        "networks train on at the edge of stability: Cohen et al., Gradient descent on neural "
        "networks typically occurs at the edge of stability (2021)",
    ),
    Threshold(
        "calmed", 0.5,
        "part of what a bounce costs that a smaller rate saves though the loss falls still", _OURS,
    ),
    Threshold("thrown", 0.1, "part of the whole descent that a run lost again for good", _OURS),
    Threshold("turning", 0.25, "net way over path of weights that go back and forth", _OURS),
    Threshold("sustained", 0.8, "path of the later half over the earlier that does not die out",
              _OURS),
    Threshold(
        "steep-time", 1.0,
        "Σ lr·λmax over a run below which not even the steepest direction has shrunk e-fold",
        "gradient flow, exp(-Σ lr·λ): Goodfellow, Bengio and Courville, Deep Learning, section 8.2",
    ),
    Threshold(
        "handful", 8.0,
        "last step below which a run shows nothing of its rate or of what comes back: any sound "
        "run has most of its way before it then, and a larger rate gains more in as few steps",
        "sound runs of 3 steps in tests/corpus; the lesson's slow run has 12",
    ),
    Threshold("died", 0.01, "part of the rates before that a rate which is gone has", _OURS),
    Threshold("better", 2.0, "how much more another rate must gain in the same steps", _OURS),
    Threshold("stuck", 0.05, "part of what can be gained that the later half gained", _OURS),
    Threshold("still", 0.1, "part of itself by which a loss hardly changes", _OURS),
    Threshold("bent", 0.1, "part of a fall that downward curvature alone would give at a saddle",
              _OURS),
    Threshold("worth", 0.03, "part of the whole descent that must be left to gain", _OURS),
    Threshold("ahead", 10.0, "how much steeper the surface must be farther on than on a plateau",
              _OURS),
    Threshold(
        "depth", 1e3, "shrinking of the gradient over all stages of a network",
        "AutoTrainer (Zhang et al., 2021) has ‖g1‖/‖gL‖ < 1e-3; here of nodes, not of parameters",
    ),
    Threshold("grown", 70.0, "growth of the gradient over all stages of a network",
              "AutoTrainer; here of nodes, and only where the update sweeps weights away"),
    Threshold("grown-rest", 20.0, "the same without the one stage that grows it most", _OURS),
    Threshold("depth-rest", 1e2, "the same without the one stage that changes it most", _OURS),
    Threshold("starved", 1e-2, "relative update of the first layer over that of the last", _OURS),
    Threshold("idle", 1e-4, "relative update of the last layer where none of them learns", _OURS),
    Threshold("swept", 0.5, "relative update of one step that sweeps a layer away", _OURS),
    Threshold("spike", 30.0, "gradient over the largest one before", _OURS),
    Threshold(
        "flat", 1e-3, "slope of a unit, as part of the largest it can have, that passes nothing",
        "tanh beyond |z| = 4.1, sigmoid beyond 8.3; DeepDiagnosis (Wardat et al., 2022) has "
        "|z| ≥ 5",
    ),
    Threshold("high", 0.1, "loss over the first loss that is still high", _OURS),
    Threshold("stays-high", 0.5, "loss over the first loss that has hardly fallen", _OURS),
    Threshold("far", 3.0, "distance below 0, in spreads, beyond which no unit recovers", _OURS),
    Threshold("many", 0.5, "share of a layer's units off that is no accident of the start", _OURS),
    Threshold(
        "condition", 1e3, "condition number that one rate cannot serve",
        "1151 steps a decade at the best rate: (κ - 1)/(κ + 1) a step, Nocedal and Wright, "
        "Numerical optimization, section 3.3",
    ),
    Threshold("mismatch", 30.0, "ratio of the sizes of two features", _OURS),
    Threshold("cured", 0.1, "condition number after scaling each direction, over that before",
              "Jacobi's preconditioner: van der Sluis, Condition numbers and equilibration of "
              "matrices (1969)"),
    Threshold("unlearned", 0.1, "part of the whole descent that lies along slow directions", _OURS),
    Threshold("most", 0.5, "the same, over the loss that a run on a quadratic surface has left",
              _OURS),
    Threshold("some", 1e-4, "the same, over the whole descent, where the one before holds", _OURS),
    Threshold("as-predicted", 0.2, "how far a gain may be from that of a quadratic surface", _OURS),
    Threshold("clip-share", 0.9, "share of steps that are clipped", _OURS),
    Threshold("clip-scale", 0.5, "part of the gradient that clipping leaves", _OURS),
)  # fmt: skip
THRESHOLDS = register(_ENTRIES)


def limit(name: str) -> float:
    """Return the value of a threshold."""
    return THRESHOLDS[name].value
