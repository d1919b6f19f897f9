"""Mistakes that the order tells in which other lines pack, unpack, return or make the same."""

import numpy as np
import pytest

from planted import Planted, told

RNG = np.random.default_rng(29)
X, T = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 4))
STEPS, START = RNG.normal(size=(4, 3)), RNG.normal(size=3)
PATHS = RNG.normal(size=(4, 3, 3))
ARRAYS = {
    "x": X,
    "gamma": RNG.normal(size=4) + 2,
    "beta": RNG.normal(size=4),
    "W": RNG.normal(size=(3, 3)),
    "h": RNG.normal(size=3),
    "S": RNG.normal(size=(3, 3)),
    "U": RNG.normal(size=(3, 3)),
    "V": RNG.normal(size=(3, 3)),
}


def norm_forward(x, gamma, beta):
    centred = x - x.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-2)
    scaled = centred / spread
    _beta = beta
    cache = (scaled, spread, gamma, _beta)
    return gamma * scaled + beta, cache


def norm_backward(dout, cache):
    scaled, spread, gamma, _beta = cache
    d = dout * gamma
    mean = d.mean(axis=1, keepdims=True)
    dx = (d - mean - scaled * (d * scaled).mean(axis=1, keepdims=True)) / spread
    dgamma = np.sum(dout * scaled, axis=0)
    dbeta = np.sum(dout, axis=0)
    return dx, dgamma, dbeta


def shift_backward(dout, cache):
    x, gamma = cache
    dx = dout * gamma
    dgamma = np.sum(dout * x, axis=0)
    dbeta = np.sum(dout, axis=0)
    return dx, dgamma, dbeta  # shift


def normed(x, gamma, beta):
    out, cache = norm_forward(x, gamma, beta)
    dx, dgamma, dbeta = norm_backward(2 * (out - T), cache)
    return np.sum((out - T) ** 2), {"x": dx, "gamma": dgamma, "beta": dbeta}


def shifted(x, gamma, beta):
    out = gamma * x + beta
    dx, dgamma, dbeta = shift_backward(2 * (out - T), (x, gamma))
    return np.sum((out - T) ** 2), {"x": dx, "gamma": dgamma, "beta": dbeta}


class Gate:
    def forward(self, x):
        self.output = np.tanh(x)
        return self.output

    def backward(self, grad):
        slope = 1 - self.output**2
        self.output = None
        return grad * slope


class Cell:
    def __init__(self, W):
        self.W = W

    def run(self, h):
        self.gates = [Gate() for _ in range(5)]
        self.states = [self.gates[0].forward(h) ** 2 / 2]
        for t in range(1, 5):
            z = STEPS[t - 1] + self.states[-1] @ self.W
            self.states.append(self.gates[t].forward(z) ** 2 / 2)
        return self.states[-1]

    def back(self, grad):
        self.dW = np.zeros_like(self.W)
        for t in reversed(range(1, 5)):
            out = self.gates[t].output
            grad = self.gates[t].backward(out * grad)
            self.dW += np.outer(self.states[t - 1], grad)
            grad = grad @ self.W.T
        out = self.gates[0].output
        return self.gates[0].backward(grad * out)


def recurrent(W, h):
    cell = Cell(W)
    out = cell.run(h)
    dh = cell.back(2 * out)
    return np.sum(out**2), {"W": cell.dW, "h": dh}


def logsum(a):
    most = a.max()
    return most + np.log(np.exp(a - most).sum())


class Chain:
    """The logarithm of the sum over all paths, and the chances of its steps."""

    def scores(self, S):
        return PATHS + S

    def ahead(self, g, start):
        a = np.zeros((5, 3))
        a[0] = start
        for t in range(1, 5):
            for j in range(3):
                a[t, j] = logsum(a[t - 1] + g[t - 1, :, j])
        return a

    def behind(self, g):
        b = np.zeros((5, 3))
        for t in reversed(range(4)):
            for i in range(3):
                b[t, i] = logsum(b[t + 1] + g[t, i, :])
        return b

    def total(self, S):
        g, start = self.scores(S), START
        a = self.ahead(g, start)
        return logsum(a[-1])

    def chances(self, S):
        g, start = self.scores(S), START
        a = self.ahead(g, start)
        b = self.behind(g)
        total = logsum(a[-1])
        found = np.zeros((3, 3))
        for t in range(1, 5):
            found += np.exp(np.add.outer(a[t - 1], b[t]) + g[t - 1] - total)
        return found


def chained(S):
    chain = Chain()
    return chain.total(S), {"S": chain.chances(S)}


