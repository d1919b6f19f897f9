"""A recorded run of the user's own functions as a problem: its lines, its graph, its numbers."""
