"""Mistakes in statements whose functions are known only once the code runs, or are the user's."""

import numpy as np
import pytest

from gradtui.recording.library import NUMPY
from planted import Planted, repaired

RNG = np.random.default_rng(3)
X = RNG.normal(size=(3, 4))
ARRAYS = {"U": RNG.normal(size=(4, 4)), "V": RNG.normal(size=(4, 3))}


def module_of(array):
    return np


def bend(x):
    return np.tanh(x)


def bend_slope(x, *, of_output):
    return 1 - x**2 if of_output else 1 - np.tanh(x) ** 2


class Recurrent:
    def __init__(self, U, bend, slope):
        self.U, self.bend, self.__slope = U, bend, slope
        self.options = {"of_output": True}

    def forward(self, x):
        self.h = [np.zeros(4)]
        for row in x:
            self.h.append(self.bend(row + self.h[-1] @ self.U))
        return np.stack(self.h[1:])

    def backward(self, d):
        dU, dh = np.zeros_like(self.U), np.zeros(4)
        for t in range(len(d), 0, -1):
            dz = (d[t - 1] + dh) * self.__slope(self.h[t], **self.options)
            dU += np.outer(self.h[t - 1], dz)
            dh = dz @ self.U.T
        return dU


def of_private_slopes(U):
    net = Recurrent(U, bend, bend_slope)
    y = net.forward(X)
    return np.sum(y**2), net.backward(2 * y)


class Scaled:
    def __init__(self, mean):
        self.mean = mean

    def loss(self, U):
        xp = module_of(U)
        self.h = xp.sin(X @ U)
        return xp.sum(self.h**2) / self.h.dtype.type(self.mean)

    def backward(self, U):
        xp = module_of(U)
        d = 2 * self.h
        d *= xp.cos(X @ U)
        share = d / d.dtype.type(self.mean)
        return X.T @ share


def of_a_module_at_hand(U):
    net = Scaled(5)
    return net.loss(U), net.backward(U)


class Rectified:
    def forward(self, x):
        return np.where(x > 0, x, 0)

    def backward(self, x, d):
        d[x < 0] = 0
        return d


def through_a_layer(U):
    act, h = Rectified(), X @ U
    y = act.forward(h)
    d = act.backward(h, 2 * y + 1)
    dU = X.T @ d
    return np.sum(y**2) + np.sum(y), dU


class Turn:
    def __init__(self, angle):
        self.angle = angle

    def there(self, x):
        return np.cos(self.angle) * x + np.sin(self.angle) * x[..., ::-1]

    def slope_by_x(self, d):
        return np.cos(self.angle) * d + np.sin(self.angle) * d[..., ::-1]

    def slope_by_angle(self, d):
        return np.cos(self.angle) * d[..., ::-1] - np.sin(self.angle) * d


class Body:
    def __init__(self, angle):
        self.turn = Turn(angle)


def through_bodies(U):
    bodies = [Body(0.3), Body(0.8)]
    loss = sum(np.sum(np.sin(one.turn.there(U))) for one in bodies)
    slopes = [np.cos(one.turn.there(U)) for one in bodies]
    back = [bodies[0].turn.slope_by_x(slopes[0]), bodies[1].turn.slope_by_x(slopes[1])]
    return loss, {"U": back[0] + back[1]}


MISTAKES = [
    (through_bodies, "bodies[1].turn.slope_by_x(", "bodies[1].turn.slope_by_angle("),
    (through_a_layer, "d[x < 0] = 0", "d[x >= 0] = 0"),
    (of_private_slopes, "(d[t - 1] + dh) * self", "(d[t - 1] - dh) * self"),
    (of_private_slopes, "self.__slope(self.h[t], **", "self.__slope(self.h[t - 1], **"),
    (of_a_module_at_hand, "d *= xp.cos(X @ U)", "d *= xp.sin(X @ U)"),
    (of_a_module_at_hand, "share = d / d.dtype", "share = d * d.dtype"),
]


@pytest.mark.parametrize(("function", "old", "new"), MISTAKES)
def test_the_line_is_named_and_its_fix_makes_the_program_right(function, old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    at, wrong = planted.line(old), planted.wrong(old, new)

    (found,) = planted.errors(wrong, function.__name__)

    assert found.replaces == (at, at)
    assert planted.errors(repaired(wrong, found), function.__name__) == []


class Angle(np.ndarray):
    """An array with an operator of its own."""

    def __sub__(self, other):
        raise NotImplementedError


def test_an_array_is_looked_at_without_the_operators_of_its_class():
    seen = NUMPY.seen(np.array([3.0, 4.0]).view(Angle))
    assert type(seen) is np.ndarray
    assert (seen - 1).tolist() == [2, 3]
