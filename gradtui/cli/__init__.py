"""The command line: its grammar, and its commands."""
