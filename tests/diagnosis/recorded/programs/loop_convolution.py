import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    window = x_pad[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    x_pad = np.pad(x, ((0,), (0,), (pad,), (pad,)), "constant")
    dx_pad, dw, db = np.zeros_like(x_pad), np.zeros_like(w), np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            db[f] += np.sum(dout[n, f])
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    top, left = i * stride, j * stride
                    rows, columns = slice(top, top + HH), slice(left, left + WW)
                    dw[f] += x_pad[n, :, rows, columns] * dout[n, f, i, j]
                    dx_pad[n, :, rows, columns] += w[f] * dout[n, f, i, j]
    dx = dx_pad[:, :, pad:-pad, pad:-pad]
    return dx, dw, db


rng = np.random.default_rng(2)


def forward(
    x=rng.normal(size=(2, 2, 4, 4)),
    w=rng.normal(size=(2, 2, 3, 3)),
    b=rng.normal(size=2),
    conv_param={"stride": 1, "pad": 1},
):
    return conv_forward_naive(x, w, b, conv_param)


backward = conv_backward_naive

MISTAKES = [
    ("top, left = i * stride, j * stride", "top, left = i * stride, i * stride", "x w"),
    ("columns] += w[f] *", "columns] = w[f] *", "x"),
    ("db[f] += np.sum(dout[n, f])", "db[f] = np.sum(dout[n, f])", "b"),
    (
        "x_pad[n, :, rows, columns] * dout[n, f, i, j]",
        "x_pad[n, :, rows, columns] * dout[n, f, j, i]",
        "w",
    ),
]
