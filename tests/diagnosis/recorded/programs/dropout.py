import numpy as np


def dropout_forward(x, dropout_param):
    p = dropout_param["p"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask = (np.random.rand(*x.shape) < p) / p
    return x * mask, (dropout_param, mask)


def forward(x=np.random.default_rng(6).normal(size=(4, 5)), dropout_param={"p": 0.6}):
    out, cache = dropout_forward(x, dropout_param)
    return np.exp(0.1 * out), (cache, out)


def backward(dout, cache):
    (dropout_param, mask), out = cache
    dout = dout * 0.1 * np.exp(0.1 * out)
    return dout * mask


MISTAKES = [
    ("return dout * mask", "return dout", "x"),
    ("dout * 0.1 *", "dout *", "x"),
    ("return dout * mask", "return dout * mask * mask", "x"),
]
