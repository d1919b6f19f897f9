"""The language of programs: tokens, the parser, expression trees, what is said of other spellings."""
