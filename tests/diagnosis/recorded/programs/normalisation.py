import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps = bn_param["mode"], bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1], dtype=x.dtype))
    assert mode == "train"
    mu = np.mean(x, axis=0)
    var = np.var(x, axis=0)
    std = np.sqrt(var + eps)
    x_hat = (x - mu) / std
    out = gamma * x_hat + beta
    running_mean = momentum * running_mean + (1 - momentum) * mu
    bn_param["running_mean"] = running_mean
    return out, (x, x_hat, mu, std, gamma)


def batchnorm_backward(dout, cache):
    x, x_hat, mu, std, gamma = cache
    N, D = dout.shape
    dgamma = np.sum(dout * x_hat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dx_hat = dout * gamma
    dvar = np.sum(dx_hat * (x - mu) * -0.5 * std**-3, axis=0)
    dmu = np.sum(-dx_hat / std, axis=0) + dvar * np.mean(-2.0 * (x - mu), axis=0)
    dx = dx_hat / std + dvar * 2.0 * (x - mu) / N + dmu / N
    return dx, dgamma, dbeta


rng = np.random.default_rng(4)


def forward(
    x=rng.normal(size=(5, 3)),
    gamma=rng.normal(size=3),
    beta=rng.normal(size=3),
    bn_param={"mode": "train"},
):
    return batchnorm_forward(x, gamma, beta, bn_param)


backward = batchnorm_backward

MISTAKES = [
    ("std**-3", "std**-2", "x"),
    (" + dmu / N", "", "x"),
    ("dgamma = np.sum(dout * x_hat, axis=0)", "dgamma = np.sum(dout * x, axis=0)", "gamma"),
]
