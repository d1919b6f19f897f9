"""The rules that name the commonest mistakes; any of them is right."""

SIGN = ("sign",)
CONSTANT = ("constant-factor",)
FACTOR = ("missing-factor",)
EXTRA = ("extra-factor",)
VARIABLE = ("wrong-variable",)
TRANSPOSED = ("transposed",)
AXIS = ("wrong-axis",)
PATH = ("missing-path",)
PART = ("missing-term", "missing-path")
POINT = ("wrong-point", "wrong-variable")
SLOPE = ("missing-factor", "wrong-point", "wrong-variable")
MEAN = ("constant-factor", "wrong-axis")
DIVISOR = ("constant-factor", "missing-factor")
HALF = ("constant-factor", "missing-path", "missing-term")
"""One of two equal uses is forgotten."""
