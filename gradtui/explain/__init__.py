"""A frame -> plain words, numbers and rows, for the command line and the screen alike."""
