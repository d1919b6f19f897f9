"""The entries of the registry, by kind."""
