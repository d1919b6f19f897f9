import numpy as np


def im2col(image, height, width, stride=1, pad=0):
    N, C, H, W = image.shape
    out_h = (H + 2 * pad - height) // stride + 1
    out_w = (W + 2 * pad - width) // stride + 1
    img = np.pad(image, [(0, 0), (0, 0), (pad, pad), (pad, pad)], "constant")
    col = np.zeros((N, C, height, width, out_h, out_w))
    for y in range(height):
        for x in range(width):
            col[:, :, y, x] = img[
                :, :, y : y + stride * out_h : stride, x : x + stride * out_w : stride
            ]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * out_h * out_w, -1)


def col2im(col, shape, height, width, stride=1, pad=0):
    N, C, H, W = shape
    out_h = (H + 2 * pad - height) // stride + 1
    out_w = (W + 2 * pad - width) // stride + 1
    col = col.reshape(N, out_h, out_w, C, height, width).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad + stride - 1, W + 2 * pad + stride - 1))
    for y in range(height):
        for x in range(width):
            img[:, :, y : y + stride * out_h : stride, x : x + stride * out_w : stride] += col[
                :, :, y, x
            ]
    return img[:, :, pad : H + pad, pad : W + pad]


class Pooling:
    def forward(self, x):
        N, C, H, W = x.shape
        self.x = x
        col = im2col(x, 2, 2, 2).reshape(-1, 4)
        self.arg_max = np.argmax(col, axis=1)
        return np.max(col, axis=1).reshape(N, H // 2, W // 2, C).transpose(0, 3, 1, 2)

    def backward(self, dout):
        dout = dout.transpose(0, 2, 3, 1)
        dmax = np.zeros((dout.size, 4))
        dmax[np.arange(self.arg_max.size), self.arg_max.flatten()] = dout.flatten()
        dcol = dmax.reshape(dout.shape + (4,))
        dcol = dcol.reshape(dcol.shape[0] * dcol.shape[1] * dcol.shape[2], -1)
        return col2im(dcol, self.x.shape, 2, 2, 2)


class Convolution:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        self.shape = x.shape
        self.col = im2col(x, FH, FW, 1, 1)
        self.col_W = self.W.reshape(FN, -1).T
        out = np.dot(self.col, self.col_W) + self.b
        return out.reshape(x.shape[0], x.shape[2], x.shape[3], -1).transpose(0, 3, 1, 2)

    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout).transpose(1, 0).reshape(FN, C, FH, FW)
        return col2im(np.dot(dout, self.col_W.T), self.shape, FH, FW, 1, 1)


rng = np.random.default_rng(8)


def case(x=rng.normal(size=(2, 2, 4, 4)), W=rng.normal(size=(3, 2, 3, 3)), b=rng.normal(size=3)):
    convolution, pooling = Convolution(W, b), Pooling()
    out = pooling.forward(convolution.forward(x))
    dx = convolution.backward(pooling.backward(out))
    return 0.5 * np.sum(out**2), (dx, convolution.dW, convolution.db)


MISTAKES = [
    ("+= col[\n", "= col[\n", "x"),
    ("self.db = np.sum(dout, axis=0)", "self.db = np.mean(dout, axis=0)", "b"),
    (".transpose(1, 0).reshape(FN, C, FH, FW)", ".reshape(FN, C, FH, FW)", "W"),
]
