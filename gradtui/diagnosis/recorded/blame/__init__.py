"""Which line of the user's code makes its results wrong: edits of its text, executed and judged.

units: a function as it stands in its file, and its exchange for an edited one.
watch: which lines run, and what is in scope there.  flow: what their values tell.
suspects: which statements may be wrong.  candidates, edits, stores, indices, material, slots,
constants: what may be wrong about one.  preview: a glance at it.  trial: an edit, executed.
search: the best edit.
gradients: the search for what makes gradients wrong.  guard: nothing else of the user's changes.
watchdog: what an edit makes endless ends.
"""
