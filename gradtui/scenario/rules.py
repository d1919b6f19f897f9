"""The names of the rules, by their subject. Knows no rule's condition.

`internal` and `not-judged` report on gradtui itself and are not listed here.
"""

from __future__ import annotations

GRADIENT_RULES = (
    "sign", "constant-factor", "missing-factor", "extra-factor", "wrong-variable", "wrong-point",
    "missing-path", "missing-term", "double-counted-path", "transposed", "unreduced-broadcast",
    "wrong-axis", "accumulated", "stale", "unexplained", "relies-on-data", "not-compared",
)  # fmt: skip
"""Rules for hand-written gradients."""
UPDATE_RULES = (
    "update-sign", "update-rate", "missing-bias-correction", "wrong-time-index",
    "epsilon-placement", "missing-root", "decay-coupling", "momentum-form",
    "wrong-hyperparameter", "unexplained-update",
)  # fmt: skip
"""Rules for hand-written updates."""
RUN_RULES = (
    "diverging", "oscillating", "crawling", "plateau", "rate-too-large-later",
    "exploding-gradient", "vanishing-gradient", "non-finite", "dead-relu", "saturated", "masked",
    "constant-feature", "disconnected", "scale-mismatch", "ill-conditioned", "clipping",
)  # fmt: skip
"""Rules for training runs."""
CODE_RULES = ("no-gradient", "nondeterministic", "opaque", "straight-through")
"""Rules for code that is run, besides those for gradients."""
SILENCED = (*GRADIENT_RULES, *UPDATE_RULES, *RUN_RULES, *CODE_RULES)
"""Rules that a comment on a line can silence."""
FINDABLE = (*GRADIENT_RULES, *UPDATE_RULES, *RUN_RULES)
"""Rules that a scenario can expect."""
