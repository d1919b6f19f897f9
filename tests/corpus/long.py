"""The meaning of the functions of a program in long arithmetic; needs mpmath. See numerics."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping

import mpmath
import numpy as np

from corpus.numerics import parse


def long(value):
    """Return numbers as long ones."""
    return _long(np.asarray(value, dtype=object))


def mask(condition):
    return long(np.where(condition, 1, 0))


def softmax(z, axis=-1):
    shifted = exp(z - np.max(z, axis=axis, keepdims=True))
    return shifted / np.sum(shifted, axis=axis, keepdims=True)


def logsumexp(z, axis=-1, keepdims=False):
    top = np.max(z, axis=axis, keepdims=True)
    total = log(np.sum(exp(z - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


def log_softmax(z, axis=-1):
    return z - logsumexp(z, axis=axis, keepdims=True)


def one_hot(labels, k):
    return long(np.eye(int(k), dtype=int)[whole(labels)])


def take(rows, tokens):
    return rows[whole(tokens)]


def whole(numbers):
    return np.asarray(numbers).astype(int)


def cross_entropy(logits, labels):
    scores = log_softmax(logits)
    return -np.mean(np.sum(scores * one_hot(labels, logits.shape[-1]), axis=-1))


def var(z, axis=None, keepdims=False):
    centred = z - np.mean(z, axis=axis, keepdims=True)
    return np.mean(centred**2, axis=axis, keepdims=keepdims)


def layer_norm(z):
    centred = z - np.mean(z, axis=-1, keepdims=True)
    return centred / sqrt(var(z, axis=-1, keepdims=True) + mpmath.mpf(1e-5))


def _each(function, count=1):
    """Return a function of numbers as one of arrays."""
    return np.frompyfunc(function, count, 1)


_long, exp, log, sqrt, tanh = map(
    _each, (mpmath.mpf, mpmath.exp, mpmath.log, mpmath.sqrt, mpmath.tanh)
)
_NAMESPACE = {
    "__builtins__": {"__import__": __import__},  # methods of arrays import lazily
    "abs": np.abs,
    "clip": lambda z, low, high: np.minimum(np.maximum(z, low), high),
    "concat": lambda *arrays: np.concatenate(arrays),
    "cross_entropy": cross_entropy,
    "dot": np.dot,
    "exp": exp,
    "layer_norm": layer_norm,
    "len": len,
    "log": log,
    "log_softmax": log_softmax,
    "logsumexp": logsumexp,
    "mask": mask,
    "max": np.max,
    "maximum": np.maximum,
    "mean": np.mean,
    "mpf": mpmath.mpf,
    "one_hot": one_hot,
    "outer": np.outer,
    "relu": lambda z: np.maximum(z, 0),
    "reshape": np.reshape,
    "sigmoid": _each(lambda z: 1 / (1 + mpmath.exp(-z))),
    "softmax": softmax,
    "softplus": _each(lambda z: mpmath.log1p(mpmath.exp(z))),
    "sqrt": sqrt,
    "sum": np.sum,
    "take": take,
    "tanh": tanh,
    "var": var,
    "where": lambda condition, a, b: np.where(condition != 0, a, b),
}


class _Longer(ast.NodeTransformer):
    """Comparisons become masks of 0 and 1; numbers that are computed with become long ones."""

    def visit_Compare(self, node):
        self.generic_visit(node)
        return ast.Call(ast.Name("mask", ast.Load()), [node], [])

    def visit_BinOp(self, node):
        self.generic_visit(node)
        node.left = _longer(node.left)
        if not isinstance(node.op, ast.Pow):
            node.right = _longer(node.right)
        return node


def _longer(node):
    if not isinstance(node, ast.Constant):
        return node
    return ast.Call(ast.Name("mpf", ast.Load()), [node], [])


@functools.cache
def _compiled(text: str):
    """Return (name, code) for each line of a program."""
    found = []
    for line in parse(text):
        tree = ast.parse(ast.unparse(line.tree), mode="eval").body
        tree = ast.fix_missing_locations(ast.Expression(_Longer().visit(tree)))
        found.append((line.name, compile(tree, line.name, "eval")))
    return tuple(found)


def run_long(text: str, values: Mapping) -> dict:
    """Return all names after a program has run."""
    values = dict(values)
    for name, code in _compiled(text):
        values[name] = long(eval(code, _NAMESPACE, values))
    return values
