"""The meaning of the functions of a program, in plain NumPy; independent of gradtui's engine."""

from __future__ import annotations

import ast
import functools
from math import erf

import numpy as np


def mask(condition):
    return np.asarray(condition, dtype=np.float64)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z, axis=-1):
    shifted = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return shifted / np.sum(shifted, axis=axis, keepdims=True)


def logsumexp(z, axis=-1, keepdims=False):
    top = np.max(z, axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(z - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


def log_softmax(z, axis=-1):
    return z - logsumexp(z, axis=axis, keepdims=True)


def one_hot(labels, k):
    return np.eye(k)[np.asarray(labels).astype(int)]


def take(rows, tokens):
    return rows[np.asarray(tokens).astype(int)]


def cross_entropy(logits, labels):
    scores = log_softmax(logits)
    return -np.mean(np.sum(scores * one_hot(labels, logits.shape[-1]), axis=-1))


def gelu(z):
    return z * (1 + np.vectorize(erf)(z / np.sqrt(2))) / 2


def layer_norm(z):
    centred = z - np.mean(z, axis=-1, keepdims=True)
    return centred / np.sqrt(np.var(z, axis=-1, keepdims=True) + 1e-5)


def where(condition, a, b):
    return np.where(condition != 0, a, b)


NAMESPACE = {
    "__builtins__": {"__import__": __import__},  # methods of arrays import lazily
    "len": len,
    "mask": mask,
    "sigmoid": sigmoid,
    "softmax": softmax,
    "logsumexp": logsumexp,
    "log_softmax": log_softmax,
    "one_hot": one_hot,
    "take": take,
    "cross_entropy": cross_entropy,
    "gelu": gelu,
    "layer_norm": layer_norm,
    "where": where,
    "relu": lambda z: np.maximum(z, 0.0),
    "softplus": lambda z: np.logaddexp(z, 0.0),
    "clip": np.clip,
    "concat": lambda *arrays: np.concatenate(arrays),
    "cos": np.cos,
    "dot": np.dot,
    "exp": np.exp,
    "log": np.log,
    "max": np.max,
    "maximum": np.maximum,
    "mean": np.mean,
    "minimum": np.minimum,
    "outer": np.outer,
    "abs": np.abs,
    "reshape": np.reshape,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "sum": np.sum,
    "tanh": np.tanh,
    "var": np.var,
}
FUNCTIONS = frozenset(NAMESPACE)


class _Masks(ast.NodeTransformer):
    """Comparisons become masks of 0 and 1; the prefix `np.` goes."""

    def visit_Compare(self, node):
        self.generic_visit(node)
        return ast.Call(ast.Name("mask", ast.Load()), [node], [])

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "np":
            return ast.Name(node.attr, ast.Load())
        return node


class Line:
    """One statement `name = expression` of a program."""

    def __init__(self, number, name, tree):
        self.number = number
        """Counted from 1 in the program's text."""
        self.name = name
        self.tree = tree
        expression = ast.fix_missing_locations(ast.Expression(_Masks().visit(_copy(tree))))
        self.code = compile(expression, name, "eval")

    @property
    def text(self):
        return f"{self.name} = {ast.unparse(self.tree)}"

    def value(self, values):
        value = eval(self.code, NAMESPACE, values)
        return np.asarray(value, dtype=np.float64)[()]


def _copy(tree):
    return ast.parse(ast.unparse(tree), mode="eval").body


@functools.cache
def parse(code):
    """Return the lines of a program."""
    lines = []
    for statement in ast.parse(code.lstrip("\n") if code.startswith("\n") else code).body:
        (target,) = statement.targets
        lines.append(Line(statement.lineno, target.id, statement.value))
    return tuple(lines)


def names_in(tree):
    """Return the names of values that an expression reads, in order, each once."""
    found = (n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
    return list(dict.fromkeys(n for n in found if n not in FUNCTIONS and n != "np"))


def run(lines, values, replaced=None):
    """Return what a program computes from `values`; `replaced` names get the value given."""
    values = dict(values)
    values.update(replaced or {})
    for line in lines:
        if replaced and line.name in replaced:
            values[line.name] = replaced[line.name]
        else:
            values[line.name] = line.value(values)
    return values
