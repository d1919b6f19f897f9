"""A small network and its gradients in NumPy, with three wrong backward passes.

gradtui reads these functions and never runs them; they are plain Python all the same.
"""

import numpy as np


def softmax(z):
    """Return shares that add up to 1 in each row."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def one_hot(y, k):
    """Return a row for each label, 1 at the label and 0 elsewhere."""
    return np.eye(k)[y]


def forward(X, y, W1, b1, W2, b2):
    """Return every value that the backward pass needs, and the loss."""
    a = X @ W1 + b1
    h = np.tanh(a)
    z = h @ W2 + b2
    p = softmax(z)
    Y = one_hot(y, 3)
    L = -np.mean(np.sum(Y * np.log(p), axis=1))
    return a, h, p, Y, L


def backward(X, W2, h, p, Y):
    """Return the gradients."""
    dz = (p - Y) / len(Y)
    dW2 = h.T @ dz
    db2 = dz.sum(axis=0)
    dh = dz @ W2.T
    da = dh * (1 - h**2)
    dW1 = X.T @ da
    db1 = da.sum(axis=0)
    return dW1, db1, dW2, db2


def backward_without_tanh(X, W2, h, p, Y):
    """Let the gradient pass tanh unchanged."""
    dz = (p - Y) / len(Y)
    dW2 = h.T @ dz
    db2 = dz.sum(axis=0)
    dh = dz @ W2.T
    da = dh
    dW1 = X.T @ da
    db1 = da.sum(axis=0)
    return dW1, db1, dW2, db2


def backward_before_tanh(X, W2, a, h, p, Y):
    """Take the slope of tanh at what went into it."""
    dz = (p - Y) / len(Y)
    dW2 = h.T @ dz
    db2 = dz.sum(axis=0)
    dh = dz @ W2.T
    da = dh * (1 - a**2)
    dW1 = X.T @ da
    db1 = da.sum(axis=0)
    return dW1, db1, dW2, db2


def backward_not_transposed(X, W2, h, p, Y):
    """Multiply by the matrix as the forward pass did."""
    dz = (p - Y) / len(Y)
    dW2 = h.T @ dz
    db2 = dz.sum(axis=0)
    dh = dz @ W2
    da = dh * (1 - h**2)
    dW1 = X.T @ da
    db1 = da.sum(axis=0)
    return dW1, db1, dW2, db2
