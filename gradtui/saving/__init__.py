"""Sessions on disk: what is saved of a session, and how it is resumed."""
