"""The debugger without a screen: a cursor over a run, and everything visible from there."""
