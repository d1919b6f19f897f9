"""Hand-written updates: compared with the optimizer's own, with wrong lines found and explained.

The modules, in the order in which a program passes them:

1. `run`, `probes`: the sequences of gradients to compare on; `motion`: a program on nodes, executed
   along them; `evidence`: whether it deviates.
2. `explanation`: `search` tries the edits of `line_edits` (of a `site`: its own, those of `names`
   and of `insertions`, with what `scope` knows) and of `remedies`, by the sieve that backward
   passes use; `linewise` and `reference` compare lines with the optimizer's; `ranking` chooses.
3. `differing` and `wording` put it into words.

`diagnose` is the entry.
"""

from gradtui.diagnosis.updates.diagnose import UpdateReport, diagnose_update

__all__ = ["UpdateReport", "diagnose_update"]
