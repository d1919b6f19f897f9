"""Sessions in files: what is kept of a session, and how it comes back."""
