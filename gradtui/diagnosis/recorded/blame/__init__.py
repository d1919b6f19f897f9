"""Finds the line of the user's code that makes results wrong: edits its text, runs and judges it.

definitions: where functions are defined.  units: a function in its file, and its replacement by an
edited one.
watch: the lines that run, with the names in scope.  named: these, of values.
enclosing: those of the function around.
scope: what is known of these.
flow: the meaning of their values.
suspect, suspects: the statements that may be wrong.  vain: those that do nothing by their form.
beside: what tells of those that compute nothing.
uses: where names stand.
entered: the calls of a run.  layers: functions that are wrong by themselves.
roles: what their names tell.  labels: what the names of values tell.  walks: over a tape.
trees: walks through the text.  unnamed: lines without their names.  rows: of these.
transposes: orders of axes.  computable: what can be computed at a line.
expressions: their parts.  effects, meaning, computing: what they call, or might.
candidates, edits, operators, groupings, calls, callees, counts, axes, indices, stores, restored,
kept, filed, picks, patterns, exchanges, loops, begun, carries, accumulations, scattered, likewise,
partly, resets, conditions, likeness, repeats, material, literals, slots, operands, missing, idle,
options, orders, arguments, throughout, applied, pulled, roots, branches, masks, bends, hidden,
twins, wasted, dropped, ahead, projections, normalised, curved, crops, alongside, wholes, numbered,
words, rebound, misstored, rectified, belated, recomputed, recurring, listed, splits, unpacked,
forwarded, selected, crosswise, namesakes, majority, doubles, copied, shares, opposed, attributed,
popped, constants, leftover, products, stripped: their possible mistakes.
derived: the slopes of what is written.
changes: all of them.
owned: what a new line may change in place.
signs: what tells for an edit and against it.  weights: how much.  odds: which is likelier.
remembered: by what they use.  unused: what they leave idle.
forgotten: what nothing reads.
amounts: how much each changes.
scales: of adjoints.
given: what other calls are given.
scaling: what the code elsewhere tells of how an edit scales a value.
derivatives: functions that are right as they stand.  powers: lines that are.
preview: a glance at one.  worth: whether it is worth a run.
trial: an edit, executed.  multiples: of an edit.
search: the best edit.  straying: lines of the loss, which it leaves.
outputs: where calls write what they compute.
fillings: what is missing in an expression.  beaten: lines where it cannot be.
searches: those from what a recorded run tells.
several: mistakes that hide one another.  leads: edits that a glance takes for right.
rivals: edits that may be as likely as the best one.  weighed: by the lines that each leaves right.
sized: which are right for other sizes, too.
judged: runs by their gradients.  gradients: the search for mistakes in them.
shared: those in lines of the loss, too.  crossed: columns and vectors.
primals: other forward passes that they fit.
guard: protects the user's other values.
"""
