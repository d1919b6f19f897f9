"""A net of two layers 784x50x10 in the usual style of courses, on 100 rows of a module."""

import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(100, 784))
y = rng.integers(0, 10, 100)
W1_0, b1_0 = 0.05 * rng.normal(size=(784, 50)), 0.1 * rng.normal(size=50)
W2_0, b2_0 = 0.3 * rng.normal(size=(50, 10)), 0.1 * rng.normal(size=10)
reg = 0.01


def case(W1=W1_0, b1=b1_0, W2=W2_0, b2=b2_0):
    N = X.shape[0]
    z1 = X.dot(W1) + b1
    a1 = np.maximum(0, z1)
    scores = a1.dot(W2) + b2
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    probs = np.exp(shifted) / np.sum(np.exp(shifted), axis=1, keepdims=True)
    loss = -np.sum(np.log(probs[np.arange(N), y])) / N
    loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    grads = {}
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    grads["W2"] = a1.T.dot(dscores) + 2 * reg * W2
    grads["b2"] = np.sum(dscores, axis=0)
    da1 = dscores.dot(W2.T)
    dz1 = da1 * (z1 > 0)
    grads["W1"] = X.T.dot(dz1) + 2 * reg * W1
    grads["b1"] = np.sum(dz1, axis=0)
    return loss, grads
