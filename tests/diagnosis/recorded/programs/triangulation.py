"""Points seen by several cameras: plain numbers, in loops of many rounds."""

import numpy as np


def projected(P, point):
    a, b, c = point
    u = P[0][0] * a + P[0][1] * b + P[0][2] * c + P[0][3]
    v = P[1][0] * a + P[1][1] * b + P[1][2] * c + P[1][3]
    w = P[2][0] * a + P[2][1] * b + P[2][2] * c + P[2][3]
    return u, v, w


def slopes(P, axis):
    du = P[0][axis]
    dv = P[1][axis]
    dw = P[2][axis]
    return du, dv, dw


def of_a(P):
    du = P[0][0]
    dv = P[1][0]
    dw = P[2][0]
    return du, dv, dw


def slope_of_error(u, v, w, du, dv, dw, x, y):
    return 2 / w**2 * ((u / w - x) * (w * du - u * dw) + (v / w - y) * (w * dv - v * dw))


def gradient(cameras, seen, points):
    found = np.zeros(points.size)
    for i in range(len(points)):
        da = db = dc = 0
        for k in range(len(cameras)):
            x, y = float(seen[i][2 * k]), float(seen[i][2 * k + 1])
            P = cameras[k]
            u, v, w = projected(P, points[i])
            du, dv, dw = of_a(P)
            da += slope_of_error(u, v, w, du, dv, dw, x, y)
            du, dv, dw = slopes(P, 1)
            db += slope_of_error(u, v, w, du, dv, dw, x, y)
            du, dv, dw = slopes(P, 2)
            dc += slope_of_error(u, v, w, du, dv, dw, x, y)
        found[3 * i] = da
        found[3 * i + 1] = db
        found[3 * i + 2] = dc
    return found.reshape(points.shape)


rng = np.random.default_rng(8)
_CAMERAS = rng.normal(size=(4, 3, 4)) * 0.3
_CAMERAS[:, 2, 3] += 4
_SEEN = rng.normal(size=(4, 8)) * 0.2


def case(points=rng.normal(size=(4, 3))):
    loss = 0.0
    for i in range(len(points)):
        for k in range(len(_CAMERAS)):
            u, v, w = projected(_CAMERAS[k], points[i])
            loss = loss + (u / w - _SEEN[i][2 * k]) ** 2 + (v / w - _SEEN[i][2 * k + 1]) ** 2
    return loss, {"points": gradient(_CAMERAS, _SEEN, points)}


MISTAKES = [
    ("    dv = P[1][0]\n", "    dv = P[1][1]\n", "points"),
    ("            dc += slope_of", "            dc = slope_of", "points"),
]
