"""A recorded run of the user's functions as a problem: its lines, its graph, its numbers."""
