"""Hand-written updates: compared with the optimizer's own, the wrong lines found and explained.

In the order in which a program passes them:

1. `run`, `probes`: the sequences of gradients to compare on; `motion`: a program on nodes, executed
   along them; `evidence`: whether it goes astray.
2. `explanation`: `search` tries the edits of `line_edits` (of a `site`: its own, those of `names`
   and of `insertions`, with what `scope` knows) and of `remedies`, by the sieve that backward
   passes use; `linewise` and `reference` compare lines with the optimizer's; `ranking` chooses.
3. `differing` and `wording` say it.

`diagnose` is the entry.
"""

from gradtui.diagnosis.updates.diagnose import UpdateReport, diagnose_update

__all__ = ["UpdateReport", "diagnose_update"]
