"""Whether the gradients that the user's own functions return are right."""
