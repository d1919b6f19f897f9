"""Models whose runs are judged."""

PARCELS = dict(
    parameters="w = [0.8, 1.5]",
    data="X = [[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]]\ny = [5, 3.2, 9.5, 2.1, 6.8]",
)
MEAN_SQUARE = "e = X@w - y\nL = mean(e**2)"
