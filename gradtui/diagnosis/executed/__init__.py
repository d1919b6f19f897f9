"""Compares the updates made by the user's own functions with an optimizer's."""
