"""The constants of forms, as text in full precision."""

LN2, LN10 = "0.6931471805599453", "2.302585092994046"
ROOT2 = "1.4142135623730951"
DEGREE = "0.017453292519943295"
"""In radians."""
