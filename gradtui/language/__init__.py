"""The language of programs: tokens, parser, trees, and what to write for other spellings."""
