"""Whether the updates that the user's own functions make are those of an optimizer."""
