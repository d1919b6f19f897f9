import numpy as np


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    return np.where(cache > 0, dout, 0)


def forward(
    x=np.random.default_rng(13).normal(size=(3, 2, 2)),
    w=np.random.default_rng(14).normal(size=(4, 5)),
    b=np.random.default_rng(15).normal(size=5),
):
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache)


def backward(dout, cache):
    fc_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache), fc_cache)


MISTAKES = [
    ("np.where(cache > 0, dout, 0)", "np.where(dout > 0, dout, 0)", "x w b"),
    ("db = np.sum(dout, axis=0)", "db = np.sum(dout, axis=0, keepdims=True)", "b"),
    ("dx = dout.dot(w.T)", "dx = (dout / 2).dot(w.T)", "x"),
]
