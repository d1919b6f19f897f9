"""Scenario files: TOML and CSV -> Problem, with errors that name file, line and column."""
