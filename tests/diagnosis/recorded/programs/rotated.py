"""A potential in rotated coordinates: the same function turns a point there and its slope back."""

import numpy as np


def turned(x, y, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return cos * x + sin * y, -sin * x + cos * y


def depth(x, y, flat):
    return np.sqrt(0.2 + (1 - flat) * x**2 + (1 + flat) * y**2)


def slopes(x, y, flat):
    r = depth(x, y, flat)
    return (1 - flat) * x / r, (1 + flat) * y / r


class Potential:
    def __init__(self, flat, angle, x0, y0):
        self.flat, self.angle, self.x0, self.y0 = flat, angle, x0, y0

    def value(self, x, y):
        u, v = turned(x - self.x0, y - self.y0, self.angle)
        return depth(u, v, self.flat)

    def gradient(self, x, y):
        u, v = turned(x - self.x0, y - self.y0, self.angle)
        du, dv = slopes(u, v, self.flat)
        dx, dy = turned(du, dv, -self.angle)
        return dx, dy


rng = np.random.default_rng(2)
_WEIGHTS = rng.uniform(0.5, 2, size=6)


def case(x=rng.normal(size=6), y=rng.normal(size=6)):
    potential = Potential(0.3, np.arctan2(0.5, 0.8), 0.1, -0.2)
    dx, dy = potential.gradient(x, y)
    return np.sum(_WEIGHTS * potential.value(x, y)), {"x": _WEIGHTS * dx, "y": _WEIGHTS * dy}


MISTAKES = [
    ("turned(du, dv, -self.angle)", "turned(du, dv, self.angle)", "x y"),
    ("(1 + flat) * y / r", "(1 + flat) * x / r", "x y"),
]
