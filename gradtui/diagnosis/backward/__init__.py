"""Hand-written backward passes: judged at random points, the wrong lines found and explained.

In the order in which a program passes them:

1. `program`: what each line reads and claims; `structure`, `probes`: the points to compare at.
2. `judge`, with `trial` and `corners`: which claims hold. Where all do, `reliance` looks for what
   is right on these data only, and that is the verdict.
3. `culprits`, top of the explanation: `blame` searches the lines at fault among the `offers` of
   repairs that `meaning`, `steps`, `repair` and `familiar` make; `shapes` does so where values are
   missing; `account` chooses the simplest.
4. `explain`, with `hypotheses`, `differences`, `material` and `constants`: what is wrong in each
   line; `rules` names it, and `wording` says it.

`diagnose` is the entry; `numbers` does the same for gradients that are given as numbers.
"""
