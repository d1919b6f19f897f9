"""The debugger without a screen: a cursor over a run, and all that is looked at from there."""
