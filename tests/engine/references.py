import math

import numpy as np


def _mean(a, axis=None, keepdims=False):
    return np.sum(a, axis, keepdims=keepdims) / (np.size(a) / np.size(np.sum(a, axis)))


def _collect(a, shape, drop, keep):
    while np.ndim(a) > len(shape):
        a = np.sum(a, axis=0)
    for axis, size in enumerate(shape):
        a = np.sum(a, axis=axis, keepdims=True) if size == 1 else a
    return a


def _matmul(a, b):
    """The sum over the last axis of `a` and the last but one of `b`, spelt out."""
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    product = np.sum(left[..., :, :, None] * right[..., None, :, :], axis=-2)
    product = product[..., 0] if b.ndim == 1 else product
    if a.ndim == 1:
        product = product[..., 0] if b.ndim == 1 else product[..., 0, :]
    return product


def _erf(a):
    """The error function of a number with at most a very small imaginary part."""
    real = np.real(a)
    slope = np.exp(-(real**2)) * 2 / np.sqrt(np.pi)
    return np.vectorize(math.erf, otypes=[float])(real) + 1j * np.imag(a) * slope


def _var(a, axis=None, keepdims=False):
    return _mean((a - _mean(a, axis, True)) ** 2, axis, keepdims)


def _logsumexp(a, axis=-1, keepdims=False):
    top = np.max(np.real(a))
    return top + np.log(np.sum(np.exp(a - top), axis=axis, keepdims=keepdims))


def _log_softmax(a, axis=-1):
    return a - _logsumexp(a, axis, keepdims=True)


def _one_hot(labels, k):
    return np.eye(k)[np.real(labels).astype(int)]


def _cross_entropy(logits, labels):
    right = _one_hot(labels, logits.shape[-1])
    return -np.sum(right * _log_softmax(logits)) / np.size(labels)


def _scatter(a, tokens, rows):
    right = _one_hot(tokens, rows).reshape(-1, rows)
    own = a.shape[np.ndim(tokens) :]
    return (right.T @ np.reshape(a, (len(right), -1))).reshape(rows, *own)


def _spread(a, index, shape):
    places = np.real(index).astype(int).reshape(-1)
    right = _one_hot(places, math.prod(shape)).reshape(places.size, -1)
    return np.reshape(np.reshape(a, -1) @ right, shape)


def _einsum(*arrays, subscripts):
    given, result = subscripts.split("->")
    letters = [*result, *sorted(set(given) - set(result) - {","})]
    sizes = {c: size for part, a in zip(given.split(","), arrays, strict=True)
             for c, size in zip(part, np.shape(a), strict=True)}  # fmt: skip
    places = np.indices([sizes[c] for c in letters], sparse=True)
    at = dict(zip(letters, places, strict=True))
    parts = zip(given.split(","), arrays, strict=True)
    product = math.prod(a[tuple(at[c] for c in part)] for part, a in parts)
    return np.sum(product, axis=tuple(range(len(result), len(letters))))


REFERENCE = {
    "+": lambda a, b: np.add(a, b),
    "-": lambda a, b: np.subtract(a, b),
    "*": lambda a, b: np.multiply(a, b),
    "/": lambda a, b: np.divide(a, b),
    "**": lambda a, b: np.exp(b * np.log(a)),
    "neg": lambda a: 0 - a,
    "identity": lambda a: a,
    "<": lambda a, b: np.where(np.real(a) < np.real(b), 1.0, 0.0),
    ">": lambda a, b: np.where(np.real(a) > np.real(b), 1.0, 0.0),
    "<=": lambda a, b: np.where(np.real(a) <= np.real(b), 1.0, 0.0),
    ">=": lambda a, b: np.where(np.real(a) >= np.real(b), 1.0, 0.0),
    "==": lambda a, b: np.where(np.real(a) == np.real(b), 1.0, 0.0),
    "!=": lambda a, b: np.where(np.real(a) != np.real(b), 1.0, 0.0),
    "exp": np.exp,
    "log": np.log,
    "sqrt": lambda a: np.exp(np.log(a) / 2),
    "abs": lambda a: np.where(np.real(a) < 0, -a, a),
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: np.where(np.real(a) > 0, a, 0),
    "maximum": lambda a, b: np.where(np.real(a) > np.real(b), a, b),
    "minimum": lambda a, b: np.where(np.real(a) < np.real(b), a, b),
    "where": lambda c, a, b: np.where(np.real(c) != 0, a, b),
    "sum": lambda a, axis=None, keepdims=False: np.sum(a, axis, keepdims=keepdims),
    "mean": _mean,
    "sin": np.sin,
    "cos": np.cos,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "arctan2": lambda a, b: 2 * np.arctan(a / (np.sqrt(a * a + b * b) + b)),
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "clip": lambda a, low, high: np.where(
        np.real(np.where(np.real(a) < np.real(low), low, a)) > np.real(high),
        high,
        np.where(np.real(a) < np.real(low), low, a),
    ),
    "erf": _erf,
    "gelu": lambda a: a / 2 + a * _erf(a / np.sqrt(2)) / 2,
    "softplus": lambda a: (
        np.logaddexp(0, np.real(a)) + 1j * np.imag(a) * np.exp(-np.logaddexp(0, -np.real(a)))
    ),
    "logaddexp": lambda a, b: np.log(np.exp(a) + np.exp(b)),
    "max": lambda a, axis=None, keepdims=False: np.max(a, axis, keepdims=keepdims),
    "var": _var,
    "softmax": lambda a, axis=-1: np.exp(_log_softmax(a, axis)),
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "cross_entropy": _cross_entropy,
    "one_hot": _one_hot,
    "take": lambda a, tokens: a[np.real(tokens).astype(int)],
    "scatter": _scatter,
    "gather": lambda a, index: np.reshape(a, -1)[np.real(index).astype(int)],
    "spread": _spread,
    "layer_norm": lambda a: (
        (a - _mean(a, -1, True)) / np.sqrt(_mean((a - _mean(a, -1, True)) ** 2, -1, True) + 1e-5)
    ),
    "reshape": lambda a, shape: np.reshape(a, shape),
    "@": _matmul,
    "dot": _matmul,
    "outer": lambda a, b: np.array([x * b for x in a]),
    "einsum": _einsum,
    "einsum3": _einsum,
    "concat": lambda *parts, axis=0: np.moveaxis(
        np.array([row for part in parts for row in np.moveaxis(part, axis, 0)]), 0, axis
    ),
    "transpose": lambda a, axes=None: np.einsum(
        a,
        list(range(np.ndim(a))),
        list(range(np.ndim(a)))[::-1] if axes is None else [axis % np.ndim(a) for axis in axes],
    ),
    "slice": lambda a, axis, start, stop: np.moveaxis(np.moveaxis(a, axis, 0)[start:stop], 0, axis),
    "T": np.transpose,
    "mT": lambda a: np.moveaxis(a, -1, -2),
    "expand": lambda a, axis: np.expand_dims(a, axis),
    "broadcast_to": lambda a, shape: a + np.zeros(shape),
    "collect": _collect,
}
"""Operation -> the same by plain NumPy, on complex numbers too; shares no code with the engine."""
