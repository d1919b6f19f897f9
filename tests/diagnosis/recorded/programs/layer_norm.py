import numpy as np


def forward_pass(x, gamma, beta):
    mean = x.mean(axis=1, keepdims=True)
    centred = x - mean
    inverse = 1.0 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    normed = centred * inverse
    return gamma * normed + beta, (normed, inverse, gamma)


def backward(dout, cache):
    normed, inverse, gamma = cache
    D = dout.shape[1]
    dnormed = dout * gamma
    total = dnormed.sum(1, keepdims=True)
    along = (dnormed * normed).sum(1, keepdims=True)
    dx = inverse / D * (D * dnormed - total - normed * along)
    return {"dx": dx, "dgamma": (dout * normed).sum(0), "dbeta": dout.sum(0)}


rng = np.random.default_rng(5)


def forward(x=rng.normal(size=(4, 6)), gamma=rng.normal(size=6), beta=rng.normal(size=6)):
    return forward_pass(x, gamma, beta)


MISTAKES = [
    ("- normed * along", "- along", "x"),
    ("dnormed = dout * gamma", "dnormed = dout * 1", "x"),
    ('"dbeta": dout.sum(0)', '"dbeta": dout.mean(0)', "beta"),
]
