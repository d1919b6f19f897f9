"""A graph's forward pass by PyTorch's own functions, so that its autograd can be asked."""

import math

import numpy as np
import torch
from torch.nn import functional

from gradtui.engine.graph import Kind


def as_torch(value):
    return torch.tensor(np.array(value), dtype=torch.float64)


def _whole(labels):
    return labels.to(torch.int64)


def _mask(operation):
    return lambda a, b: operation(a, b).to(torch.float64)


def _max(a, axis, keepdims, n):
    return torch.amax(a, dim=axis, keepdim=keepdims) if axis else a


def _cross_entropy(logits, labels):
    return functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), _whole(labels).reshape(-1)
    )


def _along(function):
    """Apply a function of one axis over the axes that the options name."""

    def apply(a, axis):
        axes = [axis] if isinstance(axis, int) else list(axis)
        (one,) = axes if len(axes) == 1 else (None,)
        if one is not None:
            return function(a, dim=one)
        rest = [i for i in range(-a.dim(), 0) if i not in axes]
        order = [i % a.dim() for i in (*rest, *axes)]
        moved = a.permute(order)
        joined = moved.reshape(*moved.shape[: len(rest)], -1)
        back = function(joined, dim=-1).reshape(moved.shape)
        return back.permute([order.index(i) for i in range(a.dim())])

    return apply


def _expand(a, axis):
    for one in sorted(i + a.dim() + len(axis) for i in axis):
        a = a.unsqueeze(one)
    return a


def _slice(a, axis, start, stop, **shapes):
    return a.narrow(axis, start, stop - start)


TORCH = {
    "+": torch.add,
    "-": torch.sub,
    "*": torch.mul,
    "/": torch.div,
    "**": torch.pow,
    "neg": torch.neg,
    "identity": lambda a: a,
    "<": _mask(torch.lt),
    ">": _mask(torch.gt),
    "<=": _mask(torch.le),
    ">=": _mask(torch.ge),
    "==": _mask(torch.eq),
    "!=": _mask(torch.ne),
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "where": lambda c, a, b: torch.where(c != 0, a, b),
    "sin": torch.sin,
    "cos": torch.cos,
    "arcsin": torch.arcsin,
    "arccos": torch.arccos,
    "arctan": torch.arctan,
    "arctan2": torch.arctan2,
    "arcsinh": torch.arcsinh,
    "arccosh": torch.arccosh,
    "arctanh": torch.arctanh,
    "clip": lambda a, low, high: torch.clamp(a, low, high),
    "erf": torch.erf,
    "gelu": functional.gelu,
    "softplus": lambda a: torch.logaddexp(a, torch.zeros_like(a)),
    "logaddexp": torch.logaddexp,
    "sum": lambda a, axis, keepdims, n: a.sum(dim=axis, keepdim=keepdims) if axis else a,
    "mean": lambda a, axis, keepdims, n: a.mean(dim=axis, keepdim=keepdims) if axis else a,
    "max": _max,
    "var": lambda a, axis, keepdims, n: (
        a.var(dim=axis, correction=0, keepdim=keepdims) if axis else a - a
    ),
    "layer_norm": lambda a: functional.layer_norm(a, a.shape[-1:], eps=1e-5),
    "@": torch.matmul,
    "dot": torch.matmul,
    "outer": torch.outer,
    "T": lambda a: a.permute(list(range(a.dim()))[::-1]),
    "transpose": lambda a, axes, back: a.permute([i % a.dim() for i in axes]),
    "expand": _expand,
    "reshape": lambda a, shape: a.reshape(shape),
    "broadcast_to": lambda a, shape: torch.broadcast_to(a, shape),
    "concat": lambda a, b, axis, split: torch.cat([a, b], dim=axis),
    "slice": _slice,
    "softmax": _along(torch.softmax),
    "log_softmax": _along(torch.log_softmax),
    "logsumexp": lambda a, axis, keepdims, n: torch.logsumexp(a, dim=axis, keepdim=keepdims),
    "cross_entropy": _cross_entropy,
    "one_hot": lambda labels, k: functional.one_hot(_whole(labels), k).to(torch.float64),
    "take": lambda a, tokens: a[_whole(tokens)],
}
"""Operation -> PyTorch's function of its operands and of the options as the graph keeps them."""


def gradients_by_torch(graph, values):
    """Return the loss and name -> dLoss/dparameter at the values of the leaves by name."""
    tensors = {}
    for node in graph.nodes:
        match node.kind:
            case Kind.CONSTANT:
                tensors[node.id] = as_torch(node.value)
            case Kind.OPERATION:
                operands = [tensors[id] for id in node.inputs]
                tensors[node.id] = TORCH[node.op](*operands, **dict(node.options))
            case _:
                tensors[node.id] = as_torch(values[node.name])
                tensors[node.id].requires_grad_(node.kind is Kind.PARAMETER)
    loss = tensors[graph.loss]
    parameters = [tensors[node.id] for node in graph.parameters]
    assert math.prod(loss.shape) == 1
    if not loss.requires_grad:
        return loss.item(), {node.name: np.zeros(node.shape) for node in graph.parameters}
    found = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    return loss.item(), {
        node.name: gradient.numpy() for node, gradient in zip(graph.parameters, found, strict=True)
    }
