"""Judges the gradients that the user's own functions return."""
