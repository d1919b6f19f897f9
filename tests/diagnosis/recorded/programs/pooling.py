import numpy as np


def max_pool_forward(x, pool_param):
    height, width, stride = (pool_param[k] for k in ("pool_height", "pool_width", "stride"))
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - height) // stride + 1, (W - width) // stride + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = x[:, :, i * stride : i * stride + height, j * stride : j * stride + width]
            out[:, :, i, j] = np.max(window, axis=(2, 3))
    return out, (x, pool_param)


def backward(dout, cache):
    x, pool_param = cache
    height, width, stride = (pool_param[k] for k in ("pool_height", "pool_width", "stride"))
    dx = np.zeros(x.shape)
    N, C, H_out, W_out = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    rows, columns = (
                        slice(i * stride, i * stride + height),
                        slice(j * stride, j * stride + width),
                    )
                    window = x[n, c, rows, columns]
                    best = np.unravel_index(np.argmax(window), window.shape)
                    dx[n, c, i * stride + best[0], j * stride + best[1]] += dout[n, c, i, j]
    return dx


def forward(
    x=np.random.default_rng(9).normal(size=(2, 2, 5, 5)),
    pool_param={"pool_height": 3, "pool_width": 3, "stride": 2},
):
    return max_pool_forward(x, pool_param)


MISTAKES = [
    ("+= dout[n, c, i, j]", "= dout[n, c, i, j]", "x"),
    ("i * stride + best[0]", "i + best[0]", "x"),
    ("np.argmax(window)", "np.argmin(window)", "x"),
]
