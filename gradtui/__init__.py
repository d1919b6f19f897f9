"""gradtui: a terminal debugger for training."""

__version__ = "0.1.0"
