"""Hand-written backward passes: judged at random points, with wrong lines found and explained.

The modules, in the order in which a program passes them:

1. `program`: the reads and claims of each line; `structure`, `probes`: the points to compare at.
2. `judge`, with `trial` and `corners`: which claims hold. If all do, `reliance` looks for
   claims that are right on these data only, and that is the verdict.
3. `culprits`, top of the explanation: `blame` searches the lines at fault among the `offers` of
   repairs that `meaning`, `steps`, `repair` and `familiar` make, but not among the lines that are
   `pinned`; `ranking` tells which of them is the mistake undone; `shapes` searches if values are
   missing; `account` chooses the simplest.
4. `explain`, with `hypotheses`, `differences`, `material` and `constants`: the mistake in each
   line; `rules` names it, and `wording` puts it into words.

`diagnose` is the entry; `numbers` does the same for gradients given as numbers.
"""