def stacked(U, V):
    weights, hidden = [U, V], [START]
    for t in range(2):
        hidden.append(np.tanh(np.dot(hidden[t], weights[t]) + STEPS[t]))
    grads, d = [None, None], 2 * hidden[-1]
    for t in reversed(range(2)):
        dz = d * (1 - hidden[t + 1] ** 2)
        grads[t] = np.outer(hidden[t], dz)
        d = np.dot(dz, weights[t].T)
    return np.sum(hidden[-1] ** 2), {"U": grads[0], "V": grads[1]}


class Blend:
    """A mixture of two maps, of which the halves keep and restore four arrays."""

    def forward(self, x, left, right):
        self.x = x
        near, far = np.tanh(x @ left), np.tanh(x @ right)
        self.cache = (near, far, left, right)
        return near * far

    def backward(self, grad):
        near, far, left, right = self.cache
        to_near, to_far = grad * far * (1 - near**2), grad * near * (1 - far**2)
        dx = to_near @ left.T + to_far @ right.T
        return self.x.T @ to_near, self.x.T @ to_far, dx


def blended(S, U, V):
    blend = Blend()
    out = blend.forward(S, U, V)
    dU, dV, dS = blend.backward(2 * out)
    return np.sum(out**2), {"S": dS, "U": dU, "V": dV}


class Turn:
    def __init__(self, W):
        self.W = W

    def forward(self, x):
        self.x, self.out = x, np.tanh(x @ self.W)
        return self.out

    def backward(self, grad):
        return grad * (1 - self.out**2) @ self.W.T


class Block:
    def __init__(self, U, V):
        self.turns, self.aside = [Turn(U), Turn(V)], Turn(U - V)

    def forward(self, x):
        aside = self.aside.forward(x)
        for turn in self.turns:
            x = turn.forward(x)
        return x + aside

    def backward(self, grad):
        aside = self.aside.backward(grad)
        for turn in reversed(self.turns):
            grad = turn.backward(grad)
        grad += aside
        return grad


def bypassed(h):
    block = Block(PATHS[0], PATHS[1])
    out = block.forward(np.outer(STEPS[:, 0], h))
    dx = block.backward(2 * out)
    return np.sum(out**2), {"h": STEPS[:, 0] @ dx}


def picked(S, h):
    out = np.tanh(S * h[:, None])
    return np.sum(out**2), pieces(2 * out * (1 - out**2), S, h)


def pieces(grad, S, h):
    rows, columns = S.shape
    dS, dh = np.zeros(S.shape), np.zeros(h.shape)
    for i in range(rows):
        for j in range(columns):
            dS[i, j] += grad[i, j] * h[i]
            dh[i] += grad[i, j] * S[i, j]
    return {"S": dS, "h": dh}


def sampled(h):
    W = h[:, None] * np.arange(3)
    out = np.tanh(W[[0, 2]][:, [1, 2]])
    dW = spread(2 * out * (1 - out**2))
    return np.sum(out**2), {"h": np.array([row @ np.arange(len(row)) for row in dW])}


def spread(grad):
    rows, whole = np.zeros((3, 2)), np.zeros((3, 3))
    rows[[0, 2]] = grad
    whole[:, [1, 2]] = rows
    return whole


MISTAKES = [
    ("normed", "scaled, spread, gamma, _beta = cache", "scaled, spread, _beta, gamma = cache"),
    ("shifted", "return dx, dgamma, dbeta  # shift", "return dx, dbeta, dgamma  # shift"),
    ("chained", "b = self.behind(g)", "b = self.ahead(g, start)"),
    ("recurrent", "out = self.gates[0].output", "out = self.states[0]"),
    ("recurrent", "self.gates[0].backward(grad * out)", "self.gates[0].backward(out * out)"),
    ("blended", "self.cache = (near, far, left, right)", "self.cache = (far, near, right, left)"),
    ("bypassed", "        grad += aside", "        grad = aside"),
    ("picked", "for j in range(columns):", "for j in range(1, columns):"),
    ("sampled", "    return whole", "    return rows"),
    ("stacked", "np.dot(dz, weights[t].T)", "np.dot(dz, weights[t])"),
]


@pytest.mark.parametrize(("case", "old", "new"), MISTAKES)
def test_the_order_tells_the_line(tmp_path, case, old, new):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert told(planted, old, new, case) == (planted.line(old), [])


@pytest.mark.parametrize("case", sorted({case for case, _, _ in MISTAKES}))
def test_right_code_has_no_error(tmp_path, case):
    planted = Planted(__file__, tmp_path, ARRAYS)

    assert planted.errors(planted.wrong("", ""), case) == []
