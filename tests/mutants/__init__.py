"""Broken and sound hand-written gradients and updates, made without knowledge of the diagnosis."""
