import numpy as np


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW = np.zeros_like(W)
        self.db = np.zeros_like(b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW += self.x.T @ dout
        self.db += dout.sum(axis=0)
        return dout @ self.W.T


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


class Net:
    def __init__(self, W1, b1, W2, b2):
        self.layers = [Linear(W1, b1), Sigmoid(), Linear(W2, b2)]
        self.cache = {}

    def loss(self, x, t):
        for layer in self.layers:
            x = layer.forward(x)
        self.cache["diff"] = x - t
        return float(0.5 * np.mean(np.square(self.cache["diff"])))

    def backward(self):
        dout = self.cache["diff"] / self.cache["diff"].size
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        first, _, last = self.layers
        return first.dW, first.db, last.dW, last.db


rng = np.random.default_rng(1)
DATA = {"x": rng.normal(size=(6, 3)), "t": rng.normal(size=(6, 2))}


def case(
    W1=rng.normal(size=(3, 4)),
    b1=rng.normal(size=4),
    W2=rng.normal(size=(4, 2)),
    b2=rng.normal(size=2),
):
    net = Net(W1, b1, W2, b2)
    loss = net.loss(DATA["x"], DATA["t"])
    return loss, net.backward()


MISTAKES = [
    ("dout * self.out * (1 - self.out)", "dout * (1 - self.out)", "W1 b1"),
    ('/ self.cache["diff"].size', '/ len(self.cache["diff"])', "W1 b1 W2 b2"),
    ("return dout @ self.W.T", "return dout @ self.W.T * 2", "W1 b1"),
]
