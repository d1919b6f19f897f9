"""Runs the user's own NumPy functions with recording arrays: what was computed from what, where."""
