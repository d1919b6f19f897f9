"""The names of the rules, by what they judge. Knows no rule's condition.

Those of gradtui itself, `internal` and `not-judged`, are no mistakes of a scenario.
"""

from __future__ import annotations

GRADIENT_RULES = (
    "sign", "constant-factor", "missing-factor", "extra-factor", "wrong-variable", "wrong-point",
    "missing-path", "missing-term", "double-counted-path", "transposed", "unreduced-broadcast",
    "wrong-axis", "accumulated", "stale", "unexplained", "relies-on-data", "not-compared",
)  # fmt: skip
"""Of a hand-written gradient."""
UPDATE_RULES = (
    "update-sign", "update-rate", "missing-bias-correction", "wrong-time-index",
    "epsilon-placement", "missing-root", "decay-coupling", "momentum-form",
    "wrong-hyperparameter", "unexplained-update",
)  # fmt: skip
"""Of a hand-written update."""
RUN_RULES = (
    "diverging", "oscillating", "crawling", "plateau", "rate-too-large-later",
    "exploding-gradient", "vanishing-gradient", "non-finite", "dead-relu", "saturated", "masked",
    "constant-feature", "disconnected", "scale-mismatch", "ill-conditioned", "clipping",
)  # fmt: skip
"""Of a training run."""
CODE_RULES = ("no-gradient", "nondeterministic", "opaque", "straight-through")
"""Of code that is run, beside those of gradients."""
SILENCED = (*GRADIENT_RULES, *UPDATE_RULES, *RUN_RULES, *CODE_RULES)
"""What a comment on a line can silence."""
FINDABLE = (*GRADIENT_RULES, *UPDATE_RULES, *RUN_RULES)
"""What a scenario can expect to be found."""
