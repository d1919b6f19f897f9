"""The user's own NumPy functions, run with recording arrays: what came from what, and where."""
