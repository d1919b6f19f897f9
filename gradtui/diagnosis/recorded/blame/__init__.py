"""Which line of the user's code makes a gradient wrong: edits of its text, executed and judged.

units: a function as it stands in its file, and its exchange for an edited one.
watch: which lines run, and what is in scope there.  flow: which gradients a line takes part in.
edits and the modules beside it: what may be wrong about a statement.  trial: one edit, executed.
search: the best edit that makes wrong gradients right.
"""
